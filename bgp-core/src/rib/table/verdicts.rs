//! What is put down about paths: what import made of them, what was decided, where they stand behind next hops.

use crate::Instant;
use crate::rib::intern::Interner;
use crate::rib::interned::RouteId;
use crate::rib::net::{Decided, NetId};
use crate::rib::path::{Judgement, Path};
use crate::rib::sweep::Roll;
use crate::rib::table::rolls::roll_of;
use crate::rib::{Accepted, Ineligible, Interned, PathSlot, SourceId, Table};

impl Table {
    /// What import made of a path.
    pub(in crate::rib) fn accepted(&self, slot: PathSlot, path: &Path) -> Result<RouteId, Ineligible> {
        match path.judgement {
            Judgement::AsReceived => Ok(path.received),
            Judgement::Rewritten => self.rewritten.get(&slot).copied().ok_or(Ineligible::NoPolicy),
            Judgement::Refused(reason) => Err(reason),
        }
    }

    /// Puts down what a path is received with by now.
    pub(in crate::rib) fn receive(
        &mut self,
        slot: PathSlot,
        received: &Interned,
        now: Instant,
        routes: &mut Interner,
    ) {
        if let Some(path) = self.paths.get_mut(slot) {
            let before = path.receive(routes.hold(received.id()), now);
            routes.release(before);
        }
    }

    /// The path at `slot` is announced again.
    pub(in crate::rib) fn renew(&mut self, slot: PathSlot, source: SourceId) {
        let generation = self.roll(source).map_or(0, Roll::generation);
        if let Some(path) = self.paths.get_mut(slot) {
            path.generation = generation;
        }
    }

    /// Puts down what import says of a path. What was decided on is kept by [`displace`](Self::displace).
    pub(in crate::rib) fn judge(&mut self, slot: PathSlot, accepted: &Accepted, routes: &mut Interner) {
        let Some(path) = self.paths.get_mut(slot) else { return };
        if path.judgement == Judgement::Rewritten
            && let Some(before) = self.rewritten.remove(&slot)
        {
            routes.release(before);
        }
        path.judgement = Judgement::of(accepted, path.received);
        if let (Judgement::Rewritten, Ok(route)) = (path.judgement, accepted) {
            self.rewritten.insert(slot, routes.hold(route.id()));
        }
    }

    /// The last decision about `net`.
    pub(in crate::rib) fn decided(&self, net: NetId) -> Option<Decided> {
        let net = self.net(net)?;
        let slot = net.decided?;
        if net.is_displaced { self.displaced.get(slot.index()).copied() } else { self.candidate(slot) }
    }

    /// The path at `slot` as a decision for it would be.
    pub(in crate::rib) fn candidate(&self, slot: PathSlot) -> Option<Decided> {
        let route = self.accepted(slot, self.path(slot)?).ok()?;
        Some(Decided { slot, source: self.paths.source(slot)?, route })
    }

    /// Keeps what was decided for a net whose path at `slot` is about to change or to go.
    pub(in crate::rib) fn displace(&mut self, slot: PathSlot, routes: &mut Interner) {
        let Some(id) = self.path(slot).map(|path| path.net) else { return };
        if self.net(id).is_none_or(|net| net.decided != Some(slot) || net.is_displaced) {
            return;
        }
        let Some(decided) = self.candidate(slot) else { return };
        routes.hold(decided.route);
        if let Some(net) = self.nets.get_mut(id.0) {
            net.decided = Some(PathSlot::new(self.displaced.insert(decided)));
            net.is_displaced = true;
        }
    }

    /// Puts down a decision about a net.
    pub(in crate::rib) fn decide(&mut self, net: NetId, winner: Option<PathSlot>, routes: &mut Interner) {
        let Some(net) = self.nets.get_mut(net.0) else { return };
        let before = std::mem::replace(&mut net.decided, winner);
        if let Some(place) = before.filter(|_| std::mem::take(&mut net.is_displaced))
            && let Some(displaced) = self.displaced.remove(place.index())
        {
            routes.release(displaced.route);
        }
    }

    /// The best path of a net came to be another source's.
    pub(in crate::rib) fn hand_over(&mut self, before: Option<SourceId>, now: Option<SourceId>) {
        if let Some(roll) = before.and_then(|source| roll_of(&mut self.rolls, source)) {
            roll.best -= 1;
        }
        if let Some(roll) = now.and_then(|source| roll_of(&mut self.rolls, source)) {
            roll.best += 1;
        }
    }

    /// The place of a path behind its next hop.
    pub(in crate::rib) fn hop_at(&self, slot: PathSlot) -> Option<u32> {
        self.hops.get(slot.index() as usize).and_then(|place| place.checked_sub(1))
    }

    /// Puts it down.
    pub(in crate::rib) fn put_hop_at(&mut self, slot: PathSlot, place: Option<u32>) {
        let at = slot.index() as usize;
        if place.is_some() || at < self.hops.len() {
            self.hops.put(at, place.map_or(0, |place| place + 1), || 0);
        }
    }
}

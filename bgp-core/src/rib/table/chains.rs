//! The chains of a table: the paths of each net. They come and go here.

use super::rolls::roll_of;
use crate::rib::intern::Interner;
use crate::rib::net::{NetId, Waiting};
use crate::rib::path::{Judgement, Path};
use crate::rib::{Accepted, PathSlot, SourceId, Table};
use crate::wire::PathId;

impl Table {
    /// The paths of `net`, the one that came last first.
    pub(in crate::rib) fn chain(&self, net: NetId) -> impl Iterator<Item = (PathSlot, &Path)> {
        let first = self.net(net).and_then(|net| net.first);
        let mut next = first.and_then(|slot| Some((slot, self.path(slot)?)));
        std::iter::from_fn(move || {
            let (slot, path) = next?;
            next = path.next.and_then(|slot| Some((slot, self.path(slot)?)));
            Some((slot, path))
        })
    }

    /// The path that `source` announced under `path_id`.
    pub(in crate::rib) fn find(&self, net: NetId, source: SourceId, path_id: PathId) -> Option<PathSlot> {
        let is_it = |slot| self.paths.source(slot) == Some(source) && self.paths.path_id(slot) == path_id;
        self.chain(net).map(|(slot, _)| slot).find(|slot| is_it(*slot))
    }

    /// Stores a new path of `source`, if that has a roll, and what import made of it.
    pub(in crate::rib) fn insert(
        &mut self,
        source: SourceId,
        path_id: PathId,
        mut path: Path,
        accepted: &Accepted,
        routes: &mut Interner,
    ) -> Option<PathSlot> {
        let roll = roll_of(&mut self.rolls, source)?;
        let (id, net) = (path.net, self.nets.get_mut(path.net.0)?);
        routes.hold(path.received);
        path.judgement = Judgement::of(accepted, path.received);
        (path.next, path.generation) = (net.first, roll.generation());
        let slot = self.paths.insert(source, &mut roll.estate, path_id, path);
        net.first = Some(slot);
        if let Ok(route) = accepted {
            roll.accepted += 1;
            net.wait(id, Waiting::Newcomer, &mut self.queue);
            if path.judgement == Judgement::Rewritten {
                self.rewritten.insert(slot, routes.hold(route.id()));
            }
        }
        Some(slot)
    }

    /// Takes a path out of its chain and off its roll.
    pub(in crate::rib) fn remove(&mut self, slot: PathSlot, routes: &mut Interner) {
        self.displace(slot, routes);
        let Some(roll) = self.paths.source(slot).and_then(|source| roll_of(&mut self.rolls, source)) else {
            return;
        };
        let Some(path) = self.paths.remove(&mut roll.estate, slot) else { return };
        roll.shrink();
        if path.judgement == Judgement::Rewritten
            && let Some(rewritten) = self.rewritten.remove(&slot)
        {
            routes.release(rewritten);
        }
        routes.release(path.received);
        self.unchain(&path, slot);
    }

    fn unchain(&mut self, path: &Path, slot: PathSlot) {
        let Some(net) = self.nets.get_mut(path.net.0) else { return };
        if net.first == Some(slot) {
            net.first = path.next;
            return;
        }
        let mut at = net.first;
        while let Some(before) = at.and_then(|at| self.paths.get_mut(at)) {
            if before.next == Some(slot) {
                before.next = path.next;
                return;
            }
            at = before.next;
        }
    }
}

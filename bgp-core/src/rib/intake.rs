//! What sources say: routes announced and withdrawn, and what import makes of them.

use std::sync::Arc;

use crate::Instant;
use crate::rib::interned::RouteId;
use crate::rib::path::Path;
use crate::rib::tables::TableId;
use crate::rib::tally::Found;
use crate::rib::{Accepted, Interned, NetId, PathSlot, Rib, SourceId};
use crate::wire::Nlri;

/// Where an announced prefix belongs.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place {
    nlri: Nlri,
    net: NetId,
    /// The path that came last to the net.
    first: Option<PathSlot>,
    /// The path that the source has there.
    known: Option<PathSlot>,
}

impl Rib {
    /// A source announces a route: `received` as it came, `accepted` as import left it, both interned by
    /// [`Rib::intern`]. Replaces what the source said before under the same prefix and path identifier,
    /// eligible or not. Ignored where the source is not registered.
    pub fn announce(
        &mut self,
        source: SourceId,
        nlri: Nlri,
        received: Arc<Interned>,
        accepted: Accepted,
        now: Instant,
    ) {
        self.announce_all(source, &[nlri], &received, &accepted, now);
    }

    /// The same for several prefixes of one route. All of them are looked for before any is touched: where the table
    /// is larger than the caches, the memory that each is waited for comes at the same time.
    pub fn announce_all(
        &mut self,
        source: SourceId,
        announced: &[Nlri],
        received: &Arc<Interned>,
        accepted: &Accepted,
        now: Instant,
    ) {
        if self.sources.get(source).is_none_or(|registered| registered.leaving) {
            return;
        }
        let chosen = accepted.as_ref().ok().map(|route| route.id());
        let mut places = std::mem::take(&mut self.places);
        for together in
            announced.chunk_by(|one, other| TableId::of(&one.prefix) == TableId::of(&other.prefix))
        {
            let Some(id) = together.first().map(|nlri| TableId::of(&nlri.prefix)) else { continue };
            self.seek(id, source, together, &mut places);
            let mut found = Found { announced: together.len() as u64, ..Found::default() };
            for place in places.drain(..) {
                if let Some(before) = self.put(id, source, place, received, accepted, now) {
                    found.eligible += 1;
                    found.same += u64::from(chosen == Some(before));
                }
            }
            self.tables[id].tally(source, |tally| tally.announce(accepted, found));
        }
        self.places = places;
    }

    /// Finds where prefixes of one family belong, step by step for all of them.
    fn seek(&mut self, id: TableId, source: SourceId, announced: &[Nlri], places: &mut Vec<Place>) {
        let table = &mut self.tables[id];
        self.leads.extend(announced.iter().map(|nlri| table.lead(&nlri.prefix)));
        places.extend(announced.iter().zip(self.leads.drain(..)).map(|(nlri, lead)| {
            let net = table.ensure(nlri.prefix, lead);
            Place { nlri: *nlri, net, first: None, known: None }
        }));
        for place in places {
            place.first = table.net(place.net).and_then(|net| net.first);
            place.known = table.find(place.net, source, place.nlri.path_id);
        }
    }

    /// Puts down what is announced at a place; what could be chosen there before.
    fn put(
        &mut self,
        id: TableId,
        source: SourceId,
        Place { nlri, net, first, known }: Place,
        received: &Arc<Interned>,
        accepted: &Accepted,
        now: Instant,
    ) -> Option<RouteId> {
        let table = &mut self.tables[id];
        let is_as_found = table.net(net).is_some_and(|net| net.first == first);
        // A prefix may be announced twice at once.
        let known = if is_as_found { known } else { table.find(net, source, nlri.path_id) };
        if let Some(slot) = known {
            table.renew(slot, source);
            return self.judge_path(id, slot, Some((received, now)), accepted);
        }
        let path = Path::new(net, received.id(), now);
        if let Some(slot) = table.insert(source, nlri.path_id, path, accepted, &mut self.interner) {
            self.originators.enter(source, received);
            if let Ok(route) = accepted {
                self.track(id, slot, route);
            }
        }
        None
    }

    /// Puts down what import makes of a path that was not eligible before.
    fn accept(&mut self, id: TableId, slot: PathSlot, accepted: &Accepted) {
        let table = &mut self.tables[id];
        table.judge(slot, accepted, &mut self.interner);
        if let (Ok(route), Some(net)) = (accepted, table.path(slot).map(|path| path.net)) {
            table.count_accepted(slot);
            table.touch(net);
            self.track(id, slot, route);
        }
    }

    /// A source withdraws a route.
    pub fn withdraw(&mut self, source: SourceId, nlri: Nlri) {
        let found = self.find(source, nlri);
        self.tables[TableId::of(&nlri.prefix)].tally(source, |tally| {
            tally.withdrawals += 1;
            tally.missed += u64::from(found.is_none());
        });
        if let Some((table, slot)) = found {
            self.remove_path(table, slot);
        }
    }

    /// A source announces a route that is left out of account.
    pub fn ignore(&mut self, source: SourceId, nlri: Nlri) {
        self.tables[TableId::of(&nlri.prefix)].tally(source, |tally| tally.ignored += 1);
    }

    /// Puts down what import makes of a route by now.
    pub fn judge(&mut self, source: SourceId, nlri: Nlri, accepted: Accepted) {
        if let Some((table, slot)) = self.find(source, nlri) {
            self.judge_path(table, slot, None, &accepted);
        }
    }

    pub(super) fn find(&self, source: SourceId, nlri: Nlri) -> Option<(TableId, PathSlot)> {
        let id = TableId::of(&nlri.prefix);
        let table = &self.tables[id];
        let slot = table.find(table.lookup(&nlri.prefix)?, source, nlri.path_id)?;
        Some((id, slot))
    }

    /// Puts down what import makes of a path, and what was `heard` of it where that is new as well. What could be
    /// chosen there before.
    fn judge_path(
        &mut self,
        id: TableId,
        slot: PathSlot,
        heard: Option<(&Arc<Interned>, Instant)>,
        accepted: &Accepted,
    ) -> Option<RouteId> {
        let table = &self.tables[id];
        let path = table.path(slot)?;
        let heard = heard.filter(|(received, _)| received.id() != path.received);
        let before = table.accepted(slot, path);
        if before == accepted.as_ref().map(|route| route.id()).map_err(|reason| *reason) {
            if let Some((received, now)) = heard {
                self.hear(id, slot, received, now);
                self.tables[id].judge(slot, accepted, &mut self.interner);
            }
            return before.ok();
        }
        self.refuse(id, slot);
        if let Some((received, now)) = heard {
            self.hear(id, slot, received, now);
        }
        self.accept(id, slot, accepted);
        before.ok()
    }

    /// Puts down other content of a path.
    fn hear(&mut self, id: TableId, slot: PathSlot, received: &Arc<Interned>, now: Instant) {
        let table = &mut self.tables[id];
        if let (Some(path), Some(source)) = (table.path(slot), table.paths.source(slot)) {
            self.originators.leave(source, self.interner.get(path.received));
            self.originators.enter(source, received);
            table.receive(slot, received, now, &mut self.interner);
        }
    }

    /// A path is not eligible any more, or is about to be so by another word of import. Whether it was.
    fn refuse(&mut self, id: TableId, slot: PathSlot) -> bool {
        let table = &mut self.tables[id];
        table.displace(slot, &mut self.interner);
        let Some(path) = table.path(slot) else { return false };
        let net = path.net;
        let before = table.accepted(slot, path);
        if let Ok(route) = before {
            table.discount_accepted(slot);
            table.touch(net);
            self.untrack(id, slot, route);
        }
        before.is_ok()
    }

    pub(super) fn remove_path(&mut self, id: TableId, slot: PathSlot) {
        let was_eligible = self.refuse(id, slot);
        let table = &mut self.tables[id];
        let (Some(path), Some(source)) = (table.path(slot), table.paths.source(slot)) else { return };
        let net = path.net;
        self.originators.leave(source, self.interner.get(path.received));
        table.tally(source, |tally| tally.remove(was_eligible));
        table.remove(slot, &mut self.interner);
        table.reclaim(net);
    }
}

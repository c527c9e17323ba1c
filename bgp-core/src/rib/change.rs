//! Changes: deciding the nets that were touched, and telling whose best path differs.

use std::sync::Arc;

use ipnet::IpNet;

use crate::Family;
use crate::rib::decision::{Candidate, Named, decide};
use crate::rib::path::Path;
use crate::rib::table::Decided;
use crate::rib::tables::TableId;
use crate::rib::{Interned, NetId, PathSlot, Rib};

/// A net was decided anew.
///
/// Something about its paths or their next hops changed, so every consumer compares with what it last
/// told its own audience; `best_changed` says whether those who follow the best path alone have to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The family.
    pub family: Family,
    /// The net. Its id is not reused before the next [`Rib::poll_change`], nor while it is held.
    pub net: NetId,
    /// Its prefix.
    pub prefix: IpNet,
    /// Source or route of the best path differ from the last decision's. Never a matter of ranks.
    pub best_changed: bool,
}

impl Rib {
    /// Decides the next net that was touched.
    pub fn poll_change(&mut self) -> Option<Change> {
        if let Some((table, net)) = self.leaving.take() {
            self.tables[table].reclaim(net);
        }
        while let Some((table, net)) = self.next_touched() {
            if let Some(change) = self.elect(table, net) {
                return Some(change);
            }
        }
        None
    }

    /// Whether nets wait for [`Rib::poll_change`].
    #[must_use]
    pub fn has_changes(&self) -> bool {
        TableId::ALL.into_iter().any(|table| self.tables[table].has_touched())
    }

    /// Keeps the id of a net in use although it may lose its paths. Counted: as many releases end it.
    pub fn hold(&mut self, family: Family, net: NetId) {
        if let Some(net) = TableId::named(family).and_then(|table| self.tables[table].net_mut(net)) {
            net.holds += 1;
        }
    }

    /// Ends one hold.
    pub fn release(&mut self, family: Family, id: NetId) {
        let Some(table) = TableId::named(family) else { return };
        let Some(net) = self.tables[table].net_mut(id) else { return };
        debug_assert!(net.holds > 0, "a release follows a hold");
        net.holds = net.holds.saturating_sub(1);
        if self.leaving != Some((table, id)) {
            self.tables[table].reclaim(id);
        }
    }

    fn next_touched(&mut self) -> Option<(TableId, NetId)> {
        self.turn = self.turn.other();
        [self.turn, self.turn.other()]
            .into_iter()
            .find_map(|table| self.tables[table].next_touched().map(|net| (table, net)))
    }

    /// Decides one net; nothing where it came and went unnoticed.
    fn elect(&mut self, id: TableId, net_id: NetId) -> Option<Change> {
        let winner = self.winner(id, net_id);
        let net = self.tables[id].net_mut(net_id)?;
        let best_changed = match (&net.decided, &winner) {
            (None, None) => false,
            (Some(old), Some(new)) => net.anew || !old.is(new),
            (Some(_), None) | (None, Some(_)) => true,
        };
        net.anew = false;
        let before = std::mem::replace(&mut net.decided, winner);
        let (prefix, is_empty) = (net.prefix, net.first.is_none());
        if before.is_some() && best_changed {
            // Often this was the last to hold the old route.
            drop(before);
            self.interner.sweep();
        }
        if is_empty && !best_changed && net.holds == 0 {
            self.tables[id].reclaim(net_id);
            return None;
        }
        if is_empty {
            self.leaving = Some((id, net_id));
        }
        Some(Change { family: id.family(), net: net_id, prefix, best_changed })
    }

    /// The path that wins a net by now.
    fn winner(&mut self, id: TableId, net: NetId) -> Option<Decided> {
        let mut eligible = self.eligible_in(id, net).map(|(slot, path, ..)| (slot, path));
        let first = eligible.next()?;
        if eligible.next().is_none() {
            // As in most nets: there is nothing to compare.
            return Decided::new(first);
        }
        drop(eligible);
        let mut candidates = std::mem::take(&mut self.scratch);
        self.gather(id, net, &mut candidates);
        decide(&mut candidates, 1, |_, _| {});
        let winner = candidates.first().map(|winner| winner.slot);
        candidates.clear();
        self.scratch = candidates;
        winner.and_then(|slot| Decided::new((slot, self.tables[id].path(slot)?)))
    }

    /// The paths of a net that may be chosen at all, with what they say and the cost to their next hops.
    pub(super) fn eligible_in(
        &self,
        id: TableId,
        net: NetId,
    ) -> impl Iterator<Item = (PathSlot, &Path, &Interned, u32)> {
        self.tables[id].chain(net).filter_map(|(slot, path)| {
            let route = path.route()?;
            Some((slot, path, &**route, self.next_hops.cost(route)?))
        })
    }

    /// Collects the candidates for a net.
    pub(super) fn gather(&self, id: TableId, net: NetId, candidates: &mut Vec<Candidate>) {
        for (slot, path, route, cost) in self.eligible_in(id, net) {
            if let Some(source) = self.source(path.source) {
                let named = Named { slot, path_id: path.path_id, source_id: path.source, source };
                candidates.push(Candidate::new(named, route, cost, self.settings.selection));
            }
        }
    }
}

impl Decided {
    fn new((slot, path): (PathSlot, &Path)) -> Option<Self> {
        Some(Self { slot, source: path.source, route: Arc::clone(path.route()?) })
    }

    /// Whether both say the same: identity of source and route, never rank.
    fn is(&self, other: &Self) -> bool {
        self.slot == other.slot && self.source == other.source && Arc::ptr_eq(&self.route, &other.route)
    }
}

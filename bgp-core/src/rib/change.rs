//! Changes: deciding the nets that were touched, and telling whose best path differs.

use std::cmp::Ordering;

use ipnet::IpNet;

use crate::Family;
use crate::rib::decision::{Candidate, Named, before_med, decide};
use crate::rib::interned::RouteId;
use crate::rib::net::{Decided, Waiting};
use crate::rib::path::Path;
use crate::rib::tables::TableId;
use crate::rib::{NetId, NextHopMode, PathSlot, Rib, Step};

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
        while let Some((table, net, why)) = self.next_touched() {
            if let Some(change) = self.elect(table, net, why) {
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
            // At the top it stays there: a number that is never used again does no harm.
            net.holds = net.holds.saturating_add(1);
        }
    }

    /// Ends one hold.
    pub fn release(&mut self, family: Family, id: NetId) {
        let Some(table) = TableId::named(family) else { return };
        let Some(net) = self.tables[table].net_mut(id) else { return };
        debug_assert!(net.holds > 0, "a release follows a hold");
        if net.holds < u16::MAX {
            net.holds = net.holds.saturating_sub(1);
        }
        if self.leaving != Some((table, id)) {
            self.tables[table].reclaim(id);
        }
    }

    fn next_touched(&mut self) -> Option<(TableId, NetId, Waiting)> {
        self.turn = self.turn.other();
        [self.turn, self.turn.other()]
            .into_iter()
            .find_map(|table| self.tables[table].next_touched().map(|(net, why)| (table, net, why)))
    }

    /// Decides one net; nothing where it came and went unnoticed.
    fn elect(&mut self, id: TableId, net: NetId, why: Waiting) -> Option<Change> {
        let before = self.tables[id].decided(net);
        let (winner, lost) = self.winner(id, net, before, why);
        let now = winner.and_then(|slot| self.tables[id].candidate(slot));
        let best_changed = before != now || why == Waiting::Anew && now.is_some();
        let replaces = before.is_some() && best_changed;
        if best_changed {
            self.remember(id, net, before, now, lost);
        }
        let (had, has) = (before.map(|it| it.source), now.map(|it| it.source));
        let table = &mut self.tables[id];
        table.decide(net, winner, &mut self.interner);
        if had != has {
            table.hand_over(had, has);
        }
        let (prefix, entry) = (table.prefix(net)?, table.net(net)?);
        let (is_empty, is_held) = (entry.first.is_none(), entry.holds > 0);
        if replaces {
            // Often this was the last to hold the old route.
            self.interner.sweep();
        }
        if is_empty && !best_changed && !is_held {
            self.tables[id].reclaim(net);
            return None;
        }
        if is_empty {
            self.leaving = Some((id, net));
        }
        Some(Change { family: id.family(), net, prefix, best_changed })
    }

    /// Who wins a net to which one path has come, where the others need not be looked at, and the step at which the
    /// `best` so far lost, if it did: who loses to it before MEDs are compared loses whoever else is there, and who
    /// wins then wins against all.
    fn challenge(
        &self,
        id: TableId,
        best: Decided,
        newcomer: PathSlot,
    ) -> Option<(Option<PathSlot>, Option<Step>)> {
        let newcomer = self.tables[id].candidate(newcomer)?;
        let contestant = |one: &Decided| {
            self.cost_of(one.route)?;
            Some((self.source(one.source)?, &**self.route(one.route)))
        };
        match before_med(contestant(&newcomer)?, contestant(&best)?)? {
            (step, Ordering::Less) => Some((Some(newcomer.slot), Some(step))),
            (_, Ordering::Greater) => Some((Some(best.slot), None)),
            (_, Ordering::Equal) => None,
        }
    }

    /// The path that wins a net by now, and the step at which the one that won before lost, if it is there and did.
    fn winner(
        &mut self,
        id: TableId,
        net: NetId,
        former: Option<Decided>,
        why: Waiting,
    ) -> (Option<PathSlot>, Option<Step>) {
        let table = &self.tables[id];
        let Some(first) = table.net(net).and_then(|net| net.first) else { return (None, None) };
        let Some(path) = table.path(first) else { return (None, None) };
        if path.next.is_none() {
            // As in most nets: there is nothing to compare.
            let cost = table.accepted(first, path).ok().and_then(|route| self.cost_of(route));
            return (cost.map(|_| first), None);
        }
        if let (Waiting::Newcomer, Some(best)) = (why, former)
            && let Some(decided) = self.challenge(id, best, first)
        {
            return decided;
        }
        let mut candidates = std::mem::take(&mut self.scratch);
        self.gather(id, net, &mut candidates);
        let (former, mut lost) = (former.map(|former| former.slot), None);
        decide(&mut candidates, 1, |slot, step| {
            if Some(slot) == former {
                lost = Some(step);
            }
        });
        let winner = candidates.first().map(|winner| winner.slot);
        candidates.clear();
        self.scratch = candidates;
        (winner, lost)
    }

    /// The paths of a net that may be chosen at all.
    pub(super) fn eligible_in(&self, id: TableId, net: NetId) -> impl Iterator<Item = Eligible<'_>> {
        let table = &self.tables[id];
        table.chain(net).filter_map(move |(slot, path)| {
            let route = table.accepted(slot, path).ok()?;
            Some(Eligible { slot, path, route, cost: self.cost_of(route)? })
        })
    }

    /// The cost to the next hop of a route; `None` where it cannot be reached.
    fn cost_of(&self, route: RouteId) -> Option<u32> {
        match self.settings.next_hops {
            NextHopMode::Assumed => Some(0),
            NextHopMode::Tracked => self.next_hops.cost(self.interner.get(route)),
        }
    }

    /// Collects the candidates for a net.
    pub(super) fn gather(&self, id: TableId, net: NetId, candidates: &mut Vec<Candidate>) {
        let paths = &self.tables[id].paths;
        for Eligible { slot, route, cost, .. } in self.eligible_in(id, net) {
            if let Some(source_id) = paths.source(slot)
                && let Some(source) = self.source(source_id)
            {
                let named = Named { slot, path_id: paths.path_id(slot), source_id, source };
                let route = self.interner.get(route);
                candidates.push(Candidate::new(named, route, cost, self.settings.selection));
            }
        }
    }
}

/// A path that may be chosen.
pub(super) struct Eligible<'a> {
    pub(super) slot: PathSlot,
    pub(super) path: &'a Path,
    /// As import left it.
    pub(super) route: RouteId,
    /// To its next hop.
    pub(super) cost: u32,
}

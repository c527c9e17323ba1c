//! Work in slices: lost sources, sweeps, moved next hops, new settings, new import policies.

use std::net::IpAddr;
use std::sync::Arc;

use crate::Family;
use crate::rib::tables::TableId;
use crate::rib::{
    Interned, Mark, NetId, NextHopMode, Reach, Reimport, ResolvedHop, Rib, Route, Settings, SourceId, Way,
};
use crate::wire::Nlri;

/// Something that may take longer than one slice.
#[derive(Clone, Copy, Debug)]
pub(super) enum Job {
    /// Walks of the roll of a source.
    Roll(TableId, SourceId),
    /// Walks of the paths behind a next hop.
    NextHop(IpAddr),
    /// Every net of a table from here on.
    Nets(TableId, NetId),
}

impl Rib {
    /// Does up to `budget` steps of what is queued, each about as long as deciding one prefix; whether
    /// there is more.
    pub fn work(&mut self, budget: usize) -> bool {
        let mut unfinished = None;
        for _ in 0..budget {
            let Some(job) = unfinished.take().or_else(|| self.jobs.pop_front()) else { break };
            unfinished = self.step(job);
        }
        // The next slice is somebody else's: one lost peer does not hold up a moved next hop.
        self.jobs.extend(unfinished);
        !self.jobs.is_empty()
    }

    /// Does one step of `job`; what remains of it.
    fn step(&mut self, job: Job) -> Option<Job> {
        match job {
            Job::Roll(table, source) => self.step_roll(table, source).then_some(job),
            Job::NextHop(address) => self.step_next_hop(address).then_some(job),
            Job::Nets(table, net) => {
                self.track_net(table, net);
                self.tables[table].touch(net);
                (net.index() < self.tables[table].capacity()).then(|| Job::Nets(table, net.next()))
            }
        }
    }

    /// Puts the paths of a net behind their next hops, where those were assumed before.
    fn track_net(&mut self, id: TableId, net: NetId) {
        if self.settings.next_hops == NextHopMode::Assumed {
            return;
        }
        let table = &self.tables[id];
        let accepted =
            table.chain(net).filter_map(|(slot, path)| Some((slot, table.accepted(slot, path).ok()?)));
        let missing: Vec<_> = accepted.filter(|(slot, _)| table.hop_at(*slot).is_none()).collect();
        for (slot, route) in missing {
            let route = Arc::clone(self.interner.get(route));
            self.track(id, slot, &route);
        }
    }

    fn step_roll(&mut self, id: TableId, source: SourceId) -> bool {
        let table = &mut self.tables[id];
        if let Some(slot) = table.next_to_sweep(source) {
            let generation = table.path(slot).map(|path| path.generation);
            let is_doomed = |generation| table.roll(source).is_some_and(|roll| roll.is_doomed(generation));
            if generation.is_some_and(is_doomed) {
                self.remove_path(id, slot);
            }
            return true;
        }
        if let Some(slot) = table.next_to_touch(source) {
            if let Some(path) = table.path(slot) {
                let net = path.net;
                table.touch_anew(net, source);
            }
            return true;
        }
        if let Some(roll) = table.roll_mut(source) {
            roll.queued = false;
        }
        self.reclaim_source(source);
        false
    }

    fn step_next_hop(&mut self, address: IpAddr) -> bool {
        let Some(entry) = self.next_hops.entry(address) else { return false };
        for id in TableId::ALL {
            if let Some(slot) = entry.behind(id).next_to_touch() {
                if let Some(path) = self.tables[id].path(slot) {
                    let net = path.net;
                    self.tables[id].touch(net);
                }
                return true;
            }
        }
        entry.working = false;
        false
    }

    pub(super) fn enqueue(&mut self, table: TableId, source: SourceId) {
        if let Some(roll) = self.tables[table].roll_mut(source)
            && !roll.queued
        {
            roll.queued = true;
            self.jobs.push_back(Job::Roll(table, source));
        }
    }

    /// Changes how routes are selected; every net is decided anew, in slices.
    pub fn reconfigure(&mut self, settings: Settings) {
        if self.settings == settings {
            return;
        }
        self.settings = settings;
        self.next_hops.set_mode(settings.next_hops);
        self.decide_all();
    }

    /// Has every net decided anew, and told, in slices.
    pub fn decide_all(&mut self) {
        self.jobs.retain(|job| !matches!(job, Job::Nets(..)));
        self.jobs.extend(TableId::ALL.map(|table| Job::Nets(table, NetId::FIRST)));
    }

    /// Every path that `source` has by now is removed, in slices. What it announces from now on stays.
    pub fn source_down(&mut self, source: SourceId) {
        for table in TableId::ALL {
            self.clear_table(source, table);
        }
    }

    /// The same for one family.
    pub fn clear(&mut self, source: SourceId, family: Family) {
        if let Some(table) = TableId::named(family) {
            self.clear_table(source, table);
        }
    }

    fn clear_table(&mut self, source: SourceId, table: TableId) {
        self.tables[table].make_room(source);
        if let Some(roll) = self.tables[table].roll_mut(source) {
            roll.clear();
        }
        self.enqueue(table, source);
    }

    /// Every path that `source` has by now is stale by `mark`, until it is announced again. A mark set
    /// before is replaced.
    pub fn mark(&mut self, source: SourceId, family: Family, mark: Mark) {
        let Some(table) = TableId::named(family) else { return };
        self.tables[table].make_room(source);
        if let Some(roll) = self.tables[table].roll_mut(source) {
            roll.mark(mark);
        }
    }

    /// Forgets `mark`; the paths stay and are no longer stale by it.
    pub fn unmark(&mut self, source: SourceId, family: Family, mark: Mark) {
        if let Some(roll) = TableId::named(family).and_then(|table| self.tables[table].roll_mut(source)) {
            roll.unmark(mark);
        }
    }

    /// Removes in slices what is still stale by `mark`, which is thereby gone. Nothing where it is not set.
    pub fn sweep(&mut self, source: SourceId, family: Family, mark: Mark) {
        let Some(table) = TableId::named(family) else { return };
        if let Some(roll) = self.tables[table].roll_mut(source) {
            roll.sweep(mark);
            self.enqueue(table, source);
        }
    }

    /// Has the import of every path of `source` evaluated anew: see [`Rib::poll_reimport`].
    pub fn reimport(&mut self, source: SourceId, family: Family) {
        let Some(table) = TableId::named(family) else { return };
        let Some(roll) = self.tables[table].roll_mut(source) else { return };
        roll.reimport_all();
        if !roll.reimport_queued {
            roll.reimport_queued = true;
            self.imports.push_back((table, source));
        }
    }

    /// The next path whose import has to be evaluated anew. The caller bounds the slice, evaluates, and
    /// answers with [`Rib::judge`].
    pub fn poll_reimport(&mut self) -> Option<Reimport> {
        while let Some(&(id, source)) = self.imports.front() {
            let table = &mut self.tables[id];
            if let Some(slot) = table.next_to_reimport(source)
                && let Some(path) = table.path(slot)
                && let Some(prefix) = table.prefix(path.net)
            {
                let nlri = Nlri { path_id: table.paths.path_id(slot), prefix };
                let received = Arc::clone(self.interner.get(path.received));
                let accepted = table.accepted(slot, path).map(|route| Arc::clone(self.interner.get(route)));
                let stale = table.roll(source).is_some_and(|roll| roll.is_stale(path.generation));
                return Some(Reimport { source, nlri, received, accepted, stale });
            }
            if let Some(roll) = table.roll_mut(source) {
                roll.reimport_queued = false;
            }
            self.imports.pop_front();
        }
        None
    }

    /// How `address` is reached by now; the nets behind it are decided anew, in slices.
    pub fn next_hop(&mut self, address: IpAddr, reach: Option<Reach>) {
        if let Some(entry) = self.next_hops.answer(address, reach)
            && !entry.working
        {
            entry.working = true;
            self.jobs.push_back(Job::NextHop(address));
        }
    }

    /// The next address to watch (`true`) or to watch no longer.
    pub fn poll_track(&mut self) -> Option<(IpAddr, bool)> {
        self.next_hops.poll_track()
    }

    /// Whether some next hop looks unreachable only because the driver has not answered for it yet.
    #[must_use]
    pub const fn awaits_next_hops(&self) -> bool {
        self.next_hops.awaits_answers()
    }

    /// How a tracked address is reached, as far as the driver has said.
    pub(crate) fn reach(&self, address: IpAddr) -> Option<&Reach> {
        self.next_hops.reach(address)
    }

    /// The next hop of `route` and the way to it, as the decision process takes it; `None` for routes without one.
    #[must_use]
    pub fn way(&self, route: &Route) -> Option<(IpAddr, Way<'_>)> {
        self.next_hops.way(route)
    }

    /// Where packets of `route` go, every gateway filled in. `None` where its next hop cannot be reached,
    /// and for routes without one.
    #[must_use]
    pub fn resolve(&self, route: &Route) -> Option<Vec<ResolvedHop>> {
        self.next_hops.resolve(route)
    }

    /// The interior cost to the next hop of `route`; `None` where it cannot be reached.
    #[must_use]
    pub fn cost(&self, route: &Interned) -> Option<u32> {
        match self.settings.next_hops {
            NextHopMode::Assumed => Some(0),
            NextHopMode::Tracked => self.next_hops.cost(route),
        }
    }
}

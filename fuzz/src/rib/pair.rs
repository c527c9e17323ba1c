//! The RIB, the model, the world around them, and a consumer who only believes what it is told.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use bgp_core::rib::{
    Accepted, Counts, Ineligible, Interned, NetId, Outcome, PathView, Reach, Rib, Route, Settings, Source,
    SourceId,
};
use bgp_core::wire::{Nlri, PathId};
use bgp_core::{Family, Instant};
use ipnet::IpNet;

use super::events::{Event, Name};
use super::model::{Model, import};

/// What the consumer knows of a net.
#[derive(Clone, Debug, PartialEq)]
struct Heard {
    prefix: IpNet,
    source: SourceId,
    route: Arc<Interned>,
}

/// Both RIBs and everything around them.
pub(super) struct Pair {
    rib: Rib,
    model: Model,
    ids: [SourceId; 6],
    watched: BTreeSet<IpAddr>,
    heard: BTreeMap<(Family, NetId), Heard>,
    comparisons: u32,
}

/// Most comparisons in the middle of one input; each looks at everything.
const COMPARISONS: u32 = 8;

impl Pair {
    pub(super) fn new(settings: Settings) -> Self {
        let (mut rib, model) = (Rib::new(settings, 1), Model::new(settings));
        let ids = model.sources.map(|source| rib.add_source(source));
        Self { rib, model, ids, watched: BTreeSet::new(), heard: BTreeMap::new(), comparisons: 0 }
    }

    pub(super) fn happen(&mut self, event: Event) {
        match event {
            Event::Announce { prefix, name, route } => self.announce(prefix, name, route),
            Event::Withdraw { prefix, name } => {
                self.rib.withdraw(self.ids[name.0], nlri(prefix, name));
                self.model.paths.remove(&(prefix, name));
            }
            Event::Down(source) => {
                self.rib.source_down(self.ids[source]);
                Family::UNICAST.into_iter().for_each(|family| self.model.clear(source, family));
            }
            Event::Replace(source) => {
                self.rib.remove_source(self.ids[source]);
                self.ids[source] = self.rib.add_source(self.model.sources[source]);
                Family::UNICAST.into_iter().for_each(|family| self.model.clear(source, family));
            }
            Event::Clear(source, family) => {
                self.rib.clear(self.ids[source], family);
                self.model.clear(source, family);
            }
            Event::Mark(source, family, mark) => {
                self.rib.mark(self.ids[source], family, mark);
                self.model.mark(source, family, mark);
            }
            Event::Unmark(source, family, mark) => {
                self.rib.unmark(self.ids[source], family, mark);
                self.model.unmark(source, family, mark);
            }
            Event::Sweep(source, family, mark) => {
                self.rib.sweep(self.ids[source], family, mark);
                self.model.sweep(source, family, mark);
            }
            Event::NextHop(address, cost) => self.move_next_hop(address, cost),
            Event::Import(number) => self.change_import(number),
            Event::Configure(settings) => {
                self.rib.reconfigure(settings);
                self.model.settings = settings;
            }
            Event::Client(source) => self.change_client(source),
            Event::Work(budget) => {
                self.work(budget);
            }
            Event::Hear(budget) => (0..budget).for_each(|_| {
                self.hear();
            }),
            Event::Settle => self.settle_and_compare(),
        }
    }

    fn announce(&mut self, prefix: IpNet, name: Name, route: Route) {
        let received = self.rib.intern(&route);
        let accepted = self.accept(&received.route());
        self.rib.announce(self.ids[name.0], nlri(prefix, name), received, accepted, Instant::ZERO);
        self.model.announce(prefix, name, route);
    }

    fn accept(&mut self, received: &Route) -> Accepted {
        let accepted = import(self.model.import, received).ok_or(Ineligible::Policy)?;
        Ok(self.rib.intern(&accepted))
    }

    fn move_next_hop(&mut self, address: IpAddr, cost: Option<u32>) {
        match cost {
            Some(cost) => self.model.costs.insert(address, cost),
            None => self.model.costs.remove(&address),
        };
        if self.watched.contains(&address) {
            self.rib.next_hop(address, cost.map(connected));
        }
    }

    fn change_import(&mut self, number: u8) {
        self.model.import = number;
        for &source in &self.ids {
            for family in Family::UNICAST {
                self.rib.reimport(source, family);
            }
        }
    }

    fn change_client(&mut self, source: usize) {
        if let Source::Bgp(peer) = &mut self.model.sources[source] {
            peer.client = !peer.client;
        }
        self.rib.update_source(self.ids[source], self.model.sources[source]);
    }

    /// One slice of work; whether there is more.
    fn work(&mut self, budget: usize) -> bool {
        let tracked = self.rib.poll_track();
        if let Some((address, watch)) = tracked {
            if watch {
                assert!(self.watched.insert(address), "{address} is watched already");
                self.rib.next_hop(address, self.model.costs.get(&address).copied().map(connected));
            } else {
                assert!(self.watched.remove(&address), "{address} was not watched");
            }
        }
        let reimport = self.rib.poll_reimport();
        if let Some(path) = &reimport {
            let accepted = self.accept(&path.received.route());
            self.rib.judge(path.source, path.nlri, accepted);
        }
        self.rib.work(budget) || tracked.is_some() || reimport.is_some()
    }

    /// Hears one change; whether there was one.
    fn hear(&mut self) -> bool {
        let Some(change) = self.rib.poll_change() else { return false };
        let key = (change.family, change.net);
        let best = self.rib.best(change.family, change.net).map(|best| Heard {
            prefix: change.prefix,
            source: best.source,
            route: Arc::clone(best.route),
        });
        let before = self.heard.get(&key).cloned();
        if let Some(before) = &before {
            assert_eq!(before.prefix, change.prefix, "a held id came to mean another prefix");
        }
        if !change.best_changed {
            assert_eq!(before, best, "a change was kept secret");
            return true;
        }
        match (&before, &best) {
            (None, Some(_)) => self.rib.hold(change.family, change.net),
            (Some(_), None) => self.rib.release(change.family, change.net),
            (Some(_), Some(_)) | (None, None) => {}
        }
        match best {
            Some(best) => self.heard.insert(key, best),
            None => self.heard.remove(&key),
        };
        true
    }

    fn settle_and_compare(&mut self) {
        self.settle();
        if self.comparisons < COMPARISONS {
            self.comparisons += 1;
            self.compare();
        }
    }

    /// Works and hears until there is nothing left to do.
    pub(super) fn settle(&mut self) {
        while self.work(1) {}
        while self.hear() {}
        assert!(!self.work(1), "hearing made work");
        assert!(!self.rib.has_changes(), "work made changes");
    }

    /// Asserts that the RIB, which must have settled, equals the model.
    pub(super) fn compare(&self) {
        let prefixes = self.model.prefixes();
        let nets = Family::UNICAST.iter().filter_map(|family| self.rib.table(*family));
        assert_eq!(nets.map(|table| table.len()).sum::<usize>(), prefixes.len(), "nets leaked");
        assert_eq!(self.watched, self.model.watched());
        for prefix in &prefixes {
            self.compare_prefix(*prefix);
        }
        for (at, &source) in self.ids.iter().enumerate() {
            for family in Family::UNICAST {
                assert_eq!(self.rib.counts(source, family), self.counts(at, family));
            }
        }
        let heard: BTreeSet<IpNet> = self.heard.values().map(|heard| heard.prefix).collect();
        let has_best = |prefix: &IpNet| !self.model.ranked(*prefix).is_empty();
        assert_eq!(heard, prefixes.into_iter().filter(has_best).collect());
    }

    fn compare_prefix(&self, prefix: IpNet) {
        let family = Family::of(&prefix);
        let net = self.rib.table(family).and_then(|table| table.lookup(&prefix)).expect("it has paths");
        let stored: BTreeMap<_, _> = self
            .rib
            .paths(family, net)
            .map(|path| {
                let accepted = path.accepted.ok().map(|route| route.route());
                (self.name(&path), (path.received.route(), accepted, path.stale))
            })
            .collect();
        assert_eq!(stored, self.model.stored(prefix));

        let names = |paths: Vec<PathView<'_>>| paths.iter().map(|path| self.name(path)).collect::<Vec<_>>();
        assert_eq!(names(self.rib.ranked(family, net, usize::MAX)), self.model.ranked(prefix), "{prefix}");

        let (winner, equals) = self.model.decide(&self.model.rivals(prefix));
        let shared = names(self.rib.multipath(family, net));
        assert_eq!(shared.first(), winner.as_ref().map(|winner| &winner.name));
        if self.model.settings.multipath > 1 {
            assert_eq!(shared.iter().copied().collect::<BTreeSet<_>>(), equals);
        }
        let flagged = self.rib.paths(family, net).find(|path| path.best).map(|path| self.name(&path));
        let explained = self.rib.explain(family, net);
        let best = explained.iter().find(|it| it.outcome == Outcome::Best).map(|it| self.name(&it.path));
        assert_eq!((flagged, best), (shared.first().copied(), shared.first().copied()));
        assert_eq!(explained.len(), stored.len());
        if let Some(winner) = winner {
            let heard = &self.heard[&(family, net)];
            assert_eq!(heard.source, self.ids[winner.name.0]);
            assert_eq!(heard.route.route(), winner.route);
        }
    }

    /// What became of each path of a prefix.
    pub(super) fn outcomes(&self, prefix: IpNet) -> BTreeMap<Name, Outcome> {
        let family = Family::of(&prefix);
        let net = self.rib.table(family).and_then(|table| table.lookup(&prefix));
        let explained = net.into_iter().flat_map(|net| self.rib.explain(family, net));
        explained.map(|it| (self.name(&it.path), it.outcome)).collect()
    }

    fn counts(&self, source: usize, family: Family) -> Counts {
        let mut counts = Counts::default();
        for ((prefix, name), entry) in &self.model.paths {
            if name.0 == source && Family::of(prefix) == family {
                counts.received += 1;
                counts.accepted += u32::from(import(self.model.import, &entry.received).is_some());
            }
        }
        let prefixes = self.model.prefixes().into_iter().filter(|prefix| Family::of(prefix) == family);
        let wins = |prefix: &IpNet| self.model.ranked(*prefix).first().is_some_and(|best| best.0 == source);
        counts.best = prefixes.filter(wins).count() as u32;
        counts
    }

    fn name(&self, path: &PathView<'_>) -> Name {
        let source = self.ids.iter().position(|id| *id == path.source);
        (source.expect("a source in use"), path.path_id.0)
    }
}

/// The reach of a connected address.
const fn connected(metric: u32) -> Reach {
    Reach { metric, hops: Vec::new() }
}

const fn nlri(prefix: IpNet, name: Name) -> Nlri {
    Nlri { path_id: PathId(name.1), prefix }
}

//! Properties: the RIB equals the model after any history, in whatever slices it works.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ipnet::IpNet;
use proptest::prelude::*;

use crate::rib::model::{Model, Name};
use crate::rib::testing::{as_path, peer, reach, route_via};
use crate::rib::{
    Accepted, Counts, Ineligible, Interned, LocalSource, Mark, NetId, NextHopMode, PeerSource, Rib, Route,
    Selection, Settings, Source, SourceId,
};
use crate::wire::{Attributes, Community, Nlri, Origin, PathId, PeerKind};
use crate::{Family, Instant, RouterId};

/// Something that happens to both.
#[derive(Clone, Debug)]
enum Event {
    Announce { prefix: usize, name: Name, route: Route },
    Withdraw { prefix: usize, name: Name },
    Down(usize),
    Replace(usize),
    Clear(usize, Family),
    Mark(usize, Family, Mark),
    Unmark(usize, Family, Mark),
    Sweep(usize, Family, Mark),
    NextHop(usize, Option<u32>),
    Policy(u32),
    Configure(Settings),
    Client(usize),
    Work(usize),
    Hear(usize),
}

const SOURCES: usize = 4;
const PREFIXES: [&str; 3] = ["10.1.0.0/16", "10.2.0.0/16", "2001:db8::/32"];
const NEXT_HOPS: [Ipv4Addr; 2] = [Ipv4Addr::new(192, 0, 2, 1), Ipv4Addr::new(192, 0, 2, 2)];

fn prefix(at: usize) -> IpNet {
    PREFIXES[at].parse().expect("a prefix")
}

fn sources() -> Vec<Source> {
    let external = PeerSource { kind: PeerKind::External, ..peer(3) };
    vec![
        Source::Bgp(peer(1)),
        Source::Bgp(peer(2)),
        Source::Bgp(external),
        Source::Local(LocalSource::Kernel),
    ]
}

prop_compose! {
    fn route()(
        local_preference in prop_oneof![Just(None), Just(Some(100)), Just(Some(200))],
        path in prop::sample::select(vec![vec![], vec![1], vec![2], vec![1, 2]]),
        origin in prop::sample::select(vec![Origin::Igp, Origin::Incomplete]),
        med in prop_oneof![Just(None), (0_u32..3).prop_map(Some)],
        next_hop in prop::sample::select(NEXT_HOPS.to_vec()),
        stale in prop::bool::weighted(0.2),
        originator in prop_oneof![Just(None), Just(Some(RouterId::from(7)))],
        clusters in 0..3_u32,
    ) -> Route {
        route_via(next_hop, Attributes {
            local_preference,
            as_path: as_path(&path),
            origin,
            med,
            communities: if stale { Box::new([Community(0xffff_0006)]) } else { Box::default() },
            originator_id: originator,
            cluster_list: (0..clusters).map(RouterId::from).collect(),
            ..Attributes::default()
        })
    }
}

fn settings() -> impl Strategy<Value = Settings> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(always_compare_med, worst, assumed)| Settings {
        selection: Selection { always_compare_med, missing_med_as_worst: worst },
        multipath: 64,
        next_hops: if assumed { NextHopMode::Assumed } else { NextHopMode::Tracked },
    })
}

fn event() -> impl Strategy<Value = Event> {
    let name = || (0..SOURCES, 0..2_u32);
    let marking = || {
        let family = prop::sample::select(Family::UNICAST.to_vec());
        (0..SOURCES, family, prop::sample::select(vec![Mark::Restart, Mark::Refresh]))
    };
    prop_oneof![
        10 => (0..PREFIXES.len(), name(), route())
            .prop_map(|(prefix, name, route)| Event::Announce { prefix, name, route }),
        4 => (0..PREFIXES.len(), name()).prop_map(|(prefix, name)| Event::Withdraw { prefix, name }),
        1 => (0..SOURCES).prop_map(Event::Down),
        1 => (0..SOURCES).prop_map(Event::Replace),
        1 => marking().prop_map(|(source, family, _)| Event::Clear(source, family)),
        2 => marking().prop_map(|(source, family, mark)| Event::Mark(source, family, mark)),
        1 => marking().prop_map(|(source, family, mark)| Event::Unmark(source, family, mark)),
        2 => marking().prop_map(|(source, family, mark)| Event::Sweep(source, family, mark)),
        2 => (0..NEXT_HOPS.len(), prop_oneof![Just(None), (0_u32..3).prop_map(Some)])
            .prop_map(|(address, cost)| Event::NextHop(address, cost)),
        1 => (0_u32..4).prop_map(Event::Policy),
        1 => settings().prop_map(Event::Configure),
        1 => (0..SOURCES).prop_map(Event::Client),
        6 => (1_usize..4).prop_map(Event::Work),
        6 => (1_usize..4).prop_map(Event::Hear),
    ]
}

/// The RIB, the model, the world around them, and a consumer that only believes what it is told.
struct Pair {
    rib: Rib,
    model: Model,
    ids: Vec<SourceId>,
    watched: BTreeSet<IpAddr>,
    heard: BTreeMap<(Family, NetId), Heard>,
}

/// What the consumer knows of a net.
#[derive(Clone, Debug, PartialEq)]
struct Heard {
    prefix: IpNet,
    source: Source,
    route: Arc<Interned>,
}

impl Pair {
    fn new() -> Self {
        let settings = Settings { multipath: 64, ..Settings::default() };
        let mut rib = Rib::new(settings, 1);
        let ids = sources().into_iter().map(|source| rib.add_source(source)).collect();
        let model = Model::new(settings, sources());
        Self { rib, model, ids, watched: BTreeSet::new(), heard: BTreeMap::new() }
    }

    fn happen(&mut self, event: Event) {
        match event {
            Event::Announce { prefix: at, name, route } => self.announce(prefix(at), name, route),
            Event::Withdraw { prefix: at, name } => {
                self.rib.withdraw(self.ids[name.0], nlri(prefix(at), name));
                self.model.withdraw(prefix(at), name);
            }
            Event::Down(source) => {
                self.rib.source_down(self.ids[source]);
                self.model.down(source);
            }
            Event::Replace(source) => {
                self.rib.remove_source(self.ids[source]);
                self.ids[source] = self.rib.add_source(self.model.sources[source]);
                self.model.down(source);
            }
            Event::Clear(source, family) => {
                self.rib.clear(self.ids[source], family);
                self.model.clear(source, family == Family::IPV4);
            }
            Event::Mark(source, family, mark) => {
                self.rib.mark(self.ids[source], family, mark);
                self.model.mark(source, family == Family::IPV4, mark);
            }
            Event::Unmark(source, family, mark) => {
                self.rib.unmark(self.ids[source], family, mark);
                self.model.unmark(source, family == Family::IPV4, mark);
            }
            Event::Sweep(source, family, mark) => {
                self.rib.sweep(self.ids[source], family, mark);
                self.model.sweep(source, family == Family::IPV4, mark);
            }
            Event::NextHop(at, cost) => self.move_next_hop(NEXT_HOPS[at].into(), cost),
            Event::Policy(rejected_med) => self.change_policy(rejected_med),
            Event::Configure(settings) => {
                self.rib.reconfigure(settings);
                self.model.settings = settings;
            }
            Event::Client(source) => {
                if let Source::Bgp(peer) = &mut self.model.sources[source] {
                    peer.client = !peer.client;
                }
                self.rib.update_source(self.ids[source], self.model.sources[source]);
            }
            Event::Work(budget) => {
                self.work(budget);
            }
            Event::Hear(budget) => (0..budget).for_each(|_| {
                self.hear();
            }),
        }
    }

    fn announce(&mut self, prefix: IpNet, name: Name, route: Route) {
        let received = self.rib.intern(&route);
        let accepted = self.import(&received);
        self.rib.announce(self.ids[name.0], nlri(prefix, name), received, accepted, Instant::ZERO);
        self.model.announce(prefix, name, route);
    }

    fn import(&self, route: &Arc<Interned>) -> Accepted {
        if self.model.accepts(&route.route()) { Ok(Arc::clone(route)) } else { Err(Ineligible::Policy) }
    }

    fn move_next_hop(&mut self, address: IpAddr, cost: Option<u32>) {
        match cost {
            Some(cost) => self.model.costs.insert(address, cost),
            None => self.model.costs.remove(&address),
        };
        if self.watched.contains(&address) {
            self.rib.next_hop(address, cost.and_then(reach));
        }
    }

    fn change_policy(&mut self, rejected_med: u32) {
        self.model.change_policy(rejected_med);
        for &source in &self.ids {
            for family in Family::UNICAST {
                self.rib.reimport(source, family);
            }
        }
    }

    /// One slice of work; whether there is more.
    fn work(&mut self, budget: usize) -> bool {
        let tracked = self.rib.poll_track();
        if let Some((address, watch)) = tracked {
            if watch {
                assert!(self.watched.insert(address), "{address} is watched already");
                self.rib.next_hop(address, self.model.costs.get(&address).copied().and_then(reach));
            } else {
                assert!(self.watched.remove(&address), "{address} was not watched");
            }
        }
        let reimport = self.rib.poll_reimport();
        if let Some(path) = &reimport {
            let accepted = self.import(&path.received);
            self.rib.judge(path.source, path.nlri, accepted);
        }
        self.rib.work(budget) || tracked.is_some() || reimport.is_some()
    }

    /// Hears one change; whether there was one.
    fn hear(&mut self) -> bool {
        let Some(change) = self.rib.poll_change() else { return false };
        let key = (change.family, change.net);
        let before = self.heard.get(&key).cloned();
        let best = self.rib.best(change.family, change.net).map(|best| Heard {
            prefix: change.prefix,
            source: *self.rib.source(best.source).unwrap_or(&Source::Local(LocalSource::Direct)),
            route: Arc::clone(best.route),
        });
        if let Some(before) = &before {
            assert_eq!(before.prefix, change.prefix, "a held id came to mean another prefix");
        }
        if !change.best_changed {
            let route = |heard: &Option<Heard>| heard.as_ref().map(|heard| Arc::clone(&heard.route));
            assert_eq!(route(&before), route(&best), "a change was kept secret");
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

    fn settle(&mut self) {
        while self.work(1) {}
        while self.hear() {}
        while self.work(1) {}
        assert!(!self.hear(), "hearing made work");
    }

    fn name(&self, source: SourceId, path_id: PathId) -> Name {
        (self.ids.iter().position(|id| *id == source).expect("a source in use"), path_id.0)
    }

    fn compare(&self) {
        let prefixes = self.model.prefixes();
        let nets: usize =
            Family::UNICAST.iter().filter_map(|family| Some(self.rib.table(*family)?.len())).sum();
        assert_eq!(nets, prefixes.len(), "nets leaked");
        assert_eq!(self.watched, self.model.watched());
        for prefix in prefixes {
            self.compare_prefix(prefix);
        }
        for (at, &source) in self.ids.iter().enumerate() {
            for family in Family::UNICAST {
                assert_eq!(self.rib.counts(source, family), self.model.counts(at, family == Family::IPV4));
            }
        }
        assert_eq!(
            self.rib.routes_held(),
            self.model.paths.len() as u64,
            "a name leaked, or was let go too early"
        );
        let heard: BTreeSet<IpNet> = self.heard.values().map(|heard| heard.prefix).collect();
        let decided = |prefix: &IpNet| self.model.decide(*prefix).0.is_some();
        assert_eq!(heard, self.model.prefixes().into_iter().filter(decided).collect());
    }

    fn compare_prefix(&self, prefix: IpNet) {
        let family = Family::of(&prefix);
        let net = self.rib.table(family).and_then(|table| table.lookup(&prefix)).expect("it has paths");
        let stored: BTreeMap<Name, (Route, bool)> = self
            .rib
            .paths(family, net)
            .map(|path| {
                let name = self.name(path.source, path.path_id);
                (name, (path.received.route(), path.accepted.is_ok()))
            })
            .collect();
        assert_eq!(stored, self.model.stored(prefix));
        let stale = self.rib.paths(family, net).filter(|path| path.stale);
        let stale: BTreeSet<Name> = stale.map(|path| self.name(path.source, path.path_id)).collect();
        assert_eq!(stale, self.model.stale(prefix));

        let (winner, equals) = self.model.decide(prefix);
        let shared = self.rib.multipath(family, net);
        let first = shared.first().map(|path| self.name(path.source, path.path_id));
        assert_eq!(first, winner, "{prefix}");
        assert_eq!(
            shared.iter().map(|path| self.name(path.source, path.path_id)).collect::<BTreeSet<_>>(),
            equals
        );
        let flagged = self.rib.paths(family, net).find(|path| path.best);
        assert_eq!(flagged.map(|path| self.name(path.source, path.path_id)), winner);
        if let Some(winner) = winner {
            let heard = &self.heard[&(family, net)];
            assert_eq!(heard.source, self.model.sources[winner.0]);
            assert_eq!(heard.route.route(), self.model.paths[&(prefix, winner)].received);
        }
    }
}

const fn nlri(prefix: IpNet, name: Name) -> Nlri {
    Nlri { path_id: PathId(name.1), prefix }
}

impl Model {
    fn clear(&mut self, source: usize, ipv4: bool) {
        self.paths.retain(|(prefix, (of, _)), _| *of != source || matches!(prefix, IpNet::V4(_)) != ipv4);
        self.unmark(source, ipv4, Mark::Refresh);
        self.unmark(source, ipv4, Mark::Restart);
    }

    fn stored(&self, prefix: IpNet) -> BTreeMap<Name, (Route, bool)> {
        let here = self.paths.iter().filter(|((of, _), _)| *of == prefix);
        here.map(|((_, name), entry)| (*name, (entry.received.clone(), entry.accepted))).collect()
    }

    fn counts(&self, source: usize, ipv4: bool) -> Counts {
        let mut counts = Counts::default();
        for ((prefix, (of, _)), entry) in &self.paths {
            if *of == source && matches!(prefix, IpNet::V4(_)) == ipv4 {
                counts.received += 1;
                counts.accepted += u32::from(entry.accepted);
            }
        }
        counts
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, ..ProptestConfig::default() })]

    #[test]
    fn the_rib_equals_the_model_after_any_history(events in prop::collection::vec(event(), 0..60)) {
        let mut pair = Pair::new();
        for event in events {
            pair.happen(event);
        }
        pair.settle();
        pair.compare();
    }

    #[test]
    fn selection_does_not_depend_on_the_order_of_arrival(
        routes in prop::collection::vec((0..SOURCES, route(), route()), 1..8),
        order in Just((0..8_usize).collect::<Vec<_>>()).prop_shuffle(),
        detour in prop::bool::ANY,
        settings in settings(),
    ) {
        let outcomes = |order: Vec<usize>, detour: bool| {
            let mut pair = Pair::new();
            pair.happen(Event::Configure(settings));
            for at in order {
                let Some((source, first, last)) = routes.get(at) else { continue };
                let name = (*source, u32::try_from(at).expect("few"));
                if detour {
                    pair.announce(prefix(0), name, first.clone());
                    pair.happen(Event::Hear(1));
                    pair.happen(Event::Withdraw { prefix: 0, name });
                }
                pair.announce(prefix(0), name, last.clone());
            }
            pair.happen(Event::NextHop(0, Some(1)));
            pair.happen(Event::NextHop(1, Some(2)));
            pair.settle();
            let net = pair.rib.table(Family::IPV4).and_then(|table| table.lookup(&prefix(0))).expect("a net");
            let name = |path: &crate::rib::PathView<'_>| pair.name(path.source, path.path_id);
            let ranked: Vec<Name> = pair.rib.ranked(Family::IPV4, net, usize::MAX).iter().map(name).collect();
            let explained: BTreeMap<Name, _> = pair
                .rib
                .explain(Family::IPV4, net)
                .iter()
                .map(|it| (name(&it.path), it.outcome))
                .collect();
            (ranked, explained)
        };
        prop_assert_eq!(outcomes((0..8).collect(), false), outcomes(order, detour));
    }
}

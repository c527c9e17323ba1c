//! A RIB that is slow and obvious: one map, nothing incremental, routes compared pair by pair.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bgp_core::Family;
use bgp_core::rib::{Forwarding, Mark, NextHopMode, Route, Settings, Source};
use bgp_core::wire::{Origin, PeerKind};
use ipnet::IpNet;

use super::events::{LLGR_STALE, Name, sources};

/// What one source says about one prefix.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) received: Route,
    /// The marks set since it was announced.
    marks: BTreeSet<Mark>,
}

/// All that is to be known.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) settings: Settings,
    pub(super) sources: [Source; 6],
    pub(super) paths: BTreeMap<(IpNet, Name), Entry>,
    pub(super) costs: BTreeMap<IpAddr, u32>,
    /// What import does, see [`import`].
    pub(super) import: u8,
}

/// What import number `import` makes of a route: it rejects a MED and prefers unknown origins.
pub(super) fn import(import: u8, received: &Route) -> Option<Route> {
    if import & 3 != 0 && received.attributes.med == Some(u32::from(import & 3) - 1) {
        return None;
    }
    let mut route = received.clone();
    if import & 4 != 0 && route.attributes.origin == Origin::Incomplete {
        route.attributes.local_preference = Some(300);
    }
    Some(route)
}

/// The address that has to be watched for a route.
pub(super) fn tracked(route: &Route) -> Option<IpAddr> {
    let Forwarding::Via(next_hop) = &route.forwarding else { return None };
    match next_hop.address() {
        // A link-local address on a known interface is there or nowhere.
        IpAddr::V6(address) if address.is_unicast_link_local() && route.interface.is_some() => None,
        address => Some(address),
    }
}

impl Model {
    pub(super) fn new(settings: Settings) -> Self {
        Self { settings, sources: sources(), paths: BTreeMap::new(), costs: BTreeMap::new(), import: 0 }
    }

    pub(super) fn announce(&mut self, prefix: IpNet, name: Name, received: Route) {
        self.paths.insert((prefix, name), Entry { received, marks: BTreeSet::new() });
    }

    pub(super) fn clear(&mut self, source: usize, family: Family) {
        self.paths.retain(|(prefix, name), _| !(name.0 == source && Family::of(prefix) == family));
    }

    /// A restart ends a refresh: whoever began it is gone.
    pub(super) fn mark(&mut self, source: usize, family: Family, mark: Mark) {
        for entry in self.of(source, family) {
            entry.marks.insert(mark);
            if mark == Mark::Restart {
                entry.marks.remove(&Mark::Refresh);
            }
        }
    }

    pub(super) fn unmark(&mut self, source: usize, family: Family, mark: Mark) {
        for entry in self.of(source, family) {
            entry.marks.remove(&mark);
        }
    }

    pub(super) fn sweep(&mut self, source: usize, family: Family, mark: Mark) {
        self.paths.retain(|(prefix, name), entry| {
            !(name.0 == source && Family::of(prefix) == family && entry.marks.contains(&mark))
        });
    }

    fn of(&mut self, source: usize, family: Family) -> impl Iterator<Item = &mut Entry> {
        let all = self.paths.iter_mut();
        all.filter(move |((prefix, name), _)| name.0 == source && Family::of(prefix) == family)
            .map(|(_, entry)| entry)
    }

    pub(super) fn prefixes(&self) -> BTreeSet<IpNet> {
        self.paths.keys().map(|(prefix, _)| *prefix).collect()
    }

    /// The paths of a prefix: received, accepted, and whether kept over a restart.
    pub(super) fn stored(&self, prefix: IpNet) -> BTreeMap<Name, (Route, Option<Route>, bool)> {
        let here = self.paths.iter().filter(|((of, _), _)| *of == prefix);
        here.map(|((_, name), entry)| {
            let accepted = import(self.import, &entry.received);
            (*name, (entry.received.clone(), accepted, entry.marks.contains(&Mark::Restart)))
        })
        .collect()
    }

    /// The next hops that have to be watched.
    pub(super) fn watched(&self) -> BTreeSet<IpAddr> {
        if self.settings.next_hops == NextHopMode::Assumed {
            return BTreeSet::new();
        }
        let accepted = self.paths.values().filter_map(|entry| import(self.import, &entry.received));
        accepted.filter_map(|route| tracked(&route)).collect()
    }

    fn cost(&self, route: &Route) -> Option<u32> {
        match (self.settings.next_hops, tracked(route)) {
            (NextHopMode::Assumed, _) | (_, None) => Some(0),
            (NextHopMode::Tracked, Some(address)) => self.costs.get(&address).copied(),
        }
    }

    /// Everything of a prefix that can be chosen.
    pub(super) fn rivals(&self, prefix: IpNet) -> Vec<Rival> {
        let stored = self.stored(prefix).into_iter();
        stored
            .filter_map(|(name, (_, accepted, _))| {
                let route = accepted?;
                let cost = self.cost(&route)?;
                Some(Rival { name, source: self.sources[name.0], route, cost })
            })
            .collect()
    }

    /// The winner among rivals, and all that tie with it down to the interior cost.
    pub(super) fn decide(&self, rivals: &[Rival]) -> (Option<Rival>, BTreeSet<Name>) {
        let mut standing = rivals.to_vec();
        let mut equals = BTreeSet::new();
        for (at, beats) in RUNGS.iter().enumerate() {
            if at == TIE_BREAKS {
                equals = standing.iter().map(|rival| rival.name).collect();
            }
            let before = standing.clone();
            standing.retain(|m| !before.iter().any(|n| beats(n, m, &self.settings)));
        }
        assert!(standing.len() <= 1, "not total: {standing:?}");
        let winner = standing.pop();
        if winner.as_ref().is_some_and(|winner| winner.source.peer().is_none()) {
            equals.retain(|name| winner.as_ref().is_some_and(|winner| winner.name == *name));
        }
        (winner, equals)
    }

    /// The rivals in the order in which each wins when those before it are gone.
    pub(super) fn ranked(&self, prefix: IpNet) -> Vec<Name> {
        let mut rivals = self.rivals(prefix);
        let mut ranked = Vec::new();
        while let (Some(winner), _) = self.decide(&rivals) {
            rivals.retain(|rival| rival.name != winner.name);
            ranked.push(winner.name);
        }
        ranked
    }
}

/// A path that can be chosen.
#[derive(Clone, Debug)]
pub(super) struct Rival {
    pub(super) name: Name,
    source: Source,
    pub(super) route: Route,
    cost: u32,
}

/// Whether the first rival removes the second.
type Rung = fn(&Rival, &Rival, &Settings) -> bool;

/// The rungs from this one on only break ties.
const TIE_BREAKS: usize = 8;

const RUNGS: [Rung; 12] = [
    |n, m, _| n.source.preference() > m.source.preference(),
    |n, m, _| !is_long_lived_stale(n) && is_long_lived_stale(m),
    |n, m, _| local_preference(n) > local_preference(m),
    |n, m, _| n.route.attributes.as_path.length() < m.route.attributes.as_path.length(),
    |n, m, _| n.route.attributes.origin < m.route.attributes.origin,
    |n, m, settings| {
        let neighbour = |rival: &Rival| rival.route.attributes.as_path.neighbor_asn();
        let comparable = settings.selection.always_compare_med || neighbour(n) == neighbour(m);
        comparable && med(n, settings) < med(m, settings)
    },
    |n, m, _| is_external(n) && !is_external(m),
    |n, m, _| n.cost < m.cost,
    |n, m, _| router_id(n) < router_id(m),
    |n, m, _| n.route.attributes.cluster_list.len() < m.route.attributes.cluster_list.len(),
    |n, m, _| n.source.peer().map(|peer| peer.address) < m.source.peer().map(|peer| peer.address),
    |n, m, _| n.name.1 < m.name.1,
];

fn is_long_lived_stale(rival: &Rival) -> bool {
    rival.route.attributes.communities.contains(&LLGR_STALE)
}

fn local_preference(rival: &Rival) -> u32 {
    rival.route.attributes.local_preference.unwrap_or(100)
}

fn med(rival: &Rival, settings: &Settings) -> u32 {
    let missing = if settings.selection.missing_med_as_worst { u32::MAX } else { 0 };
    rival.route.attributes.med.unwrap_or(missing)
}

fn is_external(rival: &Rival) -> bool {
    rival.source.peer().is_some_and(|peer| peer.kind == PeerKind::External)
}

fn router_id(rival: &Rival) -> u32 {
    let own = rival.source.peer().map_or(0, |peer| peer.router_id.bits());
    rival.route.attributes.originator_id.map_or(own, |originator| originator.bits())
}

//! A RIB that is slow and obvious, to compare the real one with: one map, nothing incremental, and the
//! tie-breaking of [RFC 4271 §9.1.2.2](https://www.rfc-editor.org/rfc/rfc4271#section-9.1.2.2) pair by pair.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::rib::testing::tracked_address;
use crate::rib::{Mark, NextHopMode, Route, Settings, Source};
use crate::wire::{Community, PeerKind};

/// A path, named by the number of its source and its path identifier.
pub(super) type Name = (usize, u32);

/// What one source says about one prefix.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) received: Route,
    pub(super) accepted: bool,
    stale: bool,
    refreshing: bool,
}

/// All that is to be known.
#[derive(Clone, Debug)]
pub(super) struct Model {
    pub(super) settings: Settings,
    pub(super) sources: Vec<Source>,
    pub(super) paths: BTreeMap<(IpNet, Name), Entry>,
    pub(super) costs: BTreeMap<IpAddr, u32>,
    /// Import rejects routes with this MED.
    pub(super) rejected_med: u32,
    refreshing: BTreeSet<(usize, IsIpv4)>,
    restarting: BTreeSet<(usize, IsIpv4)>,
}

type IsIpv4 = bool;

impl Model {
    pub(super) fn new(settings: Settings, sources: Vec<Source>) -> Self {
        Self {
            settings,
            sources,
            paths: BTreeMap::new(),
            costs: BTreeMap::new(),
            rejected_med: 0,
            refreshing: BTreeSet::new(),
            restarting: BTreeSet::new(),
        }
    }

    pub(super) fn accepts(&self, route: &Route) -> bool {
        route.attributes.med != Some(self.rejected_med)
    }

    pub(super) fn announce(&mut self, prefix: IpNet, name: Name, received: Route) {
        let accepted = self.accepts(&received);
        self.paths.insert((prefix, name), Entry { received, accepted, stale: false, refreshing: false });
    }

    pub(super) fn withdraw(&mut self, prefix: IpNet, name: Name) {
        self.paths.remove(&(prefix, name));
    }

    pub(super) fn change_policy(&mut self, rejected_med: u32) {
        self.rejected_med = rejected_med;
        for entry in self.paths.values_mut() {
            entry.accepted = entry.received.attributes.med != Some(rejected_med);
        }
    }

    pub(super) fn down(&mut self, source: usize) {
        self.paths.retain(|(_, (of, _)), _| *of != source);
        for ipv4 in [true, false] {
            self.refreshing.remove(&(source, ipv4));
            self.restarting.remove(&(source, ipv4));
        }
    }

    fn of(&mut self, source: usize, ipv4: IsIpv4) -> impl Iterator<Item = &mut Entry> {
        self.paths
            .iter_mut()
            .filter(move |((prefix, (of, _)), _)| *of == source && matches!(prefix, IpNet::V4(_)) == ipv4)
            .map(|(_, entry)| entry)
    }

    pub(super) fn mark(&mut self, source: usize, ipv4: IsIpv4, mark: Mark) {
        match mark {
            Mark::Refresh => {
                self.refreshing.insert((source, ipv4));
                self.of(source, ipv4).for_each(|entry| entry.refreshing = true);
            }
            Mark::Restart => {
                self.unmark(source, ipv4, Mark::Refresh);
                self.restarting.insert((source, ipv4));
                self.of(source, ipv4).for_each(|entry| entry.stale = true);
            }
        }
    }

    pub(super) fn unmark(&mut self, source: usize, ipv4: IsIpv4, mark: Mark) {
        match mark {
            Mark::Refresh => {
                self.refreshing.remove(&(source, ipv4));
                self.of(source, ipv4).for_each(|entry| entry.refreshing = false);
            }
            Mark::Restart => {
                self.restarting.remove(&(source, ipv4));
                self.of(source, ipv4).for_each(|entry| entry.stale = false);
            }
        }
    }

    pub(super) fn sweep(&mut self, source: usize, ipv4: IsIpv4, mark: Mark) {
        self.paths.retain(|(prefix, (of, _)), entry| {
            let left_behind = match mark {
                Mark::Refresh => entry.refreshing,
                Mark::Restart => entry.stale,
            };
            !(left_behind && *of == source && matches!(prefix, IpNet::V4(_)) == ipv4)
        });
        self.unmark(source, ipv4, mark);
    }

    /// The names of the paths of `prefix` that were kept over a restart.
    pub(super) fn stale(&self, prefix: IpNet) -> BTreeSet<Name> {
        let here = self.paths.iter().filter(|((of, _), entry)| *of == prefix && entry.stale);
        here.map(|((_, name), _)| *name).collect()
    }

    pub(super) fn prefixes(&self) -> BTreeSet<IpNet> {
        self.paths.keys().map(|(prefix, _)| *prefix).collect()
    }

    /// The next hops that have to be watched.
    pub(super) fn watched(&self) -> BTreeSet<IpAddr> {
        let accepted = self.paths.values().filter(|entry| entry.accepted);
        accepted.map(|entry| tracked_address(&entry.received)).filter(|_| self.is_tracking()).collect()
    }

    fn is_tracking(&self) -> bool {
        self.settings.next_hops == NextHopMode::Tracked
    }

    fn cost(&self, route: &Route) -> Option<u32> {
        if self.is_tracking() { self.costs.get(&tracked_address(route)).copied() } else { Some(0) }
    }

    /// The winner, and all that tie with it down to the interior cost.
    pub(super) fn decide(&self, prefix: IpNet) -> (Option<Name>, BTreeSet<Name>) {
        let mut standing: Vec<Rival<'_>> = self
            .paths
            .iter()
            .filter(|((of, _), entry)| *of == prefix && entry.accepted)
            .filter_map(|((_, name), entry)| {
                let cost = self.cost(&entry.received)?;
                Some(Rival { name: *name, source: &self.sources[name.0], route: &entry.received, cost })
            })
            .collect();
        let mut equals = BTreeSet::new();
        for (at, beats) in RUNGS.iter().enumerate() {
            if at == TIE_BREAKS {
                equals = standing.iter().map(|rival| rival.name).collect();
            }
            let before = standing.clone();
            standing.retain(|m| !before.iter().any(|n| beats(n, m, &self.settings)));
        }
        assert!(standing.len() <= 1, "not total: {standing:?}");
        let winner = standing.first();
        if winner.is_some_and(|winner| matches!(winner.source, Source::Local(_))) {
            equals = winner.iter().map(|winner| winner.name).collect();
        }
        (winner.map(|winner| winner.name), equals)
    }
}

#[derive(Clone, Debug)]
struct Rival<'a> {
    name: Name,
    source: &'a Source,
    route: &'a Route,
    cost: u32,
}

/// Whether the first rival removes the second.
type Rung = fn(&Rival<'_>, &Rival<'_>, &Settings) -> bool;

/// The rungs from this one on only break ties.
const TIE_BREAKS: usize = 8;

const RUNGS: [Rung; 12] = [
    |n, m, _| n.source.preference() > m.source.preference(),
    |n, m, _| !is_long_lived_stale(n) && is_long_lived_stale(m),
    |n, m, _| local_preference(n) > local_preference(m),
    |n, m, _| n.route.attributes.as_path.length() < m.route.attributes.as_path.length(),
    |n, m, _| n.route.attributes.origin < m.route.attributes.origin,
    |n, m, settings| {
        let neighbour = |rival: &Rival<'_>| rival.route.attributes.as_path.neighbor_asn();
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

fn is_long_lived_stale(rival: &Rival<'_>) -> bool {
    rival.route.attributes.communities.contains(&Community(0xffff_0006))
}

fn local_preference(rival: &Rival<'_>) -> u32 {
    rival.route.attributes.local_preference.unwrap_or(100)
}

fn med(rival: &Rival<'_>, settings: &Settings) -> u64 {
    match (rival.route.attributes.med, settings.selection.missing_med_as_worst) {
        (Some(med), _) => med.into(),
        (None, false) => 0,
        (None, true) => u32::MAX.into(),
    }
}

fn is_external(rival: &Rival<'_>) -> bool {
    rival.source.peer().is_some_and(|peer| peer.kind == PeerKind::External)
}

fn router_id(rival: &Rival<'_>) -> u32 {
    let own = rival.source.peer().map_or(0, |peer| peer.router_id.bits());
    rival.route.attributes.originator_id.map_or(own, |originator| originator.bits())
}

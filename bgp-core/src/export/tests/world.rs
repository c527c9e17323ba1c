//! A RIB, an exporter and shadow peers; and what each peer alone would have to hold.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::shadow::Shadow;
use crate::export::audience::Audience;
use crate::export::entitlement::{Names, entitlement};
use crate::export::key::Key;
use crate::export::offer::candidates;
use crate::export::rewrite::rewrite;
use crate::export::testing::source;
use crate::export::{Exporter, Gate, Target};
use crate::rib::{Forwarding, NetId, NextHopMode, PeerSource, Rib, Route, Settings, Source, SourceId};
use crate::speaker::PeerId;
use crate::wire::{Attributes, NextHop, Nlri, PathId};
use crate::{Family, Instant, RouterId};

/// A neighbour: what it is as a source, and as a target while its session is up.
pub(super) struct Neighbour {
    pub(super) source: SourceId,
    pub(super) target: Target,
    pub(super) shadow: Option<Shadow>,
}

pub(super) struct World {
    pub(super) rib: Rib,
    pub(super) exporter: Exporter,
    pub(super) neighbours: BTreeMap<PeerId, Neighbour>,
    now: Instant,
}

impl World {
    pub(super) fn new(journal_limit: usize) -> Self {
        let settings = Settings { next_hops: NextHopMode::Assumed, ..Settings::default() };
        let rib = Rib::new(settings, 1);
        let exporter = Exporter::new(journal_limit);
        Self { rib, exporter, neighbours: BTreeMap::new(), now: Instant::ZERO }
    }

    /// Time passes.
    pub(super) fn wait(&mut self, time: Duration) {
        self.now = self.now + time;
        self.exporter.advance(self.now);
    }

    /// Adds a neighbour, which has no session yet.
    pub(super) fn add(&mut self, number: u8, target: Target) -> PeerId {
        let source = match source(number, target.dialect.peer_kind) {
            Source::Bgp(peer) => Source::Bgp(PeerSource { client: target.client, ..peer }),
            local @ Source::Local(_) => local,
        };
        let source = self.rib.add_source(source);
        let peer = PeerId(u32::from(number));
        self.exporter.introduce(peer, Arc::clone(&target.name));
        self.neighbours.insert(peer, Neighbour { source, target, shadow: None });
        peer
    }

    pub(super) fn join(&mut self, peer: PeerId) {
        let neighbour = self.neighbours.get_mut(&peer).expect("a neighbour");
        neighbour.shadow = Some(Shadow::new(&neighbour.target));
        for family in Family::UNICAST {
            self.exporter.join(peer, family, &neighbour.target, &mut self.rib);
        }
    }

    pub(super) fn leave(&mut self, peer: PeerId) {
        self.neighbours.get_mut(&peer).expect("a neighbour").shadow = None;
        self.exporter.leave(peer, &mut self.rib);
    }

    pub(super) fn retarget(&mut self, peer: PeerId, target: Target) {
        let neighbour = self.neighbours.get_mut(&peer).expect("a neighbour");
        neighbour.target = target;
        for family in Family::UNICAST {
            self.exporter.retarget(peer, family, &neighbour.target, &mut self.rib);
        }
    }

    /// A neighbour turns out to have another BGP Identifier, and its routes stay.
    pub(super) fn rename(&mut self, peer: PeerId, name: u8) {
        let source = self.neighbours[&peer].source;
        if let Some(Source::Bgp(known)) = self.rib.source(source).copied() {
            let router_id = RouterId([1, 1, name, 1].into());
            self.rib.update_source(source, Source::Bgp(PeerSource { router_id, ..known }));
        }
    }

    pub(super) fn announce(&mut self, peer: PeerId, prefix: IpNet, path_id: u32, route: Route) {
        let route = self.rib.intern(&route);
        let nlri = Nlri { path_id: PathId(path_id), prefix };
        let source = self.neighbours[&peer].source;
        self.rib.announce(source, nlri, Arc::clone(&route), Ok(route), Instant::ZERO);
    }

    pub(super) fn withdraw(&mut self, peer: PeerId, prefix: IpNet, path_id: u32) {
        self.rib.withdraw(self.neighbours[&peer].source, Nlri { path_id: PathId(path_id), prefix });
    }

    /// Lets the RIB work and decide, at most so many nets.
    pub(super) fn decide(&mut self, most: usize) {
        while self.rib.work(100) {}
        for _ in 0..most {
            let Some(change) = self.rib.poll_change() else { return };
            self.exporter.changed(&change);
        }
    }

    /// One pull; whether it brought something.
    pub(super) fn pull(&mut self, peer: PeerId) -> bool {
        let octets = self.exporter.pull(peer, &mut self.rib).map(|portion| portion.octets);
        let neighbour = self.neighbours.get_mut(&peer).expect("a neighbour");
        match (&octets, &mut neighbour.shadow) {
            (Some(octets), Some(shadow)) => shadow.hear(octets),
            (Some(_), None) => panic!("{peer:?} has no session and something was said"),
            (None, _) => {}
        }
        octets.is_some()
    }

    /// Decides everything and pulls for whoever is named ready, until all is quiet.
    pub(super) fn settle(&mut self) {
        self.decide(usize::MAX);
        while let Some(peer) = self.exporter.poll_ready() {
            while self.pull(peer) {}
        }
        let mut busy = self.neighbours.keys().filter(|peer| self.exporter.has_work(**peer));
        assert_eq!(busy.next(), None, "somebody has work and was not named");
        assert_eq!(self.exporter.backlog(), 0);
    }

    /// What a peer would be told if it were alone.
    fn entitled(&self, peer: PeerId) -> BTreeMap<Nlri, (NextHop, Attributes)> {
        let names: Names =
            self.neighbours.iter().map(|(peer, it)| (*peer, Arc::clone(&it.target.name))).collect();
        let mut alone = BTreeMap::new();
        for family in Family::UNICAST {
            let key = Key::of(&self.neighbours[&peer].target, family);
            for (net, prefix) in self.rib.table(family).expect("a table").nets() {
                for (path_id, route) in self.offered(&key, &names, peer, net, prefix) {
                    let Forwarding::Via(next_hop) = route.forwarding else { panic!("no next hop") };
                    alone.insert(Nlri { path_id, prefix }, (next_hop, route.attributes));
                }
            }
        }
        alone
    }

    fn offered(
        &self,
        key: &Key,
        names: &Names,
        peer: PeerId,
        net: NetId,
        prefix: IpNet,
    ) -> Vec<(PathId, Route)> {
        let mut offered = Vec::new();
        for candidate in candidates(key, net, &self.rib) {
            let source = self.rib.source(candidate.source).expect("a source");
            if !Audience::of(source).admits(peer) {
                continue;
            }
            let route = self.rib.route(candidate.route).route();
            let Ok(entitled) = entitlement(key, names, prefix, source, &route, &mut ()) else { continue };
            let Ok(route) = rewrite(key, source, entitled) else { continue };
            offered.push((candidate.path_id, route));
        }
        offered
    }

    /// At a quiet point: every peer holds what it alone would have been told, no more and no less.
    pub(super) fn check(&self) {
        for (peer, neighbour) in &self.neighbours {
            let Some(shadow) = &neighbour.shadow else { continue };
            assert_eq!(shadow.routes, self.entitled(*peer), "{peer:?}");
            for family in Family::UNICAST {
                assert_eq!(shadow.ends_of_rib.get(&family), Some(&1), "{peer:?} {family}");
                let held = shadow.routes.keys().filter(|nlri| Family::of(&nlri.prefix) == family);
                assert_eq!(self.exporter.count(*peer, family), held.count() as u64);
                self.check_answers(*peer, family, shadow);
            }
            let told = Family::UNICAST.map(|family| self.exporter.tally(*peer, family));
            let announced: u64 = told.iter().map(|tally| tally.announced).sum();
            let withdrawn: u64 = told.iter().map(|tally| tally.withdrawn).sum();
            assert_eq!((announced, withdrawn), (shadow.announcements as u64, shadow.withdrawals as u64));
        }
    }

    /// What the exporter answers when asked is what the peer holds.
    fn check_answers(&self, peer: PeerId, family: Family, shadow: &Shadow) {
        for (net, prefix) in self.rib.table(family).expect("a table").nets() {
            let of_prefix = shadow.routes.keys().filter(|nlri| nlri.prefix == prefix);
            let held: Vec<PathId> = of_prefix.map(|nlri| nlri.path_id).collect();
            let advertised = self.exporter.advertised(peer, family, net, &self.rib);
            assert_eq!(advertised.map(|path| path.path_id).collect::<Vec<_>>(), held);
            let verdict = self.exporter.verdict(peer, family, net, &self.rib);
            let sent = verdict.iter().filter(|passage| passage.gates.last() == Some(&Gate::Sent));
            assert_eq!(sent.map(|passage| passage.path_id).collect::<Vec<_>>(), held);
        }
    }
}

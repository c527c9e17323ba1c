//! What tests of the RIB are made of: sources, routes and a RIB that is easy to ask.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ipnet::IpNet;

use crate::rib::{
    Change, Forwarding, Ineligible, Interned, KernelHint, PeerSource, Reach, Rib, Route, Settings, Source,
    SourceId,
};
use crate::speaker::PeerId;
use crate::wire::{AsPath, Attributes, NextHop, Nlri, PathId, PeerKind};
use crate::{Asn, Family, Instant, RouterId};

/// The address most test routes go through.
pub(super) const GATEWAY: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// A route via `next_hop` with these attributes.
pub(super) fn route_via(next_hop: Ipv4Addr, attributes: Attributes) -> Route {
    Route {
        attributes,
        forwarding: Forwarding::Via(NextHop::V4(next_hop)),
        interface: None,
        kernel: KernelHint::default(),
    }
}

/// A route that differs from others by its MED.
pub(super) fn route_with_med(med: u32) -> Route {
    route_via(GATEWAY, Attributes { med: Some(med), ..Attributes::default() })
}

/// An AS path of one sequence.
pub(super) fn as_path(asns: &[u32]) -> AsPath {
    AsPath::from_sequence(&asns.iter().copied().map(Asn).collect::<Vec<_>>())
}

/// An internal peer whose router id and address end in `host`.
pub(super) fn peer(host: u8) -> PeerSource {
    let address = Ipv4Addr::new(10, 0, 0, host);
    PeerSource {
        peer: PeerId(host.into()),
        kind: PeerKind::Internal,
        asn: Asn(64512),
        router_id: RouterId(address),
        address: IpAddr::V4(address),
        client: false,
        cluster_id: RouterId(Ipv4Addr::new(10, 0, 0, 254)),
    }
}

/// `10.n.0.0/16`.
pub(super) fn prefix(n: u8) -> IpNet {
    IpNet::new(IpAddr::V4(Ipv4Addr::new(10, n, 0, 0)), 16).expect("16 is a length")
}

pub(super) fn nlri(n: u8) -> Nlri {
    Nlri { path_id: PathId(0), prefix: prefix(n) }
}

/// A connected next hop.
pub(super) fn reach(metric: u32) -> Option<Reach> {
    Some(Reach { metric, hops: Vec::new() })
}

/// A RIB in which [`GATEWAY`] is reachable as soon as something goes there.
pub(super) struct Bench {
    pub(super) rib: Rib,
}

impl Bench {
    pub(super) fn new(settings: Settings) -> Self {
        Self { rib: Rib::new(settings, 42) }
    }

    pub(super) fn internal(&mut self, host: u8) -> SourceId {
        self.rib.add_source(Source::Bgp(peer(host)))
    }

    /// Announces `route`, accepted as it is.
    pub(super) fn announce(&mut self, source: SourceId, nlri: Nlri, route: Route) -> Arc<Interned> {
        let route = self.rib.intern(&route);
        self.rib.announce(source, nlri, Arc::clone(&route), Ok(Arc::clone(&route)), Instant::ZERO);
        route
    }

    /// Announces `route`, refused by import.
    pub(super) fn refuse(&mut self, source: SourceId, nlri: Nlri, route: Route, reason: Ineligible) {
        let route = self.rib.intern(&route);
        self.rib.announce(source, nlri, route, Err(reason), Instant::ZERO);
    }

    /// Works until nothing is left, answering every question for a next hop with cost 10.
    pub(super) fn settle(&mut self) -> Vec<Change> {
        while let Some((address, watch)) = self.rib.poll_track() {
            if watch {
                self.rib.next_hop(address, reach(10));
            }
        }
        while self.rib.work(1) {}
        std::iter::from_fn(|| self.rib.poll_change()).collect()
    }

    /// The source of the best path, by the last decision.
    pub(super) fn best(&self, prefix: &IpNet) -> Option<SourceId> {
        let net = self.rib.table(Family::of(prefix))?.lookup(prefix)?;
        self.rib.best(Family::of(prefix), net).map(|best| best.source)
    }
}

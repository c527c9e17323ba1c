//! A host of the simulated network: a speaker, its connections, and what it asked of its kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bgp_core::speaker::{
    ConnId, Event, FibChange, FibRoute, PeerId, RouteQuery, RouteView, RoutesOf, Speaker,
};
use ipnet::IpNet;

/// Names a node of a [`World`](crate::sim::World).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct NodeId(pub usize);

/// A host.
#[derive(Debug)]
pub struct Node {
    /// Its addresses; a connection is made from the first of the right family.
    pub addresses: Vec<IpAddr>,
    /// Its speaker; `None` while it is down.
    pub speaker: Option<Speaker>,
    /// What it wished its kernel to hold.
    pub kernel: BTreeMap<IpNet, FibRoute>,
    /// Prefixes of `kernel` that its speaker wished for since it started.
    pub(super) wished: BTreeSet<IpNet>,
    /// What it told its log.
    pub events: Vec<Event>,
    /// Its speaker said that its first decisions are complete.
    pub settled: bool,
    /// Its speaker said that every peer was told that it is about to leave.
    pub drained: bool,
    pub(super) conns: BTreeMap<ConnId, (NodeId, ConnId)>,
    pub(super) dialing: BTreeMap<PeerId, u64>,
}

impl Node {
    pub(super) const fn new(addresses: Vec<IpAddr>, speaker: Speaker) -> Self {
        Self {
            addresses,
            speaker: Some(speaker),
            kernel: BTreeMap::new(),
            wished: BTreeSet::new(),
            events: Vec::new(),
            settled: false,
            drained: false,
            conns: BTreeMap::new(),
            dialing: BTreeMap::new(),
        }
    }

    /// It goes down, and everything with it but its kernel.
    pub(super) fn go_down(&mut self) -> BTreeMap<ConnId, (NodeId, ConnId)> {
        self.speaker = None;
        self.dialing.clear();
        self.wished.clear();
        std::mem::take(&mut self.conns)
    }

    pub(super) fn wish(&mut self, FibChange { prefix, route }: FibChange) {
        match route {
            Some(route) => {
                self.wished.insert(prefix);
                self.kernel.insert(prefix, route);
            }
            None => {
                self.wished.remove(&prefix);
                self.kernel.remove(&prefix);
            }
        }
    }

    /// What an earlier life left in the kernel, and this one does not wish for, goes.
    pub(super) fn settle(&mut self) {
        self.settled = true;
        self.kernel.retain(|prefix, _| self.wished.contains(prefix));
    }

    /// Its one interface: every address on a subnet of usual size.
    pub(super) fn interface(&self) -> Vec<IpNet> {
        let subnet = |address: &IpAddr| IpNet::new(*address, if address.is_ipv4() { 24 } else { 64 });
        self.addresses.iter().filter_map(|address| subnet(address).ok()).collect()
    }

    /// Its speaker.
    ///
    /// # Panics
    /// When it is down.
    #[must_use]
    pub fn speaker(&self) -> &Speaker {
        self.speaker.as_ref().expect("the node is up")
    }

    /// The state of a peer by name.
    ///
    /// # Panics
    /// When there is no such peer.
    #[must_use]
    pub fn state(&self, peer: &str) -> &'static str {
        let id = self.speaker().peer_id(peer).expect("the peer is configured");
        self.speaker().view().peer(id).expect("the peer is known").state
    }

    /// Every path of a listing, sorted by prefix.
    #[must_use]
    pub fn routes(&self, of: RoutesOf) -> Vec<RouteView> {
        let query = RouteQuery { of, ..RouteQuery::default() };
        let (mut routes, mut cursor) = (Vec::new(), None);
        loop {
            let page = self.speaker().view().routes(&query, cursor, 100);
            routes.extend(page.routes);
            cursor = page.next;
            if cursor.is_none() {
                break;
            }
        }
        routes.sort_by_key(|route| (route.prefix, route.path_id));
        routes
    }

    /// Adj-RIB-Out towards a peer by name.
    ///
    /// # Panics
    /// When there is no such peer.
    #[must_use]
    pub fn sent_to(&self, peer: &str) -> Vec<RouteView> {
        self.routes(RoutesOf::Out(self.speaker().peer_id(peer).expect("the peer is configured")))
    }

    /// Adj-RIB-In of a peer by name.
    ///
    /// # Panics
    /// When there is no such peer.
    #[must_use]
    pub fn received_from(&self, peer: &str) -> Vec<RouteView> {
        self.routes(RoutesOf::In(self.speaker().peer_id(peer).expect("the peer is configured")))
    }
}

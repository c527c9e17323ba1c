//! A host of the simulated network: a speaker, its connections, and its kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bgp_core::Instant;
use bgp_core::speaker::{
    Config, ConnId, Event, FibChange, FibRoute, PeerId, RouteQuery, RouteView, RoutesOf, Speaker,
};
use ipnet::IpNet;

use super::Table;
use super::clock::Clock;

/// Names a node of a [`World`](crate::sim::World).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// A host.
#[derive(Debug)]
pub struct Node {
    /// Its addresses; a connection is made from the first of the right family.
    pub addresses: Vec<IpAddr>,
    /// Its speaker; `None` while it is down.
    pub speaker: Option<Speaker>,
    /// What its kernel is to hold: the plain model of `table`.
    pub kernel: BTreeMap<IpNet, FibRoute>,
    /// What its kernel does hold.
    pub table: Table,
    /// Prefixes of `kernel` that its speaker wished for since it started.
    pub(super) wished: BTreeSet<IpNet>,
    /// What it told its log.
    pub events: Vec<Event>,
    /// Its speaker said that its first decisions are complete.
    pub settled: bool,
    /// Its speaker said that every peer was told that it is about to leave.
    pub drained: bool,
    pub(super) clock: Clock,
    /// The speaker has settled and the table has not been told yet.
    pub(super) settling: bool,
    /// It was told to stop: what it says about routes does not count any more.
    pub(super) stopping: bool,
    /// How many of `events` were looked at.
    pub(super) heard: usize,
    pub(super) conns: BTreeMap<ConnId, (NodeId, ConnId)>,
    pub(super) dialing: BTreeMap<PeerId, u64>,
}

impl Node {
    pub(super) fn new(addresses: Vec<IpAddr>, clock: Clock) -> Self {
        let table = Table::new(&subnets(&addresses));
        Self {
            addresses,
            speaker: None,
            kernel: BTreeMap::new(),
            table,
            clock,
            settling: false,
            stopping: false,
            heard: 0,
            wished: BTreeSet::new(),
            events: Vec::new(),
            settled: false,
            drained: false,
            conns: BTreeMap::new(),
            dialing: BTreeMap::new(),
        }
    }

    /// It starts; with a kernel to program it finds there what an earlier life left.
    pub(super) fn start(&mut self, config: Config, seed: u64, now: Instant) {
        if config.kernel_export.is_some() {
            self.table.start();
        }
        self.speaker = Some(Speaker::new(config, seed, self.clock.at(now)));
        (self.settled, self.settling, self.drained, self.stopping) = (false, false, false, false);
    }

    /// When it wants to be woken, in the world's time.
    pub(super) fn poll_timeout(&self) -> Option<Instant> {
        let speaker = self.speaker.as_ref()?.poll_timeout().map(|deadline| deadline.at);
        let at = speaker.into_iter().chain(self.table.poll_timeout()).min()?;
        Some(self.clock.when(at))
    }

    /// What was left in the kernel goes once nothing is under way that could still become a wish, as the
    /// daemon's driver has it.
    pub(super) fn settle_table(&mut self, now: Instant) {
        let now = self.clock.at(now);
        let busy = |speaker: &Speaker| speaker.poll_timeout().is_some_and(|deadline| deadline.at <= now);
        if self.settling && self.table.is_answered() && !self.speaker.as_ref().is_some_and(busy) {
            self.settling = false;
            self.table.settle();
            self.kernel.retain(|prefix, _| self.wished.contains(prefix));
        }
    }

    /// It goes down, and everything with it but its kernel.
    pub(super) fn go_down(&mut self) -> BTreeMap<ConnId, (NodeId, ConnId)> {
        self.speaker = None;
        self.table.stop();
        self.dialing.clear();
        self.wished.clear();
        std::mem::take(&mut self.conns)
    }

    pub(super) fn wish(&mut self, change: FibChange) {
        if self.stopping {
            return;
        }
        self.table.want(&change);
        let FibChange { prefix, route } = change;
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

    /// Its one interface towards the others: every address on a subnet of usual size.
    pub(super) fn interface(&self) -> Vec<IpNet> {
        subnets(&self.addresses)
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

fn subnets(addresses: &[IpAddr]) -> Vec<IpNet> {
    let subnet = |address: &IpAddr| IpNet::new(*address, if address.is_ipv4() { 24 } else { 64 });
    addresses.iter().filter_map(|address| subnet(address).ok()).collect()
}

//! A host of the simulated network: a speaker, its connections, and its kernel.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bgp_core::Instant;
use bgp_core::speaker::{
    Config, ConnId, Event, FibChange, FibHop, FibRoute, FibSet, FibSetId, PeerId, RouteQuery, RouteView,
    RoutesOf, Speaker,
};
use ipnet::IpNet;

use super::Table;
use super::clock::Clock;

/// Names a node of a [`World`](crate::sim::World).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NodeId(pub usize);

/// Nodes, of which there are at least these: two whose numbers are 64 apart cannot be told from each other.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Nodes(u64);

impl Nodes {
    pub(super) const ALL: Self = Self(u64::MAX);

    pub(super) const fn insert(&mut self, id: NodeId) {
        self.0 |= 1 << (id.0 % 64);
    }

    pub(super) const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(super) const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// A host.
#[derive(Debug)]
pub struct Node {
    /// Its addresses; a connection is made from the first of the right family.
    pub addresses: Vec<IpAddr>,
    /// Its speaker; `None` while it is down.
    pub speaker: Option<Speaker>,
    /// What it is configured to do, or was when it went down.
    pub config: Config,
    /// What its kernel is to hold: the plain model of `table`.
    pub kernel: BTreeMap<IpNet, FibRoute>,
    /// The sets of hops that routes of `kernel` name.
    pub(super) sets: BTreeMap<FibSetId, Vec<FibHop>>,
    /// What its kernel does hold.
    pub table: Table,
    /// Addresses that its table was asked to watch.
    tracked: BTreeSet<IpAddr>,
    /// Prefixes of `kernel` that its speaker wished for since it started.
    pub(super) wished: BTreeSet<IpNet>,
    /// What it told its log.
    pub events: Vec<Event>,
    /// When, in the world's time.
    pub(super) told_at: Vec<Instant>,
    /// Its speaker said that its first decisions are complete.
    pub settled: bool,
    /// Its speaker said that every peer was told that it is about to leave.
    pub drained: bool,
    pub(super) clock: Clock,
    /// The speaker has settled and the table has not been told yet.
    pub(super) settling: bool,
    /// Nothing of its host answers, not even to refuse.
    pub(super) is_off: bool,
    /// It was told to stop: what it says about routes does not count any more.
    pub(super) stopping: bool,
    /// How many of `events` were looked at.
    pub(super) heard: usize,
    pub(super) conns: BTreeMap<ConnId, (NodeId, ConnId)>,
    pub(super) dialing: BTreeMap<PeerId, u64>,
}

impl Node {
    pub(super) fn new(addresses: Vec<IpAddr>, config: Config, clock: Clock) -> Self {
        let table = Table::new(&subnets(&addresses));
        Self {
            addresses,
            speaker: None,
            config,
            kernel: BTreeMap::new(),
            sets: BTreeMap::new(),
            table,
            tracked: BTreeSet::new(),
            clock,
            settling: false,
            is_off: false,
            stopping: false,
            heard: 0,
            wished: BTreeSet::new(),
            events: Vec::new(),
            told_at: Vec::new(),
            settled: false,
            drained: false,
            conns: BTreeMap::new(),
            dialing: BTreeMap::new(),
        }
    }

    /// It starts; with a kernel to program it finds there what an earlier life left.
    pub(super) fn start(&mut self, config: Config, seed: u64, now: Instant) {
        self.config = config.clone();
        if config.kernel_export.is_some() {
            self.table.start(config.kernel_sets);
        }
        self.speaker = Some(Speaker::new(config, seed, self.clock.at(now)));
        (self.settled, self.settling, self.drained, self.stopping) = (false, false, false, false);
        self.is_off = false;
    }

    /// When it will be woken, in the world's time: what is not due yet comes late, as on a busy machine.
    pub(super) fn poll_timeout(&self, now: Instant) -> Option<Instant> {
        let speaker = self.speaker.as_ref()?.poll_timeout().map(|deadline| deadline.at);
        let at = speaker.into_iter().chain(self.table.poll_timeout()).min()?;
        let at = self.clock.when(at);
        Some(if at > now { at + self.clock.lateness() } else { at })
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
        self.tracked.clear();
        self.dialing.clear();
        self.wished.clear();
        self.forget_sets();
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
                if let FibRoute::Forward { hops, .. } = &route {
                    self.check_watched(hops);
                }
                self.wished.insert(prefix);
                self.kernel.insert(prefix, route);
            }
            None => {
                self.wished.remove(&prefix);
                self.kernel.remove(&prefix);
            }
        }
    }

    pub(super) fn wish_set(&mut self, set: FibSet) {
        if self.stopping {
            return;
        }
        self.table.want_set(&set);
        match set.hops {
            Some(hops) => {
                self.check_watched(&hops);
                self.sets.insert(set.id, hops);
            }
            None => {
                self.sets.remove(&set.id);
            }
        }
    }

    pub(super) fn track(&mut self, address: IpAddr, watch: bool) {
        let news = if watch { self.tracked.insert(address) } else { self.tracked.remove(&address) };
        assert!(news, "{address} was told twice: {watch}");
        self.table.track(address, watch);
    }

    /// Where packets by this route go, if it forwards them.
    pub(super) fn hops<'a>(&'a self, route: &'a FibRoute) -> Option<&'a [FibHop]> {
        match route {
            FibRoute::Forward { hops, .. } => Some(hops),
            FibRoute::Through { set, .. } => self.sets.get(set).map(Vec::as_slice),
            FibRoute::Blackhole | FibRoute::Unreachable | FibRoute::Prohibit => None,
        }
    }

    /// Nobody is sent by way of an address whose loss would not be noticed.
    fn check_watched(&self, hops: &[FibHop]) {
        for gateway in hops.iter().filter_map(|hop| hop.gateway) {
            assert!(self.tracked.contains(&gateway), "packets go to {gateway}, which is not watched");
        }
    }

    /// The next life numbers its sets anew: what an earlier one left are plain routes.
    fn forget_sets(&mut self) {
        let sets = std::mem::take(&mut self.sets);
        for route in self.kernel.values_mut() {
            if let FibRoute::Through { set, metric, source_address } = route {
                let hops = sets.get(set).cloned().unwrap_or_default();
                let (metric, source_address) = (*metric, *source_address);
                *route = FibRoute::Forward { hops, metric, source_address, carries: false };
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

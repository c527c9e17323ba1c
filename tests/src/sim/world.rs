//! The simulated network: one clock, one heap of arrivals, one seed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bgp_core::speaker::{Config, ConnId, Input, PeerId};
use bgp_core::{Chance, Instant};

use super::cause::Causes;
use super::clock::Clock;
use super::node::Nodes;
use super::watch::Watch;
use super::wire::Wires;
use super::{Node, NodeId};

/// Something on its way to a node.
#[derive(Debug)]
pub(super) enum Arrival {
    Dial {
        peer: PeerId,
        attempt: u64,
        remote: SocketAddr,
        local: Option<IpAddr>,
    },
    Input(Input),
    /// A slow wire has room again.
    Room(ConnId),
    /// The reconciler and the kernel have time for each other.
    Turn,
}

/// A network of daemons.
#[derive(Debug)]
pub struct World {
    pub(super) seed: u64,
    pub(super) now: Instant,
    pub(super) nodes: Vec<Node>,
    hosts: BTreeMap<IpAddr, NodeId>,
    pub(super) arrivals: BTreeMap<(Instant, u64), (NodeId, Arrival)>,
    /// When each node wants to be woken, both ways round.
    pub(super) deadlines: BTreeSet<(Instant, NodeId)>,
    pub(super) deadline_of: BTreeMap<NodeId, Instant>,
    pub(super) wires: Wires,
    pub(super) causes: Causes,
    pub(super) watch: Watch,
    /// Whose kernels or wires may send packets another way than when they were last looked at.
    pub(super) moved: Nodes,
    chance: Chance,
    serial: u64,
    pub(super) trace: DefaultHasher,
    /// Steps in a row without time passing.
    pub(super) idle_steps: u32,
}

impl World {
    /// An empty network.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self {
            seed,
            now: Instant::ZERO,
            nodes: Vec::new(),
            hosts: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            deadlines: BTreeSet::new(),
            deadline_of: BTreeMap::new(),
            wires: Wires::default(),
            causes: Causes::default(),
            watch: Watch::default(),
            moved: Nodes::default(),
            chance: Chance::new(seed),
            serial: 0,
            trace: DefaultHasher::new(),
            idle_steps: 0,
        }
    }

    /// An empty network in which every clock is another, and no session may end without a cause.
    #[must_use]
    pub fn strict(seed: u64) -> Self {
        let mut world = Self::new(seed);
        world.causes.asked = true;
        world
    }

    /// The virtual time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// A digest of everything that happened: the same seed gives the same.
    #[must_use]
    pub fn trace(&self) -> u64 {
        self.trace.finish()
    }

    /// Adds a running daemon.
    pub fn add(&mut self, addresses: &[IpAddr], config: Config) -> NodeId {
        let id = NodeId(self.nodes.len());
        let clock = if self.causes.asked { Clock::draw(&mut self.chance) } else { Clock::default() };
        self.nodes.push(Node::new(addresses.to_vec(), config.clone(), clock));
        self.hosts.extend(addresses.iter().map(|address| (*address, id)));
        self.restart(id, config);
        id
    }

    /// A node.
    #[must_use]
    pub fn node(&self, id: NodeId) -> &Node {
        &self.nodes[id.0]
    }

    /// Every node.
    pub fn nodes(&self) -> impl Iterator<Item = &Node> {
        self.nodes.iter()
    }

    /// Whose address this is.
    #[must_use]
    pub fn host_of(&self, address: IpAddr) -> Option<NodeId> {
        self.hosts.get(&address).copied()
    }

    /// Hands a node an input, now.
    pub fn input(&mut self, id: NodeId, input: Input) {
        self.excuse_input(id, &input);
        if let Input::Reconfigure(config) = &input {
            self.nodes[id.0].config = Config::clone(config);
        }
        self.tell(id, input);
        self.finish_step();
    }

    /// A workload with this address appears on a node.
    pub fn attach(&mut self, id: NodeId, address: IpAddr) {
        self.nodes[id.0].table.attach(address);
        self.drain(id);
    }

    /// It goes.
    pub fn detach(&mut self, id: NodeId, address: IpAddr) {
        self.nodes[id.0].table.detach(address);
        self.drain(id);
    }

    /// The interface of a node towards the others goes up or down; its connections are another matter.
    pub fn set_link(&mut self, id: NodeId, up: bool) {
        self.nodes[id.0].table.set_link(up);
        self.drain(id);
        self.finish_step();
    }

    /// Lets virtual time pass.
    pub fn run_for(&mut self, duration: Duration) {
        let end = self.now + duration;
        while self.step(end) {}
        self.now = end;
    }

    /// Runs until a condition holds.
    ///
    /// # Panics
    /// When it does not within ten virtual minutes.
    pub fn run_until(&mut self, what: &str, holds: impl Fn(&Self) -> bool) {
        let end = self.now + Duration::from_secs(600);
        while !holds(self) {
            assert!(self.step(end), "seed {}, {what}: not by {}", self.seed, self.now);
        }
    }

    pub(super) fn draw(&mut self) -> u64 {
        self.chance.draw()
    }

    pub(super) const fn serial(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    pub(super) fn schedule(&mut self, at: Instant, id: NodeId, arrival: Arrival) {
        assert!(at >= self.now, "nothing is scheduled in the past");
        let serial = self.serial();
        self.arrivals.insert((at, serial), (id, arrival));
    }
}

//! The simulated network: one clock, one heap of arrivals, one seed.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bgp_core::speaker::{Config, ConnId, Input, Output, PeerId, Speaker};
use bgp_core::{Chance, Instant};

use super::cause::Causes;
use super::clock::Clock;
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
    /// The reconciler and the kernel have time for each other.
    Turn,
}

/// A network of daemons.
#[derive(Debug)]
pub struct World {
    pub(super) seed: u64,
    now: Instant,
    pub(super) nodes: Vec<Node>,
    hosts: BTreeMap<IpAddr, NodeId>,
    arrivals: BTreeMap<(Instant, u64), (NodeId, Arrival)>,
    /// When each node wants to be woken, both ways round.
    deadlines: BTreeSet<(Instant, NodeId)>,
    deadline_of: BTreeMap<NodeId, Instant>,
    pub(super) wires: Wires,
    pub(super) causes: Causes,
    pub(super) watch: Watch,
    /// Packets may go another way than when they were last looked at.
    pub(super) moved: bool,
    chance: Chance,
    serial: u64,
    trace: DefaultHasher,
    /// Steps in a row without time passing.
    idle_steps: u32,
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
            moved: false,
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
        self.nodes.push(Node::new(addresses.to_vec(), clock));
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
        self.tell(id, input);
        self.finish_step();
    }

    pub(super) fn tell(&mut self, id: NodeId, input: Input) {
        let node = &mut self.nodes[id.0];
        node.stopping |= matches!(input, Input::Stop { .. });
        if let Some(speaker) = node.speaker.as_mut() {
            speaker.handle(input, node.clock.at(self.now));
        }
        self.drain(id);
    }

    /// A node loses its memory and its connections; its kernel keeps what it had.
    pub fn crash(&mut self, id: NodeId) {
        for (_, (peer, conn)) in self.go_down(id) {
            self.schedule(self.now, peer, Arrival::Input(Input::Closed { conn }));
        }
    }

    /// The same, and nobody is told: nothing of it answers any more.
    pub fn power_off(&mut self, id: NodeId) {
        self.go_down(id);
    }

    /// The same, and its kernel keeps nothing either.
    pub fn wipe(&mut self, id: NodeId) {
        self.go_down(id);
        self.nodes[id.0].kernel.clear();
        self.nodes[id.0].table.wipe();
        self.moved = true;
    }

    fn go_down(&mut self, id: NodeId) -> BTreeMap<ConnId, (NodeId, ConnId)> {
        self.excuse_all(id);
        let conns = self.nodes[id.0].go_down();
        self.wake(id);
        conns
    }

    /// A node that is down starts again.
    pub fn restart(&mut self, id: NodeId, config: Config) {
        let seed = self.draw();
        self.nodes[id.0].start(config, seed, self.now);
        self.excuse_all(id);
        self.drain(id);
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

    /// Performs the next arrival or deadline that is not after `end`; whether there was one.
    fn step(&mut self, end: Instant) -> bool {
        let arrival = self.arrivals.first_key_value().map(|((at, _), _)| *at);
        let deadline = self.deadlines.first().copied();
        let next = arrival.into_iter().chain(deadline.map(|(at, _)| at)).min();
        let Some(next) = next.filter(|next| *next <= end) else { return false };
        self.idle_steps = if next > self.now { 0 } else { self.idle_steps + 1 };
        assert!(self.idle_steps < ENDLESS, "seed {}: no end of work at {}", self.seed, self.now);
        self.now = self.now.max(next);
        match (arrival, deadline) {
            (Some(at), _) if at <= next => self.deliver(),
            (_, Some((_, id))) => self.wake_up(id),
            (_, None) => {}
        }
        self.finish_step();
        true
    }

    /// A timer of a node has run out.
    fn wake_up(&mut self, id: NodeId) {
        (self.now, id, "timer").hash(&mut self.trace);
        let node = &mut self.nodes[id.0];
        let now = node.clock.at(self.now);
        if let Some(speaker) = node.speaker.as_mut() {
            speaker.handle_timeout(now);
        }
        if node.table.poll_timeout().is_some_and(|at| at <= now) {
            self.turn(id);
        }
        self.drain(id);
    }

    fn deliver(&mut self) {
        let Some(((at, serial), (id, arrival))) = self.arrivals.pop_first() else { return };
        (at, serial, id).hash(&mut self.trace);
        match arrival {
            Arrival::Dial { peer, attempt, remote, local } => self.dial(id, peer, attempt, remote, local),
            Arrival::Input(input) => {
                match &input {
                    Input::Closed { conn } => self.forget(id, *conn),
                    Input::Received { conn, bytes } => {
                        bytes.hash(&mut self.trace);
                        if !self.node(id).conns.contains_key(conn) {
                            return self.refuse(id, *conn);
                        }
                    }
                    _ => {}
                }
                self.tell(id, input);
            }
            Arrival::Turn => {
                self.nodes[id.0].table.scheduled = false;
                self.turn(id);
                self.drain(id);
            }
        }
    }

    /// Reconciler and kernel exchange a few words.
    fn turn(&mut self, id: NodeId) {
        let most = 1 << (self.draw() % 8);
        let node = &mut self.nodes[id.0];
        let now = node.clock.at(self.now);
        let turn = node.table.turn(most, now);
        (id, turn.asked).hash(&mut self.trace);
        for input in turn.inputs {
            if let Some(speaker) = node.speaker.as_mut() {
                speaker.handle(input, now);
            }
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

    /// Performs everything a node asks for.
    fn drain(&mut self, id: NodeId) {
        while let Some(output) = self.nodes[id.0].speaker.as_mut().and_then(Speaker::poll_output) {
            self.perform(id, output);
        }
        self.check_causes(id);
        self.nodes[id.0].settle_table(self.now);
        let table = &mut self.nodes[id.0].table;
        self.moved |= std::mem::take(&mut table.changed);
        if table.stirred && !table.scheduled && table.reconciler().is_some() {
            (table.stirred, table.scheduled) = (false, true);
            let at = self.now + Duration::from_micros(self.draw() % 1000);
            self.schedule(at, id, Arrival::Turn);
        }
        self.wake(id);
    }

    fn perform(&mut self, id: NodeId, output: Output) {
        match output {
            Output::Connect { peer, remote, local, .. } => {
                let attempt = self.serial();
                self.nodes[id.0].dialing.insert(peer, attempt);
                let at = self.now + self.latency();
                self.schedule(at, id, Arrival::Dial { peer, attempt, remote, local });
            }
            Output::AbandonConnect { peer } => {
                self.nodes[id.0].dialing.remove(&peer);
            }
            Output::Ready { conn } => self.transmit(id, conn),
            Output::Close { conn } => self.close(id, conn),
            Output::Fib(change) => self.nodes[id.0].wish(change),
            Output::FibSettled => {
                let node = &mut self.nodes[id.0];
                (node.settled, node.settling) = (true, true);
            }
            Output::Drained => self.nodes[id.0].drained = true,
            Output::Track { address, watch } => self.nodes[id.0].table.track(address, watch),
            Output::Event(event) => self.nodes[id.0].events.push(event),
            _ => {}
        }
    }

    /// Notes when a node wants to be woken.
    fn wake(&mut self, id: NodeId) {
        let at = self.nodes[id.0].poll_timeout();
        let before = match at {
            Some(at) => self.deadline_of.insert(id, at),
            None => self.deadline_of.remove(&id),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.deadlines.remove(&(before, id));
        }
        self.deadlines.extend(at.map(|at| (at, id)));
    }

    /// Packets walk wherever they may go another way than before.
    fn finish_step(&mut self) {
        if std::mem::take(&mut self.moved) {
            self.look();
        }
    }
}

/// More than anything takes that ends.
const ENDLESS: u32 = 1_000_000;

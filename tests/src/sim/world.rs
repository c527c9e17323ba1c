//! The simulated network: one clock, one heap of arrivals, wires that delay and split but never reorder.

use std::collections::BTreeMap;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bgp_core::speaker::{Config, ConnId, Input, Output, PeerId, Reach, ResolvedHop, Speaker};
use bgp_core::{Chance, Instant};
use bytes::Bytes;

use super::{Node, NodeId};

/// Something on its way to a node.
#[derive(Debug)]
enum Arrival {
    Dial { peer: PeerId, attempt: u64, remote: SocketAddr, local: Option<IpAddr> },
    Input(Input),
}

/// A network of speakers.
#[derive(Debug)]
pub struct World {
    now: Instant,
    nodes: Vec<Node>,
    arrivals: BTreeMap<(Instant, u64), (NodeId, Arrival)>,
    /// When the last octets of each direction of a wire arrive: nothing overtakes.
    busy_until: BTreeMap<ConnId, Instant>,
    chance: Chance,
    serial: u64,
    /// Pairs of nodes that cannot reach each other.
    partitions: Vec<(NodeId, NodeId)>,
}

impl World {
    /// An empty network.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self {
            now: Instant::ZERO,
            nodes: Vec::new(),
            arrivals: BTreeMap::new(),
            busy_until: BTreeMap::new(),
            chance: Chance::new(seed),
            serial: 0,
            partitions: Vec::new(),
        }
    }

    /// The virtual time.
    #[must_use]
    pub const fn now(&self) -> Instant {
        self.now
    }

    /// Adds a running speaker.
    pub fn add(&mut self, addresses: &[IpAddr], config: Config) -> NodeId {
        let id = NodeId(self.nodes.len());
        let speaker = Speaker::new(config, self.chance.draw(), self.now);
        self.nodes.push(Node::new(addresses.to_vec(), speaker));
        self.drain(id);
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

    /// Hands a node an input, now.
    pub fn input(&mut self, id: NodeId, input: Input) {
        if let Some(speaker) = self.nodes[id.0].speaker.as_mut() {
            speaker.handle(input, self.now);
        }
        self.drain(id);
    }

    /// Two nodes cannot reach each other from now on; their connections die without a word.
    pub fn partition(&mut self, a: NodeId, b: NodeId) {
        self.partitions.push((a, b));
        let ends = |node: &Node, other: NodeId| -> Vec<ConnId> {
            node.conns.iter().filter(|(_, (peer, _))| *peer == other).map(|(conn, _)| *conn).collect()
        };
        for (id, other) in [(a, b), (b, a)] {
            for conn in ends(&self.nodes[id.0], other) {
                self.schedule(self.now, id, Arrival::Input(Input::Closed { conn }));
            }
        }
    }

    /// They can again.
    pub fn heal(&mut self, a: NodeId, b: NodeId) {
        self.partitions.retain(|pair| *pair != (a, b) && *pair != (b, a));
    }

    /// A node loses its memory and its connections; its kernel keeps what it had.
    pub fn crash(&mut self, id: NodeId) {
        for (_, (peer, conn)) in self.nodes[id.0].go_down() {
            self.schedule(self.now, peer, Arrival::Input(Input::Closed { conn }));
        }
    }

    /// The same, and nobody is told: the power went.
    pub fn power_off(&mut self, id: NodeId) {
        self.nodes[id.0].go_down();
    }

    /// A crashed node starts again.
    pub fn restart(&mut self, id: NodeId, config: Config) {
        let speaker = Speaker::new(config, self.chance.draw(), self.now);
        let node = &mut self.nodes[id.0];
        node.speaker = Some(speaker);
        (node.settled, node.drained) = (false, false);
        self.drain(id);
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
            assert!(self.step(end), "{what}: not by {}", self.now);
        }
    }

    /// Performs the next arrival or deadline that is not after `end`; whether there was one.
    fn step(&mut self, end: Instant) -> bool {
        let arrival = self.arrivals.first_key_value().map(|((at, _), _)| *at);
        let deadline = self
            .nodes
            .iter()
            .enumerate()
            .filter_map(|(index, node)| Some((node.speaker.as_ref()?.poll_timeout()?.at, NodeId(index))))
            .min();
        let next = arrival.into_iter().chain(deadline.map(|(at, _)| at)).min();
        let Some(next) = next.filter(|next| *next <= end) else { return false };
        self.now = self.now.max(next);
        match (arrival, deadline) {
            (Some(at), _) if at <= next => self.deliver(),
            (_, Some((_, id))) => {
                if let Some(speaker) = self.nodes[id.0].speaker.as_mut() {
                    speaker.handle_timeout(self.now);
                }
                self.drain(id);
            }
            (_, None) => {}
        }
        true
    }

    fn deliver(&mut self) {
        let Some((_, (id, arrival))) = self.arrivals.pop_first() else { return };
        match arrival {
            Arrival::Dial { peer, attempt, remote, local } => self.dial(id, peer, attempt, remote, local),
            Arrival::Input(input) => {
                if let Input::Closed { conn } = input {
                    self.nodes[id.0].conns.remove(&conn);
                }
                self.input(id, input);
            }
        }
    }

    fn dial(&mut self, id: NodeId, peer: PeerId, attempt: u64, remote: SocketAddr, local: Option<IpAddr>) {
        if self.nodes[id.0].dialing.get(&peer) != Some(&attempt) {
            return;
        }
        self.nodes[id.0].dialing.remove(&peer);
        let ours = self.nodes[id.0].addresses.iter().find(|ours| ours.is_ipv4() == remote.is_ipv4());
        let local = local.or_else(|| ours.copied());
        let there = self.nodes.iter().position(|node| node.addresses.contains(&remote.ip()));
        let there = there.map(NodeId).filter(|there| {
            self.nodes[there.0].speaker.is_some()
                && !self.partitions.iter().any(|pair| *pair == (id, *there) || *pair == (*there, id))
        });
        let (Some(local), Some(there)) = (local, there) else {
            self.input(id, Input::ConnectFailed { peer, reason: "no route to host".to_owned() });
            return;
        };
        let (near, far) = (self.conn(), self.conn());
        self.nodes[id.0].conns.insert(near, (there, far));
        self.nodes[there.0].conns.insert(far, (id, near));
        let local = SocketAddr::new(local, 50_000 + (near.0 % 10_000) as u16);
        let interface = self.nodes[there.0].interface().into();
        self.input(there, Input::Accepted { conn: far, local: remote, remote: local, interface });
        let interface = self.nodes[id.0].interface().into();
        self.input(id, Input::Connected { conn: near, peer, local, remote, interface });
    }

    fn conn(&mut self) -> ConnId {
        self.serial += 1;
        ConnId(self.serial)
    }

    fn schedule(&mut self, at: Instant, id: NodeId, arrival: Arrival) {
        self.serial += 1;
        self.arrivals.insert((at, self.serial), (id, arrival));
    }

    /// Performs everything a node asks for.
    fn drain(&mut self, id: NodeId) {
        while let Some(output) = self.nodes[id.0].speaker.as_mut().and_then(Speaker::poll_output) {
            match output {
                Output::Connect { peer, remote, local, .. } => {
                    self.serial += 1;
                    let attempt = self.serial;
                    self.nodes[id.0].dialing.insert(peer, attempt);
                    let at = self.now + self.latency();
                    self.schedule(at, id, Arrival::Dial { peer, attempt, remote, local });
                }
                Output::AbandonConnect { peer } => {
                    self.nodes[id.0].dialing.remove(&peer);
                }
                Output::Ready { conn } => self.transmit(id, conn),
                Output::Close { conn } => self.close(id, conn),
                Output::Fib(change) => {
                    self.nodes[id.0].wish(change);
                }
                Output::FibSettled => self.nodes[id.0].settle(),
                Output::Drained => self.nodes[id.0].drained = true,
                Output::Track { address, watch: true } => {
                    let hops = vec![ResolvedHop { gateway: None, interface: Arc::from("eth0") }];
                    let reach = Some(Reach { metric: 0, hops });
                    self.schedule(self.now, id, Arrival::Input(Input::NextHop { address, reach }));
                }
                Output::Event(event) => self.nodes[id.0].events.push(event),
                _ => {}
            }
        }
    }

    fn latency(&mut self) -> Duration {
        Duration::from_micros(500 + self.chance.draw() % 20_000)
    }

    /// Moves everything a connection has to say onto its wire, split anywhere.
    fn transmit(&mut self, id: NodeId, conn: ConnId) {
        while let Some(bytes) =
            self.nodes[id.0].speaker.as_mut().and_then(|speaker| speaker.poll_transmit(conn))
        {
            let Some(&(there, far)) = self.nodes[id.0].conns.get(&conn) else { continue };
            self.send(there, far, bytes);
        }
    }

    fn send(&mut self, there: NodeId, far: ConnId, mut bytes: Bytes) {
        while !bytes.is_empty() {
            let length = 1 + (self.chance.draw() as usize) % bytes.len();
            let part = bytes.split_to(length);
            let at = self.arrival_time(far);
            self.schedule(at, there, Arrival::Input(Input::Received { conn: far, bytes: part }));
        }
    }

    fn arrival_time(&mut self, far: ConnId) -> Instant {
        let earliest = self.busy_until.get(&far).copied().unwrap_or_default();
        let at = earliest.max(self.now + self.latency());
        self.busy_until.insert(far, at);
        at
    }

    fn close(&mut self, id: NodeId, conn: ConnId) {
        self.transmit(id, conn);
        if let Some((there, far)) = self.nodes[id.0].conns.remove(&conn) {
            let at = self.arrival_time(far);
            self.schedule(at, there, Arrival::Input(Input::Closed { conn: far }));
        }
        self.schedule(self.now, id, Arrival::Input(Input::Closed { conn }));
    }
}

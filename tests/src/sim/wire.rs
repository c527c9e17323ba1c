//! Wires: they delay, stall, split anywhere and are cut, and never reorder.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bgp_core::Instant;
use bgp_core::speaker::{ConnId, ConnectError, Input, PeerId};
use bytes::Bytes;

use super::world::Arrival;
use super::{NodeId, World};

/// The state of all wires.
#[derive(Debug, Default)]
pub(super) struct Wires {
    /// When the last octets of each direction of a connection arrive: nothing overtakes.
    busy_until: BTreeMap<ConnId, Instant>,
    /// The other end of each connection, for as long as that may still send.
    others: BTreeMap<ConnId, (NodeId, ConnId)>,
    /// Pairs of nodes that cannot reach each other, the lower first.
    cut: Vec<(NodeId, NodeId)>,
    /// Until when nothing arrives between two nodes, although nobody is told.
    stalled: BTreeMap<(NodeId, NodeId), Instant>,
    /// Until when a node takes little of what another sends it.
    slow: BTreeMap<(NodeId, NodeId), Instant>,
    /// Connections that have something to say and no room to say it.
    waiting: BTreeSet<ConnId>,
    /// Connections that were closed: once.
    closed: BTreeSet<ConnId>,
}

/// The two ends of a wire, the lower first.
pub(super) fn pair(a: NodeId, b: NodeId) -> (NodeId, NodeId) {
    (a.min(b), a.max(b))
}

impl World {
    /// Two nodes cannot reach each other from now on; their connections die without a word.
    pub fn partition(&mut self, a: NodeId, b: NodeId) {
        self.wires.cut.push(pair(a, b));
        self.reset_connections(a, b);
        self.moved.insert(a);
        self.moved.insert(b);
    }

    /// They can again.
    pub fn heal(&mut self, a: NodeId, b: NodeId) {
        self.wires.cut.retain(|cut| *cut != pair(a, b));
        self.excuse(a, b, Duration::ZERO);
        self.moved.insert(a);
        self.moved.insert(b);
    }

    /// All connections between two nodes die, as if somebody in between had reset them.
    pub fn reset_connections(&mut self, a: NodeId, b: NodeId) {
        self.excuse(a, b, Duration::ZERO);
        for (id, other) in [(a, b), (b, a)] {
            let conns = &self.node(id).conns;
            let ends: Vec<ConnId> =
                conns.iter().filter(|(_, (peer, _))| *peer == other).map(|(conn, _)| *conn).collect();
            for conn in ends {
                self.schedule(self.now(), id, Arrival::Input(Input::Closed { conn }));
            }
        }
    }

    /// For some time nothing arrives between two nodes; then everything does, in order.
    pub fn stall(&mut self, a: NodeId, b: NodeId, duration: Duration) {
        self.excuse(a, b, duration);
        self.wires.stalled.insert(pair(a, b), self.now() + duration);
    }

    /// For some time a node takes what another sends in small pieces, one every half of a second, and the other
    /// has room for one of its messages at a time.
    pub fn slow_down(&mut self, to: NodeId, from: NodeId, duration: Duration) {
        self.excuse(from, to, duration);
        self.wires.slow.insert((from, to), self.now() + duration);
    }

    pub(super) fn is_cut(&self, a: NodeId, b: NodeId) -> bool {
        self.wires.cut.contains(&pair(a, b))
    }

    pub(super) fn dial(
        &mut self,
        id: NodeId,
        peer: PeerId,
        attempt: u64,
        remote: SocketAddr,
        local: Option<IpAddr>,
    ) {
        if self.node(id).dialing.get(&peer) != Some(&attempt) {
            return;
        }
        let there = self.host_of(remote.ip());
        if let Some(end) = there.and_then(|there| self.stall_of(id, there)) {
            return self.schedule(end, id, Arrival::Dial { peer, attempt, remote, local });
        }
        self.nodes[id.0].dialing.remove(&peer);
        let ours = self.node(id).addresses.iter().find(|ours| ours.is_ipv4() == remote.is_ipv4());
        let local = local.or_else(|| ours.copied());
        let there = there.filter(|there| !self.is_cut(id, *there) && !self.node(*there).is_off);
        let listening = there.filter(|there| self.node(*there).speaker.is_some());
        let (Some(local), Some(there)) = (local, listening) else {
            let other = || ConnectError::Other("no route to host".to_owned());
            let error = if there.is_some() { ConnectError::Refused } else { other() };
            self.tell(id, Input::ConnectFailed { peer, error });
            return;
        };
        let (near, far) = (self.conn(), self.conn());
        self.wires.others.extend([(near, (there, far)), (far, (id, near))]);
        self.nodes[id.0].conns.insert(near, (there, far));
        self.nodes[there.0].conns.insert(far, (id, near));
        let local = SocketAddr::new(local, 50_000 + (near.0 % 10_000) as u16);
        let interface = self.node(there).interface().into();
        self.tell(there, Input::Accepted { conn: far, local: remote, remote: local, interface });
        let interface = self.node(id).interface().into();
        self.tell(id, Input::Connected { conn: near, peer, local, remote, interface });
    }

    fn conn(&mut self) -> ConnId {
        ConnId(self.serial())
    }

    fn stall_of(&self, a: NodeId, b: NodeId) -> Option<Instant> {
        self.wires.stalled.get(&pair(a, b)).copied().filter(|end| *end > self.now())
    }

    pub(super) fn latency(&mut self) -> Duration {
        Duration::from_micros(500 + self.draw() % 20_000)
    }

    /// Moves what a connection has to say onto its wire, as far as there is room.
    pub(super) fn transmit(&mut self, id: NodeId, conn: ConnId) {
        loop {
            if let Some(at) = self.full_until(id, conn) {
                if self.wires.waiting.insert(conn) {
                    self.schedule(at, id, Arrival::Room(conn));
                }
                return;
            }
            if !self.transmit_once(id, conn) {
                return;
            }
        }
    }

    /// What found no room goes on.
    pub(super) fn make_room(&mut self, id: NodeId, conn: ConnId) {
        if self.wires.waiting.remove(&conn) {
            self.transmit(id, conn);
            self.drain(id);
        }
    }

    /// Whether there was something to say.
    fn transmit_once(&mut self, id: NodeId, conn: ConnId) -> bool {
        let node = &mut self.nodes[id.0];
        let Some(bytes) = node.speaker.as_mut().and_then(|speaker| speaker.poll_transmit(conn)) else {
            return false;
        };
        if let Some(&(there, far)) = node.conns.get(&conn) {
            self.send(id, there, far, bytes);
        }
        true
    }

    /// Until when a slow wire has no room.
    fn full_until(&self, id: NodeId, conn: ConnId) -> Option<Instant> {
        let (there, far) = self.node(id).conns.get(&conn)?;
        let busy = self.wires.busy_until.get(far).filter(|busy| **busy > self.now())?;
        self.is_slow(id, *there).then_some(*busy)
    }

    fn is_slow(&self, from: NodeId, to: NodeId) -> bool {
        self.wires.slow.get(&(from, to)).is_some_and(|end| *end > self.now())
    }

    /// Splits it anywhere.
    fn send(&mut self, from: NodeId, there: NodeId, far: ConnId, mut bytes: Bytes) {
        while !bytes.is_empty() {
            // Most keepalives come in one piece, or nothing but pieces would be simulated.
            let whole = bytes.len() <= SMALL && !self.draw().is_multiple_of(8);
            let length = if whole { bytes.len() } else { 1 + (self.draw() as usize) % bytes.len() };
            let part = bytes.split_to(length);
            let at = self.arrival_time(from, there, far);
            self.schedule(at, there, Arrival::Input(Input::Received { conn: far, bytes: part }));
        }
    }

    fn arrival_time(&mut self, from: NodeId, there: NodeId, far: ConnId) -> Instant {
        let mut earliest = self.wires.busy_until.get(&far).copied().unwrap_or_default();
        if self.is_slow(from, there) {
            earliest = earliest.max(self.now()) + SLOW;
        }
        let stalled = self.stall_of(from, there).unwrap_or_default();
        let at = earliest.max(stalled).max(self.now() + self.latency());
        self.wires.busy_until.insert(far, at);
        at
    }

    pub(super) fn close(&mut self, id: NodeId, conn: ConnId) {
        assert!(self.wires.closed.insert(conn), "seed {}: {id:?} closes {conn:?} twice", self.seed);
        while self.transmit_once(id, conn) {}
        if let Some((there, far)) = self.nodes[id.0].conns.remove(&conn) {
            let at = self.arrival_time(id, there, far);
            self.schedule(at, there, Arrival::Input(Input::Closed { conn: far }));
        }
        self.schedule(self.now(), id, Arrival::Input(Input::Closed { conn }));
    }

    /// Octets came for a connection that nobody here knows: who sent them hears so.
    pub(super) fn refuse(&mut self, id: NodeId, conn: ConnId) {
        let Some(&(there, far)) = self.wires.others.get(&conn) else { return };
        if self.node(id).speaker.is_some() && !self.is_cut(id, there) {
            let at = self.arrival_time(id, there, far);
            self.schedule(at, there, Arrival::Input(Input::Closed { conn: far }));
        }
    }

    /// A connection is no more.
    pub(super) fn forget(&mut self, id: NodeId, conn: ConnId) {
        self.nodes[id.0].conns.remove(&conn);
        self.wires.busy_until.remove(&conn);
        self.wires.waiting.remove(&conn);
        if let Some((_, other)) = self.wires.others.get(&conn).copied() {
            self.wires.others.remove(&other);
        }
    }
}

const SMALL: usize = 64;
const SLOW: Duration = Duration::from_millis(500);

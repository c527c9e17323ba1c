//! Two peers and the network between them: dials that cross, octets that come late and in pieces,
//! connections that die on one side only. Whatever the order, one session is left, and none that had
//! been Established goes without a cause.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

use bgp_core::peer::{Peer, PeerAsn, PeerConfig, PeerOutput};
use bgp_core::session::StateName;
use bgp_core::speaker::{ConnId, ConnectError};
use bgp_core::wire::Notification;
use bgp_core::{Asn, Chance, Instant, RouterId};
use bytes::Bytes;

/// How two speakers are set up against each other.
#[derive(Clone, Copy, Debug)]
struct Setup {
    identifiers: [u32; 2],
    asns: [u32; 2],
    passive: [bool; 2],
}

const SETUPS: [Setup; 5] = [
    Setup { identifiers: [1, 2], asns: [64512, 64512], passive: [false, false] },
    Setup { identifiers: [2, 1], asns: [64512, 64513], passive: [false, false] },
    Setup { identifiers: [7, 7], asns: [64512, 64513], passive: [false, false] },
    Setup { identifiers: [1, 2], asns: [64512, 64512], passive: [true, false] },
    Setup { identifiers: [2, 1], asns: [64512, 64512], passive: [true, false] },
];

#[test]
fn crossing_dials_leave_one_session_and_never_one_that_comes_and_goes() {
    let mut collisions = 0;
    for seed in 0..2_000 {
        for setup in SETUPS {
            let mut pair = Pair::new(setup, seed, Duration::from_millis(50));
            pair.start_both();
            pair.run_until(Instant::ZERO + Duration::from_secs(60));
            pair.assert_one_session();
            assert_eq!(pair.losses, 0, "a session was lost without a cause: {setup:?}, seed {seed}");
            assert_eq!(pair.falls, 0, "both connections were closed: {setup:?}, seed {seed}");
            collisions += u32::from(pair.ends.values().any(|end| end.closes > 0));
        }
    }
    assert!(collisions > 3_000, "{collisions} collisions prove little");
}

#[test]
fn when_faults_stop_one_session_is_left() {
    for seed in 0..200 {
        for setup in SETUPS {
            let mut pair = Pair::new(setup, seed, Duration::from_millis(50));
            pair.start_both();
            for _ in 0..40 {
                let pause = pair.below(Duration::from_secs(3));
                pair.run_until(pair.now + pause);
                pair.break_something();
            }
            pair.run_until(pair.now + Duration::from_secs(600));
            pair.assert_one_session();
        }
    }
}

#[test]
fn a_seed_is_a_run() {
    let run = |seed| {
        let mut pair = Pair::new(SETUPS[0], seed, Duration::from_millis(50));
        pair.start_both();
        pair.run_until(Instant::ZERO + Duration::from_secs(300));
        pair.steps
    };
    assert_eq!(run(11), run(11));
}

/// Something on its way to one of the two.
#[derive(Clone, Debug)]
enum Arrival {
    Connected { attempt: u64, conn: ConnId },
    ConnectFailed { attempt: u64 },
    Accepted { conn: ConnId },
    Octets { conn: ConnId, octets: Bytes },
    Closed { conn: ConnId },
}

/// One end of a connection.
#[derive(Debug)]
struct End {
    node: usize,
    other: ConnId,
    /// Octets sent here arrive no earlier than those before.
    busy_until: Instant,
    handed_in: bool,
    closes: u32,
    dead: bool,
}

struct Pair {
    setup: Setup,
    seed: u64,
    now: Instant,
    longest_delay: Duration,
    chance: Chance,
    serial: u64,
    steps: u64,
    peers: [Peer; 2],
    dialing: [Option<u64>; 2],
    ends: BTreeMap<ConnId, End>,
    arrivals: BTreeMap<(Instant, u64), (usize, Arrival)>,
    established: [Option<ConnId>; 2],
    losses: u32,
    /// How often the last connection of a peer went.
    falls: u32,
}

impl Pair {
    fn new(setup: Setup, seed: u64, longest_delay: Duration) -> Self {
        let peer = |here: usize, there: usize| {
            let asn = PeerAsn::Exactly(Asn(setup.asns[there]));
            let config =
                PeerConfig::new(address(there), asn, Asn(setup.asns[here]), setup.identifiers[here].into());
            let config = PeerConfig { passive: setup.passive[here], ..config };
            assert_eq!(config.router_id, RouterId::from(setup.identifiers[here]));
            Peer::new(config, None, seed * 2 + here as u64, Instant::ZERO)
        };
        Self {
            setup,
            seed,
            now: Instant::ZERO,
            longest_delay,
            chance: Chance::new(seed),
            serial: 0,
            steps: 0,
            peers: [peer(0, 1), peer(1, 0)],
            dialing: [None, None],
            ends: BTreeMap::new(),
            arrivals: BTreeMap::new(),
            established: [None, None],
            losses: 0,
            falls: 0,
        }
    }

    fn start_both(&mut self) {
        for node in [0, 1] {
            self.peers[node].start(self.now);
            self.drain(node);
        }
    }

    fn run_until(&mut self, end: Instant) {
        loop {
            let timeouts = self.peers.iter().filter_map(Peer::poll_timeout).map(|deadline| deadline.at);
            let arrival = self.arrivals.keys().next().map(|(at, _)| *at);
            let Some(next) = timeouts.chain(arrival).min().filter(|next| *next <= end) else { break };
            assert!(next >= self.now, "something was due in the past: {}", self.context());
            self.now = next;
            self.steps += 1;
            match self.arrivals.first_entry().filter(|entry| entry.key().0 <= next) {
                Some(entry) => {
                    let (node, arrival) = entry.remove();
                    self.arrive(node, arrival);
                }
                None => self.peers.iter_mut().for_each(|peer| peer.handle_timeout(next)),
            }
            self.drain(0);
            self.drain(1);
        }
        self.now = end;
    }

    fn arrive(&mut self, node: usize, arrival: Arrival) {
        let (peer, now) = (&mut self.peers[node], self.now);
        match arrival {
            Arrival::Connected { attempt, conn } => {
                if self.dialing[node] == Some(attempt) {
                    self.dialing[node] = None;
                    self.end(conn).handed_in = true;
                    self.peers[node].connected(conn, address(node), address(1 - node), now);
                } else {
                    self.hang_up(conn);
                }
            }
            Arrival::ConnectFailed { attempt } => {
                if self.dialing[node] == Some(attempt) {
                    self.dialing[node] = None;
                    peer.connect_failed(ConnectError::Refused, now);
                }
            }
            Arrival::Accepted { conn } => {
                self.end(conn).handed_in = true;
                self.peers[node].accepted(conn, address(node), address(1 - node), now);
            }
            Arrival::Octets { conn, octets } => peer.received(conn, &octets, now),
            Arrival::Closed { conn } => peer.closed(conn, now),
        }
    }

    /// Does what a peer asks, and checks what it tells.
    fn drain(&mut self, node: usize) {
        while let Some(output) = self.peers[node].poll_output() {
            match output {
                PeerOutput::Connect { .. } => self.dial(node),
                PeerOutput::AbandonConnect => self.abandon(node),
                PeerOutput::Ready { conn } => self.pull(node, conn),
                PeerOutput::Close { conn } => {
                    self.pull(node, conn);
                    self.end(conn).closes += 1;
                    self.hang_up(conn);
                }
                PeerOutput::StateChanged { from, to } => {
                    assert_ne!(from, to, "{}", self.context());
                    self.falls += u32::from(from >= StateName::OpenSent && to < StateName::OpenSent);
                }
                PeerOutput::Established { conn, .. } => {
                    assert_eq!(self.established[node].replace(conn), None, "{}", self.context());
                }
                PeerOutput::Update { conn, .. } | PeerOutput::Refresh { conn, .. } => {
                    assert_eq!(self.established[node], Some(conn), "{}", self.context());
                }
                PeerOutput::Down { conn, established, .. } => {
                    assert_eq!(self.established[node] == Some(conn), established, "{}", self.context());
                    if established {
                        self.established[node] = None;
                        self.losses += 1;
                    }
                }
            }
        }
    }

    /// A dial becomes known to both sides, in any order; or it fails.
    fn dial(&mut self, node: usize) {
        self.serial += 1;
        let (attempt, ours, theirs) = (self.serial, ConnId(self.serial * 2), ConnId(self.serial * 2 + 1));
        self.dialing[node] = Some(attempt);
        if self.chance.draw().is_multiple_of(20) {
            return self.send(node, self.now, Arrival::ConnectFailed { attempt });
        }
        let (up, accepted) = (self.later(), self.later());
        for (conn, other, node, busy_until) in [(ours, theirs, node, up), (theirs, ours, 1 - node, accepted)]
        {
            self.ends.insert(conn, End { node, other, busy_until, handed_in: false, closes: 0, dead: false });
        }
        self.send(node, up, Arrival::Connected { attempt, conn: ours });
        self.send(1 - node, accepted, Arrival::Accepted { conn: theirs });
    }

    /// Abandoning may come too late for the driver to stop what is on its way.
    fn abandon(&mut self, node: usize) {
        if self.chance.draw().is_multiple_of(2) {
            self.dialing[node] = None;
        }
    }

    /// Octets travel in order, in pieces.
    fn pull(&mut self, node: usize, conn: ConnId) {
        while let Some(octets) = self.peers[node].poll_transmit(conn) {
            let End { other, dead, .. } = *self.end(conn);
            if dead || self.end(other).dead {
                let at = self.later();
                self.send(node, at, Arrival::Closed { conn });
                continue;
            }
            let mut rest = octets;
            while !rest.is_empty() {
                let piece = rest.split_to(1 + self.chance.draw() as usize % rest.len());
                self.send_in_order(other, Arrival::Octets { conn: other, octets: piece });
            }
        }
    }

    /// The far end hears of it after what was sent before; the near one when the driver says so.
    fn hang_up(&mut self, conn: ConnId) {
        let End { node, other, dead, .. } = *self.end(conn);
        self.end(conn).dead = true;
        if !dead {
            self.send_in_order(other, Arrival::Closed { conn: other });
        }
        let at = self.later();
        self.send(node, at, Arrival::Closed { conn });
    }

    /// Kills a connection, at times without telling one of the ends; or lets an operator reset a peer.
    fn break_something(&mut self) {
        let node = self.chance.draw() as usize % 2;
        match (self.chance.draw() % 3, self.peers[node].status().conn) {
            (0, _) => self.peers[node].reset(Notification::reset(""), self.now),
            (kind, Some(conn)) => {
                let other = self.end(conn).other;
                self.end(conn).dead = true;
                self.end(other).dead = true;
                self.send(node, self.now, Arrival::Closed { conn });
                if kind == 1 {
                    let at = self.later();
                    self.send(1 - node, at, Arrival::Closed { conn: other });
                }
            }
            (_, None) => {}
        }
        self.drain(node);
    }

    fn send_in_order(&mut self, to: ConnId, arrival: Arrival) {
        let at = self.later().max(self.end(to).busy_until);
        self.end(to).busy_until = at;
        let node = self.end(to).node;
        self.send(node, at, arrival);
    }

    fn send(&mut self, node: usize, at: Instant, arrival: Arrival) {
        self.serial += 1;
        self.arrivals.insert((at, self.serial), (node, arrival));
    }

    fn later(&mut self) -> Instant {
        let delay = self.below(self.longest_delay);
        self.now + delay
    }

    fn below(&mut self, longest: Duration) -> Duration {
        Duration::from_micros(self.chance.draw() % longest.as_micros() as u64)
    }

    fn end(&mut self, conn: ConnId) -> &mut End {
        self.ends.get_mut(&conn).expect("every connection has two ends")
    }

    fn assert_one_session(&self) {
        let context = self.context();
        for peer in &self.peers {
            assert_eq!(peer.status().state, StateName::Established, "{context}");
        }
        let [Some(here), Some(there)] = self.established else { panic!("no session was told of: {context}") };
        assert_eq!(self.ends[&here].other, there, "the ends are not of one connection: {context}");
        for (conn, end) in &self.ends {
            let open = *conn == here || *conn == there;
            assert_eq!(end.closes, u32::from(end.handed_in && !open), "closes of {conn:?}: {context}");
        }
    }

    fn context(&self) -> String {
        let Self { setup, seed, now, .. } = self;
        let states = self.peers.each_ref().map(|peer| peer.status().state);
        let errors = self.peers.each_ref().map(|peer| peer.status().last_error.map(ToString::to_string));
        format!("{setup:?}, seed {seed}, at {now}, {states:?}, {errors:?}")
    }
}

fn address(node: usize) -> SocketAddr {
    SocketAddr::from(([192, 0, 2, node as u8 + 1], 179))
}

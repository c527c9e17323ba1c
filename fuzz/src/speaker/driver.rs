//! What a driver does with a speaker, and what it may rely on.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use bgp_core::speaker::{
    Concern, Config, ConnId, Event, Input, Output, PeerId, RouteQuery, RoutesOf, Speaker,
};
use bgp_core::wire::{self, EXTENDED_LIMIT};
use bgp_core::{Instant, Timer};
use bytes::Bytes;

use super::setting::CALLERS;
use crate::session::START;

/// Most things that follow from one input.
const PATIENCE: usize = 20_000;

/// A connection as the driver sees it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Connection {
    pub(super) remote: IpAddr,
    closing: bool,
}

/// A speaker and the world around it.
pub(super) struct Driver {
    pub(super) speaker: Speaker,
    pub(super) now: Instant,
    pub(super) dialing: BTreeMap<PeerId, SocketAddr>,
    pub(super) connections: BTreeMap<ConnId, Connection>,
    watched: BTreeSet<IpAddr>,
    states: BTreeMap<String, &'static str>,
    connects: u64,
}

impl Driver {
    pub(super) fn new(config: Config) -> Self {
        let mut driver = Self {
            speaker: Speaker::new(config, 7, START),
            now: START,
            dialing: BTreeMap::new(),
            connections: BTreeMap::new(),
            watched: BTreeSet::new(),
            states: BTreeMap::new(),
            connects: 0,
        };
        driver.drain();
        driver
    }

    pub(super) fn handle(&mut self, input: Input) {
        self.speaker.handle(input, self.now);
    }

    /// Names a new connection with `remote`.
    pub(super) fn connect(&mut self, remote: IpAddr) -> ConnId {
        self.connects += 1;
        let conn = ConnId(self.connects);
        self.connections.insert(conn, Connection { remote, closing: false });
        conn
    }

    /// The connection that a number means.
    pub(super) fn pick(&self, number: usize) -> Option<ConnId> {
        self.connections.keys().nth(number % self.connections.len().max(1)).copied()
    }

    pub(super) fn close(&mut self, conn: ConnId) {
        if self.connections.remove(&conn).is_some() {
            self.handle(Input::Closed { conn });
        }
    }

    /// Performs every output.
    pub(super) fn drain(&mut self) {
        for _ in 0..PATIENCE {
            let Some(output) = self.speaker.poll_output() else { return self.forget_gone() };
            self.perform(output);
        }
        panic!("outputs without end");
    }

    fn perform(&mut self, output: Output) {
        match output {
            Output::Connect { peer, remote, .. } => {
                assert!(self.dialing.insert(peer, remote).is_none(), "dialed twice");
            }
            Output::AbandonConnect { peer } => {
                assert!(self.dialing.remove(&peer).is_some(), "abandoned without dialing");
            }
            Output::Close { conn } => {
                while self.pull(conn).is_some() {}
                if let Some(connection) = self.connections.get_mut(&conn) {
                    assert!(!connection.closing, "closed twice");
                    connection.closing = true;
                }
            }
            Output::Track { address, watch: true } => assert!(self.watched.insert(address)),
            Output::Track { address, watch: false } => assert!(self.watched.remove(&address)),
            Output::Event { event, .. } => self.note(event),
            _ => {}
        }
    }

    fn note(&mut self, event: Event) {
        if let Event::State { peer, from, to, .. } = event {
            let before = self.states.insert(peer.to_string(), to);
            assert!(before.is_none_or(|before| before == from), "{peer}: {before:?}, then {from} to {to}");
        }
    }

    /// A peer that went and comes back begins anew.
    fn forget_gone(&mut self) {
        self.states.retain(|name, _| self.speaker.peer_id(name).is_some());
    }

    /// Pulls octets for a connection: whole messages.
    pub(super) fn pull(&mut self, conn: ConnId) -> Option<Bytes> {
        let octets = self.speaker.poll_transmit(conn)?;
        let mut rest: &[u8] = &octets;
        while !rest.is_empty() {
            let length =
                wire::frame(rest, EXTENDED_LIMIT).expect("a header of ours").expect("a whole message");
            rest = &rest[length..];
        }
        assert!(!octets.is_empty(), "octets without octets");
        Some(octets)
    }

    /// Time passes; what was due is done.
    pub(super) fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        for _ in 0..PATIENCE {
            self.speaker.handle_timeout(self.now);
            self.drain();
            match self.speaker.poll_timeout() {
                Some(deadline) if deadline.at <= self.now => {
                    assert_eq!(deadline.timer, Timer::Work, "a deadline was not met");
                }
                Some(_) | None => return,
            }
        }
        panic!("work without end");
    }

    /// Time passes until the next deadline.
    pub(super) fn wait(&mut self) {
        if let Some(deadline) = self.speaker.poll_timeout() {
            self.pass(deadline.at.since(self.now));
        }
    }

    /// Looks at everything.
    pub(super) fn look(&self) {
        self.compare_states();
        let view = self.speaker.view();
        let _ = view.summary();
        let tables = [RoutesOf::All, RoutesOf::Best, RoutesOf::Rejected].into_iter();
        let rolls = (0..8).flat_map(|peer| [RoutesOf::In(PeerId(peer)), RoutesOf::Out(PeerId(peer))]);
        for of in tables.chain(rolls) {
            let query = RouteQuery { of, ..RouteQuery::default() };
            let mut page = view.routes(&query, None, 3);
            for _ in 0..PATIENCE {
                for route in &page.routes {
                    assert!(
                        view.explain(route.prefix, Concern::Everything).is_some(),
                        "{} is nowhere",
                        route.prefix
                    );
                }
                let Some(cursor) = page.next else { break };
                page = view.routes(&query, Some(cursor), 3);
            }
            assert!(page.next.is_none(), "a listing without end");
        }
    }

    /// What was told last of every peer is how it is. One that is leaving has lost its name.
    fn compare_states(&self) {
        let peers = self.speaker.view().peers().into_iter();
        for peer in peers.filter(|peer| self.speaker.peer_id(&peer.name) == Some(peer.id)) {
            let told = self.states.get(&*peer.name);
            assert!(told.is_none_or(|told| *told == peer.state), "{told:?} was told of {peer:?}");
        }
    }

    /// Tells the speaker to stop. Each connection is closed by its word, then by ours.
    pub(super) fn stop(mut self, choice: u8) {
        self.handle(Input::Stop { silently: choice & 1 == 1, text: "done".to_owned() });
        self.drain();
        self.pass(Duration::ZERO);
        for (conn, connection) in self.connections.clone() {
            assert!(connection.closing, "{conn:?} with {connection:?} is still open");
            assert!(CALLERS.contains(&connection.remote));
            self.close(conn);
        }
        self.drain();
        assert!(self.speaker.is_stopped() && self.dialing.is_empty(), "it goes on");
        self.pass(Duration::from_secs(3600));
        assert!(self.dialing.is_empty() && self.speaker.is_stopped(), "it begins again");
    }
}

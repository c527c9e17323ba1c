//! One neighbour: attempts to connect, up to two sessions, collision, back-off. Not here: bytes, routes.
//!
//! The RFC's version: a machine for the peering, and another for every caller whose OPEN has not come yet
//! ([RFC 4271 §8.2.1]), all of them with the same six states and 28 events.
//! Ours: one machine for the attempts and a [`Session`](crate::session::Session) for each connection.
//! Whatever is said about a connection names it, so the last words of a dead one cannot be taken for those
//! of its successor.
//!
//! [RFC 4271 §8.2.1]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.1
#![deny(clippy::wildcard_enum_match_arm)]

mod active;
mod admission;
mod backoff;
mod collision;
mod config;
mod connect;
mod connection;
mod engaged;
mod failure;
mod idle;
mod output;
mod signals;
mod state;
mod status;
#[cfg(test)]
mod tests;

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

pub use config::{AddPathSend, AfterLimit, MaxPrefixes, NextHopRule, PeerAsn, PeerConfig, PrefixLimit};
pub use failure::{Failure, Layer};
pub use output::PeerOutput;
pub use status::Status;

use crate::session::{Counters, GracefulOffer, Negotiated, StateName};
use crate::speaker::{ConnId, ConnectError};
use crate::wire::{Cease, Notification, RouteRefresh};
use crate::{Deadline, Instant, Timer};
use backoff::Backoff;
use collision::Dialer;
use connection::{Connection, Ends, Phase};
use idle::Idle;
use state::{Context, Happening, State};

/// One neighbour. Inputs are methods, what follows from them is polled; any number of inputs may precede
/// a drain.
#[derive(Debug)]
pub struct Peer {
    config: PeerConfig,
    graceful: Option<GracefulOffer>,
    delay_open: Duration,
    state: State,
    connections: Vec<Connection>,
    contest: Option<Deadline>,
    backoff: Backoff,
    outputs: VecDeque<PeerOutput>,
    reported: StateName,
    since: Instant,
    last_error: Option<Failure>,
    /// What ended the last session that was Established.
    last_down: Option<Failure>,
    past: Counters,
    established: u64,
}

impl Peer {
    /// A neighbour in Idle. `graceful` is what the OPENs say about graceful restart, where the
    /// configuration offers it at all.
    #[must_use]
    pub fn new(config: PeerConfig, graceful: Option<GracefulOffer>, seed: u64, now: Instant) -> Self {
        Self {
            config,
            graceful,
            delay_open: Duration::ZERO,
            state: State::Idle(Idle { until: None }),
            connections: Vec::new(),
            contest: None,
            backoff: Backoff::new(seed),
            outputs: VecDeque::new(),
            reported: StateName::Idle,
            since: now,
            last_error: None,
            last_down: None,
            past: Counters::default(),
            established: 0,
        }
    }

    /// Lets the peer speak first for that long ("DelayOpen", [RFC 4271 §8.1.1]).
    ///
    /// [RFC 4271 §8.1.1]: https://www.rfc-editor.org/rfc/rfc4271#section-8.1.1
    #[must_use]
    pub fn with_delay_open(self, delay_open: Duration) -> Self {
        Self { delay_open, ..self }
    }

    /// Changes what later OPENs say about graceful restart.
    pub fn offer(&mut self, graceful: Option<GracefulOffer>) {
        self.graceful = graceful;
    }

    /// What the operator said.
    #[must_use]
    pub const fn config(&self) -> &PeerConfig {
        &self.config
    }

    /// Takes a new configuration for later attempts; whether the session has to be
    /// [reset](Self::reset) for it, the caller judges.
    pub fn reconfigure(&mut self, config: PeerConfig) {
        self.config = config;
    }

    /// Leaves Idle (RFC events 1 and 3 to 7); ignored in any other state.
    pub fn start(&mut self, now: Instant) {
        self.backoff.forgive();
        self.attempt(Happening::Start, now);
        self.report(now);
    }

    /// Ends every session and stays Idle until [`start`](Self::start) (RFC events 2 and 8).
    pub fn stop(&mut self, reason: Notification, now: Instant) {
        self.pause(reason, None, now);
    }

    /// Ends every session and starts again at once, unless stopped.
    pub fn reset(&mut self, reason: Notification, now: Instant) {
        if !self.is_stopped() {
            self.pause(reason, None, now);
            self.start(now);
        }
    }

    /// Whether it stays Idle until [`start`](Self::start).
    #[must_use]
    pub const fn is_stopped(&self) -> bool {
        matches!(self.state, State::Idle(Idle { until: None }))
    }

    /// Ends every session and starts again after `restart`, or never: for a passed prefix limit
    /// ([RFC 4486 §4]).
    ///
    /// [RFC 4486 §4]: https://www.rfc-editor.org/rfc/rfc4486#section-4
    pub fn pause(&mut self, reason: Notification, restart: Option<Duration>, now: Instant) {
        // What failed before, perhaps at another address, is not why it stands still now: a session that ends says so.
        self.last_error = None;
        self.last_down = None;
        let until = restart.map(|pause| Deadline { at: now + pause, timer: Timer::PrefixLimit });
        self.attempt(Happening::Stop(until), now);
        for connection in self.live() {
            connection.session.stop(reason.clone(), now);
        }
        self.attend_all(now);
    }

    /// Leaves without a word, so that a peer with graceful restart keeps our routes.
    pub fn vanish(&mut self, now: Instant) {
        self.attempt(Happening::Stop(None), now);
        for connection in self.live() {
            connection.session.lost(now);
        }
        self.attend_all(now);
    }

    /// Ends the Established session for an error found in its routes, and backs off as for any error.
    pub fn fail(&mut self, reason: Notification, now: Instant) {
        for connection in self.live().filter(|connection| connection.session.is_established()) {
            connection.session.stop(reason.clone(), now);
        }
        self.attend_all(now);
    }

    /// What was dialed is up (RFC event 16).
    pub fn connected(&mut self, conn: ConnId, local: SocketAddr, remote: SocketAddr, now: Instant) {
        self.attempt(Happening::Connected, now);
        self.admit(conn, Dialer::We, Ends { local, remote }, now);
    }

    /// What was dialed could not be reached (RFC event 18).
    pub fn connect_failed(&mut self, error: ConnectError, now: Instant) {
        // Where the peer has called meanwhile, what becomes of that connection counts.
        if !matches!(self.state, State::Engaged(_)) {
            self.last_error = Some(Failure::Connect(error));
        }
        self.attempt(Happening::ConnectFailed, now);
        self.report(now);
    }

    /// The peer called (RFC event 17).
    pub fn accepted(&mut self, conn: ConnId, local: SocketAddr, remote: SocketAddr, now: Instant) {
        self.attempt(Happening::Accepted, now);
        self.admit(conn, Dialer::They, Ends { local, remote }, now);
    }

    /// Octets arrived; ignored where the connection is not one of ours, or is closing.
    pub fn received(&mut self, conn: ConnId, bytes: &[u8], now: Instant) {
        let mut rest = bytes;
        while !rest.is_empty() {
            self.received_next(conn, &mut rest, now);
        }
    }

    /// The same as far as the end of the next message, which is cut off the front of `bytes`.
    pub fn received_next(&mut self, conn: ConnId, bytes: &mut &[u8], now: Instant) {
        let Some(connection) = self.find_live(conn) else {
            *bytes = &[];
            return;
        };
        connection.session.receive_next(bytes, now);
        self.attend(conn, now);
        self.report(now);
    }

    /// The connection is gone (RFC event 18), by either side's doing.
    pub fn closed(&mut self, conn: ConnId, now: Instant) {
        if let Some(connection) = self.find_live(conn) {
            connection.session.lost(now);
            self.attend(conn, now);
        }
        self.forget(conn);
        self.report(now);
    }

    /// Time has passed. Early or repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        let due = |deadline: Option<Deadline>| deadline.is_some_and(|deadline| deadline.at <= now);
        if due(self.state.deadline()) {
            // A host that drops our SYN, as one with another TCP MD5 key does, never says why.
            if matches!(self.state, State::Connect(_)) {
                self.last_error = Some(Failure::Unanswered);
            }
            self.attempt(Happening::Expired, now);
        }
        if due(self.contest) {
            self.contest = None;
            for connection in self.live().filter(|connection| !connection.is_settled()) {
                connection.session.stop(Notification::cease(Cease::ConnectionCollision), now);
            }
        }
        for connection in self.live() {
            connection.session.handle_timeout(now);
        }
        self.attend_all(now);
    }

    /// The next control message to write on a connection, also on one that is to be closed. Once this is
    /// empty, UPDATEs of an Established session follow, which are the caller's.
    pub fn poll_transmit(&mut self, conn: ConnId) -> Option<Bytes> {
        let connection = self.connections.iter_mut().find(|connection| connection.conn == conn)?;
        let octets = connection.session.poll_transmit();
        if octets.is_none() {
            connection.ready = false;
            if !connection.is_live() {
                self.forget(conn);
            }
        }
        octets
    }

    /// The caller wrote `messages` UPDATEs on a connection.
    pub fn updated(&mut self, conn: ConnId, messages: u64, now: Instant) {
        if let Some(connection) = self.find_live(conn) {
            connection.session.updated(messages, now);
        }
    }

    /// Sends a ROUTE-REFRESH on the Established session, where the peer understands it.
    pub fn refresh(&mut self, refresh: RouteRefresh, now: Instant) {
        for connection in self.live() {
            connection.session.refresh(refresh, now);
        }
        self.report(now);
    }

    /// What to do next, or what happened next.
    pub fn poll_output(&mut self) -> Option<PeerOutput> {
        self.outputs.pop_front()
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        let sessions = self.connections.iter().filter_map(|connection| connection.session.poll_timeout());
        sessions.chain(self.state.deadline()).chain(self.contest).min()
    }

    /// The Established session: its connection, and what was agreed on it.
    #[must_use]
    pub fn established(&self) -> Option<(ConnId, &Arc<Negotiated>)> {
        self.connections.iter().find_map(|connection| match &connection.phase {
            Phase::Established { negotiated, .. } => Some((connection.conn, negotiated)),
            Phase::Opening | Phase::Opened | Phase::Closing => None,
        })
    }

    /// A picture of the peer.
    #[must_use]
    pub fn status(&self) -> Status<'_> {
        let foremost = self.foremost();
        let live = self.connections.iter().map(|connection| connection.session.counters());
        Status {
            state: self.reported,
            since: self.since,
            last_error: self.last_error.as_ref(),
            conn: foremost.map(|connection| connection.conn),
            local: foremost.map(|connection| connection.local),
            remote: foremost.map(|connection| connection.remote),
            negotiated: foremost.and_then(|connection| connection.session.negotiated()),
            counters: live.fold(self.past, |sum, counters| sum + counters),
            established: self.established,
            next_attempt: self.state.deadline().filter(|_| foremost.is_none()),
        }
    }

    /// The timers of the connection that got furthest, or of the next attempt while there is none.
    #[must_use]
    pub fn timers(&self) -> Vec<Deadline> {
        match self.foremost() {
            Some(connection) => connection.session.timers().collect(),
            None => self.state.deadline().into_iter().collect(),
        }
    }

    fn attempt(&mut self, happening: Happening, now: Instant) {
        let state = std::mem::replace(&mut self.state, State::Idle(Idle { until: None }));
        let mut context =
            Context { config: &self.config, backoff: &mut self.backoff, outputs: &mut self.outputs, now };
        self.state = state.on(happening, &mut context);
    }

    fn live(&mut self) -> impl Iterator<Item = &mut Connection> {
        self.connections.iter_mut().filter(|connection| connection.is_live())
    }

    fn find_live(&mut self, conn: ConnId) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.conn == conn && connection.is_live())
    }

    /// The live connection that got furthest.
    fn foremost(&self) -> Option<&Connection> {
        self.connections.iter().filter(|connection| connection.is_live()).max_by_key(|it| it.state())
    }

    /// Drops what is left of a connection that was told to close.
    fn forget(&mut self, conn: ConnId) {
        if let Some(at) = self.connections.iter().position(|connection| connection.conn == conn) {
            let connection = self.connections.remove(at);
            self.past = self.past + connection.session.counters();
        }
    }
}

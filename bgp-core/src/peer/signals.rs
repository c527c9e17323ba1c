//! What sessions say, made into what the peer says.

use std::sync::Arc;
use std::time::Duration;

use super::backoff::Failed;
use super::collision::winner;
use super::connection::{Connection, Phase};
use super::state::{Happening, State, Vacancy};
use crate::peer::{Failure, Peer, PeerOutput};
use crate::session::{Down, Negotiated, Signal};
use crate::speaker::ConnId;
use crate::wire::{Cease, ErrorCode, Notification, Open};
use crate::{Deadline, Instant, Timer};

impl Peer {
    pub(super) fn attend_all(&mut self, now: Instant) {
        let conns: Vec<ConnId> = self.live().map(|connection| connection.conn).collect();
        for conn in conns {
            self.attend(conn, now);
        }
        self.report(now);
    }

    /// Takes what a session has to say.
    pub(super) fn attend(&mut self, conn: ConnId, now: Instant) {
        while let Some(signal) = self.find(conn).and_then(|connection| connection.session.poll_signal()) {
            match signal {
                Signal::Opened(open) => self.opened(conn, &open, now),
                Signal::Established(negotiated) => self.became_established(conn, negotiated, now),
                Signal::Update(update) => self.outputs.push_back(PeerOutput::Update { conn, update }),
                Signal::Refresh(refresh) => self.outputs.push_back(PeerOutput::Refresh { conn, refresh }),
                Signal::Down(down) => self.ended(conn, down, now),
            }
        }
    }

    /// Tells the owner which connections have something to say, and what state the peer is in.
    pub(super) fn report(&mut self, now: Instant) {
        for connection in self.connections.iter_mut().filter(|it| it.is_live() && !it.ready) {
            if connection.session.is_ready() {
                connection.ready = true;
                self.outputs.push_back(PeerOutput::Ready { conn: connection.conn });
            }
        }
        self.report_state(now);
    }

    /// Ends a session in favour of another one.
    pub(super) fn dismiss(&mut self, conn: ConnId, now: Instant) {
        if let Some(connection) = self.find(conn) {
            connection.session.stop(Notification::cease(Cease::ConnectionCollision), now);
            self.attend(conn, now);
        }
    }

    /// Ends a session silently, because the peer has begun another one.
    fn supersede(&mut self, conn: ConnId, now: Instant) {
        if let Some(connection) = self.find(conn) {
            connection.session.lost(now);
            self.attend(conn, now);
        }
    }

    /// The peer's OPEN tells whose connection is to stay ([RFC 4271 §6.8]). Where that is the other one,
    /// this one waits for it: only its OPEN proves that it is alive.
    ///
    /// [RFC 4271 §6.8]: https://www.rfc-editor.org/rfc/rfc4271#section-6.8
    fn opened(&mut self, conn: ConnId, open: &Open, now: Instant) {
        let Some(connection) = self.find(conn) else { return };
        connection.phase = Phase::Opened;
        let dialer = connection.dialer;
        self.report_state(now);
        let ours = (self.config.router_id, self.config.local_asn);
        match self.rival(conn) {
            None => self.settle(conn, now),
            Some(rival) if self.find(rival).is_some_and(|rival| rival.outlives_restart()) => {
                self.supersede(rival, now);
            }
            Some(rival) if winner(ours, (open.router_id, open.asn)) == dialer => self.dismiss(rival, now),
            Some(_) => self.contest = Some(Deadline { at: now + CONTEST, timer: Timer::Collision }),
        }
    }

    fn became_established(&mut self, conn: ConnId, negotiated: Arc<Negotiated>, now: Instant) {
        let Some(connection) = self.find(conn) else { return };
        connection.phase = Phase::Established { since: now, negotiated: Arc::clone(&negotiated) };
        self.established += 1;
        // Attempts that failed on the way here are of no interest any more.
        self.last_error.clone_from(&self.last_down);
        self.report_state(now);
        self.outputs.push_back(PeerOutput::Established { conn, negotiated });
    }

    fn ended(&mut self, conn: ConnId, down: Down, now: Instant) {
        let Some(connection) = self.find(conn) else { return };
        let phase = std::mem::replace(&mut connection.phase, Phase::Closing);
        let farewell = connection.session.is_ready();
        let established = matches!(phase, Phase::Established { .. });
        let vacancy = if is_blameless(&phase, &down) { None } else { Some(failed(&phase, &down, now)) };
        let failure = Failure::Ended { down: down.clone(), opened: !matches!(phase, Phase::Opening) };
        self.outputs.push_back(PeerOutput::Down { conn, established, down });
        if farewell {
            self.outputs.push_back(PeerOutput::Ready { conn });
        }
        self.outputs.push_back(PeerOutput::Close { conn });
        self.contest = None;
        if established {
            self.last_down = Some(failure.clone());
        }
        match self.rival(conn) {
            Some(rival) => self.settle(rival, now),
            None => {
                self.last_error = Some(failure);
                self.vacant(vacancy, now);
            }
        }
    }

    /// No other connection contends with this one any more.
    fn settle(&mut self, conn: ConnId, now: Instant) {
        let Some(connection) = self.find(conn) else { return };
        connection.session.release(now);
        if connection.is_settled() {
            self.attempt(Happening::Settled, now);
        }
        self.attend(conn, now);
    }

    fn vacant(&mut self, failed: Option<Failed>, now: Instant) {
        if !matches!(self.state, State::Engaged(_)) {
            return;
        }
        let vacancy = match failed {
            None => Vacancy::Unused,
            Some(failed) => Vacancy::Penalized(self.backoff.failed(failed, now)),
        };
        self.attempt(Happening::Vacant(vacancy), now);
    }

    fn report_state(&mut self, now: Instant) {
        let state = self.foremost().map_or_else(|| self.state.name(), Connection::state);
        if state != self.reported {
            self.outputs.push_back(PeerOutput::StateChanged { from: self.reported, to: state });
            self.reported = state;
            self.since = now;
        }
    }

    /// The other live connection.
    fn rival(&self, conn: ConnId) -> Option<ConnId> {
        let mut others = self.connections.iter().filter(|other| other.is_live() && other.conn != conn);
        others.next().map(|other| other.conn)
    }

    fn find(&mut self, conn: ConnId) -> Option<&mut Connection> {
        self.connections.iter_mut().find(|connection| connection.conn == conn)
    }
}

/// A connection that was lost or turned away before the peer said who it is, or that lost a collision,
/// says nothing about the next one.
fn is_blameless(phase: &Phase, down: &Down) -> bool {
    let is = |notification: &Notification, cease: Cease| {
        notification.code == ErrorCode::Cease && notification.subcode == cease.octet()
    };
    match (phase, down) {
        (_, Down::Sent(notification) | Down::Received(notification))
            if is(notification, Cease::ConnectionCollision) =>
        {
            true
        }
        (Phase::Opening, Down::Received(notification)) => is(notification, Cease::ConnectionRejected),
        (Phase::Opening, Down::Lost) => true,
        (Phase::Opening, Down::Sent(_) | Down::Malformed(_)) => false,
        (Phase::Opened | Phase::Established { .. } | Phase::Closing, _) => false,
    }
}

fn failed(phase: &Phase, down: &Down, now: Instant) -> Failed {
    match phase {
        Phase::Established { since, negotiated } => {
            let is_restart = matches!(down, Down::Lost) && negotiated.restart.is_some();
            Failed { lifetime: now.since(*since), is_restart }
        }
        Phase::Opening | Phase::Opened | Phase::Closing => {
            Failed { lifetime: Duration::ZERO, is_restart: false }
        }
    }
}

/// How long a connection that would win has for its OPEN before the other one is taken. Less than the
/// shortest hold time: on the other one the peer is waiting for our KEEPALIVE.
const CONTEST: Duration = Duration::from_secs(2);

//! One connection of a peer: its session, who dialed, and how far its owner has been told it got.

use std::net::SocketAddr;
use std::sync::Arc;

use super::collision::Dialer;
use crate::Instant;
use crate::session::{Local, Negotiated, Session, StateName};
use crate::speaker::ConnId;

/// A connection the driver handed in. It stays here, [closing](Self::is_live), until its farewell has
/// been pulled or the driver has closed it.
#[derive(Debug)]
pub(super) struct Connection {
    pub(super) conn: ConnId,
    pub(super) dialer: Dialer,
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
    pub(super) session: Session,
    pub(super) phase: Phase,
    /// The driver was told to pull, and has not come to the end yet.
    pub(super) ready: bool,
}

/// How far a session got, as far as its signals have been taken.
#[derive(Clone, Debug)]
pub(super) enum Phase {
    Opening,
    Opened,
    Established { since: Instant, negotiated: Arc<Negotiated> },
    Closing,
}

impl Connection {
    /// A connection to speak BGP on.
    pub(super) fn open(conn: ConnId, dialer: Dialer, ends: Ends, local: Local, now: Instant) -> Self {
        let Ends { local: here, remote } = ends;
        let session = Session::new(local, now);
        Self { conn, dialer, local: here, remote, session, phase: Phase::Opening, ready: false }
    }

    /// A connection to turn away: all it will ever say is why.
    pub(super) fn turned_away(conn: ConnId, dialer: Dialer, ends: Ends, farewell: Session) -> Self {
        let Ends { local, remote } = ends;
        Self { conn, dialer, local, remote, session: farewell, phase: Phase::Closing, ready: false }
    }

    pub(super) const fn is_live(&self) -> bool {
        !matches!(self.phase, Phase::Closing)
    }

    /// The RFC's name of its state. Before OpenSent it is Connect or Active, by who dialed.
    pub(super) fn state(&self) -> StateName {
        match (&self.phase, self.dialer) {
            (Phase::Opening, _) if self.session.state() == StateName::OpenSent => StateName::OpenSent,
            (Phase::Opening, Dialer::We) => StateName::Connect,
            (Phase::Opening, Dialer::They) => StateName::Active,
            (Phase::Opened, _) => StateName::OpenConfirm,
            (Phase::Established { .. }, _) => StateName::Established,
            (Phase::Closing, _) => StateName::Idle,
        }
    }

    /// Established, and with a peer whose routes may be kept while it restarts.
    pub(super) fn outlives_restart(&self) -> bool {
        matches!(&self.phase, Phase::Established { negotiated, .. } if negotiated.restart.is_some())
    }

    pub(super) fn is_settled(&self) -> bool {
        self.state() >= StateName::OpenConfirm
    }
}

/// The two ends of a connection.
#[derive(Clone, Copy, Debug)]
pub(super) struct Ends {
    pub(super) local: SocketAddr,
    pub(super) remote: SocketAddr,
}

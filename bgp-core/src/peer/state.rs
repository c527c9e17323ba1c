//! What a peer does to get a connection: a state a type, and what can happen to it.
//!
//! The RFC's version: Idle, Connect and Active are states of the one machine, which goes on to OpenSent
//! with the connection.
//! Ours: the attempt goes on to [`Engaged`], and the connection is a [`Session`](crate::session::Session)
//! of its own. That is what lets a second connection exist while a dial is still under way.

use std::collections::VecDeque;

use super::active::Active;
use super::backoff::{Backoff, Penalty};
use super::connect::Connect;
use super::engaged::Engaged;
use super::idle::Idle;
use crate::peer::{PeerConfig, PeerOutput};
use crate::session::StateName;
use crate::{Deadline, Instant};

/// The states of an attempt.
#[derive(Debug)]
pub(super) enum State {
    Idle(Idle),
    Connect(Connect),
    Active(Active),
    Engaged(Engaged),
}

/// Everything that can happen to an attempt.
#[derive(Clone, Copy, Debug)]
pub(super) enum Happening {
    /// Begin (RFC events 1, 3 to 7).
    Start,
    /// Give up (2, 8), until a deadline or until told otherwise.
    Stop(Option<Deadline>),
    /// What was dialed is up (16).
    Connected,
    /// What was dialed failed (18).
    ConnectFailed,
    /// The peer called (17).
    Accepted,
    /// ConnectRetryTimer (9), IdleHoldTimer (13) or the pause after a prefix limit.
    Expired,
    /// A session got so far that no second one is wanted.
    Settled,
    /// The last connection went.
    Vacant(Vacancy),
}

/// How the last connection went.
#[derive(Clone, Copy, Debug)]
pub(super) enum Vacancy {
    /// Before the peer's OPEN, or by collision: nobody is to blame.
    Unused,
    /// With this penalty.
    Penalized(Penalty),
}

/// What a state may touch.
pub(super) struct Context<'a> {
    pub(super) config: &'a PeerConfig,
    pub(super) backoff: &'a mut Backoff,
    pub(super) outputs: &'a mut VecDeque<PeerOutput>,
    pub(super) now: Instant,
}

impl State {
    pub(super) fn on(self, happening: Happening, cx: &mut Context<'_>) -> Self {
        tracing::trace!(peer = &*cx.config.name, state = %self.name(), ?happening);
        match self {
            Self::Idle(state) => state.on(happening, cx),
            Self::Connect(state) => state.on(happening, cx),
            Self::Active(state) => state.on(happening, cx),
            Self::Engaged(state) => state.on(happening, cx),
        }
    }

    /// The RFC's name; while engaged the sessions know better.
    pub(super) const fn name(&self) -> StateName {
        match self {
            Self::Idle(_) => StateName::Idle,
            Self::Connect(_) => StateName::Connect,
            Self::Active(_) | Self::Engaged(_) => StateName::Active,
        }
    }

    pub(super) const fn deadline(&self) -> Option<Deadline> {
        match self {
            Self::Idle(Idle { until }) => *until,
            Self::Connect(Connect { retry }) => Some(*retry),
            Self::Active(Active { retry }) => *retry,
            Self::Engaged(Engaged { dial }) => *dial,
        }
    }
}

impl Context<'_> {
    /// Dial, or wait to be called where we never dial.
    pub(super) fn begin(&mut self) -> State {
        if self.config.passive { State::Active(Active { retry: None }) } else { self.dial() }
    }

    pub(super) fn dial(&mut self) -> State {
        self.outputs
            .push_back(PeerOutput::Connect { remote: self.config.remote, local: self.config.local_address });
        State::Connect(Connect { retry: self.retry() })
    }

    pub(super) fn abandon(&mut self) {
        self.outputs.push_back(PeerOutput::AbandonConnect);
    }

    /// Listen, and dial after the ConnectRetryTimer.
    pub(super) fn listen(&mut self) -> State {
        let retry = self.retry();
        self.listen_until(retry)
    }

    /// Listen, and dial then.
    pub(super) fn listen_until(&self, retry: Deadline) -> State {
        State::Active(Active { retry: (!self.config.passive).then_some(retry) })
    }

    fn retry(&mut self) -> Deadline {
        let at = self.backoff.retry(self.config.connect_retry, self.now);
        Deadline { at, timer: crate::Timer::ConnectRetry }
    }
}

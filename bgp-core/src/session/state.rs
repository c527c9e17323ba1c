//! The states of a session, what can happen to them, and what they may touch.

use std::collections::VecDeque;
use std::sync::Arc;

use bytes::Bytes;

use super::established::Established;
use super::negotiate::negotiate;
use super::open_confirm::OpenConfirm;
use super::open_delayed::OpenDelayed;
use super::open_sent::OpenSent;
use super::outbox::Outbox;
use super::timers::Timers;
use crate::Instant;
use crate::session::{Down, Local, Negotiated, Signal, StateName};
use crate::wire::{Dialect, ErrorCode, Malformed, Message, Notification, Open};

/// The states a connection can be in. Each is a type that holds what is true in it, and only that.
#[derive(Debug)]
pub(super) enum State {
    OpenDelayed(OpenDelayed),
    OpenSent(OpenSent),
    OpenConfirm(OpenConfirm),
    Established(Established),
    Closed,
}

/// Everything that can happen to a session.
#[derive(Debug)]
pub(super) enum Happening {
    /// A message arrived.
    Message(Message),
    /// Octets arrived that are no message.
    Malformed(Malformed),
    /// A second connection contends, or no longer does.
    Contended(Answer),
    DelayOpenExpired,
    HoldExpired,
    KeepaliveExpired,
    SendHoldExpired,
    /// We want to end it, and say so.
    Stop(Notification),
    /// The connection is gone.
    Lost,
}

/// Whether an acceptable OPEN is answered by KEEPALIVE.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    AtOnce,
    Withheld,
}

/// What a state may touch while something happens to it.
pub(super) struct Context<'a> {
    pub(super) local: &'a Local,
    pub(super) dialect: &'a mut Dialect,
    pub(super) timers: &'a mut Timers,
    pub(super) outbox: &'a mut Outbox,
    pub(super) signals: &'a mut VecDeque<Signal>,
    pub(super) now: Instant,
}

impl State {
    /// The one place where a state meets what happens to it.
    pub(super) fn on(self, happening: Happening, cx: &mut Context<'_>) -> Self {
        tracing::trace!(peer = &*cx.local.peer, state = %self.name(), ?happening);
        match self {
            Self::OpenDelayed(state) => state.on(happening, cx),
            Self::OpenSent(state) => state.on(happening, cx),
            Self::OpenConfirm(state) => state.on(happening, cx),
            Self::Established(state) => state.on(happening, cx),
            Self::Closed => Self::Closed,
        }
    }

    pub(super) const fn name(&self) -> StateName {
        match self {
            Self::OpenDelayed(_) => StateName::Active,
            Self::OpenSent(_) => StateName::OpenSent,
            Self::OpenConfirm(_) => StateName::OpenConfirm,
            Self::Established(_) => StateName::Established,
            Self::Closed => StateName::Idle,
        }
    }

    pub(super) const fn negotiated(&self) -> Option<&Arc<Negotiated>> {
        match self {
            Self::OpenConfirm(OpenConfirm { negotiated, .. })
            | Self::Established(Established { negotiated }) => Some(negotiated),
            Self::OpenDelayed(_) | Self::OpenSent(_) | Self::Closed => None,
        }
    }
}

impl Context<'_> {
    /// Say why, and hang up.
    pub(super) fn close(&mut self, notification: Notification) -> State {
        self.outbox.farewell(notification.clone(), self.dialect);
        self.end(Down::Sent(notification))
    }

    /// Hang up about octets that made no sense, saying so where an answer is allowed.
    pub(super) fn close_malformed(&mut self, malformed: Malformed) -> State {
        match malformed.notification.clone() {
            Some(notification) => self.outbox.farewell(notification, self.dialect),
            None => self.outbox.clear(),
        }
        self.end(Down::Malformed(malformed))
    }

    /// Just note that it is over.
    pub(super) fn closed(&mut self, down: Down) -> State {
        self.outbox.clear();
        self.end(down)
    }

    /// Hang up about a message that has no business in this state ([RFC 6608 §4]).
    ///
    /// [RFC 6608 §4]: https://www.rfc-editor.org/rfc/rfc6608#section-4
    pub(super) fn unexpected(&mut self, state: UnexpectedIn, kind: MessageType) -> State {
        self.close(Notification {
            code: ErrorCode::FiniteStateMachine,
            subcode: state as u8,
            data: Bytes::copy_from_slice(&[kind as u8]),
        })
    }

    /// Hang up because of an event that the RFC's table has no other answer to.
    pub(super) fn out_of_step(&mut self) -> State {
        self.close(Notification::new(ErrorCode::FiniteStateMachine, 0))
    }

    pub(super) fn hold_expired(&mut self) -> State {
        self.close(Notification::new(ErrorCode::HoldTimerExpired, 0))
    }

    pub(super) fn send(&mut self, message: Message) {
        self.outbox.push(message, self.dialect);
    }

    pub(super) fn send_open(&mut self) {
        self.send(Message::Open(self.local.open()));
    }

    pub(super) fn send_keepalive(&mut self) {
        self.send(Message::Keepalive);
        self.timers.restart_keepalive(self.now);
    }

    /// Judges the peer's OPEN: OpenConfirm, or the end.
    pub(super) fn opened(&mut self, open: Open, answer: Answer) -> State {
        let negotiated = match negotiate(self.local, open) {
            Ok(negotiated) => Arc::new(negotiated),
            Err(notification) => return self.close(notification),
        };
        *self.dialect = negotiated.dialect.clone();
        self.timers.agree(negotiated.hold_time, self.now);
        self.signals.push_back(Signal::Opened(negotiated.open.clone()));
        State::OpenConfirm(OpenConfirm::enter(negotiated, answer, self))
    }

    fn end(&mut self, down: Down) -> State {
        self.timers.clear();
        self.signals.push_back(Signal::Down(down));
        State::Closed
    }
}

/// The state that met a message it does not know what to do with: the subcodes of [RFC 6608 §3].
///
/// [RFC 6608 §3]: https://www.rfc-editor.org/rfc/rfc6608#section-3
#[derive(Clone, Copy, Debug)]
pub(super) enum UnexpectedIn {
    OpenSent = 1,
    OpenConfirm = 2,
    Established = 3,
}

/// The type octets of the message header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MessageType {
    Open = 1,
    Update = 2,
    Keepalive = 4,
    RouteRefresh = 5,
}

impl MessageType {
    /// Which message it was that could not be read; `None` where the header itself is to blame.
    pub(super) fn of(malformed: &Malformed) -> Option<Self> {
        match malformed.notification.as_ref()?.code {
            ErrorCode::OpenMessage => Some(Self::Open),
            ErrorCode::UpdateMessage => Some(Self::Update),
            ErrorCode::RouteRefreshMessage => Some(Self::RouteRefresh),
            ErrorCode::MessageHeader
            | ErrorCode::HoldTimerExpired
            | ErrorCode::FiniteStateMachine
            | ErrorCode::Cease
            | ErrorCode::SendHoldTimerExpired
            | ErrorCode::Other(_) => None,
        }
    }
}

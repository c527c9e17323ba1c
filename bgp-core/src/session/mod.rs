//! One TCP connection from OpenSent to Established ([RFC 4271 §8.2.2]). Not here: other connections,
//! what routes mean.
//!
//! The RFC's version: one machine of six states, fed with 28 events, that also makes the connection.
//! Ours: the three states that have a connection are a machine of their own, a type each; the other
//! three, and the choice between two connections, are [`peer`](crate::peer).
//!
//! [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
#![deny(clippy::wildcard_enum_match_arm)]

mod down;
mod established;
mod inbox;
mod local;
mod negotiate;
mod negotiated;
mod offers;
mod open_confirm;
mod open_delayed;
mod open_sent;
mod outbox;
mod signal;
mod state;
mod state_name;
mod tally;
#[cfg(test)]
mod tests;
mod timers;

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

pub use down::Down;
pub use local::{GracefulOffer, Local};
pub use negotiated::{Negotiated, PeerRestart};
pub use signal::Signal;
pub use state_name::StateName;
pub use tally::{Counters, Notifications, Tally};

use crate::wire::{self, Dialect, Message, Notification, RouteRefresh};
use crate::{Deadline, Instant, Timer};
use inbox::Inbox;
use open_delayed::OpenDelayed;
use open_sent::OpenSent;
use outbox::Outbox;
use state::{Answer, Context, Happening, State};
use timers::Timers;

/// One connection that speaks BGP.
///
/// Usable alone, as a collector or a test peer: hand it what arrives with [`receive`](Self::receive),
/// take what happened with [`poll_signal`](Self::poll_signal), write what
/// [`poll_transmit`](Self::poll_transmit) yields, and call [`handle_timeout`](Self::handle_timeout) when
/// [`poll_timeout`](Self::poll_timeout) says. Any number of inputs may precede a drain.
///
/// ```
/// use bgp_core::peer::PeerAsn;
/// use bgp_core::session::{Local, Session, Signal};
/// use bgp_core::{Asn, Instant, RouterId};
///
/// let now = Instant::ZERO;
/// let local = |id: u32| Local::new(Asn(64512), RouterId::from(id), PeerAsn::Internal);
/// let (mut one, mut other) = (Session::new(local(1), now), Session::new(local(2), now));
/// while let Some(octets) = one.poll_transmit() {
///     other.receive(&octets, now);
///     while let Some(octets) = other.poll_transmit() {
///         one.receive(&octets, now);
///     }
/// }
/// assert!(one.is_established() && other.is_established());
/// assert!(matches!(one.poll_signal(), Some(Signal::Opened(open)) if open.router_id == RouterId::from(2)));
/// ```
#[derive(Debug)]
pub struct Session {
    local: Local,
    dialect: Dialect,
    state: State,
    inbox: Inbox,
    outbox: Outbox,
    timers: Timers,
    signals: VecDeque<Signal>,
    received: Tally,
    now: Instant,
}

impl Session {
    /// A session on a connection that has just come up. Our OPEN waits to be pulled, unless
    /// [`Local::delay_open`] lets the peer speak first.
    #[must_use]
    pub fn new(local: Local, now: Instant) -> Self {
        let mut session = Self {
            dialect: local.dialect(),
            state: State::OpenDelayed(OpenDelayed { answer: Answer::AtOnce }),
            inbox: Inbox::default(),
            outbox: Outbox::default(),
            timers: Timers::new(local.seed, local.send_hold_time, now),
            signals: VecDeque::new(),
            received: Tally::default(),
            now,
            local,
        };
        if session.local.delay_open.is_zero() {
            session.state = State::OpenSent(OpenSent::enter(Answer::AtOnce, &mut session.context().1));
        } else {
            session.timers.start_delay_open(session.local.delay_open, now);
        }
        session
    }

    /// A session that never begins: all it says is why.
    pub(crate) fn refused(local: Local, reason: Notification, now: Instant) -> Self {
        let delay_open = Duration::MAX;
        let mut session = Self::new(Local { delay_open, ..local }, now);
        session.stop(reason, now);
        session
    }

    /// Octets arrived, split anywhere. Complete messages are handled at once, an incomplete one is kept.
    pub fn receive(&mut self, bytes: &[u8], now: Instant) {
        let mut rest = bytes;
        while !rest.is_empty() {
            self.receive_next(&mut rest, now);
        }
    }

    /// The same as far as the end of the next message, which is cut off the front of `bytes`, so that the caller can
    /// act on one before the next takes memory. A session that is over takes everything.
    pub fn receive_next(&mut self, bytes: &mut &[u8], now: Instant) {
        if self.is_closed() {
            *bytes = &[];
            return;
        }
        let happening = match self.inbox.next(bytes, self.dialect.receive_limit) {
            Ok(Some(frame)) => match wire::decode(&frame, &self.dialect) {
                Ok(message) => {
                    self.received.count(&message);
                    Happening::Message(message)
                }
                Err(malformed) => Happening::Malformed(malformed),
            },
            Ok(None) => return,
            Err(malformed) => Happening::Malformed(malformed),
        };
        self.happen(happening, now);
    }

    /// Ends the session with this NOTIFICATION.
    pub fn stop(&mut self, reason: Notification, now: Instant) {
        self.happen(Happening::Stop(reason), now);
    }

    /// The connection is gone, or is to go without a word.
    pub fn lost(&mut self, now: Instant) {
        self.happen(Happening::Lost, now);
    }

    /// Time has passed. Early or repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        while let Some(timer) = self.timers.expire(now) {
            let happening = match timer {
                Timer::DelayOpen => Happening::DelayOpenExpired,
                Timer::Hold => Happening::HoldExpired,
                Timer::Keepalive => Happening::KeepaliveExpired,
                Timer::SendHold => Happening::SendHoldExpired,
                Timer::Work
                | Timer::ConnectRetry
                | Timer::IdleHold
                | Timer::PrefixLimit
                | Timer::Collision
                | Timer::Restart
                | Timer::Stale => return,
            };
            self.happen(happening, now);
        }
    }

    /// The caller wrote `messages` UPDATEs of its own making after [`poll_transmit`](Self::poll_transmit)
    /// was empty: restarts the keepalive and send-hold timers ([RFC 4271 §8.2.2], RFC 9687).
    ///
    /// [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
    pub fn updated(&mut self, messages: u64, now: Instant) {
        if self.is_established() {
            self.now = now;
            self.outbox.updated(messages);
            self.timers.pulled(now);
            self.timers.restart_keepalive(now);
        }
    }

    /// Queues a ROUTE-REFRESH, where the session is Established and the peer understands it.
    pub fn refresh(&mut self, refresh: RouteRefresh, now: Instant) {
        self.now = now;
        let understood = self.negotiated().is_some_and(|agreed| agreed.understands(refresh));
        if self.is_established() && understood {
            self.outbox.push(Message::RouteRefresh(refresh), &self.dialect);
            self.timers.waiting(true);
        }
    }

    /// Until [`release`](Self::release), an OPEN is not answered by KEEPALIVE: another connection to the
    /// same peer contends ([RFC 4271 §6.8]).
    ///
    /// [RFC 4271 §6.8]: https://www.rfc-editor.org/rfc/rfc4271#section-6.8
    pub fn withhold(&mut self, now: Instant) {
        self.happen(Happening::Contended(Answer::Withheld), now);
    }

    /// No other connection contends any more.
    pub fn release(&mut self, now: Instant) {
        self.happen(Happening::Contended(Answer::AtOnce), now);
    }

    /// What happened next.
    pub fn poll_signal(&mut self) -> Option<Signal> {
        self.signals.pop_front()
    }

    /// The next whole message to write: OPEN, KEEPALIVE, ROUTE-REFRESH, NOTIFICATION. UPDATEs are the
    /// caller's, once this is empty.
    pub fn poll_transmit(&mut self) -> Option<Bytes> {
        let octets = self.outbox.pull()?;
        self.timers.pulled(self.now);
        self.timers.waiting(!self.outbox.is_empty());
        Some(octets)
    }

    /// When to call [`handle_timeout`](Self::handle_timeout).
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        self.timers.next()
    }

    /// Whether [`poll_transmit`](Self::poll_transmit) would yield something.
    #[must_use]
    pub fn is_ready(&self) -> bool {
        !self.outbox.is_empty()
    }

    /// Whether routes flow.
    #[must_use]
    pub const fn is_established(&self) -> bool {
        matches!(self.state, State::Established(_))
    }

    /// Whether it is over.
    #[must_use]
    pub const fn is_closed(&self) -> bool {
        matches!(self.state, State::Closed)
    }

    /// The RFC's name of the state; a session that is over is Idle.
    #[must_use]
    pub const fn state(&self) -> StateName {
        self.state.name()
    }

    /// What was agreed, from OpenConfirm on.
    #[must_use]
    pub const fn negotiated(&self) -> Option<&Arc<Negotiated>> {
        self.state.negotiated()
    }

    /// Messages of both directions.
    #[must_use]
    pub const fn counters(&self) -> Counters {
        Counters { received: self.received, sent: self.outbox.sent() }
    }

    /// The timers that run.
    pub fn timers(&self) -> impl Iterator<Item = Deadline> {
        self.timers.running()
    }

    fn happen(&mut self, happening: Happening, now: Instant) {
        self.now = now;
        let (state, mut context) = self.context();
        let next = std::mem::replace(state, State::Closed).on(happening, &mut context);
        *state = next;
        self.timers.waiting(!self.outbox.is_empty());
    }

    /// The state beside everything it may touch.
    fn context(&mut self) -> (&mut State, Context<'_>) {
        let context = Context {
            local: &self.local,
            dialect: &mut self.dialect,
            timers: &mut self.timers,
            outbox: &mut self.outbox,
            signals: &mut self.signals,
            now: self.now,
        };
        (&mut self.state, context)
    }
}

//! The timers of one session, as deadlines: DelayOpen, Hold, Keepalive, SendHold.

use std::time::Duration;

use crate::{Chance, Deadline, Instant, Timer};

/// Which timers run, and until when. Only the state that needs a timer starts it.
#[derive(Debug)]
pub(super) struct Timers {
    delay_open: Option<Instant>,
    hold: Option<Instant>,
    hold_time: Duration,
    /// As configured; `None` for what RFC 9687 suggests.
    send_hold_time: Option<Duration>,
    keepalive: Option<Instant>,
    pulled: Instant,
    sending: Sending,
    chance: Chance,
}

/// Whether the peer's appetite is watched, and whether there is something it could take.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sending {
    Unwatched,
    Nothing,
    Something,
}

impl Timers {
    pub(super) const fn new(seed: u64, send_hold_time: Option<Duration>, now: Instant) -> Self {
        Self {
            delay_open: None,
            hold: None,
            hold_time: Duration::ZERO,
            send_hold_time,
            keepalive: None,
            pulled: now,
            sending: Sending::Unwatched,
            chance: Chance::new(seed),
        }
    }

    pub(super) fn start_delay_open(&mut self, delay: Duration, now: Instant) {
        self.delay_open = Some(now + delay);
    }

    /// The peer has four minutes for its OPEN, as [RFC 4271 §8.2.2] suggests.
    ///
    /// [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
    pub(super) fn await_open(&mut self, now: Instant) {
        self.delay_open = None;
        self.hold = Some(now + LARGE_HOLD_TIME);
    }

    /// From now on the agreed hold time counts; zero stops the timer.
    pub(super) fn agree(&mut self, hold_time: u16, now: Instant) {
        self.delay_open = None;
        self.hold_time = Duration::from_secs(hold_time.into());
        self.hold = None;
        self.restart_hold(now);
    }

    pub(super) fn restart_hold(&mut self, now: Instant) {
        if !self.hold_time.is_zero() {
            self.hold = Some(now + self.hold_time);
        }
    }

    /// A third of the hold time, shortened at random ([RFC 4271 §4.4, §10]), and moved to a whole second where
    /// one is near and not beyond those bounds: an idle speaker wakes once for all sessions whose second it is.
    ///
    /// [RFC 4271 §4.4, §10]: https://www.rfc-editor.org/rfc/rfc4271#section-4.4
    pub(super) fn restart_keepalive(&mut self, now: Instant) {
        if self.hold_time.is_zero() {
            return;
        }
        let third = self.hold_time / 3;
        let at = now + self.chance.jitter(third);
        let bounds = now + third * 3 / 4..=now + third;
        let second = at.whole_second();
        let whole = [second, second + SECOND].into_iter().find(|whole| bounds.contains(whole));
        self.keepalive = Some(whole.unwrap_or(at));
    }

    /// Established: the send-hold timer counts from here, unless there is no hold time.
    pub(super) fn watch_sending(&mut self, now: Instant) {
        if !self.hold_time.is_zero() {
            self.sending = Sending::Nothing;
            self.pulled = now;
        }
    }

    /// Tells whether something waits to be pulled.
    pub(super) fn waiting(&mut self, something: bool) {
        self.sending = match (self.sending, something) {
            (Sending::Unwatched, _) => Sending::Unwatched,
            (Sending::Nothing | Sending::Something, true) => Sending::Something,
            (Sending::Nothing | Sending::Something, false) => Sending::Nothing,
        };
    }

    /// Something was pulled: the peer takes what we have.
    pub(super) const fn pulled(&mut self, now: Instant) {
        self.pulled = now;
    }

    /// Stops everything.
    pub(super) fn clear(&mut self) {
        self.delay_open = None;
        self.hold = None;
        self.keepalive = None;
        self.sending = Sending::Unwatched;
    }

    /// Those that run.
    pub(super) fn running(&self) -> impl Iterator<Item = Deadline> {
        let running = [
            (self.delay_open, Timer::DelayOpen),
            (self.hold, Timer::Hold),
            (self.keepalive, Timer::Keepalive),
            (self.send_hold(), Timer::SendHold),
        ];
        running.into_iter().filter_map(|(at, timer)| at.map(|at| Deadline { at, timer }))
    }

    /// The earliest deadline.
    pub(super) fn next(&self) -> Option<Deadline> {
        self.running().min()
    }

    /// The earliest timer that has expired; it is stopped by being told.
    pub(super) fn expire(&mut self, now: Instant) -> Option<Timer> {
        let Deadline { timer, .. } = self.next().filter(|deadline| deadline.at <= now)?;
        match timer {
            Timer::DelayOpen => self.delay_open = None,
            Timer::Hold => self.hold = None,
            Timer::Keepalive => self.keepalive = None,
            Timer::SendHold => self.sending = Sending::Unwatched,
            Timer::Work
            | Timer::ConnectRetry
            | Timer::IdleHold
            | Timer::PrefixLimit
            | Timer::Collision
            | Timer::Restart
            | Timer::Stale => {}
        }
        Some(timer)
    }

    /// RFC 9687 restarts the timer with every message sent. Here a message counts as sent when it is
    /// pulled, and the timer counts only while one waits.
    fn send_hold(&self) -> Option<Instant> {
        let usual = || LEAST_SEND_HOLD_TIME.max(self.hold_time * 2);
        match self.sending {
            Sending::Something => Some(self.pulled + self.send_hold_time.unwrap_or_else(usual)),
            Sending::Unwatched | Sending::Nothing => None,
        }
    }
}

const SECOND: Duration = Duration::from_secs(1);
const LARGE_HOLD_TIME: Duration = Duration::from_secs(240);
const LEAST_SEND_HOLD_TIME: Duration = Duration::from_secs(480);

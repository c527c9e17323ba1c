//! One prefix of ours: the wish, the operation on its way; beside it, the refusal it may live with.

use std::mem;
use std::time::Duration;

use crate::pool::Id;
use crate::{Instant, Refused};

/// Where one prefix stands. There are as many as routes: eight octets each.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Row {
    /// What is wished, brought into the form of [`settled`](super::wish::settled).
    pub(super) wish: Option<Id>,
    /// The one operation that waits for an answer.
    pub(super) flight: Option<Flight>,
    /// The kernel said yes to the wish and nothing disturbed the route since. Saves comparing, and keeps a form
    /// that the kernel writes differently from being written again and again.
    pub(super) fulfilled: bool,
    /// It is in the queue of those to look at.
    pub(super) queued: bool,
    /// Somebody else changed what stood as wished.
    pub(super) undone: bool,
}

const _: () = assert!(size_of::<Row>() <= 8);

impl Row {
    /// Takes another wish and gives the one that was.
    pub(super) fn want(&mut self, wish: Option<Id>) -> Option<Id> {
        if self.wish != wish {
            self.outdate();
        }
        mem::replace(&mut self.wish, wish)
    }

    /// Whether it enters the queue: not from there, nor while in flight.
    pub(super) const fn enqueue(&mut self) -> bool {
        let enters = !self.queued && self.flight.is_none();
        self.queued |= enters;
        enters
    }

    /// What is there or on its way is not what is wished now.
    pub(super) fn outdate(&mut self) {
        self.fulfilled = false;
        self.undone = false;
        if self.flight == Some(Flight::Fulfils) {
            self.flight = Some(Flight::Outdated);
        }
    }
}

/// An operation on its way, by what its answer will mean.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flight {
    /// Yes fulfils the wish.
    Fulfils,
    /// It writes what is no longer wished.
    Outdated,
    /// It removes a route of ours.
    Removes,
}

/// A refusal and when to try again.
#[derive(Debug)]
pub(super) struct Trouble {
    pub(super) refused: Refused,
    pub(super) retry: Instant,
    /// The first refusal in a row, whatever its reason.
    pub(super) since: Instant,
    /// Refusals in a row.
    pub(super) times: u32,
    pause: Duration,
}

impl Trouble {
    /// The next refusal in a row, or the first.
    pub(super) fn next(before: Option<&Self>, refused: Refused, now: Instant) -> Self {
        let pause = longer_pause(before.map_or(Duration::ZERO, |trouble| trouble.pause));
        let since = before.map_or(now, |trouble| trouble.since);
        let times = before.map_or(1, |trouble| trouble.times.saturating_add(1));
        Self { refused, retry: now + pause, since, times, pause }
    }

    /// One that ends with a pause.
    pub(super) const fn until(retry: Instant, refused: Refused, since: Instant, times: u32) -> Self {
        Self { refused, retry, since, times, pause: Duration::ZERO }
    }
}

/// The pause that follows upon one.
pub(in crate::reconcile) fn longer_pause(pause: Duration) -> Duration {
    pause.saturating_mul(2).clamp(FIRST_PAUSE, LONGEST_PAUSE)
}

const FIRST_PAUSE: Duration = Duration::from_millis(250);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

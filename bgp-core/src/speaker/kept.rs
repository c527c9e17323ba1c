//! A family whose routes outlive the session they came by: until when, and what ends it.
//!
//! Pure: what it says is done by [`keep`](super::keep), which knows the RIB.

use std::time::Duration;

use crate::session::{Down, Negotiated, PeerRestart};
use crate::wire::LongLivedFamily;
use crate::{Family, Instant};

/// How long a peer that is there may take to tell its routes again: the upper bound that
/// [RFC 8538 §4.1](https://www.rfc-editor.org/rfc/rfc8538#section-4.1) asks for, with its default.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// How far the peer has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Phase {
    /// It is gone, and its restart time runs.
    Gone,
    /// It is back, and tells its routes again.
    Back,
    /// It was gone for longer than that. Whether it is back by now or not, what it has not told again is
    /// least preferred ([RFC 9494 §4.2](https://www.rfc-editor.org/rfc/rfc9494#section-4.2)).
    LongGone,
    /// It was the last of its kind, and nobody else tells these routes: see [`headless`](super::headless).
    Frozen,
}

/// A family kept over the loss of a session ([RFC 4724 §4.2]).
///
/// [RFC 4724 §4.2]: https://www.rfc-editor.org/rfc/rfc4724#section-4.2
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    phase: Phase,
    /// When the session ended.
    lost: Instant,
    until: Instant,
    /// For how long after its restart time; zero where that is the end.
    stale_time: Duration,
    /// A session lost from here on no longer spares what an earlier one left unconfirmed.
    bound: Instant,
}

impl Kept {
    /// What is kept of a family of a session that ended, where `earlier` was kept of it already; `None`
    /// where nothing is.
    pub(super) fn over(
        session: &Negotiated,
        family: Family,
        earlier: Option<Self>,
        down: &Down,
        now: Instant,
    ) -> Option<Self> {
        let restart = session.restart.as_ref().filter(|restart| is_graceful(restart, down))?;
        let earlier = match earlier {
            // One timer a family, which only the end of its routes ends: RFC 9494 §4.2.
            Some(Self { phase: Phase::LongGone, .. }) => return earlier,
            Some(Self { phase: Phase::Gone | Phase::Back, .. }) => earlier,
            Some(Self { phase: Phase::Frozen, .. }) | None => None,
        };
        let (restart_time, stale_time) = (restart_time(restart, family), stale_time(restart, family));
        let until = now + restart_time;
        let bound = earlier.map_or(until + stale_time + PATIENCE, |earlier| earlier.bound);
        let gone = Self { phase: Phase::Gone, lost: now, until, stale_time, bound };
        if restart_time.is_zero() { gone.expire() } else { Some(gone) }
    }

    /// What was kept since `lost`, or would have been, is kept for `age` all the same.
    pub(super) fn frozen(lost: Instant, age: Duration) -> Self {
        let until = lost + age;
        Self { phase: Phase::Frozen, lost, until, stale_time: Duration::ZERO, bound: until }
    }

    /// Whether a session that ended takes along what it left unconfirmed: to put an end to consecutive
    /// restarts, which the N bit ([RFC 8538 §4.1]) and a long-lived stale time ([RFC 9494 §4.2]) put off.
    ///
    /// [RFC 8538 §4.1]: https://www.rfc-editor.org/rfc/rfc8538#section-4.1
    /// [RFC 9494 §4.2]: https://www.rfc-editor.org/rfc/rfc9494#section-4.2
    pub(super) fn is_exhausted(&self, session: &Negotiated, now: Instant) -> bool {
        let lenient = session.restart.as_ref().is_some_and(|restart| restart.notification);
        let spares = lenient || !self.stale_time.is_zero();
        match self.phase {
            Phase::Gone | Phase::Back => !spares || self.bound <= now,
            Phase::LongGone | Phase::Frozen => false,
        }
    }

    /// The peer is back: what is left to wait for, or nothing where it did not preserve the family.
    pub(super) fn resume(self, session: &Negotiated, family: Family, now: Instant) -> Option<Self> {
        if !session.families().contains(&family) {
            return None;
        }
        let restart = session.restart.as_ref();
        match self.phase {
            Phase::Gone | Phase::Back => restart
                .is_some_and(|restart| preserves(restart, family))
                .then_some(Self { phase: Phase::Back, until: now + PATIENCE, ..self }),
            Phase::LongGone => {
                restart.is_some_and(|restart| preserves_long_lived(restart, family)).then_some(self)
            }
            // It promised nothing, and has its time to say what there is.
            Phase::Frozen => Some(Self { until: now + PATIENCE, ..self }),
        }
    }

    /// The wait is over: what comes after it, if anything.
    pub(super) fn expire(self) -> Option<Self> {
        let may_grow_old = self.phase == Phase::Gone && !self.stale_time.is_zero();
        let until = self.until + self.stale_time;
        may_grow_old.then_some(Self { phase: Phase::LongGone, until, ..self })
    }

    /// When the wait is over.
    pub(super) const fn until(&self) -> Instant {
        self.until
    }

    /// When the session ended.
    pub(super) const fn lost(&self) -> Instant {
        self.lost
    }

    /// Whether it is kept because nobody else tells it.
    pub(super) fn is_frozen(&self) -> bool {
        self.phase == Phase::Frozen
    }

    /// Whether what was not told again is long-lived stale.
    pub(super) fn is_long_lived(&self) -> bool {
        self.phase == Phase::LongGone
    }
}

/// Whether a session that ended like this is expected back soon: always where its connection was lost,
/// after a NOTIFICATION of either side only where both know that it can be meant so ([RFC 8538 §4]).
///
/// [RFC 8538 §4]: https://www.rfc-editor.org/rfc/rfc8538#section-4
fn is_graceful(restart: &PeerRestart, down: &Down) -> bool {
    match down {
        Down::Lost => true,
        Down::Sent(notification) | Down::Received(notification) => {
            restart.notification && !notification.is_hard_reset()
        }
        Down::Malformed(_) => restart.notification,
    }
}

/// F of graceful restart.
fn preserves(restart: &PeerRestart, family: Family) -> bool {
    restart.families.iter().any(|one| one.family == family && one.forwarding_preserved)
}

/// F of the long-lived kind, where we both announced it.
fn preserves_long_lived(restart: &PeerRestart, family: Family) -> bool {
    let listed = |one: &LongLivedFamily| one.family == family && one.forwarding_preserved;
    restart.long_lived_by_both && restart.long_lived.iter().any(listed)
}

/// For how long the peer said to be away at most; zero where it did not list the family.
fn restart_time(restart: &PeerRestart, family: Family) -> Duration {
    let promised = restart.families.iter().any(|one| one.family == family);
    Duration::from_secs(if promised { restart.restart_time.into() } else { 0 })
}

/// For how long after that its routes may be kept; zero where we did not both announce it.
fn stale_time(restart: &PeerRestart, family: Family) -> Duration {
    let promised = restart.long_lived.iter().find(|one| one.family == family);
    let promised = promised.filter(|_| restart.long_lived_by_both);
    Duration::from_secs(promised.map_or(0, |one| one.stale_time.into()))
}

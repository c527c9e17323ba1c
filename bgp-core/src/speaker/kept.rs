//! A family whose routes outlive the session they came by: until when, and what ends it.
//!
//! Pure: what it says is done by [`keep`](super::keep), which knows the RIB.

use std::time::Duration;

use crate::session::{Down, Negotiated, PeerRestart};
use crate::{Family, Instant};

/// How long a peer that is there may take to tell its routes again: the upper bound that
/// [RFC 8538 §4.1](https://www.rfc-editor.org/rfc/rfc8538#section-4.1) asks for, with its default.
pub(super) const PATIENCE: Duration = Duration::from_secs(180);

/// A family kept over the loss of a session ([RFC 4724 §4.2]).
///
/// [RFC 4724 §4.2]: https://www.rfc-editor.org/rfc/rfc4724#section-4.2
#[derive(Clone, Copy, Debug)]
pub(super) struct Kept {
    until: Instant,
    /// A session lost from here on no longer spares what an earlier one left unconfirmed.
    bound: Instant,
}

impl Kept {
    /// What is kept of a family of a session that ended, where `earlier` was kept of it already; `None`
    /// where nothing is.
    pub(super) fn over(
        session: &Negotiated,
        family: Family,
        earlier: Option<&Self>,
        down: &Down,
        now: Instant,
    ) -> Option<Self> {
        let restart = session.restart.as_ref().filter(|restart| is_graceful(restart, down))?;
        let time = restart_time(restart, family);
        let bound = earlier.map_or(now + time + PATIENCE, |earlier| earlier.bound);
        (!time.is_zero()).then_some(Self { until: now + time, bound })
    }

    /// Whether a session that ended takes along what it left unconfirmed: to put an end to consecutive
    /// restarts, which the N bit puts off ([RFC 8538 §4.1]).
    ///
    /// [RFC 8538 §4.1]: https://www.rfc-editor.org/rfc/rfc8538#section-4.1
    pub(super) fn is_exhausted(&self, session: &Negotiated, now: Instant) -> bool {
        let spares = session.restart.as_ref().is_some_and(|restart| restart.notification);
        !spares || self.bound <= now
    }

    /// The peer is back: what is left to wait for, or nothing where it did not preserve the family.
    pub(super) fn resume(self, session: &Negotiated, family: Family, now: Instant) -> Option<Self> {
        let restart = session.restart.as_ref().filter(|_| session.families().contains(&family))?;
        let preserved = restart.families.iter().any(|one| one.family == family && one.forwarding_preserved);
        preserved.then_some(Self { until: now + PATIENCE, ..self })
    }

    /// When the wait is over.
    pub(super) const fn until(&self) -> Instant {
        self.until
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

/// For how long the peer promised to be away at most; zero where it did not promise anything.
fn restart_time(restart: &PeerRestart, family: Family) -> Duration {
    let promised = restart.families.iter().any(|one| one.family == family);
    Duration::from_secs(if promised { restart.restart_time.into() } else { 0 })
}

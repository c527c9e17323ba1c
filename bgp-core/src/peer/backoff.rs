//! How long to wait after a session or an attempt has failed.
//!
//! The RFC's version: every error leads to Idle, and "peer oscillation damping" is outside its scope.
//! Ours: the first failure after a stable session costs a second, during which the peer may call us; from
//! the second on the peer is Idle, turned away, for a time that doubles up to a bound. But a peer that
//! restarts gracefully ([RFC 4724 §4.2]) is let in whenever it calls: we keep its routes, and it may have
//! no more time to hear ours than we would turn it away for.
//!
//! [RFC 4724 §4.2]: https://www.rfc-editor.org/rfc/rfc4724#section-4.2

use std::time::Duration;

use crate::{Chance, Instant};

/// What a failure costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Penalty {
    /// Dial again then; listen meanwhile.
    Redial(Instant),
    /// Neither dial nor listen until then.
    Idle(Instant),
}

/// A session, or an attempt at one, that failed.
#[derive(Clone, Copy, Debug)]
pub(super) struct Failed {
    /// For how long it had been Established.
    pub(super) lifetime: Duration,
    /// Its connection was lost, and the peer had promised to be back.
    pub(super) is_restart: bool,
}

/// The memory of recent failures.
#[derive(Debug)]
pub(super) struct Backoff {
    failures: u32,
    chance: Chance,
}

impl Backoff {
    pub(super) const fn new(seed: u64) -> Self {
        Self { failures: 0, chance: Chance::new(seed) }
    }

    /// All is forgiven: an operator's word, or a session that proved stable.
    pub(super) const fn forgive(&mut self) {
        self.failures = 0;
    }

    /// What a failure costs.
    pub(super) fn failed(&mut self, failed: Failed, now: Instant) -> Penalty {
        if failed.lifetime >= STABLE {
            self.forgive();
        }
        let pause = (FIRST * 2_u32.saturating_pow(self.failures)).min(LONGEST);
        let until = now + self.chance.jitter(pause);
        self.failures = self.failures.saturating_add(1).min(MOST_DOUBLINGS);
        let may_call = failed.is_restart || self.failures == 1;
        if may_call { Penalty::Redial(until) } else { Penalty::Idle(until) }
    }

    /// ConnectRetryTimer with its jitter ([RFC 4271 §10](https://www.rfc-editor.org/rfc/rfc4271#section-10)).
    pub(super) fn retry(&mut self, interval: Duration, now: Instant) -> Instant {
        now + self.chance.jitter(interval.max(SHORTEST_RETRY))
    }

    pub(super) fn seed(&mut self) -> u64 {
        self.chance.draw()
    }
}

const FIRST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(120);
const MOST_DOUBLINGS: u32 = 8;
const STABLE: Duration = Duration::from_secs(60);
const SHORTEST_RETRY: Duration = Duration::from_millis(100);

#[cfg(test)]
mod tests {
    use super::*;

    fn pause(penalty: Penalty) -> Duration {
        match penalty {
            Penalty::Redial(until) | Penalty::Idle(until) => until.since(Instant::ZERO),
        }
    }

    fn after(seconds: u64) -> Failed {
        Failed { lifetime: Duration::from_secs(seconds), is_restart: false }
    }

    #[test]
    fn repeated_failures_wait_twice_as_long_up_to_a_bound() {
        let mut backoff = Backoff::new(1);
        for expected in [1, 2, 4, 8, 16, 32, 64, 120, 120, 120] {
            let pause = pause(backoff.failed(after(0), Instant::ZERO));
            let full = Duration::from_secs(expected);
            assert!(pause <= full && pause >= full * 3 / 4, "{pause:?} is not about {full:?}");
        }
    }

    #[test]
    fn only_the_first_failure_leaves_the_door_open() {
        let mut backoff = Backoff::new(1);
        assert!(matches!(backoff.failed(after(0), Instant::ZERO), Penalty::Redial(_)));
        assert!(matches!(backoff.failed(after(0), Instant::ZERO), Penalty::Idle(_)));
    }

    #[test]
    fn a_stable_session_is_forgiven_what_came_before() {
        let mut backoff = Backoff::new(1);
        for _ in 0..5 {
            backoff.failed(after(59), Instant::ZERO);
        }
        assert!(matches!(backoff.failed(after(60), Instant::ZERO), Penalty::Redial(_)));
    }
}

//! Leaving for good: peers are asked to send their traffic another way, and have time to do so.
//!
//! The RFC's version: routes are told again with GRACEFUL_SHUTDOWN, and the sessions end when peers have had
//! time to converge ([RFC 8326 §4.2]).
//! Ours: that time begins when everybody has been told, and ends in any case with the operator's limit.
//!
//! [RFC 8326 §4.2]: https://www.rfc-editor.org/rfc/rfc8326#section-4.2

use std::time::{Duration, SystemTime};

use tokio::sync::watch;
use tokio::time::{Instant, sleep_until};

use crate::control::Draining;

/// How long traffic has to move, once everybody has been told: what was told has to be read, passed on by
/// reflectors, decided and written to kernels.
pub(crate) const LINGER: Duration = Duration::from_secs(5);

/// A drain that is under way.
#[derive(Debug)]
pub(crate) struct Drain {
    /// Which one since the start, the first being 1.
    number: u64,
    since: SystemTime,
    /// When it ends at the latest.
    until: Instant,
    /// Everybody has been told.
    told: bool,
    /// The last one of which that is so.
    heard: watch::Receiver<u64>,
}

/// What happens in a drain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Everybody has been told.
    Told,
    /// It is time to go.
    Over,
}

impl Drain {
    /// The drain of this number begins, and may take that long.
    pub(crate) fn begin(number: u64, limit: Duration, heard: watch::Receiver<u64>) -> Self {
        Self { number, since: SystemTime::now(), until: after(limit), told: false, heard }
    }

    /// Sets another limit, from now on.
    pub(crate) fn limit(&mut self, limit: Duration) {
        let limit = if self.told { limit.min(LINGER) } else { limit };
        self.until = after(limit);
    }

    /// What happens next.
    pub(crate) async fn next(&mut self) -> Step {
        tokio::select! {
            biased;
            Ok(_) = self.heard.wait_for(|told| *told >= self.number), if !self.told => {
                self.told = true;
                self.until = self.until.min(after(LINGER));
                Step::Told
            }
            () = sleep_until(self.until) => Step::Over,
        }
    }

    /// Whether everybody has been told.
    pub(crate) const fn is_told(&self) -> bool {
        self.told
    }

    /// What is said about it.
    pub(crate) const fn picture(&self) -> Draining {
        Draining { since: self.since, until: self.until, told: self.told }
    }
}

/// What happens next in a drain, if there is one.
pub(crate) async fn next(drain: &mut Option<Drain>) -> Step {
    match drain {
        Some(drain) => drain.next().await,
        None => std::future::pending().await,
    }
}

/// More than anybody waits.
const A_YEAR: Duration = Duration::from_secs(365 * 86_400);

/// A limit may be longer than clocks can tell.
fn after(limit: Duration) -> Instant {
    let now = Instant::now();
    now.checked_add(limit).unwrap_or_else(|| now + A_YEAR)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIMIT: Duration = Duration::from_secs(600);

    /// The second drain of a life, and who says which was told.
    fn drain(limit: Duration) -> (watch::Sender<u64>, Drain) {
        let (teller, heard) = watch::channel(1);
        (teller, Drain::begin(2, limit, heard))
    }

    #[tokio::test]
    async fn once_everybody_has_been_told_traffic_has_time_to_move() {
        let (teller, mut drain) = drain(LIMIT);
        teller.send_replace(2);
        assert_eq!(drain.next().await, Step::Told);
        assert!(drain.is_told() && drain.until <= Instant::now() + LINGER);
        drain.limit(LIMIT);
        assert!(drain.until <= Instant::now() + LINGER, "no limit makes it longer");
    }

    #[tokio::test]
    async fn what_was_said_of_an_earlier_one_does_not_count_and_the_limit_does() {
        let (_teller, mut drain) = drain(Duration::ZERO);
        assert_eq!(drain.next().await, Step::Over);
        assert!(!drain.is_told());
    }

    #[tokio::test]
    async fn another_limit_counts_from_when_it_was_set() {
        let (teller, mut drain) = drain(Duration::ZERO);
        drain.limit(LIMIT);
        teller.send_replace(2);
        assert_eq!(drain.next().await, Step::Told, "not over yet");
        drain.limit(Duration::ZERO);
        assert_eq!(drain.next().await, Step::Over);
    }
}

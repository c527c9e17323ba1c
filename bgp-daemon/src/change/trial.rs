//! A change that is in force until somebody confirms it or time is up.

use std::time::Duration;

use tokio::time::{Instant, sleep_until};

use super::draft::Draft;

/// A change to be confirmed.
#[derive(Debug)]
pub(crate) struct Trial {
    until: Instant,
    pub(crate) draft: Draft,
}

/// Between two attempts to end a trial.
const PAUSE: Duration = Duration::from_secs(1);

/// Longer than anybody tries anything.
pub(crate) const LONGEST: Duration = Duration::from_secs(7 * 86_400);

impl Trial {
    /// `draft` is in force for as long as `limit`.
    pub(crate) fn begin(draft: Draft, limit: Duration) -> Self {
        Self { until: Instant::now() + limit.min(LONGEST), draft }
    }

    /// It could not be ended; it is to be tried again in a moment.
    pub(crate) fn put_off(&mut self) {
        self.until = Instant::now() + PAUSE;
    }

    /// When it ends.
    pub(crate) const fn until(&self) -> Instant {
        self.until
    }
}

/// Resolves when the trial, if there is one, has gone on for long enough.
pub(crate) async fn expiry(trial: Option<&Trial>) {
    match trial {
        Some(trial) => sleep_until(trial.until).await,
        None => std::future::pending().await,
    }
}

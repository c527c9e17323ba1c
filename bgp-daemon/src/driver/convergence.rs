//! How long news take: from the socket they were read from until they are decided, wished of the kernel, and handed to
//! every peer that reads.
//!
//! It is sampled. Changes coalesce, so no message answers one UPDATE; what has a beginning and an end is a batch. A
//! sample begins when octets arrive that change a best path while no other sample is under way, and reaches each stage
//! at the end of the first turn in which nothing is left to be done there, whoever's news that was. So under load a sample
//! stands for all that came meanwhile, and costs a comparison for each arrival.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use bgp_core::Instant;
use fib_sync::Histogram;

/// How far news have come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Stage {
    /// Every prefix that was touched is decided.
    Decided,
    /// Every wish has been handed to whoever keeps the kernel's table.
    Wished,
    /// Nothing is left to be said to a peer whose socket takes it.
    Sent,
}

impl Stage {
    /// All of them, in the order in which they are reached.
    pub(crate) const ALL: [Self; 3] = [Self::Decided, Self::Wished, Self::Sent];

    /// Its name.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Decided => "decided",
            Self::Wished => "wished",
            Self::Sent => "sent",
        }
    }
}

/// How long samples took to each stage, written by the speaker's thread and read by any other.
#[derive(Debug, Default)]
pub(crate) struct Convergence([Times; Stage::ALL.len()]);

#[derive(Debug, Default)]
struct Times {
    counts: [AtomicU64; Histogram::BOUNDS.len() + 1],
    micros: AtomicU64,
}

impl Convergence {
    fn record(&self, stage: Stage, took: Duration) {
        let Times { counts, micros } = &self.0[stage as usize];
        let slot = Histogram::BOUNDS.partition_point(|bound| *bound < took);
        counts[slot].fetch_add(1, Ordering::Relaxed);
        micros.fetch_add(u64::try_from(took.as_micros()).unwrap_or(u64::MAX), Ordering::Relaxed);
    }

    /// How many samples took how long to a stage, and all of them added up: bounds, the last without an end, and counts.
    pub(crate) fn of(&self, stage: Stage) -> (impl Iterator<Item = (Option<Duration>, u64)>, Duration) {
        let Times { counts, micros } = &self.0[stage as usize];
        let bounds = Histogram::BOUNDS.into_iter().map(Some).chain([None]);
        let counts = counts.iter().map(|count| count.load(Ordering::Relaxed));
        (bounds.zip(counts), Duration::from_micros(micros.load(Ordering::Relaxed)))
    }
}

/// The sample that is under way, if any.
#[derive(Debug, Default)]
pub(super) struct Sample(Option<UnderWay>);

#[derive(Debug)]
struct UnderWay {
    began: Instant,
    /// Stages not reached yet.
    left: Vec<Stage>,
}

impl Sample {
    /// News came at `at`.
    pub(super) fn begin(&mut self, at: Instant) {
        self.0.get_or_insert_with(|| UnderWay { began: at, left: Stage::ALL.to_vec() });
    }

    /// Whether there is one.
    pub(super) const fn is_under_way(&self) -> bool {
        self.0.is_some()
    }

    /// Nothing is left to be done at `stage`. A later one counts only after the decision.
    pub(super) fn reach(&mut self, stage: Stage, into: &Convergence, now: Instant) {
        let Some(UnderWay { began, left }) = &mut self.0 else { return };
        if stage != Stage::Decided && left.contains(&Stage::Decided) {
            return;
        }
        if let Some(place) = left.iter().position(|one| *one == stage) {
            left.swap_remove(place);
            into.record(stage, now.since(*began));
        }
        if left.is_empty() {
            self.0 = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn count(convergence: &Convergence, stage: Stage) -> u64 {
        convergence.of(stage).0.map(|(_, count)| count).sum()
    }

    #[test]
    fn a_sample_reaches_each_stage_once_and_then_another_may_begin() {
        let (convergence, mut sample) = (Convergence::default(), Sample::default());
        let at = |millis| Instant::ZERO + Duration::from_millis(millis);
        sample.begin(at(10));
        sample.reach(Stage::Sent, &convergence, at(11));
        assert_eq!(count(&convergence, Stage::Sent), 0, "nothing has been decided yet");
        sample.begin(at(12));
        sample.reach(Stage::Decided, &convergence, at(13));
        sample.reach(Stage::Decided, &convergence, at(14));
        sample.reach(Stage::Wished, &convergence, at(14));
        assert!(sample.is_under_way());
        sample.reach(Stage::Sent, &convergence, at(20));
        assert!(!sample.is_under_way());
        assert_eq!(Stage::ALL.map(|stage| count(&convergence, stage)), [1, 1, 1]);
        assert_eq!(convergence.of(Stage::Decided).1, Duration::from_millis(3), "from the first arrival");
        let late = convergence.of(Stage::Sent).0.find(|(_, count)| *count > 0);
        assert_eq!(late, Some((Some(Duration::from_millis(10)), 1)));
    }

    #[test]
    fn what_takes_longer_than_any_bound_is_counted_too() {
        let convergence = Convergence::default();
        convergence.record(Stage::Sent, Duration::from_secs(3600));
        assert_eq!(convergence.of(Stage::Sent).0.last(), Some((None, 1)));
    }
}

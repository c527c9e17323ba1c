//! A histogram of durations between fixed bounds, from what the kernel needs for one batch to what only a
//! stall explains. Recording allocates nothing.

use std::time::Duration;

/// How often durations fell between two of [`Histogram::BOUNDS`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Histogram {
    counts: [u64; SLOTS],
    sum: Duration,
}

const SLOTS: usize = Histogram::BOUNDS.len() + 1;

impl Histogram {
    /// Upper bounds, each included, in ascending order. What is longer than the last is counted beyond it.
    pub const BOUNDS: [Duration; 18] = [
        Duration::from_micros(100),
        Duration::from_micros(250),
        Duration::from_micros(500),
        Duration::from_millis(1),
        Duration::from_micros(2_500),
        Duration::from_millis(5),
        Duration::from_millis(10),
        Duration::from_millis(25),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(250),
        Duration::from_millis(500),
        Duration::from_secs(1),
        Duration::from_millis(2_500),
        Duration::from_secs(5),
        Duration::from_secs(10),
        Duration::from_secs(30),
        Duration::from_secs(60),
    ];

    /// Counts one duration.
    pub(crate) fn record(&mut self, took: Duration) {
        let slot = Self::BOUNDS.partition_point(|bound| *bound < took);
        if let Some(count) = self.counts.get_mut(slot) {
            *count += 1;
        }
        self.sum = self.sum.saturating_add(took);
    }

    /// How many fell below each bound and above the one before; `None` is beyond the last.
    pub fn buckets(&self) -> impl Iterator<Item = (Option<Duration>, u64)> {
        let bounds = Self::BOUNDS.into_iter().map(Some).chain([None]);
        bounds.zip(self.counts)
    }

    /// How many there are.
    #[must_use]
    pub fn count(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// All of them, added up.
    #[must_use]
    pub const fn sum(&self) -> Duration {
        self.sum
    }

    /// The bound below which at least this many hundredths lie; `None` where there is none, or nothing.
    #[must_use]
    pub fn percentile(&self, percent: u8) -> Option<Duration> {
        let wanted = u128::from(self.count()) * u128::from(percent);
        let mut below = 0;
        self.buckets()
            .find(|(_, count)| {
                below += u128::from(*count);
                below > 0 && below * 100 >= wanted
            })
            .and_then(|(bound, _)| bound)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_counted_below_its_bound() {
        let mut histogram = Histogram::default();
        let millis = Duration::from_millis;
        for took in
            [Duration::ZERO, Duration::from_micros(100), millis(1), millis(2), Duration::from_secs(61)]
        {
            histogram.record(took);
        }
        let counted: Vec<(Option<Duration>, u64)> =
            histogram.buckets().filter(|(_, count)| *count > 0).collect();
        let micros = |micros| Some(Duration::from_micros(micros));
        assert_eq!(counted, [(micros(100), 2), (micros(1000), 1), (micros(2500), 1), (None, 1)]);
        assert_eq!((histogram.count(), histogram.sum()), (5, Duration::from_micros(61_003_100)));
    }

    #[test]
    fn bounds_ascend() {
        assert!(Histogram::BOUNDS.is_sorted_by(|one, next| one < next));
    }

    #[test]
    fn a_percentile_is_a_bound() {
        let mut histogram = Histogram::default();
        assert_eq!(histogram.percentile(99), None);
        (0..99).for_each(|_| histogram.record(Duration::from_micros(90)));
        histogram.record(Duration::from_secs(3600));
        assert_eq!(histogram.percentile(50), Some(Duration::from_micros(100)));
        assert_eq!(histogram.percentile(99), Some(Duration::from_micros(100)));
        assert_eq!(histogram.percentile(100), None, "longer than the last bound");
    }
}

//! A ring: the last things put into it, bounded in number and in octets.

use std::collections::VecDeque;

use bgp_core::Instant;

/// What can be kept in a ring.
pub(super) trait Kept {
    /// Its number; each is greater than that of the one before it.
    fn number(&self) -> u64;
    /// When it happened; no earlier than the one before it.
    fn at(&self) -> Instant;
    /// About how many octets it takes.
    fn octets(&self) -> usize;
}

/// The last things put into it, the oldest first.
#[derive(Debug)]
pub(super) struct Ring<T> {
    kept: VecDeque<T>,
    most: usize,
    limit: usize,
    octets: usize,
    forgotten: u64,
}

impl<T: Kept> Ring<T> {
    /// One that keeps at most `most` things of `limit` octets together, where all up to the number `forgotten` are
    /// lost already.
    pub(super) const fn new(most: usize, limit: usize, forgotten: u64) -> Self {
        Self { kept: VecDeque::new(), most, limit, octets: 0, forgotten }
    }

    /// Puts one in, in the place of the oldest where there is no room. What is larger than the whole ring is forgotten
    /// at once, with everything before it.
    pub(super) fn push(&mut self, thing: T) {
        self.octets += thing.octets();
        self.kept.push_back(thing);
        while self.kept.len() > self.most || self.octets > self.limit {
            self.shorten();
        }
    }

    /// Forgets the oldest.
    pub(super) fn shorten(&mut self) {
        if let Some(oldest) = self.kept.pop_front() {
            self.octets -= oldest.octets();
            self.forgotten = oldest.number();
        }
    }

    /// Those with a greater number than `number`, the oldest first.
    pub(super) fn after(&self, number: u64) -> impl DoubleEndedIterator<Item = &T> {
        let first = self.kept.partition_point(|thing| thing.number() <= number);
        self.kept.range(first..)
    }

    /// The number of the latest one since then that may not be kept any more; 0 where all are.
    pub(super) fn forgotten(&self, since: Instant) -> u64 {
        // Where one from before then is kept, all from then on are.
        if self.kept.front().is_some_and(|oldest| oldest.at() < since) { 0 } else { self.forgotten }
    }

    /// The number of the latest one; 0 where there was none.
    pub(super) fn latest(&self) -> u64 {
        self.kept.back().map_or(self.forgotten, Kept::number)
    }

    /// What is kept takes so many octets.
    pub(super) const fn octets(&self) -> usize {
        self.octets
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq)]
    struct Thing {
        number: u64,
        octets: usize,
    }

    impl Kept for Thing {
        fn number(&self) -> u64 {
            self.number
        }

        fn at(&self) -> Instant {
            Instant::from_micros(self.number)
        }

        fn octets(&self) -> usize {
            self.octets
        }
    }

    proptest! {
        #[test]
        fn what_is_kept_is_the_end_of_what_was_put_in(
            sizes in prop::collection::vec(0..60_usize, 0..200),
            most in 1..20_usize,
            limit in 1..400_usize,
            asked in 0..250_u64,
        ) {
            let mut ring = Ring::new(most, limit, 0);
            let mut all = Vec::new();
            for (at, octets) in sizes.into_iter().enumerate() {
                // Numbers have gaps, as where routes are numbered in the same row.
                let thing = Thing { number: 1 + at as u64 + at as u64 / 3, octets };
                all.push(thing.clone());
                ring.push(thing);
                let kept: Vec<Thing> = ring.after(0).cloned().collect();
                let (forgotten, end) = all.split_at(all.len() - kept.len());
                prop_assert_eq!(&kept, end);
                let sum: usize = kept.iter().map(|thing| thing.octets).sum();
                prop_assert_eq!(ring.octets(), sum);
                prop_assert!(kept.len() <= most && sum <= limit);
                prop_assert_eq!(ring.forgotten(Instant::ZERO), forgotten.last().map_or(0, |thing| thing.number));
                prop_assert_eq!(ring.latest(), all.last().map_or(0, |thing| thing.number));
                // And no more was forgotten than had to be.
                if let Some(last) = forgotten.last() {
                    prop_assert!(kept.len() + 1 > most || sum + last.octets > limit);
                }
            }
            // Who asks for what happened since then is told of a loss if there was one, and of no other that can be known.
            let since = Instant::from_micros(asked);
            let was_lost = all.iter().any(|thing| thing.at() >= since && thing.number <= ring.forgotten);
            let keeps_older = ring.after(0).any(|thing| thing.at() < since);
            prop_assert!(ring.forgotten(since) > 0 || !was_lost);
            prop_assert!(ring.forgotten(since) == 0 || !keeps_older);
            let after: Vec<Thing> = ring.after(asked).cloned().collect();
            let expected: Vec<Thing> = ring.after(0).filter(|thing| thing.number > asked).cloned().collect();
            prop_assert_eq!(after, expected);
        }
    }
}

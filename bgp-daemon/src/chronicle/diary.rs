//! What is remembered of one peer: what mattered, apart from the steps that a peer which is down takes again and again.

use std::sync::Arc;

use super::entry::Entry;
use super::ring::Ring;

/// Entries of each kind.
const ENTRIES: usize = 32;

/// Octets of each kind.
const OCTETS: usize = 12 * 1024;

/// The last entries about one peer.
#[derive(Debug)]
pub(super) struct Diary {
    /// Sessions that came and went, and what happened in them.
    landmarks: Ring<Arc<Entry>>,
    /// States, and attempts that failed.
    steps: Ring<Arc<Entry>>,
}

impl Diary {
    /// Most octets that one takes.
    #[cfg(test)]
    pub(super) const OCTETS: usize = 2 * OCTETS;

    /// An empty one; there may have been another of this peer, up to the number `forgotten`.
    pub(super) fn new(forgotten: u64) -> Self {
        let ring = || Ring::new(ENTRIES, OCTETS, forgotten);
        Self { landmarks: ring(), steps: ring() }
    }

    pub(super) fn push(&mut self, entry: &Arc<Entry>) {
        let ring = if entry.is_step() { &mut self.steps } else { &mut self.landmarks };
        ring.push(Arc::clone(entry));
    }

    /// The entries with a greater number than `number`, in no order.
    pub(super) fn after(&self, number: u64) -> impl Iterator<Item = &Arc<Entry>> {
        self.landmarks.after(number).chain(self.steps.after(number))
    }

    /// The number of the latest entry that is not kept any more; 0 where all are.
    pub(super) fn forgotten(&self) -> u64 {
        self.landmarks.forgotten().max(self.steps.forgotten())
    }

    /// The number of the latest entry.
    pub(super) fn latest(&self) -> u64 {
        self.landmarks.latest().max(self.steps.latest())
    }

    #[cfg(test)]
    pub(super) const fn octets(&self) -> usize {
        self.landmarks.octets() + self.steps.octets()
    }
}

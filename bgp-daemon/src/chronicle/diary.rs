//! What is remembered of one peer: what mattered, apart from the steps that a peer which is down takes again and again.

use std::sync::Arc;

use bgp_core::Instant;

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
        let ring = if entry.fact.is_step() { &mut self.steps } else { &mut self.landmarks };
        ring.push(Arc::clone(entry));
    }

    /// Forgets the oldest of what there is most of.
    pub(super) fn shorten(&mut self) {
        let ring = if self.steps.octets() >= self.landmarks.octets() {
            &mut self.steps
        } else {
            &mut self.landmarks
        };
        ring.shorten();
    }

    /// The entries with a greater number than `number`, in no order.
    pub(super) fn after(&self, number: u64) -> impl Iterator<Item = &Arc<Entry>> {
        self.landmarks.after(number).chain(self.steps.after(number))
    }

    /// The number of the latest entry since then that may not be kept any more; 0 where all are.
    pub(super) fn forgotten(&self, since: Instant) -> u64 {
        self.landmarks.forgotten(since).max(self.steps.forgotten(since))
    }

    /// The number of the latest entry.
    pub(super) fn latest(&self) -> u64 {
        self.landmarks.latest().max(self.steps.latest())
    }

    /// What is kept takes so many octets.
    pub(super) const fn octets(&self) -> usize {
        self.landmarks.octets() + self.steps.octets()
    }
}

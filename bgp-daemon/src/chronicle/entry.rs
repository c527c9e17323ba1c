//! An entry: one thing that happened, with its number and its time.

use std::sync::Arc;

use bgp_core::Instant;
use bgp_core::speaker::Event;

use super::fact::{Fact, read};
use super::ring::Kept;

/// Most characters of a reason; a shutdown communication has 255 octets at most.
const TEXT: usize = 512;

/// One thing that happened.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Its place among all that happened, changes of best paths included.
    pub number: u64,
    /// When.
    pub at: Instant,
    /// Whom it is about.
    pub peer: Option<Arc<str>>,
    /// What.
    pub fact: Fact,
    /// Why, or more about it, in words; text of a peer is in it, escaped.
    pub reason: String,
}

/// Something that happens outside of the speaker.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Note {
    /// Whom it is about.
    pub peer: Option<Arc<str>>,
    /// What.
    pub fact: Fact,
    /// Why, or more about it.
    pub reason: String,
}

impl Note {
    /// Something about no peer.
    pub(crate) fn new(fact: Fact, reason: impl Into<String>) -> Self {
        Self { peer: None, fact, reason: reason.into() }
    }
}

impl Entry {
    /// What was noted, as `number` in the order of things.
    pub(crate) fn noted(number: u64, at: Instant, Note { peer, fact, mut reason }: Note) -> Self {
        if let Some((end, _)) = reason.char_indices().nth(TEXT) {
            reason.truncate(end);
            reason.push('\u{2026}');
        }
        reason.shrink_to_fit();
        Self { number, at, peer, fact, reason }
    }

    /// What an event of the speaker is as an entry, where it stands for `times` of its kind; `None` where it is told
    /// otherwise.
    pub(crate) fn of(number: u64, at: Instant, event: &Event, times: u64) -> Option<Self> {
        let (peer, fact, reason) = read(event, times)?;
        Some(Self::noted(number, at, Note { peer: peer.cloned(), fact, reason }))
    }

    /// The name of what happened, as the log has it where it has a line.
    #[must_use]
    pub const fn event(&self) -> &'static str {
        self.fact.event()
    }
}

impl Kept for Arc<Entry> {
    fn number(&self) -> u64 {
        self.number
    }

    fn at(&self) -> Instant {
        self.at
    }

    fn octets(&self) -> usize {
        // The two counters of an `Arc`, and its place in a ring.
        size_of::<Entry>() + self.reason.len() + self.fact.octets() + 3 * size_of::<usize>()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::chronicle::Drain;

    #[test]
    fn a_reason_is_cut_and_stays_text() {
        let note = Note::new(Fact::Drain(Drain::Began), "\u{2019}<img onerror=x>".repeat(200));
        let entry = Entry::noted(1, Instant::ZERO, note);
        assert_eq!(entry.reason.chars().count(), TEXT + 1);
        assert!(entry.reason.ends_with('\u{2026}') && entry.reason.starts_with("\u{2019}<img"));
    }

    #[test]
    fn a_reason_counts_with_all_its_octets() {
        let octets = |reason: &str| {
            Arc::new(Entry::noted(1, Instant::ZERO, Note::new(Fact::Drain(Drain::Began), reason))).octets()
        };
        assert_eq!(octets("\u{fffd}".repeat(100).as_str()), octets("") + 300);
    }
}

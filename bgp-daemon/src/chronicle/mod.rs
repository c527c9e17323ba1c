//! The daemon's memory of what happened: the last events of all, and the last of each peer, which a flap does not end.
//!
//! It belongs to the speaker's thread, which numbers everything in one row: events of the speaker, changes of best
//! paths, and what else the daemon does. Changes of best paths stay with the RIB, which made them; here they are put in
//! order with the rest when somebody asks. Nothing is written for anybody who reads: a reader holds a number, and whoever
//! comes too late for what followed it is told so.

mod diary;
mod entry;
mod fact;
mod page;
mod ring;
mod shelf;

pub use entry::{Entry, Note};
pub use fact::{Drain, Fact, Step};
pub use page::{Item, Page, Prefixes, Topic, Wanted};

use std::sync::Arc;

use bgp_core::Instant;
use bgp_core::speaker::{Event, Speaker};

use ring::Ring;
use shelf::Shelf;

/// Entries of all peers and of the daemon that are kept.
const ENTRIES: usize = 4096;

/// Octets of these entries.
const OCTETS: usize = 1024 * 1024;

/// Entries about prefixes that are kept beside them, for who asks about a prefix: however much happens to peers, these
/// stay.
const ABOUT_PREFIXES: usize = 512;

/// Octets of these entries.
const ABOUT_PREFIXES_OCTETS: usize = 256 * 1024;

/// The memory.
#[derive(Debug)]
pub struct Chronicle {
    entries: Ring<Arc<Entry>>,
    about_prefixes: Ring<Arc<Entry>>,
    peers: Shelf,
}

impl Default for Chronicle {
    fn default() -> Self {
        Self {
            entries: Ring::new(ENTRIES, OCTETS, 0),
            about_prefixes: Ring::new(ABOUT_PREFIXES, ABOUT_PREFIXES_OCTETS, 0),
            peers: Shelf::default(),
        }
    }
}

impl Chronicle {
    /// Notes an event of the speaker, which stands for `times` of its kind.
    pub(crate) fn tell(&mut self, number: u64, at: Instant, event: &Event, times: u64, speaker: &Speaker) {
        if let Some(entry) = Entry::of(number, at, event, times) {
            self.keep(entry, |name| speaker.peer_id(name).is_some());
        }
    }

    /// Notes what happened outside of the speaker.
    pub(crate) fn note(&mut self, number: u64, at: Instant, note: Note, speaker: &Speaker) {
        self.keep(Entry::noted(number, at, note), |name| speaker.peer_id(name).is_some());
    }

    /// Keeps an entry; `is_there` says whether there is a peer of a name.
    fn keep(&mut self, entry: Entry, is_there: impl Fn(&str) -> bool) {
        let entry = Arc::new(entry);
        if let Some(peer) = &entry.peer {
            self.peers.push(peer, &entry, is_there);
        }
        if !entry.fact.prefixes().is_empty() {
            self.about_prefixes.push(Arc::clone(&entry));
        }
        self.entries.push(entry);
    }
}

#[cfg(test)]
mod tests;

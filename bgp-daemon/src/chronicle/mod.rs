//! The daemon's memory of what happened: the last events of all, and the last of each peer, which a flap does not end.
//!
//! It belongs to the speaker's thread, which numbers everything in one row: events of the speaker, changes of best
//! paths, and what else the daemon does. Changes of best paths stay with the RIB, which made them; here they are put in
//! order with the rest when somebody asks. Nothing is written for anybody who reads: a reader holds a number, and whoever
//! comes too late for what followed it is told so.

mod diary;
mod entry;
mod page;
mod ring;

pub use entry::{Drain, Entry, Fact, Note, Step};
pub use page::{Item, Page, Prefixes, Topic, Wanted};

use std::collections::BTreeMap;
use std::sync::Arc;

use bgp_core::Instant;
use bgp_core::speaker::{Event, Speaker};

use diary::Diary;
use ring::Ring;

/// Entries of all peers and of the daemon that are kept.
const ENTRIES: usize = 4096;

/// Octets of these entries.
const OCTETS: usize = 1024 * 1024;

/// Peers remembered that are no more: taken out of the configuration, or of a range and gone.
const FORMER: usize = 256;

/// The memory.
#[derive(Debug)]
pub struct Chronicle {
    entries: Ring<Arc<Entry>>,
    peers: BTreeMap<Arc<str>, Diary>,
    /// With more peers than that, former ones are looked for.
    roomy: usize,
    /// The number of the latest entry of a peer that was forgotten.
    dropped: u64,
}

impl Default for Chronicle {
    fn default() -> Self {
        Self { entries: Ring::new(ENTRIES, OCTETS, 0), peers: BTreeMap::new(), roomy: FORMER, dropped: 0 }
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
            let diary = self.peers.entry(Arc::clone(peer)).or_insert_with(|| Diary::new(self.dropped));
            diary.push(&entry);
            self.make_room(is_there);
        }
        self.entries.push(entry);
    }

    /// Forgets the former peers that were heard of least lately, once there are too many. Seldom: each time makes room
    /// for some more.
    fn make_room(&mut self, is_there: impl Fn(&str) -> bool) {
        if self.peers.len() <= self.roomy {
            return;
        }
        let gone = self.peers.iter().filter(|(name, _)| !is_there(name));
        let mut former: Vec<(u64, Arc<str>)> =
            gone.map(|(name, diary)| (diary.latest(), Arc::clone(name))).collect();
        former.sort_unstable();
        let surplus = former.len().saturating_sub(FORMER / 2);
        for (latest, name) in former.into_iter().take(surplus) {
            self.dropped = self.dropped.max(latest);
            self.peers.remove(&name);
        }
        self.roomy = self.peers.len() + FORMER / 2;
    }
}

#[cfg(test)]
mod tests;

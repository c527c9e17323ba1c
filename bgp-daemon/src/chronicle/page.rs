//! Pages of what happened: entries and changes of best paths in one order, from a number on or the last ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use bgp_core::Instant;
use bgp_core::rib::Shift;
use bgp_core::speaker::{ShiftView, View};
use ipnet::IpNet;

use super::diary::Diary;
use super::{Chronicle, Entry, Fact};

/// What is asked for.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Only what is about these peers; all, where there is none.
    pub peers: BTreeSet<String>,
    /// Only what is about one of these prefixes.
    pub prefixes: Prefixes,
    /// Only what happened since.
    pub since: Instant,
    /// Of which kind.
    pub topic: Topic,
}

/// The prefixes that something is to be about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Prefixes {
    /// Any, or none.
    #[default]
    Any,
    /// This one.
    Exactly(IpNet),
    /// Those that cover an address.
    Covering(IpNet),
}

/// What kind of thing happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Topic {
    /// All of it.
    #[default]
    All,
    /// All but changes of best paths.
    Events,
    /// Changes of best paths.
    Routes,
}

/// Something that happened.
#[derive(Clone, Debug)]
pub enum Item {
    /// An entry.
    Entry(Arc<Entry>),
    /// A change of a best path.
    Shift(ShiftView),
}

/// A part of what happened, in order.
#[derive(Clone, Debug, Default)]
pub struct Page {
    /// The parts.
    pub items: Vec<Item>,
    /// Some of what followed the number asked from is not kept any more: up to this number.
    pub lost_until: Option<u64>,
    /// Whoever has read this has seen everything up to this number.
    pub read_until: u64,
    /// There is more to read at once.
    pub has_more: bool,
}

impl Item {
    /// Its place in the order of things.
    #[must_use]
    pub fn number(&self) -> u64 {
        match self {
            Self::Entry(entry) => entry.number,
            Self::Shift(shift) => shift.number,
        }
    }
}

impl Prefixes {
    fn admit(self, prefix: &IpNet) -> bool {
        match self {
            Self::Any => true,
            Self::Exactly(wanted) => wanted == *prefix,
            Self::Covering(address) => prefix.contains(&address),
        }
    }
}

impl Wanted {
    fn admits(&self, entry: &Entry) -> bool {
        let about_prefix = match (&entry.fact, self.prefixes) {
            (_, Prefixes::Any) => true,
            (Fact::Kernel { examples, .. }, prefixes) => examples.iter().any(|prefix| prefixes.admit(prefix)),
            (_, _) => false,
        };
        about_prefix && entry.at >= self.since
    }

    fn admits_shift(&self, shift: &Shift) -> bool {
        shift.at >= self.since && self.prefixes.admit(&shift.prefix)
    }

    fn entries(&self) -> bool {
        self.topic != Topic::Routes
    }

    /// Whether changes of best paths are asked for: what a peer's session does is not a change of a prefix.
    fn shifts(&self) -> bool {
        self.topic != Topic::Events && self.peers.is_empty()
    }
}

/// A thing found, not yet shown.
enum Found<'a> {
    Entry(&'a Arc<Entry>),
    Shift(&'a Shift),
}

impl Found<'_> {
    fn number(&self) -> u64 {
        match self {
            Self::Entry(entry) => entry.number,
            Self::Shift(shift) => shift.number,
        }
    }
}

impl Chronicle {
    /// The first `most` things wanted that came after `number`, in order.
    #[must_use]
    pub fn after(&self, number: u64, wanted: &Wanted, most: usize, view: View<'_>) -> Page {
        let mut found = self.found(number, wanted, view);
        found.sort_unstable_by_key(Found::number);
        let has_more = found.len() > most;
        found.truncate(most);
        let last = found.last().map_or(number, Found::number);
        let read_until = if has_more { last } else { view.numbered().max(number) };
        let forgotten = self.forgotten(wanted, view);
        Page {
            items: found.into_iter().map(|found| show(&found, view)).collect(),
            lost_until: (forgotten > number).then_some(forgotten),
            read_until,
            has_more,
        }
    }

    /// The last `most` things wanted, in order.
    #[must_use]
    pub fn latest(&self, wanted: &Wanted, most: usize, view: View<'_>) -> Page {
        let mut found = self.found(0, wanted, view);
        found.sort_unstable_by_key(Found::number);
        let surplus = found.len().saturating_sub(most);
        let items = found.drain(..).skip(surplus).map(|found| show(&found, view)).collect();
        Page { items, lost_until: None, read_until: view.numbered(), has_more: false }
    }

    fn found<'a>(&'a self, number: u64, wanted: &Wanted, view: View<'a>) -> Vec<Found<'a>> {
        let mut found = Vec::new();
        if wanted.entries() && wanted.peers.is_empty() {
            let entries = self.entries.after(number).filter(|entry| wanted.admits(entry));
            found.extend(entries.map(Found::Entry));
        } else if wanted.entries() {
            let diaries = wanted.peers.iter().filter_map(|peer| self.peers.get(&**peer));
            let entries = diaries.flat_map(|diary| diary.after(number)).filter(|entry| wanted.admits(entry));
            found.extend(entries.map(Found::Entry));
        }
        if wanted.shifts() {
            found.extend(view.shifts(number).filter(|shift| wanted.admits_shift(shift)).map(Found::Shift));
        }
        found
    }

    /// The number up to which something that was wanted may be lost.
    fn forgotten(&self, wanted: &Wanted, view: View<'_>) -> u64 {
        let entries = match (wanted.entries(), wanted.peers.is_empty()) {
            (false, _) => 0,
            (true, true) => self.entries.forgotten(),
            (true, false) => {
                let diaries = wanted.peers.iter().map(|peer| self.peers.get(&**peer));
                let forgotten = diaries.map(|diary| diary.map_or(self.dropped, Diary::forgotten));
                forgotten.max().unwrap_or_default()
            }
        };
        let shifts = if wanted.shifts() { view.shifts_forgotten() } else { 0 };
        entries.max(shifts)
    }

    /// Whether anything is remembered of a peer.
    #[must_use]
    pub fn knows(&self, peer: &str) -> bool {
        self.peers.contains_key(peer)
    }
}

fn show(found: &Found<'_>, view: View<'_>) -> Item {
    match found {
        Found::Entry(entry) => Item::Entry(Arc::clone(entry)),
        Found::Shift(shift) => Item::Shift(view.shift(shift)),
    }
}

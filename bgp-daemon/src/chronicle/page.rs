//! Pages of what happened: entries and changes of best paths in one order, from a number on or the last ones.

use std::collections::BTreeSet;
use std::sync::Arc;

use bgp_core::Instant;
use bgp_core::rib::Shift;
use bgp_core::speaker::{ShiftView, View};
use ipnet::IpNet;

use super::ring::Ring;
use super::{Chronicle, Entry};

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
        let is_about_one = || entry.fact.prefixes().iter().any(|prefix| self.prefixes.admit(prefix));
        entry.at >= self.since && (self.prefixes == Prefixes::Any || is_about_one())
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
        if wanted.entries() {
            let admitted = |entry: &&Arc<Entry>| wanted.admits(entry);
            match self.ring(wanted) {
                Some(ring) => found.extend(ring.after(number).filter(admitted).map(Found::Entry)),
                None => {
                    let diaries = wanted.peers.iter().filter_map(|peer| self.peers.of(peer));
                    let entries = diaries.flat_map(|diary| diary.after(number));
                    found.extend(entries.filter(admitted).map(Found::Entry));
                }
            }
        }
        if wanted.shifts() {
            found.extend(view.shifts(number).filter(|shift| wanted.admits_shift(shift)).map(Found::Shift));
        }
        found
    }

    /// Where entries that are wanted are; `None`: in the diaries of the peers that are asked about.
    fn ring(&self, wanted: &Wanted) -> Option<&Ring<Arc<Entry>>> {
        match (wanted.peers.is_empty(), wanted.prefixes) {
            (false, _) => None,
            (true, Prefixes::Any) => Some(&self.entries),
            (true, _) => Some(&self.about_prefixes),
        }
    }

    /// The number up to which something that was wanted may be lost.
    fn forgotten(&self, wanted: &Wanted, view: View<'_>) -> u64 {
        let since = wanted.since;
        let entries = match self.ring(wanted) {
            _ if !wanted.entries() => 0,
            Some(ring) => ring.forgotten(since),
            None => {
                let peers = wanted.peers.iter();
                peers.map(|peer| self.peers.forgotten(peer, since)).max().unwrap_or_default()
            }
        };
        let is_older = |shift: &Shift| shift.at < since;
        let shifts = match wanted.shifts() && !view.shifts(0).next().is_some_and(is_older) {
            true => view.shifts_forgotten(),
            false => 0,
        };
        entries.max(shifts)
    }

    /// Whether anything is remembered of a peer.
    #[must_use]
    pub fn knows(&self, peer: &str) -> bool {
        self.peers.of(peer).is_some()
    }
}

fn show(found: &Found<'_>, view: View<'_>) -> Item {
    match found {
        Found::Entry(entry) => Item::Entry(Arc::clone(entry)),
        Found::Shift(shift) => Item::Shift(view.shift(shift)),
    }
}

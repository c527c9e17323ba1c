//! The shelf: the diaries of all peers, each bounded, and all of them together.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bgp_core::Instant;

use super::diary::Diary;
use super::entry::Entry;

/// Octets of all diaries: sixteen entries for each of 5,000 clients that flap, all that a diary has room for where
/// there are fewer than seven hundred.
const OCTETS: usize = 16 * 1024 * 1024;

/// Peers remembered that are no more: taken out of the configuration, or of a range and gone.
pub(super) const FORMER: usize = 256;

/// The diaries.
#[derive(Debug)]
pub(super) struct Shelf {
    diaries: BTreeMap<Arc<str>, Diary>,
    /// Whose they are by what they take: where there is no room, the last one gives some.
    sizes: BTreeSet<(usize, Arc<str>)>,
    octets: usize,
    limit: usize,
    /// With more peers than that, former ones are looked for.
    roomy: usize,
    /// The number of the latest entry of a peer that was forgotten.
    dropped: u64,
}

impl Default for Shelf {
    fn default() -> Self {
        Self::new(OCTETS)
    }
}

impl Shelf {
    /// An empty one, for diaries that take at most `limit` octets together.
    fn new(limit: usize) -> Self {
        let (diaries, sizes) = (BTreeMap::new(), BTreeSet::new());
        Self { diaries, sizes, octets: 0, limit, roomy: FORMER, dropped: 0 }
    }

    /// Writes an entry into the diary of a peer; `is_there` says whether there is a peer of a name.
    pub(super) fn push(&mut self, peer: &Arc<str>, entry: &Arc<Entry>, is_there: impl Fn(&str) -> bool) {
        self.diaries.entry(Arc::clone(peer)).or_insert_with(|| Diary::new(self.dropped));
        self.alter(peer, |diary| diary.push(entry));
        self.forget_former(is_there);
        self.shorten();
    }

    /// The diary of a peer.
    pub(super) fn of(&self, peer: &str) -> Option<&Diary> {
        self.diaries.get(peer)
    }

    /// The number up to which something that happened to a peer since then may be lost.
    pub(super) fn forgotten(&self, peer: &str, since: Instant) -> u64 {
        self.of(peer).map_or(self.dropped, |diary| diary.forgotten(since))
    }

    /// All of them.
    #[cfg(test)]
    pub(super) fn diaries(&self) -> impl ExactSizeIterator<Item = &Diary> {
        self.diaries.values()
    }

    /// Changes a diary, and keeps count of what it takes.
    fn alter(&mut self, peer: &Arc<str>, change: impl FnOnce(&mut Diary)) {
        let Some(diary) = self.diaries.get_mut(peer) else { return };
        let before = diary.octets();
        change(diary);
        let after = diary.octets();
        self.octets = self.octets + after - before;
        self.sizes.remove(&(before, Arc::clone(peer)));
        self.sizes.insert((after, Arc::clone(peer)));
    }

    /// Takes the oldest from the largest diary until there is room. Whoever takes no more than a fair share of it all
    /// loses nothing, however much happens to others.
    fn shorten(&mut self) {
        while self.octets > self.limit {
            let Some((_, largest)) = self.sizes.last().cloned() else { return };
            self.alter(&largest, Diary::shorten);
        }
    }

    /// Forgets the former peers that were heard of least lately, once there are too many. Seldom: each time makes room
    /// for some more.
    fn forget_former(&mut self, is_there: impl Fn(&str) -> bool) {
        if self.diaries.len() <= self.roomy {
            return;
        }
        let gone = self.diaries.iter().filter(|(name, _)| !is_there(name));
        let mut former: Vec<(u64, Arc<str>)> =
            gone.map(|(name, diary)| (diary.latest(), Arc::clone(name))).collect();
        former.sort_unstable();
        let surplus = former.len().saturating_sub(FORMER / 2);
        for (latest, name) in former.into_iter().take(surplus) {
            let Some(diary) = self.diaries.remove(&name) else { continue };
            self.dropped = self.dropped.max(latest);
            self.octets -= diary.octets();
            self.sizes.remove(&(diary.octets(), name));
        }
        self.roomy = self.diaries.len() + FORMER / 2;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::chronicle::ring::Kept as _;
    use crate::chronicle::{Fact, Note};

    fn name(peer: usize) -> Arc<str> {
        format!("client-{peer}").into()
    }

    /// An entry about a peer, with a reason of so many octets.
    fn entry(number: u64, peer: &Arc<str>, is_step: bool, reason: usize) -> Arc<Entry> {
        let fact = match is_step {
            true => Fact::State { from: "Connect", to: "Idle" },
            false => Fact::Up { families: Vec::new(), hold_time: 90 },
        };
        let note = Note { peer: Some(Arc::clone(peer)), fact, reason: "x".repeat(reason) };
        Arc::new(Entry::noted(number, Instant::ZERO, note))
    }

    fn numbers(shelf: &Shelf, peer: &str) -> Vec<u64> {
        let kept = shelf.of(peer).into_iter().flat_map(|diary| diary.after(0));
        let mut numbers: Vec<u64> = kept.map(|entry| entry.number).collect();
        numbers.sort_unstable();
        numbers
    }

    #[test]
    fn thousands_of_clients_that_flap_are_bounded_together() {
        let mut shelf = Shelf::default();
        let mut number = 0;
        for _ in 0..40 {
            for peer in 0..5000 {
                number += 1;
                let peer = name(peer);
                shelf.push(&peer, &entry(number, &peer, number % 3 == 0, 100), |_| true);
            }
        }
        assert!(shelf.octets <= OCTETS);
        let kept: Vec<usize> = (0..5000).map(|peer| numbers(&shelf, &name(peer)).len()).collect();
        let (least, most) = (kept.iter().min(), kept.iter().max());
        assert!(least >= Some(&8) && most <= least.map(|least| least + 2).as_ref(), "{least:?} to {most:?}");
    }

    proptest! {
        #[test]
        fn what_is_kept_is_bounded_and_what_is_lost_is_known(
            pushes in prop::collection::vec((0..6_usize, any::<bool>(), 0..300_usize), 1..300),
            limit in 0..9000_usize,
        ) {
            let mut shelf = Shelf::new(limit);
            let mut told = vec![Vec::new(); 6];
            for (number, (peer, is_step, reason)) in (1..).zip(pushes) {
                let owner = name(peer);
                shelf.push(&owner, &entry(number, &owner, is_step, reason), |_| true);
                told[peer].push(number);
                let octets: Vec<usize> = shelf.diaries.values().map(Diary::octets).collect();
                prop_assert_eq!(shelf.octets, octets.iter().sum::<usize>());
                prop_assert!(shelf.octets <= limit);
                let sizes: BTreeSet<_> =
                    shelf.diaries.iter().map(|(name, diary)| (diary.octets(), Arc::clone(name))).collect();
                prop_assert_eq!(&shelf.sizes, &sizes);
            }
            for (peer, told) in told.iter().enumerate() {
                let kept = numbers(&shelf, &name(peer));
                let forgotten = shelf.forgotten(&name(peer), Instant::ZERO);
                let lost = told.iter().filter(|number| !kept.contains(number)).max();
                prop_assert_eq!(forgotten, lost.copied().unwrap_or_default());
            }
        }

        /// A client that is quiet keeps what there is of it, whatever the others do.
        #[test]
        fn nobody_loses_a_fair_share_to_others(
            others in prop::collection::vec((1..6_usize, any::<bool>(), 0..400_usize), 0..400),
            quiet in 1..4_u64,
        ) {
            let room = entry(1, &name(0), false, 400).octets();
            let mut shelf = Shelf::new(room * 4 * 6);
            for number in 1..=quiet {
                shelf.push(&name(0), &entry(number, &name(0), false, 400), |_| true);
            }
            for (number, (peer, is_step, reason)) in (quiet + 1..).zip(others) {
                shelf.push(&name(peer), &entry(number, &name(peer), is_step, reason), |_| true);
            }
            prop_assert_eq!(numbers(&shelf, &name(0)), (1..=quiet).collect::<Vec<_>>());
        }
    }
}

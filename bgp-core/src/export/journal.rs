//! The journal: what a group said, encoded, in order. Readers are cursors; nothing is copied for them.
//!
//! An entry goes when every member has passed it. Where a slow member would keep too much, or anything for
//! too long, the oldest entries go before it has read them, and what they spoke of becomes its arrears.

use std::collections::VecDeque;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::Instant;
use crate::export::ExportTally;
use crate::export::audience::Audience;
use crate::speaker::PeerId;
use crate::wire::Nlri;

/// Octets for a peer: whole messages.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Portion {
    /// Shared with whoever is sent the same.
    pub octets: Bytes,
    /// How many messages there are, counted once for everybody.
    pub messages: u32,
    /// How many routes they announce.
    pub announced: u32,
    /// How many they withdraw.
    pub withdrawn: u32,
}

/// Something to say: whole messages, and which routes they speak of.
#[derive(Clone, Debug)]
pub(super) struct Saying {
    pub(super) portion: Portion,
    pub(super) audience: Audience,
    pub(super) nlri: Arc<[Nlri]>,
}

impl Saying {
    /// How many octets it is.
    pub(super) fn size(&self) -> u64 {
        self.portion.octets.len() as u64
    }

    /// About what it costs to keep.
    fn weight(&self) -> usize {
        self.portion.octets.len() + size_of_val(&*self.nlri)
    }
}

#[derive(Debug)]
struct Entry {
    saying: Saying,
    /// Members that have not passed it.
    waiting: usize,
    /// When it was said.
    said: Instant,
}

/// A position in the journal: the number of the next entry to read.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Position(u64);

/// What a group said, encoded, in order.
#[derive(Debug)]
pub(super) struct Journal {
    entries: VecDeque<Entry>,
    /// Number of the first entry.
    first: u64,
    weight: usize,
    now: Instant,
}

impl Journal {
    /// Nothing has been said yet.
    pub(super) const fn new(now: Instant) -> Self {
        Self { entries: VecDeque::new(), first: 0, weight: 0, now }
    }

    /// Where a new member begins, and where one that has read everything stands.
    pub(super) fn end(&self) -> Position {
        Position(self.first + self.entries.len() as u64)
    }

    /// About how many octets are kept.
    pub(super) fn weight(&self) -> usize {
        self.weight
    }

    /// When the oldest entry was said that somebody has not passed.
    pub(super) fn waiting_since(&self) -> Option<Instant> {
        self.entries.front().map(|entry| entry.said)
    }

    /// Appends what `readers` members have to pass.
    pub(super) fn push(&mut self, saying: Saying, readers: usize) {
        self.weight += saying.weight();
        self.entries.push_back(Entry { saying, waiting: readers, said: self.now });
    }

    /// The next octets meant for `peer` from `position` on, which moves behind them. What is passed on the way and not
    /// meant for it is counted.
    pub(super) fn read(
        &mut self,
        position: &mut Position,
        peer: PeerId,
        tally: &mut ExportTally,
    ) -> Option<Portion> {
        let mut found = None;
        while found.is_none() {
            let Some(saying) = self.pass(position) else { break };
            if saying.audience.admits(peer) {
                found = Some(saying.portion);
            } else {
                tally.keep_back(&saying);
            }
        }
        self.trim();
        found
    }

    /// Passes everything from `position` on unread: the routes that `peer` was not told about.
    pub(super) fn skip(&mut self, mut position: Position, peer: PeerId) -> Vec<Arc<[Nlri]>> {
        let mut unread = Vec::new();
        while let Some(saying) = self.pass(&mut position) {
            if saying.audience.admits(peer) {
                unread.push(saying.nlri);
            }
        }
        self.trim();
        unread
    }

    /// Removes the oldest entries until at most `limit` octets are kept.
    pub(super) fn shorten(&mut self, limit: usize) -> Vec<(Position, Saying)> {
        let mut lost = Vec::new();
        while self.weight > limit {
            let Some(first) = self.drop_first() else { break };
            lost.push(first);
        }
        lost
    }

    /// Moves time on: removes entries that were said `age` ago or earlier.
    pub(super) fn expire(&mut self, age: Duration, now: Instant) -> Vec<(Position, Saying)> {
        self.now = now;
        let mut lost = Vec::new();
        while self.entries.front().is_some_and(|entry| entry.said + age <= now) {
            lost.extend(self.drop_first());
        }
        lost
    }

    /// `position`, or the oldest entry kept where that is later.
    pub(super) fn clamp(&self, position: Position) -> Position {
        Position(position.0.max(self.first))
    }

    /// The entry at `position`, which moves on by one.
    fn pass(&mut self, position: &mut Position) -> Option<Saying> {
        let index = usize::try_from(position.0.checked_sub(self.first)?).ok()?;
        let entry = self.entries.get_mut(index)?;
        entry.waiting = entry.waiting.saturating_sub(1);
        position.0 += 1;
        Some(entry.saying.clone())
    }

    /// Drops what everybody has passed.
    fn trim(&mut self) {
        while self.entries.front().is_some_and(|entry| entry.waiting == 0) {
            self.drop_first();
        }
    }

    fn drop_first(&mut self) -> Option<(Position, Saying)> {
        let entry = self.entries.pop_front()?;
        let position = Position(self.first);
        self.weight -= entry.saying.weight();
        self.first += 1;
        Some((position, entry.saying))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ANN: PeerId = PeerId(1);
    const BOB: PeerId = PeerId(2);

    fn saying(text: &'static [u8], audience: Audience) -> Saying {
        let octets = Bytes::from_static(text);
        let portion = Portion { octets, messages: 1, announced: 1, withdrawn: 0 };
        Saying { portion, audience, nlri: Arc::from([]) }
    }

    fn read(journal: &mut Journal, position: &mut Position, peer: PeerId) -> Option<Vec<u8>> {
        journal.read(position, peer, &mut ExportTally::default()).map(|portion| portion.octets.to_vec())
    }

    #[test]
    fn an_entry_goes_when_everybody_has_passed_it() {
        let mut journal = Journal::new(Instant::ZERO);
        let (mut ann, mut bob) = (journal.end(), journal.end());
        journal.push(saying(b"one", Audience::All), 2);
        assert_eq!(read(&mut journal, &mut ann, ANN), Some(b"one".to_vec()));
        assert_eq!(journal.weight(), 3);
        assert_eq!(read(&mut journal, &mut bob, BOB), Some(b"one".to_vec()));
        assert_eq!(journal.weight(), 0);
        assert_eq!(read(&mut journal, &mut bob, BOB), None);
    }

    #[test]
    fn what_is_not_meant_for_a_member_is_passed_silently() {
        let mut journal = Journal::new(Instant::ZERO);
        let mut ann = journal.end();
        journal.push(saying(b"not ann", Audience::Except(ANN)), 1);
        journal.push(saying(b"bob", Audience::Only(BOB)), 1);
        journal.push(saying(b"ann", Audience::Only(ANN)), 1);
        assert_eq!(read(&mut journal, &mut ann, ANN), Some(b"ann".to_vec()));
        assert_eq!(journal.weight(), 0);
    }

    #[test]
    fn shortening_takes_the_oldest_and_says_what_was_lost() {
        let mut journal = Journal::new(Instant::ZERO);
        let slow = journal.end();
        journal.push(saying(b"one", Audience::All), 1);
        journal.push(saying(b"two", Audience::All), 1);
        let lost = journal.shorten(3);
        assert_eq!(lost.len(), 1);
        assert!(lost.iter().all(|(position, _)| *position >= slow));
        let mut slow = journal.clamp(slow);
        assert_eq!(read(&mut journal, &mut slow, ANN), Some(b"two".to_vec()));
    }

    #[test]
    fn an_entry_goes_when_it_is_too_old_and_no_younger_one_does() {
        let (age, second) = (Duration::from_secs(10), Duration::from_secs(1));
        let mut journal = Journal::new(Instant::ZERO + second);
        journal.push(saying(b"one", Audience::All), 1);
        assert!(journal.expire(age, Instant::ZERO + age).is_empty());
        assert_eq!(journal.waiting_since(), Some(Instant::ZERO + second));
        journal.push(saying(b"two", Audience::All), 1);
        let lost = journal.expire(age, Instant::ZERO + age + second);
        assert_eq!(lost.iter().map(|(_, saying)| &saying.portion.octets[..]).collect::<Vec<_>>(), [b"one"]);
        assert_eq!(journal.weight(), 3);
    }
}

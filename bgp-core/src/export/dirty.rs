//! Dirty nets: prefixes a group has to look at again, each once, in the order in which they changed.

use crate::rib::{NetId, Queue};

/// How many nets have been taken from a queue since it began; also where one that waits now will be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// Prefixes a group has to look at again.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    queue: Queue,
    /// A bit for each net: whether it stands in the queue.
    queued: Vec<u64>,
    taken: u64,
}

impl Dirty {
    /// Whether there is nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// How many there are to look at.
    pub(super) fn len(&self) -> usize {
        self.queue.len()
    }

    /// Adds a net, unless it waits already.
    pub(super) fn touch(&mut self, net: NetId) {
        let (word, bit) = place(net);
        if word >= self.queued.len() {
            self.queued.resize(word + 1, 0);
        }
        let bits = &mut self.queued[word];
        if *bits & bit == 0 {
            *bits |= bit;
            self.queue.push(net);
        }
    }

    /// The next net to look at.
    pub(super) fn take(&mut self) -> Option<NetId> {
        let net = self.queue.pop()?;
        let (word, bit) = place(net);
        if let Some(bits) = self.queued.get_mut(word) {
            *bits &= !bit;
        }
        self.taken += 1;
        Some(net)
    }

    /// Up to where the queue has to be worked off for all that waits now to have been looked at.
    pub(super) fn ticket(&self) -> Ticket {
        Ticket(self.taken + self.queue.len() as u64)
    }

    /// Whether everything that waited when `ticket` was drawn has been looked at.
    pub(super) fn has_passed(&self, ticket: Ticket) -> bool {
        self.taken >= ticket.0
    }
}

/// The word that has the bit of a net, and the bit.
const fn place(net: NetId) -> (usize, u64) {
    (net.index() / u64::BITS as usize, 1 << (net.index() % u64::BITS as usize))
}

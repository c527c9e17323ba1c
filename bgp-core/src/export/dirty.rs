//! Dirty nets: prefixes a group has to look at again, each once, in the order in which they changed.

use std::collections::VecDeque;

use crate::rib::NetId;

/// How many nets have been taken from a queue since it began; also where one that waits now will be.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Ticket(u64);

/// Prefixes a group has to look at again.
#[derive(Debug, Default)]
pub(super) struct Dirty {
    queue: VecDeque<NetId>,
    queued: Vec<bool>,
    taken: u64,
}

impl Dirty {
    /// Whether there is nothing to look at.
    pub(super) fn is_empty(&self) -> bool {
        self.queue.is_empty()
    }

    /// Adds a net, unless it waits already.
    pub(super) fn touch(&mut self, net: NetId) {
        let index = net.index();
        if index >= self.queued.len() {
            self.queued.resize(index + 1, false);
        }
        if let Some(queued) = self.queued.get_mut(index)
            && !std::mem::replace(queued, true)
        {
            self.queue.push_back(net);
        }
    }

    /// The next net to look at.
    pub(super) fn take(&mut self) -> Option<NetId> {
        let net = self.queue.pop_front()?;
        if let Some(queued) = self.queued.get_mut(net.index()) {
            *queued = false;
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

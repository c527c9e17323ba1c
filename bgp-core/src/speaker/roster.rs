//! The roster: every neighbour, found by id, name, address and next deadline.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;

use crate::session::Counters;
use crate::speaker::PeerId;
use crate::{Deadline, Instant, Timer};

use super::neighbour::{Neighbour, Stay};

/// Every neighbour. Deadlines are indexed, so that thousands of idle ones cost nothing per call.
#[derive(Debug, Default)]
pub(super) struct Roster {
    neighbours: BTreeMap<PeerId, Neighbour>,
    names: BTreeMap<Arc<str>, PeerId>,
    addresses: BTreeSet<(IpAddr, PeerId)>,
    due: BTreeSet<(Instant, PeerId)>,
    next: u32,
    /// Messages and sessions of those that have left.
    past: (Counters, u64),
}

impl Roster {
    /// The id the next neighbour gets.
    pub(super) const fn next_id(&self) -> PeerId {
        PeerId(self.next)
    }

    pub(super) fn insert(&mut self, neighbour: Neighbour) {
        self.next = self.next.max(neighbour.id.0 + 1);
        self.names.insert(neighbour.name(), neighbour.id);
        self.addresses.insert((neighbour.config().remote.ip(), neighbour.id));
        let id = neighbour.id;
        self.neighbours.insert(id, neighbour);
        self.reindex(id);
    }

    pub(super) fn remove(&mut self, id: PeerId) -> Option<Neighbour> {
        let neighbour = self.neighbours.remove(&id)?;
        self.past = add(self.past, &neighbour);
        if self.names.get(&neighbour.config().name) == Some(&id) {
            self.names.remove(&neighbour.config().name);
        }
        self.addresses.remove(&(neighbour.config().remote.ip(), id));
        if let Some(at) = neighbour.due {
            self.due.remove(&(at, id));
        }
        Some(neighbour)
    }

    /// Frees a neighbour's name and address for a successor; it is leaving.
    pub(super) fn retire(&mut self, id: PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(&id) else { return };
        neighbour.stay = Stay::Leaving;
        self.names.remove(&neighbour.config().name);
        self.addresses.remove(&(neighbour.config().remote.ip(), id));
    }

    /// A neighbour is about to be found under another address.
    pub(super) fn readdress(&mut self, id: PeerId, address: IpAddr) {
        if let Some(neighbour) = self.neighbours.get(&id) {
            self.addresses.remove(&(neighbour.config().remote.ip(), id));
            self.addresses.insert((address, id));
        }
    }

    pub(super) fn get(&self, id: PeerId) -> Option<&Neighbour> {
        self.neighbours.get(&id)
    }

    /// Whoever may have moved its deadline calls [`reindex`](Self::reindex) afterwards.
    pub(super) fn get_mut(&mut self, id: PeerId) -> Option<&mut Neighbour> {
        self.neighbours.get_mut(&id)
    }

    pub(super) fn contains(&self, id: PeerId) -> bool {
        self.neighbours.contains_key(&id)
    }

    pub(super) fn by_name(&self, name: &str) -> Option<PeerId> {
        self.names.get(name).copied()
    }

    /// The neighbour that a connection from `remote` belongs to.
    pub(super) fn by_address(&self, remote: &SocketAddr) -> Option<PeerId> {
        let ip = remote.ip();
        let candidates = self.addresses.range((ip, PeerId(0))..=(ip, PeerId(u32::MAX)));
        candidates
            .map(|&(_, id)| id)
            .find(|id| self.get(*id).is_some_and(|neighbour| same_link(&neighbour.config().remote, remote)))
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Neighbour> + Clone {
        self.neighbours.values()
    }

    /// Messages of all sessions since the start, and how many of these became Established.
    pub(super) fn history(&self) -> (Counters, u64) {
        self.neighbours.values().fold(self.past, add)
    }

    pub(super) fn ids(&self) -> Vec<PeerId> {
        self.neighbours.keys().copied().collect()
    }

    /// Brings the index of deadlines up to date for one neighbour. One that has only moved on stays where it
    /// is until then, for it moves with every message sent: a call that comes too early finds nothing to do.
    pub(super) fn reindex(&mut self, id: PeerId) {
        let Some(neighbour) = self.neighbours.get_mut(&id) else { return };
        let wake_at = neighbour.wake_at();
        if neighbour.due.zip(wake_at).map_or(neighbour.due == wake_at, |(due, at)| due <= at) {
            return;
        }
        if let Some(at) = neighbour.due {
            self.due.remove(&(at, id));
        }
        if let Some(at) = wake_at {
            self.due.insert((at, id));
        }
        neighbour.due = wake_at;
    }

    /// A neighbour whose deadline has passed, each once: it is not due again before it is reindexed.
    pub(super) fn due(&mut self, now: Instant) -> Option<PeerId> {
        let &(at, id) = self.due.first()?;
        if at > now {
            return None;
        }
        self.due.pop_first();
        if let Some(neighbour) = self.neighbours.get_mut(&id) {
            neighbour.due = None;
        }
        Some(id)
    }

    /// The earliest deadline of all, or earlier.
    pub(super) fn next_deadline(&self) -> Option<Deadline> {
        let &(at, id) = self.due.first()?;
        let timer = self.get(id).and_then(|neighbour| neighbour.peer.poll_timeout());
        let timer =
            timer.filter(|deadline| deadline.at == at).map_or(Timer::Restart, |deadline| deadline.timer);
        Some(Deadline { at, timer })
    }
}

fn add((messages, sessions): (Counters, u64), neighbour: &Neighbour) -> (Counters, u64) {
    let status = neighbour.peer.status();
    (messages + status.counters, sessions + status.established)
}

/// Whether two ends with the same address are on the same link, where that is known.
const fn same_link(configured: &SocketAddr, remote: &SocketAddr) -> bool {
    match (configured, remote) {
        (SocketAddr::V6(a), SocketAddr::V6(b)) => {
            a.scope_id() == 0 || b.scope_id() == 0 || a.scope_id() == b.scope_id()
        }
        (_, _) => true,
    }
}

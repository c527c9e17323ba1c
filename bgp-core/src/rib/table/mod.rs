//! One family's routes: prefixes with their paths. Not here: who wins.

mod chains;
mod rolls;
mod verdicts;

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};

use ipnet::IpNet;

use crate::rib::hash::Seeded;
use crate::rib::index::Index;
use crate::rib::interned::RouteId;
use crate::rib::net::{Decided, Net, NetId, Waiting};
use crate::rib::path::Path;
use crate::rib::paths::Paths;
use crate::rib::prefixes::Prefixes;
use crate::rib::queue::Queue;
use crate::rib::slab::{Paged, Slab};
use crate::rib::sweep::Roll;
use crate::rib::{PathSlot, SourceId};

/// A prefix as the key of a lookup: hashed as numbers, not field by field and octet by octet.
struct Place(IpNet);

impl Hash for Place {
    fn hash<H: Hasher>(&self, state: &mut H) {
        match self.0 {
            IpNet::V4(prefix) => {
                state.write_u64(u64::from(prefix.addr().to_bits()) << 8 | u64::from(prefix.prefix_len()));
            }
            IpNet::V6(prefix) => {
                state.write_u128(prefix.addr().to_bits());
                state.write_u8(prefix.prefix_len());
            }
        }
    }
}

/// Where a prefix is to be looked for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Lead {
    hash: u32,
    /// The net that it most likely has, good until one is removed.
    guess: Option<u32>,
}

/// One family's prefixes with their paths.
#[derive(Debug)]
pub struct Table {
    nets: Slab<Net>,
    prefixes: Prefixes,
    /// Finds nets by their prefixes.
    index: Index,
    seeded: Seeded,
    pub(super) paths: Paths,
    /// What import made of paths where it rewrote them; held.
    rewritten: HashMap<PathSlot, RouteId, Seeded>,
    /// Places behind next hops, plus one; 0 for paths that are behind none, the last ones left out.
    hops: Paged<u32>,
    /// Decisions that paths do not tell any more: no more than there are nets queued. Their routes are held.
    displaced: Slab<Decided>,
    /// By source.
    rolls: Vec<Roll>,
    /// Nets to be decided, each once.
    queue: Queue,
}

impl Table {
    /// A table of the family that `prefixes` are of.
    pub(super) fn new(prefixes: Prefixes, seed: u64) -> Self {
        Self {
            nets: Slab::default(),
            prefixes,
            index: Index::default(),
            seeded: Seeded::new(seed),
            paths: Paths::default(),
            hops: Paged::default(),
            rewritten: HashMap::with_hasher(Seeded::new(seed)),
            displaced: Slab::default(),
            rolls: Vec::new(),
            queue: Queue::default(),
        }
    }

    /// About how many octets nets take, with what finds them.
    pub(super) fn octets_of_nets(&self) -> usize {
        self.nets.octets() + self.prefixes.octets() + self.index.octets() + self.displaced.octets()
    }

    /// About how many octets paths take.
    pub(super) fn octets_of_paths(&self) -> usize {
        self.paths.octets() + self.hops.octets()
    }

    /// All ids are below this: the length of an array by net.
    #[must_use]
    pub fn capacity(&self) -> usize {
        self.nets.capacity()
    }

    /// How many prefixes there are, those only held included.
    #[must_use]
    pub fn len(&self) -> usize {
        self.nets.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.nets.len() == 0
    }

    /// How many paths there are.
    #[must_use]
    pub fn path_count(&self) -> usize {
        self.paths.len()
    }

    /// The net of exactly `prefix`.
    #[must_use]
    pub fn lookup(&self, prefix: &IpNet) -> Option<NetId> {
        self.find_net(self.hash(prefix), prefix)
    }

    /// The prefix of `net`.
    #[must_use]
    pub fn prefix(&self, net: NetId) -> Option<IpNet> {
        self.net(net).and_then(|_| self.prefixes.get(net.0))
    }

    /// Every net, in the order of ids.
    pub fn nets(&self) -> impl Iterator<Item = (NetId, IpNet)> {
        self.nets_from(NetId::FIRST)
    }

    /// Every net whose id is not below `first`, in the order of ids.
    pub fn nets_from(&self, first: NetId) -> impl Iterator<Item = (NetId, IpNet)> {
        self.nets.iter_from(first.0).filter_map(|(id, _)| Some((NetId(id), self.prefixes.get(id)?)))
    }

    /// The nets with paths whose prefixes contain `prefix` or are it, the shortest first. Each length is
    /// looked up, so it does not matter how many nets there are.
    pub fn covering(&self, prefix: &IpNet) -> impl Iterator<Item = (NetId, IpNet)> {
        let (address, longest) = (prefix.addr(), prefix.prefix_len());
        (0..=longest).filter_map(move |length| {
            let covering = IpNet::new(address, length).ok()?.trunc();
            let net = self.lookup(&covering)?;
            self.net(net)?.first.map(|_| (net, covering))
        })
    }
}

/// What the rest of the RIB does with a table.
impl Table {
    pub(super) fn net(&self, net: NetId) -> Option<&Net> {
        self.nets.get(net.0)
    }

    pub(super) fn net_mut(&mut self, net: NetId) -> Option<&mut Net> {
        self.nets.get_mut(net.0)
    }

    pub(super) fn path(&self, slot: PathSlot) -> Option<&Path> {
        self.paths.get(slot)
    }

    /// Where `prefix` is to be looked for.
    pub(super) fn lead(&self, prefix: &IpNet) -> Lead {
        let hash = self.hash(prefix);
        Lead { hash, guess: self.index.guess(hash) }
    }

    /// The net of `prefix`, made where there is none.
    pub(super) fn ensure(&mut self, prefix: IpNet, Lead { hash, guess }: Lead) -> NetId {
        let guess = guess.filter(|id| self.prefixes.is(*id, &prefix)).map(NetId);
        if let Some(net) = guess.or_else(|| self.find_net(hash, &prefix)) {
            return net;
        }
        let id = NetId(self.nets.insert(Net::EMPTY));
        self.prefixes.put(id.0, &prefix);
        self.index.insert(hash, id.0);
        id
    }

    fn hash(&self, prefix: &IpNet) -> u32 {
        (self.seeded.hash_one(Place(*prefix)) >> 32) as u32
    }

    fn find_net(&self, hash: u32, prefix: &IpNet) -> Option<NetId> {
        self.index.find(hash, |id| self.prefixes.is(id, prefix)).map(NetId)
    }

    /// Queues `net` for its decision.
    pub(super) fn touch(&mut self, net: NetId) {
        self.touch_for(net, Waiting::Yes);
    }

    /// The same, and says why.
    pub(super) fn touch_for(&mut self, net: NetId, why: Waiting) {
        if let Some(entry) = self.nets.get_mut(net.0) {
            entry.wait(net, why, &mut self.queue);
        }
    }

    /// Queues `net` because what is known about `source` changed: if that is best, it counts as changed.
    pub(super) fn touch_anew(&mut self, net: NetId, source: SourceId) {
        let is_best = self.decided(net).is_some_and(|best| best.source == source);
        self.touch_for(net, if is_best { Waiting::Anew } else { Waiting::Yes });
    }

    /// Whether a net waits for its decision.
    pub(super) fn has_touched(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The next net to be decided, and why.
    pub(super) fn next_touched(&mut self) -> Option<(NetId, Waiting)> {
        let net = self.queue.pop()?;
        let entry = self.nets.get_mut(net.0);
        let why = entry.map_or(Waiting::Yes, |entry| std::mem::replace(&mut entry.waiting, Waiting::No));
        Some((net, why))
    }

    /// Forgets `net` where nothing hangs on it any more. What was decided needs no look: it goes by a path
    /// that goes, which queues the net.
    pub(super) fn reclaim(&mut self, id: NetId) {
        if let Some(net) = self.nets.get(id.0)
            && net.first.is_none()
            && net.holds == 0
            && net.waiting == Waiting::No
            && let Some(prefix) = self.prefixes.get(id.0)
        {
            self.index.remove(self.hash(&prefix), id.0);
            self.nets.remove(id.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wrong_guess_is_no_harm() {
        let mut table = Table::new(Prefixes::ipv4(), 0);
        let [one, other] = ["192.0.2.0/24", "198.51.100.0/24"].map(|text| text.parse().expect("a prefix"));
        let first = table.ensure(one, table.lead(&one));
        let misled = Lead { guess: Some(first.0), ..table.lead(&other) };
        let second = table.ensure(other, misled);
        assert_ne!(first, second);
        let misled = Lead { guess: Some(first.0), ..misled };
        assert_eq!(table.ensure(other, misled), second);
        assert_eq!(table.ensure(one, Lead { guess: None, ..table.lead(&one) }), first);
    }
}

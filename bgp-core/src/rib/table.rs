//! One family's routes: prefixes with their paths. Not here: who wins.

use std::collections::HashMap;
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::Instant;
use crate::rib::hash::Seeded;
use crate::rib::index::Index;
use crate::rib::intern::Interner;
use crate::rib::interned::RouteId;
use crate::rib::net::{Decided, Net, NetId, Waiting};
use crate::rib::path::{Judgement, Path};
use crate::rib::paths::Paths;
use crate::rib::prefixes::Prefixes;
use crate::rib::queue::Queue;
use crate::rib::slab::{Paged, Slab};
use crate::rib::sweep::Roll;
use crate::rib::{Accepted, Ineligible, Interned, PathSlot, SourceId};
use crate::wire::PathId;

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

    /// The most specific net with a path that holds `address`.
    #[must_use]
    pub fn longest_match(&self, address: IpAddr) -> Option<NetId> {
        self.covering(&IpNet::from(address)).last().map(|(net, _)| net)
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

    /// The nets with paths whose prefixes lie inside `prefix` or are it, in the order of ids. Looks at every
    /// net: only people ask.
    pub fn longer(&self, prefix: &IpNet) -> impl Iterator<Item = (NetId, IpNet)> {
        let prefix = *prefix;
        let populated = self.nets.iter_from(NetId::FIRST.0).filter(|(_, net)| net.first.is_some());
        populated
            .filter_map(|(id, _)| Some((NetId(id), self.prefixes.get(id)?)))
            .filter(move |(_, longer)| prefix.contains(longer))
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

    /// What import made of a path.
    pub(super) fn accepted(&self, slot: PathSlot, path: &Path) -> Result<RouteId, Ineligible> {
        match path.judgement {
            Judgement::AsReceived => Ok(path.received),
            Judgement::Rewritten => self.rewritten.get(&slot).copied().ok_or(Ineligible::NoPolicy),
            Judgement::Refused(reason) => Err(reason),
        }
    }

    /// Puts down what a path is received with by now.
    pub(super) fn receive(
        &mut self,
        slot: PathSlot,
        received: &Interned,
        now: Instant,
        routes: &mut Interner,
    ) {
        if let Some(path) = self.paths.get_mut(slot) {
            let before = path.receive(routes.hold(received.id()), now);
            routes.release(before);
        }
    }

    /// The path at `slot` is announced again.
    pub(super) fn renew(&mut self, slot: PathSlot, source: SourceId) {
        let generation = self.roll(source).map_or(0, Roll::generation);
        if let Some(path) = self.paths.get_mut(slot) {
            path.generation = generation;
        }
    }

    /// Puts down what import says of a path. What was decided on is kept by [`displace`](Self::displace).
    pub(super) fn judge(&mut self, slot: PathSlot, accepted: &Accepted, routes: &mut Interner) {
        let Some(path) = self.paths.get_mut(slot) else { return };
        if path.judgement == Judgement::Rewritten
            && let Some(before) = self.rewritten.remove(&slot)
        {
            routes.release(before);
        }
        path.judgement = match accepted {
            Ok(route) if route.id() == path.received => Judgement::AsReceived,
            Ok(route) => {
                self.rewritten.insert(slot, routes.hold(route.id()));
                Judgement::Rewritten
            }
            Err(reason) => Judgement::Refused(*reason),
        };
    }

    /// The last decision about `net`.
    pub(super) fn decided(&self, net: NetId) -> Option<Decided> {
        let net = self.net(net)?;
        let slot = net.decided?;
        if net.is_displaced { self.displaced.get(slot.index()).copied() } else { self.candidate(slot) }
    }

    /// The path at `slot` as a decision for it would be.
    pub(super) fn candidate(&self, slot: PathSlot) -> Option<Decided> {
        let route = self.accepted(slot, self.path(slot)?).ok()?;
        Some(Decided { slot, source: self.paths.source(slot)?, route })
    }

    /// Keeps what was decided for a net whose path at `slot` is about to change or to go.
    pub(super) fn displace(&mut self, slot: PathSlot, routes: &mut Interner) {
        let Some(id) = self.path(slot).map(|path| path.net) else { return };
        if self.net(id).is_none_or(|net| net.decided != Some(slot) || net.is_displaced) {
            return;
        }
        let Some(decided) = self.candidate(slot) else { return };
        routes.hold(decided.route);
        if let Some(net) = self.nets.get_mut(id.0) {
            net.decided = Some(PathSlot::new(self.displaced.insert(decided)));
            net.is_displaced = true;
        }
    }

    /// Puts down a decision about a net.
    pub(super) fn decide(&mut self, net: NetId, winner: Option<PathSlot>, routes: &mut Interner) {
        let Some(net) = self.nets.get_mut(net.0) else { return };
        let before = std::mem::replace(&mut net.decided, winner);
        if let Some(place) = before.filter(|_| std::mem::take(&mut net.is_displaced))
            && let Some(displaced) = self.displaced.remove(place.index())
        {
            routes.release(displaced.route);
        }
    }

    /// The place of a path behind its next hop.
    pub(super) fn hop_at(&self, slot: PathSlot) -> Option<u32> {
        self.hops.get(slot.index() as usize).and_then(|place| place.checked_sub(1))
    }

    /// Puts it down.
    pub(super) fn put_hop_at(&mut self, slot: PathSlot, place: Option<u32>) {
        let at = slot.index() as usize;
        if place.is_some() || at < self.hops.len() {
            self.hops.put(at, place.map_or(0, |place| place + 1), || 0);
        }
    }

    pub(super) fn roll(&self, source: SourceId) -> Option<&Roll> {
        self.rolls.get(source.index()).filter(|roll| roll.is_of(source))
    }

    pub(super) fn roll_mut(&mut self, source: SourceId) -> Option<&mut Roll> {
        roll_of(&mut self.rolls, source)
    }

    /// Opens an empty roll for `source`.
    pub(super) fn open_roll(&mut self, source: SourceId) {
        let at = source.index();
        if at >= self.rolls.len() {
            self.rolls.resize_with(at + 1, Roll::default);
        }
        self.rolls[at] = Roll::new(source);
    }

    /// The net of `prefix`, made where there is none.
    pub(super) fn ensure(&mut self, prefix: IpNet) -> NetId {
        let hash = self.hash(&prefix);
        if let Some(net) = self.find_net(hash, &prefix) {
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

    /// The paths of `net`, the one that came last first.
    pub(super) fn chain(&self, net: NetId) -> impl Iterator<Item = (PathSlot, &Path)> {
        let first = self.net(net).and_then(|net| net.first);
        let mut next = first.and_then(|slot| Some((slot, self.path(slot)?)));
        std::iter::from_fn(move || {
            let (slot, path) = next?;
            next = path.next.and_then(|slot| Some((slot, self.path(slot)?)));
            Some((slot, path))
        })
    }

    /// The path that `source` announced under `path_id`.
    pub(super) fn find(&self, net: NetId, source: SourceId, path_id: PathId) -> Option<PathSlot> {
        let is_it = |slot| self.paths.source(slot) == Some(source) && self.paths.path_id(slot) == path_id;
        self.chain(net).map(|(slot, _)| slot).find(|slot| is_it(*slot))
    }

    /// Stores a new path of `source`, if that has a roll.
    pub(super) fn insert(
        &mut self,
        source: SourceId,
        path_id: PathId,
        mut path: Path,
        routes: &mut Interner,
    ) -> Option<PathSlot> {
        let roll = roll_of(&mut self.rolls, source)?;
        let net = self.nets.get_mut(path.net.0)?;
        routes.hold(path.received);
        (path.next, path.generation) = (net.first, roll.generation());
        let slot = self.paths.insert(source, &mut roll.estate, path_id, path);
        net.first = Some(slot);
        Some(slot)
    }

    /// One more path of its source is accepted.
    pub(super) fn count_accepted(&mut self, slot: PathSlot) {
        if let Some(roll) = self.paths.source(slot).and_then(|source| roll_of(&mut self.rolls, source)) {
            roll.accepted += 1;
        }
    }

    /// One path less.
    pub(super) fn discount_accepted(&mut self, slot: PathSlot) {
        if let Some(roll) = self.paths.source(slot).and_then(|source| roll_of(&mut self.rolls, source)) {
            roll.accepted -= 1;
        }
    }

    /// Takes a path out of its chain and off its roll.
    pub(super) fn remove(&mut self, slot: PathSlot, routes: &mut Interner) {
        self.displace(slot, routes);
        let Some(roll) = self.paths.source(slot).and_then(|source| roll_of(&mut self.rolls, source)) else {
            return;
        };
        let Some(path) = self.paths.remove(&mut roll.estate, slot) else { return };
        roll.shrink();
        if path.judgement == Judgement::Rewritten
            && let Some(rewritten) = self.rewritten.remove(&slot)
        {
            routes.release(rewritten);
        }
        routes.release(path.received);
        self.unchain(&path, slot);
    }

    fn unchain(&mut self, path: &Path, slot: PathSlot) {
        let Some(net) = self.nets.get_mut(path.net.0) else { return };
        if net.first == Some(slot) {
            net.first = path.next;
            return;
        }
        let mut at = net.first;
        while let Some(before) = at.and_then(|at| self.paths.get_mut(at)) {
            if before.next == Some(slot) {
                before.next = path.next;
                return;
            }
            at = before.next;
        }
    }

    /// Queues `net` for its decision.
    pub(super) fn touch(&mut self, net: NetId) {
        if let Some(entry) = self.nets.get_mut(net.0)
            && entry.waiting == Waiting::No
        {
            entry.waiting = Waiting::Yes;
            self.queue.push(net);
        }
    }

    /// Queues `net` because what is known about `source` changed: if that is best, it counts as changed.
    pub(super) fn touch_anew(&mut self, net: NetId, source: SourceId) {
        self.touch(net);
        if self.decided(net).is_some_and(|best| best.source == source)
            && let Some(entry) = self.nets.get_mut(net.0)
        {
            entry.waiting = Waiting::Anew;
        }
    }

    /// Makes sure that the roll of `source` can open a generation. Renumbering happens once in 65 535
    /// marks, so its walk over the roll is paid for by them.
    pub(super) fn make_room(&mut self, source: SourceId) {
        let Some(roll) = roll_of(&mut self.rolls, source).filter(|roll| roll.is_exhausted()) else {
            return;
        };
        let renumbered = roll.renumber();
        for place in 0..roll.estate.places() {
            if let Some(path) = roll.estate.at(place, &self.paths).and_then(|slot| self.paths.get_mut(slot)) {
                path.generation = renumbered(path.generation);
            }
        }
    }

    /// The next path of `source` to be looked at by a sweep.
    pub(super) fn next_to_sweep(&mut self, source: SourceId) -> Option<PathSlot> {
        roll_of(&mut self.rolls, source)?.next_to_sweep(&self.paths)
    }

    /// The next path of `source` whose net has to be decided anew.
    pub(super) fn next_to_touch(&mut self, source: SourceId) -> Option<PathSlot> {
        roll_of(&mut self.rolls, source)?.next_to_touch(&self.paths)
    }

    /// The next path of `source` whose import has to be evaluated anew.
    pub(super) fn next_to_reimport(&mut self, source: SourceId) -> Option<PathSlot> {
        roll_of(&mut self.rolls, source)?.next_to_reimport(&self.paths)
    }

    /// Whether a net waits for its decision.
    pub(super) fn has_touched(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The next net to be decided, and whether that counts as a change whatever it is.
    pub(super) fn next_touched(&mut self) -> Option<(NetId, bool)> {
        let net = self.queue.pop()?;
        let entry = self.nets.get_mut(net.0);
        let waiting = entry.map(|entry| std::mem::replace(&mut entry.waiting, Waiting::No));
        Some((net, waiting == Some(Waiting::Anew)))
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

/// The roll of `source`, unless its place belongs to another by now.
fn roll_of(rolls: &mut [Roll], source: SourceId) -> Option<&mut Roll> {
    rolls.get_mut(source.index()).filter(|roll| roll.is_of(source))
}

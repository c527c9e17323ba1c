//! One family's routes: prefixes with their paths. Not here: who wins.

use std::collections::{HashMap, VecDeque};
use std::hash::{BuildHasher, Hash, Hasher};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::rib::hash::Seeded;
use crate::rib::index::Index;
use crate::rib::path::{Judgement, Path};
use crate::rib::prefixes::Prefixes;
use crate::rib::slab::Slab;
use crate::rib::sweep::Roll;
use crate::rib::{Accepted, Ineligible, Interned, PathSlot, SourceId};
use crate::wire::PathId;

/// Names a net, a prefix with its paths, in its table. Dense, so that consumers can keep arrays by net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetId(pub(super) u32);

impl NetId {
    /// The first of all ids, where walks start.
    pub const FIRST: Self = Self(0);

    /// The id whose place in an array by net is `index`; the last there can be where that is too large.
    pub(crate) fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Its place in an array by net.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The id that follows, for walks in slices.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The outcome of a decision.
#[derive(Clone, Copy, Debug)]
pub(super) struct Decided<'a> {
    pub(super) slot: PathSlot,
    pub(super) source: SourceId,
    pub(super) route: &'a Arc<Interned>,
}

impl Decided<'_> {
    /// Whether both say the same: identity of source and route, never rank.
    pub(super) fn is(&self, other: &Self) -> bool {
        self.slot == other.slot && self.source == other.source && Arc::ptr_eq(self.route, other.route)
    }
}

/// What a path said when it was decided on, kept because it has changed or gone since.
#[derive(Debug)]
struct Displaced {
    slot: PathSlot,
    source: SourceId,
    route: Arc<Interned>,
}

/// What hangs on a prefix. Its decision is found where it was made: in the path, for as long as that says
/// what it said then.
#[derive(Clone, Debug)]
pub(super) struct Net {
    pub(super) first: Option<PathSlot>,
    /// The path decided on, or with `is_displaced` what is kept of it.
    decided: Option<PathSlot>,
    pub(super) holds: u16,
    is_displaced: bool,
    waiting: Waiting,
}

/// Whether a net waits for its decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waiting {
    No,
    Yes,
    /// The decision counts as a change whatever it is: what is known about the source changed.
    Anew,
}

// A prefix costs this, five octets (IPv6: seventeen) and its place in the index.
const _: () = assert!(Slab::<Net>::SLOT <= 12);
const _: () = assert!(Slab::<Path>::SLOT <= 40);

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
    paths: Slab<Path>,
    /// What import made of paths where it rewrote them.
    rewritten: HashMap<PathSlot, Arc<Interned>, Seeded>,
    /// Decisions that paths do not tell any more: no more than there are nets queued.
    displaced: Slab<Displaced>,
    /// By source.
    rolls: Vec<Roll>,
    /// Nets to be decided, each once.
    queue: VecDeque<NetId>,
}

impl Table {
    /// A table of the family that `prefixes` are of.
    pub(super) fn new(prefixes: Prefixes, seed: u64) -> Self {
        Self {
            nets: Slab::default(),
            prefixes,
            index: Index::default(),
            seeded: Seeded::new(seed),
            paths: Slab::default(),
            rewritten: HashMap::with_hasher(Seeded::new(seed)),
            displaced: Slab::default(),
            rolls: Vec::new(),
            queue: VecDeque::new(),
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
        self.find_net(self.seeded.hash_one(Place(*prefix)), prefix)
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
        self.paths.get(slot.index())
    }

    pub(super) fn path_mut(&mut self, slot: PathSlot) -> Option<&mut Path> {
        self.paths.get_mut(slot.index())
    }

    /// What import made of a path.
    pub(super) fn accepted<'a>(
        &'a self,
        slot: PathSlot,
        path: &'a Path,
    ) -> Result<&'a Arc<Interned>, Ineligible> {
        match path.judgement {
            Judgement::AsReceived => Ok(&path.received),
            Judgement::Rewritten => self.rewritten.get(&slot).ok_or(Ineligible::NoPolicy),
            Judgement::Refused(reason) => Err(reason),
        }
    }

    /// Puts down what import says of a path. What was decided on is kept by [`displace`](Self::displace).
    pub(super) fn judge(&mut self, slot: PathSlot, accepted: Accepted) {
        let Some(path) = self.paths.get_mut(slot.index()) else { return };
        if path.judgement == Judgement::Rewritten {
            self.rewritten.remove(&slot);
        }
        path.judgement = match accepted {
            Ok(route) if Arc::ptr_eq(&route, &path.received) => Judgement::AsReceived,
            Ok(route) => {
                self.rewritten.insert(slot, route);
                Judgement::Rewritten
            }
            Err(reason) => Judgement::Refused(reason),
        };
    }

    /// The last decision about `net`.
    pub(super) fn decided(&self, net: NetId) -> Option<Decided<'_>> {
        let net = self.net(net)?;
        let slot = net.decided?;
        if net.is_displaced {
            let Displaced { slot, source, route } = self.displaced.get(slot.index())?;
            return Some(Decided { slot: *slot, source: *source, route });
        }
        self.candidate(slot)
    }

    /// The path at `slot` as a decision for it would be.
    pub(super) fn candidate(&self, slot: PathSlot) -> Option<Decided<'_>> {
        let path = self.path(slot)?;
        Some(Decided { slot, source: path.source, route: self.accepted(slot, path).ok()? })
    }

    /// Keeps what was decided for a net whose path at `slot` is about to change or to go.
    pub(super) fn displace(&mut self, slot: PathSlot) {
        let Some(id) = self.path(slot).map(|path| path.net) else { return };
        if self.net(id).is_none_or(|net| net.decided != Some(slot) || net.is_displaced) {
            return;
        }
        let Some(Decided { source, route, .. }) = self.candidate(slot) else { return };
        let displaced = Displaced { slot, source, route: Arc::clone(route) };
        if let Some(net) = self.nets.get_mut(id.0) {
            net.decided = Some(PathSlot::new(self.displaced.insert(displaced)));
            net.is_displaced = true;
        }
    }

    /// Puts down a decision about a net.
    pub(super) fn decide(&mut self, net: NetId, winner: Option<PathSlot>) {
        let Some(net) = self.nets.get_mut(net.0) else { return };
        let before = std::mem::replace(&mut net.decided, winner);
        if let Some(displaced) = before.filter(|_| std::mem::take(&mut net.is_displaced)) {
            self.displaced.remove(displaced.index());
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
        let hash = self.seeded.hash_one(Place(prefix));
        if let Some(net) = self.find_net(hash, &prefix) {
            return net;
        }
        let net = Net { first: None, decided: None, holds: 0, is_displaced: false, waiting: Waiting::No };
        let id = NetId(self.nets.insert(net));
        self.prefixes.put(id.0, &prefix);
        self.index.insert(hash, id.0);
        id
    }

    fn find_net(&self, hash: u64, prefix: &IpNet) -> Option<NetId> {
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
        self.chain(net)
            .find(|(_, path)| path.source == source && path.path_id == path_id)
            .map(|(slot, _)| slot)
    }

    /// Chains a new path to its net and writes it on the roll of its source.
    pub(super) fn insert(&mut self, mut path: Path) -> PathSlot {
        let (net, source) = (path.net, path.source);
        path.next = self.net(net).and_then(|net| net.first);
        let slot = PathSlot::new(self.paths.insert(path));
        if let Some(net) = self.net_mut(net) {
            net.first = Some(slot);
        }
        if let Some(roll) = roll_of(&mut self.rolls, source) {
            let (at, generation) = roll.enlist(slot);
            if let Some(path) = self.paths.get_mut(slot.index()) {
                (path.roll_at, path.generation) = (at, generation);
            }
        }
        slot
    }

    /// Takes a path out of its chain and off its roll.
    pub(super) fn remove(&mut self, slot: PathSlot) -> Option<Path> {
        self.displace(slot);
        let path = self.paths.remove(slot.index())?;
        if path.judgement == Judgement::Rewritten {
            self.rewritten.remove(&slot);
        }
        self.unchain(&path, slot);
        if let Some(roll) = roll_of(&mut self.rolls, path.source)
            && let Some(moved) = roll.strike(path.roll_at)
            && let Some(moved) = self.paths.get_mut(moved.index())
        {
            moved.roll_at = path.roll_at;
        }
        Some(path)
    }

    fn unchain(&mut self, path: &Path, slot: PathSlot) {
        let Some(net) = self.nets.get_mut(path.net.0) else { return };
        if net.first == Some(slot) {
            net.first = path.next;
            return;
        }
        let mut at = net.first;
        while let Some(before) = at.and_then(|at| self.paths.get_mut(at.index())) {
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
            self.queue.push_back(net);
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
        for slot in roll.paths() {
            if let Some(path) = self.paths.get_mut(slot.index()) {
                path.generation = renumbered(path.generation);
            }
        }
    }

    /// Whether a net waits for its decision.
    pub(super) fn has_touched(&self) -> bool {
        !self.queue.is_empty()
    }

    /// The next net to be decided, and whether that counts as a change whatever it is.
    pub(super) fn next_touched(&mut self) -> Option<(NetId, bool)> {
        let net = self.queue.pop_front()?;
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
            self.index.remove(self.seeded.hash_one(Place(prefix)), id.0);
            self.nets.remove(id.0);
        }
    }
}

/// The roll of `source`, unless its place belongs to another by now.
fn roll_of(rolls: &mut [Roll], source: SourceId) -> Option<&mut Roll> {
    rolls.get_mut(source.index()).filter(|roll| roll.is_of(source))
}

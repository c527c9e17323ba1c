//! Next hops: how each is reached, and which paths hang on it.
//!
//! Event-driven: the driver is told which addresses to watch and answers when one changes; only the paths
//! behind that one are looked at.

use std::collections::{HashMap, VecDeque};
use std::net::IpAddr;
use std::sync::Arc;

use crate::rib::hash::Seeded;
use crate::rib::slab::Slab;
use crate::rib::sweep::Walk;
use crate::rib::tables::TableId;
use crate::rib::{Forwarding, Interned, NextHopMode, PathSlot, Route};
use crate::wire::NextHop;

/// How one tracked address is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct ResolvedHop {
    /// The neighbour to hand packets to; `None` where the tracked address itself is connected.
    pub gateway: Option<IpAddr>,
    /// Name of the outgoing interface.
    pub interface: Arc<str>,
}

/// What the kernel's table says about a tracked next hop.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Reach {
    /// Interior cost: 0 where connected, else the metric of the route used.
    pub metric: u32,
    /// The hops, more than one where the covering route is multipath.
    pub hops: Vec<ResolvedHop>,
}

/// How the next hop of a route is reached, for explanations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Way<'a> {
    /// Nobody is asked: every next hop counts as reachable.
    Assumed,
    /// It is on the link of this interface, on which it was heard of.
    Link(Arc<str>),
    /// The driver was asked and has not answered yet.
    Unanswered,
    /// It cannot be reached.
    None,
    /// As the driver said.
    Through(&'a Reach),
}

/// The next hops in use.
#[derive(Debug)]
pub(super) struct NextHops {
    mode: NextHopMode,
    entries: Slab<Entry>,
    index: HashMap<IpAddr, u32, Seeded>,
    /// Addresses whose watch may have to start or stop.
    queue: VecDeque<IpAddr>,
    /// How many are watched and have not been answered for yet.
    unanswered: usize,
}

/// One next hop.
#[derive(Debug)]
pub(super) struct Entry {
    address: IpAddr,
    reach: Option<Reach>,
    /// The driver was told to watch it.
    watched: bool,
    /// It has said how it is reached, or that it is not.
    answered: bool,
    /// It stands in the queue.
    queued: bool,
    /// It stands in the RIB's queue of work.
    pub(super) working: bool,
    ipv4: Behind,
    ipv6: Behind,
}

/// The paths of one table behind a next hop.
#[derive(Debug, Default)]
pub(super) struct Behind {
    paths: Vec<PathSlot>,
    touching: Walk,
}

impl Behind {
    /// The next path whose net has to be decided anew.
    pub(super) fn next_to_touch(&mut self) -> Option<PathSlot> {
        self.touching.step().and_then(|at| self.paths.get(at).copied())
    }
}

impl Entry {
    pub(super) const fn behind(&mut self, table: TableId) -> &mut Behind {
        match table {
            TableId::Ipv4 => &mut self.ipv4,
            TableId::Ipv6 => &mut self.ipv6,
        }
    }

    fn is_used(&self) -> bool {
        !self.ipv4.paths.is_empty() || !self.ipv6.paths.is_empty()
    }
}

impl NextHops {
    pub(super) fn new(mode: NextHopMode, seed: u64) -> Self {
        let index = HashMap::with_hasher(Seeded::new(seed));
        Self { mode, entries: Slab::default(), index, queue: VecDeque::new(), unanswered: 0 }
    }

    /// Octets that the lists of paths behind next hops take. Looks at every next hop and at no path.
    pub(super) fn octets(&self) -> usize {
        let entries = (0..self.entries.capacity()).filter_map(|at| self.entries.get(u32::try_from(at).ok()?));
        let listed = entries.map(|entry| entry.ipv4.paths.capacity() + entry.ipv6.paths.capacity());
        listed.sum::<usize>() * size_of::<PathSlot>() + self.entries.octets()
    }

    /// Whether some next hop looks unreachable only because nobody has looked yet.
    pub(super) const fn awaits_answers(&self) -> bool {
        self.unanswered > 0
    }

    /// Changes whether next hops are watched; the watch of each is started or stopped accordingly.
    pub(super) fn set_mode(&mut self, mode: NextHopMode) {
        self.mode = mode;
        for at in 0..self.entries.capacity() {
            self.consider(u32::try_from(at).unwrap_or(u32::MAX));
        }
    }

    /// Puts a path behind `address`; its place there is the answer.
    pub(super) fn enlist(&mut self, address: IpAddr, table: TableId, slot: PathSlot) -> u32 {
        let at = match self.index.get(&address) {
            Some(&at) => at,
            None => self.open(address),
        };
        let Some(entry) = self.entries.get_mut(at) else { return 0 };
        let paths = &mut entry.behind(table).paths;
        paths.push(slot);
        let place = u32::try_from(paths.len() - 1).expect("no more paths than the slab has");
        self.consider(at);
        place
    }

    /// Takes the path at `place` from behind `address`; the path that takes its place is the answer.
    pub(super) fn strike(&mut self, address: IpAddr, table: TableId, place: u32) -> Option<PathSlot> {
        let at = *self.index.get(&address)?;
        let behind = self.entries.get_mut(at)?.behind(table);
        behind.paths.swap_remove(place as usize);
        behind.touching.shrink(behind.paths.len());
        let moved = behind.paths.get(place as usize).copied();
        self.consider(at);
        moved
    }

    /// Notes how `address` is reached; the entry, with its walks started, where that is news.
    pub(super) fn answer(&mut self, address: IpAddr, reach: Option<Reach>) -> Option<&mut Entry> {
        let entry = self.entries.get_mut(*self.index.get(&address)?)?;
        if entry.watched && !entry.answered {
            entry.answered = true;
            self.unanswered -= 1;
        }
        if entry.reach == reach {
            return None;
        }
        entry.reach = reach;
        entry.ipv4.touching.start(entry.ipv4.paths.len());
        entry.ipv6.touching.start(entry.ipv6.paths.len());
        Some(entry)
    }

    pub(super) fn entry(&mut self, address: IpAddr) -> Option<&mut Entry> {
        self.entries.get_mut(*self.index.get(&address)?)
    }

    /// The next address whose watch starts (`true`) or stops.
    pub(super) fn poll_track(&mut self) -> Option<(IpAddr, bool)> {
        while let Some(address) = self.queue.pop_front() {
            let Some(&at) = self.index.get(&address) else { continue };
            let Some(entry) = self.entries.get_mut(at) else { continue };
            entry.queued = false;
            let wanted = self.mode == NextHopMode::Tracked && entry.is_used();
            let news = entry.watched != wanted;
            let (was_awaited, is_new) = (entry.watched && !entry.answered, news && wanted);
            entry.watched = wanted;
            if !wanted {
                entry.reach = None;
            }
            entry.answered &= wanted && !is_new;
            let is_awaited = entry.watched && !entry.answered;
            self.unanswered = self.unanswered + usize::from(is_awaited) - usize::from(was_awaited);
            self.consider(at);
            if news {
                return Some((address, wanted));
            }
        }
        None
    }

    /// The cost to the next hop of `route`, which is watched; `None` where it cannot be reached.
    pub(super) fn cost(&self, route: &Interned) -> Option<u32> {
        route.tracked().map_or(Some(0), |address| self.reach(address).map(|reach| reach.metric))
    }

    /// Where packets of `route` go, with every gateway filled in.
    pub(super) fn resolve(&self, route: &Route) -> Option<Vec<ResolvedHop>> {
        let Forwarding::Via(next_hop) = &route.forwarding else { return None };
        let address = next_hop.address();
        let Some(tracked) = tracked(next_hop, route.interface.is_some()) else {
            let interface = Arc::clone(route.interface.as_ref()?);
            return Some(vec![ResolvedHop { gateway: Some(address), interface }]);
        };
        let filled = |hop: &ResolvedHop| ResolvedHop {
            gateway: hop.gateway.or(Some(tracked)),
            interface: Arc::clone(&hop.interface),
        };
        Some(self.reach(tracked)?.hops.iter().map(filled).collect())
    }

    /// The next hop of `route`, where it has one, and the way to it.
    pub(super) fn way(&self, route: &Route) -> Option<(IpAddr, Way<'_>)> {
        let Forwarding::Via(next_hop) = &route.forwarding else { return None };
        let address = next_hop.address();
        if self.mode == NextHopMode::Assumed {
            return Some((address, Way::Assumed));
        }
        let way = match (tracked(next_hop, route.interface.is_some()), &route.interface) {
            (None, Some(interface)) => Way::Link(Arc::clone(interface)),
            _ => match self.index.get(&address).and_then(|&at| self.entries.get(at)) {
                Some(Entry { reach: Some(reach), .. }) => Way::Through(reach),
                Some(Entry { answered: true, .. }) => Way::None,
                Some(_) | None => Way::Unanswered,
            },
        };
        Some((address, way))
    }

    pub(super) fn reach(&self, address: IpAddr) -> Option<&Reach> {
        self.entries.get(*self.index.get(&address)?)?.reach.as_ref()
    }

    fn open(&mut self, address: IpAddr) -> u32 {
        let entry = Entry {
            address,
            reach: None,
            watched: false,
            answered: false,
            queued: false,
            working: false,
            ipv4: Behind::default(),
            ipv6: Behind::default(),
        };
        let at = self.entries.insert(entry);
        self.index.insert(address, at);
        at
    }

    /// Queues an entry whose watch has to change, drops one that nobody needs.
    fn consider(&mut self, at: u32) {
        let Some(entry) = self.entries.get_mut(at) else { return };
        let used = entry.is_used();
        let wanted = self.mode == NextHopMode::Tracked && used;
        if entry.watched != wanted && !entry.queued {
            entry.queued = true;
            self.queue.push_back(entry.address);
        } else if !used && !entry.watched {
            self.index.remove(&entry.address);
            self.entries.remove(at);
        }
    }
}

/// The address that has to be watched for packets to find `next_hop`.
///
/// None for a link-local one whose interface is known: it is on that link or nowhere, and no routing table
/// knows more.
pub(super) fn tracked(next_hop: &NextHop, has_interface: bool) -> Option<IpAddr> {
    match next_hop {
        NextHop::V6 { global, .. } if global.is_unicast_link_local() && has_interface => None,
        NextHop::V4(_) | NextHop::V6 { .. } => Some(next_hop.address()),
    }
}

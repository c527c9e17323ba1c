//! The IPv4 table: several routes may share the key (prefix, metric), each is whole.
//!
//! Follows `fib_table_insert`, `fib_table_delete`, `fib_sync_down_dev` and `fib_sync_up` of Linux 6.18.

use ipnet::IpNet;

use super::{How, Kernel};
use crate::{Address, KernelForwarding, KernelHop, KernelRoute, Place, Refused, Seen};

/// A route and which of its hops are dead. A dead hop stays listed, and comes back with its interface.
#[derive(Clone, Debug)]
pub(super) struct Entry {
    pub(super) route: KernelRoute,
    dead: Vec<bool>,
}

/// What befell an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// It went down, or lost its last IPv4 address.
    Disabled,
    /// It is no more.
    Gone,
}

impl Entry {
    fn new(route: KernelRoute) -> Self {
        let dead = vec![false; route.hops().len()];
        Self { route, dead }
    }

    /// The hops are others now: those of the object that the route stands on.
    pub(super) fn move_to(&mut self, hops: Vec<KernelHop>) {
        self.dead = vec![false; hops.len()];
        self.route.forwarding = KernelForwarding::Unicast(hops);
    }

    /// The hops that packets may take.
    pub(super) fn alive(&self) -> impl Iterator<Item = &KernelHop> {
        self.route.hops().iter().zip(&self.dead).filter(|(_, dead)| !**dead).map(|(hop, _)| hop)
    }

    /// Marks the hops over an interface and says whether the route is lost with them. A route with any hop over an
    /// interface that is deleted goes as a whole.
    fn lose(&mut self, interface: u32, loss: Loss) -> bool {
        if self.route.object.is_some() {
            return false;
        }
        let mut hit = false;
        for (hop, dead) in self.route.hops().iter().zip(&mut self.dead) {
            if hop.interface == interface {
                *dead = true;
                hit = true;
            }
        }
        hit && (loss == Loss::Gone || self.dead.iter().all(|dead| *dead))
    }

    fn revive(&mut self, interface: u32) {
        for (hop, dead) in self.route.hops().iter().zip(&mut self.dead) {
            *dead &= hop.interface != interface;
        }
    }
}

impl Kernel {
    pub(super) fn write_ipv4(&mut self, mut route: KernelRoute, how: How) -> Result<(), Refused> {
        self.check_ipv4(&mut route)?;
        self.enter_ipv4(route, how)
    }

    /// Puts a route that makes sense into the table.
    fn enter_ipv4(&mut self, route: KernelRoute, how: How) -> Result<(), Refused> {
        let entry = Entry::new(route.clone());
        let place = self.ipv4.change(route.prefix, |row| enter(row, entry, how))?;
        if let Some(place) = place {
            self.say(Seen::Added { route, place });
        }
        Ok(())
    }

    /// Removes the first route of a key; metric 0 means any.
    pub(super) fn delete_ipv4(
        &mut self,
        prefix: IpNet,
        metric: u32,
        protocol: Option<u8>,
    ) -> Result<(), Refused> {
        let fits = |entry: &Entry| {
            (metric == 0 || entry.route.metric == metric)
                && protocol.is_none_or(|protocol| entry.route.protocol == protocol)
        };
        let gone = self.ipv4.change(prefix, |row| row.iter().position(fits).map(|at| row.remove(at)));
        self.say(Seen::Removed(gone.ok_or(Refused::Gone)?.route));
        Ok(())
    }

    /// The hops over an interface die; routes without a live one vanish, and nobody is told.
    pub(super) fn lose_ipv4(&mut self, interface: u32, loss: Loss) {
        self.ipv4.change_all(|_, row| row.retain_mut(|entry| !entry.lose(interface, loss)));
    }

    /// The interface is up and has an address again: so are the hops over it.
    pub(super) fn revive_ipv4(&mut self, interface: u32) {
        self.ipv4.change_all(|_, row| row.iter_mut().for_each(|entry| entry.revive(interface)));
    }

    /// Writes the connected route of an address. One that is there already stays.
    pub(super) fn connect_ipv4(&mut self, address: &Address) {
        if let Some(route) = connected_ipv4(address) {
            let _: Result<(), Refused> = self.enter_ipv4(route, How::Append);
        }
    }

    /// Removes the connected route of an address.
    pub(super) fn disconnect_ipv4(&mut self, address: &Address) {
        let Some(route) = connected_ipv4(address) else { return };
        let fits = |entry: &Entry| entry.route == route;
        let gone = self.ipv4.change(route.prefix, |row| row.iter().position(fits).map(|at| row.remove(at)));
        if gone.is_some() {
            self.say(Seen::Removed(route));
        }
    }

    /// Routes that prefer an address which is no longer ours go, and each is announced (`fib_sync_down_addr`).
    pub(super) fn unsource_ipv4(&mut self, address: &Address) {
        let mut gone = Vec::new();
        self.ipv4.change_all(|_, row| {
            gone.extend(row.extract_if(.., |entry| entry.route.source == Some(address.local)));
        });
        for entry in gone {
            self.say(Seen::Removed(entry.route));
        }
    }
}

/// `None`: the very same route leads the key already, and the kernel says nothing.
fn enter(row: &mut Vec<Entry>, entry: Entry, how: How) -> Result<Option<Place>, Refused> {
    let metric = entry.route.metric;
    let begin = row.partition_point(|held| held.route.metric < metric);
    let end = row.partition_point(|held| held.route.metric <= metric);
    if begin == end {
        row.insert(begin, entry);
        return Ok(Some(Place::First));
    }
    let same = row[begin..end].iter().position(|held| held.route == entry.route);
    match (how, same) {
        (How::Replace, Some(0)) => return Ok(None),
        (How::Exclusive, _) | (_, Some(_)) => return Err(Refused::Exists { protocol: 0, metric }),
        (How::Replace, None) => row[begin] = entry,
        (How::Append, None) => row.insert(end, entry),
        (How::Prepend, None) => row.insert(begin, entry),
    }
    Ok(Some(how.place()))
}

/// An address with a prefix of its own length connects to nothing else.
fn connected_ipv4(address: &Address) -> Option<KernelRoute> {
    let prefix = address.connected.filter(|prefix| prefix.prefix_len() < prefix.max_prefix_len())?;
    let hop = KernelHop { gateway: None, interface: address.interface, onlink: false, weight: 1 };
    Some(KernelRoute {
        prefix,
        metric: 0,
        protocol: super::PROTOCOL_KERNEL,
        scope: super::SCOPE_LINK,
        forwarding: KernelForwarding::Unicast(vec![hop]),
        source: Some(address.local),
        object: None,
    })
}

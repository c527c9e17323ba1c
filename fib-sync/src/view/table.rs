//! The routes of the table, by prefix, by the interfaces they lead over and by the next-hop objects they stand on.
//!
//! What a prefix holds is a list of routes, mostly of one, and few different lists are held by very many prefixes.
//! So a prefix keeps the id of its list, an interface the ids of the lists over it, and a list its prefixes.

use std::collections::BTreeSet;
use std::net::IpAddr;

use ipnet::IpNet;

use super::Held;
use super::holders::Holders;
use crate::by_prefix::ByPrefix;
use crate::pool::{Id, Pool};

/// Lists of routes by prefix.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// None of them is empty.
    lists: Pool<Vec<Held>>,
    by_prefix: ByPrefix<Id>,
    holders: Holders,
    /// The lists over each interface.
    over: BTreeSet<(u32, Id)>,
    /// The lists with a route on each next-hop object.
    on: BTreeSet<(u32, Id)>,
    /// The lists with a route that prefers each address.
    from: BTreeSet<(IpAddr, Id)>,
}

impl Table {
    /// The routes of a prefix, in the kernel's order within a metric.
    pub(super) fn routes(&self, prefix: &IpNet) -> &[Held] {
        self.by_prefix.get(prefix).map_or(&[], |id| self.list(*id))
    }

    /// Every route, by prefix.
    pub(super) fn iter(&self) -> impl Iterator<Item = (IpNet, &[Held])> {
        self.by_prefix.iter().map(|(prefix, id)| (prefix, self.list(*id)))
    }

    /// Every route behind `prefix`, by prefix.
    pub(super) fn iter_after(&self, prefix: Option<IpNet>) -> impl Iterator<Item = (IpNet, &[Held])> {
        self.by_prefix.iter_after(prefix).map(|(prefix, id)| (prefix, self.list(*id)))
    }

    /// How many routes are so. Asks once per list, not per prefix.
    pub(super) fn count(&self, is_so: impl Fn(&Held) -> bool) -> usize {
        let of_list = |list: &[Held]| list.iter().filter(|route| is_so(route)).count();
        self.lists.iter().map(|(list, holders)| of_list(list) * holders).sum()
    }

    /// The prefixes with a route over this interface.
    pub(super) fn prefixes_over(&self, interface: u32) -> impl Iterator<Item = IpNet> {
        self.lists_over(interface).flat_map(|id| self.holders.of(id))
    }

    /// The prefixes with a route on this next-hop object.
    pub(super) fn prefixes_on(&self, object: u32) -> impl Iterator<Item = IpNet> {
        lists(&self.on, object).flat_map(|id| self.holders.of(id))
    }

    /// The prefixes with a route that prefers this address.
    pub(super) fn prefixes_from(&self, source: IpAddr) -> impl Iterator<Item = IpNet> {
        lists(&self.from, source).flat_map(|id| self.holders.of(id))
    }

    /// Whether there is one.
    pub(super) fn has_on(&self, object: u32) -> bool {
        lists(&self.on, object).next().is_some()
    }

    /// The IPv4 prefixes with a route over this interface.
    pub(super) fn ipv4_over(&self, interface: u32) -> impl Iterator<Item = IpNet> {
        self.lists_over(interface).flat_map(|id| self.holders.ipv4_of(id))
    }

    /// Puts these routes in the place of those of a prefix: whether it had any, and whether they are others.
    pub(super) fn set(&mut self, prefix: IpNet, routes: Vec<Held>) -> (bool, bool) {
        let now = (!routes.is_empty()).then(|| self.hold(routes));
        let before = match now {
            Some(id) => self.by_prefix.insert(prefix, id),
            None => self.by_prefix.remove(&prefix),
        };
        if before != now
            && let Some(id) = now
        {
            self.holders.insert(id, &prefix);
        }
        if let Some(id) = before {
            if before != now {
                self.holders.remove(id, &prefix);
            }
            self.release(id);
        }
        (before.is_some(), before != now)
    }

    fn lists_over(&self, interface: u32) -> impl Iterator<Item = Id> {
        lists(&self.over, interface)
    }

    fn list(&self, id: Id) -> &[Held] {
        self.lists.get(id).map_or(&[], Vec::as_slice)
    }

    fn hold(&mut self, routes: Vec<Held>) -> Id {
        let (id, is_new) = self.lists.hold(routes);
        if is_new && let Some(routes) = self.lists.get(id) {
            let hops = routes.iter().flat_map(Held::hops);
            self.over.extend(hops.map(|hop| (hop.interface, id)));
            self.on.extend(routes.iter().filter_map(|route| Some((route.object?, id))));
            self.from.extend(routes.iter().filter_map(|route| Some((route.source?, id))));
        }
        id
    }

    fn release(&mut self, id: Id) {
        if let Some(routes) = self.lists.release(id) {
            for hop in routes.iter().flat_map(Held::hops) {
                self.over.remove(&(hop.interface, id));
            }
            for object in routes.iter().filter_map(|route| route.object) {
                self.on.remove(&(object, id));
            }
            for source in routes.iter().filter_map(|route| route.source) {
                self.from.remove(&(source, id));
            }
        }
    }
}

/// The lists of an interface, object or address.
fn lists<K: Copy + Ord>(index: &BTreeSet<(K, Id)>, of: K) -> impl Iterator<Item = Id> {
    index.range((of, Id::FIRST)..).take_while(move |(other, _)| *other == of).map(|(_, id)| *id)
}

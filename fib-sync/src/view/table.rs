//! The routes of the table, by prefix and by the interfaces they lead over.
//!
//! What a prefix holds is a list of routes, mostly of one, and few different lists are held by very many prefixes.
//! So a prefix keeps the id of its list, an interface the ids of the lists over it, and a list its prefixes.

use std::collections::BTreeSet;

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

    /// The prefixes with a route over this interface.
    pub(super) fn prefixes_over(&self, interface: u32) -> impl Iterator<Item = IpNet> {
        self.lists_over(interface).flat_map(|id| self.holders.of(id))
    }

    /// The IPv4 prefixes with a route over this interface.
    pub(super) fn ipv4_over(&self, interface: u32) -> impl Iterator<Item = IpNet> {
        self.lists_over(interface).flat_map(|id| self.holders.ipv4_of(id))
    }

    /// Whether this is so of any route beside or over this interface in IPv4. Asks once per list, not per prefix.
    pub(super) fn any_ipv4_over(&self, interface: u32, is_so: impl Fn(&Held) -> bool) -> bool {
        let mut lists = self.lists_over(interface).filter(|id| self.list(*id).iter().any(&is_so));
        lists.any(|id| self.holders.ipv4_of(id).next().is_some())
    }

    /// Puts these routes in the place of those of a prefix. False: they are the same.
    pub(super) fn set(&mut self, prefix: IpNet, routes: Vec<Held>) -> bool {
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
        before != now
    }

    fn lists_over(&self, interface: u32) -> impl Iterator<Item = Id> {
        let lists = self.over.range((interface, Id::FIRST)..);
        lists.take_while(move |(over, _)| *over == interface).map(|(_, id)| *id)
    }

    fn list(&self, id: Id) -> &[Held] {
        self.lists.get(id).map_or(&[], Vec::as_slice)
    }

    fn hold(&mut self, routes: Vec<Held>) -> Id {
        let (id, is_new) = self.lists.hold(routes);
        if is_new && let Some(routes) = self.lists.get(id) {
            let hops = routes.iter().flat_map(Held::hops);
            self.over.extend(hops.map(|hop| (hop.interface, id)));
        }
        id
    }

    fn release(&mut self, id: Id) {
        if let Some(routes) = self.lists.release(id) {
            for hop in routes.iter().flat_map(Held::hops) {
                self.over.remove(&(hop.interface, id));
            }
        }
    }
}

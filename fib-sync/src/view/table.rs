//! The routes of the table, by prefix, by the interfaces they lead over and by the next-hop objects they stand on.
//!
//! What a prefix holds is a list of routes, mostly of one, and few different lists are held by very many prefixes.
//! So a prefix keeps the id of its list, an interface the ids of the lists over it, and a list its prefixes.

use std::borrow::Borrow;
use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use super::Held;
use super::nets::{NetId, Nets};
use crate::pool::{Id, Pool};

/// Lists of routes by prefix.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// None of them is empty.
    lists: Pool<[Held]>,
    nets: Nets,
    /// The lists over each interface.
    over: BTreeSet<(u32, Id)>,
    /// The lists with a route on each next-hop object.
    on: BTreeSet<(u32, Id)>,
    /// The lists with a route that prefers each address.
    from: BTreeSet<(IpAddr, Id)>,
}

impl Table {
    pub(super) const fn nets(&self) -> &Nets {
        &self.nets
    }

    pub(super) const fn nets_mut(&mut self) -> &mut Nets {
        &mut self.nets
    }

    /// The routes of a prefix, in the kernel's order within a metric.
    pub(super) fn routes(&self, net: NetId) -> &[Held] {
        self.nets.list(net).map_or(&[], |id| self.list(id))
    }

    /// The routes of a list.
    pub(super) fn list(&self, id: Id) -> &[Held] {
        self.lists.get(id).unwrap_or_default()
    }

    /// How many routes are so. Asks once per list, not per prefix.
    pub(super) fn count(&self, is_so: impl Fn(&Held) -> bool) -> usize {
        let of_list = |list: &[Held]| list.iter().filter(|route| is_so(route)).count();
        self.lists.iter().map(|(id, list)| of_list(list) * self.nets.count(id)).sum()
    }

    /// The prefixes whose routes are so. Asks once per list, not per prefix.
    pub(super) fn nets_where(&self, are_so: impl Fn(&[Held]) -> bool) -> impl Iterator<Item = NetId> {
        let lists = self.lists.iter().filter(move |(_, list)| are_so(list));
        lists.flat_map(|(id, _)| self.nets.holding(id))
    }

    /// The prefixes with a route over this interface.
    pub(super) fn prefixes_over(&self, interface: u32) -> impl Iterator<Item = IpNet> {
        self.holding(lists(&self.over, interface))
    }

    /// The prefixes with a route on this next-hop object.
    pub(super) fn prefixes_on(&self, object: u32) -> impl Iterator<Item = IpNet> {
        self.holding(lists(&self.on, object))
    }

    /// The prefixes with a route that prefers this address.
    pub(super) fn prefixes_from(&self, source: IpAddr) -> impl Iterator<Item = IpNet> {
        self.holding(lists(&self.from, source))
    }

    fn holding(&self, lists: impl Iterator<Item = Id>) -> impl Iterator<Item = IpNet> {
        lists.flat_map(|id| self.nets.holding(id)).map(|net| self.nets.prefix(net))
    }

    /// Whether there is one.
    pub(super) fn has_on(&self, object: u32) -> bool {
        self.prefixes_on(object).next().is_some()
    }

    /// The IPv4 prefixes with a route over this interface.
    pub(super) fn ipv4_over(&self, interface: u32) -> impl Iterator<Item = IpNet> {
        self.prefixes_over(interface).filter(|prefix| matches!(prefix, IpNet::V4(_)))
    }

    /// Puts a list that is held in the place of that of a prefix: whether it had any, and whether it is another.
    pub(super) fn set(&mut self, net: NetId, list: Option<Id>) -> (bool, bool) {
        let before = self.nets.set(net, list);
        if let Some(id) = before {
            self.release(id);
        }
        (before.is_some(), before != list)
    }

    /// Holds a list.
    pub(super) fn hold(&mut self, routes: impl Borrow<[Held]> + Into<Arc<[Held]>>) -> Id {
        let (id, is_new) = self.lists.hold(routes);
        if is_new && let Some(routes) = self.lists.get(id) {
            let hops = routes.iter().flat_map(Held::hops);
            self.over.extend(hops.map(|hop| (hop.interface, id)));
            self.on.extend(routes.iter().filter_map(|route| Some((route.object?, id))));
            self.from.extend(routes.iter().filter_map(|route| Some((route.source?, id))));
        }
        id
    }

    /// Holds it once more.
    pub(super) fn hold_again(&mut self, id: Id) {
        self.lists.hold_again(id);
    }

    /// Does not hold it any more.
    pub(super) fn release(&mut self, id: Id) {
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

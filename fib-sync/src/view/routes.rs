//! How one event changes the routes of a prefix: the kernel's rules of replacing, appending and losing.
//!
//! The kernel's key is (prefix, metric); several routes can share it. IPv4: `replace` takes the first of the key
//! whatever its protocol, `append` goes behind, anything else in front (`fib_table_insert`). IPv6: `replace`
//! prefers the first that is a multipath candidate as the new one is, and `append` merges into it
//! (`fib6_add_rt2node`).

use std::slice;

use ipnet::IpNet;

use super::{Changes, Held, NetId, View, is_of_every_link};
use crate::pool::Id;
use crate::seen::{KernelForwarding, KernelHop, KernelRoute, Place};

impl View {
    /// Holds a route that is about to be written, for [`write`](Self::write) or [`discard`](Self::discard).
    pub(crate) fn prepare(&mut self, route: &Held) -> Id {
        self.table.hold(slice::from_ref(route))
    }

    /// A route that was prepared.
    pub(crate) fn prepared(&self, id: Id) -> Option<&Held> {
        self.table.list(id).first()
    }

    /// It was not written.
    pub(crate) fn discard(&mut self, id: Id) {
        self.table.release(id);
    }

    /// Takes in that a route that was prepared was written, and where.
    pub(crate) fn write(&mut self, net: NetId, id: Id, place: Place, changes: &mut Changes) {
        if self.stands_alone(net, id, place) {
            self.hang(net, Some(id));
            return;
        }
        let route = self.prepared(id).cloned();
        self.discard(id);
        if let Some(route) = route {
            self.put(net, route, place, changes);
        }
    }

    /// Nearly always there is nothing else at the prefix, or only what is replaced.
    fn stands_alone(&self, net: NetId, id: Id, place: Place) -> bool {
        match (self.routes_at(net), self.table.list(id)) {
            ([], _) => true,
            ([held], [route]) => {
                place == Place::Instead && held.metric == route.metric && held.object.is_none()
            }
            _ => false,
        }
    }

    pub(super) fn added(&mut self, route: KernelRoute, place: Place, changes: &mut Changes) {
        let net = self.table.nets_mut().enter(route.prefix);
        self.put(net, route.into(), place, changes);
    }

    fn put(&mut self, net: NetId, mut route: Held, place: Place, changes: &mut Changes) {
        self.take_hops(&mut route);
        let prefix = self.prefix(net);
        self.revise(net, changes, |routes| match place {
            Place::Instead => replace(&prefix, routes, route),
            Place::First | Place::Last if matches!(prefix, IpNet::V6(_)) => merge(routes, route),
            Place::First => insert_first(routes, route),
            Place::Last => insert_last(routes, route),
        });
    }

    /// A list is newer than every event heard before it: it says what a route is and where it stands.
    pub(super) fn listed(&mut self, route: KernelRoute, changes: &mut Changes) {
        let prefix = route.prefix;
        let list = self.prepare(&route.into());
        if let Some(before) = self.last_listed.replace(list) {
            self.discard(before);
        }
        self.listed_alike(prefix, changes);
    }

    /// The route that was listed last is listed at this prefix too.
    pub(super) fn listed_alike(&mut self, prefix: IpNet, changes: &mut Changes) {
        let Some(list) = self.last_listed else { return };
        let Some(route) = self.prepared(list) else { return };
        if is_of_every_link(route.protocol, &prefix) {
            return;
        }
        let stands_on_object = route.object.is_some();
        let net = self.table.nets_mut().enter(prefix);
        if !stands_on_object && self.routes_at(net).is_empty() {
            self.table.hold_again(list);
            self.hang(net, Some(list));
            return changes.prefixes.push(prefix);
        }
        self.listed_there(net, list, changes);
    }

    /// There are others, or it has the hops of an object.
    fn listed_there(&mut self, net: NetId, list: Id, changes: &mut Changes) {
        let Some(mut route) = self.prepared(list).cloned() else { return };
        self.take_hops(&mut route);
        let prefix = self.prefix(net);
        self.revise(net, changes, |routes| {
            let known = |held: &Held| *held == route || is_joined(&prefix, held, &route);
            if let Some(at) = routes.iter().position(known) {
                routes.remove(at);
            }
            insert_last(routes, route);
        });
    }

    /// Nothing more is listed.
    pub(crate) fn listed_all(&mut self) {
        if let Some(last) = self.last_listed.take() {
            self.discard(last);
        }
    }

    pub(super) fn removed(&mut self, route: KernelRoute, changes: &mut Changes) {
        let prefix = route.prefix;
        // What stood on an object that went was dropped with it: IPv4 says nothing, IPv6 may or may not.
        let is_settled = route.object.is_some_and(|id| self.object(id).is_none());
        let net = self.table.nets_mut().enter(prefix);
        let fits = self.revise(net, changes, |routes| remove(&prefix, routes, &route.into()));
        if !fits && !is_settled {
            changes.unsure = true;
            changes.ownerless.push(prefix);
        }
    }

    /// Forgets the first route of `protocol` at this key, which the kernel says it does not have.
    pub(crate) fn forget(&mut self, net: NetId, protocol: u8, metric: u32, changes: &mut Changes) {
        self.revise(net, changes, |routes| {
            let at = routes.iter().position(|held| held.metric == metric && held.protocol == protocol);
            at.map(|at| routes.remove(at));
        });
    }

    /// Forgets all but the first route of `protocol` at this key.
    pub(crate) fn forget_doubles(&mut self, net: NetId, protocol: u8, metric: u32) -> Changes {
        let mut changes = Changes::default();
        self.revise(net, &mut changes, |routes| {
            let mut found = false;
            routes.retain(|held| {
                let same_key = held.metric == metric && held.protocol == protocol;
                !same_key || !std::mem::replace(&mut found, true)
            });
        });
        changes
    }

    /// Changes the routes of a prefix and notes whether that made a difference.
    pub(super) fn revise<R>(
        &mut self,
        net: NetId,
        changes: &mut Changes,
        revision: impl FnOnce(&mut Vec<Held>) -> R,
    ) -> R {
        let mut routes = self.routes_at(net).to_vec();
        let stood_on: Vec<u32> = routes.iter().filter_map(|route| route.object).collect();
        let result = revision(&mut routes);
        if self.set(net, routes, changes) {
            changes.objects.extend(stood_on.into_iter().filter(|id| !self.table.has_on(*id)));
        }
        result
    }
}

/// Routes of a prefix are kept by metric, the kernel's order within one.
fn insert_first(routes: &mut Vec<Held>, route: Held) {
    let at = routes.partition_point(|held| held.metric < route.metric);
    routes.insert(at, route);
}

fn insert_last(routes: &mut Vec<Held>, route: Held) {
    let at = routes.partition_point(|held| held.metric <= route.metric);
    routes.insert(at, route);
}

fn replace(prefix: &IpNet, routes: &mut Vec<Held>, route: Held) {
    let same_key = |held: &Held| held.metric == route.metric;
    let alike = |held: &Held| can_multipath(held) == can_multipath(&route);
    let at = match prefix {
        IpNet::V4(_) => routes.iter().position(same_key),
        IpNet::V6(_) => routes
            .iter()
            .position(|held| same_key(held) && alike(held))
            .or_else(|| routes.iter().position(same_key)),
    };
    match at {
        Some(at) => routes[at] = route,
        None => insert_first(routes, route),
    }
}

/// False: nothing there is what went, or what is left may be somebody else's.
fn remove(prefix: &IpNet, routes: &mut Vec<Held>, route: &Held) -> bool {
    if let Some(id) = route.object {
        // A whole route, whatever hops the object had left.
        let at = routes.iter().position(|held| held.metric == route.metric && held.object == Some(id));
        return at.map(|at| routes.remove(at)).is_some();
    }
    let same_key = |held: &Held| held.metric == route.metric && held.protocol == route.protocol;
    if let Some(at) = routes.iter().position(|held| same_key(held) && is_same(held, route)) {
        routes.remove(at);
    } else if let Some(at) = routes.iter().position(|held| is_part(prefix, route, held)) {
        remove_hops(&mut routes[at], route.hops());
        if !routes[at].hops().is_empty() {
            // Somebody may have appended it to ours, or we ours to it: the protocol was that of the first.
            return false;
        }
        routes.remove(at);
    } else if let Some(at) = routes.iter().position(same_key) {
        routes.remove(at);
        return false;
    } else {
        return routes.is_empty();
    }
    true
}

/// An IPv6 append: the kernel reports the merged route as a whole.
fn merge(routes: &mut Vec<Held>, route: Held) {
    let into = routes
        .iter()
        .position(|held| held.metric == route.metric && can_multipath(held) && can_multipath(&route));
    match into {
        Some(at) => {
            let missing: Vec<KernelHop> =
                routes[at].hops().iter().filter(|hop| !route.hops().contains(hop)).cloned().collect();
            if let KernelForwarding::Unicast(hops) = &mut routes[at].forwarding {
                hops.clear();
                hops.extend(missing);
                hops.extend_from_slice(route.hops());
            }
        }
        None => insert_last(routes, route),
    }
}

/// Whether both are the one multipath route that IPv6 has of a key.
fn is_joined(prefix: &IpNet, one: &Held, other: &Held) -> bool {
    matches!(prefix, IpNet::V6(_)) && one.metric == other.metric && can_multipath(one) && can_multipath(other)
}

/// IPv6 multipath is made of routes through gateways, not of routes on objects (`rt6_qualify_for_ecmp`).
fn can_multipath(route: &Held) -> bool {
    route.object.is_none() && route.hops().iter().any(|hop| hop.gateway.is_some())
}

/// IPv6 announces the members of a multipath route in any order.
fn is_same(held: &Held, route: &Held) -> bool {
    match (&held.forwarding, &route.forwarding) {
        (KernelForwarding::Unicast(held), KernelForwarding::Unicast(gone)) => {
            held.len() == gone.len() && gone.iter().all(|hop| held.iter().any(|other| same_way(hop, other)))
        }
        (held, gone) => held == gone,
    }
}

/// Whether `part` is members of the IPv6 multipath route `held`, perhaps all of them. Each has a protocol of its own; the whole is
/// shown with that of the first.
fn is_part(prefix: &IpNet, part: &Held, held: &Held) -> bool {
    held.metric == part.metric
        && held.object.is_none()
        && matches!(prefix, IpNet::V6(_))
        && !part.hops().is_empty()
        && part.hops().iter().all(|hop| held.hops().iter().any(|other| same_way(hop, other)))
}

fn remove_hops(held: &mut Held, part: &[KernelHop]) {
    if let KernelForwarding::Unicast(hops) = &mut held.forwarding {
        hops.retain(|hop| !part.iter().any(|other| same_way(hop, other)));
    }
}

/// Weight aside: a single path of a multipath route is announced without it.
fn same_way(one: &KernelHop, other: &KernelHop) -> bool {
    one.gateway == other.gateway && one.interface == other.interface
}

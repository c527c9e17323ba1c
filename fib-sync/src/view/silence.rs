//! What changes without a word: IPv4 routes that vanish, of which IPv6 announces each, and IPv6 routes that lose their
//! source address.
//!
//! The kernel marks the hops over the interface dead and drops the routes without a live one (`fib_sync_down_dev`):
//! when the interface goes down, and when it loses its last IPv4 address (`fib_inetaddr_event`), in every table and
//! routes without a gateway too. When the interface itself goes, every route with a hop over it goes.

use ipnet::IpNet;

use super::{Changes, Held, View};
use crate::seen::Address;

/// What befell an interface.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Loss {
    /// It went down, or lost its last IPv4 address.
    Disabled,
    /// It is no more.
    Gone,
}

impl View {
    /// Forgets the IPv4 routes that went with an interface.
    pub(super) fn lose(&mut self, interface: u32, loss: Loss, changes: &mut Changes) {
        let over: Vec<IpNet> = self.table.ipv4_over(interface).collect();
        for prefix in over {
            let Some(net) = self.find(&prefix) else { continue };
            let stays = |route: &&Held| !self.goes(route, interface, loss);
            let routes: Vec<Held> = self.routes_at(net).iter().filter(stays).cloned().collect();
            if routes.iter().any(|route| self.may_have_gone(route, interface)) {
                changes.unsure = true;
                changes.ownerless.extend(is_shared(&routes).then_some(prefix));
            }
            self.set(net, routes, changes);
        }
    }

    /// An interface lost an IPv4 address that nobody told of, maybe its last.
    pub(super) fn may_lose(&self, interface: u32, changes: &mut Changes) {
        for prefix in self.table.ipv4_over(interface) {
            changes.unsure = true;
            changes.ownerless.extend(is_shared(self.routes(&prefix)).then_some(prefix));
        }
    }

    /// An address was removed: the IPv6 routes that preferred it stand and prefer none (`rt6_remove_prefsrc`). One that
    /// went with its interface they still name.
    pub(super) fn lose_source(&mut self, address: &Address, changes: &mut Changes) {
        if address.local.is_ipv4() || !self.is_up(address.interface) || self.is_somewhere(&address.local) {
            return;
        }
        let source = Some(address.local);
        let from: Vec<IpNet> = self.table.prefixes_from(address.local).collect();
        for prefix in from {
            let Some(net) = self.find(&prefix) else { continue };
            let mut routes = self.routes_at(net).to_vec();
            routes.iter_mut().filter(|route| route.source == source).for_each(|route| route.source = None);
            self.set(net, routes, changes);
        }
    }

    /// A route on a next-hop object goes with the object and not before.
    fn goes(&self, route: &Held, interface: u32, loss: Loss) -> bool {
        if route.object.is_some() {
            return false;
        }
        let mut hops = route.hops().iter();
        match loss {
            Loss::Gone => hops.any(|hop| hop.interface == interface),
            Loss::Disabled => {
                hops.len() > 0 && hops.all(|hop| hop.interface == interface || !self.is_up(hop.interface))
            }
        }
    }

    /// A hop over another interface, one without an IPv4 address, may have been dead before: nothing shows that.
    fn may_have_gone(&self, route: &Held, interface: u32) -> bool {
        let doubtful = |other: u32| other != interface && self.is_up(other) && !self.has_ipv4(other);
        route.object.is_none() && route.hops().iter().any(|hop| doubtful(hop.interface))
    }

    fn is_up(&self, interface: u32) -> bool {
        self.link_at(interface).is_some_and(|link| link.up)
    }

    /// IPv4 addresses sort first.
    pub(super) fn has_ipv4(&self, interface: u32) -> bool {
        self.addresses_on(interface).next().is_some_and(|address| address.local.is_ipv4())
    }
}

/// Whether routes of several protocols share a key: whose is written over depends on which of them is there.
fn is_shared(routes: &[Held]) -> bool {
    let clash = |one: &Held, other: &Held| one.metric == other.metric && one.protocol != other.protocol;
    routes.iter().any(|one| routes.iter().any(|other| clash(one, other)))
}

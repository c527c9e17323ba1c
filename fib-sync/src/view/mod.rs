//! What the kernel holds, as far as it told: interfaces, addresses, next-hop objects and the routes of one table. Not here: wishes.
//!
//! The kernel's own rules are followed so that events alone keep the view equal to the table; where an event
//! does not fit, the view says that it is unsure and is read again.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use self::interfaces::Interfaces;
use self::objects::Objects;
use self::table::Table;
use crate::learn::{PROTOCOL_KERNEL, is_link_local};
use crate::lengths::Lengths;
use crate::pool::Id;
use crate::seen::{Address, Link, Seen};

mod difference;
mod held;
mod interfaces;
mod nets;
mod objects;
mod routes;
mod silence;
mod table;

pub(crate) use self::held::Held;
pub(crate) use self::nets::NetId;

/// What one thing seen changed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Prefixes whose routes changed.
    pub(crate) prefixes: Vec<IpNet>,
    /// Interfaces that came, went or changed in any way.
    pub(crate) interfaces: Vec<u32>,
    /// Those of them that are called otherwise than before.
    pub(crate) renamed: Vec<u32>,
    /// Names that came to mean another interface, or none.
    pub(crate) names: Vec<Arc<str>>,
    /// A VRF came, went or changed its table: any interface may belong elsewhere.
    pub(crate) vrfs: bool,
    /// Connected prefixes that appeared or went.
    pub(crate) connected: Vec<IpNet>,
    /// Own addresses that appeared or went.
    pub(crate) addresses: Vec<IpAddr>,
    /// Next-hop objects that appeared, changed or went, or that the last route in the table has left.
    pub(crate) objects: Vec<u32>,
    /// The event did not fit: only reading again will tell.
    pub(crate) unsure: bool,
    /// Whose routes these are now, only reading again will tell.
    pub(crate) ownerless: Vec<IpNet>,
}

/// Interfaces, addresses, next-hop objects and routes.
#[derive(Debug, Default)]
pub(crate) struct View {
    table: Table,
    interfaces: Interfaces,
    objects: Objects,
    /// Of the prefixes in both.
    lengths: Lengths,
    /// What a reading listed last, without the hops of its object; held.
    last_listed: Option<Id>,
}

impl View {
    /// Takes in one thing seen, and notes what that changed.
    pub(crate) fn apply(&mut self, seen: Seen, changes: &mut Changes) {
        match seen {
            Seen::Added { route, .. } | Seen::Removed(route)
                if is_of_every_link(route.protocol, &route.prefix) => {}
            Seen::Added { route, place } => self.added(route, place, changes),
            Seen::Removed(route) => self.removed(route, changes),
            Seen::Listed(route) => self.listed(route, changes),
            Seen::ListedAlike(prefix) => self.listed_alike(prefix, changes),
            Seen::Link(link) => self.link(link, changes),
            Seen::LinkGone(index) => self.link_gone(index, changes),
            Seen::Address(address) => self.address(address, changes),
            Seen::AddressGone(address) => self.address_gone(&address, changes),
            Seen::Object(object) => self.object_seen(object, changes),
            Seen::ObjectGone(id) => self.object_gone(id, changes),
            Seen::Complete | Seen::Interrupted | Seen::Failed | Seen::Overrun => {}
        }
    }

    /// The number of a prefix that has routes or is kept.
    pub(crate) fn find(&self, prefix: &IpNet) -> Option<NetId> {
        self.table.nets().find(prefix)
    }

    /// The number of a prefix, which stays the same until [`let_go`](Self::let_go), whatever becomes of its routes.
    pub(crate) fn keep(&mut self, prefix: IpNet) -> NetId {
        let net = self.table.nets_mut().enter(prefix);
        self.keep_number(net);
        net
    }

    /// The same of one that has a number.
    pub(crate) fn keep_number(&mut self, net: NetId) {
        self.table.nets_mut().keep(net);
    }

    /// Its number is needed no more.
    pub(crate) fn let_go(&mut self, net: NetId) {
        self.table.nets_mut().let_go(net);
    }

    /// The prefix of a number.
    pub(crate) fn prefix(&self, net: NetId) -> IpNet {
        self.table.nets().prefix(net)
    }

    /// The routes of a prefix, in the kernel's order within a metric.
    pub(crate) fn routes(&self, prefix: &IpNet) -> &[Held] {
        self.find(prefix).map_or(&[], |net| self.routes_at(net))
    }

    /// The routes at the number of a prefix.
    pub(crate) fn routes_at(&self, net: NetId) -> &[Held] {
        self.table.routes(net)
    }

    /// Every prefix that has routes or is kept, in order.
    pub(crate) fn nets(&self) -> impl Iterator<Item = NetId> {
        self.table.nets().iter()
    }

    /// Those behind `prefix`; from the first one on without.
    pub(crate) fn nets_after(&self, prefix: Option<IpNet>) -> impl Iterator<Item = NetId> {
        self.table.nets().iter_after(prefix)
    }

    /// Every route, by prefix.
    pub(crate) fn all_routes(&self) -> impl Iterator<Item = (IpNet, &[Held])> {
        let routes = self.nets().map(|net| (net, self.routes_at(net)));
        routes.filter(|(_, routes)| !routes.is_empty()).map(|(net, routes)| (self.prefix(net), routes))
    }

    /// Every prefix whose routes are so. Asks once for routes that many prefixes share.
    pub(crate) fn nets_where(&self, are_so: impl Fn(&[Held]) -> bool) -> impl Iterator<Item = NetId> {
        self.table.nets_where(are_so)
    }

    /// How many routes are so. Asks once for routes that many prefixes share.
    pub(crate) fn count(&self, is_so: impl Fn(&Held) -> bool) -> usize {
        self.table.count(is_so)
    }

    /// The prefixes around `address` that may have routes or be connected, the longest first.
    pub(crate) fn covering(&self, address: IpAddr) -> impl Iterator<Item = IpNet> {
        self.lengths.covering(address)
    }

    /// Puts these routes in the place of those of a prefix. False: they are the same.
    fn set(&mut self, net: NetId, routes: Vec<Held>, changes: &mut Changes) -> bool {
        let list = (!routes.is_empty()).then(|| self.table.hold(routes));
        let prefix = self.prefix(net);
        let differs = self.hang(net, list);
        if differs {
            changes.prefixes.push(prefix);
        }
        differs
    }

    /// Puts a list that is held in the place of that of a prefix. False: it is the same.
    fn hang(&mut self, net: NetId, list: Option<Id>) -> bool {
        let prefix = self.prefix(net);
        let (had, differs) = self.table.set(net, list);
        match (had, list.is_some()) {
            (false, true) => self.lengths.add(&prefix),
            (true, false) => self.lengths.remove(&prefix),
            (true, true) | (false, false) => {}
        }
        differs
    }

    /// The prefixes with a route over this interface.
    pub(crate) fn prefixes_over(&self, index: u32) -> impl Iterator<Item = IpNet> {
        self.table.prefixes_over(index)
    }
}

/// The kernel's own route to the link-local addresses of each link: as many under one prefix as there are links, so
/// that every link that comes or goes would cost all of them. The addresses say as much.
fn is_of_every_link(protocol: u8, prefix: &IpNet) -> bool {
    protocol == PROTOCOL_KERNEL && is_link_local(&prefix.network())
}

impl Changes {
    /// Nothing, with room for as much as before.
    pub(crate) fn clear(&mut self) {
        let Self {
            prefixes,
            interfaces,
            renamed,
            names,
            vrfs,
            connected,
            addresses,
            objects,
            unsure,
            ownerless,
        } = self;
        prefixes.clear();
        interfaces.clear();
        renamed.clear();
        names.clear();
        connected.clear();
        addresses.clear();
        objects.clear();
        ownerless.clear();
        (*vrfs, *unsure) = (false, false);
    }

    /// The network is not what it was: what was refused may be accepted now.
    pub(crate) fn is_about_network(&self) -> bool {
        !(self.interfaces.is_empty() && self.connected.is_empty() && self.addresses.is_empty())
    }

    fn address(&mut self, address: &Address) {
        self.addresses.push(address.local);
        match address.connected {
            Some(prefix) => self.connected.push(prefix),
            // It says something about gateways on the interface all the same.
            None => self.interfaces.push(address.interface),
        }
    }

    /// Notes how an interface differs from what it was.
    fn link(&mut self, old: Option<&Link>, new: Option<&Link>) {
        let Some(known) = new.or(old) else { return };
        self.interfaces.push(known.index);
        let name = |link: Option<&Link>| link.map(|link| Arc::clone(&link.name));
        if name(old) != name(new) {
            self.renamed.push(known.index);
            self.names.extend(name(old).into_iter().chain(name(new)));
        }
        let vrf = |link: Option<&Link>| link.and_then(|link| link.vrf);
        self.vrfs |= vrf(old) != vrf(new);
    }
}

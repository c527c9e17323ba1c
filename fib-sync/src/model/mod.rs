//! A kernel in memory, for simulators and property tests: one table, its interfaces and addresses, and the quirks
//! that make the real one hard to follow.
//!
//! Where each quirk was seen on Linux 6.18:
//! - IPv4 `replace` takes the first route of (prefix, metric) whoever wrote it; several can share the key.
//! - IPv6 `replace` prefers the route that can be multipath as the new one can, and `append` merges into it.
//! - `delete` with a protocol takes the first of that protocol; IPv4 metric 0 means any metric.
//! - IPv4 routes without an interface that is up vanish silently; IPv6 ones are announced. So do those over an interface
//!   that loses its last IPv4 address, and those with any hop over one that is deleted.
//! - An overrun loses events and answers alike.
//!
//! Unlike the real one it keeps no connected routes: addresses only decide which gateways are valid.

mod objects;
mod table;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::{Address, KernelHop, KernelObject, KernelRoute, Link, Operation, Place, Refused, Seen, Ticket};

/// How a foreign hand writes a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Only where the key is free (`ip route add`).
    Exclusive,
    /// Over the first of the key (`ip route replace`).
    Replace,
    /// Behind those of the key (`ip route append`).
    Append,
    /// In front of them (`ip route prepend`).
    Prepend,
}

/// Something the kernel says, in its order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// An event, or part of a reading.
    Seen(Seen),
    /// The answer to an operation.
    Answer(Ticket, Result<(), Refused>),
}

/// The kernel.
#[derive(Clone, Debug, Default)]
pub struct Kernel {
    links: BTreeMap<u32, Link>,
    addresses: BTreeSet<Address>,
    routes: BTreeMap<IpNet, Vec<KernelRoute>>,
    objects: BTreeMap<u32, KernelObject>,
    said: VecDeque<Said>,
    refusals: VecDeque<Refused>,
    interrupts: usize,
}

impl Kernel {
    /// Without interfaces and routes.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// The next thing said.
    pub fn next_said(&mut self) -> Option<Said> {
        self.said.pop_front()
    }

    /// Whether something said about this prefix has not been heard yet.
    #[must_use]
    pub fn is_unheard(&self, prefix: &IpNet) -> bool {
        self.said.iter().any(|said| match said {
            Said::Seen(Seen::Added { route, .. } | Seen::Removed(route) | Seen::Listed(route)) => {
                route.prefix == *prefix
            }
            Said::Seen(Seen::Link(_) | Seen::LinkGone(_) | Seen::Object(_) | Seen::ObjectGone(_)) => true,
            Said::Seen(_) | Said::Answer(..) => false,
        })
    }

    /// Every route, by prefix, in the kernel's order within a metric.
    pub fn routes(&self) -> impl Iterator<Item = &KernelRoute> {
        self.routes.values().flatten()
    }

    /// The routes of one prefix.
    #[must_use]
    pub fn routes_of(&self, prefix: &IpNet) -> &[KernelRoute] {
        self.routes.get(prefix).map_or(&[], Vec::as_slice)
    }

    /// Carries out an operation; its echo and then its answer are said.
    pub fn apply(&mut self, ticket: Ticket, operation: &Operation) {
        let result = match (self.refusals.pop_front(), operation) {
            (Some(refused), _) => Err(refused),
            (None, Operation::Create(route)) => self.write(route.clone(), How::Exclusive),
            (None, Operation::Replace(route)) => self.write(route.clone(), How::Replace),
            (None, Operation::Remove(route)) => {
                self.delete(&route.prefix, route.metric, Some(route.protocol))
            }
        };
        self.said.push_back(Said::Answer(ticket, result));
    }

    /// Lists everything and ends the reading.
    pub fn read(&mut self) {
        let links = self.links.values().cloned().map(Seen::Link);
        let addresses = self.addresses.iter().cloned().map(Seen::Address);
        let objects = self.objects.values().cloned().map(Seen::Object);
        let routes = self.routes.values().flatten().cloned().map(Seen::Listed);
        let end = if self.interrupts > 0 { Seen::Interrupted } else { Seen::Complete };
        self.interrupts = self.interrupts.saturating_sub(1);
        let all = links.chain(addresses).chain(objects).chain(routes).chain([end]).map(Said::Seen);
        self.said.extend(all);
    }

    /// Writes a route, as any process may.
    ///
    /// # Errors
    /// Like the real one: the key is taken, the next hop makes no sense.
    pub fn write(&mut self, mut route: KernelRoute, how: How) -> Result<(), Refused> {
        self.choose_interfaces(&mut route)?;
        let routes = self.routes.entry(route.prefix).or_default();
        let (route, place) = table::write(routes, route, how)?;
        self.said.push_back(Said::Seen(Seen::Added { route, place }));
        Ok(())
    }

    /// Removes the first route of a key, with `protocol` the first of that protocol.
    ///
    /// # Errors
    /// There is none.
    pub fn delete(&mut self, prefix: &IpNet, metric: u32, protocol: Option<u8>) -> Result<(), Refused> {
        let any_metric = metric == 0 && matches!(prefix, IpNet::V4(_));
        let fits = |route: &KernelRoute| {
            (any_metric || route.metric == metric)
                && protocol.is_none_or(|protocol| route.protocol == protocol)
        };
        let routes = self.routes.get_mut(prefix).ok_or(Refused::Gone)?;
        let at = routes.iter().position(fits).ok_or(Refused::Gone)?;
        let route = routes.remove(at);
        self.said.push_back(Said::Seen(Seen::Removed(route)));
        Ok(())
    }

    /// Adds an interface or changes it. Going down takes its routes along.
    pub fn set_link(&mut self, link: Link) {
        self.links.insert(link.index, link.clone());
        if !(link.up && link.running) {
            self.flush_objects(link.index);
        }
        if !link.up {
            self.drop_dead_routes();
        }
        self.said.push_back(Said::Seen(Seen::Link(link)));
    }

    /// Removes an interface with its addresses and routes.
    pub fn remove_link(&mut self, index: u32) {
        self.links.remove(&index);
        self.addresses.retain(|address| address.interface != index);
        self.flush_objects(index);
        for routes in self.routes.values_mut() {
            // IPv6 loses the members one by one.
            let goes = |route: &KernelRoute| route.hops().iter().any(|hop| hop.interface == index);
            routes.retain(|route| route.prefix.network().is_ipv6() || !goes(route));
        }
        self.drop_dead_routes();
        self.said.push_back(Said::Seen(Seen::LinkGone(index)));
    }

    /// Adds an address.
    pub fn add_address(&mut self, address: Address) {
        if self.addresses.insert(address.clone()) {
            self.said.push_back(Said::Seen(Seen::Address(address)));
        }
    }

    /// Removes an address, and with it the routes that prefer it as their source. Routes through a gateway on its
    /// prefix stay, although nothing reaches it any more.
    pub fn remove_address(&mut self, address: &Address) {
        if !self.addresses.remove(address) {
            return;
        }
        for routes in self.routes.values_mut() {
            routes.retain(|route| {
                let stays = route.source != Some(address.local);
                if !stays {
                    self.said.push_back(Said::Seen(Seen::Removed(route.clone())));
                }
                stays
            });
        }
        self.said.push_back(Said::Seen(Seen::AddressGone(address.clone())));
        let is_ipv4 = |held: &&Address| held.interface == address.interface && held.local.is_ipv4();
        if address.local.is_ipv4() && !self.addresses.iter().any(|held| is_ipv4(&held)) {
            self.disable_ipv4(address.interface);
        }
    }

    /// Refuses the next operation so.
    pub fn refuse_next(&mut self, refused: Refused) {
        self.refusals.push_back(refused);
    }

    /// Takes back all refusals that were to come.
    pub fn stop_refusing(&mut self) {
        self.refusals.clear();
    }

    /// Calls the next reading interrupted.
    pub fn interrupt_next_reading(&mut self) {
        self.interrupts += 1;
    }

    /// Loses what was said and not yet heard, answers included, but for a reading, which the kernel makes as it is
    /// listened to.
    pub fn overrun(&mut self) {
        let reads =
            self.said.iter().any(|said| matches!(said, Said::Seen(Seen::Complete | Seen::Interrupted)));
        self.said.clear();
        self.said.push_back(Said::Seen(Seen::Overrun));
        if reads {
            self.read();
        }
    }

    fn disable_ipv4(&mut self, interface: u32) {
        let links = &self.links;
        let is_dead = |hop: &KernelHop| {
            hop.interface == interface || !links.get(&hop.interface).is_some_and(|link| link.up)
        };
        for routes in self.routes.values_mut() {
            routes.retain(|route| {
                let announced = route.prefix.network().is_ipv6();
                announced
                    || route.object.is_some()
                    || route.hops().is_empty()
                    || !route.hops().iter().all(is_dead)
            });
        }
    }

    fn drop_dead_routes(&mut self) {
        for (prefix, routes) in &mut self.routes {
            let announced = matches!(prefix, IpNet::V6(_));
            routes.retain(|route| {
                let is_up = |hop: &KernelHop| self.links.get(&hop.interface).is_some_and(|link| link.up);
                let lives =
                    route.object.is_some() || route.hops().is_empty() || route.hops().iter().any(is_up);
                if !lives && announced {
                    self.said.push_back(Said::Seen(Seen::Removed(route.clone())));
                }
                lives
            });
        }
    }

    fn choose_interfaces(&self, route: &mut KernelRoute) -> Result<(), Refused> {
        if let Some(id) = route.object {
            return self.take_hops(route, id);
        }
        let crate::KernelForwarding::Unicast(hops) = &mut route.forwarding else { return Ok(()) };
        hops.iter_mut().try_for_each(|hop| self.choose_interface(hop))
    }

    fn choose_interface(&self, hop: &mut KernelHop) -> Result<(), Refused> {
        if let Some(gateway) = hop.gateway.filter(|_| !hop.onlink) {
            let interface = self.toward(&gateway, hop.interface);
            hop.interface = interface
                .ok_or_else(|| Refused::NoSuchNextHop { text: "Nexthop has invalid gateway".into() })?;
        }
        if self.links.get(&hop.interface).is_some_and(|link| link.up) {
            Ok(())
        } else {
            Err(Refused::NoDevice { text: "Nexthop device is not up".into() })
        }
    }

    /// The interface whose connected prefix holds a gateway; 0 asks for any.
    fn toward(&self, gateway: &IpAddr, interface: u32) -> Option<u32> {
        self.addresses
            .iter()
            .filter(|address| interface == 0 || address.interface == interface)
            .filter(|address| address.local != *gateway)
            .filter(|address| self.links.get(&address.interface).is_some_and(|link| link.up))
            .find(|address| address.connected.is_some_and(|prefix| prefix.contains(gateway)))
            .map(|address| address.interface)
    }
}

impl How {
    const fn place(self) -> Place {
        match self {
            Self::Exclusive | Self::Prepend => Place::First,
            Self::Replace => Place::Instead,
            Self::Append => Place::Last,
        }
    }
}

//! A kernel as a few plain lists, and the answers found by walking all of them.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use fib_sync::{
    Address, Config, KernelForwarding, KernelHop, KernelRoute, KnownHop, Link, NextHop, Operation, Refused,
    Resolution, Seen,
};
use ipnet::IpNet;

/// Everything the kernel holds, and the prefixes whose route of ours carries.
#[derive(Debug, Default)]
pub(crate) struct Plain {
    pub(crate) links: BTreeMap<u32, Link>,
    pub(crate) addresses: BTreeSet<Address>,
    pub(crate) routes: Vec<KernelRoute>,
    /// Interfaces that lost their last IPv4 address and did not get up or another one since.
    disabled: BTreeSet<u32>,
    pub(crate) carriers: BTreeMap<IpNet, Vec<IpAddr>>,
}

impl Plain {
    /// Everything, as a reading lists it.
    pub(crate) fn listed(&self) -> impl Iterator<Item = Seen> {
        let links = self.links.values().cloned().map(Seen::Link);
        let addresses = self.addresses.iter().cloned().map(Seen::Address);
        links.chain(addresses).chain(self.routes.iter().cloned().map(Seen::Listed)).chain([Seen::Complete])
    }

    /// An interface comes or changes. What goes with it is announced in IPv6 only.
    pub(crate) fn set_link(&mut self, link: Link) -> Vec<Seen> {
        let index = link.index;
        if link.up && self.links.get(&index).is_some_and(|old| !old.up) {
            self.disabled.remove(&index);
        }
        self.links.insert(index, link.clone());
        let mut seen = self.drop_routes(Self::are_all_dead);
        seen.push(Seen::Link(link));
        seen
    }

    pub(crate) fn remove_link(&mut self, index: u32) -> Vec<Seen> {
        self.links.remove(&index);
        self.addresses.retain(|address| address.interface != index);
        self.disabled.remove(&index);
        let mut seen = self.drop_routes(|_, route| route.hops().iter().any(|hop| hop.interface == index));
        seen.push(Seen::LinkGone(index));
        seen
    }

    pub(crate) fn add_address(&mut self, address: Address) -> Vec<Seen> {
        if address.local.is_ipv4() {
            self.disabled.remove(&address.interface);
        }
        self.addresses.insert(address.clone());
        vec![Seen::Address(address)]
    }

    pub(crate) fn remove_address(&mut self, address: &Address) -> Vec<Seen> {
        self.addresses.remove(address);
        let left = |held: &Address| held.interface == address.interface && held.local.is_ipv4();
        if address.local.is_ipv4() && !self.addresses.iter().any(left) {
            self.disabled.insert(address.interface);
        }
        let gone =
            self.drop_routes(|plain, route| route.prefix.network().is_ipv4() && plain.are_all_dead(route));
        assert!(gone.is_empty(), "IPv4 is silent");
        vec![Seen::AddressGone(address.clone())]
    }

    /// Whether a hop of this route over `interface` would be dead.
    pub(crate) fn is_dead(&self, route: &KernelRoute, interface: u32) -> bool {
        let is_down = !self.links.get(&interface).is_some_and(|link| link.up);
        is_down || (route.prefix.network().is_ipv4() && self.disabled.contains(&interface))
    }

    fn are_all_dead(&self, route: &KernelRoute) -> bool {
        route.hops().iter().all(|hop| self.is_dead(route, hop.interface))
    }

    fn drop_routes(&mut self, goes: impl Fn(&Self, &KernelRoute) -> bool) -> Vec<Seen> {
        let going: Vec<KernelRoute> = self
            .routes
            .iter()
            .filter(|route| !route.hops().is_empty() && goes(self, route))
            .cloned()
            .collect();
        self.routes.retain(|route| !going.contains(route));
        going.into_iter().filter(|route| route.prefix.network().is_ipv6()).map(Seen::Removed).collect()
    }

    /// Carries out an operation; what it says, and the answer.
    pub(crate) fn apply(&mut self, operation: &Operation) -> (Option<Seen>, Result<(), Refused>) {
        let route = operation.route().clone();
        let same_key = |held: &KernelRoute| held.prefix == route.prefix && held.metric == route.metric;
        let at = self.routes.iter().position(same_key);
        if let Operation::Remove(_) = operation {
            return match at {
                Some(at) => (Some(Seen::Removed(self.routes.remove(at))), Ok(())),
                None => (None, Err(Refused::Gone)),
            };
        }
        if route.hops().iter().any(|hop| self.is_dead(&route, hop.interface)) {
            return (None, Err(Refused::NoDevice { text: String::new() }));
        }
        let place = match (operation, at) {
            (Operation::Create(_), Some(_)) => {
                return (None, Err(Refused::Exists { protocol: 0, metric: route.metric }));
            }
            (_, Some(at)) => {
                self.routes[at] = route.clone();
                fib_sync::Place::Instead
            }
            (_, None) => {
                self.routes.push(route.clone());
                fib_sync::Place::First
            }
        };
        (Some(Seen::Added { route, place }), Ok(()))
    }

    /// Whether packets through this interface are looked up in the table.
    fn serves(&self, index: u32, table: u32) -> bool {
        let Some(link) = self.links.get(&index) else { return false };
        let home = link.vrf.or_else(|| self.links.get(&link.master?)?.vrf);
        home.map_or_else(|| !self.links.values().any(|link| link.vrf == Some(table)), |home| home == table)
    }

    /// The connected prefixes that are told of.
    pub(crate) fn direct(&self, table: u32) -> BTreeSet<IpNet> {
        let told = |address: &&Address| {
            self.serves(address.interface, table)
                && self.links[&address.interface].running
                && address.scope < 253
        };
        self.addresses.iter().filter(told).filter_map(|address| address.connected).collect()
    }

    /// The foreign routes that are told of: the best of each prefix, with the names of its interfaces.
    pub(crate) fn foreign(&self, config: &Config) -> BTreeMap<IpNet, (u32, Vec<String>)> {
        let mut best: BTreeMap<IpNet, &KernelRoute> = BTreeMap::new();
        for route in self.routes.iter().filter(|route| route.protocol != config.protocol) {
            let held = best.entry(route.prefix).or_insert(route);
            if route.metric < held.metric {
                *held = route;
            }
        }
        let name = |hop: &KernelHop| Some(self.links.get(&hop.interface)?.name.to_string());
        best.into_iter()
            .map(|(prefix, route)| (prefix, (route.metric, route.hops().iter().filter_map(name).collect())))
            .collect()
    }

    /// How a next hop is reached.
    pub(crate) fn reach(&self, next_hop: &NextHop, config: &Config) -> Option<Resolution> {
        let address = next_hop.address;
        let only = match &next_hop.interface {
            Some(name) => Some(self.links.values().find(|link| link.name == *name)?.index),
            None => None,
        };
        let fits = |index: u32| only.is_none_or(|only| only == index);
        let is_own = |own: &Address| {
            own.local == address
                && fits(own.interface)
                && (only.is_some() || self.serves(own.interface, config.table))
        };
        if (only.is_none() && is_link_local(&address)) || self.addresses.iter().any(is_own) {
            return None;
        }
        // By length, connected first, then by metric.
        let connected = self
            .addresses
            .iter()
            .filter(|own| fits(own.interface) && self.serves(own.interface, config.table));
        let connected = connected.filter(|own| self.links[&own.interface].up).filter_map(|own| own.connected);
        let connected = connected.map(|prefix| (prefix, None));
        let routes = self.routes.iter().filter(|route| {
            (only.is_none() || route.hops().iter().any(|hop| fits(hop.interface)))
                && self.takes_part(route, &address, config)
        });
        let routes = routes.map(|route| (route.prefix, Some(route)));
        let (prefix, route) = connected
            .chain(routes)
            .filter(|(prefix, _)| {
                prefix.contains(&address) && (prefix.prefix_len() > 0 || config.over_default)
            })
            .min_by_key(|(prefix, route)| {
                (u8::MAX - prefix.prefix_len(), route.map_or(-1, |route| i64::from(route.metric)))
            })?;
        let (metric, mut hops) = match route {
            None => (0, self.straight(&prefix, config.table, fits)),
            Some(route) => (route.metric, self.through(route, config, fits)),
        };
        hops.sort();
        hops.dedup();
        (!hops.is_empty()).then_some(Resolution { metric, hops })
    }

    /// Over one interface of a connected prefix that runs: whichever, so all but one way are left out by the caller.
    fn straight(&self, prefix: &IpNet, table: u32, fits: impl Fn(u32) -> bool) -> Vec<KnownHop> {
        let on = self.addresses.iter().filter(|own| own.connected == Some(*prefix) && fits(own.interface));
        let on = on.filter(|own| self.serves(own.interface, table) && self.links[&own.interface].running);
        on.map(|own| KnownHop { gateway: None, interface: self.links[&own.interface].name.clone() }).collect()
    }

    fn through(&self, route: &KernelRoute, config: &Config, fits: impl Fn(u32) -> bool) -> Vec<KnownHop> {
        let runs = |hop: &&KernelHop| {
            fits(hop.interface) && self.links.get(&hop.interface).is_some_and(|link| link.running)
        };
        let hops = route.hops().iter().filter(runs);
        let hops = hops.filter(|hop| {
            hop.onlink || hop.gateway.is_none_or(|gateway| self.is_on_link(&gateway, hop.interface, config))
        });
        hops.map(|hop| KnownHop { gateway: hop.gateway, interface: self.links[&hop.interface].name.clone() })
            .collect()
    }

    fn is_on_link(&self, gateway: &IpAddr, index: u32, config: &Config) -> bool {
        let on = || self.addresses.iter().filter(|own| own.interface == index);
        let straight = |route: &KernelRoute| {
            route.prefix.contains(gateway)
                && (route.protocol != config.protocol || self.carriers.contains_key(&route.prefix))
                && route.hops().iter().any(|hop| hop.gateway.is_none() && hop.interface == index)
        };
        is_link_local(gateway)
            || on().any(|own| own.connected.is_none() && own.local.is_ipv4() == gateway.is_ipv4())
            || (config.table != 254 && !self.links.values().any(|link| link.vrf == Some(config.table)))
            || on().any(|own| own.connected.is_some_and(|prefix| prefix.contains(gateway)))
            || self.routes.iter().any(straight)
    }

    fn takes_part(&self, route: &KernelRoute, address: &IpAddr, config: &Config) -> bool {
        let carries = self.carriers.get(&route.prefix).is_some_and(|gateways| {
            gateways.is_empty() || !self.carriers.values().any(|gateways| gateways.contains(address))
        });
        !matches!(route.forwarding, KernelForwarding::Other(_))
            && (route.protocol != config.protocol || carries)
    }
}

fn is_link_local(address: &IpAddr) -> bool {
    matches!(address, IpAddr::V6(address) if address.is_unicast_link_local())
}

//! Which next hops and source addresses make sense, and which interface a gateway is on.
//!
//! Follows `fib_check_nh`, `fib_valid_prefsrc`, `fib6_nh_init` and `ip6_validate_gw` of Linux 6.18.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::Kernel;
use super::ipv6::Does;
use crate::{KernelForwarding, KernelHop, KernelRoute, Refused};

impl Kernel {
    /// Fills in the interfaces of an IPv4 route.
    pub(super) fn check_ipv4(&self, route: &mut KernelRoute) -> Result<(), Refused> {
        if let Some(id) = route.object {
            return self.take_hops(route, id);
        }
        let scope = route.scope;
        let KernelForwarding::Unicast(hops) = &mut route.forwarding else { return Ok(()) };
        if hops.is_empty() {
            return Err(invalid("no valid nexthops"));
        }
        for hop in hops.iter_mut() {
            hop.interface = self.check_ipv4_hop(hop, scope)?;
        }
        // A route that drops is not asked for its source.
        match route.source {
            Some(source) if !self.is_own(&source) => Err(no_source("Invalid prefsrc address")),
            Some(_) | None => Ok(()),
        }
    }

    fn check_ipv4_hop(&self, hop: &KernelHop, scope: u8) -> Result<u32, Refused> {
        match hop.gateway {
            Some(IpAddr::V6(gateway)) => self.check_ipv6_gateway(hop, gateway),
            Some(IpAddr::V4(gateway)) if hop.onlink => self.check_ipv4_onlink(hop, gateway, scope),
            Some(IpAddr::V4(gateway)) => self.check_ipv4_gateway(hop, gateway, scope),
            None if hop.onlink => {
                Err(no_next_hop("Invalid flags for nexthop - PERVASIVE and ONLINK can not be set"))
            }
            None => self.must_be_up(hop.interface),
        }
    }

    fn check_ipv4_onlink(&self, hop: &KernelHop, gateway: Ipv4Addr, scope: u8) -> Result<u32, Refused> {
        if scope >= super::SCOPE_LINK {
            return Err(no_next_hop("Nexthop has invalid scope"));
        }
        self.must_be_up(hop.interface)?;
        let is_ours = self.is_own(&IpAddr::V4(gateway)) || self.broadcasts(gateway).next().is_some();
        if is_ours { Err(no_next_hop("Nexthop has invalid gateway")) } else { Ok(hop.interface) }
    }

    /// A gateway has to be found by a route of narrower scope: a connected one, or one straight out of an interface.
    /// An address of our own is one too.
    fn check_ipv4_gateway(&self, hop: &KernelHop, gateway: Ipv4Addr, scope: u8) -> Result<u32, Refused> {
        let least = scope.saturating_add(1).max(super::SCOPE_LINK);
        let may_leave = |interface: u32| hop.interface == 0 || hop.interface == interface;
        let own = self.addresses.iter().find(|held| held.local == gateway && may_leave(held.interface));
        if let Some(own) = own.filter(|_| least <= SCOPE_HOST) {
            return self.must_be_up(own.interface);
        }
        let unreachable = || no_next_hop("Nexthop has invalid gateway");
        if least <= super::SCOPE_LINK && self.broadcasts(gateway).any(may_leave) {
            return Err(unreachable());
        }
        for (_, row) in self.ipv4.covering(IpAddr::V4(gateway)) {
            for entry in row.iter().filter(|entry| entry.route.scope >= least) {
                if !matches!(entry.route.forwarding, KernelForwarding::Unicast(_)) {
                    return Err(unreachable());
                }
                if let Some(way) = entry.alive().find(|way| may_leave(way.interface)) {
                    return Ok(way.interface);
                }
            }
        }
        Err(unreachable())
    }

    /// The interfaces on which this is the broadcast address.
    fn broadcasts(&self, address: Ipv4Addr) -> impl Iterator<Item = u32> {
        self.addresses.iter().filter_map(move |held| match held.connected {
            Some(IpNet::V4(prefix)) if prefix.prefix_len() < 31 && prefix.broadcast() == address => {
                Some(held.interface).filter(|interface| self.is_up(*interface))
            }
            _ => None,
        })
    }

    /// Fills in the interfaces of an IPv6 route.
    pub(super) fn check_ipv6(&self, route: &mut KernelRoute) -> Result<(), Refused> {
        if let Some(id) = route.object {
            return self.take_hops(route, id);
        }
        let (metric, source) = (route.metric, route.source);
        let KernelForwarding::Unicast(hops) = &mut route.forwarding else {
            return self.check_ipv6_source(source, 0);
        };
        if hops.is_empty() {
            return Err(invalid("Invalid nexthop configuration - no valid nexthops"));
        }
        if hops.len() > 1 && hops.iter().any(|hop| hop.gateway.is_none()) {
            return Err(invalid("Device only routes can not be added for IPv6 using the multipath API."));
        }
        for at in 0..hops.len() {
            let (earlier, rest) = hops.split_at_mut(at);
            let Some(hop) = rest.first_mut() else { break };
            hop.interface = match hop.gateway {
                Some(IpAddr::V6(gateway)) => self.check_ipv6_gateway(hop, gateway)?,
                Some(IpAddr::V4(_)) => return Err(invalid("IPv6 does not support RTA_VIA attribute")),
                None => self.must_be_up(hop.interface)?,
            };
            self.check_ipv6_source(source, hop.interface)?;
            let doubles =
                |other: &KernelHop| other.gateway == hop.gateway && other.interface == hop.interface;
            if earlier.iter().any(doubles) {
                return Err(Refused::Exists { protocol: 0, metric });
            }
        }
        Ok(())
    }

    fn check_ipv6_source(&self, source: Option<IpAddr>, interface: u32) -> Result<(), Refused> {
        match source {
            Some(IpAddr::V6(source)) if !self.is_own_ipv6(source, interface) => {
                Err(no_source("Invalid source address"))
            }
            Some(_) | None => Ok(()),
        }
    }

    fn check_ipv6_gateway(&self, hop: &KernelHop, gateway: Ipv6Addr) -> Result<u32, Refused> {
        if hop.interface != 0 && !self.links.contains_key(&hop.interface) {
            return Err(no_device(""));
        }
        if hop.onlink {
            self.must_be_up(hop.interface)?;
        }
        let local = || no_next_hop("Gateway can not be a local address");
        if hop.interface != 0 && self.is_own_ipv6(gateway, hop.interface) {
            return Err(local());
        }
        let interface = match hop.interface {
            interface if gateway.is_unicast_link_local() => interface,
            _ if gateway.is_multicast() => return Err(no_next_hop("Invalid gateway address")),
            interface if hop.onlink => self.check_ipv6_onlink(interface, gateway)?,
            interface => self.toward_ipv6(interface, gateway)?,
        };
        if interface == 0 {
            return Err(no_device("Egress device not specified"));
        }
        if self.is_own_ipv6(gateway, interface) {
            return Err(local());
        }
        self.must_be_up(interface)
    }

    /// A gateway that a route finds elsewhere is refused; the default route does not count.
    fn check_ipv6_onlink(&self, interface: u32, gateway: Ipv6Addr) -> Result<u32, Refused> {
        for (prefix, row) in self.ipv6.covering(IpAddr::V6(gateway)) {
            let alive = || row.iter().filter(|path| path.is_alive());
            let Some(first) = alive().next().filter(|_| prefix.prefix_len() > 0) else { continue };
            let better = alive()
                .filter(|path| path.metric == first.metric)
                .find(|path| path.hop().is_some_and(|hop| hop.interface == interface));
            let found = better.unwrap_or(first);
            return match &found.does {
                Does::Forward(hop) if hop.interface != interface => {
                    Err(no_next_hop("Nexthop has invalid gateway or device mismatch"))
                }
                Does::Forward(_) | Does::Stand(..) | Does::Drop(_) => Ok(interface),
            };
        }
        Ok(interface)
    }

    /// The interface of the first route to a gateway; the route must not lead through another gateway.
    fn toward_ipv6(&self, interface: u32, gateway: Ipv6Addr) -> Result<u32, Refused> {
        let may_leave = |hop: Option<&KernelHop>| match hop {
            Some(hop) => interface == 0 || hop.interface == interface,
            None => interface == 0,
        };
        let found = self.ipv6.covering(IpAddr::V6(gateway)).find_map(|(_, row)| {
            row.iter().find(|path| path.is_alive() && may_leave(path.hop())).map(|path| &path.does)
        });
        match found {
            Some(Does::Forward(hop)) if hop.gateway.is_none() => Ok(hop.interface),
            Some(Does::Forward(_) | Does::Stand(..) | Does::Drop(_)) | None => {
                let own = self.addresses.iter().find(|held| held.local == gateway);
                let own = own.filter(|held| interface == 0 || held.interface == interface);
                own.map(|held| held.interface).ok_or_else(|| no_next_hop(""))
            }
        }
    }

    /// A link-local address is ours on its own interface only.
    fn is_own_ipv6(&self, address: Ipv6Addr, interface: u32) -> bool {
        self.addresses.iter().any(|held| {
            held.local == address && (!address.is_unicast_link_local() || held.interface == interface)
        })
    }

    /// Whether this is an address of ours, the interface up or not.
    pub(super) fn is_own(&self, address: &IpAddr) -> bool {
        self.addresses.iter().any(|held| held.local == *address)
    }

    fn must_be_up(&self, interface: u32) -> Result<u32, Refused> {
        match self.links.get(&interface) {
            Some(link) if link.up => Ok(interface),
            Some(_) => Err(no_device("Nexthop device is not up")),
            None => Err(no_device("")),
        }
    }

    pub(super) fn is_up(&self, interface: u32) -> bool {
        self.links.get(&interface).is_some_and(|link| link.up)
    }
}

fn invalid(text: &str) -> Refused {
    Refused::Invalid { text: text.into() }
}

fn no_source(text: &str) -> Refused {
    Refused::NoSuchSource { text: text.into() }
}

fn no_next_hop(text: &str) -> Refused {
    Refused::NoSuchNextHop { text: text.into() }
}

fn no_device(text: &str) -> Refused {
    Refused::NoDevice { text: text.into() }
}

const SCOPE_HOST: u8 = 254;

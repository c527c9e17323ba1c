//! Where a session stands: our end, their end, and the interface between them.
//!
//! A session carries routes of both families but has addresses of one. What our next hop is in the
//! other, and which next hops the peer can reach without us, only the interface tells.

use std::net::{IpAddr, Ipv6Addr};

use ipnet::IpNet;

use crate::export::OwnAddresses;

/// Where a session stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    /// Our end.
    pub(super) local: IpAddr,
    /// Their end.
    pub(super) remote: IpAddr,
    /// The addresses of the interface that has our end, with their subnets; empty where unknown.
    pub(super) interface: &'a [IpNet],
}

impl Place<'_> {
    /// Our next hops: those configured, else our end of the session, else what the interface has.
    pub(super) fn own_addresses(&self, configured: &[IpAddr]) -> OwnAddresses {
        let interface = self.interface.iter().map(IpNet::addr).filter(|address| !is_link_local(*address));
        let candidates = || configured.iter().copied().chain([self.local]).chain(interface.clone());
        let v4 = candidates().find_map(|address| match address {
            IpAddr::V4(v4) => Some(v4),
            IpAddr::V6(_) => None,
        });
        let v6 = candidates().find_map(v6);
        OwnAddresses { v4, v6, link_local: v6.filter(Ipv6Addr::is_unicast_link_local) }
    }

    /// Subnets that we and the peer are both on: all of the interface's where the peer is on one of them.
    pub(super) fn shared_subnets(&self) -> Vec<IpNet> {
        let subnets = self.interface.iter().filter(|subnet| !is_link_local(subnet.addr()));
        match self.is_on_link() {
            true => subnets.map(IpNet::trunc).collect(),
            false => Vec::new(),
        }
    }

    /// Whether an address is ours, as far as we know.
    pub(super) fn is_ours(&self, address: IpAddr) -> bool {
        address == self.local || self.interface.iter().any(|ours| ours.addr() == address)
    }

    /// Whether an address is known to be neither the peer's nor on a subnet shared with it. Where the
    /// link has no subnet of the address's family, nothing is known.
    pub(super) fn is_elsewhere(&self, address: IpAddr) -> bool {
        let shared = self.shared_subnets();
        let mut comparable = shared.iter().filter(|subnet| subnet.addr().is_ipv4() == address.is_ipv4());
        let known = comparable.clone().any(|subnet| subnet.prefix_len() < subnet.max_prefix_len());
        known
            && address != self.remote
            && !is_link_local(address)
            && !comparable.any(|subnet| subnet.contains(&address))
    }

    /// Whether the peer is on the link of our interface.
    pub(super) fn is_on_link(&self) -> bool {
        is_link_local(self.remote) || self.interface.iter().any(|subnet| subnet.contains(&self.remote))
    }
}

const fn v6(address: IpAddr) -> Option<Ipv6Addr> {
    match address {
        IpAddr::V4(_) => None,
        IpAddr::V6(v6) => Some(v6),
    }
}

pub(super) const fn is_link_local(address: IpAddr) -> bool {
    matches!(address, IpAddr::V6(v6) if v6.is_unicast_link_local())
}

#[cfg(test)]
mod tests {
    use super::*;

    const LOCAL: &str = "192.0.2.1";

    fn nets(texts: &[&str]) -> Vec<IpNet> {
        texts.iter().map(|text| text.parse().expect("an address with its subnet")).collect()
    }

    fn address(text: &str) -> IpAddr {
        text.parse().expect("an address")
    }

    fn place<'a>(remote: &str, interface: &'a [IpNet]) -> Place<'a> {
        Place { local: address(LOCAL), remote: address(remote), interface }
    }

    #[test]
    fn the_other_family_has_the_interfaces_address() {
        let interface =
            nets(&["fe80::1/64", "192.0.2.9/24", "192.0.2.1/24", "2001:db8::1/64", "2001:db8::2/64"]);
        let own = place("192.0.2.2", &interface).own_addresses(&[]);
        assert_eq!(own.v4.map(IpAddr::V4), Some(address(LOCAL)), "our end, whatever else there is");
        assert_eq!(own.v6.map(IpAddr::V6), Some(address("2001:db8::1")), "not a link-local one");
        assert_eq!(own.link_local, None);
    }

    #[test]
    fn what_is_configured_goes_before_what_is_there() {
        let interface = nets(&["192.0.2.1/24", "2001:db8::1/64"]);
        let configured = [address("2001:db8:9::9"), address("198.51.100.1")];
        let own = place("192.0.2.2", &interface).own_addresses(&configured);
        assert_eq!(own.v4.map(IpAddr::V4), Some(configured[1]));
        assert_eq!(own.v6.map(IpAddr::V6), Some(configured[0]));
    }

    #[test]
    fn a_session_between_link_local_addresses_has_such_a_next_hop() {
        let interface = nets(&["fe80::1/64", "192.0.2.1/24"]);
        let place = Place { local: address("fe80::1"), remote: address("fe80::2"), interface: &interface };
        let own = place.own_addresses(&[]);
        assert_eq!(own.v6, own.link_local);
        assert_eq!(own.v4.map(IpAddr::V4), Some(address(LOCAL)));
        assert_eq!(place.shared_subnets(), nets(&["192.0.2.0/24"]), "they share the link");
    }

    #[test]
    fn subnets_are_shared_only_with_a_peer_on_the_link() {
        let interface = nets(&["192.0.2.1/24", "2001:db8::1/64", "fe80::1/64"]);
        assert_eq!(place("192.0.2.2", &interface).shared_subnets(), nets(&["192.0.2.0/24", "2001:db8::/64"]));
        assert_eq!(place("198.51.100.2", &interface).shared_subnets(), []);
    }

    #[test]
    fn a_next_hop_is_elsewhere_only_where_the_link_is_known() {
        let interface = nets(&["192.0.2.1/24", "2001:db8::1/128"]);
        let beside = place("192.0.2.2", &interface);
        for (next_hop, elsewhere) in
            [("192.0.2.2", false), ("192.0.2.77", false), ("198.51.100.1", true), ("2001:db8::2", false)]
        {
            assert_eq!(beside.is_elsewhere(address(next_hop)), elsewhere, "{next_hop}");
        }
        for (remote, interface) in [("192.0.2.2", Vec::new()), ("198.51.100.2", interface.clone())] {
            assert!(!place(remote, &interface).is_elsewhere(address("203.0.113.1")), "{remote}");
        }
    }

    #[test]
    fn every_address_of_the_interface_is_ours() {
        let interface = nets(&["192.0.2.9/24"]);
        let place = place("192.0.2.2", &interface);
        for (text, ours) in [(LOCAL, true), ("192.0.2.9", true), ("192.0.2.2", false)] {
            assert_eq!(place.is_ours(address(text)), ours, "{text}");
        }
    }
}

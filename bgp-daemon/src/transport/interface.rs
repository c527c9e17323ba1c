//! The interface of a connection: the addresses and subnets beside our end.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV6};

use bgp_core::speaker::Interface;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use nix::ifaddrs::{InterfaceAddress, getifaddrs};
use nix::sys::socket::SockaddrStorage;
use tracing::debug;

/// The interface that has `local`, with its addresses in the kernel's order; unknown where there is none or
/// the kernel does not say. Loopback addresses are nobody's neighbours.
pub(super) fn around(local: SocketAddr) -> Interface {
    if local.ip().is_loopback() {
        return Interface::default();
    }
    match getifaddrs() {
        Ok(all) => {
            beside(local, &all.filter_map(|found| Some((address(&found)?, found))).collect::<Vec<_>>())
        }
        Err(error) => {
            debug!(event = "interface.unknown", %local, reason = %error);
            Interface::default()
        }
    }
}

/// What shares an interface with `local`.
fn beside(local: SocketAddr, all: &[(Address, InterfaceAddress)]) -> Interface {
    let Some((_, home)) = all.iter().find(|(address, _)| address.is(local)) else {
        return Interface::default();
    };
    let on_it = all.iter().filter(|(_, found)| found.interface_name == home.interface_name);
    let addresses = on_it.map(|(address, _)| address.net).filter(|net| !net.addr().is_loopback()).collect();
    Interface { name: Some(home.interface_name.as_str().into()), addresses }
}

/// The address that was found, with its subnet.
pub(crate) fn network(found: &InterfaceAddress) -> Option<IpNet> {
    address(found).map(|address| address.net)
}

/// An address of some interface.
struct Address {
    net: IpNet,
    /// The interface's index where the address is link-local, else 0.
    scope: u32,
}

impl Address {
    /// Whether it is the address of `end`; link-local ones are told apart by their interface.
    fn is(&self, end: SocketAddr) -> bool {
        let scope = match end {
            SocketAddr::V4(_) => 0,
            SocketAddr::V6(end) => end.scope_id(),
        };
        self.net.addr() == end.ip() && (scope == 0 || scope == self.scope)
    }
}

fn address(found: &InterfaceAddress) -> Option<Address> {
    let mask = found.netmask.as_ref();
    let address = found.address.as_ref()?;
    if let Some(v4) = address.as_sockaddr_in() {
        let length = mask.and_then(SockaddrStorage::as_sockaddr_in).map_or(32, |mask| ones(mask.ip().into()));
        return Some(Address { net: Ipv4Net::new(v4.ip(), length).ok()?.into(), scope: 0 });
    }
    let v6: SocketAddrV6 = (*address.as_sockaddr_in6()?).into();
    let length = mask.and_then(SockaddrStorage::as_sockaddr_in6).map_or(128, |mask| ones(mask.ip().into()));
    Some(Address { net: Ipv6Net::new(*v6.ip(), length).ok()?.into(), scope: v6.scope_id() })
}

/// The length of the prefix that a mask leaves.
fn ones(mask: IpAddr) -> u8 {
    let ones = match mask {
        IpAddr::V4(mask) => Ipv4Addr::to_bits(mask).leading_ones(),
        IpAddr::V6(mask) => Ipv6Addr::to_bits(mask).leading_ones(),
    };
    u8::try_from(ones).unwrap_or(u8::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_that_nobody_has_is_on_no_interface() {
        assert_eq!(around("203.0.113.99:179".parse().expect("an address")), Interface::default());
        assert_eq!(
            around("127.0.0.1:179".parse().expect("an address")),
            Interface::default(),
            "nor is a loopback address"
        );
    }

    #[test]
    fn every_address_is_among_those_of_its_interface() {
        for found in getifaddrs().expect("the kernel's addresses") {
            let Some(Address { net, scope }) = address(&found) else { continue };
            let end = match net.addr() {
                IpAddr::V4(v4) => (v4, 179).into(),
                IpAddr::V6(v6) => SocketAddrV6::new(v6, 179, 0, scope).into(),
            };
            assert!(net.addr().is_loopback() || around(end).addresses.contains(&net), "{net}");
        }
    }

    #[test]
    fn a_mask_has_a_length() {
        for (mask, length) in [("255.255.255.0", 24), ("255.255.255.255", 32), ("0.0.0.0", 0), ("ffff::", 16)]
        {
            assert_eq!(ones(mask.parse().expect("a mask")), length, "{mask}");
        }
    }
}

//! The prefixes of a family's nets, by their numbers: four octets for an IPv4 address, sixteen for an IPv6
//! one, and one for the length.

use std::net::{Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::rib::slab::Paged;

/// Prefixes of one family under dense numbers.
#[derive(Debug)]
pub(super) struct Prefixes {
    addresses: Addresses,
    lengths: Paged<u8>,
}

#[derive(Debug)]
enum Addresses {
    V4(Paged<u32>),
    V6(Paged<u128>),
}

impl Prefixes {
    pub(super) fn ipv4() -> Self {
        Self { addresses: Addresses::V4(Paged::default()), lengths: Paged::default() }
    }

    pub(super) fn ipv6() -> Self {
        Self { addresses: Addresses::V6(Paged::default()), lengths: Paged::default() }
    }

    /// `number` stands for `prefix` from now on.
    pub(super) fn put(&mut self, number: u32, prefix: &IpNet) {
        let at = number as usize;
        match (&mut self.addresses, prefix) {
            (Addresses::V4(addresses), IpNet::V4(prefix)) => addresses.put(at, prefix.addr().to_bits(), || 0),
            (Addresses::V6(addresses), IpNet::V6(prefix)) => addresses.put(at, prefix.addr().to_bits(), || 0),
            (Addresses::V4(_) | Addresses::V6(_), _) => {}
        }
        self.lengths.put(at, prefix.prefix_len(), || 0);
    }

    /// What `number` stands for, or stood for last.
    pub(super) fn get(&self, number: u32) -> Option<IpNet> {
        let at = number as usize;
        let length = *self.lengths.get(at)?;
        match &self.addresses {
            Addresses::V4(addresses) => {
                Ipv4Net::new(Ipv4Addr::from_bits(*addresses.get(at)?), length).map(IpNet::V4).ok()
            }
            Addresses::V6(addresses) => {
                Ipv6Net::new(Ipv6Addr::from_bits(*addresses.get(at)?), length).map(IpNet::V6).ok()
            }
        }
    }

    /// Whether `number` stands for `prefix`.
    pub(super) fn is(&self, number: u32, prefix: &IpNet) -> bool {
        let at = number as usize;
        let same_address = match (&self.addresses, prefix) {
            (Addresses::V4(addresses), IpNet::V4(prefix)) => {
                addresses.get(at) == Some(&prefix.addr().to_bits())
            }
            (Addresses::V6(addresses), IpNet::V6(prefix)) => {
                addresses.get(at) == Some(&prefix.addr().to_bits())
            }
            (Addresses::V4(_) | Addresses::V6(_), _) => false,
        };
        same_address && self.lengths.get(at) == Some(&prefix.prefix_len())
    }
}

//! The prefixes of a family's nets, by their numbers: four octets for an IPv4 address, sixteen for an IPv6
//! one, and one for the length.

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::rib::slab::Paged;

/// Prefixes of one family under dense numbers.
#[derive(Debug)]
pub(super) enum Prefixes {
    V4(Paged<[u8; 5]>),
    V6(Paged<[u8; 17]>),
}

impl Prefixes {
    pub(super) fn ipv4() -> Self {
        Self::V4(Paged::default())
    }

    pub(super) fn ipv6() -> Self {
        Self::V6(Paged::default())
    }

    /// Octets that all of them take.
    pub(super) fn octets(&self) -> usize {
        match self {
            Self::V4(packed) => packed.octets(),
            Self::V6(packed) => packed.octets(),
        }
    }

    /// `number` stands for `prefix` from now on.
    pub(super) fn put(&mut self, number: u32, prefix: &IpNet) {
        let at = number as usize;
        match (self, prefix) {
            (Self::V4(packed), IpNet::V4(prefix)) => packed.put(at, v4(prefix), || [0; 5]),
            (Self::V6(packed), IpNet::V6(prefix)) => packed.put(at, v6(prefix), || [0; 17]),
            (Self::V4(_) | Self::V6(_), _) => {}
        }
    }

    /// What `number` stands for, or stood for last.
    pub(super) fn get(&self, number: u32) -> Option<IpNet> {
        let at = number as usize;
        match self {
            Self::V4(packed) => {
                let [length, address @ ..] = *packed.get(at)?;
                Ipv4Net::new(address.into(), length).map(IpNet::V4).ok()
            }
            Self::V6(packed) => {
                let [length, address @ ..] = *packed.get(at)?;
                Ipv6Net::new(address.into(), length).map(IpNet::V6).ok()
            }
        }
    }

    /// Whether `number` stands for `prefix`.
    pub(super) fn is(&self, number: u32, prefix: &IpNet) -> bool {
        let at = number as usize;
        match (self, prefix) {
            (Self::V4(packed), IpNet::V4(prefix)) => packed.get(at) == Some(&v4(prefix)),
            (Self::V6(packed), IpNet::V6(prefix)) => packed.get(at) == Some(&v6(prefix)),
            (Self::V4(_) | Self::V6(_), _) => false,
        }
    }
}

fn v4(prefix: &Ipv4Net) -> [u8; 5] {
    let [a, b, c, d] = prefix.addr().octets();
    [prefix.prefix_len(), a, b, c, d]
}

fn v6(prefix: &Ipv6Net) -> [u8; 17] {
    let mut packed = [prefix.prefix_len(); 17];
    packed[1..].copy_from_slice(&prefix.addr().octets());
    packed
}

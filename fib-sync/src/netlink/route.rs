//! Route messages into routes, whatever the kernel puts into them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;

use super::bytes::{address, aligned, attributes, u8_at, u16_at, u32_at};
use crate::seen::{KernelForwarding, KernelHop, KernelRoute};

/// The route of a message, if it is one of `table` that follows the destination alone.
pub(super) fn route(payload: &[u8], table: u32) -> Option<KernelRoute> {
    let fixed = Fixed::read(payload)?;
    if fixed.source_length != 0 || fixed.tos != 0 || fixed.flags & RTM_F_CLONED != 0 {
        return None;
    }
    let mut parts = Parts { table: u32::from(fixed.table), ..Parts::default() };
    for (kind, value) in attributes(payload.get(FIXED..)?) {
        parts.read(kind, value)?;
    }
    if parts.table != table {
        return None;
    }
    let destination = parts.destination.or_else(|| unspecified(fixed.family))?;
    let prefix = IpNet::new(destination, fixed.length).ok()?;
    Some(KernelRoute {
        prefix,
        metric: parts.metric,
        protocol: fixed.protocol,
        scope: fixed.scope,
        source: parts.source,
        object: parts.object,
        forwarding: forwarding(&fixed, parts),
    })
}

/// `struct rtmsg`.
struct Fixed {
    family: u8,
    length: u8,
    source_length: u8,
    tos: u8,
    table: u8,
    protocol: u8,
    scope: u8,
    kind: u8,
    flags: u32,
}

impl Fixed {
    fn read(payload: &[u8]) -> Option<Self> {
        Some(Self {
            family: u8_at(payload, 0)?,
            length: u8_at(payload, 1)?,
            source_length: u8_at(payload, 2)?,
            tos: u8_at(payload, 3)?,
            table: u8_at(payload, 4)?,
            protocol: u8_at(payload, 5)?,
            scope: u8_at(payload, 6)?,
            kind: u8_at(payload, 7)?,
            flags: u32_at(payload, 8)?,
        })
    }
}

#[derive(Default)]
struct Parts {
    table: u32,
    destination: Option<IpAddr>,
    metric: u32,
    source: Option<IpAddr>,
    gateway: Option<IpAddr>,
    interface: u32,
    hops: Option<Vec<KernelHop>>,
    object: Option<u32>,
}

impl Parts {
    fn read(&mut self, kind: u16, value: &[u8]) -> Option<()> {
        match kind {
            RTA_DST => self.destination = Some(address(value)?),
            RTA_OIF => self.interface = u32_at(value, 0)?,
            RTA_GATEWAY => self.gateway = Some(address(value)?),
            RTA_VIA => self.gateway = Some(via(value)?),
            RTA_PRIORITY => self.metric = u32_at(value, 0)?,
            RTA_PREFSRC => self.source = Some(address(value)?),
            RTA_MULTIPATH => self.hops = Some(multipath(value)),
            RTA_TABLE => self.table = u32_at(value, 0)?,
            RTA_NH_ID => self.object = Some(u32_at(value, 0)?),
            _ => {}
        }
        Some(())
    }
}

fn forwarding(fixed: &Fixed, parts: Parts) -> KernelForwarding {
    match fixed.kind {
        RTN_UNICAST => KernelForwarding::Unicast(parts.hops.unwrap_or_else(|| {
            vec![KernelHop {
                gateway: parts.gateway,
                interface: parts.interface,
                onlink: fixed.flags & u32::from(RTNH_F_ONLINK) != 0,
                weight: 1,
            }]
        })),
        RTN_BLACKHOLE => KernelForwarding::Blackhole,
        RTN_UNREACHABLE => KernelForwarding::Unreachable,
        RTN_PROHIBIT => KernelForwarding::Prohibit,
        other => KernelForwarding::Other(other),
    }
}

/// A row of `struct rtnexthop`, each with attributes of its own.
fn multipath(octets: &[u8]) -> Vec<KernelHop> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let hop = hop(rest.get(..length)?)?;
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some(hop)
    })
    .collect()
}

fn hop(octets: &[u8]) -> Option<KernelHop> {
    let gateway = attributes(octets.get(8..)?).find_map(|(kind, value)| match kind {
        RTA_GATEWAY => address(value),
        RTA_VIA => via(value),
        _ => None,
    });
    Some(KernelHop {
        gateway,
        interface: u32_at(octets, 4)?,
        onlink: u8_at(octets, 2)? & RTNH_F_ONLINK != 0,
        weight: u16::from(u8_at(octets, 3)?) + 1,
    })
}

/// `struct rtvia`: a family and an address of it.
fn via(octets: &[u8]) -> Option<IpAddr> {
    address(octets.get(2..)?)
}

fn unspecified(family: u8) -> Option<IpAddr> {
    match family {
        AF_INET => Some(IpAddr::V4(Ipv4Addr::UNSPECIFIED)),
        AF_INET6 => Some(IpAddr::V6(Ipv6Addr::UNSPECIFIED)),
        _ => None,
    }
}

pub(super) const FIXED: usize = 12;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const RTM_F_CLONED: u32 = 0x200;
pub(super) const RTNH_F_ONLINK: u8 = 4;
pub(super) const RTN_UNICAST: u8 = 1;
pub(super) const RTN_BLACKHOLE: u8 = 6;
pub(super) const RTN_UNREACHABLE: u8 = 7;
pub(super) const RTN_PROHIBIT: u8 = 8;
pub(super) const RTA_DST: u16 = 1;
pub(super) const RTA_OIF: u16 = 4;
pub(super) const RTA_GATEWAY: u16 = 5;
pub(super) const RTA_PRIORITY: u16 = 6;
pub(super) const RTA_PREFSRC: u16 = 7;
pub(super) const RTA_MULTIPATH: u16 = 9;
pub(super) const RTA_TABLE: u16 = 15;
pub(super) const RTA_VIA: u16 = 18;
pub(super) const RTA_NH_ID: u16 = 30;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::Operation;
    use crate::netlink::{decode, encode};

    fn hop() -> impl Strategy<Value = KernelHop> {
        (any::<[u8; 4]>(), 1..9_u32, any::<bool>(), 1..=256_u16).prop_map(
            |(gateway, interface, onlink, weight)| KernelHop {
                gateway: Some(IpAddr::from(gateway)),
                interface,
                onlink,
                weight,
            },
        )
    }

    proptest! {
        #[test]
        fn octets_that_are_no_message_are_no_panic(octets in prop::collection::vec(any::<u8>(), 0..200)) {
            for (header, payload) in decode::messages(&octets) {
                let _ = decode::answer(&header, payload);
            }
            let _ = (route(&octets, 254), decode::link(&octets), decode::interface_address(&octets));
        }

        #[test]
        fn what_is_written_reads_the_same(
            address in any::<[u8; 4]>(),
            length in 0..=32_u8,
            metric in any::<u32>(),
            hops in prop::collection::vec(hop(), 2..5),
            table in 1..1000_u32,
        ) {
            let written = KernelRoute {
                prefix: IpNet::new(IpAddr::from(address), length).expect("at most 32").trunc(),
                metric,
                protocol: 12,
                scope: 0,
                forwarding: KernelForwarding::Unicast(hops),
                source: Some(IpAddr::from(address)),
                object: None,
            };
            let mut octets = Vec::new();
            encode::operation(&mut octets, &Operation::Create(written.clone()), table, 7);
            let read: Vec<_> = decode::messages(&octets).map(|(_, payload)| route(payload, table)).collect();
            prop_assert_eq!(read, [Some(written)]);
        }
    }
}

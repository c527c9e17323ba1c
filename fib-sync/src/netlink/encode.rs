//! Operations and readings into netlink requests.

use std::net::IpAddr;

use ipnet::IpNet;
use rtnetlink::packet_core::{
    NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage,
};
use rtnetlink::packet_route::address::AddressMessage;
use rtnetlink::packet_route::link::{LinkAttribute, LinkExtentMask, LinkMessage};
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteNextHop, RouteNextHopFlags,
    RouteProtocol, RouteScope, RouteType, RouteVia,
};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};

use super::object;
use crate::seen::{KernelForwarding, KernelHop, KernelRoute, Operation};

/// What one request of a reading lists.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum List {
    Links,
    Addresses,
    Objects,
    Ipv4Routes,
    Ipv6Routes,
}

/// Appends an operation on `table` to `buffer`; it asks for no acknowledgement.
pub(super) fn operation(buffer: &mut Vec<u8>, operation: &Operation, table: u32, sequence: u32) {
    let (message, flags) = match operation {
        Operation::Create(route) => {
            (RouteNetlinkMessage::NewRoute(written(route, table)), NLM_F_CREATE | NLM_F_EXCL)
        }
        Operation::Replace(route) => {
            (RouteNetlinkMessage::NewRoute(written(route, table)), NLM_F_CREATE | NLM_F_REPLACE)
        }
        Operation::Remove(route) => (RouteNetlinkMessage::DelRoute(removed(route, table)), 0),
    };
    append(buffer, message, NLM_F_REQUEST | flags, sequence);
}

/// A request to list something.
pub(super) fn list(list: List, table: u32, sequence: u32) -> Vec<u8> {
    let message = match list {
        List::Links => {
            let mut message = LinkMessage::default();
            message.attributes.push(LinkAttribute::ExtMask(vec![LinkExtentMask::SkipStats]));
            RouteNetlinkMessage::GetLink(message)
        }
        List::Addresses => RouteNetlinkMessage::GetAddress(AddressMessage::default()),
        List::Objects => return object::list(sequence),
        List::Ipv4Routes => RouteNetlinkMessage::GetRoute(empty(AddressFamily::Inet, table)),
        List::Ipv6Routes => RouteNetlinkMessage::GetRoute(empty(AddressFamily::Inet6, table)),
    };
    let mut buffer = Vec::new();
    append(&mut buffer, message, NLM_F_REQUEST | NLM_F_DUMP, sequence);
    buffer
}

pub(super) fn append(buffer: &mut Vec<u8>, message: RouteNetlinkMessage, flags: u16, sequence: u32) {
    let mut message = NetlinkMessage::from(message);
    message.header.flags = flags;
    message.header.sequence_number = sequence;
    message.finalize();
    let begin = buffer.len();
    buffer.resize(begin + message.buffer_len(), 0);
    message.serialize(&mut buffer[begin..]);
}

fn empty(family: AddressFamily, table: u32) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = family;
    message.header.table = u8::try_from(table).unwrap_or(RouteHeader::RT_TABLE_UNSPEC);
    message.attributes.reserve_exact(MOST_ATTRIBUTES);
    message.attributes.push(RouteAttribute::Table(table));
    message
}

/// The key alone, and the protocol so that nothing foreign is hit: the kernel removes the first that fits.
fn removed(route: &KernelRoute, table: u32) -> RouteMessage {
    let mut message = keyed(route, table);
    message.header.scope = RouteScope::NoWhere;
    message
}

fn written(route: &KernelRoute, table: u32) -> RouteMessage {
    let mut message = keyed(route, table);
    message.header.scope = RouteScope::from(route.scope);
    if let Some(source) = route.source {
        message.attributes.push(RouteAttribute::PrefSource(plain(source)));
    }
    match &route.forwarding {
        KernelForwarding::Unicast(hops) => {
            message.header.kind = RouteType::Unicast;
            match route.object {
                Some(object) => message.attributes.push(RouteAttribute::NhId(object)),
                None => forward(&mut message, &route.prefix, hops),
            }
        }
        KernelForwarding::Blackhole => message.header.kind = RouteType::BlackHole,
        KernelForwarding::Unreachable => message.header.kind = RouteType::Unreachable,
        KernelForwarding::Prohibit => message.header.kind = RouteType::Prohibit,
        KernelForwarding::Other(kind) => message.header.kind = RouteType::from(*kind),
    }
    message
}

fn keyed(route: &KernelRoute, table: u32) -> RouteMessage {
    let family = match route.prefix {
        IpNet::V4(_) => AddressFamily::Inet,
        IpNet::V6(_) => AddressFamily::Inet6,
    };
    let mut message = empty(family, table);
    message.header.protocol = RouteProtocol::from(route.protocol);
    message.header.destination_prefix_length = route.prefix.prefix_len();
    message.attributes.push(RouteAttribute::Destination(plain(route.prefix.network())));
    message.attributes.push(RouteAttribute::Priority(route.metric));
    message
}

fn forward(message: &mut RouteMessage, prefix: &IpNet, hops: &[KernelHop]) {
    if let [hop] = hops {
        message.attributes.extend(hop.gateway.map(|gateway| toward(prefix, gateway)));
        if hop.interface != 0 {
            message.attributes.push(RouteAttribute::Oif(hop.interface));
        }
        if hop.onlink {
            message.header.flags = RouteFlags::Onlink;
        }
    } else {
        let hops = hops.iter().map(|hop| next_hop(prefix, hop)).collect();
        message.attributes.push(RouteAttribute::MultiPath(hops));
    }
}

/// The kernel counts the weight from 0.
fn next_hop(prefix: &IpNet, hop: &KernelHop) -> RouteNextHop {
    let mut next_hop = RouteNextHop::default();
    next_hop.flags = if hop.onlink { RouteNextHopFlags::Onlink } else { RouteNextHopFlags::empty() };
    next_hop.hops = u8::try_from(hop.weight.saturating_sub(1)).unwrap_or(u8::MAX);
    next_hop.interface_index = hop.interface;
    next_hop.attributes.extend(hop.gateway.map(|gateway| toward(prefix, gateway)));
    next_hop
}

/// A gateway of the other family travels in an attribute of its own, `RTA_VIA`.
fn toward(prefix: &IpNet, gateway: IpAddr) -> RouteAttribute {
    match (prefix, gateway) {
        (IpNet::V4(_), IpAddr::V6(gateway)) => RouteAttribute::Via(RouteVia::Inet6(gateway)),
        (IpNet::V6(_), IpAddr::V4(gateway)) => RouteAttribute::Via(RouteVia::Inet(gateway)),
        (IpNet::V4(_), IpAddr::V4(_)) | (IpNet::V6(_), IpAddr::V6(_)) => {
            RouteAttribute::Gateway(plain(gateway))
        }
    }
}

fn plain(address: IpAddr) -> RouteAddress {
    match address {
        IpAddr::V4(address) => RouteAddress::Inet(address),
        IpAddr::V6(address) => RouteAddress::Inet6(address),
    }
}

/// Table, destination, metric, source, gateway and interface.
const MOST_ATTRIBUTES: usize = 6;

//! Operations and readings into netlink requests.

use std::net::IpAddr;

use ipnet::IpNet;
use rtnetlink::packet_core::{
    NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST, NetlinkMessage,
};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::packet_route::address::AddressMessage;
use rtnetlink::packet_route::link::{LinkAttribute, LinkExtentMask, LinkMessage};

use super::decode::{RTM_DELROUTE, RTM_NEWROUTE};
use super::object;
use super::route::{
    RTA_DST, RTA_GATEWAY, RTA_MULTIPATH, RTA_NH_ID, RTA_OIF, RTA_PREFSRC, RTA_PRIORITY, RTA_TABLE, RTA_VIA,
    RTN_BLACKHOLE, RTN_PROHIBIT, RTN_UNICAST, RTN_UNREACHABLE, RTNH_F_ONLINK,
};
use super::writing::{attribute, measured, message, nested, number};
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
    let (kind, flags) = match operation {
        Operation::Create(_) => (RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL),
        Operation::Replace(_) => (RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE),
        Operation::Remove(_) => (RTM_DELROUTE, 0),
    };
    message(buffer, kind, NLM_F_REQUEST | flags, sequence, |buffer| match operation {
        Operation::Create(route) | Operation::Replace(route) => written(buffer, route, table),
        Operation::Remove(route) => removed(buffer, route, table),
    });
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
        List::Ipv4Routes => return routes(AF_INET, table, sequence),
        List::Ipv6Routes => return routes(AF_INET6, table, sequence),
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

fn routes(family: u8, table: u32, sequence: u32) -> Vec<u8> {
    let mut buffer = Vec::new();
    message(&mut buffer, RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, sequence, |buffer| {
        fixed(buffer, family, [0, low(table), 0, 0, 0], 0);
        number(buffer, RTA_TABLE, table);
    });
    buffer
}

/// The key alone, and the protocol so that nothing foreign is hit: the kernel removes the first that fits.
fn removed(buffer: &mut Vec<u8>, route: &KernelRoute, table: u32) {
    keyed(buffer, route, table, (RT_SCOPE_NOWHERE, RTN_UNSPEC), 0);
}

fn written(buffer: &mut Vec<u8>, route: &KernelRoute, table: u32) {
    let kind = match &route.forwarding {
        KernelForwarding::Unicast(_) => RTN_UNICAST,
        KernelForwarding::Blackhole => RTN_BLACKHOLE,
        KernelForwarding::Unreachable => RTN_UNREACHABLE,
        KernelForwarding::Prohibit => RTN_PROHIBIT,
        KernelForwarding::Other(kind) => *kind,
    };
    let object = route.object.filter(|_| kind == RTN_UNICAST);
    let hops = if object.is_none() { route.hops() } else { &[] };
    let onlink = matches!(hops, [hop] if hop.onlink);
    let flags = if onlink { u32::from(RTNH_F_ONLINK) } else { 0 };
    keyed(buffer, route, table, (route.scope, kind), flags);
    if let Some(source) = route.source {
        address(buffer, RTA_PREFSRC, source);
    }
    if let Some(object) = object {
        number(buffer, RTA_NH_ID, object);
    }
    match hops {
        [] => {}
        [hop] => {
            toward(buffer, &route.prefix, hop);
            if hop.interface != 0 {
                number(buffer, RTA_OIF, hop.interface);
            }
        }
        several => nested(buffer, RTA_MULTIPATH, |buffer| {
            several.iter().for_each(|hop| next_hop(buffer, &route.prefix, hop));
        }),
    }
}

fn keyed(buffer: &mut Vec<u8>, route: &KernelRoute, table: u32, (scope, kind): (u8, u8), flags: u32) {
    let family = match route.prefix {
        IpNet::V4(_) => AF_INET,
        IpNet::V6(_) => AF_INET6,
    };
    let length = route.prefix.prefix_len();
    fixed(buffer, family, [length, low(table), route.protocol, scope, kind], flags);
    number(buffer, RTA_TABLE, table);
    address(buffer, RTA_DST, route.prefix.network());
    number(buffer, RTA_PRIORITY, route.metric);
}

/// `struct rtmsg`.
fn fixed(buffer: &mut Vec<u8>, family: u8, [length, table, protocol, scope, kind]: [u8; 5], flags: u32) {
    let [a, b, c, d] = flags.to_ne_bytes();
    buffer.extend_from_slice(&[family, length, 0, 0, table, protocol, scope, kind, a, b, c, d]);
}

/// A row of `struct rtnexthop`. The kernel counts the weight from 0.
fn next_hop(buffer: &mut Vec<u8>, prefix: &IpNet, hop: &KernelHop) {
    let begin = buffer.len();
    let flags = if hop.onlink { RTNH_F_ONLINK } else { 0 };
    let weight = u8::try_from(hop.weight.saturating_sub(1)).unwrap_or(u8::MAX);
    buffer.extend_from_slice(&[0, 0, flags, weight]);
    buffer.extend_from_slice(&hop.interface.to_ne_bytes());
    toward(buffer, prefix, hop);
    measured(buffer, begin);
}

/// A gateway of the other family travels in an attribute of its own, with its family (`struct rtvia`).
fn toward(buffer: &mut Vec<u8>, prefix: &IpNet, hop: &KernelHop) {
    match (prefix, hop.gateway) {
        (_, None) => {}
        (IpNet::V4(_), Some(IpAddr::V6(gateway))) => via(buffer, AF_INET6, &gateway.octets()),
        (IpNet::V6(_), Some(IpAddr::V4(gateway))) => via(buffer, AF_INET, &gateway.octets()),
        (IpNet::V4(_) | IpNet::V6(_), Some(gateway)) => address(buffer, RTA_GATEWAY, gateway),
    }
}

fn via(buffer: &mut Vec<u8>, family: u8, gateway: &[u8]) {
    nested(buffer, RTA_VIA, |buffer| {
        buffer.extend_from_slice(&u16::from(family).to_ne_bytes());
        buffer.extend_from_slice(gateway);
    });
}

fn address(buffer: &mut Vec<u8>, kind: u16, address: IpAddr) {
    match address {
        IpAddr::V4(address) => attribute(buffer, kind, &address.octets()),
        IpAddr::V6(address) => attribute(buffer, kind, &address.octets()),
    }
}

/// The number of a table where it has one octet; then the attribute says the same.
fn low(table: u32) -> u8 {
    u8::try_from(table).unwrap_or(RT_TABLE_UNSPEC)
}

const RTM_GETROUTE: u16 = 26;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const RT_TABLE_UNSPEC: u8 = 0;
const RT_SCOPE_NOWHERE: u8 = 255;
const RTN_UNSPEC: u8 = 0;

#[cfg(test)]
pub(super) mod tests;

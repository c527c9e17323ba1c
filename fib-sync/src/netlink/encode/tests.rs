//! Every request is what rtnetlink's own types make of it, octet by octet.

use proptest::prelude::*;
use rtnetlink::packet_route::AddressFamily;
use rtnetlink::packet_route::route::{
    RouteAddress, RouteAttribute, RouteFlags, RouteHeader, RouteMessage, RouteNextHop, RouteNextHopFlags,
    RouteProtocol, RouteScope, RouteType, RouteVia,
};

use super::*;

fn address() -> impl Strategy<Value = IpAddr> {
    prop_oneof![any::<[u8; 4]>().prop_map(IpAddr::from), any::<[u8; 16]>().prop_map(IpAddr::from)]
}

fn hop() -> impl Strategy<Value = KernelHop> {
    (prop::option::of(address()), 0..3_u32, any::<bool>(), 1..=256_u16)
        .prop_map(|(gateway, interface, onlink, weight)| KernelHop { gateway, interface, onlink, weight })
}

fn forwarding() -> impl Strategy<Value = KernelForwarding> {
    prop_oneof![
        4 => prop::collection::vec(hop(), 1..4).prop_map(KernelForwarding::Unicast),
        1 => Just(KernelForwarding::Blackhole),
        1 => Just(KernelForwarding::Unreachable),
        1 => Just(KernelForwarding::Prohibit),
        1 => (9..12_u8).prop_map(KernelForwarding::Other),
    ]
}

pub(in crate::netlink) fn route() -> impl Strategy<Value = KernelRoute> {
    let prefix = (address(), 0..=128_u8).prop_map(|(address, length)| {
        let most = if address.is_ipv4() { 32 } else { 128 };
        IpNet::new(address, length.min(most)).expect("at most that").trunc()
    });
    let numbers = (any::<u32>(), any::<u8>(), any::<u8>(), prop::option::of(any::<u32>()));
    (prefix, numbers, forwarding(), prop::option::of(address())).prop_map(
        |(prefix, (metric, protocol, scope, object), forwarding, source)| KernelRoute {
            prefix,
            metric,
            protocol,
            scope,
            forwarding,
            source,
            object,
        },
    )
}

proptest! {
    #[test]
    fn an_operation_is_what_rtnetlink_makes_of_it(
        held in route(),
        table in prop_oneof![1..1000_u32, any::<u32>()],
        sequence in any::<u32>(),
        verb in 0..3_u8,
    ) {
        let (message, flags, asked) = match verb {
            0 => (RouteNetlinkMessage::NewRoute(written(&held, table)), NLM_F_EXCL | NLM_F_CREATE, Operation::Create(held)),
            1 => (RouteNetlinkMessage::NewRoute(written(&held, table)), NLM_F_REPLACE | NLM_F_CREATE, Operation::Replace(held)),
            _ => (RouteNetlinkMessage::DelRoute(removed(&held, table)), 0, Operation::Remove(held)),
        };
        let (mut expected, mut octets) = (vec![7], vec![7]);
        append(&mut expected, message, NLM_F_REQUEST | flags, sequence);
        operation(&mut octets, &asked, table, sequence);
        prop_assert_eq!(octets, expected);
    }

    #[test]
    fn a_request_of_routes_is_what_rtnetlink_makes_of_it(table in prop_oneof![1..1000_u32, any::<u32>()]) {
        for (asked, family) in [(List::Ipv4Routes, AddressFamily::Inet), (List::Ipv6Routes, AddressFamily::Inet6)] {
            let mut expected = Vec::new();
            let message = RouteNetlinkMessage::GetRoute(empty(family, table));
            append(&mut expected, message, NLM_F_REQUEST | NLM_F_DUMP, 7);
            prop_assert_eq!(list(asked, table, 7), expected);
        }
    }
}

fn empty(family: AddressFamily, table: u32) -> RouteMessage {
    let mut message = RouteMessage::default();
    message.header.address_family = family;
    message.header.table = u8::try_from(table).unwrap_or(RouteHeader::RT_TABLE_UNSPEC);
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

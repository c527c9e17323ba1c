//! Strategies for tests: dialects, and messages in the one form that we send.

use std::net::{Ipv4Addr, Ipv6Addr};

use bytes::Bytes;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;

use super::attribute::{Known, OPTIONAL, PARTIAL, TRANSITIVE};
use super::*;
use crate::{Asn, Family, RouterId};

/// A family that is carried unread.
pub(crate) const OPAQUE: Family = Family { afi: 25, safi: 70 };

/// A session of any kind.
pub(crate) fn dialect() -> impl Strategy<Value = Dialect> {
    let kind = prop_oneof![Just(PeerKind::External), Just(PeerKind::Internal), Just(PeerKind::Confederation)];
    let limit = prop_oneof![Just(STANDARD_LIMIT), Just(EXTENDED_LIMIT)];
    (kind, any::<[bool; 6]>(), limit).prop_map(|(kind, switches, limit)| {
        let [four_octet_as, add_path_ipv4, add_path_ipv6, extended_next_hop, aigp, enhanced] = switches;
        let mut dialect = Dialect::unnegotiated(kind, Asn(64500));
        dialect.four_octet_as = four_octet_as;
        dialect.families = vec![Family::IPV4, Family::IPV6, OPAQUE];
        let chosen = [(add_path_ipv4, Family::IPV4), (add_path_ipv6, Family::IPV6)];
        dialect.add_path_receive =
            chosen.into_iter().filter(|(on, _)| *on).map(|(_, family)| family).collect();
        dialect.add_path_send.clone_from(&dialect.add_path_receive);
        dialect.extended_next_hop = if extended_next_hop { vec![Family::IPV4] } else { vec![] };
        (dialect.receive_limit, dialect.send_limit) = (limit, limit);
        dialect.aigp = aigp;
        dialect.enhanced_route_refresh = enhanced;
        dialect
    })
}

/// A dialect and a message that reads back as it is.
pub(crate) fn canonical() -> impl Strategy<Value = (Dialect, Message)> {
    dialect().prop_flat_map(|dialect| {
        let message = prop_oneof![
            2 => open().prop_map(Message::Open),
            6 => update(&dialect).prop_map(|update| Message::Update(Box::new(update))),
            2 => notification().prop_map(Message::Notification),
            1 => Just(Message::Keepalive),
            1 => refresh(&dialect).prop_map(Message::RouteRefresh),
        ];
        (Just(dialect), message)
    })
}

/// An UPDATE with one kind of NLRI.
pub(crate) fn update(dialect: &Dialect) -> impl Strategy<Value = Update> + use<> {
    let attributes = attributes(dialect);
    let ipv4 = nlri(dialect, Family::IPV4);
    let ipv6 = nlri(dialect, Family::IPV6);
    let mapped = dialect.extended_next_hop.contains(&Family::IPV4);
    let v4_by_v6 = if mapped { ipv4.clone() } else { ipv6.clone() };
    let family_of_mapped = if mapped { Family::IPV4 } else { Family::IPV6 };
    let reach = |family: Family, nlri: BoxedStrategy<Vec<Nlri>>| {
        (attributes.clone(), ipv6_next_hop(), nlri).prop_map(move |(attributes, next_hop, nlri)| {
            let reach = Reach { family, next_hop: Some(next_hop), routes: Routes::Unicast(nlri) };
            Update { attributes: Some(attributes), reach: Some(reach), ..Update::default() }
        })
    };
    let unreach = |family: Family, routes: BoxedStrategy<Routes>| {
        routes
            .prop_map(move |routes| Update { unreach: vec![Unreach { family, routes }], ..Update::default() })
    };
    prop_oneof![
        (attributes.clone(), host(), ipv4.clone()).prop_map(|(attributes, next_hop, announced)| Update {
            attributes: Some(attributes),
            next_hop: Some(next_hop),
            announced,
            ..Update::default()
        }),
        reach(Family::IPV6, ipv6.clone()),
        reach(family_of_mapped, v4_by_v6),
        ipv4.prop_map(|withdrawn| Update { withdrawn, ..Update::default() }),
        unreach(Family::IPV6, ipv6.prop_map(Routes::Unicast).boxed()),
        unreach(
            OPAQUE,
            octets(0..60).prop_map(|nlri| Routes::Opaque { next_hop: Bytes::new(), nlri }).boxed()
        ),
        Just(Update {
            unreach: vec![Unreach { family: Family::IPV6, routes: Routes::Unicast(vec![]) }],
            ..Update::default()
        }),
        Just(Update::default()),
        (attributes.clone(), octets(0..255), octets(1..60)).prop_map(|(attributes, next_hop, nlri)| {
            let routes = Routes::Opaque { next_hop, nlri };
            let reach = Reach { family: OPAQUE, next_hop: None, routes };
            Update { attributes: Some(attributes), reach: Some(reach), ..Update::default() }
        }),
    ]
}

/// Attributes that a peer of this kind sends.
pub(crate) fn attributes(dialect: &Dialect) -> BoxedStrategy<Attributes> {
    let internal = dialect.peer_kind == PeerKind::Internal;
    let aigp = dialect.aigp;
    let path = as_path(dialect);
    let inside = (any::<u32>(), option::of(any::<u32>()), vec(any::<u32>(), 0..4));
    let numbers =
        (option::of(any::<u32>()), any::<bool>(), option::of((asn(), any::<u32>())), option::of(asn()));
    let lists = (
        vec(any::<u32>().prop_map(Community), 0..6),
        vec(any::<[u8; 8]>().prop_map(ExtendedCommunity), 0..4),
        vec(any::<[u8; 20]>().prop_map(Ipv6ExtendedCommunity), 0..3),
        vec(any::<[u32; 3]>(), 0..4),
    );
    let rest = (option::of(0..u64::MAX), any::<[bool; 6]>(), unknown(), 0..3_u8);
    let kind = dialect.peer_kind;
    (path, inside, numbers, lists, rest)
        .prop_map(move |(as_path, inside, (med, atomic, aggregator, otc), lists, rest)| {
            let (metric, partial, unknown, origin) = rest;
            let mut attributes = Attributes {
                origin: Origin::from_octet(origin).expect("one of three"),
                as_path,
                med,
                local_preference: (kind != PeerKind::External).then_some(inside.0),
                atomic_aggregate: atomic,
                aggregator: aggregator.map(|(asn, id)| Aggregator { asn, router_id: id.into() }),
                communities: lists.0.into(),
                originator_id: inside.1.filter(|_| internal).map(RouterId::from),
                cluster_list: inside.2.into_iter().filter(|_| internal).map(RouterId::from).collect(),
                extended_communities: lists.1.into(),
                ipv6_extended_communities: lists.2.into(),
                aigp: metric
                    .filter(|_| aigp)
                    .map(|metric| Aigp { metric: Some(metric), other_tlvs: [].into() }),
                large_communities: lists.3.into_iter().map(large).collect(),
                otc,
                partial: Partial::default(),
                unknown: unknown.into(),
            };
            mark_partial(&mut attributes, partial);
            attributes
        })
        .boxed()
}

/// Only an attribute that is there can have the bit.
fn mark_partial(attributes: &mut Attributes, wanted: [bool; 6]) {
    let there = [
        (Known::Aggregator, attributes.aggregator.is_some()),
        (Known::Communities, !attributes.communities.is_empty()),
        (Known::ExtendedCommunities, !attributes.extended_communities.is_empty()),
        (Known::Ipv6ExtendedCommunities, !attributes.ipv6_extended_communities.is_empty()),
        (Known::LargeCommunities, !attributes.large_communities.is_empty()),
        (Known::Otc, attributes.otc.is_some()),
    ];
    for ((known, there), wanted) in there.into_iter().zip(wanted) {
        if there && wanted {
            attributes.partial.insert(known);
        }
    }
}

fn large([global, local1, local2]: [u32; 3]) -> LargeCommunity {
    LargeCommunity { global, local1, local2 }
}

/// A path that the peer may send: an external one begins with its own AS.
fn as_path(dialect: &Dialect) -> BoxedStrategy<AsPath> {
    let (kind, peer_asn) = (dialect.peer_kind, dialect.peer_asn);
    let segment = (any::<bool>(), vec(asn(), 1..5));
    (vec(segment, 0..4), prop_oneof![9 => Just(0_usize), 1 => 200..400_usize])
        .prop_map(move |(segments, long)| {
            let segments: Vec<(SegmentKind, Vec<Asn>)> = segments
                .into_iter()
                .map(|(set, asns)| (if set { SegmentKind::Set } else { SegmentKind::Sequence }, asns))
                .collect();
            let path = AsPath::from_segments(segments.iter().map(|(kind, asns)| (*kind, &asns[..])));
            let path = path.prepend(&vec![Asn(64511); long]);
            match kind {
                PeerKind::External => joined(&path.prepend(&[peer_asn])),
                PeerKind::Internal => joined(&path),
                PeerKind::Confederation => joined(&path).prepend_confederation(&[peer_asn]),
            }
        })
        .boxed()
}

/// The path with its numbers in as few segments as possible, as it comes out of a merge.
fn joined(path: &AsPath) -> AsPath {
    let segments: Vec<(SegmentKind, Vec<Asn>)> =
        path.segments().map(|segment| (segment.kind(), segment.asns().collect())).collect();
    AsPath::from_segments(segments.iter().map(|(kind, asns)| (*kind, &asns[..])))
}

/// Attributes of codes that nobody here understands, in ascending order.
fn unknown() -> impl Strategy<Value = Vec<UnknownAttribute>> {
    let one = (prop_oneof![Just(20_u8), Just(23), Just(40), Just(99), Just(128), Just(254)], octets(0..300));
    vec(one, 0..3).prop_map(|attributes| {
        let mut attributes: Vec<UnknownAttribute> = attributes
            .into_iter()
            .map(|(code, value)| UnknownAttribute { code, flags: OPTIONAL | TRANSITIVE | PARTIAL, value })
            .collect();
        attributes.sort_by_key(|attribute| attribute.code);
        attributes.dedup_by_key(|attribute| attribute.code);
        attributes
    })
}

fn nlri(dialect: &Dialect, family: Family) -> BoxedStrategy<Vec<Nlri>> {
    let ids = match dialect.add_path_receive.contains(&family) {
        true => any::<u32>().boxed(),
        false => Just(0).boxed(),
    };
    let one = (ids, prefix(family)).prop_map(|(id, prefix)| Nlri { path_id: PathId(id), prefix });
    vec(one.prop_filter("unicast", Nlri::is_unicast), 1..40).boxed()
}

fn prefix(family: Family) -> BoxedStrategy<IpNet> {
    match family {
        Family::IPV4 => (any::<u32>(), 0..=32_u8)
            .prop_map(|(bits, length)| Ipv4Net::new(bits.into(), length).expect("a length").trunc().into())
            .boxed(),
        _ => (any::<u128>(), 0..=128_u8)
            .prop_map(|(bits, length)| Ipv6Net::new(bits.into(), length).expect("a length").trunc().into())
            .boxed(),
    }
}

fn host() -> impl Strategy<Value = Ipv4Addr> {
    (1..=126_u8, any::<[u8; 3]>()).prop_map(|(first, [b, c, d])| Ipv4Addr::new(first, b, c, d))
}

fn ipv6_next_hop() -> impl Strategy<Value = NextHop> {
    let global = any::<u64>().prop_map(|low| Ipv6Addr::from(0x2001_0db8_u128 << 96 | u128::from(low)));
    let link_local = any::<u64>().prop_map(|low| Ipv6Addr::from(0xfe80_u128 << 112 | u128::from(low)));
    (global, option::of(link_local)).prop_map(|(global, link_local)| NextHop::V6 { global, link_local })
}

fn asn() -> impl Strategy<Value = Asn> {
    prop_oneof![1..=u32::from(u16::MAX), 1..=u32::MAX].prop_map(Asn)
}

fn octets(length: std::ops::Range<usize>) -> impl Strategy<Value = Bytes> {
    vec(any::<u8>(), length).prop_map(Bytes::from)
}

fn notification() -> impl Strategy<Value = Notification> {
    (any::<u8>(), any::<u8>(), octets(0..300)).prop_map(|(code, subcode, data)| Notification {
        code: ErrorCode::from_octet(code),
        subcode,
        data,
    })
}

fn refresh(dialect: &Dialect) -> impl Strategy<Value = RouteRefresh> + use<> {
    let kinds = match dialect.enhanced_route_refresh {
        true => vec![RefreshKind::Request, RefreshKind::Begin, RefreshKind::End, RefreshKind::Unknown(9)],
        false => vec![RefreshKind::Request],
    };
    let kind = proptest::sample::select(kinds);
    (any_family(), kind).prop_map(|(family, kind)| RouteRefresh { family, kind })
}

fn any_family() -> impl Strategy<Value = Family> {
    (any::<u16>(), any::<u8>()).prop_map(|(afi, safi)| Family { afi, safi })
}

/// An OPEN; a number above two octets comes with the capability that tells it.
pub(crate) fn open() -> impl Strategy<Value = Open> {
    let hold_time = prop_oneof![Just(0_u16), 3..=u16::MAX];
    (asn(), hold_time, 1..=u32::MAX, vec(capability(), 0..30)).prop_map(
        |(asn, hold_time, id, capabilities)| {
            let mut capabilities = capabilities;
            if asn.0 > u32::from(u16::MAX) || asn == Asn::TRANS {
                capabilities.insert(capabilities.len() / 2, Capability::FourOctetAs(asn));
            }
            Open { asn, hold_time, router_id: id.into(), capabilities }
        },
    )
}

fn capability() -> impl Strategy<Value = Capability> {
    let graceful = (any_family(), any::<bool>())
        .prop_map(|(family, forwarding_preserved)| GracefulFamily { family, forwarding_preserved });
    let long_lived = (any_family(), any::<bool>(), 0..1_u32 << 24).prop_map(
        |(family, forwarding_preserved, stale_time)| LongLivedFamily {
            family,
            forwarding_preserved,
            stale_time,
        },
    );
    let mode = prop_oneof![Just(AddPathMode::Receive), Just(AddPathMode::Send), Just(AddPathMode::Both)];
    let role = proptest::sample::select(vec![Role::Provider, Role::RouteServerClient, Role::Peer]);
    prop_oneof![
        any_family().prop_map(Capability::Multiprotocol),
        Just(Capability::RouteRefresh),
        vec(any_family(), 0..4).prop_map(Capability::ExtendedNextHop),
        Just(Capability::ExtendedMessage),
        role.prop_map(Capability::Role),
        (any::<[bool; 2]>(), 0..4096_u16, vec(graceful, 0..5)).prop_map(
            |([restarted, notification], restart_time, families)| Capability::GracefulRestart {
                restarted,
                notification,
                restart_time,
                families,
            }
        ),
        vec((any_family(), mode), 0..5).prop_map(Capability::AddPath),
        Just(Capability::EnhancedRouteRefresh),
        vec(long_lived, 0..4).prop_map(Capability::LongLivedGracefulRestart),
        ("\\PC{0,20}", "\\PC{0,20}").prop_map(|(host, domain)| Capability::Fqdn { host, domain }),
        (200..=255_u8, octets(0..60)).prop_map(|(code, value)| Capability::Unknown { code, value }),
    ]
}

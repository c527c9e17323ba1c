//! The rows of the table that have no vector: what the codec does is said here.

use bgp_core::wire::{
    Aggregator, AsPath, AttributeBlock, Attributes, Capability, Cease, Dialect, EXTENDED_LIMIT,
    ExtendedCommunity, Malformed, Message, NextHop, Nlri, Notification, PathId, PeerKind, Reason, Routes,
    STANDARD_LIMIT, SegmentKind, Treatment, Unsendable, Update, announce, decode, encode, frame,
};
use bgp_core::{Asn, Family, RouterId};
use bytes::{Bytes, BytesMut};

const PEER: Asn = Asn(64500);
const ORIGIN: &[u8] = &[0x40, 1, 1, 0];
const AS_PATH: &[u8] = &[0x40, 2, 6, 2, 1, 0, 0, 0xfb, 0xf4];
const NEXT_HOP: &[u8] = &[0x40, 3, 4, 192, 0, 2, 1];
const LOCAL_PREF: &[u8] = &[0x40, 5, 4, 0, 0, 0, 100];
/// 198.51.100.0/24.
const PREFIX: &[u8] = &[24, 198, 51, 100];
/// 2001:db8:1::/48 by way of 2001:db8::1.
const MP_REACH: &[u8] = &[
    0x80, 14, 28, 0, 2, 1, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 48, 0x20, 1, 0xd,
    0xb8, 0, 1,
];
/// 2001:db8:2::/48.
const MP_UNREACH: &[u8] = &[0x80, 15, 10, 0, 2, 1, 48, 0x20, 1, 0xd, 0xb8, 0, 2];

fn dialect(peer_kind: PeerKind) -> Dialect {
    Dialect {
        four_octet_as: true,
        families: Family::UNICAST.to_vec(),
        ..Dialect::unnegotiated(peer_kind, PEER)
    }
}

fn message(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(19 + body.len()).expect("a message");
    [&[0xff; 16][..], &length.to_be_bytes(), &[kind], body].concat()
}

fn update_octets(withdrawn: &[u8], attributes: &[&[u8]], nlri: &[u8]) -> Vec<u8> {
    let attributes = attributes.concat();
    let length = |octets: &[u8]| u16::try_from(octets.len()).expect("a field").to_be_bytes();
    message(2, &[&length(withdrawn), withdrawn, &length(&attributes), &attributes, nlri].concat())
}

fn read(octets: &[u8], dialect: &Dialect) -> Result<Update, Malformed> {
    match decode(octets, dialect)? {
        Message::Update(update) => Ok(*update),
        other => panic!("not an UPDATE: {other:?}"),
    }
}

/// An UPDATE from an internal peer that announces a prefix with these attributes beside the usual ones.
fn with(attributes: &[&[u8]]) -> Result<Update, Malformed> {
    let attributes = [&[ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF], attributes].concat();
    read(&update_octets(&[], &attributes, PREFIX), &dialect(PeerKind::Internal))
}

fn worst(update: &Update) -> Option<Treatment> {
    update.faults.iter().map(|fault| fault.treatment).max()
}

fn attribute(flags: u8, code: u8, value: &[u8]) -> Vec<u8> {
    match u8::try_from(value.len()) {
        Ok(length) => [&[flags & !0x10, code, length], value].concat(),
        Err(_) => {
            let [high, low] = u16::try_from(value.len()).expect("a length").to_be_bytes();
            [&[flags | 0x10, code, high, low], value].concat()
        }
    }
}

fn prefixes(count: u32) -> Vec<Nlri> {
    let prefix = |number: u32| format!("10.{}.{}.0/24", number / 256, number % 256);
    (0..count)
        .map(|number| Nlri { path_id: PathId(0), prefix: prefix(number).parse().expect("a prefix") })
        .collect()
}

fn sent(message: &Message, dialect: &Dialect) -> Vec<Vec<u8>> {
    let mut out = BytesMut::new();
    encode(message, dialect, &mut out);
    let mut messages = Vec::new();
    let mut rest = &out[..];
    while let Some(length) = frame(rest, EXTENDED_LIMIT).expect("our own header") {
        messages.push(rest[..length].to_vec());
        rest = &rest[length..];
    }
    messages
}

#[test]
fn a_length_of_zero_costs_what_the_attribute_costs() {
    let withdraw = [(0x40, 1), (0x40, 3), (0x80, 4), (0x40, 5), (0xc0, 8), (0x80, 9), (0x80, 10), (0xc0, 16)];
    for (flags, code) in withdraw.into_iter().chain([(0xc0, 25), (0xc0, 32), (0xc0, 35)]) {
        let usual: [&[u8]; 4] = [ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF];
        let empty = [flags, code, 0];
        let attributes: Vec<&[u8]> =
            usual.into_iter().filter(|usual| usual[1] != code).chain([&empty[..]]).collect();
        let update =
            read(&update_octets(&[], &attributes, PREFIX), &dialect(PeerKind::Internal)).expect("no reset");
        assert_eq!(worst(&update), Some(Treatment::Withdraw), "{code}");
        assert_eq!((update.withdrawn.len(), update.announced.len()), (1, 0), "{code}");
    }
    assert_eq!(worst(&with(&[&[0xc0, 7, 0]]).expect("no reset")), Some(Treatment::Discard));
    assert_eq!(worst(&with(&[&[0x40, 6, 0]]).expect("no reset")), None);
    assert!(with(&[&[0x80, 14, 0]]).is_err());
    assert!(with(&[&[0x80, 15, 0]]).is_err());
}

#[test]
fn routes_of_a_family_not_understood_are_carried() {
    let evpn = Family { afi: 25, safi: 70 };
    let dialect = Dialect { families: vec![evpn], ..dialect(PeerKind::Internal) };
    // Route type 200 is nobody's; the next hop has four octets.
    let reach = attribute(0x80, 14, &[0, 25, 70, 4, 192, 0, 2, 1, 0, 200, 2, 7, 7]);
    let octets = update_octets(&[], &[&reach, ORIGIN, AS_PATH, LOCAL_PREF], &[]);
    let update = read(&octets, &dialect).expect("no reset");
    assert_eq!(update.faults, []);
    let routes = update.reach.clone().expect("routes").routes;
    let nlri = Bytes::from_static(&[200, 2, 7, 7]);
    assert_eq!(routes, Routes::Opaque { next_hop: Bytes::from_static(&[192, 0, 2, 1]), nlri });
    assert_eq!(sent(&Message::Update(Box::new(update)), &dialect), [octets]);
}

#[test]
fn a_fault_says_where_and_what() {
    let octets = update_octets(&[], &[ORIGIN, AS_PATH, &[0xc0, 8, 3, 1, 2, 3], NEXT_HOP, LOCAL_PREF], PREFIX);
    let update = read(&octets, &dialect(PeerKind::Internal)).expect("no reset");
    let fault = update.faults[0];
    assert_eq!(fault.attribute, Some(8));
    assert_eq!(octets[fault.offset..fault.offset + fault.length], [0xc0, 8, 3, 1, 2, 3]);
    assert_eq!(fault.reason, Reason::AttributeLength(3));
    assert_eq!(
        fault.to_string(),
        "withdraw at octet 36: attribute 8: a length of 3 octets contradicts the definition"
    );
}

#[test]
fn a_prefix_that_is_left_out_says_where_it_stands() {
    let nlri = [PREFIX, &[8, 127], &[32, 224, 0, 0, 1]].concat();
    let octets = update_octets(&[], &[ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF], &nlri);
    let update = read(&octets, &dialect(PeerKind::Internal)).expect("no reset");
    assert_eq!(update.announced.len(), 1);
    let places: Vec<&[u8]> = update.faults.iter().map(|fault| update.octets_of(fault)).collect();
    assert_eq!(places, [&[8, 127][..], &[32, 224, 0, 0, 1]]);
    assert_eq!(worst(&update), Some(Treatment::Discard));
}

#[test]
fn an_unreadable_prefix_says_where_it_stands() {
    let octets = update_octets(&[], &[], &[PREFIX, &[33, 1, 2, 3, 4, 5]].concat());
    let malformed = read(&octets, &dialect(PeerKind::Internal)).expect_err("a reset");
    assert_eq!(malformed.offset, 27);
    assert_eq!(malformed.reason, Reason::PrefixLength { family: Family::IPV4, length: 33 });
}

#[test]
fn a_member_as_begins_with_a_confederation_sequence() {
    let confederation = dialect(PeerKind::Confederation);
    let plain = update_octets(&[], &[ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF], PREFIX);
    let update = read(&plain, &confederation).expect("no reset");
    assert_eq!(update.faults[0].reason, Reason::NoConfederationSegment);
    assert_eq!(worst(&update), Some(Treatment::Withdraw));
    let path = attribute(0x40, 2, &[3, 1, 0, 0, 0xfb, 0xf4]);
    let member = update_octets(&[], &[ORIGIN, &path, NEXT_HOP, LOCAL_PREF], PREFIX);
    let update = read(&member, &confederation).expect("no reset");
    assert_eq!(update.faults, []);
    // LOCAL_PREF counts inside the confederation.
    assert_eq!(update.attributes.expect("attributes").local_preference, Some(100));
}

#[test]
fn as_sets_are_refused_only_on_request() {
    let path = attribute(0x40, 2, &[2, 1, 0, 0, 0xfb, 0xf4, 1, 1, 0, 0, 0, 7]);
    let octets = update_octets(&[], &[ORIGIN, &path, NEXT_HOP], PREFIX);
    let lenient = dialect(PeerKind::External);
    assert_eq!(read(&octets, &lenient).expect("no reset").faults, []);
    let strict = Dialect { refuse_as_sets: true, ..lenient };
    let update = read(&octets, &strict).expect("no reset");
    assert_eq!((worst(&update), update.faults[0].reason), (Some(Treatment::Withdraw), Reason::AsSet));
}

#[test]
fn the_width_of_as_numbers_follows_the_dialect() {
    let narrow = attribute(0x40, 2, &[2, 2, 0xfb, 0xf4, 0, 7]);
    let octets = update_octets(&[], &[ORIGIN, &narrow, NEXT_HOP], PREFIX);
    let old = Dialect { four_octet_as: false, ..dialect(PeerKind::External) };
    let update = read(&octets, &old).expect("no reset");
    assert_eq!(update.attributes.expect("attributes").as_path, AsPath::from_sequence(&[PEER, Asn(7)]));
    let update = read(&octets, &dialect(PeerKind::External)).expect("no reset");
    assert_eq!(update.faults[0].reason, Reason::SegmentOverrun);
}

#[test]
fn as4_path_is_no_way_around_the_peers_own_as() {
    let old = Dialect { four_octet_as: false, ..dialect(PeerKind::External) };
    let narrow = attribute(0x40, 2, &[2, 1, 0xfb, 0xf4]);
    let wide = attribute(0xc0, 17, &[2, 1, 0, 0, 0, 7]);
    let octets = update_octets(&[], &[ORIGIN, &narrow, NEXT_HOP, &wide], PREFIX);
    let update = read(&octets, &old).expect("no reset");
    assert_eq!(update.faults[0].reason, Reason::FirstAsn { found: Some(Asn(7)), expected: PEER });
    assert_eq!(update.octets_of(&update.faults[0]), narrow);
    assert_eq!(worst(&update), Some(Treatment::Withdraw));
}

#[test]
fn a_prefix_withdrawn_and_announced_is_announced() {
    let octets = update_octets(PREFIX, &[ORIGIN, AS_PATH, NEXT_HOP], PREFIX);
    let update = read(&octets, &dialect(PeerKind::External)).expect("no reset");
    assert_eq!((update.withdrawn.len(), update.announced.len()), (0, 1));
}

#[test]
fn a_next_hop_beside_mp_reach_is_ignored() {
    let zero = attribute(0x40, 3, &[0, 0, 0, 0]);
    let octets = update_octets(&[], &[MP_REACH, ORIGIN, AS_PATH, &zero], &[]);
    let update = read(&octets, &dialect(PeerKind::External)).expect("no reset");
    assert_eq!((update.faults, update.next_hop), (vec![], None));
    assert!(update.reach.is_some());
}

#[test]
fn a_link_local_next_hop_may_stand_alone() {
    let mut reach = MP_REACH.to_vec();
    reach[7..11].copy_from_slice(&[0xfe, 0x80, 0, 0]);
    let octets = update_octets(&[], &[&reach, ORIGIN, AS_PATH], &[]);
    let update = read(&octets, &dialect(PeerKind::External)).expect("no reset");
    assert_eq!(update.faults, []);
    let next_hop = update.reach.expect("routes").next_hop;
    assert_eq!(
        next_hop,
        Some(NextHop::V6 { global: "fe80::1".parse().expect("an address"), link_local: None })
    );
}

#[test]
fn an_error_in_mp_nlri_ends_the_session() {
    let mut reach = MP_REACH.to_vec();
    reach[24] = 129;
    let octets = update_octets(&[], &[&reach, ORIGIN, AS_PATH], &[]);
    let malformed = read(&octets, &dialect(PeerKind::External)).expect_err("a reset");
    let notification = malformed.notification.expect("an answer");
    assert_eq!((notification.code.octet(), notification.subcode), (3, 9));
    assert_eq!(notification.data, reach);
}

#[test]
fn a_non_transitive_community_costs_nothing() {
    let octets = [0x40, 4, 0, 1, 0, 0, 0, 7];
    let community = attribute(0xc0, 16, &octets);
    let octets_of = update_octets(&[], &[ORIGIN, AS_PATH, NEXT_HOP, &community], PREFIX);
    let update = read(&octets_of, &dialect(PeerKind::External)).expect("no reset");
    assert_eq!(update.faults, []);
    let communities = update.attributes.expect("attributes").extended_communities;
    assert_eq!(*communities, [ExtendedCommunity(octets)]);
    assert!(!communities[0].is_transitive());
}

#[test]
fn as4_path_with_wrong_flags_costs_the_routes() {
    let update = with(&[&attribute(0x80, 17, &[2, 1, 0, 0, 0, 7])]).expect("no reset");
    assert_eq!(worst(&update), Some(Treatment::Withdraw));
}

#[test]
fn codes_not_understood_are_never_looked_into() {
    for code in [11, 12, 13, 19, 20, 21, 22, 23, 24, 27, 28, 29, 33, 40, 128, 254, 255] {
        for value in [&[][..], &[0], &[0xff; 3], &[0; 300]] {
            let update = with(&[&attribute(0xc0, code, value)]).expect("no reset");
            assert_eq!(update.faults, [], "{code}");
            let carried = &update.attributes.as_ref().expect("attributes").unknown[0];
            assert_eq!((carried.code, carried.value.as_ref()), (code, value));
            let again = sent(&Message::Update(Box::new(update)), &dialect(PeerKind::Internal));
            assert!(again[0].windows(value.len() + 3).any(|window| window.ends_with(value)));

            let update = with(&[&attribute(0x80, code, value)]).expect("no reset");
            assert_eq!(update.faults, [], "{code}");
            assert_eq!(*update.attributes.expect("attributes").unknown, []);

            let malformed = with(&[&attribute(0x40, code, value)]).expect_err("a reset");
            assert_eq!(malformed.reason, Reason::UnrecognizedWellKnown);
            let notification = malformed.notification.expect("an answer");
            assert_eq!((notification.subcode, notification.data), (2, attribute(0x40, code, value).into()));
        }
    }
}

#[test]
fn an_unknown_attribute_may_fill_an_extended_message() {
    let value = vec![7; 65_000];
    let octets =
        update_octets(&[], &[ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF, &attribute(0xc0, 99, &value)], PREFIX);
    let extended =
        Dialect { receive_limit: EXTENDED_LIMIT, send_limit: EXTENDED_LIMIT, ..dialect(PeerKind::Internal) };
    let update = read(&octets, &extended).expect("no reset");
    assert_eq!(update.attributes.as_ref().expect("attributes").unknown[0].value, value);
    // Sent again the Partial bit is set, and nothing else changes.
    let mut partial = octets;
    let at = partial.iter().position(|octet| *octet == 99).expect("the code") - 1;
    partial[at] |= 0x20;
    assert_eq!(sent(&Message::Update(Box::new(update)), &extended), [partial]);
}

#[test]
fn a_notification_is_cut_to_what_the_peer_takes() {
    let data = Bytes::from(vec![7; 5000]);
    let notification = Notification { data, ..Notification::cease(Cease::OutOfResources) };
    let message = Message::Notification(notification);
    assert_eq!(sent(&message, &dialect(PeerKind::Internal))[0].len(), STANDARD_LIMIT);
    let extended = Dialect { send_limit: EXTENDED_LIMIT, ..dialect(PeerKind::Internal) };
    assert_eq!(sent(&message, &extended)[0].len(), 5021);
}

#[test]
fn attributes_that_leave_no_room_are_not_sent() {
    let internal = dialect(PeerKind::Internal);
    for count in 1000..1030 {
        let attributes =
            Attributes { as_path: AsPath::from_sequence(&vec![PEER; count]), ..Attributes::default() };
        let block = AttributeBlock::encode(&attributes, &internal);
        let next_hop = NextHop::V4([192, 0, 2, 1].into());
        let mut out = BytesMut::new();
        match announce(&prefixes(3), Family::IPV4, &next_hop, &block, &internal, &mut out) {
            Ok(()) => assert!(frame(&out, STANDARD_LIMIT).expect("a header").is_some()),
            Err(Unsendable::TooLarge { needed, limit }) => assert!(needed > limit && out.is_empty()),
            Err(other) => panic!("{other}"),
        }
    }
}

#[test]
fn an_old_speaker_gets_as4_path_only_where_needed() {
    let old = Dialect { four_octet_as: false, ..dialect(PeerKind::Internal) };
    let codes = |path: AsPath, aggregator: Asn| {
        let update = Update {
            attributes: Some(Attributes {
                as_path: path,
                local_preference: Some(100),
                aggregator: Some(Aggregator { asn: aggregator, router_id: RouterId::from(7) }),
                ..Attributes::default()
            }),
            next_hop: Some([192, 0, 2, 1].into()),
            announced: prefixes(1),
            ..Update::default()
        };
        let octets = sent(&Message::Update(Box::new(update.clone())), &old).remove(0);
        assert_eq!(read(&octets, &old), Ok(update));
        let has = |code: u8| octets.windows(2).any(|window| window == [0xc0, code]);
        (has(17), has(18))
    };
    let wide = Asn(4_200_000_001);
    assert_eq!(codes(AsPath::from_sequence(&[PEER, Asn(7)]), PEER), (false, false));
    assert_eq!(codes(AsPath::from_sequence(&[PEER, wide]), PEER), (true, false));
    assert_eq!(codes(AsPath::from_sequence(&[PEER, wide]), wide), (true, true));
    assert_eq!(codes(AsPath::from_sequence(&[PEER]), wide), (false, true));
    // Confederation segments never stand in AS4_PATH, and do not ask for one.
    let confed: &[Asn] = &[wide];
    let sequence: &[Asn] = &[PEER];
    let path =
        AsPath::from_segments([(SegmentKind::ConfedSequence, confed), (SegmentKind::Sequence, sequence)]);
    let update = Update {
        attributes: Some(Attributes { as_path: path, local_preference: Some(1), ..Attributes::default() }),
        next_hop: Some([192, 0, 2, 1].into()),
        announced: prefixes(1),
        ..Update::default()
    };
    let octets = sent(&Message::Update(Box::new(update)), &old).remove(0);
    assert!(!octets.windows(2).any(|window| window == [0xc0, 17]));
}

#[test]
fn an_ipv6_next_hop_for_ipv4_needs_agreement() {
    let attributes = Attributes { local_preference: Some(100), ..Attributes::default() };
    let block = AttributeBlock::encode(&attributes, &dialect(PeerKind::Internal));
    let next_hop = NextHop::V6 { global: "2001:db8::1".parse().expect("an address"), link_local: None };
    let mut out = BytesMut::new();
    let plain = dialect(PeerKind::Internal);
    let refused = announce(&prefixes(1), Family::IPV4, &next_hop, &block, &plain, &mut out);
    assert_eq!(refused, Err(Unsendable::NextHop { family: Family::IPV4, next_hop }));
    let agreed = Dialect { extended_next_hop: vec![Family::IPV4], ..plain };
    announce(&prefixes(1), Family::IPV4, &next_hop, &block, &agreed, &mut out).expect("agreed");
    let reach = read(&out, &agreed).expect("no reset").reach.expect("routes");
    assert_eq!((reach.family, reach.next_hop), (Family::IPV4, Some(next_hop)));
}

#[test]
fn one_kind_of_nlri_a_message_and_mp_attributes_first() {
    let octets = update_octets(
        PREFIX,
        &[ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF, MP_UNREACH, MP_REACH],
        &[24, 203, 0, 113],
    );
    let update = read(&octets, &dialect(PeerKind::Internal)).expect("no reset");
    assert_eq!(update.faults, []);
    let messages = sent(&Message::Update(Box::new(update)), &dialect(PeerKind::Internal));
    let expected = [
        update_octets(PREFIX, &[], &[]),
        update_octets(&[], &[MP_UNREACH], &[]),
        update_octets(&[], &[MP_REACH, ORIGIN, AS_PATH, LOCAL_PREF], &[]),
        update_octets(&[], &[ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF], &[24, 203, 0, 113]),
    ];
    assert_eq!(messages, expected);
}

#[test]
fn reserved_bits_of_graceful_restart_are_ignored() {
    // R, N and two reserved bits, 120 s; IPv4 unicast with every flag bit.
    let capability = [64, 6, 0xf0, 120, 0, 1, 1, 0xff];
    let body = [&[4, 0xfb, 0xf4, 0, 90, 192, 0, 2, 1, 10, 2, 8][..], &capability].concat();
    let Ok(Message::Open(open)) = decode(&message(1, &body), &dialect(PeerKind::External)) else {
        panic!("an OPEN");
    };
    let Capability::GracefulRestart { restarted, notification, restart_time, families } =
        &open.capabilities[0]
    else {
        panic!("graceful restart");
    };
    assert_eq!((*restarted, *notification, *restart_time), (true, true, 120));
    assert!(families[0].forwarding_preserved);
}

#[test]
fn no_attribute_of_any_shape_breaks_the_session_or_the_decoder() {
    let usual: [&[u8]; 4] = [ORIGIN, AS_PATH, NEXT_HOP, LOCAL_PREF];
    for (kind, usual) in [(PeerKind::External, &usual[..3]), (PeerKind::Internal, &usual)] {
        let dialect = dialect(kind);
        for code in 0..=255 {
            for (flags, length) in [0x00, 0x40, 0x80, 0xc0, 0xe0]
                .into_iter()
                .flat_map(|flags| [0, 1, 4, 5, 255, 3900].map(|length| (flags, length)))
            {
                let odd = attribute(flags, code, &vec![0; length]);
                let mut costs = [0, 2, 4].map(|place| {
                    let mut attributes: Vec<&[u8]> = usual.to_vec();
                    attributes.retain(|usual| usual[1] != code);
                    attributes.insert(place.min(attributes.len()), &odd);
                    read(&update_octets(&[], &attributes, PREFIX), &dialect).map(|update| worst(&update)).ok()
                });
                costs.sort_unstable();
                assert_eq!(costs[0], costs[2], "attribute {code} flags {flags:#04x} length {length}");
                let is_known = matches!(code, 1..=10 | 14..=18 | 25 | 26 | 32 | 35);
                if !is_known {
                    let expected = if flags & 0x80 == 0 { None } else { Some(None) };
                    assert_eq!(costs[0], expected, "attribute {code} flags {flags:#04x} length {length}");
                }
                let is_mp = matches!(code, 14 | 15);
                assert!(
                    costs[0].is_some() || is_mp || !is_known,
                    "attribute {code} must not end the session"
                );
            }
        }
    }
}

#[test]
fn every_subset_of_attributes_is_judged() {
    let unknown: &[u8] = &[0xc0, 99, 1, 7];
    let parts: [&[u8]; 6] = [ORIGIN, AS_PATH, NEXT_HOP, MP_REACH, MP_UNREACH, unknown];
    for subset in 0..64_usize {
        let has = |part: usize| subset & 1 << part != 0;
        let attributes: Vec<&[u8]> = (0..6).filter(|part| has(*part)).map(|part| parts[part]).collect();
        for (withdrawn, nlri) in [(&[][..], &[][..]), (PREFIX, &[]), (&[], PREFIX)] {
            let octets = update_octets(withdrawn, &attributes, nlri);
            let update = read(&octets, &dialect(PeerKind::External)).expect("nothing here ends a session");
            let announces = has(3) || !nlri.is_empty();
            let complete = has(0) && has(1) && (nlri.is_empty() || has(2));
            let cost = (announces && !complete).then_some(Treatment::Withdraw);
            assert_eq!(worst(&update), cost, "subset {subset:06b}");
            if cost.is_some() {
                assert_eq!((update.announced, update.reach), (vec![], None));
                assert_eq!(update.unreach.len(), usize::from(has(3)) + usize::from(has(4)));
            }
        }
    }
}

use proptest::prelude::*;

use super::*;
use crate::wire::{Message, NextHop, Reach, Routes, Treatment};
use crate::{Asn, Family};

const TIME: [u8; 4] = [0x65, 0, 0, 1];

fn record(kind: u16, subtype: u16, body: &[u8]) -> Vec<u8> {
    let length = (body.len() as u32).to_be_bytes();
    [&TIME[..], &kind.to_be_bytes(), &subtype.to_be_bytes(), &length, body].concat()
}

fn read(file: &[u8]) -> Vec<Result<Body<'_>, Unreadable>> {
    Records::new(file).map(|record| record.map(|record| record.body)).collect()
}

/// ORIGIN, AS_PATH 65001, and these.
fn attributes(more: &[u8]) -> Vec<u8> {
    [&[0x40, 1, 1, 0, 0x40, 2, 6, 2, 1, 0, 0, 0xfd, 0xe9], more].concat()
}

fn entry(path_id: &[u8], attributes: &[u8]) -> Vec<u8> {
    [&[0, 3][..], &TIME, path_id, &(attributes.len() as u16).to_be_bytes(), attributes].concat()
}

fn rib<'a>(file: &'a [u8]) -> Rib<'a> {
    match read(file).remove(0) {
        Ok(Body::Rib(rib)) => rib,
        other => panic!("not a table entry: {other:?}"),
    }
}

const NEXT_HOP_V4: [u8; 7] = [0x40, 3, 4, 192, 0, 2, 1];

#[test]
fn an_entry_is_the_update_that_its_peer_would_have_sent() {
    let body = [&[0, 0, 0, 7, 24, 198, 51, 100, 0, 1][..], &entry(&[], &attributes(&NEXT_HOP_V4))].concat();
    let file = record(13, 2, &body);
    let rib = rib(&file);
    assert_eq!((rib.sequence, rib.prefix.to_string()), (7, "198.51.100.0/24".to_owned()));
    let entry = rib.entries[0];
    assert_eq!((entry.peer, entry.originated, entry.path_id), (3, 0x6500_0001, None));
    let update = entry.update(&rib).expect("a good one");
    assert_eq!(update.announced[0].prefix, rib.prefix);
    assert_eq!(update.next_hop, Some("192.0.2.1".parse().expect("an address")));
    let attributes = update.attributes.expect("attributes");
    assert_eq!(attributes.as_path.asns().collect::<Vec<_>>(), [Asn(65001)]);
    assert_eq!(update.faults, []);
}

/// RFC 6396 §4.3.4 keeps the next hop alone; Zebra and GoBGP wrote the whole attribute.
#[test]
fn both_forms_of_mp_reach_give_the_next_hop() {
    let hop = [0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1];
    let short = [&[0x80, 14, 17, 16][..], &hop].concat();
    let whole = [&[0x80, 14, 28, 0, 2, 1, 16][..], &hop, &[0, 48, 0x20, 1, 0x0d, 0xb8, 0, 9]].concat();
    for attribute in [short, whole] {
        let body =
            [&[0, 0, 0, 0, 48, 0x20, 1, 0x0d, 0xb8, 0, 9, 0, 1][..], &entry(&[], &attributes(&attribute))];
        let file = record(13, 4, &body.concat());
        let rib = rib(&file);
        let update = rib.entries[0].update(&rib).expect("a good one");
        let Some(Reach { family, next_hop: Some(NextHop::V6 { global, .. }), routes }) = update.reach else {
            panic!("no IPv6 route: {update:?}");
        };
        assert_eq!((family, global.to_string()), (Family::IPV6, "2001:db8::1".to_owned()));
        assert!(matches!(routes, Routes::Unicast(nlri) if nlri.len() == 1 && nlri[0].prefix == rib.prefix));
    }
}

#[test]
fn path_identifiers_come_with_the_subtypes_of_rfc_8050() {
    let two = [entry(&[0, 0, 0, 9], &attributes(&NEXT_HOP_V4)), entry(&[0; 4], &attributes(&NEXT_HOP_V4))];
    let file = record(13, 8, &[&[0, 0, 0, 0, 8, 10, 0, 2][..], &two.concat()].concat());
    let rib = rib(&file);
    let ids = rib.entries.iter().map(|entry| entry.update(&rib).expect("a good one").announced[0].path_id.0);
    assert_eq!(ids.collect::<Vec<_>>(), [9, 0]);
}

#[test]
fn bad_attributes_cost_what_they_cost_a_peer() {
    let body = [&[0, 0, 0, 0, 8, 10, 0, 1][..], &entry(&[], &attributes(&[0x40, 3, 3, 1, 2, 3]))].concat();
    let file = record(13, 2, &body);
    let rib = rib(&file);
    let update = rib.entries[0].update(&rib).expect("no reason to end a session");
    assert_eq!(update.withdrawn[0].prefix, rib.prefix);
    assert_eq!(update.faults[0].treatment, Treatment::Withdraw);
}

#[test]
fn peers_have_addresses_and_as_numbers_of_either_size() {
    let mut body = vec![192, 0, 2, 254, 0, 2, b'v', b'w', 0, 2];
    body.extend([0b00, 10, 0, 0, 1, 192, 0, 2, 1, 0xfd, 0xe9]);
    body.extend([0b11, 10, 0, 0, 2, 0x20, 1, 0x0d, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 1, 0, 0]);
    let file = record(13, 1, &body);
    let Ok(Body::PeerIndex(index)) = read(&file).remove(0) else { panic!("no index") };
    assert_eq!((index.collector.to_string(), index.view), ("192.0.2.254".to_owned(), "vw".to_owned()));
    let shown = index.peers.iter().map(|peer| format!("{} {} {}", peer.router_id, peer.address, peer.asn));
    assert_eq!(shown.collect::<Vec<_>>(), ["10.0.0.1 192.0.2.1 65001", "10.0.0.2 2001:db8::2 65536"]);
}

const SESSION: [u8; 20] = [0, 0, 0xfd, 0xe9, 0, 0, 0xfd, 0xea, 0, 0, 0, 1, 192, 0, 2, 1, 192, 0, 2, 2];
const KEEPALIVE: [u8; 19] =
    [255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 255, 0, 19, 4];

#[test]
fn messages_are_read_with_either_time() {
    let body = [&SESSION[..], &KEEPALIVE].concat();
    let file = [record(16, 4, &body), record(17, 4, &[&[0, 0, 0, 5][..], &body].concat())].concat();
    let records: Vec<Record<'_>> = Records::new(&file).collect::<Result<_, _>>().expect("two good ones");
    assert_eq!(records.iter().map(|record| record.microseconds).collect::<Vec<_>>(), [0, 5]);
    for record in records {
        let Body::Message(stored) = record.body else { panic!("no message") };
        assert_eq!((stored.exchange.peer_asn, stored.exchange.local_asn), (Asn(65001), Asn(65002)));
        assert_eq!(stored.decode(), Ok(Message::Keepalive));
    }
}

#[test]
fn a_change_of_state_is_told() {
    let file = record(16, 5, &[&SESSION[..], &[0, 5, 0, 6]].concat());
    assert!(matches!(read(&file)[..], [Ok(Body::StateChange(StateChange { old: 5, new: 6, .. }))]));
}

#[test]
fn what_is_not_read_is_named() {
    let file = [record(12, 1, &[1, 2, 3]), record(13, 6, &[]), record(16, 99, &[])].concat();
    let others = read(&file).into_iter().map(|body| match body {
        Ok(Body::Other { kind, subtype }) => (kind, subtype),
        other => panic!("{other:?}"),
    });
    assert_eq!(others.collect::<Vec<_>>(), [(12, 1), (13, 6), (16, 99)]);
}

#[test]
fn an_error_says_where_and_what_and_reading_goes_on() {
    let good = record(16, 5, &[&SESSION[..], &[0, 5, 0, 6]].concat());
    let bad = record(13, 2, &[0, 0, 0, 0, 33, 1, 2, 3, 4, 5]);
    let file = [bad, good.clone()].concat();
    let found = read(&file);
    let error = found[0].clone().expect_err("a prefix of 33 bits");
    assert_eq!(error.to_string(), "at octet 12: no ipv4 prefix stands here");
    assert!(found[1].is_ok(), "{found:?}");
    let cut = &good[..good.len() - 1];
    let error = read(cut).remove(0).expect_err("an octet is missing");
    assert_eq!(error.to_string(), "at octet 0: the file ends before the 24 octets of a record");
}

#[test]
fn a_count_that_lies_is_found_out() {
    for (count, words) in [
        (2, "at octet 44: the record ends before entry 1 of its prefix"),
        (0, "at octet 20: the record has 24 octets more than it should"),
    ] {
        let body = [&[0, 0, 0, 0, 8, 10, 0, count][..], &entry(&[], &attributes(&[0x40, 6, 0]))].concat();
        let file = record(13, 2, &body);
        assert_eq!(read(&file)[0].clone().expect_err("a wrong count").to_string(), words);
    }
}

/// Every value of a file, as far as there is one.
fn exhaust(file: &[u8]) {
    for body in read(file) {
        match body {
            Ok(Body::Rib(rib)) => rib.entries.iter().for_each(|entry| {
                let _ = entry.update(&rib);
            }),
            Ok(Body::Message(stored)) => drop(stored.decode()),
            Ok(Body::PeerIndex(_) | Body::StateChange(_) | Body::Other { .. }) | Err(_) => {}
        }
    }
}

proptest! {
    #[test]
    fn no_octets_make_a_reader_panic(
        subtype in 0_u16..13,
        kind in prop::sample::select(vec![13_u16, 16, 17]),
        body in prop::collection::vec(any::<u8>(), 0..200),
        tail in prop::collection::vec(any::<u8>(), 0..20),
    ) {
        exhaust(&[record(kind, subtype, &body), tail].concat());
    }

    #[test]
    fn no_change_of_an_octet_makes_a_reader_panic(at in 0_usize..120, octet: u8, cut in 0_usize..120) {
        let body = [&[0, 0, 0, 0, 8, 10, 0, 1][..], &entry(&[], &attributes(&NEXT_HOP_V4))].concat();
        let mut file = [record(13, 2, &body), record(16, 4, &[&SESSION[..], &KEEPALIVE].concat())].concat();
        if let Some(place) = file.get_mut(at) {
            *place = octet;
        }
        file.truncate(cut.max(12));
        exhaust(&file);
    }
}

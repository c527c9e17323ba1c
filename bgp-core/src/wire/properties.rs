//! What holds for every message and every octet.

use bytes::BytesMut;
use proptest::collection::vec;
use proptest::prelude::*;

use super::arbitrary::{attributes, canonical, dialect};
use super::*;
use crate::{Asn, Family};

fn encoded(message: &Message, dialect: &Dialect) -> BytesMut {
    let mut out = BytesMut::new();
    encode(message, dialect, &mut out);
    out
}

/// Cuts a stream that holds whole messages only.
fn frames(mut stream: &[u8], limit: usize) -> Vec<&[u8]> {
    let mut frames = Vec::new();
    while let Some(length) = frame(stream, limit).expect("a good header") {
        let (message, rest) = stream.split_at(length);
        frames.push(message);
        stream = rest;
    }
    assert!(stream.is_empty());
    frames
}

/// Whatever was decoded can be sent within the limit, and what was sent is understood.
fn send_again(message: &Message, dialect: &Dialect) {
    for octets in frames(&encoded(message, dialect), EXTENDED_LIMIT) {
        assert!(octets.len() <= dialect.send_limit);
        let message = decode(octets, dialect).expect("we understand ourselves");
        if let Message::Update(update) = message {
            assert_eq!(update.faults, []);
        }
    }
}

fn with_header(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(19 + body.len()).expect("a message").to_be_bytes();
    [&[0xff; 16][..], &length, &[kind], body].concat()
}

proptest! {
    #[test]
    fn a_canonical_message_reads_back_as_it_is((dialect, message) in canonical()) {
        let octets = encoded(&message, &dialect);
        prop_assert_eq!(frames(&octets, dialect.receive_limit).len(), 1);
        prop_assert_eq!(decode(&octets, &dialect), Ok(message));
    }

    #[test]
    fn any_octets_are_decoded_or_refused(
        dialect in dialect(),
        octets in vec(any::<u8>(), 0..200),
        kind in 0..7_u8,
    ) {
        let _ = frame(&octets, dialect.receive_limit);
        let _ = decode(&octets, &dialect);
        if let Ok(message) = decode(&with_header(kind, &octets), &dialect) {
            let _ = encoded(&message, &dialect);
        }
    }

    #[test]
    fn a_damaged_message_is_decoded_or_refused(
        (dialect, message) in canonical(),
        damages in vec((any::<prop::sample::Index>(), any::<u8>()), 1..4),
        cut in any::<prop::sample::Index>(),
    ) {
        let octets = encoded(&message, &dialect);
        let (header, body) = octets.split_at(19);
        let mut body = body.to_vec();
        for (at, octet) in damages {
            if !body.is_empty() {
                let at = at.index(body.len());
                body[at] = octet;
            }
        }
        for body in [&body[..], &body[..cut.index(body.len() + 1)]] {
            if let Ok(message @ Message::Update(_)) = decode(&with_header(header[18], body), &dialect) {
                send_again(&message, &dialect);
            }
        }
    }

    #[test]
    fn any_split_of_a_stream_gives_the_same_messages(
        messages in vec(canonical(), 1..6),
        sizes in vec(1..50_usize, 1..20),
    ) {
        let whole: Vec<Vec<u8>> =
            messages.iter().map(|(dialect, message)| encoded(message, dialect).to_vec()).collect();
        let stream = whole.concat();
        let (mut buffer, mut found) = (Vec::new(), Vec::new());
        let mut sizes = sizes.iter().cycle();
        let mut rest = &stream[..];
        while !rest.is_empty() {
            let (chunk, left) = rest.split_at((*sizes.next().expect("a cycle")).min(rest.len()));
            buffer.extend_from_slice(chunk);
            rest = left;
            while let Some(length) = frame(&buffer, EXTENDED_LIMIT).expect("our own header") {
                found.push(buffer.drain(..length).collect::<Vec<u8>>());
            }
        }
        prop_assert_eq!(found, whole);
    }

    #[test]
    fn no_message_is_above_the_peers_limit(
        (dialect, attributes) in dialect().prop_flat_map(|dialect| {
            let attributes = attributes(&dialect);
            (Just(dialect), attributes)
        }),
        longer in 0..1200_usize,
        count in 0..3000_u32,
    ) {
        let path = attributes.as_path.prepend(&vec![Asn(64500); longer]);
        let attributes = Attributes { as_path: path, ..attributes };
        let prefix = |number: u32| format!("10.{}.{}.0/24", number / 256, number % 256).parse();
        let announced: Vec<Nlri> = (0..count)
            .map(|number| Nlri { path_id: PathId(0), prefix: prefix(number).expect("a prefix") })
            .collect();
        let block = AttributeBlock::encode(&attributes, &dialect);
        let next_hop = NextHop::V4([192, 0, 2, 1].into());
        let host = [Nlri { path_id: PathId(0), prefix: "192.0.2.1/32".parse().expect("a prefix") }];
        let is_sent =
            announce(&host, Family::IPV4, &next_hop, &block, &dialect, &mut BytesMut::new()).is_ok();
        prop_assert_eq!(fits(Family::IPV4, &next_hop, &block, &dialect), is_sent);
        let mut out = BytesMut::new();
        match announce(&announced, Family::IPV4, &next_hop, &block, &dialect, &mut out) {
            Ok(()) => {
                let mut arrived = Vec::new();
                for octets in frames(&out, dialect.send_limit) {
                    let Ok(Message::Update(update)) = decode(octets, &dialect) else { panic!("an UPDATE") };
                    prop_assert!(update.faults.is_empty() || dialect.peer_kind == PeerKind::Confederation);
                    arrived.extend(update.announced);
                    arrived.extend(update.withdrawn);
                }
                prop_assert_eq!(&arrived, &announced);
            }
            Err(Unsendable::TooLarge { needed, limit }) => prop_assert!(needed > limit && out.is_empty()),
            Err(Unsendable::NextHop { .. }) => prop_assert!(false, "the next hop is of the family"),
        }
        let mut out = BytesMut::new();
        withdraw(&announced, Family::IPV4, &dialect, &mut out);
        frames(&out, dialect.send_limit);
    }
}

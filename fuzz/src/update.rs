//! UPDATE: decoding, encoding, and the relay to a peer of another dialect.

use bgp_core::Family;
use bgp_core::wire::{self, Dialect, Message, STANDARD_LIMIT, Treatment, Update};
use bytes::BytesMut;

use crate::dialect::dialect;
use crate::draw::Draw;
use crate::framing::{answerable, framed};
use crate::meaning::Meaning;

/// Most octets of a body: what they grow to on the way through a narrower dialect is still a message.
const LONGEST: usize = 8192;

/// Two octets of dialect and the body of an UPDATE.
pub fn update(octets: &[u8]) {
    let mut draw = Draw::new(octets);
    let dialect = dialect(&mut draw);
    let body = draw.take(LONGEST);
    match wire::decode(&framed(2, body), &dialect) {
        Ok(Message::Update(decoded)) => laws(&decoded, &dialect),
        Ok(other) => panic!("an UPDATE became {other:?}"),
        Err(malformed) => answerable(&malformed, &dialect),
    }
}

/// What holds of every UPDATE that was decoded.
pub(crate) fn laws(decoded: &Update, dialect: &Dialect) {
    judged(decoded);
    let meaning = Meaning::of([decoded]);
    let again = transcribe(decoded, dialect);
    assert_eq!(Meaning::of(&again).partial(), meaning.clone().partial(), "{decoded:?}");
    for message in &again {
        assert_eq!(message.faults, [], "we wrote {message:?} from {decoded:?}");
        assert_eq!(Meaning::of(&transcribe(message, dialect)), Meaning::of([message]));
    }
    if let Some(family) = decoded.end_of_rib() {
        assert_eq!(again.iter().map(Update::end_of_rib).collect::<Vec<_>>(), [Some(family)]);
    }
    relay(decoded, &meaning, dialect);
}

/// RFC 7606 was applied: a fault that costs the routes leaves none announced.
fn judged(decoded: &Update) {
    let worst = decoded.faults.iter().map(|fault| fault.treatment).max();
    assert_ne!(worst, Some(Treatment::Reset), "a reset is no fault: {decoded:?}");
    if worst == Some(Treatment::Withdraw) {
        assert!(decoded.announced.is_empty() && decoded.reach.is_none(), "{decoded:?}");
    }
    for fault in &decoded.faults {
        assert!(!fault.to_string().is_empty());
    }
    if !decoded.announced.is_empty() {
        assert!(decoded.attributes.is_some() && decoded.next_hop.is_some(), "{decoded:?}");
    }
}

/// Writes an UPDATE and reads back every message that came of it.
fn transcribe(update: &Update, dialect: &Dialect) -> Vec<Update> {
    let mut out = BytesMut::new();
    wire::encode(&Message::Update(Box::new(update.clone())), dialect, &mut out);
    let mut messages = Vec::new();
    while !out.is_empty() {
        let length = wire::frame(&out, dialect.send_limit).expect("a header of ours");
        let frame = out.split_to(length.expect("a whole message"));
        match wire::decode(&frame, dialect) {
            Ok(Message::Update(update)) => messages.push(*update),
            other => panic!("{update:?} became {other:?}"),
        }
    }
    messages
}

/// The same routes for a peer whose AS numbers have the other width, who uses path identifiers where
/// this one does not, or who takes short messages only.
fn relay(decoded: &Update, meaning: &Meaning, dialect: &Dialect) {
    let turned = Dialect { four_octet_as: !dialect.four_octet_as, ..dialect.clone() };
    let width = Meaning::of(&transcribe(decoded, &turned)).partial().narrowed();
    assert_eq!(
        width,
        meaning.clone().partial().narrowed(),
        "AS numbers of the other width change {decoded:?}"
    );

    let all = Family::UNICAST.to_vec();
    let numbered = Dialect { add_path_receive: all.clone(), add_path_send: all, ..dialect.clone() };
    let numbered = Meaning::of(&transcribe(decoded, &numbered)).partial();
    assert_eq!(numbered, meaning.clone().partial(), "path identifiers change {decoded:?}");

    let short = Dialect { send_limit: STANDARD_LIMIT, ..dialect.clone() };
    let short = Meaning::of(&transcribe(decoded, &short));
    assert!(short.is_part_of(meaning), "short messages add to {decoded:?}");
}

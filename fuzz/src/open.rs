//! OPEN and its capabilities.

use bgp_core::Asn;
use bgp_core::wire::{self, Dialect, Message, PeerKind, STANDARD_LIMIT};

use crate::framing::{answerable, encode, framed};

/// Octets of capabilities that fit into any OPEN.
const ROOM: usize = 4000;

/// The body of an OPEN: what is understood of it is encoded and understood again, unless there was
/// more of it than one OPEN of ours holds.
pub fn open(octets: &[u8]) {
    let dialect = Dialect::unnegotiated(PeerKind::External, Asn(64512));
    let body = &octets[..octets.len().min(STANDARD_LIMIT)];
    let message = match wire::decode(&framed(1, body), &dialect) {
        Ok(message) => message,
        Err(malformed) => return answerable(&malformed, &dialect),
    };
    let Message::Open(first) = &message else { panic!("an OPEN became {message:?}") };
    let again = encode(&message, &dialect);
    let Ok(Message::Open(second)) = wire::decode(&again, &dialect) else {
        panic!("{first:?} became {again:?}");
    };
    if body.len() < ROOM {
        assert_eq!(*first, second);
    }
    assert!(first.capabilities.starts_with(&second.capabilities), "{first:?} became {second:?}");
}

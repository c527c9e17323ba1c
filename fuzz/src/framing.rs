//! A byte stream cut into messages, and every message of it decoded.

use bgp_core::wire::{self, Dialect, Malformed, Message};
use bytes::BytesMut;

use crate::dialect::dialect;
use crate::draw::Draw;
use crate::update;

/// Octets of a message header.
const HEADER: usize = 19;

/// A stream is cut in the same places however much of it has arrived; each message decodes, encodes and
/// decodes to the same again; each error has an answer that can be sent.
pub fn framing(octets: &[u8]) {
    let mut draw = Draw::new(octets);
    let dialect = dialect(&mut draw);
    let mut stream = draw.rest();
    cut_early(stream, &dialect);
    loop {
        match wire::frame(stream, dialect.receive_limit) {
            Ok(Some(length)) => {
                let (message, rest) = stream.split_at(length);
                judge(message, &dialect);
                stream = rest;
            }
            Ok(None) => return,
            Err(malformed) => return answerable(&malformed, &dialect),
        }
    }
}

/// What is said of a stream once its first header is there does not change with what follows, and a
/// message is not there before its last octet.
fn cut_early(stream: &[u8], dialect: &Dialect) {
    let whole = wire::frame(stream, dialect.receive_limit);
    for arrived in 0..stream.len() {
        let early = wire::frame(&stream[..arrived], dialect.receive_limit);
        match &whole {
            Ok(Some(length)) if arrived >= *length => return assert_eq!(early, whole),
            Err(_) if arrived >= HEADER => assert_eq!(early, whole),
            Ok(_) | Err(_) => assert_eq!(early, Ok(None)),
        }
    }
}

/// Decodes one message and asserts its laws.
fn judge(frame: &[u8], dialect: &Dialect) {
    match wire::decode(frame, dialect) {
        Ok(Message::Update(decoded)) => update::laws(&decoded, dialect),
        Ok(message) => {
            let again = encode(&message, dialect);
            assert_eq!(wire::decode(&again, dialect).as_ref(), Ok(&message));
            if let Message::Notification(notification) = &message {
                let _ = (notification.to_string(), notification.communication());
                assert_eq!(notification.hard_reset().inner().as_ref(), Some(notification));
            }
        }
        Err(malformed) => answerable(&malformed, dialect),
    }
}

/// The NOTIFICATION that answers an error can be sent, and read by whoever gets it.
pub(crate) fn answerable(malformed: &Malformed, dialect: &Dialect) {
    assert!(!malformed.to_string().is_empty());
    let Some(notification) = malformed.notification.clone() else { return };
    let octets = encode(&Message::Notification(notification.clone()), dialect);
    assert_eq!(wire::decode(&octets, dialect), Ok(Message::Notification(notification)));
}

/// Encodes what is one message.
pub(crate) fn encode(message: &Message, dialect: &Dialect) -> BytesMut {
    let mut out = BytesMut::new();
    wire::encode(message, dialect, &mut out);
    assert_eq!(wire::frame(&out, dialect.receive_limit), Ok(Some(out.len())), "not one message");
    out
}

/// A message of type `kind` around `body`.
pub(crate) fn framed(kind: u8, body: &[u8]) -> Vec<u8> {
    let length = u16::try_from(HEADER + body.len()).expect("inputs are shorter than messages");
    [&[0xff; 16], length.to_be_bytes().as_slice(), &[kind], body].concat()
}

//! One session: the same messages however the octets are split, and its laws after any history.

mod history;
mod local;

use bgp_core::Instant;
use bgp_core::session::{Session, Signal};
use bytes::BytesMut;

use crate::draw::Draw;
use history::History;

pub(crate) use local::local;

/// Where time begins.
pub(crate) const START: Instant = Instant::from_micros(1_000_000);

/// Octets that choose our side; an octet that chooses the law; what arrives, or what happens.
pub fn session(octets: &[u8]) {
    let mut draw = Draw::new(octets);
    let local = local(&mut draw);
    match draw.octet() {
        0 => History::new(local).run(draw),
        split => {
            let whole = hear(Session::new(local.clone(), START), [draw.rest()]);
            let pieces = hear(Session::new(local, START), draw.rest().chunks(split.into()));
            assert_eq!(whole, pieces, "it matters how octets are split");
            let downs = whole.0.iter().filter(|signal| matches!(signal, Signal::Down(_))).count();
            assert!(downs == 0 || downs == 1 && matches!(whole.0.last(), Some(Signal::Down(_))), "{whole:?}");
        }
    }
}

/// Everything a session tells and sends when these octets arrive.
fn hear<'a>(mut session: Session, pieces: impl IntoIterator<Item = &'a [u8]>) -> (Vec<Signal>, BytesMut) {
    let (mut signals, mut sent) = (Vec::new(), BytesMut::new());
    for piece in pieces {
        session.receive(piece, START);
        signals.extend(std::iter::from_fn(|| session.poll_signal()));
    }
    while let Some(octets) = session.poll_transmit() {
        sent.extend_from_slice(&octets);
    }
    (signals, sent)
}

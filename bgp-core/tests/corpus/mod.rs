//! The message corpus: one vector a line, and the session it is to be read under.

use std::fs;
use std::path::{Path, PathBuf};

use bgp_core::wire::{
    Dialect, EXTENDED_LIMIT, Malformed, Message, PeerKind, Reason, Treatment, decode, encode, frame,
};
use bgp_core::{Asn, Family};
use bytes::BytesMut;

/// One message and what it must lead to.
pub(crate) struct Vector {
    pub(crate) name: String,
    /// The session it comes in on: `key` or `key=value`, joined by commas.
    pub(crate) session: String,
    pub(crate) expected: String,
    /// Other outcomes the RFCs allow; `-` for none.
    pub(crate) also: String,
    /// Decoded facts, `-` for none. Only in `vectors/`.
    pub(crate) facts: String,
    pub(crate) octets: Vec<u8>,
}

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/corpus")
}

/// The vectors of one file; lines that begin with `#` are comments.
pub(crate) fn read(path: &Path) -> Vec<Vector> {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    text.lines().filter(|line| !line.starts_with('#')).map(vector).collect()
}

impl Vector {
    /// What both ends of the session agreed about reading and writing.
    pub(crate) fn dialect(&self) -> Dialect {
        let mut dialect = Dialect::unnegotiated(PeerKind::External, Asn(0));
        dialect.families = Family::UNICAST.to_vec();
        for token in self.session.split(',') {
            agree(&mut dialect, token);
        }
        dialect
    }

    /// Whether an outcome is the one wanted or one the RFCs allow beside it.
    pub(crate) fn accepts(&self, outcome: &str) -> bool {
        let also = self.also.split(" | ").map(|also| also.split(" (").next().unwrap_or(also));
        std::iter::once(self.expected.as_str()).chain(also).any(|wanted| fits(outcome, wanted))
    }
}

/// Decodes a vector cut at every octet and with bits flipped, the header's length kept true, and sends
/// again what is still accepted. Whatever comes of it, nothing may panic.
pub(crate) fn mutilate(vector: &Vector, noise: &mut Noise) {
    let dialect = vector.dialect();
    let mut octets = vector.octets.clone();
    let step = octets.len() / 64 + 1;
    for length in (19..octets.len()).step_by(step) {
        decode_as(&octets[..length], &dialect);
    }
    for at in (16..octets.len()).step_by(step) {
        let bit = 1 << noise.below(8);
        octets[at] ^= bit;
        decode_as(&octets, &dialect);
        let _ = frame(&octets, dialect.receive_limit);
        octets[at] ^= bit;
    }
}

fn decode_as(octets: &[u8], dialect: &Dialect) {
    let mut octets = octets.to_vec();
    let length = u16::try_from(octets.len()).expect("a message").to_be_bytes();
    octets[16..18].copy_from_slice(&length);
    if let Ok(message) = decode(&octets, dialect) {
        let mut out = BytesMut::new();
        encode(&message, dialect, &mut out);
    }
}

fn vector(line: &str) -> Vector {
    let fields: Vec<&str> = line.split("; ").collect();
    let (name, session, expected, also, facts, octets) = match fields.as_slice() {
        [name, session, expected, also, octets] => (name, session, expected, also, &"-", octets),
        [name, session, expected, also, facts, octets] => (name, session, expected, also, facts, octets),
        _ => panic!("not a vector: {line}"),
    };
    Vector {
        name: (*name).to_owned(),
        session: (*session).to_owned(),
        expected: (*expected).to_owned(),
        also: (*also).to_owned(),
        facts: (*facts).to_owned(),
        octets: octets_of(octets),
    }
}

/// The marker is left out of the file unless it is the point of the vector.
fn octets_of(text: &str) -> Vec<u8> {
    let (marker, hex) = match text.strip_prefix("raw:") {
        Some(hex) => (vec![], hex),
        None => (vec![0xff; 16], text),
    };
    let digits = hex.as_bytes().chunks(2).map(|pair| {
        let pair = std::str::from_utf8(pair).expect("ASCII");
        u8::from_str_radix(pair, 16).expect("two hex digits")
    });
    marker.into_iter().chain(digits).collect()
}

fn agree(dialect: &mut Dialect, token: &str) {
    match token.split_once('=').unwrap_or((token, "")) {
        ("ibgp", _) => dialect.peer_kind = PeerKind::Internal,
        ("as4", _) => dialect.four_octet_as = true,
        ("peer", asn) => dialect.peer_asn = Asn(asn.parse().expect("an AS number")),
        ("families", families) => dialect.families = families_of(families),
        ("addpath", families) => {
            dialect.add_path_receive = families_of(families);
            dialect.add_path_send = families_of(families);
        }
        ("extnexthop", families) => dialect.extended_next_hop = families_of(families),
        ("extmsg", _) => (dialect.receive_limit, dialect.send_limit) = (EXTENDED_LIMIT, EXTENDED_LIMIT),
        ("aigp", _) => dialect.aigp = true,
        ("enhanced-refresh", _) => dialect.enhanced_route_refresh = true,
        ("any-first-as", _) => dialect.enforce_first_as = false,
        _ => {}
    }
}

fn families_of(text: &str) -> Vec<Family> {
    text.split('+')
        .map(|family| {
            let (afi, safi) = family.split_once('/').expect("AFI/SAFI");
            Family { afi: afi.parse().expect("an AFI"), safi: safi.parse().expect("a SAFI") }
        })
        .collect()
}

/// What decoding led to, in the words of the corpus.
pub(crate) fn outcome(result: &Result<Message, Malformed>) -> String {
    match result {
        Err(malformed) => match &malformed.notification {
            Some(notification) => format!("reset {}/{}", notification.code.octet(), notification.subcode),
            None => "close".to_owned(),
        },
        Ok(Message::Notification(_)) => "close".to_owned(),
        Ok(Message::Open(_) | Message::Keepalive | Message::RouteRefresh(_)) => "accept".to_owned(),
        Ok(Message::Update(update)) => {
            // That some routes mean nothing here is no error in the peer's message.
            let ignored =
                |reason: Reason| matches!(reason, Reason::NotUnicast(_) | Reason::FamilyNotNegotiated(_));
            let faults = update.faults.iter().filter(|fault| !ignored(fault.reason));
            match faults.map(|fault| fault.treatment).max() {
                None => "accept".to_owned(),
                Some(Treatment::Discard) => "discard".to_owned(),
                Some(Treatment::Withdraw) => "withdraw".to_owned(),
                Some(Treatment::Reset) => panic!("a reset is an error"),
            }
        }
    }
}

/// Whether an outcome is one of those wanted: `reset 3/*` is any subcode, and what is to be ignored has
/// to be accepted first.
pub(crate) fn fits(outcome: &str, wanted: &str) -> bool {
    match wanted.strip_suffix("/*") {
        Some(code) => outcome.starts_with(code) && outcome.as_bytes().get(code.len()) == Some(&b'/'),
        None => {
            outcome == wanted || outcome == "accept" && matches!(wanted, "ignore" | "ignore that capability")
        }
    }
}

/// Deterministic noise for sampling: a linear congruential generator.
pub(crate) struct Noise(pub(crate) u64);

impl Noise {
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as usize % bound.max(1)
    }
}

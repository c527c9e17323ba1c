//! MRT: tables and messages as route collectors keep them ([RFC 6396], with path identifiers [RFC 8050]).
//! Reading only, and nothing is copied: every value here borrows from the file's octets.
//!
//! What a file says about routes comes out as [`wire::Message`]s, judged by the same decoder as a
//! peer's: an entry of a table is the UPDATE that its peer would have sent for it.
//!
//! ```
//! use bgp_core::mrt::{Body, Records};
//!
//! let file = [0, 0, 0, 1, 0, 13, 0, 1, 0, 0, 0, 8, 192, 0, 2, 1, 0, 0, 0, 0];
//! let record = Records::new(&file).next().expect("one record").expect("a readable one");
//! assert!(matches!(record.body, Body::PeerIndex(peers) if peers.collector.to_string() == "192.0.2.1"));
//! ```
//!
//! [RFC 6396]: https://www.rfc-editor.org/rfc/rfc6396
//! [RFC 8050]: https://www.rfc-editor.org/rfc/rfc8050
//! [`wire::Message`]: crate::wire::Message

#![cfg_attr(
    not(test),
    deny(
        clippy::arithmetic_side_effects,
        clippy::expect_used,
        clippy::indexing_slicing,
        clippy::panic,
        clippy::unreachable,
        clippy::unwrap_used
    )
)]

mod entry;
mod message;
mod peers;
mod rib;
#[cfg(test)]
mod tests;
mod unreadable;

pub use entry::Entry;
pub use message::{Exchange, StateChange, Stored};
pub use peers::{Peer, PeerIndex};
pub use rib::Rib;
pub use unreadable::{Field, Unreadable};

use crate::wire::parse::Cursor;

/// The records of a file, from its octets, decompressed.
///
/// A record that makes no sense is an error, and reading goes on behind it; a file that breaks off inside
/// a record ends with an error.
#[derive(Clone, Debug)]
pub struct Records<'a> {
    rest: Cursor<'a>,
}

/// One record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Record<'a> {
    /// Where in the file it begins.
    pub offset: usize,
    /// When it was written, seconds since 1970.
    pub seconds: u32,
    /// And microseconds, where the file has them.
    pub microseconds: u32,
    /// What it says.
    pub body: Body<'a>,
}

/// What a record says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Body<'a> {
    /// The peers that the table entries after it speak of.
    PeerIndex(PeerIndex),
    /// All paths of one prefix.
    Rib(Rib<'a>),
    /// A message between two BGP speakers.
    Message(Stored<'a>),
    /// A session of a BGP speaker changed its state.
    StateChange(StateChange),
    /// A kind that this module does not read, such as TABLE_DUMP (12) or RIB_GENERIC (13/6).
    Other {
        /// The type.
        kind: u16,
        /// The subtype.
        subtype: u16,
    },
}

impl<'a> Records<'a> {
    /// The records of a file with these octets.
    #[must_use]
    pub const fn new(octets: &'a [u8]) -> Self {
        Self { rest: Cursor::new(octets, 0) }
    }

    /// The header's length is believed before anything else, so that what follows a bad record is found.
    fn frame(&mut self) -> Result<Framed<'a>, Unreadable> {
        let offset = self.rest.offset();
        let header = Unreadable::new(offset, Field::Header);
        let seconds = self.rest.u32().ok_or(header)?;
        let kind = self.rest.u16().ok_or(header)?;
        let subtype = self.rest.u16().ok_or(header)?;
        let length = self.rest.u32().ok_or(header)?;
        let at = self.rest.offset();
        let octets = usize::try_from(length).ok().and_then(|length| self.rest.take(length));
        let octets = octets.ok_or_else(|| Unreadable::new(offset, Field::Length(length)))?;
        Ok(Framed { offset, seconds, kind, subtype, body: Cursor::new(octets, at) })
    }
}

impl<'a> Iterator for Records<'a> {
    type Item = Result<Record<'a>, Unreadable>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        match self.frame() {
            Ok(framed) => Some(framed.read()),
            Err(unreadable) => {
                self.rest = Cursor::new(&[], self.rest.offset());
                Some(Err(unreadable))
            }
        }
    }
}

/// A record cut out of its file.
struct Framed<'a> {
    offset: usize,
    seconds: u32,
    kind: u16,
    subtype: u16,
    body: Cursor<'a>,
}

impl<'a> Framed<'a> {
    fn read(mut self) -> Result<Record<'a>, Unreadable> {
        let microseconds = match self.kind {
            BGP4MP_ET => {
                let missing = Unreadable::new(self.body.offset(), Field::Microseconds);
                self.body.u32().ok_or(missing)?
            }
            _ => 0,
        };
        let Self { offset, seconds, kind, subtype, body } = self;
        let body = match kind {
            TABLE_DUMP_V2 => rib::read(subtype, body)?,
            BGP4MP | BGP4MP_ET => message::read(subtype, body)?,
            _ => None,
        };
        let body = body.unwrap_or(Body::Other { kind, subtype });
        Ok(Record { offset, seconds, microseconds, body })
    }
}

const TABLE_DUMP_V2: u16 = 13;
const BGP4MP: u16 = 16;
const BGP4MP_ET: u16 = 17;

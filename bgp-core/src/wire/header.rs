//! The message header: marker, length, type.

use bytes::{BufMut, BytesMut};

/// Octets of the header ([RFC 4271 §4.1](https://www.rfc-editor.org/rfc/rfc4271#section-4.1)).
pub(in crate::wire) const HEADER_LENGTH: usize = 19;
const MARKER: [u8; 16] = [0xff; 16];

/// The type of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::wire) enum Kind {
    Open,
    Update,
    Notification,
    Keepalive,
    RouteRefresh,
}

impl Kind {
    pub(in crate::wire) const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            1 => Some(Self::Open),
            2 => Some(Self::Update),
            3 => Some(Self::Notification),
            4 => Some(Self::Keepalive),
            5 => Some(Self::RouteRefresh),
            _ => None,
        }
    }

    pub(in crate::wire) const fn octet(self) -> u8 {
        match self {
            Self::Open => 1,
            Self::Update => 2,
            Self::Notification => 3,
            Self::Keepalive => 4,
            Self::RouteRefresh => 5,
        }
    }
}

/// Appends a message; its length is that of what `body` wrote.
pub(in crate::wire) fn put_message(kind: Kind, out: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    out.put_slice(&MARKER);
    out.put_u16(0);
    out.put_u8(kind.octet());
    body(out);
    let length = u16::try_from(out.len().saturating_sub(start)).unwrap_or(u16::MAX);
    let length_at = start.saturating_add(MARKER.len());
    if let Some([high, low, ..]) = out.get_mut(length_at..) {
        [*high, *low] = length.to_be_bytes();
    }
}

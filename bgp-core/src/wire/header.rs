//! The message header: marker, length, type.

use bytes::{BufMut, Bytes, BytesMut};

use crate::wire::dialect::STANDARD_LIMIT;
use crate::wire::parse::Cursor;
use crate::wire::{ErrorCode, Malformed, Notification, Reason};

/// Octets of the header ([RFC 4271 §4.1](https://www.rfc-editor.org/rfc/rfc4271#section-4.1)).
pub(in crate::wire) const HEADER_LENGTH: usize = 19;
const MARKER: [u8; 16] = [0xff; 16];
/// Where the length and the type stand.
const LENGTH_AT: usize = 16;
const TYPE_AT: usize = 18;

/// Finds the first message of a byte stream: its length once all of it is there.
///
/// `limit` is the largest message accepted, [`Dialect::receive_limit`](crate::wire::Dialect). The header
/// is judged as soon as it is complete, before anything after it
/// ([RFC 4271 §6.1](https://www.rfc-editor.org/rfc/rfc4271#section-6.1)).
///
/// # Errors
///
/// [`Malformed`] where the marker, the length or the type is wrong; the stream is unreadable from there.
pub fn frame(buf: &[u8], limit: usize) -> Result<Option<usize>, Malformed> {
    let Some((_, length)) = read(buf, limit)? else { return Ok(None) };
    Ok(Some(length).filter(|length| *length <= buf.len()))
}

/// The type and the length of the first message, once its header is there.
pub(in crate::wire) fn read(buf: &[u8], limit: usize) -> Result<Option<(Kind, usize)>, Malformed> {
    let mut cursor = Cursor::new(buf, 0);
    let (Some(marker), Some(length), Some(octet)) = (cursor.array::<16>(), cursor.u16(), cursor.octet())
    else {
        return Ok(None);
    };
    if marker != MARKER {
        let notification = Some(Notification::new(ErrorCode::MessageHeader, 1));
        return Err(Malformed { notification, offset: 0, reason: Reason::Marker });
    }
    let kind = Kind::from_octet(octet);
    let octets = usize::from(length);
    if !(HEADER_LENGTH..=limit).contains(&octets) || kind.is_some_and(|kind| !kind.allows(octets)) {
        // An answer to a broken NOTIFICATION is forbidden, RFC 4271 §6.4.
        let answered = kind != Some(Kind::Notification) || octets < HEADER_LENGTH || octets > limit;
        let notification = answered.then(|| Notification {
            data: Bytes::copy_from_slice(&length.to_be_bytes()),
            ..Notification::new(ErrorCode::MessageHeader, 2)
        });
        let reason = Reason::MessageLength { kind: octet, length };
        return Err(Malformed { notification, offset: LENGTH_AT, reason });
    }
    let Some(kind) = kind else {
        let notification = Some(Notification {
            data: Bytes::copy_from_slice(&[octet]),
            ..Notification::new(ErrorCode::MessageHeader, 3)
        });
        return Err(Malformed { notification, offset: TYPE_AT, reason: Reason::MessageType(octet) });
    };
    Ok(Some((kind, octets)))
}

/// The error of a caller who did not cut the stream by [`frame`].
pub(in crate::wire) fn not_one_message(frame: &[u8]) -> Malformed {
    let length = u16::try_from(frame.len()).unwrap_or(u16::MAX);
    let kind = frame.get(TYPE_AT).copied().unwrap_or_default();
    Malformed { notification: None, offset: LENGTH_AT, reason: Reason::MessageLength { kind, length } }
}

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

impl Kind {
    /// Whether a message of this type can have so many octets. ROUTE-REFRESH is judged with its
    /// subtype, later.
    const fn allows(self, length: usize) -> bool {
        match self {
            Self::Open => length >= 29 && length <= STANDARD_LIMIT,
            Self::Update => length >= 23,
            Self::Notification => length >= 21,
            Self::Keepalive => length == HEADER_LENGTH,
            Self::RouteRefresh => true,
        }
    }
}

/// Appends a message; its length is that of what `body` wrote.
pub(in crate::wire) fn put_message(kind: Kind, out: &mut BytesMut, body: impl FnOnce(&mut BytesMut)) {
    let start = out.len();
    out.put_slice(&MARKER);
    out.put_slice(&[0, 0, kind.octet()]);
    body(out);
    let length = u16::try_from(out.len().saturating_sub(start)).unwrap_or(u16::MAX);
    let length_at = start.saturating_add(MARKER.len());
    if let Some([high, low, ..]) = out.get_mut(length_at..) {
        [*high, *low] = length.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(length: u16, kind: u8) -> Vec<u8> {
        let mut octets = vec![0xff; 16];
        octets.extend(length.to_be_bytes());
        octets.push(kind);
        octets
    }

    fn error(octets: &[u8], limit: usize) -> (u8, u8, Vec<u8>) {
        let notification = frame(octets, limit).unwrap_err().notification.expect("an answer");
        (notification.code.octet(), notification.subcode, notification.data.to_vec())
    }

    #[test]
    fn a_message_is_found_once_it_is_complete() {
        let mut stream = header(19, 4);
        for cut in 0..19 {
            assert_eq!(frame(&stream[..cut], STANDARD_LIMIT), Ok(None));
        }
        stream.extend(header(23, 2));
        assert_eq!(frame(&stream, STANDARD_LIMIT), Ok(Some(19)));
        assert_eq!(frame(&stream[19..], STANDARD_LIMIT), Ok(None));
    }

    #[test]
    fn header_errors_have_the_subcode_and_data_of_the_rfc() {
        let mut bad_marker = header(19, 4);
        bad_marker[3] = 0;
        assert_eq!(error(&bad_marker, 4096), (1, 1, vec![]));
        assert_eq!(error(&header(18, 4), 4096), (1, 2, vec![0, 18]));
        assert_eq!(error(&header(4097, 2), 4096), (1, 2, vec![0x10, 0x01]));
        assert_eq!(error(&header(19, 9), 4096), (1, 3, vec![9]));
        assert_eq!(error(&header(28, 1), 4096), (1, 2, vec![0, 28]));
        assert_eq!(error(&header(22, 2), 4096), (1, 2, vec![0, 22]));
        assert_eq!(error(&header(20, 4), 4096), (1, 2, vec![0, 20]));
    }

    #[test]
    fn extended_messages_do_not_extend_open_and_keepalive() {
        assert_eq!(frame(&header(4097, 2), 65535), Ok(None));
        assert_eq!(error(&header(4097, 1), 65535), (1, 2, vec![0x10, 0x01]));
        assert_eq!(error(&header(4097, 4), 65535), (1, 2, vec![0x10, 0x01]));
    }

    #[test]
    fn a_short_notification_is_not_answered() {
        assert_eq!(frame(&header(20, 3), 4096).unwrap_err().notification, None);
    }
}

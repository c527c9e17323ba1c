//! NOTIFICATION: why a session ends.

use std::fmt::{self, Write};

use bytes::{BufMut, Bytes, BytesMut};

use crate::Family;
use crate::wire::dialect::{Dialect, STANDARD_LIMIT};
use crate::wire::header::{HEADER_LENGTH, Kind, put_message};

/// NOTIFICATION error codes ([RFC 4271 §4.5](https://www.rfc-editor.org/rfc/rfc4271#section-4.5)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ErrorCode {
    /// 1.
    MessageHeader,
    /// 2.
    OpenMessage,
    /// 3.
    UpdateMessage,
    /// 4.
    HoldTimerExpired,
    /// 5.
    FiniteStateMachine,
    /// 6.
    Cease,
    /// 7, [RFC 7313](https://www.rfc-editor.org/rfc/rfc7313).
    RouteRefreshMessage,
    /// 8, RFC 9687.
    SendHoldTimerExpired,
    /// A code nobody registered.
    Other(u8),
}

/// Cease subcodes ([RFC 4486 §3](https://www.rfc-editor.org/rfc/rfc4486#section-3)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Cease {
    /// 1.
    MaximumPrefixes,
    /// 2.
    AdministrativeShutdown,
    /// 3.
    PeerDeconfigured,
    /// 4.
    AdministrativeReset,
    /// 5.
    ConnectionRejected,
    /// 6.
    OtherConfigurationChange,
    /// 7.
    ConnectionCollision,
    /// 8.
    OutOfResources,
    /// 9, [RFC 8538 §3](https://www.rfc-editor.org/rfc/rfc8538#section-3).
    HardReset,
    /// 10, RFC 9384.
    BfdDown,
}

/// A NOTIFICATION message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Notification {
    /// Error code.
    pub code: ErrorCode,
    /// Error subcode, meaningful with the code.
    pub subcode: u8,
    /// The data field.
    pub data: Bytes,
}

/// Most octets of a shutdown communication ([RFC 9003 §2](https://www.rfc-editor.org/rfc/rfc9003#section-2)).
const COMMUNICATION_LIMIT: usize = 255;

impl ErrorCode {
    /// Every code that has a name, in the order of numbers, from 1 on.
    pub const REGISTERED: [Self; 8] = [
        Self::MessageHeader,
        Self::OpenMessage,
        Self::UpdateMessage,
        Self::HoldTimerExpired,
        Self::FiniteStateMachine,
        Self::Cease,
        Self::RouteRefreshMessage,
        Self::SendHoldTimerExpired,
    ];

    /// The code on the wire.
    #[must_use]
    pub const fn octet(self) -> u8 {
        match self {
            Self::MessageHeader => 1,
            Self::OpenMessage => 2,
            Self::UpdateMessage => 3,
            Self::HoldTimerExpired => 4,
            Self::FiniteStateMachine => 5,
            Self::Cease => 6,
            Self::RouteRefreshMessage => 7,
            Self::SendHoldTimerExpired => 8,
            Self::Other(octet) => octet,
        }
    }

    /// The code of an octet.
    #[must_use]
    pub const fn from_octet(octet: u8) -> Self {
        match octet {
            1 => Self::MessageHeader,
            2 => Self::OpenMessage,
            3 => Self::UpdateMessage,
            4 => Self::HoldTimerExpired,
            5 => Self::FiniteStateMachine,
            6 => Self::Cease,
            7 => Self::RouteRefreshMessage,
            8 => Self::SendHoldTimerExpired,
            _ => Self::Other(octet),
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::MessageHeader => "message header error",
            Self::OpenMessage => "OPEN message error",
            Self::UpdateMessage => "UPDATE message error",
            Self::HoldTimerExpired => "hold timer expired",
            Self::FiniteStateMachine => "finite state machine error",
            Self::Cease => "cease",
            Self::RouteRefreshMessage => "ROUTE-REFRESH message error",
            Self::SendHoldTimerExpired => "send hold timer expired",
            Self::Other(_) => "unknown error",
        }
    }

    /// The registered name of a subcode.
    const fn subcode_name(self, subcode: u8) -> Option<&'static str> {
        Some(match (self, subcode) {
            (Self::MessageHeader, 1) => "connection not synchronized",
            (Self::MessageHeader, 2) => "bad message length",
            (Self::MessageHeader, 3) => "bad message type",
            (Self::OpenMessage, 1) => "unsupported version number",
            (Self::OpenMessage, 2) => "bad peer AS",
            (Self::OpenMessage, 3) => "bad BGP identifier",
            (Self::OpenMessage, 4) => "unsupported optional parameter",
            (Self::OpenMessage, 6) => "unacceptable hold time",
            (Self::OpenMessage, 7) => "unsupported capability",
            (Self::OpenMessage, 11) => "role mismatch",
            (Self::UpdateMessage, 1) => "malformed attribute list",
            (Self::UpdateMessage, 2) => "unrecognized well-known attribute",
            (Self::UpdateMessage, 3) => "missing well-known attribute",
            (Self::UpdateMessage, 4) => "attribute flags error",
            (Self::UpdateMessage, 5) => "attribute length error",
            (Self::UpdateMessage, 6) => "invalid ORIGIN attribute",
            (Self::UpdateMessage, 8) => "invalid NEXT_HOP attribute",
            (Self::UpdateMessage, 9) => "optional attribute error",
            (Self::UpdateMessage, 10) => "invalid network field",
            (Self::UpdateMessage, 11) => "malformed AS_PATH",
            (Self::FiniteStateMachine, 1) => "unexpected message in OpenSent",
            (Self::FiniteStateMachine, 2) => "unexpected message in OpenConfirm",
            (Self::FiniteStateMachine, 3) => "unexpected message in Established",
            (Self::Cease, _) => match Cease::from_octet(subcode) {
                Some(cease) => cease.name(),
                None => return None,
            },
            (Self::RouteRefreshMessage, 1) => "invalid message length",
            _ => return None,
        })
    }
}

impl Cease {
    /// The subcode on the wire.
    #[must_use]
    pub const fn octet(self) -> u8 {
        match self {
            Self::MaximumPrefixes => 1,
            Self::AdministrativeShutdown => 2,
            Self::PeerDeconfigured => 3,
            Self::AdministrativeReset => 4,
            Self::ConnectionRejected => 5,
            Self::OtherConfigurationChange => 6,
            Self::ConnectionCollision => 7,
            Self::OutOfResources => 8,
            Self::HardReset => 9,
            Self::BfdDown => 10,
        }
    }

    const fn from_octet(octet: u8) -> Option<Self> {
        Some(match octet {
            1 => Self::MaximumPrefixes,
            2 => Self::AdministrativeShutdown,
            3 => Self::PeerDeconfigured,
            4 => Self::AdministrativeReset,
            5 => Self::ConnectionRejected,
            6 => Self::OtherConfigurationChange,
            7 => Self::ConnectionCollision,
            8 => Self::OutOfResources,
            9 => Self::HardReset,
            10 => Self::BfdDown,
            _ => return None,
        })
    }

    const fn name(self) -> &'static str {
        match self {
            Self::MaximumPrefixes => "maximum number of prefixes reached",
            Self::AdministrativeShutdown => "administrative shutdown",
            Self::PeerDeconfigured => "peer de-configured",
            Self::AdministrativeReset => "administrative reset",
            Self::ConnectionRejected => "connection rejected",
            Self::OtherConfigurationChange => "other configuration change",
            Self::ConnectionCollision => "connection collision resolution",
            Self::OutOfResources => "out of resources",
            Self::HardReset => "hard reset",
            Self::BfdDown => "BFD down",
        }
    }
}

impl Notification {
    /// A notification without data.
    #[must_use]
    pub const fn new(code: ErrorCode, subcode: u8) -> Self {
        Self { code, subcode, data: Bytes::new() }
    }

    /// A Cease without data.
    #[must_use]
    pub const fn cease(subcode: Cease) -> Self {
        Self::new(ErrorCode::Cease, subcode.octet())
    }

    /// Cease/2 with a text for the peer's operator, cut to 255 octets at a character's end
    /// ([RFC 9003 §2](https://www.rfc-editor.org/rfc/rfc9003#section-2)).
    #[must_use]
    pub fn shutdown(text: &str) -> Self {
        Self::cease(Cease::AdministrativeShutdown).with_communication(text)
    }

    /// Cease/4 with such a text.
    #[must_use]
    pub fn reset(text: &str) -> Self {
        Self::cease(Cease::AdministrativeReset).with_communication(text)
    }

    /// Cease/1 that says which limit was passed ([RFC 4486 §4](https://www.rfc-editor.org/rfc/rfc4486#section-4)).
    #[must_use]
    pub fn maximum_prefixes(family: Family, maximum: u32) -> Self {
        let mut data = BytesMut::with_capacity(7);
        data.put_u16(family.afi);
        data.put_u8(family.safi);
        data.put_u32(maximum);
        Self { data: data.freeze(), ..Self::cease(Cease::MaximumPrefixes) }
    }

    /// The notification inside a Cease/9, which tells the peer not to keep routes
    /// ([RFC 8538 §3.1](https://www.rfc-editor.org/rfc/rfc8538#section-3.1)).
    #[must_use]
    pub fn hard_reset(&self) -> Self {
        let mut data = BytesMut::with_capacity(self.data.len().saturating_add(2));
        data.put_slice(&[self.code.octet(), self.subcode]);
        data.put_slice(&self.data);
        Self { data: data.freeze(), ..Self::cease(Cease::HardReset) }
    }

    /// Why the session was ceased; `None` for anything but a Cease, and for a cause that is not known here.
    #[must_use]
    pub fn cause(&self) -> Option<Cease> {
        if self.code == ErrorCode::Cease { Cease::from_octet(self.subcode) } else { None }
    }

    /// Whether this is a Cease/9.
    #[must_use]
    pub fn is_hard_reset(&self) -> bool {
        self.code == ErrorCode::Cease && self.subcode == Cease::HardReset.octet()
    }

    /// Whether it says that the session is over for good, or for long: Cease/1 to Cease/3
    /// ([RFC 8538 §5.1](https://www.rfc-editor.org/rfc/rfc8538#section-5.1)).
    #[must_use]
    pub fn is_for_good(&self) -> bool {
        let causes = [Cease::MaximumPrefixes, Cease::AdministrativeShutdown, Cease::PeerDeconfigured];
        self.code == ErrorCode::Cease && causes.iter().any(|cause| cause.octet() == self.subcode)
    }

    /// What a Cease/9 wraps; `None` for anything else and where the data is too short.
    #[must_use]
    pub fn inner(&self) -> Option<Self> {
        match self.data.split_first_chunk() {
            Some(([code, subcode], data)) if self.is_hard_reset() => Some(Self {
                code: ErrorCode::from_octet(*code),
                subcode: *subcode,
                data: self.data.slice_ref(data),
            }),
            Some(_) | None => None,
        }
    }

    /// The shutdown communication of a Cease/2 or Cease/4, safe to print: control characters are
    /// escaped, and data that is no such text comes as hex
    /// ([RFC 9003 §4](https://www.rfc-editor.org/rfc/rfc9003#section-4)).
    #[must_use]
    pub fn communication(&self) -> Option<String> {
        let may_carry_one = self.code == ErrorCode::Cease
            && (self.subcode == Cease::AdministrativeShutdown.octet()
                || self.subcode == Cease::AdministrativeReset.octet());
        let (length, rest) = self.data.split_first().filter(|_| may_carry_one)?;
        let text = rest.get(..usize::from(*length)).and_then(|text| str::from_utf8(text).ok());
        match text {
            Some("") => None,
            Some(text) => Some(text.escape_debug().to_string()),
            None => Some(hex(&self.data)),
        }
    }

    fn with_communication(self, text: &str) -> Self {
        let mut end = text.len().min(COMMUNICATION_LIMIT);
        while !text.is_char_boundary(end) {
            end = end.saturating_sub(1);
        }
        let text = text.get(..end).unwrap_or_default();
        if text.is_empty() {
            return self;
        }
        let mut data = BytesMut::with_capacity(text.len().saturating_add(1));
        data.put_u8(u8::try_from(text.len()).unwrap_or(u8::MAX));
        data.put_slice(text.as_bytes());
        Self { data: data.freeze(), ..self }
    }

    /// Decodes the body; both octets are there because the header's length was checked.
    pub(in crate::wire) fn decode(body: &[u8]) -> Option<Self> {
        let ([code, subcode], data) = body.split_first_chunk()?;
        Some(Self {
            code: ErrorCode::from_octet(*code),
            subcode: *subcode,
            data: Bytes::copy_from_slice(data),
        })
    }

    /// Appends the message; data above the peer's limit is cut
    /// ([RFC 8654 §5](https://www.rfc-editor.org/rfc/rfc8654#section-5)).
    pub(in crate::wire) fn encode(&self, dialect: &Dialect, out: &mut BytesMut) {
        let room = dialect.send_limit.max(STANDARD_LIMIT).saturating_sub(HEADER_LENGTH.saturating_add(2));
        put_message(Kind::Notification, out, |out| {
            out.put_slice(&[self.code.octet(), self.subcode]);
            out.put_slice(self.data.get(..room).unwrap_or(&self.data));
        });
    }
}

impl fmt::Display for Notification {
    /// `"6/2 cease, administrative shutdown: \"maintenance\""`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{} {}", self.code.octet(), self.subcode, self.code.name())?;
        if let Some(name) = self.code.subcode_name(self.subcode) {
            write!(f, ", {name}")?;
        }
        if let Some(inner) = self.inner() {
            return write!(f, " for {inner}");
        }
        match self.communication() {
            Some(text) => write!(f, ": \"{text}\""),
            None if self.data.is_empty() => Ok(()),
            None => write!(f, ", data {}", hex(&self.data)),
        }
    }
}

/// Up to 64 octets as hex.
fn hex(octets: &[u8]) -> String {
    const SHOWN: usize = 64;
    let mut text = String::from("0x");
    for octet in octets.iter().take(SHOWN) {
        // Writing to a String cannot fail.
        let _ = write!(text, "{octet:02x}");
    }
    if octets.len() > SHOWN {
        text.push_str("...");
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_reads_back() {
        for octet in 0..=u8::MAX {
            assert_eq!(ErrorCode::from_octet(octet).octet(), octet);
            if let Some(cease) = Cease::from_octet(octet) {
                assert_eq!(cease.octet(), octet);
            }
        }
    }

    #[test]
    fn a_shutdown_text_arrives() {
        let notification = Notification::shutdown("maintenance, back at 10:00");
        assert_eq!(notification.communication().as_deref(), Some("maintenance, back at 10:00"));
        assert_eq!(
            notification.to_string(),
            "6/2 cease, administrative shutdown: \"maintenance, back at 10:00\""
        );
        assert!(Notification::shutdown("").data.is_empty());
    }

    #[test]
    fn a_long_text_is_cut_at_a_characters_end() {
        let notification = Notification::shutdown(&"ä".repeat(200));
        assert_eq!(notification.data.len(), 1 + 254);
        assert_eq!(notification.communication(), Some("ä".repeat(127)));
    }

    #[test]
    fn text_from_a_peer_is_escaped_or_shown_as_hex() {
        let with = |data: &'static [u8]| Notification {
            data: Bytes::from_static(data),
            ..Notification::cease(Cease::AdministrativeShutdown)
        };
        assert_eq!(with(b"\x04a\x1b\n\"").communication().as_deref(), Some("a\\u{1b}\\n\\\""));
        assert_eq!(with(b"\x09abc").communication().as_deref(), Some("0x09616263"));
        assert_eq!(with(b"\x02\xff\xfe").communication().as_deref(), Some("0x02fffe"));
        assert_eq!(with(b"\x00").communication(), None);
    }

    #[test]
    fn a_hard_reset_wraps_another_notification() {
        let inner = Notification::shutdown("bye");
        let outer = inner.hard_reset();
        assert!(outer.is_hard_reset());
        assert_eq!(outer.inner(), Some(inner));
        assert_eq!(
            outer.to_string(),
            "6/9 cease, hard reset for 6/2 cease, administrative shutdown: \"bye\""
        );
        let short = Notification { data: Bytes::from_static(b"\x06"), ..outer };
        assert_eq!(short.inner(), None);
    }

    #[test]
    fn an_unknown_code_has_a_form_too() {
        assert_eq!(Notification::new(ErrorCode::Other(77), 3).to_string(), "77/3 unknown error");
    }
}

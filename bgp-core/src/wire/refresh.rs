//! ROUTE-REFRESH and its demarcation subtypes.

use bytes::{BufMut, Bytes, BytesMut};

use crate::Family;
use crate::wire::header::{HEADER_LENGTH, Kind, put_message};
use crate::wire::parse::Cursor;
use crate::wire::{Dialect, ErrorCode, Malformed, Notification, Reason};

/// What a ROUTE-REFRESH asks or says ([RFC 7313 §3.2](https://www.rfc-editor.org/rfc/rfc7313#section-3.2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefreshKind {
    /// 0: send everything again.
    Request,
    /// 1: BoRR, the re-advertisement begins.
    Begin,
    /// 2: EoRR, it is complete.
    End,
    /// Any other subtype, to be ignored.
    Unknown(u8),
}

/// A ROUTE-REFRESH message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RouteRefresh {
    /// The family meant.
    pub family: Family,
    /// The subtype.
    pub kind: RefreshKind,
}

/// Octets of the body ([RFC 2918 §3](https://www.rfc-editor.org/rfc/rfc2918#section-3)).
const BODY_LENGTH: usize = 4;

impl RefreshKind {
    const fn octet(self) -> u8 {
        match self {
            Self::Request => 0,
            Self::Begin => 1,
            Self::End => 2,
            Self::Unknown(octet) => octet,
        }
    }

    const fn from_octet(octet: u8) -> Self {
        match octet {
            0 => Self::Request,
            1 => Self::Begin,
            2 => Self::End,
            _ => Self::Unknown(octet),
        }
    }
}

impl RouteRefresh {
    /// Decodes a message. What follows the four octets is an outbound route filter, which is never
    /// agreed on and therefore not looked at ([RFC 5291 §6](https://www.rfc-editor.org/rfc/rfc5291#section-6)).
    pub(in crate::wire) fn decode(frame: &[u8], body: &[u8], dialect: &Dialect) -> Result<Self, Malformed> {
        let mut cursor = Cursor::new(body, HEADER_LENGTH);
        let (afi, subtype, safi) = (cursor.u16(), cursor.octet(), cursor.octet());
        if let Some(subtype @ (1 | 2)) = subtype
            && dialect.enhanced_route_refresh
            && body.len() != BODY_LENGTH
        {
            let notification = Notification {
                data: Bytes::copy_from_slice(frame),
                ..Notification::new(ErrorCode::RouteRefreshMessage, 1)
            };
            let reason = Reason::RefreshLength { subtype, length: body.len() };
            return Err(Malformed { notification: Some(notification), offset: HEADER_LENGTH, reason });
        }
        let (Some(afi), Some(subtype), Some(safi)) = (afi, subtype, safi) else {
            return Err(too_short(frame));
        };
        let kind = match dialect.enhanced_route_refresh {
            true => RefreshKind::from_octet(subtype),
            false => RefreshKind::Request,
        };
        Ok(Self { family: Family { afi, safi }, kind })
    }

    pub(in crate::wire) fn encode(&self, out: &mut BytesMut) {
        put_message(Kind::RouteRefresh, out, |out| {
            out.put_u16(self.family.afi);
            out.put_u8(self.kind.octet());
            out.put_u8(self.family.safi);
        });
    }
}

/// RFC 2918 has no rule for this; [RFC 4271 §6.1](https://www.rfc-editor.org/rfc/rfc4271#section-6.1) by analogy.
fn too_short(frame: &[u8]) -> Malformed {
    let length = u16::try_from(frame.len()).unwrap_or(u16::MAX);
    let notification = Notification {
        data: Bytes::copy_from_slice(&length.to_be_bytes()),
        ..Notification::new(ErrorCode::MessageHeader, 2)
    };
    let reason = Reason::MessageLength { kind: Kind::RouteRefresh.octet(), length };
    Malformed { notification: Some(notification), offset: HEADER_LENGTH, reason }
}

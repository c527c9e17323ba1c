//! Bytes to values and back. Not here: sessions, policy, RIB, logging, time.
//!
//! Nothing in this module can panic, whatever the octets: no indexing, no unwrapping, and arithmetic on
//! lengths is checked. The compiler enforces it below.

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

#[cfg(test)]
pub(crate) mod arbitrary;
mod attribute;
mod build;
mod capability;
mod dialect;
mod header;
mod malformed;
mod notification;
mod opaque;
mod open;
pub(crate) mod parse;
mod prefix;
#[cfg(test)]
mod properties;
mod reach;
mod refresh;
mod update;

pub use attribute::{
    Aggregator, Aigp, AsPath, Attributes, Community, CommunityError, ExtendedCommunity,
    Ipv6ExtendedCommunity, LargeCommunity, NextHop, Origin, OriginError, Partial, Segment, SegmentKind,
    Segments, UnknownAttribute,
};
pub use build::{AttributeBlock, Unsendable, announce, end_of_rib, fits, withdraw};
pub use capability::{AddPathMode, Capability, GracefulFamily, LongLivedFamily, Role};
pub use dialect::{Dialect, EXTENDED_LIMIT, PeerKind, STANDARD_LIMIT};
pub use header::frame;
pub use malformed::{Fault, Malformed, Reason, Treatment};
pub use notification::{Cease, ErrorCode, Notification};
pub use open::Open;
pub use prefix::{Nlri, PathId};
pub use refresh::{RefreshKind, RouteRefresh};
pub use update::{Reach, Routes, Unreach, Update};

pub(crate) use build::frame_update;
pub(crate) use prefix::{put_prefix, read_prefix};

use bytes::BytesMut;

use crate::wire::header::{HEADER_LENGTH, Kind, put_message};

/// A BGP message ([RFC 4271 §4], [RFC 2918]).
///
/// [RFC 4271 §4]: https://www.rfc-editor.org/rfc/rfc4271#section-4
/// [RFC 2918]: https://www.rfc-editor.org/rfc/rfc2918
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// OPEN, type 1.
    Open(Open),
    /// UPDATE, type 2. Boxed: it is ten times as large as the others, and handed on several times.
    Update(Box<Update>),
    /// NOTIFICATION, type 3.
    Notification(Notification),
    /// KEEPALIVE, type 4.
    Keepalive,
    /// ROUTE-REFRESH, type 5.
    RouteRefresh(RouteRefresh),
}

/// Decodes one message, as [`frame`] cut it out.
///
/// An UPDATE comes back judged by [RFC 7606](https://www.rfc-editor.org/rfc/rfc7606): see [`Update`].
///
/// # Errors
///
/// [`Malformed`] where the session must end.
pub fn decode(frame: &[u8], dialect: &Dialect) -> Result<Message, Malformed> {
    let kind = match header::read(frame, dialect.receive_limit)? {
        Some((kind, length)) if length == frame.len() => kind,
        Some(_) | None => return Err(header::not_one_message(frame)),
    };
    let body = frame.get(HEADER_LENGTH..).unwrap_or(&[]);
    match kind {
        Kind::Open => Open::decode(body).map(Message::Open),
        Kind::Update => Update::decode(frame, body, dialect).map(|update| Message::Update(Box::new(update))),
        Kind::Notification => Notification::decode(body)
            .map(Message::Notification)
            .ok_or_else(|| header::not_one_message(frame)),
        Kind::Keepalive => Ok(Message::Keepalive),
        Kind::RouteRefresh => RouteRefresh::decode(frame, body, dialect).map(Message::RouteRefresh),
    }
}

/// Appends a message as `dialect` has it; an UPDATE may become several, see [`Update`].
///
/// This cannot fail: what the peer does not take is cut or left out where the RFCs say so, and no
/// message is above the peer's limit.
pub fn encode(message: &Message, dialect: &Dialect, out: &mut BytesMut) {
    match message {
        Message::Open(open) => open.encode(out),
        Message::Update(update) => update.encode(dialect, out),
        Message::Notification(notification) => notification.encode(dialect, out),
        Message::Keepalive => put_message(Kind::Keepalive, out, |_| {}),
        Message::RouteRefresh(refresh) => refresh.encode(out),
    }
}

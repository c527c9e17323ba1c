//! Bytes to values and back. Not here: sessions, policy, RIB, logging, time.
//!
//! Nothing in this module can panic, whatever the octets: no indexing, no unwrapping, and arithmetic on
//! lengths is checked. The compiler enforces it below.

#![expect(dead_code, reason = "the decoder, which uses them, lands next")]
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

mod attribute;
mod build;
mod capability;
mod dialect;
mod header;
mod malformed;
mod notification;
mod open;
mod prefix;
mod refresh;
mod update;

pub use attribute::{
    Aggregator, Aigp, AsPath, Attributes, Community, CommunityError, ExtendedCommunity,
    Ipv6ExtendedCommunity, LargeCommunity, NextHop, Origin, OriginError, Partial, Segment, SegmentKind,
    Segments, UnknownAttribute,
};
pub use build::{AttributeBlock, Unsendable, announce, end_of_rib, withdraw};
pub use capability::{AddPathMode, Capability, GracefulFamily, LongLivedFamily, Role};
pub use dialect::{Dialect, EXTENDED_LIMIT, PeerKind, STANDARD_LIMIT};
pub use malformed::{Fault, Malformed, Reason, Treatment};
pub use notification::{ErrorCode, Notification};
pub use open::Open;
pub use prefix::{Nlri, PathId};
pub use refresh::{RefreshKind, RouteRefresh};
pub use update::{Reach, Routes, Unreach, Update};

/// A BGP message ([RFC 4271 §4], [RFC 2918]).
///
/// [RFC 4271 §4]: https://www.rfc-editor.org/rfc/rfc4271#section-4
/// [RFC 2918]: https://www.rfc-editor.org/rfc/rfc2918
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Message {
    /// OPEN, type 1.
    Open(Open),
    /// UPDATE, type 2.
    Update(Update),
    /// NOTIFICATION, type 3.
    Notification(Notification),
    /// KEEPALIVE, type 4.
    Keepalive,
    /// ROUTE-REFRESH, type 5.
    RouteRefresh(RouteRefresh),
}

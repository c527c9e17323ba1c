//! Bytes to values and back. Not here: sessions, policy, RIB, logging, time.

mod attribute;
mod capability;
mod dialect;
mod malformed;
mod notification;
mod open;
mod prefix;
mod refresh;
mod update;

pub use attribute::{
    Aggregator, AsPath, Attributes, Community, ExtendedCommunity, Ipv6ExtendedCommunity, LargeCommunity,
    NextHop, Origin, Segment, SegmentKind, UnknownAttribute,
};
pub use capability::{AddPathMode, Capability, GracefulFamily, LongLivedFamily, Role};
pub use dialect::{Dialect, PeerKind};
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

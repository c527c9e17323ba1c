//! Path attributes: what an UPDATE says about its routes.

mod aggregator;
mod aigp;
mod as4;
mod as_path;
mod community;
mod decode;
mod definition;
mod encode;
mod extended;
mod large;
mod next_hop;
mod origin;
mod partial;
mod segment;
mod unknown;

pub use aggregator::Aggregator;
pub use aigp::Aigp;
pub use as_path::{AsPath, Segments};
pub use community::{Community, CommunityError};
pub use extended::{ExtendedCommunity, Ipv6ExtendedCommunity};
pub use large::LargeCommunity;
pub use next_hop::NextHop;
pub use origin::{Origin, OriginError};
pub use partial::Partial;
pub use segment::{Segment, SegmentKind};
pub use unknown::UnknownAttribute;

pub(in crate::wire) use decode::{Collected, cost_of_flags};
pub(in crate::wire) use definition::{EXTENDED_LENGTH, Known, OPTIONAL, PARTIAL, TRANSITIVE};
pub(in crate::wire) use encode::{encode, encode_next_hop, put_attribute};

use crate::{Asn, RouterId};

/// The path attributes of a route, except next hop and NLRI.
///
/// A value of this type always has the attributes without which a route cannot exist, so no later
/// stage has to ask ([RFC 7606 §3d](https://www.rfc-editor.org/rfc/rfc7606#section-3)).
/// Lists are in the order received; `unknown` is sorted by code.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Attributes {
    /// ORIGIN.
    pub origin: Origin,
    /// AS_PATH, merged with AS4_PATH where the session is two-octet.
    pub as_path: AsPath,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// LOCAL_PREF.
    pub local_preference: Option<u32>,
    /// ATOMIC_AGGREGATE is present.
    pub atomic_aggregate: bool,
    /// AGGREGATOR, merged with AS4_AGGREGATOR.
    pub aggregator: Option<Aggregator>,
    /// COMMUNITIES.
    pub communities: Box<[Community]>,
    /// ORIGINATOR_ID.
    pub originator_id: Option<RouterId>,
    /// CLUSTER_LIST, nearest cluster first.
    pub cluster_list: Box<[RouterId]>,
    /// EXTENDED_COMMUNITIES.
    pub extended_communities: Box<[ExtendedCommunity]>,
    /// IPV6_EXT_COMMUNITIES.
    pub ipv6_extended_communities: Box<[Ipv6ExtendedCommunity]>,
    /// AIGP.
    pub aigp: Option<Aigp>,
    /// LARGE_COMMUNITIES.
    pub large_communities: Box<[LargeCommunity]>,
    /// OTC ([RFC 9234 §5](https://www.rfc-editor.org/rfc/rfc9234#section-5)).
    pub otc: Option<Asn>,
    /// Which of the optional transitive attributes above passed through a speaker that did not
    /// understand them.
    pub partial: Partial,
    /// Everything else that is to be passed on, sorted by code.
    pub unknown: Box<[UnknownAttribute]>,
}

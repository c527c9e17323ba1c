//! Path attributes: what an UPDATE says about its routes.

mod as_path;

pub use as_path::AsPath;

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

use bytes::Bytes;

use crate::{Asn, RouterId};

/// ORIGIN ([RFC 4271 §5.1.1](https://www.rfc-editor.org/rfc/rfc4271#section-5.1.1)). Lower is preferred.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// Interior to the originating AS.
    #[default]
    Igp,
    /// Learned by EGP.
    Egp,
    /// Learned by other means.
    Incomplete,
}

/// The kind of an AS_PATH segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SegmentKind {
    /// AS_SET, 1.
    Set,
    /// AS_SEQUENCE, 2.
    Sequence,
    /// AS_CONFED_SEQUENCE, 3 ([RFC 5065](https://www.rfc-editor.org/rfc/rfc5065)).
    ConfedSequence,
    /// AS_CONFED_SET, 4.
    ConfedSet,
}

/// One AS_PATH segment: a kind and 1 to 255 numbers.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Segment {
    /// What the numbers are.
    pub kind: SegmentKind,
    /// The numbers, nearest AS first.
    pub asns: Vec<Asn>,
}

/// AGGREGATOR.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Aggregator {
    /// The aggregating AS.
    pub asn: Asn,
    /// The aggregating speaker.
    pub router_id: RouterId,
}

/// A community ([RFC 1997](https://www.rfc-editor.org/rfc/rfc1997)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Community(pub u32);

/// An extended community ([RFC 4360](https://www.rfc-editor.org/rfc/rfc4360)), its eight octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtendedCommunity(pub [u8; 8]);

/// An IPv6-address-specific extended community ([RFC 5701](https://www.rfc-editor.org/rfc/rfc5701)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv6ExtendedCommunity(pub [u8; 20]);

/// A large community ([RFC 8092](https://www.rfc-editor.org/rfc/rfc8092)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LargeCommunity {
    /// Global administrator.
    pub global: u32,
    /// Local data part 1.
    pub local1: u32,
    /// Local data part 2.
    pub local2: u32,
}

/// An attribute that is carried and not understood, octet for octet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownAttribute {
    /// Attribute type code, as on the wire.
    pub code: u8,
    /// The flags received, with the Extended Length and the unused low bits cleared.
    pub flags: u8,
    /// The value, untouched.
    pub value: Bytes,
}

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
    /// AIGP metric of the first AIGP TLV ([RFC 7311](https://www.rfc-editor.org/rfc/rfc7311)).
    pub aigp: Option<u64>,
    /// LARGE_COMMUNITIES.
    pub large_communities: Box<[LargeCommunity]>,
    /// OTC ([RFC 9234 §5](https://www.rfc-editor.org/rfc/rfc9234#section-5)).
    pub otc: Option<Asn>,
    /// Everything else that is to be passed on, sorted by code.
    pub unknown: Box<[UnknownAttribute]>,
}

/// A next hop as the wire has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextHop {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, with the link-local one beside it where given ([RFC 2545 §3]).
    ///
    /// [RFC 2545 §3]: https://www.rfc-editor.org/rfc/rfc2545#section-3
    V6 {
        /// The first address: global, or link-local where the peer sends only that.
        global: Ipv6Addr,
        /// The second, link-local address.
        link_local: Option<Ipv6Addr>,
    },
}

impl fmt::Display for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6 { global, .. } => global.fmt(f),
        }
    }
}

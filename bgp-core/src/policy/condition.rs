//! Conditions: what a rule can ask of a route.

use std::sync::Arc;

use ipnet::IpNet;

use crate::{Asn, Family};

/// `P`, `P{min,max}` or `P+`: a prefix and the lengths allowed inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrefixRange {
    /// The covering prefix.
    pub prefix: IpNet,
    /// Shortest length that matches.
    pub min: u8,
    /// Longest length that matches.
    pub max: u8,
}

/// Where a route came from, as a policy names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SourceKind {
    /// A BGP peer.
    Bgp,
    /// A foreign kernel route.
    Kernel,
    /// A connected prefix.
    Direct,
    /// Configured.
    Static,
}

/// A shell-style pattern over interface names (`*`, `?`).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterfaceGlob(pub Arc<str>);

/// A shell-style pattern over peer names.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerGlob(pub Arc<str>);

/// A pattern over communities in text form: `64512:*`, `64512:1:*`, `rt:64512:*`, `no-export`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommunityPattern(pub Arc<str>);

/// One condition. Lists hold when any element does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// The prefix is in one of the ranges.
    Prefix(Vec<PrefixRange>),
    /// The route came from one of these.
    Source(Vec<SourceKind>),
    /// The peer the route came from, or is about to go to, has one of these names.
    Peer(Vec<PeerGlob>),
    /// That peer is internal (`true`) or external.
    PeerIsInternal(bool),
    /// The route's interface matches.
    Interface(Vec<InterfaceGlob>),
    /// The route carries a matching community of any kind.
    Community(Vec<CommunityPattern>),
    /// AS_PATH begins with these numbers.
    AsPathPrefix(Vec<Asn>),
    /// AS_PATH length, as the decision process counts it, lies between the bounds.
    AsPathLength {
        /// Least length.
        min: u32,
        /// Greatest length.
        max: u32,
    },
    /// The originating AS is one of these.
    OriginAsn(Vec<Asn>),
    /// The next hop lies in one of the prefixes.
    NextHop(Vec<IpNet>),
    /// LOCAL_PREF equals.
    LocalPreference(u32),
    /// MED equals.
    Med(u32),
    /// The family is.
    Family(Family),
    /// The inner conditions do not all hold.
    Not(Vec<Self>),
}

impl PrefixRange {
    /// Exactly `prefix`.
    #[must_use]
    pub fn exact(prefix: IpNet) -> Self {
        Self { prefix, min: prefix.prefix_len(), max: prefix.prefix_len() }
    }

    /// Whether `prefix` lies in the range.
    #[must_use]
    pub fn contains(&self, prefix: &IpNet) -> bool {
        (self.min..=self.max).contains(&prefix.prefix_len()) && self.prefix.contains(prefix)
    }
}

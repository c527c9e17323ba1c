//! Conditions: what a rule can ask of a route.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::policy::{CommunityPattern, Glob, PrefixSet, Subject};
use crate::rib::{Forwarding, Route};
use crate::wire::NextHop;
use crate::{Asn, Family};

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

/// One condition. Lists hold when any element does.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Condition {
    /// The prefix is in one of the ranges.
    Prefix(PrefixSet),
    /// The route came from one of these.
    Source(Vec<SourceKind>),
    /// [`Subject::peer`] has one of these names.
    Peer(Vec<Glob>),
    /// [`Subject::peer`] is internal (`true`) or external.
    PeerIsInternal(bool),
    /// [`Subject::learned_from`] has one of these names.
    LearnedFrom(Vec<Glob>),
    /// The route's interface matches; a route without one does not.
    Interface(Vec<Glob>),
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
    /// The originating AS is one of these. A path that is empty or ends in a set has none
    /// ([RFC 6811 §2](https://www.rfc-editor.org/rfc/rfc6811#section-2)).
    OriginAsn(Vec<Asn>),
    /// The next hop lies in one of the prefixes; a route without one does not.
    NextHop(Vec<IpNet>),
    /// LOCAL_PREF equals; where absent it counts as the decision process counts it.
    LocalPreference(u32),
    /// MED equals; absent it is 0.
    Med(u32),
    /// The family is.
    Family(Family),
    /// The inner conditions do not all hold.
    Not(Vec<Self>),
}

impl Condition {
    /// Whether the condition holds for the subject, whose route reads `route` by now.
    #[must_use]
    pub fn holds(&self, subject: &Subject<'_>, route: &Route) -> bool {
        let attributes = &route.attributes;
        match self {
            Self::Prefix(set) => set.contains(&subject.prefix),
            Self::Source(kinds) => kinds.contains(&subject.source),
            Self::Peer(globs) => subject.peer.is_some_and(|peer| any(globs, peer.name)),
            Self::PeerIsInternal(internal) => subject.peer.is_some_and(|peer| peer.internal == *internal),
            Self::LearnedFrom(globs) => subject.learned_from.is_some_and(|peer| any(globs, peer.name)),
            Self::Interface(globs) => route.interface.as_deref().is_some_and(|name| any(globs, name)),
            Self::Community(patterns) => patterns.iter().any(|pattern| pattern.matches_any(attributes)),
            Self::AsPathPrefix(wanted) => attributes.as_path.starts_with(wanted),
            Self::AsPathLength { min, max } => (*min..=*max).contains(&attributes.as_path.length()),
            Self::OriginAsn(wanted) => {
                attributes.as_path.origin_asn().is_some_and(|asn| wanted.contains(&asn))
            }
            Self::NextHop(prefixes) => {
                next_hop(route).is_some_and(|address| prefixes.iter().any(|net| net.contains(&address)))
            }
            Self::LocalPreference(wanted) => {
                attributes.local_preference.unwrap_or(DEFAULT_LOCAL_PREFERENCE) == *wanted
            }
            Self::Med(wanted) => attributes.med.unwrap_or(0) == *wanted,
            Self::Family(family) => Family::of(&subject.prefix) == *family,
            Self::Not(inner) => !inner.iter().all(|condition| condition.holds(subject, route)),
        }
    }

    /// What configurations call it.
    #[must_use]
    pub const fn key(&self) -> &'static str {
        match self {
            Self::Prefix(_) => "prefix",
            Self::Source(_) => "source",
            Self::Peer(_) => "peer",
            Self::PeerIsInternal(_) => "peer_type",
            Self::LearnedFrom(_) => "learned_from",
            Self::Interface(_) => "interface",
            Self::Community(_) => "community",
            Self::AsPathPrefix(_) => "as_path_prefix",
            Self::AsPathLength { .. } => "as_path_length",
            Self::OriginAsn(_) => "origin_asn",
            Self::NextHop(_) => "next_hop",
            Self::LocalPreference(_) => "local_preference",
            Self::Med(_) => "med",
            Self::Family(_) => "family",
            Self::Not(_) => "not",
        }
    }

    /// Whether the answer can differ between two prefixes of the same family.
    #[must_use]
    pub fn asks_for_prefix(&self) -> bool {
        match self {
            Self::Prefix(_) => true,
            Self::Not(inner) => inner.iter().any(Self::asks_for_prefix),
            Self::Source(_)
            | Self::Peer(_)
            | Self::PeerIsInternal(_)
            | Self::LearnedFrom(_)
            | Self::Interface(_)
            | Self::Community(_)
            | Self::AsPathPrefix(_)
            | Self::AsPathLength { .. }
            | Self::OriginAsn(_)
            | Self::NextHop(_)
            | Self::LocalPreference(_)
            | Self::Med(_)
            | Self::Family(_) => false,
        }
    }

    /// Whether the answer can differ between two peers of the same kind that a route is sent to.
    #[must_use]
    pub fn asks_for_peer(&self) -> bool {
        match self {
            Self::Peer(_) => true,
            Self::Not(inner) => inner.iter().any(Self::asks_for_peer),
            Self::Prefix(_)
            | Self::Source(_)
            | Self::PeerIsInternal(_)
            | Self::LearnedFrom(_)
            | Self::Interface(_)
            | Self::Community(_)
            | Self::AsPathPrefix(_)
            | Self::AsPathLength { .. }
            | Self::OriginAsn(_)
            | Self::NextHop(_)
            | Self::LocalPreference(_)
            | Self::Med(_)
            | Self::Family(_) => false,
        }
    }
}

fn any(globs: &[Glob], name: &str) -> bool {
    globs.iter().any(|glob| glob.matches(name))
}

fn next_hop(route: &Route) -> Option<IpAddr> {
    match route.forwarding {
        Forwarding::Via(NextHop::V4(address)) => Some(address.into()),
        Forwarding::Via(NextHop::V6 { global, .. }) => Some(global.into()),
        Forwarding::Device
        | Forwarding::Blackhole
        | Forwarding::Unreachable
        | Forwarding::Prohibit
        | Forwarding::Nowhere => None,
    }
}

/// What LOCAL_PREF counts as where a route carries none.
const DEFAULT_LOCAL_PREFERENCE: u32 = 100;

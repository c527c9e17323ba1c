//! The audience: who may hear a path. Every rule that keeps a path from a peer has a name here.
//!
//! The RFC's version: what an internal peer said is not said to internal peers ([RFC 4271 §9.2]),
//! unless one of the two is a client ([RFC 4456 §6]), or both are and their cluster is meshed; well-known communities stop a path at a border
//! ([RFC 1997]); OTC stops it on its way up or sideways ([RFC 9234 §5]).
//! Ours: the rules that hold for a whole group are asked once, by [`refuses`]; the only rule that
//! differs between members of a group, that a path does not go back to where it came from, is carried
//! with the octets as an [`Audience`].
//!
//! [RFC 4271 §9.2]: https://www.rfc-editor.org/rfc/rfc4271#section-9.2
//! [RFC 4456 §6]: https://www.rfc-editor.org/rfc/rfc4456#section-6
//! [RFC 1997]: https://www.rfc-editor.org/rfc/rfc1997
//! [RFC 9234 §5]: https://www.rfc-editor.org/rfc/rfc9234#section-5

use std::fmt;

use crate::export::key::Key;
use crate::peer::AddPathSend;
use crate::policy::Decided;
use crate::rib::Source;
use crate::speaker::PeerId;
use crate::wire::{Attributes, Community, PeerKind, Role};

/// One rule that a path met on its way to a peer, and what the rule said.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Gate {
    /// AS 0, which is nobody's, stands in it ([RFC 7607](https://www.rfc-editor.org/rfc/rfc7607)).
    AsZero,
    /// Learned from a client, for a client of the same cluster, whose clients tell each other
    /// ([RFC 4456 §10](https://www.rfc-editor.org/rfc/rfc4456#section-10)).
    ClientToClient,
    /// It may be said, and nobody is told anything yet: first decisions after a restart are not complete
    /// ([RFC 4724 §4.1](https://www.rfc-editor.org/rfc/rfc4724#section-4.1)).
    HeldBack,
    /// A well-known community forbids it ([RFC 1997](https://www.rfc-editor.org/rfc/rfc1997)).
    Community(Community),
    /// There is no next hop that this session can carry ([RFC 8950](https://www.rfc-editor.org/rfc/rfc8950)).
    NoNextHop,
    /// No export policy towards an external peer ([RFC 8212](https://www.rfc-editor.org/rfc/rfc8212)).
    NoPolicy,
    /// Not the best path.
    NotBest,
    /// Not among those that additional paths send
    /// ([RFC 7911 §2](https://www.rfc-editor.org/rfc/rfc7911#section-2)).
    NotOffered(AddPathSend),
    /// A policy let it pass or not.
    Policy {
        /// It passed.
        accepted: bool,
        /// What decided, in the peer's list of export policies.
        by: Decided,
    },
    /// It is said, and the session has not taken all that was: it may not have this yet.
    Queued,
    /// Learned from a non-client internal peer, for a non-client internal peer
    /// ([RFC 4456 §6](https://www.rfc-editor.org/rfc/rfc4456#section-6)).
    Reflection,
    /// OTC is present and the peer is a provider, a peer or a route server
    /// ([RFC 9234 §5](https://www.rfc-editor.org/rfc/rfc9234#section-5)).
    Role,
    /// It is said.
    Sent,
    /// It came from this very peer.
    SplitHorizon,
    /// Its attributes do not fit a message of the peer's size.
    TooLong,
    /// Its next hop cannot be reached.
    Unreachable,
    /// It may be said, and has not been yet.
    Unsent,
    /// It was said before, and has not been withdrawn yet.
    Withdrawing,
}

impl fmt::Display for Gate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AsZero => f.write_str("AS 0 is in it (RFC 7607)"),
            Self::ClientToClient => {
                f.write_str("learned from a client, clients of this cluster tell each other")
            }
            Self::Community(community) => write!(f, "community {community} forbids it"),
            Self::NoNextHop => f.write_str("the session carries no next hop for it"),
            Self::HeldBack => f.write_str("kept back until first decisions are complete"),
            Self::NoPolicy => f.write_str("no export policy (RFC 8212)"),
            Self::NotBest => f.write_str("not the best path"),
            Self::NotOffered(AddPathSend::Best(most)) => write!(f, "not among the {most} best paths"),
            Self::NotOffered(AddPathSend::Ecmp) => f.write_str("not equal to the best path"),
            Self::NotOffered(AddPathSend::All) => f.write_str("not eligible"),
            Self::Policy { accepted: true, .. } => f.write_str("export policy accepts it"),
            Self::Policy { accepted: false, .. } => f.write_str("export policy rejects it"),
            Self::Queued => {
                f.write_str("advertised, perhaps still queued: the session has not taken everything yet")
            }
            Self::Reflection => f.write_str("learned from an internal peer, neither of the two is a client"),
            Self::Role => f.write_str("it is for customers only (RFC 9234)"),
            Self::Sent => f.write_str("advertised"),
            Self::SplitHorizon => f.write_str("it came from this peer"),
            Self::TooLong => f.write_str("its attributes do not fit a message"),
            Self::Unreachable => f.write_str("its next hop cannot be reached"),
            Self::Unsent => f.write_str("to be advertised: the session has not taken it yet"),
            Self::Withdrawing => f.write_str("advertised before, and to be so no longer"),
        }
    }
}

/// Which members of a group are meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Audience {
    /// Every member.
    All,
    /// Every member but the one it came from.
    Except(PeerId),
    /// This member alone.
    Only(PeerId),
}

impl Audience {
    /// Everybody but the peer that `source` is.
    pub(super) fn of(source: &Source) -> Self {
        source.peer().map_or(Self::All, |peer| Self::Except(peer.peer))
    }

    /// Whether `peer` is meant.
    pub(super) fn admits(self, peer: PeerId) -> bool {
        match self {
            Self::All => true,
            Self::Except(other) => other != peer,
            Self::Only(one) => one == peer,
        }
    }
}

/// The rule by which nobody in the group may hear a path from `source`, if there is one.
pub(super) fn refuses(key: &Key, source: &Source, attributes: &Attributes) -> Option<Gate> {
    if is_internal_matter(key, source) {
        return Some(Gate::Reflection);
    }
    if is_told_by_the_mesh(key, source) {
        return Some(Gate::ClientToClient);
    }
    let forbidding = |community: &&Community| forbids(key, **community);
    if let Some(community) = attributes.communities.iter().find(forbidding) {
        return Some(Gate::Community(*community));
    }
    leaks(key.role, attributes).then_some(Gate::Role)
}

/// From an internal peer to an internal peer, neither of them a client.
fn is_internal_matter(key: &Key, source: &Source) -> bool {
    let said_by_non_client =
        |source: &Source| source.peer().is_some_and(|peer| peer.kind == PeerKind::Internal && !peer.client);
    key.kind == PeerKind::Internal && !key.client && said_by_non_client(source)
}

/// From a client to a client of the same cluster, where they are meshed.
fn is_told_by_the_mesh(key: &Key, source: &Source) -> bool {
    let is_of_the_cluster =
        |source: &Source| source.peer().is_some_and(|peer| peer.client && peer.cluster_id == key.cluster_id);
    key.meshed && is_of_the_cluster(source)
}

fn forbids(key: &Key, community: Community) -> bool {
    match community {
        Community::NO_ADVERTISE => true,
        Community::NO_EXPORT => key.kind == PeerKind::External,
        Community::NO_EXPORT_SUBCONFED => key.kind != PeerKind::Internal,
        Community::LLGR_STALE => !key.long_lived,
        _ => false,
    }
}

/// Whether OTC is present and our role says that the peer is above or beside us.
fn leaks(role: Option<Role>, attributes: &Attributes) -> bool {
    attributes.otc.is_some() && matches!(role, Some(Role::Customer | Role::Peer | Role::RouteServerClient))
}

#[cfg(test)]
mod tests;

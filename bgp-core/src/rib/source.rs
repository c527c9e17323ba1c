//! Sources: who routes come from. Registered once, named by a small number in every path.

use std::net::IpAddr;

use crate::rib::LocalSource;
use crate::speaker::PeerId;
use crate::wire::PeerKind;
use crate::{Asn, RouterId};

/// Names a source in a [`Rib`](crate::rib::Rib). Reused after the source is removed and its last path gone.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(pub(super) u32);

/// What the decision process and the export side have to know about a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PeerSource {
    /// The speaker's name for it.
    pub peer: PeerId,
    /// On which side of which border it stands.
    pub kind: PeerKind,
    /// Its AS.
    pub asn: Asn,
    /// Its BGP Identifier.
    pub router_id: RouterId,
    /// Its address.
    pub address: IpAddr,
    /// It is a client of ours ([RFC 4456 §2](https://www.rfc-editor.org/rfc/rfc4456#section-2)).
    pub client: bool,
    /// Our cluster id towards it.
    pub cluster_id: RouterId,
}

/// Who says that a prefix can be reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// This machine.
    Local(LocalSource),
    /// A BGP peer.
    Bgp(PeerSource),
}

impl Source {
    /// The preference of BGP routes beside [`LocalSource::preference`].
    pub const BGP_PREFERENCE: u16 = 100;

    /// The preference, higher wins before anything else is compared.
    #[must_use]
    pub const fn preference(&self) -> u16 {
        match self {
            Self::Local(local) => local.preference(),
            Self::Bgp(_) => Self::BGP_PREFERENCE,
        }
    }

    /// The peer, if it is one.
    #[must_use]
    pub const fn peer(&self) -> Option<&PeerSource> {
        match self {
            Self::Local(_) => None,
            Self::Bgp(peer) => Some(peer),
        }
    }
}

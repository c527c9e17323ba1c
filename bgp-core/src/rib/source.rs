//! Sources: who routes come from. Registered once, named by a small number in every path.

use std::net::IpAddr;

use crate::rib::LocalSource;
use crate::rib::slab::Slab;
use crate::speaker::PeerId;
use crate::wire::PeerKind;
use crate::{Asn, RouterId};

/// Names a source in a [`Rib`](crate::rib::Rib).
///
/// A place in a list and how often that place was taken before, so that the name of a source that went
/// does not come to mean the next one while somebody still remembers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SourceId(u32);

impl SourceId {
    /// Four million sources at once; a name comes back after its place was taken 1024 times.
    const PLACE_BITS: u32 = 22;
    const PLACE: u32 = (1 << Self::PLACE_BITS) - 1;

    const fn new(place: u32, turn: u32) -> Self {
        assert!(place <= Self::PLACE, "memory ends before the places do");
        Self(turn << Self::PLACE_BITS | place)
    }

    const fn place(self) -> u32 {
        self.0 & Self::PLACE
    }

    /// Its place in an array by source.
    pub(super) const fn index(self) -> usize {
        self.place() as usize
    }
}

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

/// A source and whether it is about to go.
#[derive(Clone, Copy, Debug)]
pub(super) struct Registered {
    id: SourceId,
    pub(super) source: Source,
    pub(super) leaving: bool,
}

/// The registered sources.
#[derive(Debug, Default)]
pub(super) struct Sources {
    registered: Slab<Registered>,
    /// How often each place was taken.
    turns: Vec<u32>,
}

impl Sources {
    pub(super) fn insert(&mut self, source: Source) -> SourceId {
        let registered = Registered { id: SourceId::new(0, 0), source, leaving: false };
        let place = self.registered.insert(registered);
        let at = place as usize;
        if at >= self.turns.len() {
            self.turns.resize(at + 1, 0);
        }
        let id = SourceId::new(place, self.turns[at]);
        self.turns[at] = self.turns[at].wrapping_add(1);
        if let Some(registered) = self.registered.get_mut(place) {
            registered.id = id;
        }
        id
    }

    pub(super) fn get(&self, id: SourceId) -> Option<&Registered> {
        self.registered.get(id.place()).filter(|registered| registered.id == id)
    }

    pub(super) fn get_mut(&mut self, id: SourceId) -> Option<&mut Registered> {
        self.registered.get_mut(id.place()).filter(|registered| registered.id == id)
    }

    pub(super) fn remove(&mut self, id: SourceId) {
        if self.get(id).is_some() {
            self.registered.remove(id.place());
        }
    }
}

//! Nets: a prefix with its paths, by number, and what was decided about it.

use crate::rib::interned::RouteId;
use crate::rib::queue::Queue;
use crate::rib::slab::Slab;
use crate::rib::{PathSlot, SourceId};

/// Names a net, a prefix with its paths, in its table. Dense, so that consumers can keep arrays by net.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NetId(pub(super) u32);

impl NetId {
    /// The first of all ids, where walks start.
    pub const FIRST: Self = Self(0);

    /// The id whose place in an array by net is `index`; the last there can be where that is too large.
    pub(crate) fn at(index: usize) -> Self {
        Self(u32::try_from(index).unwrap_or(u32::MAX))
    }

    /// Its place in an array by net.
    #[must_use]
    pub const fn index(self) -> usize {
        self.0 as usize
    }

    /// The id that follows, for walks in slices.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

/// The outcome of a decision: identity of path, source and route, never rank.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Decided {
    pub(super) slot: PathSlot,
    pub(super) source: SourceId,
    pub(super) route: RouteId,
}

/// What hangs on a prefix. Its decision is found where it was made: in the path, for as long as that says
/// what it said then.
#[derive(Clone, Debug)]
pub(super) struct Net {
    pub(super) first: Option<PathSlot>,
    /// The path decided on, or with `is_displaced` what is kept of it.
    pub(super) decided: Option<PathSlot>,
    pub(super) holds: u16,
    pub(super) is_displaced: bool,
    pub(super) waiting: Waiting,
}

/// Whether a net waits for its decision.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Waiting {
    No,
    /// Since its last decision one path has come, which stands first, and nothing else has changed.
    Newcomer,
    Yes,
    /// The decision counts as a change whatever it is: what is known about the source changed.
    Anew,
}

impl Waiting {
    /// What it waits for where `another` reason is added.
    const fn and(self, another: Self) -> Self {
        match (self, another) {
            (Self::No, one) | (one, Self::No) => one,
            (Self::Anew, _) | (_, Self::Anew) => Self::Anew,
            (Self::Newcomer | Self::Yes, Self::Newcomer | Self::Yes) => Self::Yes,
        }
    }
}

// A prefix costs this, five octets (IPv6: seventeen) and its place in the index.
const _: () = assert!(Slab::<Net>::SLOT <= 12);

impl Net {
    /// One without paths.
    pub(super) const EMPTY: Self =
        Self { first: None, decided: None, holds: 0, is_displaced: false, waiting: Waiting::No };

    /// It is to be decided, and stands in the queue as `id`.
    pub(super) fn wait(&mut self, id: NetId, why: Waiting, queue: &mut Queue) {
        if self.waiting == Waiting::No {
            queue.push(id);
        }
        self.waiting = self.waiting.and(why);
    }
}

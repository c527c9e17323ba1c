//! A path: what one source says about one prefix. 20 octets, chained from its net.

use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use crate::Instant;
use crate::rib::interned::RouteId;
use crate::rib::{Interned, NetId, SourceId};
use crate::wire::{Nlri, PathId};

/// Names a path in its table for as long as the path lives.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PathSlot(NonZeroU32);

impl PathSlot {
    pub(super) const fn new(index: u32) -> Self {
        Self(NonZeroU32::MIN.saturating_add(index))
    }

    pub(super) const fn index(self) -> u32 {
        self.0.get() - 1
    }

    /// The path identifier to send for this path: stable for its life, unique in its table, never 0
    /// ([RFC 7911 §3](https://www.rfc-editor.org/rfc/rfc7911#section-3)).
    #[must_use]
    pub const fn send_id(self) -> PathId {
        PathId(self.0.get())
    }
}

/// Why a path that was received cannot be chosen, whatever else there is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, thiserror::Error)]
pub enum Ineligible {
    /// AS_PATH has our AS ([RFC 4271 §9.1.2](https://www.rfc-editor.org/rfc/rfc4271#section-9.1.2)).
    #[error("our AS is in the AS path")]
    AsLoop,
    /// ORIGINATOR_ID is ours ([RFC 4456 §8](https://www.rfc-editor.org/rfc/rfc4456#section-8)).
    #[error("we originated it")]
    OriginatorLoop,
    /// CLUSTER_LIST has our cluster ([RFC 4456 §8](https://www.rfc-editor.org/rfc/rfc4456#section-8)).
    #[error("our cluster is in the cluster list")]
    ClusterLoop,
    /// The next hop is one of our own addresses, or no address of a host.
    #[error("the next hop is not usable")]
    NextHop,
    /// The next hop is on another link than the peer, which is external and one hop away
    /// ([RFC 4271 §6.3](https://www.rfc-editor.org/rfc/rfc4271#section-6.3)).
    #[error("the next hop is not on the link to the peer")]
    DistantNextHop,
    /// OTC says that it leaked ([RFC 9234 §5](https://www.rfc-editor.org/rfc/rfc9234#section-5)).
    #[error("route leak")]
    Leak,
    /// No policy, and the peer is external ([RFC 8212](https://www.rfc-editor.org/rfc/rfc8212)).
    #[error("no import policy")]
    NoPolicy,
    /// Import policy rejected it.
    #[error("import policy rejected it")]
    Policy,
}

/// What import made of a route: what may be chosen, or why not.
pub type Accepted = Result<Arc<Interned>, Ineligible>;

/// One path as stored. Who said it, and under which identifier, [`Paths`](super::paths::Paths) knows.
#[derive(Clone, Copy, Debug)]
pub(super) struct Path {
    /// Held by this name.
    pub(super) received: RouteId,
    /// Seconds since the epoch of [`Instant`]: four octets are enough until 2106.
    since: u32,
    pub(super) net: NetId,
    pub(super) next: Option<PathSlot>,
    /// The generation of its source's roll in which it was last announced.
    pub(super) generation: u16,
    pub(super) judgement: Judgement,
}

/// What import made of a path, in one octet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Judgement {
    /// It may be chosen as it was received: nearly all are.
    AsReceived,
    /// It may be chosen as the table has it aside.
    Rewritten,
    /// It may not be chosen.
    Refused(Ineligible),
}

impl Judgement {
    /// What import made of a path that says `received`.
    pub(super) fn of(accepted: &Accepted, received: RouteId) -> Self {
        match accepted {
            Ok(route) if route.id() == received => Self::AsReceived,
            Ok(_) => Self::Rewritten,
            Err(reason) => Self::Refused(*reason),
        }
    }
}

// Four million paths fit a node of 128 MiB only as long as this holds.
const _: () = assert!(size_of::<Option<Path>>() <= 20);

impl Path {
    /// A path that no import has accepted yet, in no chain.
    pub(super) fn new(net: NetId, received: RouteId, now: Instant) -> Self {
        Self {
            received,
            since: seconds(now),
            net,
            next: None,
            generation: 0,
            judgement: Judgement::Refused(Ineligible::NoPolicy),
        }
    }

    /// When it was last received with other content.
    pub(super) fn since(&self) -> Instant {
        Instant::ZERO + Duration::from_secs(self.since.into())
    }

    /// It is received with other content; what it was received with before.
    pub(super) fn receive(&mut self, received: RouteId, now: Instant) -> RouteId {
        self.since = seconds(now);
        std::mem::replace(&mut self.received, received)
    }
}

fn seconds(now: Instant) -> u32 {
    u32::try_from(now.as_micros() / 1_000_000).unwrap_or(u32::MAX)
}

/// A path as consumers and views see it.
#[derive(Clone, Copy, Debug)]
pub struct PathView<'a> {
    /// Its place; `slot.send_id()` is the identifier to send.
    pub slot: PathSlot,
    /// Who said it.
    pub source: SourceId,
    /// The identifier it was received with.
    pub path_id: PathId,
    /// As received.
    pub received: &'a Arc<Interned>,
    /// As import policy left it.
    pub accepted: Result<&'a Arc<Interned>, Ineligible>,
    /// It is the best, by the last decision.
    pub best: bool,
    /// Kept over a restart of its source and not announced again yet.
    pub stale: bool,
    /// When it was last announced with other content, to the second.
    pub since: Instant,
}

/// A path whose import has to be evaluated anew; answer with [`Rib::judge`](crate::rib::Rib::judge).
#[derive(Clone, Debug)]
pub struct Reimport {
    /// Who said it.
    pub source: SourceId,
    /// Its prefix, and the identifier it was received with.
    pub nlri: Nlri,
    /// As received.
    pub received: Arc<Interned>,
    /// As import left it before.
    pub accepted: Accepted,
    /// Kept over a restart of its source and not announced again yet.
    pub stale: bool,
}

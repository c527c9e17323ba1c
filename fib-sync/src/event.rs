//! What the table tells: foreign routes, connected prefixes, next hops, and wishes that could not be met.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::{Refused, SetId};

/// Where a learned route comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Origin {
    /// A connected prefix: an address of an interface that is up.
    Direct,
    /// A foreign route of the table.
    Kernel,
}

/// What a learned route does with packets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LearnedKind {
    /// Forwards them to its hops.
    Unicast,
    /// Drops them silently.
    Blackhole,
    /// Drops them with ICMP unreachable.
    Unreachable,
    /// Drops them with ICMP prohibited.
    Prohibit,
}

/// One way out of a learned route or to a tracked address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KnownHop {
    /// The neighbour; `None` where packets leave straight out of the interface.
    pub gateway: Option<IpAddr>,
    /// Name of the outgoing interface.
    pub interface: Arc<str>,
}

/// The best foreign route of a prefix, or a connected prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LearnedRoute {
    /// What it does with packets.
    pub kind: LearnedKind,
    /// Its ways out: one for a connected prefix, none unless it is unicast.
    pub hops: Vec<KnownHop>,
    /// Its metric in the kernel; 0 for connected prefixes.
    pub metric: u32,
    /// Its route protocol in the kernel; 2 (`kernel`) for connected prefixes.
    pub protocol: u8,
    /// Its scope in the kernel: 0 is global, 253 link, 254 host.
    pub scope: u8,
}

/// What is tracked: an address, and where it is said, the interface over which it has to be reached.
///
/// An IPv6 link-local address means something only with its interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct NextHop {
    /// The address.
    pub address: IpAddr,
    /// Name of the interface; `None`: whichever leads to it.
    pub interface: Option<Arc<str>>,
}

impl NextHop {
    /// An address on the link of this interface.
    #[must_use]
    pub fn over(address: IpAddr, interface: &str) -> Self {
        Self { address, interface: Some(interface.into()) }
    }
}

impl From<IpAddr> for NextHop {
    fn from(address: IpAddr) -> Self {
        Self { address, interface: None }
    }
}

/// How a tracked address is reached.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Resolution {
    /// 0 where connected, else the metric of the route used.
    pub metric: u32,
    /// The ways to it, sorted; never empty.
    pub hops: Vec<KnownHop>,
}

/// What one sweep did after [`settle`](crate::Handle::settle).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sweep {
    /// Routes of ours found at start.
    pub adopted: usize,
    /// Those nobody wished for.
    pub stale: usize,
    /// True: the brake held, the stale ones stay until [`sweep_anyway`](crate::Handle::sweep_anyway).
    pub held: bool,
}

/// Everything a table tells. Between two reads only the last state of a prefix or address is kept.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Event {
    /// The first complete view is there: everything learned so far has been told, operations may start.
    Synced {
        /// Routes of ours that were found and adopted.
        adopted: usize,
    },
    /// A foreign route or a connected prefix appeared or changed.
    Learned {
        /// Its prefix.
        prefix: IpNet,
        /// With the prefix, its identity.
        origin: Origin,
        /// What it says now.
        route: LearnedRoute,
    },
    /// It went.
    Lost {
        /// Its prefix.
        prefix: IpNet,
        /// With the prefix, its identity.
        origin: Origin,
    },
    /// A tracked address is reached differently, or for the first time looked up. `None`: not at all.
    Resolved {
        /// The address.
        address: IpAddr,
        /// The interface that was asked for with it, if one was.
        interface: Option<Arc<str>>,
        /// How.
        resolution: Option<Resolution>,
    },
    /// A wish is not met. Told once per prefix and reason, retried by itself.
    Diverged {
        /// The prefix.
        prefix: IpNet,
        /// Why.
        refused: Refused,
    },
    /// A wish that had diverged is met, or no longer wished.
    Healed {
        /// The prefix.
        prefix: IpNet,
    },
    /// The kernel does not hold all the hops of a set. Told once per set and reason, retried by itself.
    SetDiverged {
        /// The set.
        set: SetId,
        /// Why.
        refused: Refused,
    },
    /// A set that had diverged is held, or no longer wished.
    SetHealed {
        /// The set.
        set: SetId,
    },
    /// The kernel has no next-hop objects: the hops of sets are written into the routes.
    ObjectsUnsupported {
        /// What it said.
        refused: Refused,
    },
    /// The sweep after [`settle`](crate::Handle::settle) was decided.
    Swept(Sweep),
    /// Events were lost or a dump was interrupted; the view is being read again.
    Overrun,
    /// A reading of the whole view found wishes that the kernel did not hold any more; they are being repaired.
    Drift {
        /// How many.
        routes: usize,
        /// The first of them, a few at most.
        examples: Vec<IpNet>,
    },
}

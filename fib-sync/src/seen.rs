//! The kernel's side of the vocabulary: what it holds, what it says, what it is asked to do.

use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::{KernelObject, ObjectOperation};

/// One way out of a route in the kernel, the interface by index.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct KernelHop {
    /// The neighbour; `None`: straight out of the interface.
    pub gateway: Option<IpAddr>,
    /// Index of the interface; 0 in an operation leaves the choice to the kernel.
    pub interface: u32,
    /// The gateway is believed to be on the interface.
    pub onlink: bool,
    /// Share of the traffic, 1 to 256.
    pub weight: u16,
}

/// What a route in the kernel does with packets.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum KernelForwarding {
    /// Forwards them.
    Unicast(Vec<KernelHop>),
    /// Drops them silently.
    Blackhole,
    /// Drops them with ICMP unreachable.
    Unreachable,
    /// Drops them with ICMP prohibited.
    Prohibit,
    /// Something we never install: `throw`, `local`, `multicast`, by number.
    Other(u8),
}

impl KernelForwarding {
    pub(crate) fn hops(&self) -> &[KernelHop] {
        match self {
            Self::Unicast(hops) => hops,
            Self::Blackhole | Self::Unreachable | Self::Prohibit | Self::Other(_) => &[],
        }
    }
}

/// A route as the kernel holds it, in the one table that is kept.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct KernelRoute {
    /// The prefix.
    pub prefix: IpNet,
    /// The metric; with the prefix, the kernel's key.
    pub metric: u32,
    /// Who wrote it.
    pub protocol: u8,
    /// 0 is global, 253 link, 254 host.
    pub scope: u8,
    /// What it does.
    pub forwarding: KernelForwarding,
    /// Preferred source address.
    pub source: Option<IpAddr>,
    /// The next-hop object it stands on, if any.
    pub object: Option<u32>,
}

impl KernelRoute {
    /// The hops; none unless it forwards.
    #[must_use]
    pub fn hops(&self) -> &[KernelHop] {
        self.forwarding.hops()
    }
}

/// An interface.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link {
    /// Its index, unique while it lives.
    pub index: u32,
    /// Its name, which may change.
    pub name: Arc<str>,
    /// Administratively up.
    pub up: bool,
    /// Up and with a carrier.
    pub running: bool,
    /// Index of the interface it is enslaved to, if any: a VRF, a bridge, a bond.
    pub master: Option<u32>,
    /// The table of the VRF, if this is one.
    pub vrf: Option<u32>,
}

/// An address of an interface.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Address {
    /// Index of the interface.
    pub interface: u32,
    /// The address itself.
    pub local: IpAddr,
    /// The prefix it connects to; `None` where it connects to none (`noprefixroute`).
    pub connected: Option<IpNet>,
    /// The scope: 0 is global, 253 link, 254 host.
    pub scope: u8,
}

/// Where the kernel put a new route among those of the same key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In front of them.
    First,
    /// Behind them. IPv6 merges it into a multipath route.
    Last,
    /// Instead of the first of them.
    Instead,
}

/// One thing the kernel said. Events and the entries of a reading come in the kernel's own order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Seen {
    /// A route was written.
    Added {
        /// The route as it is now.
        route: KernelRoute,
        /// Where it was put.
        place: Place,
    },
    /// A route went.
    Removed(KernelRoute),
    /// A reading lists this route.
    Listed(KernelRoute),
    /// A reading lists the route it listed last, at this prefix too.
    ListedAlike(IpNet),
    /// An interface appeared or changed, or a reading lists it.
    Link(Link),
    /// An interface went.
    LinkGone(u32),
    /// An address appeared, or a reading lists it.
    Address(Address),
    /// An address went.
    AddressGone(Address),
    /// A next-hop object appeared or was replaced, or a reading lists it.
    Object(KernelObject),
    /// A next-hop object went.
    ObjectGone(u32),
    /// The reading asked for by [`Output::Read`] is complete.
    Complete,
    /// It is complete, but the kernel says that it changed meanwhile.
    Interrupted,
    /// It could not be made.
    Failed,
    /// Events and answers were lost.
    Overrun,
}

/// Names an operation until it is answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ticket(pub(crate) u64);

/// One change of the table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Write a route where the key is free; the kernel refuses if it is not.
    Create(KernelRoute),
    /// Write a route over the first one of its key, which is ours.
    Replace(KernelRoute),
    /// Remove the first route of our protocol at this key. Carries the route as it was last seen.
    Remove(KernelRoute),
}

impl Operation {
    /// The route written or removed.
    #[must_use]
    pub const fn route(&self) -> &KernelRoute {
        match self {
            Self::Create(route) | Self::Replace(route) | Self::Remove(route) => route,
        }
    }

    /// Whether a yes says all: the kernel then holds this very route, or no route of ours at the key. The event
    /// of such an operation is not told to a [`Reconciler`](crate::Reconciler); its answer stands for both.
    ///
    /// Of any other operation the event comes first: the kernel has chosen an interface (a hop without one, a
    /// next-hop object), did it in parts (IPv6 multipath), or chose what to remove (IPv4 takes metric 0 for any).
    #[must_use]
    pub fn is_plain(&self) -> bool {
        let route = self.route();
        let is_v6 = matches!(route.prefix, IpNet::V6(_));
        let named = route.hops().iter().all(|hop| hop.interface != 0);
        let whole = !(is_v6 && route.hops().len() > 1);
        let exact = is_v6 || route.metric != 0 || !matches!(self, Self::Remove(_));
        route.object.is_none() && named && whole && exact
    }
}

/// What a [`Reconciler`](crate::Reconciler) asks of the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Output {
    /// List all interfaces, all addresses, all next-hop objects and the routes of the table, in this order, and end with
    /// [`Seen::Complete`], [`Seen::Interrupted`] or [`Seen::Failed`].
    Read,
    /// Do this and answer with [`Reconciler::done`](crate::Reconciler::done).
    Apply(Ticket, Operation),
    /// Do this to the namespace's next-hop objects and answer likewise.
    Arrange(Ticket, ObjectOperation),
}

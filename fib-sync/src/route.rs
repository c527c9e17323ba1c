//! A wished route: what the table is to hold for a prefix.

use std::net::IpAddr;
use std::sync::Arc;

use crate::SetId;

/// One way out of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Hop {
    /// The neighbour to hand packets to; `None`: straight out of the interface. An IPv6 gateway serves an
    /// IPv4 prefix too.
    pub gateway: Option<IpAddr>,
    /// The interface; `None` leaves the choice to the kernel, by the connected prefix of the gateway.
    pub interface: Option<Arc<str>>,
    /// The gateway is on the interface although no connected prefix says so.
    pub onlink: bool,
    /// Share of the traffic, 1 to 256.
    pub weight: u16,
}

impl Hop {
    /// Through a neighbour.
    #[must_use]
    pub const fn via(gateway: IpAddr) -> Self {
        Self { gateway: Some(gateway), interface: None, onlink: false, weight: 1 }
    }

    /// Straight out of an interface.
    #[must_use]
    pub fn device(interface: &str) -> Self {
        Self { gateway: None, interface: Some(interface.into()), onlink: false, weight: 1 }
    }

    /// The same hop, over this interface.
    #[must_use]
    pub fn over(self, interface: &str) -> Self {
        Self { interface: Some(interface.into()), ..self }
    }

    /// The same hop, with the gateway believed to be on the interface.
    #[must_use]
    pub fn onlink(self) -> Self {
        Self { onlink: true, ..self }
    }

    /// The same hop with this share of the traffic.
    #[must_use]
    pub fn weighing(self, weight: u16) -> Self {
        Self { weight, ..self }
    }
}

/// What happens to a packet of a route.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Forwarding {
    /// It goes to one of these hops.
    Unicast(Vec<Hop>),
    /// It goes to one of the hops of this set, whatever they are: see [`Handle::want_set`](crate::Handle::want_set).
    Through(SetId),
    /// It is dropped silently.
    Blackhole,
    /// It is dropped with ICMP unreachable.
    Unreachable,
    /// It is dropped with ICMP prohibited.
    Prohibit,
}

/// What the table is to hold for a prefix.
///
/// Path MTU and the other metrics of RTA_METRICS are nobody's wish: what somebody set on a route of ours stays as long
/// as the route need not be written, and one that is written has none.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Route {
    /// What happens to the packets.
    pub forwarding: Forwarding,
    /// The metric; `None` takes the configured one. IPv6 stores 0 as 1024.
    pub metric: Option<u32>,
    /// Preferred source address of our own packets.
    pub source: Option<IpAddr>,
    /// Tracked addresses may be reached through it: static configuration, say. Not for routes that themselves
    /// stand on the answer for a tracked address.
    pub carries: bool,
}

impl Route {
    /// A route with the configured metric and no source address.
    #[must_use]
    pub const fn new(forwarding: Forwarding) -> Self {
        Self { forwarding, metric: None, source: None, carries: false }
    }

    /// To these hops.
    #[must_use]
    pub fn unicast(hops: impl IntoIterator<Item = Hop>) -> Self {
        Self::new(Forwarding::Unicast(hops.into_iter().collect()))
    }

    /// Through one neighbour.
    #[must_use]
    pub fn via(gateway: IpAddr) -> Self {
        Self::unicast([Hop::via(gateway)])
    }

    /// To the hops of a set.
    #[must_use]
    pub const fn through(set: SetId) -> Self {
        Self::new(Forwarding::Through(set))
    }

    /// Dropped silently.
    #[must_use]
    pub const fn blackhole() -> Self {
        Self::new(Forwarding::Blackhole)
    }

    /// The neighbours it hands packets to.
    pub(crate) fn gateways(&self) -> Vec<IpAddr> {
        match &self.forwarding {
            Forwarding::Unicast(hops) => hops.iter().filter_map(|hop| hop.gateway).collect(),
            Forwarding::Through(_)
            | Forwarding::Blackhole
            | Forwarding::Unreachable
            | Forwarding::Prohibit => Vec::new(),
        }
    }

    /// The set it goes through.
    pub(crate) const fn set(&self) -> Option<SetId> {
        match self.forwarding {
            Forwarding::Through(set) => Some(set),
            Forwarding::Unicast(_)
            | Forwarding::Blackhole
            | Forwarding::Unreachable
            | Forwarding::Prohibit => None,
        }
    }

    /// The same route at this metric.
    #[must_use]
    pub fn at(self, metric: u32) -> Self {
        Self { metric: Some(metric), ..self }
    }

    /// The same route, used to reach tracked addresses.
    ///
    /// One level deep: its own gateways are looked up as if no route of ours carried anything. A route whose hops are
    /// the answer for a tracked address should not carry, or two such routes could hold each other; one through a set
    /// never does.
    #[must_use]
    pub fn carrying(self) -> Self {
        Self { carries: true, ..self }
    }

    /// The same route, preferring this source address.
    #[must_use]
    pub fn from(self, source: IpAddr) -> Self {
        Self { source: Some(source), ..self }
    }
}

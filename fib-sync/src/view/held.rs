//! A route in the kernel without its prefix. Few distinct ones are held by very many prefixes.

use std::net::IpAddr;

use ipnet::IpNet;

use crate::seen::{KernelForwarding, KernelHop, KernelRoute};

/// What a [`KernelRoute`] says beside its prefix.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Held {
    /// The metric; with the prefix, the kernel's key.
    pub(crate) metric: u32,
    /// Who wrote it.
    pub(crate) protocol: u8,
    /// 0 is global, 253 link, 254 host.
    pub(crate) scope: u8,
    /// What it does.
    pub(crate) forwarding: KernelForwarding,
    /// Preferred source address.
    pub(crate) source: Option<IpAddr>,
    /// The next-hop object it stands on, if any.
    pub(crate) object: Option<u32>,
}

impl Held {
    /// The route of this prefix.
    pub(crate) fn at(self, prefix: IpNet) -> KernelRoute {
        let Self { metric, protocol, scope, forwarding, source, object } = self;
        KernelRoute { prefix, metric, protocol, scope, forwarding, source, object }
    }

    /// The hops; none unless it forwards.
    pub(crate) fn hops(&self) -> &[KernelHop] {
        self.forwarding.hops()
    }
}

impl From<KernelRoute> for Held {
    fn from(route: KernelRoute) -> Self {
        let KernelRoute { prefix: _, metric, protocol, scope, forwarding, source, object } = route;
        Self { metric, protocol, scope, forwarding, source, object }
    }
}

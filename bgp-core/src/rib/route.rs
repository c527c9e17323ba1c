//! A route without its prefix: what one path says. Interned, so equal routes share one allocation.

use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::wire::{Attributes, NextHop};

/// Where packets of a route go.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Forwarding {
    /// To a next hop that has to be resolved.
    Via(NextHop),
    /// Straight out of `Route::interface`: connected and workload routes.
    Device,
    /// Dropped silently.
    Blackhole,
    /// Dropped with ICMP unreachable.
    Unreachable,
    /// Dropped with ICMP prohibited.
    Prohibit,
    /// Announced to peers, never programmed.
    Nowhere,
}

/// Which local source a route came from. BIRD's protocol preferences order them against BGP:
/// direct 240, static 200, BGP 100, kernel 10.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum LocalSource {
    /// A connected prefix of an interface.
    Direct,
    /// Configured: `[[originate]]`.
    Static,
    /// A foreign route of the kernel's table.
    Kernel,
}

impl LocalSource {
    /// The preference, higher wins before anything else is compared.
    #[must_use]
    pub const fn preference(self) -> u16 {
        match self {
            Self::Direct => 240,
            Self::Static => 200,
            Self::Kernel => 10,
        }
    }
}

impl fmt::Display for LocalSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Direct => "direct",
            Self::Static => "static",
            Self::Kernel => "kernel",
        })
    }
}

/// What a policy asked of the kernel route.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct KernelHint {
    /// Kernel metric instead of the configured one.
    pub metric: Option<u32>,
    /// Send through this tunnel device, onlink, instead of the resolved interface.
    pub tunnel: Option<Arc<str>>,
    /// Preferred source address.
    pub source_address: Option<IpAddr>,
}

/// What one path says, apart from its prefix and who said it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Route {
    /// The BGP path attributes; local routes have the defaults and what the operator set.
    pub attributes: Attributes,
    /// Where packets go.
    pub forwarding: Forwarding,
    /// The interface, for connected and kernel-learned routes.
    pub interface: Option<Arc<str>>,
    /// What policy asked of the kernel route.
    pub kernel: KernelHint,
}

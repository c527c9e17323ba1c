//! Actions: what a rule does to a route that matched.

use std::net::IpAddr;
use std::sync::Arc;

use crate::Asn;
use crate::policy::{CommunityPattern, Disposition};
use crate::wire::{Community, ExtendedCommunity, LargeCommunity, Origin};

/// The next hop a rule sets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextHopAction {
    /// Our own address on the session.
    Own,
    /// This address.
    Address(IpAddr),
}

/// What a rule changes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Set {
    /// LOCAL_PREF.
    pub local_preference: Option<u32>,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// Next hop.
    pub next_hop: Option<NextHopAction>,
    /// ORIGIN.
    pub origin: Option<Origin>,
    /// Communities to add.
    pub add_communities: Vec<Community>,
    /// Large communities to add.
    pub add_large_communities: Vec<LargeCommunity>,
    /// Extended communities to add.
    pub add_extended_communities: Vec<ExtendedCommunity>,
    /// Communities of any kind to remove.
    pub remove_communities: Vec<CommunityPattern>,
    /// AS numbers to prepend, the first becoming leftmost.
    pub prepend: Vec<Asn>,
    /// Kernel metric.
    pub metric: Option<u32>,
    /// Tunnel device.
    pub tunnel: Option<Arc<str>>,
    /// Preferred source address.
    pub source_address: Option<IpAddr>,
}

/// What a rule does: changes, then a disposition.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Action {
    /// The changes.
    pub set: Set,
    /// The disposition.
    pub disposition: Disposition,
}

//! Actions: what a rule does to a route that matched.

use std::net::IpAddr;
use std::sync::Arc;

use crate::Asn;
use crate::policy::{CommunityPattern, Disposition};
use crate::rib::{Forwarding, Route};
use crate::wire::{Attributes, Community, ExtendedCommunity, LargeCommunity, NextHop, Origin};

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
    /// Communities of any kind to remove, before those of this rule are added.
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

impl Action {
    /// No changes, only the disposition.
    #[must_use]
    pub fn only(disposition: Disposition) -> Self {
        Self { set: Set::default(), disposition }
    }
}

impl Set {
    /// Whether the rule changes nothing.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Makes the changes. [`NextHopAction::Own`] changes nothing here: what our address is, only the
    /// session knows.
    pub fn apply(&self, route: &mut Route) {
        self.apply_attributes(&mut route.attributes);
        if let Some(NextHopAction::Address(address)) = self.next_hop {
            route.forwarding = Forwarding::Via(match address {
                IpAddr::V4(address) => NextHop::V4(address),
                IpAddr::V6(global) => NextHop::V6 { global, link_local: None },
            });
        }
        let kernel = &mut route.kernel;
        kernel.metric = self.metric.or(kernel.metric);
        kernel.source_address = self.source_address.or(kernel.source_address);
        if self.tunnel.is_some() {
            kernel.tunnel.clone_from(&self.tunnel);
        }
    }

    fn apply_attributes(&self, attributes: &mut Attributes) {
        attributes.local_preference = self.local_preference.or(attributes.local_preference);
        attributes.med = self.med.or(attributes.med);
        attributes.origin = self.origin.unwrap_or(attributes.origin);
        for pattern in &self.remove_communities {
            pattern.remove_from(attributes);
        }
        add(&mut attributes.communities, &self.add_communities);
        add(&mut attributes.large_communities, &self.add_large_communities);
        add(&mut attributes.extended_communities, &self.add_extended_communities);
        if !self.prepend.is_empty() {
            attributes.as_path = attributes.as_path.prepend(&self.prepend);
        }
    }
}

/// Appends what is not there yet.
fn add<T: Copy + PartialEq>(list: &mut Box<[T]>, more: &[T]) {
    if more.iter().all(|one| list.contains(one)) {
        return;
    }
    let mut grown = list.to_vec();
    for one in more {
        if !grown.contains(one) {
            grown.push(*one);
        }
    }
    *list = grown.into();
}

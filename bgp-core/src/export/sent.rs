//! What is sent of a route: its next hop and its attributes, encoded for one group.

use crate::export::key::Key;
use crate::rib::{Forwarding, Route};
use crate::wire::{self, AttributeBlock, NextHop};

/// Next hop and attributes as octets. Two are one where a peer could not tell them apart.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(super) struct Sent {
    pub(super) next_hop: NextHop,
    pub(super) block: AttributeBlock,
}

impl Sent {
    /// The octets of `route`, which is as it is to be said; `None` where it has no next hop or there is no
    /// room for any one prefix in a message.
    pub(super) fn of(key: &Key, route: &Route) -> Option<Self> {
        let Forwarding::Via(next_hop) = route.forwarding else { return None };
        let block = AttributeBlock::encode(&route.attributes, &key.dialect);
        wire::fits(key.family, &next_hop, &block, &key.dialect).then_some(Self { next_hop, block })
    }
}

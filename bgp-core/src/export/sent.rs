//! What is sent of a route: its next hop and its attributes, encoded for one group, equal ones once.

use std::hash::BuildHasher;

use crate::export::key::Key;
use crate::rib::{Forwarding, Index, Route, Seeded};
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

/// Names octets in a [`Catalogue`]. Two that differ are two that a peer can tell apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct SentId(u32);

/// What is sent of the routes of one batch.
#[derive(Debug)]
pub(super) struct Catalogue {
    rows: Vec<Sent>,
    /// Finds octets among the rows.
    index: Index,
    seeded: Seeded,
}

impl Default for Catalogue {
    fn default() -> Self {
        // Few are looked up together, so the seed need not be secret.
        Self { rows: Vec::new(), index: Index::default(), seeded: Seeded::new(0) }
    }
}

impl Catalogue {
    /// The name of these octets.
    pub(super) fn enter(&mut self, sent: Sent) -> SentId {
        let hash = (self.seeded.hash_one(&sent) >> 32) as u32;
        if let Some(known) = self.index.find(hash, |at| self.rows[at as usize] == sent) {
            return SentId(known);
        }
        let id = u32::try_from(self.rows.len()).expect("a batch has fewer routes");
        self.index.insert(hash, id);
        self.rows.push(sent);
        SentId(id)
    }

    pub(super) fn get(&self, id: SentId) -> &Sent {
        &self.rows[id.0 as usize]
    }
}

//! Blocks that workers fight over.

use bgp_core::rib::LocalSource;
use bgp_core::speaker::Input;

use super::Storm;
use crate::sim::scene::blackhole;
use crate::sim::topology::{contested_block, contested_workload};

/// How many there are of each family.
const BLOCKS: u64 = 5;

impl Storm {
    /// A worker has one more.
    pub(super) fn originate(&mut self) {
        let (id, index) = (self.node(), self.below(BLOCKS) as u8);
        if !self.topology.workers().any(|worker| worker == id) || !self.is_up(id) {
            return;
        }
        self.note(format!("{id:?} has block {index}"));
        for family in self.topology.families.clone() {
            let block = contested_block(family, index);
            self.live.entry(block).or_default().insert(id);
            self.world.attach(id, contested_workload(family, index));
            self.world.input(id, blackhole(block));
        }
    }

    /// One has one less.
    pub(super) fn retract(&mut self) {
        let index = self.below(BLOCKS) as u8;
        for family in self.topology.families.clone() {
            let prefix = contested_block(family, index);
            let Some(id) = self.live.get(&prefix).and_then(|origins| origins.first().copied()) else {
                return;
            };
            if self.is_up(id) {
                self.note(format!("{id:?} has {prefix} no more"));
                self.live.entry(prefix).or_default().remove(&id);
                self.world.detach(id, contested_workload(family, index));
                self.world.input(id, Input::Retract { prefix, source: LocalSource::Static });
            }
        }
    }
}

//! The rolls of a table: the paths of each source, and walks over them.

use crate::rib::sweep::Roll;
use crate::rib::{ImportTally, PathSlot, SourceId, Table};

impl Table {
    pub(in crate::rib) fn roll(&self, source: SourceId) -> Option<&Roll> {
        self.rolls.get(source.index()).filter(|roll| roll.is_of(source))
    }

    pub(in crate::rib) fn roll_mut(&mut self, source: SourceId) -> Option<&mut Roll> {
        roll_of(&mut self.rolls, source)
    }

    /// Opens an empty roll for `source`.
    pub(in crate::rib) fn open_roll(&mut self, source: SourceId) {
        let at = source.index();
        if at >= self.rolls.len() {
            self.rolls.resize_with(at + 1, Roll::default);
        }
        self.rolls[at] = Roll::new(source);
    }

    /// One more path of its source is accepted.
    pub(in crate::rib) fn count_accepted(&mut self, slot: PathSlot) {
        if let Some(roll) = self.paths.source(slot).and_then(|source| roll_of(&mut self.rolls, source)) {
            roll.accepted += 1;
        }
    }

    /// One path less.
    pub(in crate::rib) fn discount_accepted(&mut self, slot: PathSlot) {
        if let Some(roll) = self.paths.source(slot).and_then(|source| roll_of(&mut self.rolls, source)) {
            roll.accepted -= 1;
        }
    }

    /// Counts what a source said.
    pub(in crate::rib) fn tally(&mut self, source: SourceId, count: impl FnOnce(&mut ImportTally)) {
        if let Some(roll) = roll_of(&mut self.rolls, source) {
            count(&mut roll.tally);
        }
    }

    /// Makes sure that the roll of `source` can open a generation. Renumbering happens once in 65 535
    /// marks, so its walk over the roll is paid for by them.
    pub(in crate::rib) fn make_room(&mut self, source: SourceId) {
        let Some(roll) = roll_of(&mut self.rolls, source).filter(|roll| roll.is_exhausted()) else {
            return;
        };
        let renumbered = roll.renumber();
        for place in 0..roll.estate.places() {
            if let Some(path) = roll.estate.at(place, &self.paths).and_then(|slot| self.paths.get_mut(slot)) {
                path.generation = renumbered(path.generation);
            }
        }
    }

    /// The next path of `source` to be looked at by a sweep.
    pub(in crate::rib) fn next_to_sweep(&mut self, source: SourceId) -> Option<PathSlot> {
        roll_of(&mut self.rolls, source)?.next_to_sweep(&self.paths)
    }

    /// The next path of `source` whose net has to be decided anew.
    pub(in crate::rib) fn next_to_touch(&mut self, source: SourceId) -> Option<PathSlot> {
        roll_of(&mut self.rolls, source)?.next_to_touch(&self.paths)
    }

    /// The next path of `source` whose import has to be evaluated anew.
    pub(in crate::rib) fn next_to_reimport(&mut self, source: SourceId) -> Option<PathSlot> {
        roll_of(&mut self.rolls, source)?.next_to_reimport(&self.paths)
    }
}

/// The roll of `source`, unless its place belongs to another by now.
pub(super) fn roll_of(rolls: &mut [Roll], source: SourceId) -> Option<&mut Roll> {
    rolls.get_mut(source.index()).filter(|roll| roll.is_of(source))
}

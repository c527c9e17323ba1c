//! Somebody removes objects of ours again and again: what is put back waits longer each time, as with routes.

use super::Sets;
use crate::reconcile::contest::Contest;
use crate::reconcile::row::Trouble;
use crate::view::View;
use crate::{Counters, Instant, Meddled};

/// What somebody else did to the objects of one set.
#[derive(Debug, Default)]
pub(super) struct Fight {
    /// All of the set is held.
    stands: bool,
    /// It was, until somebody removed an object. Counted with the step that puts it back.
    undone: bool,
    contest: Option<Contest>,
}

impl Fight {
    /// The kernel holds all of the set.
    pub(super) const fn stands(&mut self) {
        self.stands = true;
        self.undone = false;
    }

    /// Whether the next step has to wait. Each pause is counted once.
    pub(super) fn paused(&mut self, counters: &mut Counters, now: Instant) -> Option<Trouble> {
        let is_new = std::mem::take(&mut self.undone);
        if is_new {
            self.contest = Some(Contest::next(self.contest, now));
        }
        let trouble = self.contest?.paused(Meddled::Removed, now)?;
        if is_new {
            counters.refused(&trouble.refused);
        }
        Some(trouble)
    }
}

impl Sets {
    /// These objects changed by somebody else's hand: notes whose set lost one. The kernel removes a group with its
    /// last member, so one removal may be several.
    pub(in crate::reconcile) fn undone(&mut self, ids: &[u32], view: &View) {
        for id in ids.iter().filter(|id| !self.register.holds(**id, view)) {
            if let Some(set) = self.register.holder(*id).and_then(|set| self.sets.get_mut(&set)) {
                set.fight.undone |= std::mem::take(&mut set.fight.stands);
            }
        }
    }
}

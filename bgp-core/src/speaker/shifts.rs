//! Changes of best paths, with names for numbers.

use std::sync::Arc;

use crate::rib::{RouteId, Shift, SourceId};
use crate::speaker::{ShiftView, View};

impl<'a> View<'a> {
    /// The last changes of best paths whose number is greater than `number`, the oldest first. With 0 they are all that
    /// are remembered.
    pub fn shifts(&self, number: u64) -> impl DoubleEndedIterator<Item = &'a Shift> + use<'a> {
        self.speaker.rib.shifts_after(number)
    }

    /// The number of the latest change that is not remembered any more; 0 where all are.
    #[must_use]
    pub fn shifts_forgotten(&self) -> u64 {
        self.speaker.rib.shifts_forgotten()
    }

    /// The number drawn last; see [`Speaker::next_number`](crate::speaker::Speaker::next_number).
    #[must_use]
    pub fn numbered(&self) -> u64 {
        self.speaker.rib.numbered()
    }

    /// A change as people see it.
    #[must_use]
    pub fn shift(&self, shift: &Shift) -> ShiftView {
        let path = |(source, route): (SourceId, RouteId)| {
            (self.name(source), Arc::clone(self.speaker.rib.route(route)))
        };
        let Shift { number, at, prefix, why, .. } = *shift;
        let (before, after) = (shift.before().map(path), shift.after().map(path));
        ShiftView { number, at, prefix, before, after, why }
    }
}

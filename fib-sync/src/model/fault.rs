//! What goes wrong on demand.

use super::{Kernel, Said};
use crate::{Refused, Seen};

/// How the next readings end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Spoilt {
    /// The kernel says that the table changed meanwhile.
    Interrupted,
    /// The reading cannot be made: half of it comes.
    Failed,
}

impl Kernel {
    /// Refuses the next operation so.
    pub fn refuse_next(&mut self, refused: Refused) {
        self.refusals.push_back(refused);
    }

    /// Spoils the next reading so.
    pub fn spoil_next_reading(&mut self, spoilt: Spoilt) {
        self.spoilt.push_back(spoilt);
    }

    /// Takes back everything that was still to go wrong.
    pub fn stop_faults(&mut self) {
        self.refusals.clear();
        self.spoilt.clear();
    }

    /// Loses what was said and not yet heard, answers included, but for a reading, which the kernel makes as it is
    /// listened to.
    pub fn overrun(&mut self) {
        let is_end =
            |said: &Said| matches!(said, Said::Seen(Seen::Complete | Seen::Interrupted | Seen::Failed));
        let reads = self.said.iter().any(is_end);
        self.said.clear();
        self.batch.clear();
        self.say(Seen::Overrun);
        if reads {
            self.read();
        }
    }
}

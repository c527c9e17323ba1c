//! Leaving for good: traffic is asked away before the sessions go.
//!
//! The RFC's version: the routes of a session about to end are sent again with GRACEFUL_SHUTDOWN, and
//! where the preference is ours with the lowest one; some time later it ends ([RFC 8326 §4.2]).
//! Ours: the same for all sessions, and "later" is when everything has been said.
//!
//! [RFC 8326 §4.2]: https://www.rfc-editor.org/rfc/rfc8326#section-4.2

use crate::speaker::{Output, Speaker};

/// How far leaving has got.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Drain {
    /// Peers are being told.
    Telling,
    /// All have been.
    Told,
}

impl Speaker {
    /// Tells every peer that we are about to leave, or that we stay.
    pub(super) fn drain(&mut self, leaving: bool) {
        if leaving == self.drain.is_some() {
            return;
        }
        self.drain = leaving.then_some(Drain::Telling);
        let Self { roster, rib, exporter, .. } = self;
        for neighbour in roster.iter() {
            let Some(live) = &neighbour.live else { continue };
            let target = neighbour.target(live, leaving);
            for family in live.negotiated.families() {
                exporter.retarget(neighbour.id, *family, &target, rib);
            }
        }
    }

    /// Says once when nobody has anything left to hear.
    pub(super) fn tell_drained(&mut self) {
        let is_quiet = || !self.roster.iter().any(|neighbour| self.exporter.has_work(neighbour.id));
        if self.drain == Some(Drain::Telling) && is_quiet() {
            self.drain = Some(Drain::Told);
            self.outputs.push_back(Output::Drained);
        }
    }
}

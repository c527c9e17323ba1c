//! What a source said, counted by what came of it.

use crate::rib::{Accepted, Ineligible};

/// How often a source announced and withdrew paths of one family since its session began, and what came of it. Only
/// what was said counts, not what a changed policy makes of it later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ImportTally {
    /// Announcements that a rule of the protocol refused.
    pub rejected: u64,
    /// Announcements that policy refused.
    pub filtered: u64,
    /// Announcements that changed nothing, or came when no more were allowed.
    pub ignored: u64,
    /// Announcements taken.
    pub accepted: u64,
    /// Withdrawals received.
    pub withdrawals: u64,
    /// Paths to choose from that went: withdrawn, swept, or announced in a form that was refused.
    pub gone: u64,
    /// Times when the same would have happened to a path that was not to choose from, or not there.
    pub missed: u64,
}

/// What announcements of one route found in their places: counted for a message at a time, and nothing where nothing
/// was there.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Found {
    /// How many they are.
    pub(super) announced: u64,
    /// Of their places, those that had a path to choose from.
    pub(super) eligible: u64,
    /// Of these, those where it was what import makes of it now.
    pub(super) same: u64,
}

impl ImportTally {
    /// All announcements received.
    #[must_use]
    pub const fn announcements(&self) -> u64 {
        self.rejected + self.filtered + self.ignored + self.accepted
    }

    /// Announcements of which import made `accepted`, and what they `found` in their places.
    pub(super) fn announce(&mut self, accepted: &Accepted, found: Found) {
        let Found { announced, eligible, same } = found;
        match accepted {
            Ok(_) => {
                self.ignored += same;
                self.accepted += announced - same;
            }
            Err(reason) => {
                *self.refused(*reason) += announced;
                self.gone += eligible;
                self.missed += announced - eligible;
            }
        }
    }

    /// A path is there no more; `was_eligible` where it was one to choose from.
    pub(super) const fn remove(&mut self, was_eligible: bool) {
        let count = if was_eligible { &mut self.gone } else { &mut self.missed };
        *count += 1;
    }

    const fn refused(&mut self, reason: Ineligible) -> &mut u64 {
        match reason {
            Ineligible::Policy | Ineligible::NoPolicy => &mut self.filtered,
            Ineligible::AsLoop
            | Ineligible::OriginatorLoop
            | Ineligible::ClusterLoop
            | Ineligible::NextHop
            | Ineligible::DistantNextHop
            | Ineligible::Leak => &mut self.rejected,
        }
    }
}

impl std::ops::AddAssign for ImportTally {
    fn add_assign(&mut self, more: Self) {
        self.rejected += more.rejected;
        self.filtered += more.filtered;
        self.ignored += more.ignored;
        self.accepted += more.accepted;
        self.withdrawals += more.withdrawals;
        self.gone += more.gone;
        self.missed += more.missed;
    }
}

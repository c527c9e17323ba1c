//! What a session was told, counted, and what it was not told.

use std::ops::{AddAssign, Sub};

use crate::export::Portion;
use crate::export::audience::Audience;
use crate::export::journal::Saying;

/// How much of one family a session was told since it began, and how much was kept from it.
///
/// A prefix counts when it is looked at, which is once however often it changed since the last time. It counts as
/// refused where nothing at all is told of it; who may be told a path and was told it before is not told it again, and
/// that is not counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ExportTally {
    /// Routes that a rule of the protocol kept from it, split horizon among them.
    pub rejected: u64,
    /// Routes that policy kept from it.
    pub filtered: u64,
    /// Routes that it was told.
    pub announced: u64,
    /// Prefixes that came to have no route.
    pub lost: u64,
    /// Routes that were withdrawn from it, because of that or because it may have them no more.
    pub withdrawn: u64,
}

impl ExportTally {
    /// All routes that were looked at for it.
    #[must_use]
    pub const fn announcements(&self) -> u64 {
        self.rejected + self.filtered + self.announced
    }

    /// It is told something.
    pub(super) fn tell(&mut self, portion: &Portion) {
        self.announced += u64::from(portion.announced);
        self.withdrawn += u64::from(portion.withdrawn);
    }

    /// It is not told something because the routes come from it.
    pub(super) fn keep_back(&mut self, saying: &Saying) {
        if matches!(saying.audience, Audience::Except(_)) {
            self.rejected += u64::from(saying.portion.announced);
        }
    }
}

impl AddAssign for ExportTally {
    fn add_assign(&mut self, more: Self) {
        self.rejected += more.rejected;
        self.filtered += more.filtered;
        self.announced += more.announced;
        self.lost += more.lost;
        self.withdrawn += more.withdrawn;
    }
}

impl Sub for ExportTally {
    type Output = Self;

    fn sub(self, less: Self) -> Self {
        Self {
            rejected: self.rejected - less.rejected,
            filtered: self.filtered - less.filtered,
            announced: self.announced - less.announced,
            lost: self.lost - less.lost,
            withdrawn: self.withdrawn - less.withdrawn,
        }
    }
}

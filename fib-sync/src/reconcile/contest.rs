//! Fights: somebody undoes what we write, whenever they see it. The first times we write again at once, then ever later.

use std::time::Duration;

use ipnet::IpNet;

use super::row::{Trouble, longer_pause};
use crate::by_prefix::ByPrefix;
use crate::{Instant, Meddled, Refused};

/// The prefixes somebody else wrote to of late.
#[derive(Debug, Default)]
pub(super) struct Contests {
    contests: ByPrefix<Contest>,
    /// When those that are over are forgotten.
    tidy: Option<Instant>,
}

/// One of them, or that about the objects of a set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Contest {
    /// The first time in a row.
    since: Instant,
    /// When to write again.
    until: Instant,
    /// Times in a row.
    times: u32,
}

impl Contests {
    /// What we did was undone.
    pub(super) fn undone(&mut self, prefix: IpNet, now: Instant) {
        let before = self.contests.get(&prefix).copied();
        self.contests.insert(prefix, Contest::next(before, now));
        self.tidy.get_or_insert(now + QUIET);
    }

    /// The trouble of a prefix that has to wait before what was `meddled` with is undone.
    pub(super) fn paused(&self, prefix: &IpNet, meddled: Meddled, now: Instant) -> Option<Trouble> {
        self.contests.get(prefix)?.paused(meddled, now)
    }

    /// There is another reason to write: it does not wait, and what was counted stays.
    pub(super) fn lift(&mut self, prefix: &IpNet, now: Instant) {
        if let Some(contest) = self.contests.get_mut(prefix) {
            contest.until = contest.until.min(now);
        }
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        self.tidy
    }

    pub(super) fn handle_timeout(&mut self, now: Instant) {
        if self.tidy.take_if(|at| *at <= now).is_none() {
            return;
        }
        let is_over = |(prefix, contest): (IpNet, &Contest)| contest.is_over(now).then_some(prefix);
        let over: Vec<IpNet> = self.contests.iter().filter_map(is_over).collect();
        for prefix in over {
            self.contests.remove(&prefix);
        }
        self.tidy = (self.contests.len() > 0).then(|| now + QUIET);
    }
}

impl Contest {
    /// What we did was undone once more, or for the first time.
    pub(super) fn next(before: Option<Self>, now: Instant) -> Self {
        let before = before.filter(|contest| !contest.is_over(now));
        let times = before.map_or(1, |contest| contest.times.saturating_add(1));
        let since = before.map_or(now, |contest| contest.since);
        Self { since, until: now + pause(times), times }
    }

    /// The trouble of what has to wait before it is done again.
    pub(super) fn paused(self, meddled: Meddled, now: Instant) -> Option<Trouble> {
        let Self { since, until, times } = self;
        let refused = || Refused::Contested { times, meddled };
        (now < until).then(|| Trouble::until(until, refused(), since, times))
    }

    fn is_over(&self, now: Instant) -> bool {
        self.until + QUIET <= now
    }
}

/// How long the undoing waits that follows so many in a row.
fn pause(times: u32) -> Duration {
    (AT_ONCE..times).fold(Duration::ZERO, |pause, _| longer_pause(pause))
}

/// Undoings in a row that do not wait.
const AT_ONCE: u32 = 5;
/// Undisturbed for so long: it is over.
const QUIET: Duration = Duration::from_secs(60);

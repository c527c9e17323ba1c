//! When the whole view is read: at start, after an overrun, when an event did not fit, and as a slow audit.
//!
//! While a reading runs nothing is written, and what is listed builds a second view beside the old one. Events
//! go into the second view too: they come over the same socket in the order in which the kernel acted, so the
//! sum of both is the table at the end of the reading. A reading the kernel calls interrupted is repeated.

use std::collections::BTreeSet;
use std::time::Duration;

use ipnet::IpNet;

use crate::Instant;
use crate::seen::Seen;
use crate::view::{Changes, View};

/// The schedule of readings, and the view that is being built.
#[derive(Debug)]
pub(crate) struct Resync {
    state: State,
    /// The view is known to be wrong: write nothing.
    lost: bool,
    /// Something was lost while the reading ran.
    tainted: bool,
    /// An event did not fit while the reading ran: another one is to follow.
    doubtful: bool,
    /// Where nothing is written before the next reading: whose routes the view has there, nobody knows.
    ownerless: BTreeSet<IpNet>,
    /// The same of the view that is being built.
    ownerless_next: BTreeSet<IpNet>,
    /// Readings in a row that were interrupted or failed.
    spoiled: u32,
    /// Not before this, unless it is the first.
    earliest: Instant,
    /// The next audit.
    audit: Option<Instant>,
}

#[derive(Debug)]
enum State {
    Idle,
    /// Wanted, but not before `earliest`.
    Waiting,
    Due,
    Running(View, Changes),
}

/// How a reading ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    Complete,
    Interrupted,
    Failed,
}

impl Resync {
    /// The first reading is due at once.
    pub(crate) fn new() -> Self {
        Self {
            state: State::Due,
            lost: true,
            tainted: false,
            doubtful: false,
            ownerless: BTreeSet::new(),
            ownerless_next: BTreeSet::new(),
            spoiled: 0,
            earliest: Instant::ZERO,
            audit: None,
        }
    }

    /// Whether operations have to wait.
    pub(crate) fn blocks(&self) -> bool {
        self.lost || matches!(self.state, State::Due | State::Running(..))
    }

    /// Starts the reading if it is due.
    pub(crate) fn start(&mut self) -> bool {
        let due = matches!(self.state, State::Due);
        if due {
            self.state = State::Running(View::default(), Changes::default());
            self.tainted = false;
            self.doubtful = false;
            self.ownerless_next.clear();
        }
        due
    }

    /// Whether a reading runs.
    pub(crate) const fn is_reading(&self) -> bool {
        matches!(self.state, State::Running(..))
    }

    /// Takes something seen into the view under construction, which may be wrong in places then.
    pub(crate) fn observe(&mut self, seen: Seen) {
        if let State::Running(view, changes) = &mut self.state {
            view.apply(seen, changes);
            self.doubtful |= changes.unsure;
            self.ownerless_next.extend(changes.ownerless.drain(..));
            changes.clear();
        }
    }

    /// Nothing is to be written at these prefixes until a reading has told whose their routes are.
    pub(crate) fn disown(&mut self, prefixes: Vec<IpNet>) {
        self.ownerless.extend(prefixes);
    }

    /// Whether this is one of them.
    pub(crate) fn is_ownerless(&self, prefix: &IpNet) -> bool {
        self.ownerless.contains(prefix)
    }

    /// Whether a reading is to follow.
    pub(crate) const fn is_wanted(&self) -> bool {
        !matches!(self.state, State::Idle)
    }

    /// Events were lost: nothing observed can be trusted.
    pub(crate) fn overrun(&mut self, now: Instant) {
        self.lost = true;
        self.tainted = true;
        self.want(now);
    }

    /// Asks for a reading soon.
    pub(crate) fn want(&mut self, now: Instant) {
        if matches!(self.state, State::Idle) {
            self.state = if now < self.earliest { State::Waiting } else { State::Due };
        }
    }

    /// A reading ended. Gives the new view, or `None` when it has to be repeated.
    ///
    /// After some interrupted readings in a row the table is one that never stands still: the last one is
    /// taken as it is, creating never overwrites, and the next reading corrects what was missed.
    pub(crate) fn end(&mut self, end: End, audit: Duration, now: Instant) -> Option<View> {
        let mut view = match std::mem::replace(&mut self.state, State::Idle) {
            State::Running(view, _) => view,
            other @ (State::Idle | State::Waiting | State::Due) => {
                self.state = other;
                return None;
            }
        };
        view.listed_all();
        let clean = end == End::Complete && !self.tainted;
        self.spoiled = if clean { 0 } else { self.spoiled.saturating_add(1) };
        let pause = if clean { PAUSE } else { PAUSE.saturating_mul(1 << self.spoiled.min(4)) / 8 };
        self.earliest = now + pause.min(LONGEST_PAUSE);
        self.audit = Some(now + audit);
        let taken = clean || (end == End::Interrupted && self.spoiled >= PATIENCE);
        if !clean || self.doubtful {
            self.want(now);
        }
        // The old view has missed what happened meanwhile.
        self.lost = !taken;
        if taken {
            self.ownerless = std::mem::take(&mut self.ownerless_next);
        }
        taken.then_some(view)
    }

    pub(crate) fn poll_timeout(&self) -> Option<Instant> {
        match self.state {
            State::Idle => self.audit,
            State::Waiting => Some(self.earliest),
            State::Due | State::Running(..) => None,
        }
    }

    /// True: an audit has become due.
    pub(crate) fn handle_timeout(&mut self, now: Instant) -> bool {
        let audits = matches!(self.state, State::Idle) && self.audit.is_some_and(|at| at <= now);
        let waited = matches!(self.state, State::Waiting) && self.earliest <= now;
        if audits || waited {
            self.state = State::Due;
        }
        audits
    }
}

/// Between two readings that events asked for.
const PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(10);
/// Interrupted readings in a row before one is taken as it is.
const PATIENCE: u32 = 5;

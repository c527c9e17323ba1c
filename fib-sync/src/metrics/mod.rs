//! Numbers about a table for whoever runs it. Asking for them costs the same however many routes there are.

mod histogram;

pub use histogram::Histogram;

use std::collections::BTreeMap;

use crate::{Operation, Refused, Sweep};

/// The state of a table in numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metrics {
    /// The first complete view is there.
    pub synced: bool,
    /// [`settle`](crate::Handle::settle) was called.
    pub settled: bool,
    /// The sweep that the brake holds, until it is lifted or late wishes make it smaller.
    pub held: Option<Sweep>,
    /// What there is now.
    pub gauges: Gauges,
    /// What has happened since the start.
    pub counters: Counters,
}

/// What there is now. The first four are prefixes of ours, each counted once, by
/// [`Standing`](crate::Standing).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Gauges {
    /// As wished.
    pub installed: usize,
    /// Found at start, neither wished nor swept yet.
    pub adopted: usize,
    /// On the way.
    pub pending: usize,
    /// Refused.
    pub diverged: usize,
    /// Prefixes that wait for their turn.
    pub backlog: usize,
    /// Operations that wait for the kernel's answer.
    pub in_flight: usize,
    /// Most operations that may.
    pub in_flight_limit: usize,
    /// Foreign routes and connected prefixes told of.
    pub learned: usize,
    /// Foreign routes of the table, the kernel's own and those nobody is told of included.
    pub foreign: usize,
}

/// Running totals since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Operations the kernel carried out: the sum of the next three.
    pub done: u64,
    /// Routes written where there was none.
    pub created: u64,
    /// Routes written over one of ours.
    pub replaced: u64,
    /// Routes removed.
    pub removed: u64,
    /// Operations on next-hop objects the kernel carried out.
    pub arranged: u64,
    /// Refusals, the kernel's and our own: the sum of [`refusals`](Self::refusals).
    pub refused: u64,
    /// Refusals by [`Refused::kind`]; kinds that never occurred are left out.
    pub refusals: BTreeMap<&'static str, u64>,
    /// Times events were lost.
    pub overruns: u64,
    /// Readings the kernel flagged as interrupted.
    pub interrupted: u64,
    /// Wishes that had been met and that a reading found missing or changed, each repaired.
    pub drift: u64,
    /// Whole readings of the view.
    pub dumps: u64,
    /// Those of them that nothing but the clock asked for.
    pub audits: u64,
    /// From when a prefix asked for its turn, by a wish, a repair or a retry, to the kernel's yes. Wishes that
    /// were coalesced count from the first of them.
    pub latency: Histogram,
}

impl Counters {
    pub(crate) fn carried_out(&mut self, operation: Kind) {
        self.done += 1;
        match operation {
            Kind::Create => self.created += 1,
            Kind::Replace => self.replaced += 1,
            Kind::Remove => self.removed += 1,
        }
    }

    pub(crate) fn refused(&mut self, refused: &Refused) {
        self.refused += 1;
        *self.refusals.entry(refused.kind()).or_default() += 1;
    }
}

/// An operation without what it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Create,
    Replace,
    Remove,
}

impl From<&Operation> for Kind {
    fn from(operation: &Operation) -> Self {
        match operation {
            Operation::Create(_) => Self::Create,
            Operation::Replace(_) => Self::Replace,
            Operation::Remove(_) => Self::Remove,
        }
    }
}

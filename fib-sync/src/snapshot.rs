//! The state of a table as an operator wants to see it.

use ipnet::IpNet;

use crate::{Refused, Route};

/// Where one prefix of ours stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The kernel holds what is wished.
    Installed,
    /// Ours, found at start, neither wished yet nor swept.
    Adopted,
    /// Waiting for its turn or for the kernel's answer.
    Pending,
    /// Refused, and retried later.
    Diverged(Refused),
}

/// One prefix of ours.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotRoute {
    /// The prefix.
    pub prefix: IpNet,
    /// What is wished, if anything.
    pub wished: Option<Route>,
    /// What the kernel holds of ours, if anything; interfaces by name.
    pub installed: Option<Route>,
    /// How the two compare.
    pub standing: Standing,
}

/// Running totals since start.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Operations the kernel carried out.
    pub done: u64,
    /// Operations it refused.
    pub refused: u64,
    /// Times events were lost.
    pub overruns: u64,
    /// Dumps the kernel flagged as interrupted.
    pub interrupted: u64,
    /// Wishes found missing by a reading of the whole view.
    pub drift: u64,
    /// Whole readings of the view.
    pub dumps: u64,
}

/// The whole state of a table.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Snapshot {
    /// The first complete view is there.
    pub synced: bool,
    /// [`settle`](crate::Handle::settle) was called.
    pub settled: bool,
    /// Every prefix that is wished or holds a route of ours, in order.
    pub routes: Vec<SnapshotRoute>,
    /// Foreign routes of the table, the kernel's own included.
    pub foreign: usize,
    /// Running totals.
    pub counters: Counters,
}

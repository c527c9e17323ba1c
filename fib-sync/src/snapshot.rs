//! The state of a table as an operator wants to see it: every prefix of ours, page by page or all at once.

use std::time::Duration;

use ipnet::IpNet;

use crate::{Counters, Refused, Resolution, Route, SetId};

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
    /// The set of hops that it is wished to go through, if any.
    pub set: Option<SetId>,
    /// The next-hop object that what the kernel holds stands on, if any.
    pub object: Option<u32>,
    /// How the two compare.
    pub standing: Standing,
    /// What becomes of a refused wish.
    pub retry: Option<Retry>,
    /// The foreign route of the same prefix that the kernel finds before ours: ours is in the table, and no
    /// packet takes it.
    pub hidden_by: Option<Owner>,
    /// The foreign route of the same prefix that the kernel would find if ours were not there.
    pub hides: Option<Owner>,
}

/// What becomes of a refused wish.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retry {
    /// How long it has been refused.
    pub since: Duration,
    /// Refusals in a row.
    pub times: u32,
    /// How long until it is tried again, unless the network changes before; nothing while it is being tried.
    pub next: Option<Duration>,
}

/// Whose a foreign route is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Owner {
    /// Its route protocol, as in `/etc/iproute2/rt_protos`.
    pub protocol: u8,
    /// Its metric.
    pub metric: u32,
}

/// Everything there is at one prefix.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Inspection {
    /// What is wished and what the kernel holds of ours; `None`: neither.
    pub ours: Option<SnapshotRoute>,
    /// What others have there, in the order in which the kernel looks at them.
    pub foreign: Vec<Foreign>,
    /// The brake holds the sweep of what was found at start and nobody wishes for.
    pub sweep_held: bool,
}

/// A foreign route.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// Whose it is.
    pub owner: Owner,
    /// What it does; `None` where that is nothing that a wish could say.
    pub route: Option<Route>,
}

/// How a next hop is reached, and by what.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trace {
    /// It is an address of ours, which no next hop can be.
    Own,
    /// It means something on one link only, and nobody said on which
    /// ([RFC 4007 §6](https://www.rfc-editor.org/rfc/rfc4007#section-6)).
    Ambiguous,
    /// The interface that it is to be reached over is not there.
    NoInterface,
    /// Nothing in the table covers it.
    Uncovered,
    /// It lies in a connected prefix, or in one that a route of the table leads to.
    Covered {
        /// The longest match.
        prefix: IpNet,
        /// Whose route it is; `None` for a connected prefix.
        owner: Option<Owner>,
        /// The ways from there; `None` where none can be used.
        resolution: Option<Resolution>,
    },
}

/// Which prefixes to list.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Listing {
    /// Every prefix that is wished or holds a route of ours.
    #[default]
    All,
    /// Those that are not [`Standing::Installed`].
    Differing,
}

/// A part of a list.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Page {
    /// Prefixes in order; possibly none although more follow.
    pub routes: Vec<SnapshotRoute>,
    /// Where the next page begins; nothing follows without it.
    pub next: Option<IpNet>,
}

/// What [`remove_all`](crate::Handle::remove_all) left behind.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Leftover {
    /// How many prefixes still hold a route of ours.
    pub routes: usize,
    /// The first of them, a few at most, and why they stayed.
    pub examples: Vec<SnapshotRoute>,
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

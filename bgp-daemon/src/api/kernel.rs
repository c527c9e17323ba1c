//! The kernel's table: in numbers, and one prefix of it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The kernel's table, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelTotals {
    /// As wished.
    pub installed: usize,
    /// Not as wished: the sum of the next three.
    pub differing: usize,
    /// Found at start, neither wished nor swept yet.
    pub adopted: usize,
    /// On the way.
    pub pending: usize,
    /// Refused.
    pub diverged: usize,
    /// Of others.
    pub foreign: usize,
    /// Foreign routes and connected prefixes that became routes of the speaker.
    pub learned: usize,
}

/// The kernel's table in numbers; all but `routes`, `backlog` and `in_flight` count since the start.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelSummary {
    /// The first reading of the table is complete.
    pub synced: bool,
    /// The initial routes of all peers that matter are decided.
    pub settled: bool,
    /// The brake holds the sweep of this many routes found at start; `kernel --sweep-anyway` lifts it.
    pub held: Option<usize>,
    /// Prefixes of ours by standing, and routes of others.
    pub routes: KernelTotals,
    /// Prefixes that wait for their turn.
    pub backlog: usize,
    /// Operations that wait for the kernel's answer.
    pub in_flight: usize,
    /// Most operations that may.
    pub in_flight_limit: usize,
    /// Routes written where there was none.
    pub created: u64,
    /// Routes of ours written over.
    pub replaced: u64,
    /// Routes removed.
    pub removed: u64,
    /// Refusals.
    pub refused: u64,
    /// Refusals by kind.
    pub refusals: BTreeMap<String, u64>,
    /// Times events were lost.
    pub overruns: u64,
    /// Readings the kernel flagged as interrupted.
    pub interrupted: u64,
    /// Routes of ours that a reading found missing or changed.
    pub drift: u64,
    /// Readings of the whole table.
    pub dumps: u64,
    /// Those that nothing but the clock asked for.
    pub audits: u64,
    /// From the wish to the kernel's yes.
    pub latency: Latency,
}

/// A histogram of durations.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Latency {
    /// How many.
    pub count: u64,
    /// All of them, added up, in microseconds.
    pub sum_us: u64,
    /// Those between a bound and the one before it.
    pub buckets: Vec<Bucket>,
}

/// A part of a histogram.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Bucket {
    /// The upper bound in microseconds, included; `null` for what is beyond the last one.
    pub most_us: Option<u64>,
    /// How many.
    pub count: u64,
}

/// One prefix of ours in the kernel's table.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelRoute {
    /// The prefix.
    pub prefix: String,
    /// `installed`, `adopted`, `pending` or `diverged`.
    pub standing: Cow<'static, str>,
    /// What is wished, as `ip route` would say it.
    pub wished: Option<String>,
    /// What the kernel holds.
    pub installed: Option<String>,
    /// The number of the set of next hops that it is wished to share with other routes.
    pub set: Option<u32>,
    /// The next-hop object that what the kernel holds stands on: `nhid` of `ip route`, `id` of `ip nexthop`.
    pub next_hop_object: Option<u32>,
    /// Why the kernel refuses it.
    pub reason: Option<String>,
    /// The same in a word: `exists`, `no-such-next-hop`, `no-such-source`, `no-device`, `gone`, `denied`, `unsupported`,
    /// `exhausted`, `invalid`, `contested`, `unanswered` or `other`.
    pub kind: Option<Cow<'static, str>>,
    /// Whose route is in the way.
    pub owner: Option<KernelOwner>,
    /// Since when it has been refused, RFC 3339.
    pub since: Option<String>,
    /// Refusals in a row.
    pub refusals: u32,
    /// When it is tried again at the latest, RFC 3339; `null` while it is being tried.
    pub next_attempt: Option<String>,
    /// A foreign route that is looked up before ours.
    pub hidden_by: Option<KernelOwner>,
    /// A foreign route that would be looked up if ours were not there.
    pub hides: Option<KernelOwner>,
}

/// Whose a foreign route in the kernel's table is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct KernelOwner {
    /// Its route protocol.
    pub protocol: u8,
    /// What `ip route` calls that.
    pub name: Option<Cow<'static, str>>,
    /// Its metric.
    pub metric: u32,
}

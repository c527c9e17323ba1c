//! Keeps a Linux routing table equal to a set of wished routes, and tells what else is in it. It knows no
//! routing protocol.
//!
//! ```no_run
//! # async fn example() -> Result<(), Box<dyn std::error::Error>> {
//! use fib_sync::{Config, Event, Route};
//!
//! // Table main, protocol 186 ("bgp"), metric 20.
//! let (handle, mut events) = fib_sync::start(Config::new(254, 186, 20))?;
//! handle.want("192.0.2.0/24".parse()?, Some(Route::via("10.0.0.2".parse()?))).await?;
//! handle.settle().await?;
//! while let Some(event) = events.next().await {
//!     println!("{event:?}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! # The promise
//!
//! - **What is touched.** A route is ours if table, protocol and metric say so ([`Config`]). Nothing else is ever
//!   replaced, removed or hidden behind one of ours of the same metric. A foreign route in the way is reported
//!   ([`Event::Diverged`] with [`Refused::Exists`]), and an earlier form of ours at the same prefix, which could hide
//!   it, is removed; ours follows by itself when it goes. A route of another metric is another route: which of the two
//!   forwards is what the metric says, but nothing is put in front of a connected prefix.
//! - **At start** nothing is written before the whole view is read. What is ours is adopted and goes on forwarding;
//!   wishes are compared with it and replace it in place. Only after [`Handle::settle`] is the rest swept, and not
//!   if it is more than [`Config::sweep_limit`] of what was adopted.
//! - **At run time** a wish is written as soon as the kernel takes it, one operation at a time per prefix; wishes
//!   that come faster coalesce. Where the kernel refuses the new form of a route, the earlier one goes on forwarding.
//!   A refusal is told once and retried with growing pauses, at once when the network changes. What others do to our
//!   routes is undone: a few times at once, then with growing pauses, and told ([`Refused::Contested`]).
//! - **Sets of hops** that routes share ([`Handle::want_set`], [`Forwarding::Through`]) are written into each route, or,
//!   if asked for ([`Config::next_hop_objects`]), carried by next-hop objects of the kernel: one message then moves all
//!   routes of a set. An object is ours if number and protocol say so; nothing else is touched, and none of ours is
//!   removed while anything in the table stands on it. The kernel removes objects, and the routes on them, with the
//!   carrier of their interface; all come back with it. A kernel without objects is told of once
//!   ([`Event::ObjectsUnsupported`]).
//! - **At an overrun** (the kernel had more to say than the socket could hold) nothing observed is believed: all
//!   is read again, compared and repaired.
//! - **What is told.** Foreign routes and connected prefixes, and how tracked addresses are reached, each change by
//!   the event that makes it: nothing is scanned for. That includes what the kernel removes without a word. With the
//!   table of a VRF, connected prefixes and next hops are those of its members; with any other, those of interfaces in
//!   no VRF.
//! - **At the end** the routes stay, however the process ends, unless [`Handle::remove_all`] was called.
//!
//! # The parts
//!
//! [`Reconciler`] decides and does no I/O: it can be driven by a simulator as well as by the kernel. [`start`]
//! puts a task around it with one netlink socket, over which requests, answers and events come in the order in
//! which the kernel acted. The feature `model` adds a kernel in memory with the quirks of the real one.

mod by_prefix;
mod config;
mod event;
mod handle;
mod key;
mod learn;
mod lengths;
mod metrics;
#[cfg(feature = "model")]
pub mod model;
mod netlink;
mod object;
mod pattern;
mod pool;
mod protocol;
mod reconcile;
mod refused;
mod resync;
mod route;
mod runs;
mod seen;
mod snapshot;
mod time;
mod track;
mod view;

pub use config::{Config, Misconfigured, NotReconfigured, Share};
pub use event::{Event, KnownHop, LearnedKind, LearnedRoute, NextHop, Origin, Resolution, Sweep};
pub use handle::{Events, Handle, Stopped, start};
pub use metrics::{Counters, Gauges, Histogram, Metrics};
pub use object::{KernelObject, Member, ObjectContent, ObjectOperation, SetId};
pub use pattern::Pattern;
pub use protocol::Protocol;
pub use reconcile::Reconciler;
pub use refused::{Meddled, Refused};
pub use route::{Forwarding, Hop, Route};
pub use seen::{
    Address, KernelForwarding, KernelHop, KernelRoute, Link, Operation, Output, Place, Seen, Ticket,
};
pub use snapshot::{
    Foreign, Inspection, Leftover, Listing, Owner, Page, Retry, Snapshot, SnapshotRoute, Standing, Trace,
};
pub use time::Instant;

//! The composition: peers, RIB, policy, export. Nothing clever.

mod config;
mod input;
mod output;
mod view;

pub use crate::rib::{Reach, ResolvedHop};
pub use config::{Config, DynamicPeers, GracefulRestart};
pub use input::{Admin, Input};
pub use output::{Event, FibChange, FibHop, FibRoute, Output};
pub use view::{
    Cursor, ExplainStep, Explanation, MessageCounts, PathSource, PeerView, PrefixMatch, RouteCounts,
    RoutePage, RouteQuery, RouteView, RoutesOf, Summary,
};

/// Names a connection; chosen by the driver, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// Names a peer; chosen by the speaker, stable for as long as the peer is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u32);

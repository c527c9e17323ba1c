//! One neighbour: attempts to connect, up to two sessions, collision, back-off. Not here: bytes, routes.

mod config;

pub use config::{AddPathSend, AfterLimit, MaxPrefixes, NextHopRule, PeerAsn, PeerConfig, PrefixLimit};

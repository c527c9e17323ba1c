//! Load for a daemon under test: a seeded table, a feeder that sends it, a sink that counts it.

pub mod feeder;
pub mod link;
pub mod sink;
pub mod table;
pub mod usage;

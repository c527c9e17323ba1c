//! `caracal` and `caracal-rr` as processes, each on a host of its own with a kernel of its own: what they do to
//! routing tables, to sessions and to each other's packets.
//!
//! Every test runs in a sandbox that vanishes with it and needs root or user namespaces.

mod host;
mod monitor;
mod pings;
mod tor;
mod wires;

mod diagnosis;
mod drain;
mod explaining;
mod foreign;
mod kernel;
mod learning;
mod objects;
mod reach;
mod reflector;
mod reload;
mod restart;
mod sessions;
mod start;

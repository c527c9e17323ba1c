//! Those who ask a BIRD: what they send, and how they read what they get.
//!
//! Calico's are re-expressed from what they are known to need; Debian's are programs.

pub mod birdwatcher;
pub mod calico;
pub mod exporter;
pub mod wire;

//! The three-node cluster: who is in it, its wiring, its configuration, and what its tables must read.

mod expected;
mod topology;
mod wiring;

pub use expected::{compare, expected_routes};
pub use topology::{Host, Overlay, Pod, cluster};
pub use wiring::{Wiring, build};

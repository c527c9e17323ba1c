//! The three-node cluster: who is in it, its wiring, its configuration, and what its tables must read.

mod configuration;
mod expected;
mod topology;
mod wiring;

pub use configuration::{caracal_toml, reflector_toml, socket};
pub use expected::{compare, expected_routes};
pub use topology::{Host, Overlay, Pod, Sessions, Setup};
pub use wiring::{Wiring, build};

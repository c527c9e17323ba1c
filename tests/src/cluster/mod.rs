//! The three-node cluster: who is in it, its wiring, its configuration, and what its tables must read.

mod bird;
mod caracal;
mod expected;
mod frr;
mod neighbours;
mod topology;
mod wiring;

pub use bird::{bird_conf, bird_socket};
pub use caracal::{caracal_toml, open_reflector_toml, socket};
pub use expected::{compare, expected_routes};
pub use frr::{frr_folder, start_bgpd, start_frr_beside_bgpd};
pub use neighbours::{Neighbour, Seat};
pub use topology::{Host, Overlay, Pod, REFLECTORS, Reflector, Restarts, Sessions, Setup};
pub use wiring::{Wiring, build};

//! BGP-4 without I/O: codec, finite state machine, RIB, policy and export.

pub mod export;
pub mod mrt;
pub mod peer;
pub mod policy;
pub mod rib;
pub mod session;
pub mod speaker;
pub mod wire;

mod asn;
mod chance;
mod deadline;
mod family;
mod router_id;
mod time;

pub use asn::{Asn, AsnError};
pub use chance::Chance;
pub use deadline::{Deadline, Timer};
pub use family::Family;
pub use router_id::RouterId;
pub use time::Instant;

//! Whether the daemon is alive, and whether it is ready: what probes ask, and `wait ready`.

mod pulse;
mod readiness;

pub(crate) use pulse::Beat;
pub use pulse::Pulse;
pub(crate) use readiness::readiness;

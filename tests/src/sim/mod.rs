//! Many daemons in one thread and virtual time: no sockets, no kernels, no sleeping, one seed is one run.
//!
//! Every [`Node`] is a real speaker and a real reconciler over a kernel in memory; the [`World`] has the wires
//! between them and everything that goes wrong.

mod cause;
mod check;
mod chronicle;
mod clock;
mod life;
mod node;
mod oracle;
pub mod scene;
mod shadow;
mod step;
mod storm;
mod table;
mod topology;
mod walk;
mod watch;
mod wire;
mod world;

pub use node::{Node, NodeId};
pub use storm::{Storm, Weather};
pub use table::Table;
pub use topology::{Shape, Topology, workload};
pub use walk::Loss;
pub use watch::Outage;
pub use world::World;

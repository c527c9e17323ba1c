//! Many speakers in one thread and virtual time: no sockets, no sleeping, one seed is one run.

mod node;
pub mod scene;
mod shadow;
mod world;

pub use node::{Node, NodeId};
pub use world::World;

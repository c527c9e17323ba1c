//! The reconciler against the kernel in memory.

mod faults;
mod lookup;
mod reconcile;
mod sets;
mod strangers;
mod world;

//! The reconciler against the kernel in memory.

mod faults;
mod lookup;
mod objects;
mod overruns;
mod reconcile;
mod sets;
mod strangers;
mod world;

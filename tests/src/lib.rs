//! The laboratory: network namespaces with real kernels, links and daemons in them.
//!
//! Everything here lives inside a [`sandbox`]: a process tree with its own PID, mount and network
//! namespaces that the kernel dismantles as one when the process that began it ends, however it ends.

pub mod bird_clients;
pub mod blocks;
pub mod browser;
pub mod caracal;
pub mod cluster;
pub mod failure;
pub mod flood;
pub mod gathering;
pub mod interop;
pub mod kernel;
pub mod load;
pub mod machine;
pub mod mrt_lines;
pub mod netns;
pub mod ping;
pub mod process;
pub mod programs;
pub mod removals;
pub mod route_text;
pub mod sandbox;
pub mod sim;
pub mod upheaval;
pub mod wait;

//! Routes in, decisions out. Not here: peers' states, bytes, export.

mod route;

pub use route::{Forwarding, KernelHint, LocalSource, Route};

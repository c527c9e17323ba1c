//! The shell: one netlink socket, and the task that stands between it and the reconciler.

mod alike;
mod answer;
mod attribute;
mod bytes;
mod decode;
mod encode;
mod filter;
mod keeper;
mod object;
mod pipeline;
#[cfg(feature = "model")]
mod probe;
mod reading;
mod route;
mod sender;
mod socket;
mod writing;

pub(crate) use self::keeper::{Inboxes, Keeper};
#[cfg(feature = "model")]
pub use self::probe::Probe;

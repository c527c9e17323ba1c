//! The shell: one netlink socket, and the task that stands between it and the reconciler.

mod answer;
mod bytes;
mod decode;
mod encode;
mod keeper;
mod object;
mod pipeline;
mod reading;
mod route;
mod socket;

pub(crate) use self::keeper::{Inboxes, Keeper};

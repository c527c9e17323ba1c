//! Changing a running daemon's configuration: what it would disturb, on trial, and back again.

pub(crate) mod draft;
pub(crate) mod trial;

mod plan;

pub(crate) use plan::{effect, origins, plan};

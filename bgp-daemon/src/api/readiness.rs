//! How far a daemon is from being ready.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The ladder to readiness.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Readiness {
    /// It stands on every rung.
    pub ready: bool,
    /// The rungs from the bottom up.
    pub rungs: Vec<Rung>,
}

/// One rung.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Rung {
    /// `configured`, `sessions`, `end-of-rib`, `rib` or `kernel`; the last only where the kernel is programmed.
    pub name: Cow<'static, str>,
    /// The daemon stands on it.
    pub passed: bool,
    /// Why, or why not.
    pub reason: String,
}

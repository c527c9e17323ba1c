//! What an examination of a host finds.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What one look at the host, or at the daemon on it, has found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Finding {
    /// What was looked at: a stable word, as in `port` or `rp_filter`.
    pub check: Cow<'static, str>,
    /// How it stands.
    pub standing: Standing,
    /// What was seen.
    pub seen: String,
    /// What depends on it.
    pub why: Cow<'static, str>,
    /// The command that repairs it, where there is anything to repair.
    pub repair: Option<String>,
}

/// How something stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Standing {
    /// As it should be.
    Ok,
    /// It could not be seen.
    Unknown,
    /// It works, but not under all circumstances.
    Warning,
    /// It does not work.
    Error,
}

impl Finding {
    /// All is well.
    pub fn ok(check: &'static str, seen: impl Into<String>) -> Self {
        Self::new(check, Standing::Ok, seen, "")
    }

    /// It could not be seen; `why` says what depends on it.
    pub fn unknown(check: &'static str, seen: impl Into<String>, why: &'static str) -> Self {
        Self::new(check, Standing::Unknown, seen, why)
    }

    /// It works, but not under all circumstances.
    pub fn warning(check: &'static str, seen: impl Into<String>, why: &'static str) -> Self {
        Self::new(check, Standing::Warning, seen, why)
    }

    /// It does not work.
    pub fn error(check: &'static str, seen: impl Into<String>, why: &'static str) -> Self {
        Self::new(check, Standing::Error, seen, why)
    }

    /// With the command that repairs it.
    #[must_use]
    pub fn repair(self, command: impl Into<String>) -> Self {
        Self { repair: Some(command.into()), ..self }
    }

    fn new(check: &'static str, standing: Standing, seen: impl Into<String>, why: &'static str) -> Self {
        Self { check: check.into(), standing, seen: seen.into(), why: why.into(), repair: None }
    }
}

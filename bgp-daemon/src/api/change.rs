//! Changes of the configuration, as the control protocol says them.

use serde::{Deserialize, Serialize};

/// A configuration that is not in force.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Draft {
    /// What the operator calls its file, for errors and for the places of rules.
    pub file: String,
    /// Its text. What it includes and the keys it names are looked for from the daemon's own file.
    pub text: String,
}

/// What a change costs, the least first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Effect {
    /// Nothing anybody outside could notice.
    None,
    /// Routes are judged anew; no session is touched and nobody is asked for anything.
    Policy,
    /// The same, and the peer is asked for its routes again.
    Refresh,
    /// The session starts anew with another OPEN.
    Reopen,
    /// The session ends, and what belongs to it.
    Reset,
    /// It is not put in force before the daemon is started again.
    Restart,
}

impl Effect {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Policy => "policy",
            Self::Refresh => "refresh",
            Self::Reopen => "reopen",
            Self::Reset => "reset",
            Self::Restart => "restart",
        }
    }
}

/// Whether something is new.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChangeKind {
    /// It was not there.
    Added,
    /// It is not there any more.
    Removed,
    /// It is another one.
    Changed,
}

/// One difference between two configurations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// `peer`, `range`, `route` or `setting`.
    pub what: String,
    /// Which one.
    pub name: String,
    /// Whether it is new.
    pub change: ChangeKind,
    /// What it costs.
    pub effect: Effect,
    /// Which of its fields differ.
    pub fields: Vec<String>,
}

/// What putting a configuration in force did.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reloaded {
    /// How often a configuration was put in force, the first included.
    pub generation: u64,
    /// SHA-256 of the texts it was read from, in hexadecimal digits.
    #[serde(default)]
    pub digest: String,
    /// After so many seconds it is undone unless somebody confirms it.
    #[serde(default)]
    pub unconfirmed: Option<u64>,
    /// What could not be changed in a running daemon, and what else may not be meant.
    pub warnings: Vec<String>,
}

/// A prefix of which another configuration would say something else.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Consequence {
    /// The peer that is told; `null` for the kernel's table.
    pub peer: Option<String>,
    /// The prefix.
    pub prefix: String,
    /// Whether it is said anew, no longer, or differently.
    pub change: ChangeKind,
    /// What is said now, a path each, in words.
    pub before: Vec<String>,
    /// What would be said.
    pub after: Vec<String>,
}

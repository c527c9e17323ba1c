//! How much is logged.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much is logged of everything, or of one peer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LogLevel {
    /// The peer; `None`: everything else.
    pub peer: Option<String>,
    /// A level; of everything else it may be directives, as in `RUST_LOG`.
    pub level: String,
}

//! What peers told lately.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What every peer told lately, in samples at equal distances.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trends {
    /// Seconds between two samples.
    pub interval: u64,
    /// The peers there are, by name.
    pub peers: Vec<Trend>,
}

/// What one peer told lately, the latest sample last; a peer that is new has fewer samples.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trend {
    /// Its name.
    pub name: String,
    /// Routes accepted from it, of all families, at each sample.
    pub routes: Vec<u32>,
    /// UPDATE messages that came from it since the sample before.
    pub updates: Vec<u32>,
}

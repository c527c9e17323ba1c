//! The daemon as a whole.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::KernelTotals;

/// The daemon as a whole.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Status {
    /// `node` or `reflector`.
    pub role: String,
    /// Version of the program.
    pub version: String,
    /// Our AS.
    pub asn: u32,
    /// Our BGP Identifier.
    pub router_id: String,
    /// When the daemon started, RFC 3339.
    pub started: String,
    /// Seconds since then.
    pub uptime: u64,
    /// The configuration file.
    pub config: String,
    /// How often a configuration was put in force, the first included.
    pub generation: u64,
    /// When the last one was.
    pub configured: String,
    /// SHA-256 of the texts it was read from, in hexadecimal digits.
    #[serde(default)]
    pub digest: String,
    /// After so many seconds it is undone unless somebody confirms it.
    #[serde(default)]
    pub unconfirmed: Option<u64>,
    /// Why the last reload was refused, if it was.
    pub config_error: Option<String>,
    /// Addresses listened on.
    pub listening: Vec<String>,
    /// Peers.
    pub peers: PeerTotals,
    /// Routes by family.
    pub routes: BTreeMap<String, TableTotals>,
    /// The initial routes of all peers that matter are decided.
    pub settled: bool,
    /// For how many seconds routes have been kept although all peers that could tell them are gone.
    pub headless: Option<u64>,
    /// It is about to leave for good.
    #[serde(default)]
    pub draining: Option<Draining>,
    /// The kernel's table; `None` where it is not programmed.
    pub kernel: Option<KernelTotals>,
    /// Update groups: sessions that are sent the same octets.
    pub groups: Vec<Group>,
    /// What is wrong between reflectors, in words.
    pub topology: Vec<String>,
}

/// An update group.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Group {
    /// What its members are told.
    pub family: String,
    /// How many sessions hear it.
    pub members: usize,
    /// Peers so far behind that they are told the state by then instead of what led there.
    pub detached: Vec<String>,
    /// Paths said.
    pub routes: u64,
    /// Octets kept for members that have not read them.
    pub backlog: usize,
    /// Octets encoded since it was formed.
    pub encoded: u64,
}

/// A daemon that is about to leave for good.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Draining {
    /// Since when, RFC 3339.
    pub since: String,
    /// Seconds after which it leaves at the latest.
    pub remaining: u64,
    /// Every peer has been told.
    pub told: bool,
}

/// Peers, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PeerTotals {
    /// All.
    pub total: usize,
    /// With a session.
    pub established: usize,
    /// With `enabled = false`: they are to have none.
    #[serde(default)]
    pub disabled: usize,
}

impl PeerTotals {
    /// Those that are to have a session and have none.
    #[must_use]
    pub const fn missing(self) -> usize {
        self.total.saturating_sub(self.disabled).saturating_sub(self.established)
    }

    /// For people, as "1 of 4 established, 1 disabled".
    #[must_use]
    pub fn in_words(self) -> String {
        let Self { total, established, disabled } = self;
        let disabled = if disabled == 0 { String::new() } else { format!(", {disabled} disabled") };
        format!("{established} of {total} established{disabled}")
    }
}

/// A table, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableTotals {
    /// Prefixes.
    pub prefixes: usize,
    /// Paths.
    pub paths: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_is_disabled_is_not_missed() {
        let totals = PeerTotals { total: 4, established: 1, disabled: 1 };
        assert_eq!((totals.missing(), totals.in_words().as_str()), (2, "1 of 4 established, 1 disabled"));
        let totals = PeerTotals { total: 3, established: 3, disabled: 0 };
        assert_eq!((totals.missing(), totals.in_words().as_str()), (0, "3 of 3 established"));
    }
}

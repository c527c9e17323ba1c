//! A path, and why a prefix is where it is.

use std::borrow::Cow;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One path.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Route {
    /// The prefix.
    pub prefix: String,
    /// The best path.
    pub best: bool,
    /// Forwards beside the best path.
    pub multipath: bool,
    /// `bgp`, `direct`, `static` or `kernel`.
    pub source: Cow<'static, str>,
    /// The peer it came from.
    pub peer: Option<String>,
    /// The path identifier.
    pub path_id: Option<u32>,
    /// The next hop, the interface of a connected route, or `blackhole` and its kin.
    pub next_hop: Option<String>,
    /// The interface of a local route.
    pub interface: Option<String>,
    /// AS numbers, nearest first; sets are nested lists.
    pub as_path: Vec<AsPathElement>,
    /// `igp`, `egp` or `incomplete`.
    pub origin: Cow<'static, str>,
    /// LOCAL_PREF.
    pub local_preference: Option<u32>,
    /// MULTI_EXIT_DISC.
    pub med: Option<u32>,
    /// Communities.
    pub communities: Vec<String>,
    /// Extended communities.
    pub extended_communities: Vec<String>,
    /// Large communities.
    pub large_communities: Vec<String>,
    /// ORIGINATOR_ID.
    pub originator_id: Option<String>,
    /// CLUSTER_LIST.
    pub cluster_list: Vec<String>,
    /// Kept although its session went.
    pub stale: bool,
    /// Why it is not the best; empty for the best.
    pub reason: String,
    /// When it arrived or last changed, RFC 3339.
    pub since: String,
    /// The same in seconds.
    pub age: u64,
}

/// An element of an AS_PATH.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum AsPathElement {
    /// One AS of a sequence.
    Asn(u32),
    /// A set.
    Set(Vec<u32>),
}

/// Why a prefix is where it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explanation {
    /// The prefix explained: the one asked for, or the longest that covers it.
    pub prefix: String,
    /// Every candidate.
    pub candidates: Vec<Route>,
    /// What happened at each stage, in order.
    pub steps: Vec<Step>,
    /// What else there is to ask, in words.
    #[serde(default)]
    pub hints: Vec<String>,
}

/// One stage of an explanation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// `origin`, `import`, `decision`, `next hop`, `export` or `kernel`.
    pub stage: Cow<'static, str>,
    /// What it is about.
    pub subject: String,
    /// Of `export`, the peer that it leads to; `subject` ends with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub towards: Option<String>,
    /// It let the route through.
    pub passed: bool,
    /// Why, with the rule that decided and the file and line where it stands.
    pub reason: String,
    /// Every rule of policy that was tried, in order, and what came of it.
    pub tried: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_sets_are_nested_lists() {
        let path = [AsPathElement::Asn(65001), AsPathElement::Set(vec![1, 2])];
        assert_eq!(serde_json::to_string(&path).expect("plain data"), "[65001,[1,2]]");
    }
}

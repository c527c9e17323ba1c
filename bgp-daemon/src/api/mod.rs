//! The control protocol: one JSON request per line, answered by JSON lines. Shapes only.
//!
//! An answer is any number of lines with `items`, then one with `done` or `error`. Every line carries
//! the version; a daemon refuses versions it does not know. `nc -U` is a client.

mod change;
mod kernel;
mod readiness;

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use self::change::{Change, ChangeKind, Consequence, Draft, Effect, Reloaded};
pub use self::kernel::{Bucket, KernelOwner, KernelRoute, KernelSummary, KernelTotals, Latency};
pub use self::readiness::{Readiness, Rung};

/// The version of the protocol.
pub const VERSION: u32 = 1;

/// A request line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Request {
    /// [`VERSION`].
    pub v: u32,
    /// What is asked.
    #[serde(flatten)]
    pub verb: Verb,
}

/// What can be asked of a daemon.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "verb", rename_all = "snake_case")]
pub enum Verb {
    /// The daemon as a whole.
    Status,
    /// How far it is from being ready.
    Ready,
    /// Every peer.
    Peers,
    /// One peer.
    Peer {
        /// Its name or address.
        name: String,
    },
    /// Paths.
    Routes(Selection),
    /// Why a prefix is where it is.
    Explain {
        /// A prefix, or an address inside it.
        prefix: String,
        /// Only towards this peer.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peer: Option<String>,
    },
    /// Why the session with a peer is not up.
    ExplainPeer {
        /// Its name or address.
        name: String,
    },
    /// What the kernel holds of ours and what it should hold.
    Kernel {
        /// Only where the two differ.
        #[serde(default)]
        drift: bool,
    },
    /// The kernel's table in numbers.
    KernelSummary,
    /// Remove the routes of ours that the brake has kept since the start.
    SweepAnyway,
    /// Read the configuration file again.
    Reload {
        /// Refuse what costs more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_effect: Option<Effect>,
    },
    /// What another configuration would change.
    Diff(Draft),
    /// Of which prefixes another configuration would say something else, to whom.
    DiffRoutes(Draft),
    /// Put another configuration in force, and in the place of the file.
    Apply {
        /// The configuration.
        draft: Draft,
        /// Go back after so many seconds unless it is confirmed; the file stays until then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        confirm: Option<u64>,
        /// Refuse what costs more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        max_effect: Option<Effect>,
    },
    /// What is on trial stays.
    Confirm,
    /// Go back to what was in force before the last change.
    Undo,
    /// Change how much is logged.
    Log {
        /// A level, or directives as in `RUST_LOG`.
        level: String,
    },
    /// Ask traffic away, then leave for good: the daemon ends by itself.
    Drain {
        /// How long that may take, seconds.
        limit: u64,
    },
    /// Stay after all.
    Undrain,
    /// Act on a peer.
    Admin {
        /// Its name or address.
        peer: String,
        /// What to do.
        action: Action,
        /// What the peer is told.
        #[serde(default)]
        text: String,
    },
}

/// What can be done to a peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// Start it.
    Enable,
    /// End its session and leave it.
    Disable,
    /// End its session and start again.
    Reset,
    /// Ask it for its routes again.
    RefreshIn,
    /// Send it ours again.
    RefreshOut,
}

/// Which paths to list.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Selection {
    /// A prefix, or an address for the prefixes that cover it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// How the prefix is meant.
    pub scope: Scope,
    /// Which paths.
    pub of: Of,
    /// The peer of [`Of::In`] and [`Of::Out`].
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// `ipv4` or `ipv6`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
}

/// How the prefix of a [`Selection`] is meant.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Exactly that one.
    #[default]
    Exact,
    /// That one and those inside it.
    Longer,
    /// That one and those that cover it.
    Covering,
}

/// Which paths of a prefix.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Of {
    /// Every candidate.
    #[default]
    All,
    /// The best ones.
    Best,
    /// Those that were refused.
    Rejected,
    /// Those a peer sent.
    In,
    /// Those a peer was sent.
    Out,
}

/// A line of an answer, as a client reads it: items stay text, so that what is printed as JSON is
/// what the daemon said, octet for octet.
#[derive(Debug, Default, Deserialize)]
pub struct Reply {
    /// [`VERSION`].
    pub v: u32,
    /// A part of the answer.
    #[serde(default)]
    pub items: Vec<Box<RawValue>>,
    /// Nothing follows.
    #[serde(default)]
    pub done: bool,
    /// The request was refused; nothing follows.
    #[serde(default)]
    pub error: Option<Refusal>,
}

/// Why a request was refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema, thiserror::Error)]
#[error("{message}")]
pub struct Refusal {
    /// What kind of reason.
    pub code: RefusalCode,
    /// For people.
    pub message: String,
}

/// Kinds of reasons to refuse a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum RefusalCode {
    /// The request cannot be understood.
    Usage,
    /// There is no such thing.
    NotFound,
    /// The daemon cannot do that now.
    Refused,
    /// The configuration file is not valid.
    Config,
    /// It would disturb more than is allowed.
    Effect,
}

impl Refusal {
    /// The request cannot be understood.
    pub fn usage(message: impl Into<String>) -> Self {
        Self { code: RefusalCode::Usage, message: message.into() }
    }

    /// There is no such thing.
    pub fn not_found(message: impl Into<String>) -> Self {
        Self { code: RefusalCode::NotFound, message: message.into() }
    }

    /// The daemon cannot do that now.
    pub fn refused(message: impl Into<String>) -> Self {
        Self { code: RefusalCode::Refused, message: message.into() }
    }
}

/// The daemon as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
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
}

/// A table, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TableTotals {
    /// Prefixes.
    pub prefixes: usize,
    /// Paths.
    pub paths: usize,
}

/// One peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Its AS; `null` while it may have any and has not said.
    pub asn: Option<u32>,
    /// The RFC's name of its state.
    pub state: Cow<'static, str>,
    /// Since when, RFC 3339.
    pub since: String,
    /// Since when, in seconds.
    pub age: u64,
    /// Families in use, or configured while no session is up.
    pub families: Vec<String>,
    /// Routes by family.
    pub routes: BTreeMap<String, Counts>,
    /// Why the last session or attempt ended.
    pub last_error: Option<String>,
    /// Free text of the configuration.
    pub description: String,
    /// Our AS towards it.
    pub local_asn: u32,
    /// Our address towards it.
    pub local_address: Option<String>,
    /// Its BGP Identifier.
    pub router_id: Option<String>,
    /// Hold time in use, seconds.
    pub hold_time: Option<u16>,
    /// What both sides announced.
    pub capabilities: Vec<Cow<'static, str>>,
    /// When the next attempt to connect begins, RFC 3339.
    pub next_attempt: Option<String>,
    /// Accepted from a range.
    pub dynamic: bool,
    /// A route-reflector client.
    pub client: bool,
    /// Messages received.
    pub messages_received: Messages,
    /// Messages sent.
    pub messages_sent: Messages,
}

/// Routes of one family, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// In Adj-RIB-In.
    pub received: u64,
    /// Of these, accepted by policy.
    pub accepted: u64,
    /// In Adj-RIB-Out.
    pub advertised: u64,
}

/// Messages of one direction, counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Messages {
    /// UPDATE messages.
    pub updates: u64,
    /// All.
    pub total: u64,
}

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
}

/// Why a session is not up, or that it is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PeerExplanation {
    /// The peer's name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// The RFC's name of its state.
    pub state: Cow<'static, str>,
    /// Since when, RFC 3339.
    pub since: String,
    /// What fails: `route`, `refused`, `unanswered`, `closed`, `lost`, `open`, `hold_timer`, `limit`, `administrative` or
    /// `protocol`; `null` where the session is up, or nothing has failed yet.
    pub layer: Option<Cow<'static, str>>,
    /// What happened, in words.
    pub reason: String,
    /// What that often means, and what to look at.
    pub hints: Vec<String>,
    /// When the next attempt to connect begins, RFC 3339; `null` where none is to come, or one is under way.
    pub next_attempt: Option<String>,
    /// Seconds until then.
    pub next_in: Option<u64>,
}

/// One stage of an explanation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Step {
    /// `origin`, `import`, `next hop`, `decision`, `export` or `kernel`.
    pub stage: Cow<'static, str>,
    /// What it is about.
    pub subject: String,
    /// It let the route through.
    pub passed: bool,
    /// Why.
    pub reason: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(line: &str) -> Verb {
        serde_json::from_str::<Request>(line).expect("a request").verb
    }

    #[test]
    fn a_request_can_be_typed_by_hand() {
        assert_eq!(read(r#"{"v":1,"verb":"peers"}"#), Verb::Peers);
        assert_eq!(read(r#"{"v":1,"verb":"routes"}"#), Verb::Routes(Selection::default()));
        let text = r#"{"v":1,"verb":"routes","prefix":"10.0.0.0/8","scope":"longer","of":"best"}"#;
        let selection = Selection {
            prefix: Some("10.0.0.0/8".to_owned()),
            scope: Scope::Longer,
            of: Of::Best,
            ..Selection::default()
        };
        assert_eq!(read(text), Verb::Routes(selection));
    }

    #[test]
    fn a_request_reads_back_as_it_was_written() {
        let verbs = [
            Verb::Status,
            Verb::Peer { name: "node02".to_owned() },
            Verb::Explain { prefix: "10.0.0.0/8".to_owned(), peer: None },
            Verb::Admin { peer: "a".to_owned(), action: Action::RefreshIn, text: String::new() },
        ];
        for verb in verbs {
            let line =
                serde_json::to_string(&Request { v: VERSION, verb: verb.clone() }).expect("plain data");
            assert_eq!(read(&line), verb);
        }
    }

    #[test]
    fn as_sets_are_nested_lists() {
        let path = [AsPathElement::Asn(65001), AsPathElement::Set(vec![1, 2])];
        assert_eq!(serde_json::to_string(&path).expect("plain data"), "[65001,[1,2]]");
    }
}

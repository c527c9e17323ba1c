//! The control protocol: one JSON request per line, answered by JSON lines. Shapes only.
//!
//! An answer is any number of lines with `items`, then one with `done` or `error`. Every line carries
//! the version; a daemon refuses versions it does not know. `nc -U` is a client.

mod change;
mod event;
mod finding;
mod kernel;
mod level;
mod peer;
mod readiness;
mod route;
mod status;
mod trend;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

pub use self::change::{Change, ChangeKind, Consequence, Draft, Effect, Reloaded};
pub use self::event::{BestPath, Event, EventId, EventIdError, Notice, Only, Recall, Side};
pub use self::finding::{Finding, Standing};
pub use self::kernel::{Bucket, KernelOwner, KernelRoute, KernelSummary, KernelTotals, Latency};
pub use self::level::LogLevel;
pub use self::peer::{Counts, Messages, Peer, PeerExplanation};
pub use self::readiness::{Readiness, Rung};
pub use self::route::{AsPathElement, Explanation, Route, Step};
pub use self::status::{Draining, Group, PeerTotals, Status, TableTotals};
pub use self::trend::{Trend, Trends};

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
        /// Only towards this peer, or only what was made of what it said.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        peer: Option<String>,
        /// Which part of its way.
        #[serde(default)]
        about: About,
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
    /// How much is logged, of everything and of single peers.
    Log {
        /// Change it first: a level, `default`, directives as in `RUST_LOG`, or `PEER=LEVEL`.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        level: Option<String>,
    },
    /// Ask traffic away, then leave for good: the daemon ends by itself.
    Drain {
        /// How long that may take, seconds.
        limit: u64,
    },
    /// Stay after all.
    Undrain,
    /// What happened.
    History(Recall),
    /// What happens, until the client has gone.
    Watch(Recall),
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

impl Action {
    /// The word for it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enable => "enable",
            Self::Disable => "disable",
            Self::Reset => "reset",
            Self::RefreshIn => "refresh_in",
            Self::RefreshOut => "refresh_out",
        }
    }
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
    /// The peer of [`Of::In`] and [`Of::Out`]; with the others only what this peer sent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// `ipv4` or `ipv6`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// Only with a community like this one, as policies write it: `64512:*`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub community: Option<String>,
    /// Only with an AS path that ends with this AS.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub origin_as: Option<u32>,
    /// Only what arrived or changed within so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
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

/// Which part of the way of a prefix is explained.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum About {
    /// From its origin to peers and the kernel.
    #[default]
    All,
    /// What was made of what peers said, rule by rule.
    Import,
    /// What the kernel is wished to hold, and holds.
    Kernel,
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
    /// Of `watch`, in a line without items: whoever has read this has seen everything up to this event, as
    /// [`Event::id`] names it.
    #[serde(default)]
    pub read_until: Option<String>,
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
            Verb::Explain { prefix: "10.0.0.0/8".to_owned(), peer: None, about: About::Kernel },
            Verb::Admin { peer: "a".to_owned(), action: Action::RefreshIn, text: String::new() },
        ];
        for verb in verbs {
            let line =
                serde_json::to_string(&Request { v: VERSION, verb: verb.clone() }).expect("plain data");
            assert_eq!(read(&line), verb);
        }
    }
}

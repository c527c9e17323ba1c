//! A peer, and why its session is not up.

use std::borrow::Cow;
use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One peer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Peer {
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// It is configured to be there, and not `enabled = false`.
    #[serde(default = "yes")]
    pub enabled: bool,
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
    /// Why the last session or attempt ended; while a session is Established, why the one before it did.
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

/// A daemon of before says nothing of it.
const fn yes() -> bool {
    true
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
    /// What fails: `route`, `refused`, `unanswered`, `closed`, `lost`, `open`, `hold_timer`, `limit`, `rejected`,
    /// `collision`, `resources`, `bfd`, `administrative` or `protocol`; `null` where the session is up, or nothing has failed yet.
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

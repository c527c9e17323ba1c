//! What happened, as the control protocol says it.

use std::borrow::Cow;
use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that happened. What does not belong to its kind is left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Event {
    /// The version of this form, 1.
    pub v: u32,
    /// Its place in the order of things; the next daemon begins anew with 1.
    pub seq: u64,
    /// Its place in this daemon's life and no other's, to go on from.
    pub id: String,
    /// When, RFC 3339.
    pub time: String,
    /// What: `session.up`, `session.down`, `session.failed`, `peer.state`, `peer.asked`, `restart.began`, `restart.over`,
    /// `route.found`, `route.changed`, `route.lost`, `route.end_of_rib`, `route.limit`, `route.headless`,
    /// `route.thawed`, `update.fault`, `connection.refused`, `topology.flaw`, `topology.mended`, `config.*`, `drain.*`,
    /// `kernel.*`, or `gap` where some of what followed `seq` is not remembered any more.
    pub event: Cow<'static, str>,
    /// The peer it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// The family it is about.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub family: Option<String>,
    /// The prefix whose best path changed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Why, or more about it, in words. A peer may have written some of them.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reason: String,
    /// The state, or the best path, before.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub from: Option<Side>,
    /// The state, or the best path, since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub to: Option<Side>,
    /// Who closed a session: `us`, `peer`, or `nobody` where the connection went without a word.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_by: Option<Cow<'static, str>>,
    /// The NOTIFICATION that whoever closed it sent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub notification: Option<Notice>,
    /// Families in use.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub families: Vec<String>,
    /// Hold time in use, seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hold_time: Option<u16>,
    /// Until when routes are kept at the latest, RFC 3339.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// How many: prefixes beyond a limit, routes, or events of a kind that this one stands for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub count: Option<u64>,
    /// How many prefixes there may be.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub maximum: Option<u32>,
    /// Some of the prefixes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prefixes: Vec<String>,
    /// The generation of the configuration in force since.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub generation: Option<u64>,
    /// Of a gap: what is lost came up to this `seq`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lost_until: Option<u64>,
}

/// One side of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Side {
    /// A state.
    State(Cow<'static, str>),
    /// A best path.
    Path(BestPath),
}

/// A path that was best, or is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct BestPath {
    /// `bgp`, `direct`, `static` or `kernel`.
    pub source: Cow<'static, str>,
    /// The peer it came from.
    pub peer: Option<String>,
    /// What it said, in words.
    pub route: String,
}

/// A NOTIFICATION.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Notice {
    /// Its error code.
    pub code: u8,
    /// Its subcode.
    pub subcode: u8,
}

/// Which events are asked for.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default)]
pub struct Recall {
    /// Only what is about these peers, by name or address; several, at most 64, are separated by commas.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub peer: Option<String>,
    /// Only what is about this prefix, or about those that cover this address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub prefix: Option<String>,
    /// Of which kind.
    pub only: Only,
    /// Only what came after this one: an `id`, or a `seq`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub after: Option<String>,
    /// Only what happened in the last so many seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<u64>,
    /// At most so many: of a stream and with `after` the first that follow, else the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<usize>,
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Only {
    /// All of them.
    #[default]
    All,
    /// All but changes of best paths.
    Events,
    /// Changes of best paths.
    Routes,
}

/// Where somebody has read up to, in the life of one daemon: `1793301000123-17`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EventId {
    /// When the daemon started, in milliseconds since 1970; `None` for whichever is asked.
    pub run: Option<u64>,
    /// The number.
    pub seq: u64,
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.run {
            Some(run) => write!(f, "{run}-{}", self.seq),
            None => write!(f, "{}", self.seq),
        }
    }
}

impl FromStr for EventId {
    type Err = EventIdError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let number = |text: &str| text.parse::<u64>().map_err(|_| EventIdError);
        Ok(match text.split_once('-') {
            Some((run, seq)) => Self { run: Some(number(run)?), seq: number(seq)? },
            None => Self { run: None, seq: number(text)? },
        })
    }
}

/// It does not say where somebody has read up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("this is neither the `seq` nor the `id` of an event")]
pub struct EventIdError;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_reads_back() {
        for text in ["17", "1793301000123-17"] {
            assert_eq!(text.parse::<EventId>().map(|id| id.to_string()).as_deref(), Ok(text));
        }
        for text in ["", "-", "17-", "-17", "a", "1-2-3", "18446744073709551616"] {
            assert_eq!(text.parse::<EventId>(), Err(EventIdError), "{text}");
        }
    }

    #[test]
    fn what_does_not_belong_is_left_out() {
        let event = Event { v: 1, seq: 7, event: "session.up".into(), ..Event::default() };
        let text = serde_json::to_string(&event).expect("plain data");
        assert_eq!(text, r#"{"v":1,"seq":7,"id":"","time":"","event":"session.up"}"#);
    }
}

//! Which events are told.

use std::time::Duration;

use clap::{Args, ValueEnum};
use clap_complete::engine::ArgValueCompleter;

use super::span;
use crate::api::{Only, Recall, Refusal};
use crate::cli::completion::{peers, subjects};

#[derive(Args, Debug)]
#[command(next_help_heading = "Which events")]
pub(in crate::cli) struct History {
    /// A prefix or an address inside it, or the word `peer`
    #[arg(value_name = "PREFIX|peer", add = ArgValueCompleter::new(subjects))]
    prefix: Option<String>,
    /// The peer whose events are meant
    #[arg(value_name = "NAME", requires = "prefix", add = ArgValueCompleter::new(peers))]
    name: Option<String>,
    /// At most so many, the last ones
    #[arg(long, value_name = "N", value_parser = count)]
    limit: Option<usize>,
    /// Only what happened in that time, as 90s, 5m or 2h
    #[arg(long, value_name = "TIME", value_parser = span)]
    since: Option<Duration>,
    /// Only these
    #[arg(long, value_enum, value_name = "KIND")]
    only: Option<Kind>,
}

impl History {
    /// The same as a request says it.
    pub(in crate::cli) fn asked(self) -> Result<Recall, Refusal> {
        let (peer, prefix) = match (self.prefix, self.name) {
            (Some(word), Some(name)) if word == "peer" => (Some(name), None),
            (Some(word), Some(_)) => {
                let usage = format!("{word:?} is not `peer`: history PREFIX, or history peer NAME");
                return Err(Refusal::usage(usage));
            }
            (Some(word), None) if word == "peer" => return Err(Refusal::usage("name a peer")),
            (prefix, _) => (None, prefix),
        };
        let (since, only) = (self.since.map(|since| since.as_secs()), self.only.into());
        Ok(Recall { peer, prefix, only, since, limit: self.limit, after: None })
    }
}

#[derive(Args, Debug)]
#[command(next_help_heading = "Which events")]
pub(in crate::cli) struct Watch {
    /// Only what is about these peers
    #[arg(value_name = "PEER", add = ArgValueCompleter::new(peers))]
    peers: Vec<String>,
    /// Begin after this event, by its `seq` or its `id`, not now
    #[arg(long, value_name = "EVENT")]
    since_event: Option<String>,
    /// End after so many
    #[arg(long, value_name = "N", value_parser = count)]
    limit: Option<usize>,
    /// Only these
    #[arg(long, value_enum, value_name = "KIND")]
    only: Option<Kind>,
}

impl Watch {
    /// The same as a request says it.
    pub(in crate::cli) fn asked(self) -> Recall {
        let peer = (!self.peers.is_empty()).then(|| self.peers.join(","));
        let (only, after) = (self.only.into(), self.since_event);
        Recall { peer, only, after, limit: self.limit, ..Recall::default() }
    }
}

/// Kinds of events.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(in crate::cli) enum Kind {
    /// All but changes of best paths
    Events,
    /// Changes of best paths
    Routes,
}

impl From<Option<Kind>> for Only {
    fn from(kind: Option<Kind>) -> Self {
        match kind {
            None => Self::All,
            Some(Kind::Events) => Self::Events,
            Some(Kind::Routes) => Self::Routes,
        }
    }
}

fn count(text: &str) -> Result<usize, String> {
    let number = text.parse().ok().filter(|number| *number > 0);
    number.ok_or_else(|| "a whole number, 1 at least".to_owned())
}

//! A running log, as it is asked and changed.

use tracing::level_filters::LevelFilter;
use tracing_subscriber::{Registry, reload};

use super::levels::Levels;
use super::{LogError, first, parse};
use crate::api::LogLevel;

/// What takes a level back.
const DEFAULT: &str = "default";

/// The parts of the program whose lines can have a level of their own.
const PARTS: [&str; 3] = ["bgp_core", "bgp_daemon", "fib_sync"];

/// How much a running log says.
#[derive(Clone, Debug)]
pub struct Handle(reload::Handle<Levels, Registry>);

impl Handle {
    pub(super) const fn new(levels: reload::Handle<Levels, Registry>) -> Self {
        Self(levels)
    }

    /// Changes how much is said of everything but the peers that have levels of their own.
    ///
    /// # Errors
    ///
    /// Where `directives` are not a filter.
    pub fn set(&self, directives: &str) -> Result<(), LogError> {
        let filter = parse(directives)?;
        self.modify(|levels| levels.set(filter))
    }

    /// The same as an operator says it: nothing that is no part of the program, which would silence everything else, and `default`
    /// for what the environment says, or the configuration with `configured`.
    ///
    /// # Errors
    ///
    /// Where `words` are no such filter.
    pub fn order(&self, words: &str, configured: &str) -> Result<(), LogError> {
        let filter = match words {
            DEFAULT => first(configured)?,
            _ if words.split(',').all(is_ours) => parse(words)?,
            _ => return Err(LogError::Directives(words.to_owned())),
        };
        self.modify(|levels| levels.set(filter))
    }

    /// Changes how much is said of `peer`, whatever holds for everything else; `default` makes it like everything else again.
    ///
    /// # Errors
    ///
    /// Where `level` is none.
    pub fn order_of(&self, peer: &str, level: &str) -> Result<(), LogError> {
        let level = match level {
            DEFAULT => None,
            _ => Some(parsed(level).ok_or_else(|| LogError::Level(level.to_owned()))?),
        };
        self.modify(|levels| levels.set_peer(peer, level))
    }

    /// What holds: for everything first, then for peers by name.
    ///
    /// # Errors
    ///
    /// Where logging has ended.
    pub fn levels(&self) -> Result<Vec<LogLevel>, LogError> {
        let list = |levels: &Levels| {
            let everything = LogLevel { peer: None, level: levels.everything() };
            let peers = levels.peers().map(|(peer, level)| (Some(peer.to_owned()), level.to_string()));
            let peers = peers.map(|(peer, level)| LogLevel { peer, level });
            [everything].into_iter().chain(peers).collect()
        };
        self.0.with_current(list).map_err(|_| LogError::Gone)
    }

    fn modify(&self, change: impl FnOnce(&mut Levels)) -> Result<(), LogError> {
        self.0.modify(change).map_err(|_| LogError::Gone)
    }
}

/// Whether a directive is a level, or one for a part of the program.
pub(crate) fn is_ours(directive: &str) -> bool {
    let target = directive.split(['=', '[']).next().unwrap_or_default();
    let is_of =
        |part: &str| target.strip_prefix(part).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"));
    parsed(directive).is_some() || PARTS.into_iter().any(is_of)
}

/// The level that a word names; nothing is no level, although it is one to the type.
fn parsed(word: &str) -> Option<LevelFilter> {
    Some(word).filter(|word| !word.is_empty())?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_directive_is_about_everything_or_a_part_of_the_program() {
        for ours in ["debug", "OFF", "fib_sync=debug", "bgp_daemon::transport=trace", "bgp_core"] {
            assert!(is_ours(ours), "{ours}");
        }
        for foreign in ["", "debgu", "tor-a=debug", "fib=debug", "bgp_core2=info", "2001:db8::1=debug"] {
            assert!(!is_ours(foreign), "{foreign}");
        }
    }
}

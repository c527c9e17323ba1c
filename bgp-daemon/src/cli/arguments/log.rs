//! How much is to be logged.

use clap::Args;
use clap_complete::engine::ArgValueCompleter;

use crate::api::Refusal;
use crate::cli::completion::levels;

/// The word that may stand before a level.
const LEVEL: &str = "level";

#[derive(Args, Debug)]
pub(in crate::cli) struct Log {
    /// The word `level`, which may be left out
    #[arg(value_name = "level", add = ArgValueCompleter::new(levels))]
    word: Option<String>,
    /// off, error, warn, info, debug or trace, `default`, or directives as in RUST_LOG; without it what holds is shown
    #[arg(value_name = "[PEER=]LEVEL", add = ArgValueCompleter::new(levels))]
    level: Option<String>,
}

impl Log {
    /// What is to hold from now on; `None` where only what holds is asked.
    pub(in crate::cli) fn order(self) -> Result<Option<String>, Refusal> {
        match (self.word, self.level) {
            (Some(word), level) if word == LEVEL => Ok(level),
            (level, None) => Ok(level),
            (word, Some(level)) => {
                let word = word.unwrap_or_default();
                Err(Refusal::usage(format!("{word:?} and {level:?}: one of them, or log level LEVEL")))
            }
        }
    }
}

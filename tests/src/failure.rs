//! What the laboratory could not do.

use std::fmt::{self, Display};
use std::process::ExitCode;

/// An action of the laboratory and why it failed, for a person to read.
#[derive(thiserror::Error)]
#[error("{doing}: {why}")]
pub struct Failure {
    doing: String,
    why: String,
}

impl Failure {
    /// `doing` is the action ("open a raw socket"), `why` the refusal.
    pub fn new(doing: impl Into<String>, why: impl Display) -> Self {
        Self { doing: doing.into(), why: why.to_string() }
    }

    /// How a program ends: a failure is told on standard error.
    #[must_use]
    pub fn told(done: Result<(), Self>) -> ExitCode {
        match done {
            Ok(()) => ExitCode::SUCCESS,
            Err(failure) => {
                eprintln!("error: {failure}");
                ExitCode::FAILURE
            }
        }
    }
}

/// A test that returns a failure shows it by `Debug`: the words, then, not the fields.
impl fmt::Debug for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        Display::fmt(self, f)
    }
}

/// Names the action whose error is passed on.
pub trait Doing<T> {
    /// Turns an error into a [`Failure`] of the action named.
    fn doing(self, what: &str) -> Result<T, Failure>;

    /// As [`Doing::doing`], with a name that is costly to make.
    fn doing_with(self, what: impl FnOnce() -> String) -> Result<T, Failure>;
}

impl<T, E: Display> Doing<T> for Result<T, E> {
    fn doing(self, what: &str) -> Result<T, Failure> {
        self.map_err(|why| Failure::new(what, why))
    }

    fn doing_with(self, what: impl FnOnce() -> String) -> Result<T, Failure> {
        self.map_err(|why| Failure::new(what(), why))
    }
}

//! What the laboratory could not do.

use std::fmt::Display;

/// An action of the laboratory and why it failed, for a person to read.
#[derive(Debug, thiserror::Error)]
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

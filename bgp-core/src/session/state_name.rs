//! The RFC's names of the states.

use std::fmt;

/// A state of [RFC 4271 §8.2.2], in the order a session passes through them.
///
/// [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum StateName {
    /// Nothing is tried and nobody is let in.
    Idle,
    /// Dialing.
    Connect,
    /// Waiting to be called, or to dial again.
    Active,
    /// Our OPEN is out.
    OpenSent,
    /// Their OPEN is in.
    OpenConfirm,
    /// Routes flow.
    Established,
}

impl StateName {
    /// The name as the RFC writes it.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Idle => "Idle",
            Self::Connect => "Connect",
            Self::Active => "Active",
            Self::OpenSent => "OpenSent",
            Self::OpenConfirm => "OpenConfirm",
            Self::Established => "Established",
        }
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

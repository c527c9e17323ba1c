//! Why a session ended, and by whose word.

use std::fmt;

use crate::wire::{Malformed, Notification};

/// Who ended a session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Down {
    /// We did, and told the peer so.
    Sent(Notification),
    /// We did, because the peer's octets made no sense; it was told where the RFCs allow an answer.
    Malformed(Malformed),
    /// The peer did, and told us so.
    Received(Notification),
    /// The connection went away without a word, or we left without one.
    Lost,
}

impl Down {
    /// The NOTIFICATION that went with it, in either direction.
    #[must_use]
    pub const fn notification(&self) -> Option<&Notification> {
        match self {
            Self::Sent(notification) | Self::Received(notification) => Some(notification),
            Self::Malformed(malformed) => malformed.notification.as_ref(),
            Self::Lost => None,
        }
    }
}

impl fmt::Display for Down {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sent(notification) => write!(f, "we sent {notification}"),
            Self::Malformed(malformed) => write!(f, "we could not read a message: {malformed}"),
            Self::Received(notification) => write!(f, "the peer sent {notification}"),
            Self::Lost => f.write_str("the connection was lost"),
        }
    }
}

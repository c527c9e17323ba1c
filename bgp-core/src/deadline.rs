//! Deadlines: an instant with the reason for waking up at it.

use std::fmt;

use crate::Instant;

/// Why something has to happen at a certain instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[non_exhaustive]
pub enum Timer {
    /// Work was left over from the last call: call again at once.
    Work,
    /// HoldTimer: the peer has been silent for too long.
    Hold,
    /// KeepaliveTimer: it is our turn to say something.
    Keepalive,
    /// SendHoldTimer, RFC 9687: the peer takes nothing of what we have to say.
    SendHold,
    /// DelayOpenTimer: the peer was given its chance to speak first.
    DelayOpen,
    /// ConnectRetryTimer: dial (again).
    ConnectRetry,
    /// IdleHoldTimer: the penalty for failing repeatedly is over.
    IdleHold,
    /// The pause after a passed prefix limit is over.
    PrefixLimit,
    /// A second connection was given long enough to say its OPEN.
    Collision,
    /// Graceful restart: the peer had long enough to come back ([RFC 4724 §4.2]).
    ///
    /// [RFC 4724 §4.2]: https://www.rfc-editor.org/rfc/rfc4724#section-4.2
    Restart,
    /// Stale routes had long enough to be confirmed.
    Stale,
}

impl fmt::Display for Timer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Work => "Work",
            Self::Hold => "Hold",
            Self::Keepalive => "Keepalive",
            Self::SendHold => "SendHold",
            Self::DelayOpen => "DelayOpen",
            Self::ConnectRetry => "ConnectRetry",
            Self::IdleHold => "IdleHold",
            Self::PrefixLimit => "PrefixLimit",
            Self::Collision => "Collision",
            Self::Restart => "Restart",
            Self::Stale => "Stale",
        })
    }
}

/// When to call `handle_timeout` next, and what for. Orders by time first.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Deadline {
    /// The instant.
    pub at: Instant,
    /// The reason.
    pub timer: Timer,
}

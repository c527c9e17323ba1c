//! Why the kernel, or we on its behalf, did not do what was wished.

use std::fmt;

use thiserror::Error;

use crate::{Operation, Protocol};

/// A refusal by meaning; `text` is the kernel's own explanation (extended acknowledgement), or what its error number
/// is called where it gave none.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Refused {
    /// The gateway cannot be reached from here or, in IPv6, is one of our own addresses.
    #[error("no such next hop: {text}")]
    NoSuchNextHop {
        /// The kernel's words.
        text: String,
    },
    /// The preferred source is not an address of ours.
    #[error("no such source address: {text}")]
    NoSuchSource {
        /// The kernel's words.
        text: String,
    },
    /// A foreign route holds the key (prefix, metric). It is left alone; ours follows when it goes.
    #[error("a route of protocol {} holds metric {metric}", Protocol(*.protocol))]
    Exists {
        /// The owner's route protocol.
        protocol: u8,
        /// The metric both want.
        metric: u32,
    },
    /// What was to be removed or replaced is not there.
    #[error("no such route")]
    Gone,
    /// We lack the right (`CAP_NET_ADMIN`).
    #[error("not permitted: {text}")]
    Denied {
        /// The kernel's words.
        text: String,
    },
    /// The interface does not exist or is down.
    #[error("no such interface, or it is down: {text}")]
    NoDevice {
        /// The interface, or the kernel's words.
        text: String,
    },
    /// The kernel does not know this kind of route.
    #[error("not supported by this kernel: {text}")]
    Unsupported {
        /// The kernel's words.
        text: String,
    },
    /// The kernel is short of memory or at a limit.
    #[error("out of resources: {text}")]
    Exhausted {
        /// The kernel's words.
        text: String,
    },
    /// The route makes no sense.
    #[error("invalid: {text}")]
    Invalid {
        /// The kernel's words, or ours.
        text: String,
    },
    /// Anything else.
    #[error("error {errno}: {text}")]
    Other {
        /// The error number.
        errno: i32,
        /// The kernel's words.
        text: String,
    },
    /// Somebody else undoes it again and again. It is done again after a pause, longer each time.
    #[error("undone by somebody else {times} times in a row, last {meddled}")]
    Contested {
        /// Times in a row, with no minute between that was quiet.
        times: u32,
        /// What they did.
        meddled: Meddled,
    },
    /// Nobody answered: the answer was lost in an overrun. The prefix is read again.
    #[error("the answer was lost")]
    Unanswered,
}

impl Refused {
    /// A word for metrics and logs.
    #[must_use]
    pub const fn kind(&self) -> &'static str {
        match self {
            Self::NoSuchNextHop { .. } => "no-such-next-hop",
            Self::NoSuchSource { .. } => "no-such-source",
            Self::Exists { .. } => "exists",
            Self::Gone => "gone",
            Self::Denied { .. } => "denied",
            Self::NoDevice { .. } => "no-device",
            Self::Unsupported { .. } => "unsupported",
            Self::Exhausted { .. } => "exhausted",
            Self::Invalid { .. } => "invalid",
            Self::Other { .. } => "other",
            Self::Contested { .. } => "contested",
            Self::Unanswered => "unanswered",
        }
    }
}

/// What somebody else did to a route of ours. Who it was the kernel does not tell.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Meddled {
    /// It was removed.
    Removed,
    /// Another one of our protocol was put in its place.
    Overwritten,
    /// One of our protocol was added that is not wished.
    Added,
}

impl From<&Operation> for Meddled {
    /// What this undoes.
    fn from(operation: &Operation) -> Self {
        match operation {
            Operation::Create(_) => Self::Removed,
            Operation::Replace(_) => Self::Overwritten,
            Operation::Remove(_) => Self::Added,
        }
    }
}

impl fmt::Display for Meddled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Removed => "removed",
            Self::Overwritten => "overwritten",
            Self::Added => "added",
        })
    }
}

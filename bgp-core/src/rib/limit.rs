//! Prefix limits: how many paths a source has, and whether one more is allowed.

/// How many paths a source has in one family.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Received, whatever import made of them.
    pub received: u32,
    /// Accepted by import.
    pub accepted: u32,
    /// Chosen as the best of their prefixes.
    pub best: u32,
}

/// Whether an announcement stays within a limit ([RFC 4486 §4]).
///
/// Unlike the RFC's prefixes, paths are counted: with additional paths a prefix has no bound of its own.
///
/// [RFC 4486 §4]: https://www.rfc-editor.org/rfc/rfc4486#section-4
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It does.
    Within,
    /// It does not.
    Above {
        /// How many there would be.
        count: u32,
        /// How many there may be.
        maximum: u32,
    },
}

impl Verdict {
    /// The verdict on one more path where there are `count` already.
    pub(super) const fn one_more(count: u32, maximum: u32) -> Self {
        let count = count.saturating_add(1);
        if count > maximum { Self::Above { count, maximum } } else { Self::Within }
    }
}

//! Every way a peer's octets can be wrong, and what the RFCs want done about it.

use crate::wire::Notification;

/// What an error costs, in order of severity; several errors cost the worst
/// ([RFC 7606 §2](https://www.rfc-editor.org/rfc/rfc7606#section-2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Treatment {
    /// The attribute is dropped, the routes stand.
    Discard,
    /// The message's routes are treated as withdrawn.
    Withdraw,
    /// The session ends.
    Reset,
}

/// One tolerated error inside an UPDATE.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Attribute type code, where an attribute is to blame.
    pub attribute: Option<u8>,
    /// Offset of the offending octets from the start of the message.
    pub offset: usize,
    /// What it costs.
    pub treatment: Treatment,
    /// What is wrong, in the RFC's words for it.
    pub reason: Reason,
}

/// Placeholder replaced by the codec: the closed list of reasons.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {}

/// A message that ends the session.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Malformed {
    /// What to tell the peer; `None` where the RFCs forbid an answer.
    pub notification: Option<Notification>,
    /// Offset of the offending octets from the start of the message.
    pub offset: usize,
    /// What is wrong.
    pub reason: Reason,
}

//! What is wrong with a file, and where.

use crate::Family;

/// A part of a file that cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at octet {offset}: {field}")]
pub struct Unreadable {
    /// Where that part begins, from the start of the file.
    pub offset: usize,
    /// What should stand there.
    pub field: Field,
}

impl Unreadable {
    pub(super) const fn new(offset: usize, field: Field) -> Self {
        Self { offset, field }
    }
}

/// Something that should stand in a file and does not.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Field {
    /// The header of a record.
    #[error("the file ends inside a record's header")]
    Header,
    /// As many octets as a header promised.
    #[error("the file ends before the {0} octets of a record")]
    Length(u32),
    /// The microseconds of an extended timestamp.
    #[error("the record ends before its microseconds")]
    Microseconds,
    /// The collector's identifier and the name of the view.
    #[error("the record ends before the name of its view and the number of its peers")]
    View,
    /// A peer of the index.
    #[error("the record ends before peer {0} of its index")]
    Peer(u16),
    /// The prefix of a table entry.
    #[error("no {0} prefix stands here")]
    Prefix(Family),
    /// The number of entries.
    #[error("the record ends before the number of its entries")]
    Count,
    /// An entry of a prefix.
    #[error("the record ends before entry {0} of its prefix")]
    Entry(u16),
    /// The two ends of a session.
    #[error("the record ends before the addresses of its session")]
    Session,
    /// Addresses of a version of IP.
    #[error("address family {0} is neither IPv4 nor IPv6")]
    AddressFamily(u16),
    /// Two states.
    #[error("the record ends before its states")]
    States,
    /// Nothing.
    #[error("the record has {0} octets more than it should")]
    Nothing(usize),
}

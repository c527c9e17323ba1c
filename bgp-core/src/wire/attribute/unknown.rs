//! Attributes that are carried and not understood.

use bytes::Bytes;

use crate::wire::attribute::{OPTIONAL, PARTIAL, TRANSITIVE};

/// An attribute that is carried and not understood, octet for octet
/// ([RFC 4271 §9](https://www.rfc-editor.org/rfc/rfc4271#section-9)).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnknownAttribute {
    /// Attribute type code, as on the wire.
    pub code: u8,
    /// The flags received, with the Extended Length and the unused low bits cleared.
    pub flags: u8,
    /// The value, untouched.
    pub value: Bytes,
}

impl UnknownAttribute {
    /// The flags to send: we do not understand it either, so the Partial bit is set.
    pub(super) const fn flags_to_send(&self) -> u8 {
        self.flags & (OPTIONAL | TRANSITIVE) | PARTIAL
    }
}

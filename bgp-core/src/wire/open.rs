//! OPEN: who a speaker is and what it can do.

use crate::wire::Capability;
use crate::{Asn, RouterId};

/// An OPEN message ([RFC 4271 §4.2](https://www.rfc-editor.org/rfc/rfc4271#section-4.2)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Open {
    /// The speaker's AS: the four-octet one where that capability was present.
    pub asn: Asn,
    /// Hold time in seconds: 0 or at least 3.
    pub hold_time: u16,
    /// BGP Identifier.
    pub router_id: RouterId,
    /// Capabilities in the order received.
    pub capabilities: Vec<Capability>,
}

//! UPDATE: routes announced and withdrawn.

mod decode;
mod encode;

use std::net::Ipv4Addr;

use bytes::Bytes;

use crate::Family;
use crate::wire::{Attributes, Fault, NextHop, Nlri};

/// The NLRI of one family: understood, or carried.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Routes {
    /// Unicast prefixes.
    Unicast(Vec<Nlri>),
    /// Any other family, octet for octet, with its next hop field where it is announced.
    Opaque {
        /// The next hop field; empty in MP_UNREACH_NLRI.
        next_hop: Bytes,
        /// The NLRI field.
        nlri: Bytes,
    },
}

/// MP_REACH_NLRI ([RFC 4760 §3](https://www.rfc-editor.org/rfc/rfc4760#section-3)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reach {
    /// The family.
    pub family: Family,
    /// The next hop; `None` for opaque families.
    pub next_hop: Option<NextHop>,
    /// The routes.
    pub routes: Routes,
}

/// MP_UNREACH_NLRI ([RFC 4760 §4](https://www.rfc-editor.org/rfc/rfc4760#section-4)).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unreach {
    /// The family.
    pub family: Family,
    /// The routes.
    pub routes: Routes,
}

/// An UPDATE message ([RFC 4271 §4.3](https://www.rfc-editor.org/rfc/rfc4271#section-4.3)).
///
/// A decoded one has already been through [RFC 7606]: where a fault costs the routes, `announced`
/// and `reach` are empty and their prefixes stand in `withdrawn` and `unreach`; `faults` tells why.
///
/// [RFC 7606]: https://www.rfc-editor.org/rfc/rfc7606
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Update {
    /// IPv4 unicast routes withdrawn in the classic field.
    pub withdrawn: Vec<Nlri>,
    /// MP_UNREACH_NLRI, and the routes of an MP_REACH_NLRI that are treated as withdrawn.
    pub unreach: Vec<Unreach>,
    /// The path attributes; `None` where the message has none worth keeping.
    pub attributes: Option<Attributes>,
    /// NEXT_HOP, for `announced`.
    pub next_hop: Option<Ipv4Addr>,
    /// IPv4 unicast routes announced in the classic field.
    pub announced: Vec<Nlri>,
    /// MP_REACH_NLRI.
    pub reach: Option<Reach>,
    /// Errors found and tolerated, in the order found.
    pub faults: Vec<Fault>,
    /// The whole message as it came, kept only where there are faults, for whoever has to be told
    /// ([RFC 7606 §6](https://www.rfc-editor.org/rfc/rfc7606#section-6)).
    pub octets: Bytes,
}

impl Update {
    /// The octets that a fault is about.
    #[must_use]
    pub fn octets_of(&self, fault: &Fault) -> &[u8] {
        let end = fault.offset.saturating_add(fault.length).min(self.octets.len());
        self.octets.get(fault.offset..end).unwrap_or_default()
    }

    /// The family whose first transfer this message ends: an UPDATE with nothing in it, or with an
    /// MP_UNREACH_NLRI without routes ([RFC 4724 §2](https://www.rfc-editor.org/rfc/rfc4724#section-2)).
    #[must_use]
    pub fn end_of_rib(&self) -> Option<Family> {
        let quiet = self.withdrawn.is_empty()
            && self.announced.is_empty()
            && self.reach.is_none()
            && self.attributes.is_none()
            && self.faults.is_empty();
        match self.unreach.as_slice() {
            [] if quiet => Some(Family::IPV4),
            [unreach] if quiet && unreach.routes.is_empty() => Some(unreach.family),
            _ => None,
        }
    }
}

impl Routes {
    /// Whether there is no route.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        match self {
            Self::Unicast(nlri) => nlri.is_empty(),
            Self::Opaque { nlri, .. } => nlri.is_empty(),
        }
    }

    /// The same routes as a withdrawal names them.
    fn into_withdrawn(self) -> Self {
        match self {
            Self::Unicast(nlri) => Self::Unicast(nlri),
            Self::Opaque { nlri, .. } => Self::Opaque { next_hop: Bytes::new(), nlri },
        }
    }
}

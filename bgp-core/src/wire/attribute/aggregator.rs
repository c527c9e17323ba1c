//! AGGREGATOR: who formed an aggregate.

use std::fmt;

use bytes::BufMut;

use crate::wire::Reason;
use crate::wire::parse::Cursor;
use crate::{Asn, RouterId};

/// AGGREGATOR ([RFC 4271 §5.1.7](https://www.rfc-editor.org/rfc/rfc4271#section-5.1.7)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Aggregator {
    /// The aggregating AS.
    pub asn: Asn,
    /// The aggregating speaker.
    pub router_id: RouterId,
}

impl Aggregator {
    /// Reads the form with an AS number of four octets or of two.
    pub(super) fn decode(octets: &[u8], four_octet_as: bool) -> Result<Self, Reason> {
        let mut cursor = Cursor::new(octets, 0);
        let asn = match four_octet_as {
            true => cursor.u32(),
            false => cursor.u16().map(u32::from),
        };
        let (Some(asn), Some(router_id), true) = (asn, cursor.u32(), cursor.is_empty()) else {
            return Err(Reason::AttributeLength(octets.len()));
        };
        match asn {
            0 => Err(Reason::ZeroAsn),
            asn => Ok(Self { asn: Asn(asn), router_id: router_id.into() }),
        }
    }

    pub(super) fn put_wide(self, out: &mut impl BufMut) {
        out.put_u32(self.asn.0);
        out.put_u32(self.router_id.bits());
    }

    pub(super) fn put_narrow(self, out: &mut impl BufMut) {
        out.put_u16(self.asn.two_octets());
        out.put_u32(self.router_id.bits());
    }
}

impl fmt::Display for Aggregator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.asn, self.router_id)
    }
}

//! AGGREGATOR: who formed an aggregate.

use std::fmt;

use bytes::{BufMut, BytesMut};

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
    pub(super) fn put_wide(self, out: &mut BytesMut) {
        out.put_u32(self.asn.0);
        out.put_u32(self.router_id.bits());
    }

    pub(super) fn put_narrow(self, out: &mut BytesMut) {
        out.put_u16(self.asn.two_octets());
        out.put_u32(self.router_id.bits());
    }
}

impl fmt::Display for Aggregator {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.asn, self.router_id)
    }
}

//! AIGP: the interior cost accumulated across several ASes under one administration.

use bytes::{BufMut, BytesMut};

/// AIGP ([RFC 7311 §3](https://www.rfc-editor.org/rfc/rfc7311#section-3)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Aigp {
    /// The metric of the first AIGP TLV; an attribute may come without one.
    pub metric: Option<u64>,
    /// All other TLVs, which are passed on as they are.
    pub other_tlvs: Box<[u8]>,
}

/// Type of the AIGP TLV, and its length with type and length counted.
pub(in crate::wire) const METRIC_TLV: u8 = 1;
pub(in crate::wire) const METRIC_TLV_LENGTH: u16 = 11;

impl Aigp {
    pub(super) fn put(&self, out: &mut BytesMut) {
        if let Some(metric) = self.metric {
            out.put_u8(METRIC_TLV);
            out.put_u16(METRIC_TLV_LENGTH);
            out.put_u64(metric);
        }
        out.put_slice(&self.other_tlvs);
    }
}

//! AIGP: the interior cost accumulated across several ASes under one administration.

use bytes::BufMut;

use crate::wire::Reason;
use crate::wire::parse::Cursor;

/// AIGP ([RFC 7311 §3](https://www.rfc-editor.org/rfc/rfc7311#section-3)).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct Aigp {
    /// The metric of the first AIGP TLV; an attribute may come without one.
    pub metric: Option<u64>,
    /// All other TLVs, which are passed on as they are.
    pub other_tlvs: Box<[u8]>,
}

/// Type of the AIGP TLV, and its length with type and length counted.
const METRIC_TLV: u8 = 1;
const METRIC_TLV_LENGTH: u16 = 11;
/// Type and length, which a TLV's length counts.
const TLV_HEADER: u16 = 3;

impl Aigp {
    /// Reads the TLVs ([RFC 7311 §3.2](https://www.rfc-editor.org/rfc/rfc7311#section-3.2)).
    pub(super) fn decode(octets: &[u8]) -> Result<Self, Reason> {
        let mut cursor = Cursor::new(octets, 0);
        let (mut metric, mut other_tlvs) = (None, Vec::new());
        if octets.is_empty() {
            return Err(Reason::AigpTlv);
        }
        while !cursor.is_empty() {
            let tlv = cursor.octets();
            let (Some(kind), Some(length)) = (cursor.octet(), cursor.u16()) else {
                return Err(Reason::AigpTlv);
            };
            let value = length.checked_sub(TLV_HEADER).and_then(|length| cursor.take(usize::from(length)));
            let Some(value) = value else { return Err(Reason::AigpTlv) };
            if kind == METRIC_TLV && length != METRIC_TLV_LENGTH {
                return Err(Reason::AigpTlv);
            }
            if kind == METRIC_TLV && metric.is_none() {
                metric = Cursor::new(value, 0).u64();
            } else {
                other_tlvs.extend_from_slice(tlv.get(..usize::from(length)).unwrap_or(tlv));
            }
        }
        match metric {
            Some(u64::MAX) => Err(Reason::AigpMaximum),
            metric => Ok(Self { metric, other_tlvs: other_tlvs.into() }),
        }
    }

    pub(super) fn put(&self, out: &mut impl BufMut) {
        if let Some(metric) = self.metric {
            out.put_u8(METRIC_TLV);
            out.put_u16(METRIC_TLV_LENGTH);
            out.put_u64(metric);
        }
        out.put_slice(&self.other_tlvs);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_metric_counts_and_the_rest_is_kept() {
        let octets = [
            2, 0, 3, // an unknown TLV without a value
            1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 7, // the metric
            1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9, // a second one
        ];
        let aigp = Aigp::decode(&octets).unwrap();
        assert_eq!(aigp.metric, Some(7));
        assert_eq!(&*aigp.other_tlvs, &[2, 0, 3, 1, 0, 11, 0, 0, 0, 0, 0, 0, 0, 9]);
        let mut out = bytes::BytesMut::new();
        aigp.put(&mut out);
        assert_eq!(Aigp::decode(&out).unwrap(), aigp);
    }

    #[test]
    fn the_reserved_maximum_is_no_metric() {
        let octets = [1, 0, 11, 255, 255, 255, 255, 255, 255, 255, 255];
        assert_eq!(Aigp::decode(&octets), Err(Reason::AigpMaximum));
    }

    #[test]
    fn lengths_must_agree() {
        for octets in
            [&[][..], &[1], &[1, 0], &[1, 0, 2], &[1, 0, 12], &[2, 0, 4], &[1, 0, 10, 0, 0, 0, 0, 0, 0, 0]]
        {
            assert_eq!(Aigp::decode(octets), Err(Reason::AigpTlv), "{octets:?}");
        }
    }
}

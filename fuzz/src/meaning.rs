//! What UPDATEs say, however it is distributed over fields and messages.

use bgp_core::wire::{AsPath, Attributes, NextHop, Nlri, Routes, SegmentKind, Update};
use bgp_core::{Asn, Family};
use bytes::Bytes;

/// The routes of some UPDATEs, sorted, and the attributes they share.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Meaning {
    withdrawn: Vec<Nlri>,
    announced: Vec<(NextHop, Nlri)>,
    opaque_withdrawn: Vec<(Family, Bytes)>,
    opaque_announced: Vec<(Family, Bytes, Bytes)>,
    attributes: Option<Attributes>,
}

impl Meaning {
    pub(crate) fn of<'a>(updates: impl IntoIterator<Item = &'a Update>) -> Self {
        let mut meaning = Self::default();
        for update in updates {
            meaning.add(update);
        }
        meaning.withdrawn.sort_unstable();
        meaning.announced.sort_unstable();
        meaning.opaque_withdrawn.sort_unstable();
        meaning.opaque_announced.sort_unstable();
        meaning
    }

    fn add(&mut self, update: &Update) {
        self.withdrawn.extend(&update.withdrawn);
        for unreach in &update.unreach {
            match &unreach.routes {
                Routes::Unicast(nlri) => self.withdrawn.extend(nlri),
                Routes::Opaque { nlri, .. } if nlri.is_empty() => {}
                Routes::Opaque { nlri, .. } => self.opaque_withdrawn.push((unreach.family, nlri.clone())),
            }
        }
        if let Some(next_hop) = update.next_hop {
            self.announced.extend(update.announced.iter().map(|nlri| (NextHop::V4(next_hop), *nlri)));
        }
        if let Some(reach) = &update.reach {
            match (&reach.routes, reach.next_hop) {
                (Routes::Unicast(nlri), Some(next_hop)) => {
                    self.announced.extend(nlri.iter().map(|nlri| (next_hop, *nlri)));
                }
                (Routes::Unicast(nlri), None) => panic!("{nlri:?} without a next hop"),
                (Routes::Opaque { next_hop, nlri }, _) => {
                    self.opaque_announced.push((reach.family, next_hop.clone(), nlri.clone()));
                }
            }
        }
        if let Some(attributes) = &update.attributes {
            let before = self.attributes.replace(attributes.clone());
            assert!(before.is_none_or(|before| before == *attributes), "attributes differ: {attributes:?}");
        }
    }

    /// The same with the Partial bit on every attribute that is carried without being understood: that
    /// is what whoever carries them has to do.
    pub(crate) fn partial(mut self) -> Self {
        const PARTIAL: u8 = 0x20;
        for unknown in self.attributes.iter_mut().flat_map(|attributes| attributes.unknown.iter_mut()) {
            unknown.flags |= PARTIAL;
        }
        self
    }

    /// What two-octet AS numbers leave of it: where an AS_SEQUENCE is cut means nothing and may change, and
    /// confederation segments have no four-octet form beside the narrow one
    /// ([RFC 6793 §3](https://www.rfc-editor.org/rfc/rfc6793#section-3)).
    pub(crate) fn narrowed(mut self) -> Self {
        if let Some(attributes) = &mut self.attributes {
            let mut parts: Vec<(SegmentKind, Vec<Asn>)> = Vec::new();
            for segment in attributes.as_path.segments() {
                match (segment.kind(), parts.last_mut()) {
                    (SegmentKind::ConfedSequence | SegmentKind::ConfedSet, _) => {}
                    (SegmentKind::Sequence, Some((SegmentKind::Sequence, asns))) => {
                        asns.extend(segment.asns());
                    }
                    (kind, _) => parts.push((kind, segment.asns().collect())),
                }
            }
            let parts = parts.iter().map(|(kind, asns)| (*kind, asns.as_slice()));
            attributes.as_path = AsPath::from_segments(parts);
        }
        self
    }

    /// Whether nothing is said here that `whole` does not say. Withdrawals always fit.
    pub(crate) fn is_part_of(&self, whole: &Self) -> bool {
        self.withdrawn == whole.withdrawn
            && self.announced.iter().all(|route| whole.announced.contains(route))
            && self.opaque_withdrawn.iter().all(|route| whole.opaque_withdrawn.contains(route))
            && self.opaque_announced.iter().all(|route| whole.opaque_announced.contains(route))
    }
}

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

    /// The same with neighbouring AS_SEQUENCEs joined: where a sequence is cut means nothing, and what
    /// passed through two-octet numbers is cut anew.
    pub(crate) fn joined(mut self) -> Self {
        if let Some(attributes) = &mut self.attributes {
            let mut parts: Vec<(SegmentKind, Vec<Asn>)> = Vec::new();
            for segment in attributes.as_path.segments() {
                match parts.last_mut() {
                    Some((kind, asns)) if *kind == segment.kind() && is_sequence(*kind) => {
                        asns.extend(segment.asns());
                    }
                    _ => parts.push((segment.kind(), segment.asns().collect())),
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

const fn is_sequence(kind: SegmentKind) -> bool {
    matches!(kind, SegmentKind::Sequence | SegmentKind::ConfedSequence)
}

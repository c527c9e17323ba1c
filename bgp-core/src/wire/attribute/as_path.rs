//! AS_PATH: the ASes a route came through.

use std::fmt;

use bytes::BufMut;

use crate::Asn;
use crate::wire::Reason;
use crate::wire::attribute::{Segment, SegmentKind};
use crate::wire::parse::Cursor;

/// Most numbers one segment can hold: its count is one octet.
const SEGMENT_MAXIMUM: usize = 255;

/// AS_PATH ([RFC 4271 §5.1.2](https://www.rfc-editor.org/rfc/rfc4271#section-5.1.2)), held in its
/// four-octet wire form so that a relayed path is a copy.
///
/// Invariant: always a well-formed sequence of segments of 1 to 255 numbers each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AsPath {
    octets: Box<[u8]>,
}

/// The segments of a path, leftmost first.
#[derive(Clone, Debug)]
pub struct Segments<'a> {
    rest: &'a [u8],
}

impl<'a> Iterator for Segments<'a> {
    type Item = Segment<'a>;

    fn next(&mut self) -> Option<Segment<'a>> {
        let ([kind, count], rest) = self.rest.split_first_chunk::<2>()?;
        let (octets, rest) = rest.split_at_checked(usize::from(*count).saturating_mul(4))?;
        self.rest = rest;
        SegmentKind::from_octet(*kind).map(|kind| Segment { kind, octets })
    }
}

impl AsPath {
    /// A path of one AS_SEQUENCE, in several segments where there are more than 255 numbers.
    #[must_use]
    pub fn from_sequence(asns: &[Asn]) -> Self {
        let mut builder = Builder::default();
        builder.push(SegmentKind::Sequence, asns.iter().copied());
        builder.finish()
    }

    /// A path of the given segments; empty ones are left out, those above 255 numbers are split.
    pub fn from_segments<'a>(segments: impl IntoIterator<Item = (SegmentKind, &'a [Asn])>) -> Self {
        let mut builder = Builder::default();
        for (kind, asns) in segments {
            builder.push(kind, asns.iter().copied());
        }
        builder.finish()
    }

    /// Reads a path whose numbers have four octets, or two
    /// ([RFC 7606 §7.2](https://www.rfc-editor.org/rfc/rfc7606#section-7.2), RFC 7607 §2).
    pub(super) fn decode(octets: &[u8], four_octet_as: bool) -> Result<Self, Reason> {
        let width = if four_octet_as { 4_usize } else { 2 };
        let mut widened = Vec::new();
        let mut cursor = Cursor::new(octets, 0);
        while !cursor.is_empty() {
            let Some(kind) = cursor.octet() else { break };
            if SegmentKind::from_octet(kind).is_none() {
                return Err(Reason::SegmentType(kind));
            }
            let count = match cursor.octet() {
                Some(0) => return Err(Reason::EmptySegment),
                Some(count) => count,
                None => return Err(Reason::SegmentOverrun),
            };
            let numbers =
                cursor.take(usize::from(count).saturating_mul(width)).ok_or(Reason::SegmentOverrun)?;
            if numbers.chunks_exact(width).any(|number| number.iter().all(|octet| *octet == 0)) {
                return Err(Reason::ZeroAsn);
            }
            if !four_octet_as {
                widened.extend_from_slice(&[kind, count]);
                let (numbers, _) = numbers.as_chunks::<2>();
                widened.extend(numbers.iter().flat_map(|[high, low]| [0, 0, *high, *low]));
            }
        }
        Ok(Self { octets: if four_octet_as { octets.into() } else { widened.into() } })
    }

    /// The path that [`octets`](Self::octets) are of: never anything else, or the invariant goes.
    pub(crate) fn from_octets(octets: &[u8]) -> Self {
        Self { octets: octets.into() }
    }

    /// The path in its four-octet wire form.
    #[must_use]
    pub fn octets(&self) -> &[u8] {
        &self.octets
    }

    /// Whether the path has no segment: the route starts in our own AS.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.octets.is_empty()
    }

    /// The segments, leftmost first.
    #[must_use]
    pub fn segments(&self) -> Segments<'_> {
        Segments { rest: &self.octets }
    }

    /// Every number of every segment, leftmost first.
    pub fn asns(&self) -> impl Iterator<Item = Asn> + '_ {
        self.segments().flat_map(|segment| segment.asns())
    }

    /// The length the decision process compares: an AS_SET counts once, confederation segments not
    /// at all ([RFC 4271 §9.1.2.2], [RFC 5065 §5.3]).
    ///
    /// [RFC 4271 §9.1.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-9.1.2.2
    /// [RFC 5065 §5.3]: https://www.rfc-editor.org/rfc/rfc5065#section-5.3
    #[must_use]
    pub fn length(&self) -> u32 {
        self.segments().map(|segment| segment.length()).fold(0, u32::saturating_add)
    }

    /// The leftmost number, if the path begins with a sequence of either kind.
    #[must_use]
    pub fn first(&self) -> Option<Asn> {
        let segment = self.segments().next()?;
        match segment.kind() {
            SegmentKind::Sequence | SegmentKind::ConfedSequence => segment.asns().next(),
            SegmentKind::Set | SegmentKind::ConfedSet => None,
        }
    }

    /// The neighbouring AS that MEDs are compared within: the leftmost number outside our
    /// confederation, if it stands in a sequence ([RFC 4271 §9.1.2.2](https://www.rfc-editor.org/rfc/rfc4271#section-9.1.2.2)).
    #[must_use]
    pub fn neighbor_asn(&self) -> Option<Asn> {
        let segment = self.segments().find(|segment| !segment.kind().is_confederation())?;
        match segment.kind() {
            SegmentKind::Sequence => segment.asns().next(),
            SegmentKind::Set | SegmentKind::ConfedSequence | SegmentKind::ConfedSet => None,
        }
    }

    /// The AS the route started in: the rightmost number, if it stands in a sequence.
    #[must_use]
    pub fn origin_asn(&self) -> Option<Asn> {
        let segment = self.segments().filter(|segment| !segment.kind().is_confederation()).last()?;
        match segment.kind() {
            SegmentKind::Sequence => segment.asns().next_back(),
            SegmentKind::Set | SegmentKind::ConfedSequence | SegmentKind::ConfedSet => None,
        }
    }

    /// Whether the leading numbers, sets aside, are these.
    #[must_use]
    pub fn starts_with(&self, wanted: &[Asn]) -> bool {
        let mut sequence = self
            .segments()
            .take_while(|segment| segment.kind() == SegmentKind::Sequence)
            .flat_map(|segment| segment.asns());
        wanted.iter().all(|asn| sequence.next() == Some(*asn))
    }

    /// How often `asn` stands in the path, confederation segments included.
    #[must_use]
    pub fn count(&self, asn: Asn) -> usize {
        self.asns().filter(|candidate| *candidate == asn).count()
    }

    /// Whether `asn` stands anywhere in the path.
    #[must_use]
    pub fn contains(&self, asn: Asn) -> bool {
        self.asns().any(|candidate| candidate == asn)
    }

    /// The path with `asns` in front, the first becoming leftmost: in the first segment while that is a
    /// sequence with room, then in new ones ([RFC 4271 §5.1.2](https://www.rfc-editor.org/rfc/rfc4271#section-5.1.2)).
    #[must_use]
    pub fn prepend(&self, asns: &[Asn]) -> Self {
        self.prepend_as(SegmentKind::Sequence, asns)
    }

    /// The path as a member AS sends it inside its confederation
    /// ([RFC 5065 §4.1](https://www.rfc-editor.org/rfc/rfc5065#section-4.1)).
    #[must_use]
    pub fn prepend_confederation(&self, asns: &[Asn]) -> Self {
        self.prepend_as(SegmentKind::ConfedSequence, asns)
    }

    fn prepend_as(&self, kind: SegmentKind, asns: &[Asn]) -> Self {
        self.prepend_within(kind, asns).unwrap_or_else(|| self.prepend_apart(kind, asns))
    }

    /// As nearly always: the first segment is of that kind and has room for all.
    fn prepend_within(&self, kind: SegmentKind, asns: &[Asn]) -> Option<Self> {
        let [first, count, rest @ ..] = &*self.octets else { return None };
        let count = u8::try_from(usize::from(*count).saturating_add(asns.len())).ok()?;
        if *first != kind.octet() {
            return None;
        }
        let mut octets = Vec::with_capacity(self.octets.len().saturating_add(asns.len().saturating_mul(4)));
        octets.extend_from_slice(&[*first, count]);
        octets.extend(asns.iter().flat_map(|asn| asn.0.to_be_bytes()));
        octets.extend_from_slice(rest);
        Some(Self { octets: octets.into() })
    }

    fn prepend_apart(&self, kind: SegmentKind, asns: &[Asn]) -> Self {
        let (first, rest) = match self.segments().next() {
            Some(first) if first.kind() == kind => {
                (Some(first), self.octets.get(first.octets.len().saturating_add(2)..).unwrap_or(&[]))
            }
            Some(_) | None => (None, &*self.octets),
        };
        let room = SEGMENT_MAXIMUM.saturating_sub(first.map_or(SEGMENT_MAXIMUM, |first| first.count()));
        let (apart, joining) = asns.split_at_checked(asns.len().saturating_sub(room)).unwrap_or((&[], asns));
        let mut builder = Builder::default();
        // What is prepended next needs room in front, so only the leftmost new segment may be short.
        let (short, full) = apart.split_at_checked(apart.len() % SEGMENT_MAXIMUM).unwrap_or((&[], apart));
        builder.push_apart(kind, short.iter().copied());
        for segment in full.chunks(SEGMENT_MAXIMUM) {
            builder.push_apart(kind, segment.iter().copied());
        }
        builder.push_apart(
            kind,
            joining.iter().copied().chain(first.into_iter().flat_map(|first| first.asns())),
        );
        builder.octets.extend_from_slice(rest);
        builder.finish()
    }

    /// The path without its confederation segments, as it leaves the confederation
    /// ([RFC 5065 §4.1](https://www.rfc-editor.org/rfc/rfc5065#section-4.1)).
    #[must_use]
    pub fn without_confederation(&self) -> Self {
        if !self.segments().any(|segment| segment.kind().is_confederation()) {
            return self.clone();
        }
        let mut builder = Builder::default();
        for segment in self.segments().filter(|segment| !segment.kind().is_confederation()) {
            builder.push(segment.kind(), segment.asns());
        }
        builder.finish()
    }

    /// Whether two octets a number are not enough for what leaves the confederation, so that an OLD
    /// speaker needs AS4_PATH as well ([RFC 6793 §4.2.2](https://www.rfc-editor.org/rfc/rfc6793#section-4.2.2)).
    pub(super) fn needs_four_octets(&self) -> bool {
        self.segments()
            .filter(|segment| !segment.kind().is_confederation())
            .flat_map(|segment| segment.asns())
            .any(|asn| asn.0 > u32::from(u16::MAX))
    }

    pub(super) fn put_wide(&self, out: &mut impl BufMut) {
        out.put_slice(&self.octets);
    }

    pub(super) fn put_narrow(&self, out: &mut impl BufMut) {
        for segment in self.segments() {
            out.put_u8(segment.kind().octet());
            out.put_u8(u8::try_from(segment.count()).unwrap_or(u8::MAX));
            for asn in segment.asns() {
                out.put_u16(asn.two_octets());
            }
        }
    }
}

impl fmt::Display for AsPath {
    /// `"64500 64501 {64502 64503}"`; confederation segments in `()` and `[]`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.segments().enumerate() {
            let gap = if position == 0 { "" } else { " " };
            write!(f, "{gap}{segment}")?;
        }
        Ok(())
    }
}

/// A path in the making. Neighbouring sequences become one while there is room.
#[derive(Debug, Default)]
pub(in crate::wire) struct Builder {
    octets: Vec<u8>,
    /// Where the last segment's count stands.
    count_at: usize,
}

impl Builder {
    /// Adds numbers, to the last segment where that is a sequence of the same kind with room.
    pub(in crate::wire) fn push(&mut self, kind: SegmentKind, asns: impl Iterator<Item = Asn>) {
        self.push_numbers(kind, asns, !kind.joins());
    }

    /// Adds numbers in a segment of their own.
    fn push_apart(&mut self, kind: SegmentKind, asns: impl Iterator<Item = Asn>) {
        self.push_numbers(kind, asns, true);
    }

    fn push_numbers(&mut self, kind: SegmentKind, asns: impl Iterator<Item = Asn>, mut apart: bool) {
        for asn in asns {
            if apart || !self.has_room_for(kind) {
                self.octets.push(kind.octet());
                self.count_at = self.octets.len();
                self.octets.push(0);
                apart = false;
            }
            if let Some(count) = self.octets.get_mut(self.count_at) {
                *count = count.saturating_add(1);
            }
            self.octets.extend_from_slice(&asn.0.to_be_bytes());
        }
    }

    fn has_room_for(&self, kind: SegmentKind) -> bool {
        let last = self.count_at.checked_sub(1).and_then(|at| self.octets.get(at..=self.count_at));
        matches!(last, Some([last, count]) if *last == kind.octet() && *count < u8::MAX)
    }

    pub(in crate::wire) fn finish(self) -> AsPath {
        AsPath { octets: self.octets.into() }
    }
}

impl SegmentKind {
    /// Whether two neighbouring segments of this kind mean the same as one: sets do not.
    const fn joins(self) -> bool {
        matches!(self, Self::Sequence | Self::ConfedSequence)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn path(segments: &[(SegmentKind, &[u32])]) -> AsPath {
        let mut builder = Builder::default();
        for (kind, asns) in segments {
            builder.push_apart(*kind, asns.iter().copied().map(Asn));
        }
        builder.finish()
    }

    fn sequence(asns: &[u32]) -> AsPath {
        path(&[(SegmentKind::Sequence, asns)])
    }

    #[test]
    fn a_set_counts_one_and_confederations_nothing() {
        let mixed = path(&[
            (SegmentKind::ConfedSequence, &[7, 8]),
            (SegmentKind::Sequence, &[1, 2, 3]),
            (SegmentKind::Set, &[4, 5]),
        ]);
        assert_eq!(mixed.length(), 4);
        assert_eq!(AsPath::default().length(), 0);
        assert_eq!(mixed.to_string(), "(7 8) 1 2 3 {4 5}");
    }

    #[test]
    fn only_a_sequence_names_an_origin_or_a_neighbour() {
        assert_eq!(sequence(&[1, 2]).origin_asn(), Some(Asn(2)));
        assert_eq!(sequence(&[1, 2]).neighbor_asn(), Some(Asn(1)));
        let aggregate = path(&[(SegmentKind::Sequence, &[1, 2]), (SegmentKind::Set, &[3])]);
        assert_eq!(aggregate.origin_asn(), None);
        let set = path(&[(SegmentKind::Set, &[3]), (SegmentKind::Sequence, &[1])]);
        assert_eq!((set.neighbor_asn(), set.first()), (None, None));
        let confed = path(&[(SegmentKind::ConfedSequence, &[9]), (SegmentKind::Sequence, &[1, 2])]);
        assert_eq!((confed.neighbor_asn(), confed.first()), (Some(Asn(1)), Some(Asn(9))));
        assert_eq!(AsPath::default().origin_asn(), None);
    }

    #[test]
    fn a_beginning_may_span_segments_but_no_set() {
        let path = path(&[
            (SegmentKind::Sequence, &[1, 2]),
            (SegmentKind::Sequence, &[3]),
            (SegmentKind::Set, &[4]),
        ]);
        assert!(path.starts_with(&[]));
        assert!(path.starts_with(&[Asn(1), Asn(2), Asn(3)]));
        assert!(!path.starts_with(&[Asn(2)]));
        assert!(!path.starts_with(&[Asn(1), Asn(2), Asn(3), Asn(4)]));
    }

    #[test]
    fn numbers_are_counted_wherever_they_stand() {
        let path = path(&[(SegmentKind::Sequence, &[1, 2, 1]), (SegmentKind::Set, &[1])]);
        assert_eq!(path.count(Asn(1)), 3);
        assert!(path.contains(Asn(2)));
        assert!(!path.contains(Asn(3)));
    }

    #[test]
    fn prepending_joins_the_first_sequence() {
        assert_eq!(sequence(&[3]).prepend(&[Asn(1), Asn(2)]), sequence(&[1, 2, 3]));
        let set = path(&[(SegmentKind::Set, &[3])]);
        assert_eq!(set.prepend(&[Asn(1)]), path(&[(SegmentKind::Sequence, &[1]), (SegmentKind::Set, &[3])]));
        assert_eq!(AsPath::default().prepend(&[Asn(1)]), sequence(&[1]));
        assert_eq!(sequence(&[3]).prepend(&[]), sequence(&[3]));
    }

    #[test]
    fn a_full_segment_overflows_into_a_new_one() {
        let full: Vec<u32> = (1..=255).collect();
        let long = sequence(&full).prepend(&[Asn(7), Asn(8)]);
        assert_eq!(long, path(&[(SegmentKind::Sequence, &[7, 8]), (SegmentKind::Sequence, &full)]));
        assert_eq!(long.length(), 257);
        let almost: Vec<u32> = (2..=255).collect();
        let long = sequence(&almost).prepend(&[Asn(7), Asn(8)]);
        let filled: Vec<u32> = std::iter::once(8).chain(2..=255).collect();
        assert_eq!(long, path(&[(SegmentKind::Sequence, &[7]), (SegmentKind::Sequence, &filled)]));
    }

    #[test]
    fn a_long_path_is_split_at_255() {
        let asns = vec![Asn(64512); 600];
        let counts: Vec<usize> =
            AsPath::from_sequence(&asns).segments().map(|segment| segment.count()).collect();
        assert_eq!(counts, [255, 255, 90]);
        let counts: Vec<usize> =
            AsPath::default().prepend(&asns).segments().map(|segment| segment.count()).collect();
        assert_eq!(counts, [90, 255, 255]);
    }

    #[test]
    fn confederation_segments_can_be_stripped() {
        let mixed = path(&[(SegmentKind::ConfedSequence, &[7]), (SegmentKind::Sequence, &[1])]);
        assert_eq!(mixed.without_confederation(), sequence(&[1]));
        assert_eq!(sequence(&[1]).prepend_confederation(&[Asn(7)]), mixed);
    }
}

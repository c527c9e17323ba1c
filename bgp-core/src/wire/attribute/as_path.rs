//! AS_PATH in its wire form: walking, measuring and prepending. Not here: decoding.

use crate::Asn;
use crate::wire::{Segment, SegmentKind};

/// AS_PATH ([RFC 4271 §5.1.2](https://www.rfc-editor.org/rfc/rfc4271#section-5.1.2)), held in its
/// four-octet wire form so that a relayed path is a copy.
///
/// Invariant: always a well-formed sequence of segments of 1 to 255 numbers each.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct AsPath {
    octets: Box<[u8]>,
}

impl AsPath {
    /// The path made of `segments`. Empty segments are left out, those longer than 255 are split.
    #[must_use]
    pub fn from_segments(segments: &[Segment]) -> Self {
        let mut octets = Vec::new();
        for segment in segments {
            for numbers in segment.asns.chunks(SEGMENT_LIMIT) {
                push_segment(&mut octets, segment.kind, numbers);
            }
        }
        Self { octets: octets.into() }
    }

    /// The segments, nearest first: what each is and its numbers.
    pub fn segments(&self) -> impl Iterator<Item = (SegmentKind, impl DoubleEndedIterator<Item = Asn>)> {
        let mut rest: &[u8] = &self.octets;
        std::iter::from_fn(move || {
            let (&[kind, count], after) = rest.split_first_chunk()?;
            let (numbers, after) = after.split_at_checked(usize::from(count) * 4)?;
            rest = after;
            Some((kind_of(kind)?, asns(numbers)))
        })
    }

    /// The length that the decision process compares: a set counts one ([RFC 4271 §9.1.2.2]),
    /// confederation segments nothing ([RFC 5065 §5.3]).
    ///
    /// [RFC 4271 §9.1.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-9.1.2.2
    /// [RFC 5065 §5.3]: https://www.rfc-editor.org/rfc/rfc5065#section-5.3
    #[must_use]
    pub fn length(&self) -> u32 {
        self.segments()
            .map(|(kind, numbers)| match kind {
                SegmentKind::Sequence => u32::try_from(numbers.count()).unwrap_or(u32::MAX),
                SegmentKind::Set => 1,
                SegmentKind::ConfedSequence | SegmentKind::ConfedSet => 0,
            })
            .fold(0, u32::saturating_add)
    }

    /// Whether the leading numbers, sets aside, are these.
    #[must_use]
    pub fn starts_with(&self, wanted: &[Asn]) -> bool {
        let mut sequence = self
            .segments()
            .take_while(|(kind, _)| *kind == SegmentKind::Sequence)
            .flat_map(|(_, numbers)| numbers);
        wanted.iter().all(|asn| sequence.next() == Some(*asn))
    }

    /// The AS that originated the route: the last one. None where the path is empty or ends in a set
    /// ([RFC 6811 §2](https://www.rfc-editor.org/rfc/rfc6811#section-2)).
    #[must_use]
    pub fn origin(&self) -> Option<Asn> {
        match self.segments().last()? {
            (SegmentKind::Sequence, numbers) => numbers.last(),
            (SegmentKind::Set | SegmentKind::ConfedSequence | SegmentKind::ConfedSet, _) => None,
        }
    }

    /// The path with `numbers` in front, the first becoming leftmost
    /// ([RFC 4271 §5.1.2](https://www.rfc-editor.org/rfc/rfc4271#section-5.1.2)).
    #[must_use]
    pub fn prepend(&self, numbers: &[Asn]) -> Self {
        let first = self.segments().next().filter(|(kind, _)| *kind == SegmentKind::Sequence);
        let head: Vec<Asn> = first.map_or_else(Vec::new, |(_, numbers)| numbers.collect());
        let tail = if head.is_empty() {
            &*self.octets
        } else {
            self.octets.get(2 + head.len() * 4..).unwrap_or(&[])
        };
        let asns: Vec<Asn> = numbers.iter().copied().chain(head).collect();
        // The oldest numbers stay together in a full segment, so that the next prepend has room in front.
        let (front, full) = asns.split_at(asns.len() % SEGMENT_LIMIT);
        let mut octets = Vec::with_capacity(asns.len() * 4 + 2 + tail.len());
        for numbers in [front].into_iter().chain(full.chunks(SEGMENT_LIMIT)).filter(|some| !some.is_empty()) {
            push_segment(&mut octets, SegmentKind::Sequence, numbers);
        }
        octets.extend_from_slice(tail);
        Self { octets: octets.into() }
    }
}

fn push_segment(octets: &mut Vec<u8>, kind: SegmentKind, numbers: &[Asn]) {
    octets.push(code_of(kind));
    octets.push(u8::try_from(numbers.len()).unwrap_or(u8::MAX));
    octets.extend(numbers.iter().flat_map(|asn| asn.0.to_be_bytes()));
}

fn asns(octets: &[u8]) -> impl DoubleEndedIterator<Item = Asn> {
    let (numbers, _) = octets.as_chunks::<4>();
    numbers.iter().map(|octets| Asn(u32::from_be_bytes(*octets)))
}

const fn kind_of(code: u8) -> Option<SegmentKind> {
    match code {
        1 => Some(SegmentKind::Set),
        2 => Some(SegmentKind::Sequence),
        3 => Some(SegmentKind::ConfedSequence),
        4 => Some(SegmentKind::ConfedSet),
        _ => None,
    }
}

const fn code_of(kind: SegmentKind) -> u8 {
    match kind {
        SegmentKind::Set => 1,
        SegmentKind::Sequence => 2,
        SegmentKind::ConfedSequence => 3,
        SegmentKind::ConfedSet => 4,
    }
}

/// Most numbers of one segment: its count is one octet.
const SEGMENT_LIMIT: usize = 255;

#[cfg(test)]
mod tests {
    use super::*;

    fn sequence(numbers: &[u32]) -> Segment {
        Segment { kind: SegmentKind::Sequence, asns: numbers.iter().copied().map(Asn).collect() }
    }

    fn set(numbers: &[u32]) -> Segment {
        Segment { kind: SegmentKind::Set, ..sequence(numbers) }
    }

    #[test]
    fn a_set_counts_one_and_confederations_nothing() {
        let confed = Segment { kind: SegmentKind::ConfedSequence, ..sequence(&[7, 8]) };
        assert_eq!(AsPath::from_segments(&[confed, sequence(&[1, 2, 3]), set(&[4, 5])]).length(), 4);
        assert_eq!(AsPath::default().length(), 0);
    }

    #[test]
    fn only_a_sequence_names_an_origin() {
        assert_eq!(AsPath::from_segments(&[sequence(&[1, 2])]).origin(), Some(Asn(2)));
        assert_eq!(AsPath::from_segments(&[sequence(&[1, 2]), set(&[3])]).origin(), None);
        assert_eq!(AsPath::default().origin(), None);
    }

    #[test]
    fn a_beginning_may_span_segments_but_no_set() {
        let path = AsPath::from_segments(&[sequence(&[1, 2]), sequence(&[3]), set(&[4])]);
        assert!(path.starts_with(&[]));
        assert!(path.starts_with(&[Asn(1), Asn(2), Asn(3)]));
        assert!(!path.starts_with(&[Asn(2)]));
        assert!(!path.starts_with(&[Asn(1), Asn(2), Asn(3), Asn(4)]));
    }

    #[test]
    fn prepending_joins_the_first_sequence() {
        let path = AsPath::from_segments(&[sequence(&[3])]).prepend(&[Asn(1), Asn(2)]);
        assert_eq!(path, AsPath::from_segments(&[sequence(&[1, 2, 3])]));
        let path = AsPath::from_segments(&[set(&[3])]).prepend(&[Asn(1)]);
        assert_eq!(path, AsPath::from_segments(&[sequence(&[1]), set(&[3])]));
        assert_eq!(AsPath::default().prepend(&[Asn(1)]), AsPath::from_segments(&[sequence(&[1])]));
    }

    #[test]
    fn a_full_segment_overflows_into_a_new_one() {
        let full: Vec<u32> = (1..=255).collect();
        let path = AsPath::from_segments(&[sequence(&full)]).prepend(&[Asn(7), Asn(8)]);
        assert_eq!(path, AsPath::from_segments(&[sequence(&[7, 8]), sequence(&full)]));
        assert_eq!(path.length(), 257);
    }
}

//! Putting together again what an OLD speaker's two octets took apart.

use crate::Asn;
use crate::wire::attribute::as_path::Builder;
use crate::wire::attribute::{Aggregator, AsPath, Segment, SegmentKind};

/// The path that AS_PATH and AS4_PATH tell together
/// ([RFC 6793 §4.2.3](https://www.rfc-editor.org/rfc/rfc6793#section-4.2.3)).
pub(super) fn merge_path(narrow: AsPath, wide: &AsPath) -> AsPath {
    let wide = wide.without_confederation();
    let Some(mut missing) = narrow.length().checked_sub(wide.length()) else { return narrow };
    let mut merged = Builder::default();
    for segment in narrow.segments() {
        if segment.kind().is_confederation() {
            merged.push(segment.kind(), segment.asns());
            continue;
        }
        let taken = missing.min(segment.length());
        let Some(left) = missing.checked_sub(taken).filter(|_| taken > 0) else { break };
        missing = left;
        merged.push(segment.kind(), leading(segment, taken));
        if taken < segment.length() {
            break;
        }
    }
    for segment in wide.segments() {
        merged.push(segment.kind(), segment.asns());
    }
    merged.finish()
}

/// The leading numbers of a segment that count `length`: a set is taken whole.
fn leading(segment: Segment<'_>, length: u32) -> impl Iterator<Item = Asn> {
    let numbers = match segment.kind() {
        SegmentKind::Sequence => usize::try_from(length).unwrap_or(usize::MAX),
        SegmentKind::Set | SegmentKind::ConfedSequence | SegmentKind::ConfedSet => usize::MAX,
    };
    segment.asns().take(numbers)
}

/// Whether the AS4_ attributes are to be believed: not where a speaker that knew nothing of them
/// aggregated later, and so left an AGGREGATOR that is not AS_TRANS beside an old AS4_AGGREGATOR
/// (RFC 6793 §4.2.3).
pub(super) fn is_current(narrow: Option<Aggregator>, wide: Option<Aggregator>) -> bool {
    wide.is_none() || narrow.is_none_or(|aggregator| aggregator.asn == Asn::TRANS)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BIG: Asn = Asn(4_200_000_001);

    fn path(segments: &[(SegmentKind, &[Asn])]) -> AsPath {
        AsPath::from_segments(segments.iter().copied())
    }

    #[test]
    fn the_leading_numbers_come_from_the_narrow_path() {
        let narrow = AsPath::from_sequence(&[Asn(65000), Asn::TRANS, Asn(7)]);
        let wide = AsPath::from_sequence(&[BIG, Asn(7)]);
        assert_eq!(merge_path(narrow, &wide), AsPath::from_sequence(&[Asn(65000), BIG, Asn(7)]));
    }

    #[test]
    fn a_longer_wide_path_is_not_believed() {
        let narrow = AsPath::from_sequence(&[Asn(65000)]);
        let wide = AsPath::from_sequence(&[BIG, Asn(7)]);
        assert_eq!(merge_path(narrow.clone(), &wide), narrow);
    }

    #[test]
    fn sets_count_one_and_stay_whole() {
        let set: &[Asn] = &[Asn(1), Asn(2)];
        let narrow = path(&[(SegmentKind::Set, set), (SegmentKind::Sequence, &[Asn::TRANS])]);
        let wide = AsPath::from_sequence(&[BIG]);
        assert_eq!(
            merge_path(narrow, &wide),
            path(&[(SegmentKind::Set, set), (SegmentKind::Sequence, &[BIG])])
        );
    }

    #[test]
    fn confederation_segments_stay_in_front_and_are_dropped_from_the_wide_path() {
        let confed: &[Asn] = &[Asn(64999)];
        let narrow = path(&[
            (SegmentKind::ConfedSequence, confed),
            (SegmentKind::Sequence, &[Asn(65000), Asn::TRANS]),
        ]);
        let wide = path(&[(SegmentKind::ConfedSequence, confed), (SegmentKind::Sequence, &[BIG])]);
        assert_eq!(
            merge_path(narrow, &wide),
            path(&[(SegmentKind::ConfedSequence, confed), (SegmentKind::Sequence, &[Asn(65000), BIG])])
        );
    }
}

//! One segment of an AS_PATH.

use std::fmt;

use crate::Asn;

/// The kind of an AS_PATH segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SegmentKind {
    /// AS_SET, 1.
    Set,
    /// AS_SEQUENCE, 2.
    Sequence,
    /// AS_CONFED_SEQUENCE, 3 ([RFC 5065](https://www.rfc-editor.org/rfc/rfc5065)).
    ConfedSequence,
    /// AS_CONFED_SET, 4.
    ConfedSet,
}

impl SegmentKind {
    pub(in crate::wire) const fn from_octet(octet: u8) -> Option<Self> {
        match octet {
            1 => Some(Self::Set),
            2 => Some(Self::Sequence),
            3 => Some(Self::ConfedSequence),
            4 => Some(Self::ConfedSet),
            _ => None,
        }
    }

    pub(in crate::wire) const fn octet(self) -> u8 {
        match self {
            Self::Set => 1,
            Self::Sequence => 2,
            Self::ConfedSequence => 3,
            Self::ConfedSet => 4,
        }
    }

    /// Whether the segment speaks of member ASes inside a confederation.
    #[must_use]
    pub const fn is_confederation(self) -> bool {
        matches!(self, Self::ConfedSequence | Self::ConfedSet)
    }
}

/// One AS_PATH segment: a kind and 1 to 255 numbers, borrowed from its path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Segment<'a> {
    pub(super) kind: SegmentKind,
    pub(super) octets: &'a [u8],
}

impl<'a> Segment<'a> {
    /// What the numbers are.
    #[must_use]
    pub const fn kind(&self) -> SegmentKind {
        self.kind
    }

    /// The numbers, nearest AS first.
    pub fn asns(&self) -> impl DoubleEndedIterator<Item = Asn> + ExactSizeIterator + use<'a> {
        self.octets.as_chunks::<4>().0.iter().map(|octets| Asn(u32::from_be_bytes(*octets)))
    }

    /// How many numbers there are.
    #[must_use]
    pub fn count(&self) -> usize {
        self.octets.as_chunks::<4>().0.len()
    }

    /// What the segment adds to the path's length ([RFC 4271 §9.1.2.2], [RFC 5065 §5.3]).
    ///
    /// [RFC 4271 §9.1.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-9.1.2.2
    /// [RFC 5065 §5.3]: https://www.rfc-editor.org/rfc/rfc5065#section-5.3
    #[must_use]
    pub fn length(&self) -> u32 {
        match self.kind {
            SegmentKind::Set => 1,
            SegmentKind::Sequence => u32::try_from(self.count()).unwrap_or(u32::MAX),
            SegmentKind::ConfedSequence | SegmentKind::ConfedSet => 0,
        }
    }
}

impl fmt::Display for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (open, close) = match self.kind {
            SegmentKind::Sequence => ("", ""),
            SegmentKind::Set => ("{", "}"),
            SegmentKind::ConfedSequence => ("(", ")"),
            SegmentKind::ConfedSet => ("[", "]"),
        };
        f.write_str(open)?;
        for (position, asn) in self.asns().enumerate() {
            let gap = if position == 0 { "" } else { " " };
            write!(f, "{gap}{asn}")?;
        }
        f.write_str(close)
    }
}

//! The Partial bit of the attributes that are understood.

use crate::wire::attribute::Known;

/// Which optional transitive attributes arrived with the Partial bit set. Once set it stays set
/// ([RFC 4271 §5](https://www.rfc-editor.org/rfc/rfc4271#section-5)).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Partial(u8);

impl Partial {
    /// Whether any attribute has the bit.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// To be kept and brought back by [`from_bits`](Self::from_bits).
    pub(crate) const fn bits(self) -> u8 {
        self.0
    }

    pub(crate) const fn from_bits(bits: u8) -> Self {
        Self(bits)
    }

    pub(in crate::wire) const fn insert(&mut self, attribute: Known) {
        self.0 |= Self::bit(attribute);
    }

    pub(in crate::wire) const fn contains(self, attribute: Known) -> bool {
        self.0 & Self::bit(attribute) != 0
    }

    /// Zero for the attributes whose Partial bit means nothing and is cleared when sending.
    const fn bit(attribute: Known) -> u8 {
        match attribute {
            Known::Aggregator => 1,
            Known::Communities => 2,
            Known::ExtendedCommunities => 4,
            Known::Ipv6ExtendedCommunities => 8,
            Known::LargeCommunities => 16,
            Known::Otc => 32,
            Known::Origin
            | Known::AsPath
            | Known::NextHop
            | Known::MultiExitDisc
            | Known::LocalPref
            | Known::AtomicAggregate
            | Known::OriginatorId
            | Known::ClusterList
            | Known::MpReach
            | Known::MpUnreach
            | Known::As4Path
            | Known::As4Aggregator
            | Known::Aigp => 0,
        }
    }
}

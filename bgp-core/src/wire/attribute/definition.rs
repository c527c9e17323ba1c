//! The attributes this crate understands: their codes and the flags their definitions prescribe.

/// Optional bit ([RFC 4271 §4.3](https://www.rfc-editor.org/rfc/rfc4271#section-4.3)).
pub(in crate::wire) const OPTIONAL: u8 = 0x80;
/// Transitive bit.
pub(in crate::wire) const TRANSITIVE: u8 = 0x40;
/// Partial bit.
pub(in crate::wire) const PARTIAL: u8 = 0x20;
/// Extended Length bit.
pub(in crate::wire) const EXTENDED_LENGTH: u8 = 0x10;

const WELL_KNOWN: u8 = TRANSITIVE;
const OPTIONAL_TRANSITIVE: u8 = OPTIONAL | TRANSITIVE;

/// An attribute whose value this crate reads. Any other code is carried unread, so a number used
/// inside the program can never be mistaken for one from the wire.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::wire) enum Known {
    Origin,
    AsPath,
    NextHop,
    MultiExitDisc,
    LocalPref,
    AtomicAggregate,
    Aggregator,
    Communities,
    OriginatorId,
    ClusterList,
    MpReach,
    MpUnreach,
    ExtendedCommunities,
    As4Path,
    As4Aggregator,
    Ipv6ExtendedCommunities,
    Aigp,
    LargeCommunities,
    Otc,
}

impl Known {
    pub(in crate::wire) const fn from_code(code: u8) -> Option<Self> {
        Some(match code {
            1 => Self::Origin,
            2 => Self::AsPath,
            3 => Self::NextHop,
            4 => Self::MultiExitDisc,
            5 => Self::LocalPref,
            6 => Self::AtomicAggregate,
            7 => Self::Aggregator,
            8 => Self::Communities,
            9 => Self::OriginatorId,
            10 => Self::ClusterList,
            14 => Self::MpReach,
            15 => Self::MpUnreach,
            16 => Self::ExtendedCommunities,
            17 => Self::As4Path,
            18 => Self::As4Aggregator,
            25 => Self::Ipv6ExtendedCommunities,
            26 => Self::Aigp,
            32 => Self::LargeCommunities,
            35 => Self::Otc,
            _ => return None,
        })
    }

    pub(in crate::wire) const fn code(self) -> u8 {
        match self {
            Self::Origin => 1,
            Self::AsPath => 2,
            Self::NextHop => 3,
            Self::MultiExitDisc => 4,
            Self::LocalPref => 5,
            Self::AtomicAggregate => 6,
            Self::Aggregator => 7,
            Self::Communities => 8,
            Self::OriginatorId => 9,
            Self::ClusterList => 10,
            Self::MpReach => 14,
            Self::MpUnreach => 15,
            Self::ExtendedCommunities => 16,
            Self::As4Path => 17,
            Self::As4Aggregator => 18,
            Self::Ipv6ExtendedCommunities => 25,
            Self::Aigp => 26,
            Self::LargeCommunities => 32,
            Self::Otc => 35,
        }
    }

    /// The Optional and Transitive bits of the definition.
    pub(in crate::wire) const fn flags(self) -> u8 {
        match self {
            Self::Origin | Self::AsPath | Self::NextHop | Self::LocalPref | Self::AtomicAggregate => {
                WELL_KNOWN
            }
            Self::MultiExitDisc
            | Self::OriginatorId
            | Self::ClusterList
            | Self::MpReach
            | Self::MpUnreach
            | Self::Aigp => OPTIONAL,
            Self::Aggregator
            | Self::Communities
            | Self::ExtendedCommunities
            | Self::As4Path
            | Self::As4Aggregator
            | Self::Ipv6ExtendedCommunities
            | Self::LargeCommunities
            | Self::Otc => OPTIONAL_TRANSITIVE,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_and_its_name_are_one_to_one() {
        let known: Vec<Known> = (0..=u8::MAX).filter_map(Known::from_code).collect();
        assert_eq!(known.len(), 19);
        for attribute in known {
            assert_eq!(Known::from_code(attribute.code()), Some(attribute));
        }
    }
}

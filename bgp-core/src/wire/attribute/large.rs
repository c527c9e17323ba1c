//! LARGE_COMMUNITIES.

use std::fmt;
use std::str::FromStr;

use crate::wire::CommunityError;

/// A large community ([RFC 8092](https://www.rfc-editor.org/rfc/rfc8092)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct LargeCommunity {
    /// Global administrator.
    pub global: u32,
    /// Local data part 1.
    pub local1: u32,
    /// Local data part 2.
    pub local2: u32,
}

impl LargeCommunity {
    pub(crate) fn octets(&self) -> [u8; 12] {
        let Self { global, local1, local2 } = *self;
        let number = u128::from(global) << 64 | u128::from(local1) << 32 | u128::from(local2);
        let [_, _, _, _, octets @ ..] = number.to_be_bytes();
        octets
    }

    pub(crate) fn from_octets([a, b, c, d, e, f, g, h, i, j, k, l]: [u8; 12]) -> Self {
        let number = |octets| u32::from_be_bytes(octets);
        Self { global: number([a, b, c, d]), local1: number([e, f, g, h]), local2: number([i, j, k, l]) }
    }
}

impl fmt::Display for LargeCommunity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.global, self.local1, self.local2)
    }
}

impl FromStr for LargeCommunity {
    type Err = CommunityError;

    fn from_str(text: &str) -> Result<Self, CommunityError> {
        parse(text).ok_or_else(|| CommunityError::Large(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<LargeCommunity> {
    let (global, rest) = text.split_once(':')?;
    let (local1, local2) = rest.split_once(':')?;
    Some(LargeCommunity {
        global: global.parse().ok()?,
        local1: local1.parse().ok()?,
        local2: local2.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_large_community_reads_back_from_its_text() {
        let community = LargeCommunity { global: 4_200_000_001, local1: 0, local2: u32::MAX };
        assert_eq!(community.to_string(), "4200000001:0:4294967295");
        assert_eq!(community.to_string().parse(), Ok(community));
    }

    #[test]
    fn anything_but_three_numbers_is_refused() {
        for text in ["1:2", "1:2:3:4", "1:2:4294967296", "a:b:c", ""] {
            assert!(text.parse::<LargeCommunity>().is_err(), "{text}");
        }
    }
}

//! COMMUNITIES and the names of the well-known ones.

use std::fmt;
use std::str::FromStr;

/// A community ([RFC 1997](https://www.rfc-editor.org/rfc/rfc1997)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Community(pub u32);

impl Community {
    /// Traffic is to be let down gently ([RFC 8326](https://www.rfc-editor.org/rfc/rfc8326)).
    pub const GRACEFUL_SHUTDOWN: Self = Self(0xffff_0000);
    /// Accept own ([RFC 7611](https://www.rfc-editor.org/rfc/rfc7611)).
    pub const ACCEPT_OWN: Self = Self(0xffff_0001);
    /// The route outlived its source ([RFC 9494](https://www.rfc-editor.org/rfc/rfc9494)).
    pub const LLGR_STALE: Self = Self(0xffff_0006);
    /// The route must not outlive its source (RFC 9494).
    pub const NO_LLGR: Self = Self(0xffff_0007);
    /// Drop the traffic ([RFC 7999](https://www.rfc-editor.org/rfc/rfc7999)).
    pub const BLACKHOLE: Self = Self(0xffff_029a);
    /// Stay inside the confederation or AS (RFC 1997).
    pub const NO_EXPORT: Self = Self(0xffff_ff01);
    /// Tell no other peer (RFC 1997).
    pub const NO_ADVERTISE: Self = Self(0xffff_ff02);
    /// Stay inside the member AS (RFC 1997).
    pub const NO_EXPORT_SUBCONFED: Self = Self(0xffff_ff03);
    /// No bilateral peers ([RFC 3765](https://www.rfc-editor.org/rfc/rfc3765)).
    pub const NO_PEER: Self = Self(0xffff_ff04);

    const NAMES: [(Self, &'static str); 9] = [
        (Self::GRACEFUL_SHUTDOWN, "graceful-shutdown"),
        (Self::ACCEPT_OWN, "accept-own"),
        (Self::LLGR_STALE, "llgr-stale"),
        (Self::NO_LLGR, "no-llgr"),
        (Self::BLACKHOLE, "blackhole"),
        (Self::NO_EXPORT, "no-export"),
        (Self::NO_ADVERTISE, "no-advertise"),
        (Self::NO_EXPORT_SUBCONFED, "no-export-subconfed"),
        (Self::NO_PEER, "no-peer"),
    ];

    /// The community `high:low`.
    #[must_use]
    pub const fn new(high: u16, low: u16) -> Self {
        Self((high as u32) << 16 | low as u32)
    }

    /// The part before the colon, usually an AS.
    #[must_use]
    pub const fn high(self) -> u16 {
        (self.0 >> 16) as u16
    }

    /// The part after the colon.
    #[must_use]
    pub const fn low(self) -> u16 {
        (self.0 & 0xffff) as u16
    }

    /// The registered name, where there is one.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Self::NAMES.iter().find(|(community, _)| *community == self).map(|(_, name)| *name)
    }
}

impl fmt::Display for Community {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}:{}", self.high(), self.low()),
        }
    }
}

/// Why a text is not a community.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommunityError {
    /// Neither two numbers nor a name.
    #[error(
        "{0:?} is not a community: write two numbers up to 65535 joined by a colon, or a name such as no-export"
    )]
    Standard(String),
    /// Not three numbers.
    #[error("{0:?} is not a large community: write three numbers up to 4294967295 joined by colons")]
    Large(String),
    /// Neither rt nor soo.
    #[error(
        "{0:?} is not an extended community: write rt:AS:NUMBER, rt:ADDRESS:NUMBER, soo:... or 0x and 16 hex digits"
    )]
    Extended(String),
}

impl FromStr for Community {
    type Err = CommunityError;

    fn from_str(text: &str) -> Result<Self, CommunityError> {
        if let Some((community, _)) = Self::NAMES.iter().find(|(_, name)| *name == text) {
            return Ok(*community);
        }
        text.split_once(':')
            .and_then(|(high, low)| Some(Self::new(high.parse().ok()?, low.parse().ok()?)))
            .ok_or_else(|| CommunityError::Standard(text.to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_community_reads_back_from_its_text() {
        for community in [Community::NO_EXPORT, Community::new(64512, 7), Community(0), Community(u32::MAX)] {
            assert_eq!(community.to_string().parse(), Ok(community));
        }
        assert_eq!(Community::NO_EXPORT.to_string(), "no-export");
        assert_eq!(Community::new(64512, 7).to_string(), "64512:7");
    }

    #[test]
    fn a_number_that_does_not_fit_is_refused() {
        for text in ["65536:1", "1:65536", "1", "1:2:3", "no-such-name", ""] {
            assert!(text.parse::<Community>().is_err(), "{text}");
        }
    }
}

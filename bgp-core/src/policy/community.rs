//! Communities as an operator writes them: values to add, patterns to find.

use std::net::Ipv4Addr;
use std::ops::RangeInclusive;
use std::str::FromStr;
use std::sync::Arc;

use crate::wire::{Attributes, Community, ExtendedCommunity, LargeCommunity};

/// A pattern over communities: `64512:*`, `64512:100-199`, `64512:1:*` (large), `rt:64512:*` and
/// `soo:192.0.2.1:*` (extended), `no-export` and its like, or `*` for every community of every kind.
///
/// Each part is a number, a range of numbers or `*`.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct CommunityPattern {
    text: Arc<str>,
    shape: Shape,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Shape {
    Any,
    Standard([Part; 2]),
    Large([Part; 3]),
    Extended { subtype: u8, administrator: Administrator, number: Part },
}

type Part = RangeInclusive<u32>;

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Administrator {
    Any,
    Asn(Part),
    Address(Ipv4Addr),
}

/// One community of any kind, read from text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum AnyCommunity {
    /// `a:b`, or a well-known name.
    Standard(Community),
    /// `a:b:c`.
    Large(LargeCommunity),
    /// `rt:a:b` or `soo:a:b`.
    Extended(ExtendedCommunity),
}

/// Why a text is not a community, or not a pattern of one.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CommunityError {
    /// Not a form that exists.
    #[error("{0:?} is not a community: write a:b, a:b:c, rt:a:b, soo:a:b or a name such as no-export")]
    Form(String),
    /// A part is no number, or too large for its place.
    #[error("{part:?} is not a number from 0 to {maximum}")]
    Part {
        /// What was written.
        part: String,
        /// The largest number there.
        maximum: u32,
    },
    /// A pattern stands where one community is wanted.
    #[error("{0:?} stands for more than one community")]
    Several(String),
}

impl CommunityPattern {
    /// Whether `attributes` carry a community that matches.
    #[must_use]
    pub fn matches_any(&self, attributes: &Attributes) -> bool {
        match &self.shape {
            Shape::Any => {
                !(attributes.communities.is_empty()
                    && attributes.large_communities.is_empty()
                    && attributes.extended_communities.is_empty()
                    && attributes.ipv6_extended_communities.is_empty())
            }
            Shape::Standard(_) => attributes.communities.iter().any(|c| self.matches_standard(*c)),
            Shape::Large(_) => attributes.large_communities.iter().any(|c| self.matches_large(*c)),
            Shape::Extended { .. } => {
                attributes.extended_communities.iter().any(|c| self.matches_extended(*c))
            }
        }
    }

    /// Takes every community that matches out of `attributes`.
    pub fn remove_from(&self, attributes: &mut Attributes) {
        if !self.matches_any(attributes) {
            return;
        }
        retain(&mut attributes.communities, |c| !self.matches_standard(*c));
        retain(&mut attributes.large_communities, |c| !self.matches_large(*c));
        retain(&mut attributes.extended_communities, |c| !self.matches_extended(*c));
        retain(&mut attributes.ipv6_extended_communities, |_| self.shape != Shape::Any);
    }

    /// The pattern as the operator wrote it.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    fn matches_standard(&self, Community(bits): Community) -> bool {
        match &self.shape {
            Shape::Any => true,
            Shape::Standard([high, low]) => high.contains(&(bits >> 16)) && low.contains(&(bits & 0xffff)),
            Shape::Large(_) | Shape::Extended { .. } => false,
        }
    }

    fn matches_large(&self, LargeCommunity { global, local1, local2 }: LargeCommunity) -> bool {
        match &self.shape {
            Shape::Any => true,
            Shape::Large([a, b, c]) => a.contains(&global) && b.contains(&local1) && c.contains(&local2),
            Shape::Standard(_) | Shape::Extended { .. } => false,
        }
    }

    fn matches_extended(&self, ExtendedCommunity(octets): ExtendedCommunity) -> bool {
        let (subtype, administrator, number) = match &self.shape {
            Shape::Any => return true,
            Shape::Extended { subtype, administrator, number } => (*subtype, administrator, number),
            Shape::Standard(_) | Shape::Large(_) => return false,
        };
        let [kind, sub, a, b, c, d, e, f] = octets;
        let (global, local) = match kind & TYPE {
            TWO_OCTET_AS => (u32::from(u16::from_be_bytes([a, b])), u32::from_be_bytes([c, d, e, f])),
            IPV4_ADDRESS | FOUR_OCTET_AS => {
                (u32::from_be_bytes([a, b, c, d]), u32::from(u16::from_be_bytes([e, f])))
            }
            _ => return false,
        };
        let administered = match administrator {
            Administrator::Any => true,
            Administrator::Asn(range) => kind & TYPE != IPV4_ADDRESS && range.contains(&global),
            Administrator::Address(address) => kind & TYPE == IPV4_ADDRESS && address.to_bits() == global,
        };
        sub == subtype && administered && number.contains(&local)
    }
}

impl FromStr for CommunityPattern {
    type Err = CommunityError;

    fn from_str(text: &str) -> Result<Self, CommunityError> {
        Ok(Self { text: text.into(), shape: text.parse()? })
    }
}

impl FromStr for Shape {
    type Err = CommunityError;

    fn from_str(text: &str) -> Result<Self, CommunityError> {
        if text == "*" {
            return Ok(Self::Any);
        }
        if let Some((_, bits)) = WELL_KNOWN.iter().find(|(name, _)| *name == text) {
            return Ok(Self::Standard([only(bits >> 16), only(bits & 0xffff)]));
        }
        let parts: Vec<&str> = text.split(':').collect();
        match *parts.as_slice() {
            ["rt", global, number] => Self::extended(ROUTE_TARGET, global, number),
            ["soo", global, number] => Self::extended(ROUTE_ORIGIN, global, number),
            [a, b] => Ok(Self::Standard([part(a, 0xffff)?, part(b, 0xffff)?])),
            [a, b, c] => Ok(Self::Large([part(a, u32::MAX)?, part(b, u32::MAX)?, part(c, u32::MAX)?])),
            _ => Err(CommunityError::Form(text.to_owned())),
        }
    }
}

impl Shape {
    fn extended(subtype: u8, global: &str, number: &str) -> Result<Self, CommunityError> {
        let (administrator, maximum) = match global.parse() {
            Ok(address) => (Administrator::Address(address), 0xffff),
            Err(_) if global == "*" => (Administrator::Any, u32::MAX),
            Err(_) => {
                let asn = part(global, u32::MAX)?;
                let maximum = if *asn.start() > 0xffff { 0xffff } else { u32::MAX };
                (Administrator::Asn(asn), maximum)
            }
        };
        Ok(Self::Extended { subtype, administrator, number: part(number, maximum)? })
    }

    /// The one community this stands for, if it is one.
    fn single(&self) -> Option<AnyCommunity> {
        let value = |part: &Part| (part.start() == part.end()).then_some(*part.start());
        Some(match self {
            Self::Any => return None,
            Self::Standard([high, low]) => {
                AnyCommunity::Standard(Community(value(high)? << 16 | value(low)?))
            }
            Self::Large([a, b, c]) => AnyCommunity::Large(LargeCommunity {
                global: value(a)?,
                local1: value(b)?,
                local2: value(c)?,
            }),
            Self::Extended { subtype, administrator, number } => {
                let (kind, global) = match administrator {
                    Administrator::Any => return None,
                    Administrator::Address(address) => (IPV4_ADDRESS, address.to_bits()),
                    Administrator::Asn(asn) => match value(asn)? {
                        asn @ 0..=0xffff => (TWO_OCTET_AS, asn),
                        asn => (FOUR_OCTET_AS, asn),
                    },
                };
                AnyCommunity::Extended(encode(kind, *subtype, global, value(number)?))
            }
        })
    }
}

impl FromStr for AnyCommunity {
    type Err = CommunityError;

    fn from_str(text: &str) -> Result<Self, CommunityError> {
        text.parse::<Shape>()?.single().ok_or_else(|| CommunityError::Several(text.to_owned()))
    }
}

fn encode(kind: u8, subtype: u8, global: u32, number: u32) -> ExtendedCommunity {
    let (wide, narrow) = if kind == TWO_OCTET_AS { (number, global) } else { (global, number) };
    let [a, b, c, d] = wide.to_be_bytes();
    let [_, _, e, f] = narrow.to_be_bytes();
    ExtendedCommunity(match kind {
        TWO_OCTET_AS => [kind, subtype, e, f, a, b, c, d],
        _ => [kind, subtype, a, b, c, d, e, f],
    })
}

fn part(text: &str, maximum: u32) -> Result<Part, CommunityError> {
    let number = |text: &str| {
        let digits = !text.is_empty() && text.bytes().all(|octet| octet.is_ascii_digit());
        text.parse().ok().filter(|number| digits && *number <= maximum)
    };
    let range = match text.split_once('-') {
        None if text == "*" => Some(0..=maximum),
        None => number(text).map(only),
        Some((low, high)) => number(low).zip(number(high)).map(|(low, high)| low..=high),
    };
    range
        .filter(|range| !range.is_empty())
        .ok_or_else(|| CommunityError::Part { part: text.to_owned(), maximum })
}

const fn only(number: u32) -> Part {
    number..=number
}

fn retain<T: Copy>(list: &mut Box<[T]>, keep: impl Fn(&T) -> bool) {
    if !list.iter().all(&keep) {
        *list = list.iter().copied().filter(keep).collect();
    }
}

/// The names of IANA's registry of well-known communities.
const WELL_KNOWN: [(&str, u32); 10] = [
    ("graceful-shutdown", 0xffff_0000),
    ("accept-own", 0xffff_0001),
    ("llgr-stale", 0xffff_0006),
    ("no-llgr", 0xffff_0007),
    ("blackhole", 0xffff_029a),
    ("no-export", 0xffff_ff01),
    ("no-advertise", 0xffff_ff02),
    ("no-export-subconfed", 0xffff_ff03),
    ("local-as", 0xffff_ff03),
    ("no-peer", 0xffff_ff04),
];

/// Extended community types without the two high bits, [RFC 7153 §5.1](https://www.rfc-editor.org/rfc/rfc7153#section-5.1).
const TYPE: u8 = 0x3f;
const TWO_OCTET_AS: u8 = 0x00;
const IPV4_ADDRESS: u8 = 0x01;
const FOUR_OCTET_AS: u8 = 0x02;
/// Subtypes, [RFC 7153 §5.2](https://www.rfc-editor.org/rfc/rfc7153#section-5.2).
const ROUTE_TARGET: u8 = 0x02;
const ROUTE_ORIGIN: u8 = 0x03;

#[cfg(test)]
mod tests {
    use super::*;

    fn carrying(texts: &[&str]) -> Attributes {
        let mut attributes = Attributes::default();
        for text in texts {
            match text.parse().expect("a community") {
                AnyCommunity::Standard(c) => attributes.communities = with(&attributes.communities, c),
                AnyCommunity::Large(c) => {
                    attributes.large_communities = with(&attributes.large_communities, c);
                }
                AnyCommunity::Extended(c) => {
                    attributes.extended_communities = with(&attributes.extended_communities, c);
                }
            }
        }
        attributes
    }

    fn with<T: Copy>(list: &[T], one: T) -> Box<[T]> {
        list.iter().copied().chain([one]).collect()
    }

    fn pattern(text: &str) -> CommunityPattern {
        text.parse().expect("a pattern")
    }

    #[test]
    fn a_pattern_finds_its_own_kind_only() {
        let all = ["64512:100", "64512:1:2", "rt:64512:7", "soo:192.0.2.1:9"];
        for (index, patterns) in [
            ["64512:*", "64512:100", "64512:50-100", "*:*"],
            ["64512:1:*", "64512:1:2", "*:*:2-3", "*:*:*"],
            ["rt:64512:*", "rt:64512:7", "rt:*:7", "rt:64000-65000:*"],
            ["soo:192.0.2.1:*", "soo:192.0.2.1:9", "soo:*:9", "soo:*:*"],
        ]
        .iter()
        .enumerate()
        {
            for text in patterns {
                for (other, community) in all.iter().enumerate() {
                    let found = pattern(text).matches_any(&carrying(&[community]));
                    assert_eq!(found, index == other, "{text} on {community}");
                }
            }
        }
    }

    #[test]
    fn a_star_takes_communities_of_every_kind() {
        let mut attributes = carrying(&["1:2", "1:2:3", "rt:1:2"]);
        pattern("*").remove_from(&mut attributes);
        assert_eq!(attributes, Attributes::default());
        assert!(!pattern("*").matches_any(&attributes));
    }

    #[test]
    fn removal_keeps_the_rest_in_order() {
        let mut attributes = carrying(&["1:1", "2:1", "1:2", "3:1"]);
        pattern("1:*").remove_from(&mut attributes);
        assert_eq!(attributes, carrying(&["2:1", "3:1"]));
    }

    #[test]
    fn well_known_names_are_their_registered_numbers() {
        assert_eq!("no-export".parse(), Ok(AnyCommunity::Standard(Community(0xffff_ff01))));
        assert!(pattern("65535:*").matches_any(&carrying(&["graceful-shutdown"])));
    }

    #[test]
    fn extended_communities_take_the_shortest_form_that_fits() {
        let octets = |text: &str| match text.parse() {
            Ok(AnyCommunity::Extended(ExtendedCommunity(octets))) => octets,
            other => panic!("{text} is {other:?}"),
        };
        assert_eq!(octets("rt:64512:65536"), [0, 2, 0xfc, 0, 0, 1, 0, 0]);
        assert_eq!(octets("rt:65546:1"), [2, 2, 0, 1, 0, 10, 0, 1]);
        assert_eq!(octets("soo:192.0.2.1:9"), [1, 3, 192, 0, 2, 1, 0, 9]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for text in
            ["", "64512", "65536:1", "1:2:3:4", "rt:1", "rt:65546:65536", "a:b", "1:-1", "2-1:0", "+1:2"]
        {
            assert!(text.parse::<CommunityPattern>().is_err(), "{text}");
        }
        assert_eq!("1:*".parse::<AnyCommunity>(), Err(CommunityError::Several("1:*".to_owned())));
    }
}

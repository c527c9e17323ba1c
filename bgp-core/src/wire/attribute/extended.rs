//! EXTENDED_COMMUNITIES and their IPv6-address-specific sisters.

use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use crate::wire::CommunityError;

/// An extended community ([RFC 4360](https://www.rfc-editor.org/rfc/rfc4360)), its eight octets.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ExtendedCommunity(pub [u8; 8]);

/// An IPv6-address-specific extended community ([RFC 5701](https://www.rfc-editor.org/rfc/rfc5701)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ipv6ExtendedCommunity(pub [u8; 20]);

/// Types: how the six octets after type and subtype are cut.
const TWO_OCTET_AS: u8 = 0x00;
const IPV4_ADDRESS: u8 = 0x01;
const FOUR_OCTET_AS: u8 = 0x02;
/// Subtypes of all three, and of the IPv6 form.
const ROUTE_TARGET: u8 = 0x02;
const ROUTE_ORIGIN: u8 = 0x03;
/// The bit of the type that keeps a community inside the AS.
const NON_TRANSITIVE: u8 = 0x40;

impl ExtendedCommunity {
    /// Whether the community stays inside the AS
    /// ([RFC 4360 §2](https://www.rfc-editor.org/rfc/rfc4360#section-2)).
    #[must_use]
    pub const fn is_transitive(self) -> bool {
        let [kind, ..] = self.0;
        kind & NON_TRANSITIVE == 0
    }
}

impl fmt::Display for ExtendedCommunity {
    /// `"rt:64512:7"`, `"soo:192.0.2.1:7"`; any other kind as `"0x"` and sixteen hex digits.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [kind, subtype, a, b, c, d, e, g] = self.0;
        let Some(name) = name(subtype) else { return write!(f, "{:#018x}", u64::from_be_bytes(self.0)) };
        match kind {
            TWO_OCTET_AS => {
                write!(f, "{name}:{}:{}", u16::from_be_bytes([a, b]), u32::from_be_bytes([c, d, e, g]))
            }
            IPV4_ADDRESS => {
                write!(f, "{name}:{}:{}", Ipv4Addr::from([a, b, c, d]), u16::from_be_bytes([e, g]))
            }
            // The dot of asdot tells a four-octet AS from a two-octet one with the same number.
            FOUR_OCTET_AS => {
                let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
                let number = u16::from_be_bytes([e, g]);
                if high == 0 {
                    write!(f, "{name}:{high}.{low}:{number}")
                } else {
                    write!(f, "{name}:{}:{number}", u32::from_be_bytes([a, b, c, d]))
                }
            }
            _ => write!(f, "{:#018x}", u64::from_be_bytes(self.0)),
        }
    }
}

const fn name(subtype: u8) -> Option<&'static str> {
    match subtype {
        ROUTE_TARGET => Some("rt"),
        ROUTE_ORIGIN => Some("soo"),
        _ => None,
    }
}

impl FromStr for ExtendedCommunity {
    type Err = CommunityError;

    /// Reads what `Display` writes, and `ro:` as another name of `soo:`.
    fn from_str(text: &str) -> Result<Self, CommunityError> {
        parse(text).ok_or_else(|| CommunityError::Extended(text.to_owned()))
    }
}

fn parse(text: &str) -> Option<ExtendedCommunity> {
    if let Some(digits) = text.strip_prefix("0x") {
        let canonical = digits.len() == 16 && digits.bytes().all(|digit| digit.is_ascii_hexdigit());
        return canonical
            .then(|| u64::from_str_radix(digits, 16).ok())?
            .map(|bits| ExtendedCommunity(bits.to_be_bytes()));
    }
    let (name, rest) = text.split_once(':')?;
    let (administrator, number) = rest.split_once(':')?;
    let subtype = match name {
        "rt" => ROUTE_TARGET,
        "soo" | "ro" => ROUTE_ORIGIN,
        _ => return None,
    };
    if let Ok(address) = administrator.parse::<Ipv4Addr>() {
        let ([a, b, c, d], [e, f]) = (address.octets(), number.parse::<u16>().ok()?.to_be_bytes());
        return Some(ExtendedCommunity([IPV4_ADDRESS, subtype, a, b, c, d, e, f]));
    }
    if let Ok(asn) = administrator.parse::<u16>() {
        let ([a, b], [c, d, e, f]) = (asn.to_be_bytes(), number.parse::<u32>().ok()?.to_be_bytes());
        return Some(ExtendedCommunity([TWO_OCTET_AS, subtype, a, b, c, d, e, f]));
    }
    let asn = administrator.parse::<crate::Asn>().ok()?;
    let ([a, b, c, d], [e, f]) = (asn.0.to_be_bytes(), number.parse::<u16>().ok()?.to_be_bytes());
    Some(ExtendedCommunity([FOUR_OCTET_AS, subtype, a, b, c, d, e, f]))
}

impl fmt::Display for Ipv6ExtendedCommunity {
    /// `"rt:2001:db8::1:7"` in brackets round the address; other kinds in hex.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [_, subtype, address @ .., high, low] = self.0;
        let number = u16::from_be_bytes([high, low]);
        match name(subtype) {
            Some(name) => write!(f, "{name}:[{}]:{number}", Ipv6Addr::from(address)),
            None => {
                f.write_str("0x")?;
                self.0.iter().try_for_each(|octet| write!(f, "{octet:02x}"))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_extended_community_reads_back_from_its_text() {
        for text in ["rt:64512:7", "soo:192.0.2.1:7", "rt:4200000001:7", "rt:0.5:7", "0x0605000000000001"] {
            let community: ExtendedCommunity = text.parse().expect(text);
            assert_eq!(community.to_string(), text);
        }
        assert_eq!("ro:1:2".parse::<ExtendedCommunity>(), "soo:1:2".parse());
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for text in [
            "rt:1",
            "rt:4200000001:65536",
            "rt:192.0.2.1:65536",
            "rt:1:4294967296",
            "x:1:2",
            "0x12",
            "0x+605000000000001",
        ] {
            assert!(text.parse::<ExtendedCommunity>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_type_says_whether_a_community_may_leave() {
        assert!(ExtendedCommunity([0x00, 2, 0, 1, 0, 0, 0, 2]).is_transitive());
        assert!(!ExtendedCommunity([0x40, 4, 0, 1, 0, 0, 0, 2]).is_transitive());
    }
}

//! Reading netlink attributes without trusting a single length. Unknown attributes are passed over.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The attributes in `octets`: type and value. Ends at the first that does not fit.
pub(super) fn attributes(octets: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = octets;
    std::iter::from_fn(move || {
        let length = usize::from(u16_at(rest, 0)?);
        let kind = u16_at(rest, 2)? & TYPE_MASK;
        let value = rest.get(HEADER..length)?;
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some((kind, value))
    })
}

/// A length rounded up to where the next attribute or message begins.
pub(super) const fn aligned(length: usize) -> usize {
    length.saturating_add(3) & !3
}

pub(super) fn u8_at(octets: &[u8], at: usize) -> Option<u8> {
    octets.get(at).copied()
}

pub(super) fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(octets.get(at..at.checked_add(2)?)?.try_into().ok()?))
}

pub(super) fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(octets.get(at..at.checked_add(4)?)?.try_into().ok()?))
}

/// An address of either family, by its length.
pub(super) fn address(octets: &[u8]) -> Option<IpAddr> {
    if let Ok(octets) = <[u8; 4]>::try_from(octets) {
        return Some(IpAddr::V4(Ipv4Addr::from(octets)));
    }
    <[u8; 16]>::try_from(octets).ok().map(|octets| IpAddr::V6(Ipv6Addr::from(octets)))
}

/// Text up to its end or the first zero.
pub(super) fn text(octets: &[u8]) -> String {
    let end = octets.iter().position(|octet| *octet == 0).unwrap_or(octets.len());
    String::from_utf8_lossy(&octets[..end]).into_owned()
}

const HEADER: usize = 4;
/// Without the nested and byte-order flags.
const TYPE_MASK: u16 = 0x3fff;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_that_does_not_fit_ends_the_walk() {
        let good = [8, 0, 3, 0, 1, 2, 3, 4];
        assert_eq!(attributes(&good).collect::<Vec<_>>(), [(3, &[1, 2, 3, 4][..])]);
        for broken in [&[9, 0, 3, 0, 1, 2, 3, 4][..], &[3, 0, 3, 0], &[0, 0, 0, 0], &[4, 0, 3]] {
            assert_eq!(attributes(broken).count(), 0, "{broken:?}");
        }
    }

    #[test]
    fn padding_is_passed_over() {
        let two = [5, 0, 1, 0, 9, 0, 0, 0, 5, 0, 2, 0, 8];
        assert_eq!(attributes(&two).collect::<Vec<_>>(), [(1, &[9][..]), (2, &[8][..])]);
    }
}

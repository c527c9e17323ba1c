//! Prefix sets against a linear scan.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bgp_core::policy::{PrefixRange, PrefixSet};
use ipnet::IpNet;

use crate::draw::{Draw, bit};

/// Most ranges of a set.
const RANGES: usize = 48;
/// Most prefixes asked about besides those of the set itself.
const QUESTIONS: usize = 64;

/// A number of ranges, the ranges, prefixes to ask about: the compiled set says what a scan says.
pub fn prefix_set(octets: &[u8]) {
    let mut draw = Draw::new(octets);
    let count = draw.below(RANGES);
    let ranges: Vec<PrefixRange> = (0..count).map(|_| range(&mut draw)).collect();
    let set: PrefixSet = ranges.iter().copied().collect();
    let ask = |prefix: &IpNet| {
        let scanned = ranges.iter().any(|range| range.contains(prefix));
        assert_eq!(set.contains(prefix), scanned, "{prefix} in {ranges:?}");
    };
    for range in &ranges {
        ask(&range.prefix);
        for length in [range.min, range.max, range.max.saturating_add(1)] {
            let inside = IpNet::new(range.prefix.addr(), length.min(range.prefix.max_prefix_len()));
            ask(&inside.expect("a length that fits").trunc());
        }
    }
    for _ in 0..QUESTIONS {
        if draw.is_empty() {
            return;
        }
        ask(&prefix(&mut draw));
    }
}

fn range(draw: &mut Draw<'_>) -> PrefixRange {
    let prefix = prefix(draw);
    let (min, max) = (draw.octet(), draw.octet());
    if bit(max, 7) {
        return PrefixRange::or_longer(prefix);
    }
    PrefixRange { prefix, min, max }
}

/// A prefix of few bits, so that some lie inside others.
fn prefix(draw: &mut Draw<'_>) -> IpNet {
    let (family, high, low) = (draw.octet(), draw.octet(), draw.octet());
    let (address, most) = match bit(family, 7) {
        false => (IpAddr::V4(Ipv4Addr::new(high, 0, 0, low)), 33),
        true => (IpAddr::V6(Ipv6Addr::new(u16::from(high) << 8, 0, 0, 0, 0, 0, 0, low.into())), 129),
    };
    let length = draw.below(most);
    IpNet::new(address, u8::try_from(length).expect("below 129")).expect("a length that fits").trunc()
}

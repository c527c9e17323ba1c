//! Sets of prefixes with length ranges, compiled so that a long list costs no more than a short one.

use std::fmt;

use ipnet::IpNet;

/// `P`, `P{min,max}` or `P+`: a prefix and the lengths allowed inside it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PrefixRange {
    /// The covering prefix.
    pub prefix: IpNet,
    /// Shortest length that matches.
    pub min: u8,
    /// Longest length that matches.
    pub max: u8,
}

/// Many [`PrefixRange`]s, asked all at once.
///
/// The covering prefixes stand sorted by length and number. A question is one binary search per
/// length that occurs in the set, whatever the number of prefixes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct PrefixSet {
    v4: Table,
    v6: Table,
}

/// The ranges of one family. IPv4 prefixes occupy the high bits, as IPv6 ones do.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
struct Table {
    slices: Vec<Slice>,
}

/// The ranges whose covering prefix has one length.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Slice {
    length: u8,
    /// Sorted; ranges of one network neither overlap nor touch.
    entries: Vec<Entry>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
struct Entry {
    network: u128,
    min: u8,
    max: u8,
}

impl PrefixRange {
    /// Exactly `prefix`.
    #[must_use]
    pub fn exact(prefix: IpNet) -> Self {
        Self { prefix, min: prefix.prefix_len(), max: prefix.prefix_len() }
    }

    /// `prefix` and everything inside it.
    #[must_use]
    pub fn or_longer(prefix: IpNet) -> Self {
        Self { prefix, min: prefix.prefix_len(), max: prefix.max_prefix_len() }
    }

    /// Whether `prefix` lies in the range.
    #[must_use]
    pub fn contains(&self, prefix: &IpNet) -> bool {
        (self.min..=self.max).contains(&prefix.prefix_len()) && self.prefix.contains(prefix)
    }
}

impl fmt::Display for PrefixRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { prefix, min, max } = self;
        if *self == Self::exact(*prefix) {
            write!(f, "{prefix}")
        } else if *self == Self::or_longer(*prefix) {
            write!(f, "{prefix}+")
        } else {
            write!(f, "{prefix}{{{min},{max}}}")
        }
    }
}

impl PrefixSet {
    /// Whether `prefix` lies in any of the ranges.
    #[must_use]
    pub fn contains(&self, prefix: &IpNet) -> bool {
        let (network, length) = key(prefix);
        self.table(prefix).contains(network, length)
    }

    const fn table(&self, prefix: &IpNet) -> &Table {
        match prefix {
            IpNet::V4(_) => &self.v4,
            IpNet::V6(_) => &self.v6,
        }
    }
}

impl FromIterator<PrefixRange> for PrefixSet {
    fn from_iter<I: IntoIterator<Item = PrefixRange>>(ranges: I) -> Self {
        let (mut v4, mut v6) = (Vec::new(), Vec::new());
        for range in ranges {
            let (network, length) = key(&range.prefix);
            let entry = Entry { network, min: range.min.max(length), max: range.max };
            if entry.min <= entry.max {
                let family = if matches!(range.prefix, IpNet::V4(_)) { &mut v4 } else { &mut v6 };
                family.push((length, entry));
            }
        }
        Self { v4: Table::compile(v4), v6: Table::compile(v6) }
    }
}

impl Table {
    fn compile(mut entries: Vec<(u8, Entry)>) -> Self {
        entries.sort_unstable();
        let mut slices: Vec<Slice> = Vec::new();
        for (length, entry) in entries {
            match slices.last_mut() {
                Some(slice) if slice.length == length => slice.push(entry),
                _ => slices.push(Slice { length, entries: vec![entry] }),
            }
        }
        Self { slices }
    }

    fn contains(&self, network: u128, length: u8) -> bool {
        self.slices
            .iter()
            .take_while(|slice| slice.length <= length)
            .any(|slice| slice.contains(network & mask(slice.length), length))
    }
}

impl Slice {
    /// Adds an entry that sorts after all others, merging it where it continues the last one.
    fn push(&mut self, entry: Entry) {
        match self.entries.last_mut() {
            Some(last) if last.network == entry.network && entry.min <= last.max.saturating_add(1) => {
                last.max = last.max.max(entry.max);
            }
            _ => self.entries.push(entry),
        }
    }

    fn contains(&self, network: u128, length: u8) -> bool {
        let after = self.entries.partition_point(|entry| (entry.network, entry.min) <= (network, length));
        let candidate = after.checked_sub(1).and_then(|index| self.entries.get(index));
        candidate.is_some_and(|entry| entry.network == network && length <= entry.max)
    }
}

fn key(prefix: &IpNet) -> (u128, u8) {
    let network = match prefix {
        IpNet::V4(net) => u128::from(net.network().to_bits()) << 96,
        IpNet::V6(net) => net.network().to_bits(),
    };
    (network, prefix.prefix_len())
}

const fn mask(length: u8) -> u128 {
    match u128::MAX.checked_shl(128 - length as u32) {
        Some(mask) => mask,
        None => 0,
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

    use proptest::prelude::*;

    use super::*;

    fn range(prefix: &str, min: u8, max: u8) -> PrefixRange {
        PrefixRange { prefix: prefix.parse().expect("a prefix"), min, max }
    }

    fn set_contains(ranges: &[PrefixRange], prefix: &str) -> bool {
        ranges.iter().copied().collect::<PrefixSet>().contains(&prefix.parse().expect("a prefix"))
    }

    #[test]
    fn lengths_outside_the_range_do_not_match() {
        let ranges = [range("10.244.0.0/16", 24, 26)];
        assert!(set_contains(&ranges, "10.244.1.0/24"));
        assert!(set_contains(&ranges, "10.244.196.128/26"));
        assert!(!set_contains(&ranges, "10.244.0.0/16"));
        assert!(!set_contains(&ranges, "10.244.196.129/32"));
        assert!(!set_contains(&ranges, "10.245.1.0/24"));
    }

    #[test]
    fn families_do_not_mix() {
        let everything = [range("::/0", 0, 128)];
        assert!(set_contains(&everything, "2001:db8::/32"));
        assert!(!set_contains(&everything, "0.0.0.0/0"));
        assert!(!set_contains(&[], "0.0.0.0/0"));
    }

    #[test]
    fn a_range_reads_back_as_the_operator_writes_it() {
        assert_eq!(range("10.0.0.0/8", 8, 8).to_string(), "10.0.0.0/8");
        assert_eq!(range("10.0.0.0/8", 8, 32).to_string(), "10.0.0.0/8+");
        assert_eq!(range("10.0.0.0/8", 9, 32).to_string(), "10.0.0.0/8{9,32}");
    }

    /// Prefixes from a small universe, so that covering, equal and disjoint pairs are all frequent.
    fn prefix() -> impl Strategy<Value = IpNet> {
        let v4 = (0..16u32, prop_oneof![0..=8u8, 26..=32u8])
            .prop_map(|(bits, length)| (IpAddr::V4(Ipv4Addr::from_bits(bits << 28 | bits)), length));
        let v6 = (0..16u128, prop_oneof![0..=8u8, 124..=128u8])
            .prop_map(|(bits, length)| (IpAddr::V6(Ipv6Addr::from_bits(bits << 124 | bits)), length));
        prop_oneof![v4, v6]
            .prop_map(|(address, length)| IpNet::new(address, length).expect("a length that fits").trunc())
    }

    proptest! {
        #[test]
        fn the_compiled_set_says_what_a_scan_says(
            ranges in prop::collection::vec((prefix(), 0..=33u8, 0..=128u8), 0..24),
            asked in prop::collection::vec(prefix(), 64),
        ) {
            let ranges: Vec<PrefixRange> =
                ranges.into_iter().map(|(prefix, min, max)| PrefixRange { prefix, min, max }).collect();
            let set: PrefixSet = ranges.iter().copied().collect();
            for prefix in asked {
                let scanned = ranges.iter().any(|range| range.contains(&prefix));
                prop_assert_eq!(set.contains(&prefix), scanned, "{}", prefix);
            }
        }
    }
}

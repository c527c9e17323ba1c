//! Routes as every daemon can be told them and asked for them, and a thousand rich ones.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::kernel::Ip;

/// What a daemon holds: for each prefix every path it knows.
pub type Table = BTreeMap<IpNet, BTreeSet<Path>>;

/// One path to a prefix: the attributes that all daemons show.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Path {
    /// Where packets go.
    pub next_hop: IpAddr,
    /// The AS path, which in these tests is one sequence.
    pub as_path: Vec<u32>,
    /// ORIGIN.
    pub origin: Origin,
    /// MULTI_EXIT_DISC; none and zero are told apart where a daemon does.
    pub med: Option<u32>,
    /// LOCAL_PREF; none on external sessions.
    pub local_preference: Option<u32>,
    /// Communities.
    pub communities: BTreeSet<(u16, u16)>,
    /// Large communities.
    pub large_communities: BTreeSet<(u32, u32, u32)>,
}

/// ORIGIN.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Origin {
    /// From an interior protocol.
    Igp,
    /// From EGP.
    Egp,
    /// From elsewhere.
    Incomplete,
}

impl Origin {
    /// Reads the many ways daemons write it.
    pub fn parse(text: &str) -> Option<Self> {
        match text.to_ascii_lowercase().as_str() {
            "igp" | "i" => Some(Self::Igp),
            "egp" | "e" => Some(Self::Egp),
            "incomplete" | "?" => Some(Self::Incomplete),
            _ => None,
        }
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Igp => "igp",
            Self::Egp => "egp",
            Self::Incomplete => "incomplete",
        })
    }
}

/// Communities from lists of their two parts; what is not one is left out.
pub fn communities(parts: &[Vec<u32>]) -> BTreeSet<(u16, u16)> {
    let short = |part: u32| u16::try_from(part).ok();
    parts.iter().filter_map(|c| Some((short(*c.first()?)?, short(*c.get(1)?)?))).collect()
}

/// Large communities from lists of their three parts.
pub fn large_communities(parts: &[Vec<u32>]) -> BTreeSet<(u32, u32, u32)> {
    parts.iter().filter_map(|c| Some((*c.first()?, *c.get(1)?, *c.get(2)?))).collect()
}

/// The parts of `a:b` or `a:b:c`.
pub fn parts(text: &str) -> Vec<u32> {
    // The one well-known community that daemons add of their own accord has names.
    if matches!(text, "llgr-stale" | "llgrStale") {
        return vec![0xffff, 6];
    }
    text.split(':').filter_map(|part| part.parse().ok()).collect()
}

/// `count` routes of one family whose attributes differ in every way, all through `next_hop`.
///
/// `block` keeps the prefixes of two speakers apart; another `edition` has the same prefixes with other
/// attributes.
pub fn rich(ip: Ip, count: u16, block: u8, edition: u32, next_hop: IpAddr) -> Table {
    (0..count)
        .map(|number| (prefix(ip, block, number), BTreeSet::from([path(number, edition, next_hop)])))
        .collect()
}

fn prefix(ip: Ip, block: u8, number: u16) -> IpNet {
    let [high, low] = number.to_be_bytes();
    match ip {
        Ip::V4 => Ipv4Net::new_assert(Ipv4Addr::new(100, block + high, low, 0), 24).into(),
        Ip::V6 => {
            let address = Ipv6Addr::new(0x2001, 0xdb8, u16::from(block), number, 0, 0, 0, 0);
            Ipv6Net::new_assert(address, 64).into()
        }
    }
}

/// A dozen different sets of attributes, each attribute varying in its own rhythm. More would be no richer, and
/// FRR takes a time to read its configuration that grows with the square of its route maps.
fn path(number: u16, edition: u32, next_hop: IpAddr) -> Path {
    let kind = u32::from(number) % 12 + edition;
    let low = u16::try_from(kind % 1000).unwrap_or_default();
    Path {
        next_hop,
        as_path: (0..kind % 4).map(|hop| 65010 + hop).collect(),
        origin: [Origin::Igp, Origin::Egp, Origin::Incomplete][(kind % 3) as usize],
        med: (!kind.is_multiple_of(5)).then_some(kind),
        local_preference: Some(100 + kind),
        communities: (0..low % 5).map(|more| (64512, 100 * more + low)).collect(),
        large_communities: (0..kind % 3).map(|more| (4_200_000_000, kind, more)).collect(),
    }
}

/// The first few differences between two tables, or nothing.
pub fn difference(seen: &Table, wanted: &Table) -> Option<String> {
    if seen == wanted {
        return None;
    }
    let missing = wanted.keys().filter(|prefix| !seen.contains_key(prefix)).count();
    let surplus = seen.keys().filter(|prefix| !wanted.contains_key(prefix)).count();
    let mut changed =
        seen.iter().filter(|(prefix, paths)| wanted.get(prefix).is_some_and(|other| other != *paths));
    let example = changed
        .next()
        .map(|(prefix, paths)| format!("; {prefix}\n  seen   {paths:?}\n  wanted {:?}", wanted.get(prefix)));
    Some(format!(
        "{} routes seen, {missing} missing, {surplus} too many, {} different{}",
        seen.len(),
        changed.count() + usize::from(example.is_some()),
        example.unwrap_or_default()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_editions_of_a_route_differ() {
        let next_hop = IpAddr::from([192, 0, 2, 1]);
        let (first, second) = (rich(Ip::V4, 100, 1, 0, next_hop), rich(Ip::V4, 100, 1, 1, next_hop));
        assert!(first.iter().all(|(prefix, paths)| second[prefix] != *paths));
    }

    #[test]
    fn a_thousand_routes_have_a_thousand_prefixes() {
        for ip in [Ip::V4, Ip::V6] {
            assert_eq!(rich(ip, 1000, 1, 0, IpAddr::from([192, 0, 2, 1])).len(), 1000);
        }
    }
}

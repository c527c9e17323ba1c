//! A table that looks like the Internet's and is the same for the same seed.

use std::net::{Ipv4Addr, Ipv6Addr};
use std::ops::Range;

use bgp_core::wire::{AsPath, Attributes, Community, LargeCommunity};
use bgp_core::{Asn, Chance, Family};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Routes, those with equal attributes side by side.
#[derive(Clone, Debug, Default)]
pub struct Table {
    /// The destinations; their numbers are their places here.
    pub prefixes: Vec<IpNet>,
    /// Who shares attributes.
    pub sets: Vec<Set>,
}

/// Routes that share their attributes, as they stand in one UPDATE.
#[derive(Clone, Debug)]
pub struct Set {
    /// The attributes.
    pub attributes: Attributes,
    /// The numbers of the prefixes, all of one family.
    pub members: Range<usize>,
}

/// One of several feeds of the same prefixes: each has paths of its own, and each is the best for some.
#[derive(Clone, Copy, Debug)]
pub struct View {
    /// Which feed, from 0.
    pub feed: u32,
    /// How many there are.
    pub of: u32,
}

impl View {
    /// The only feed.
    pub const ONLY: Self = Self { feed: 0, of: 1 };
}

impl Table {
    /// `count` routes as one feed has them. Prefixes come in no order, three fifths of them /24 (IPv6: all /48);
    /// 6.5 on average share attributes, mostly 1, sometimes 128; paths have 1 to 8 AS numbers, communities 0 to 15,
    /// a third a MED, one in fourteen large communities.
    #[must_use]
    pub fn generate(family: Family, count: usize, seed: u64, view: View) -> Self {
        let mut sizes = Chance::new(seed);
        let mut table = Self { prefixes: prefixes(family, count, &mut sizes), sets: Vec::new() };
        let mut next = 0;
        while next < count {
            let size = set_size(&mut sizes).min(count - next);
            let fork = sizes.draw();
            let attributes = attributes(fork, view);
            table.sets.push(Set { attributes, members: next..next + size });
            next += size;
        }
        table
    }

    /// The family of a set's routes.
    #[must_use]
    pub fn family(&self, set: &Set) -> Family {
        match self.prefixes.get(set.members.start) {
            Some(IpNet::V6(_)) => Family::IPV6,
            Some(IpNet::V4(_)) | None => Family::IPV4,
        }
    }

    /// Every `step`-th set, with another MED than before: what changes when a neighbour reconsiders.
    #[must_use]
    pub fn reconsidered(&self, step: usize) -> Self {
        let mut sets: Vec<Set> = self.sets.iter().step_by(step).cloned().collect();
        for set in &mut sets {
            set.attributes.med = Some(set.attributes.med.map_or(1, |med| med + 1));
        }
        Self { prefixes: self.prefixes.clone(), sets }
    }
}

/// Half are single; the mean is about 6.5.
fn set_size(chance: &mut Chance) -> usize {
    let (low, high) = match chance.draw() % 100 {
        0..50 => (1, 1),
        50..75 => (2, 4),
        75..90 => (5, 16),
        90..98 => (17, 40),
        _ => (41, 128),
    };
    low + chance.draw() as usize % (high - low + 1)
}

/// The feed that is best for a set has the shortest path, the others have one to three AS numbers more.
fn attributes(fork: u64, view: View) -> Attributes {
    let mut shared = Chance::new(fork);
    let best = shared.draw() % u64::from(view.of);
    let longer = (u64::from(view.feed) + u64::from(view.of) - best) % u64::from(view.of);
    let length = 1 + shared.draw() % 4 + shared.draw() % 3 + longer.min(3);
    let origin = 1 + (shared.draw() % 60_000) as u32;
    let mut chance = Chance::new(fork ^ u64::from(view.feed + 1).wrapping_mul(0x2545_f491_4f6c_dd1d));
    let mut draw = |below: u64| (chance.draw() % below) as u32;
    let mut path: Vec<Asn> = (1..length).map(|_| Asn(1000 + draw(60_000))).collect();
    path.push(Asn(origin));
    let count = [0, 1, 1, 2, 3, 4, 6, 15][draw(8) as usize];
    let mut communities: Vec<Community> = (0..count).map(|_| Community(0x0fa0_0000 + draw(60_000))).collect();
    communities.sort_unstable();
    communities.dedup();
    let large = if draw(14) == 0 { 1 + draw(3) } else { 0 };
    let large_communities =
        (0..large).map(|local2| LargeCommunity { global: 64_500, local1: draw(1000), local2 }).collect();
    Attributes {
        as_path: AsPath::from_sequence(&path),
        med: (draw(3) == 0).then(|| draw(100)),
        communities: communities.into(),
        large_communities,
        ..Attributes::default()
    }
}

/// Each prefix has a /24 (IPv6: /48) of its own to begin at; those that begin where a shorter one could may be shorter.
fn prefixes(family: Family, count: usize, chance: &mut Chance) -> Vec<IpNet> {
    let slots = count.next_power_of_two() as u64;
    let shuffled = (0..count as u64).map(|number| number.wrapping_mul(SHUFFLE) & (slots - 1));
    shuffled.map(|slot| if family == Family::IPV4 { v4(slot, chance) } else { v6(slot) }).collect()
}

fn v4(slot: u64, chance: &mut Chance) -> IpNet {
    let network = Ipv4Addr::from_bits(FIRST_V4 + ((slot as u32) << 8));
    let shorter = if chance.draw().is_multiple_of(5) { 0 } else { 1 + chance.draw() % 8 };
    let most = u64::from((slot | 1 << 8).trailing_zeros());
    IpNet::V4(Ipv4Net::new_assert(network, 24 - shorter.min(most) as u8))
}

fn v6(slot: u64) -> IpNet {
    let network = Ipv6Addr::from_bits((0x2a00_u128 << 112) + (u128::from(slot) << 80));
    IpNet::V6(Ipv6Net::new_assert(network, 48))
}

/// Odd, so that multiplying by it visits every slot once.
const SHUFFLE: u64 = 0x9e37_79b1;
/// 1.0.0.0.
const FIRST_V4: u32 = 0x0100_0000;

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use super::*;

    #[test]
    fn a_table_has_the_mix_that_is_promised() {
        let table = Table::generate(Family::IPV4, 50_000, 1, View::ONLY);
        let distinct: HashSet<&IpNet> = table.prefixes.iter().collect();
        assert_eq!(distinct.len(), 50_000);
        assert!(table.prefixes.iter().all(|prefix| prefix.addr() == prefix.network()));
        let longest = table.prefixes.iter().filter(|prefix| prefix.prefix_len() == 24).count();
        assert!((28_000..32_000).contains(&longest), "{longest} of 50000 are /24");
        let mean = 50_000.0 / table.sets.len() as f64;
        assert!((6.0..7.5).contains(&mean), "{mean} prefixes share attributes");
    }

    #[test]
    fn of_several_feeds_one_has_the_shortest_path_for_a_set() {
        let feeds: Vec<Table> =
            (0..5).map(|feed| Table::generate(Family::IPV4, 2000, 1, View { feed, of: 5 })).collect();
        let mut wins = [0; 5];
        for set in 0..feeds[0].sets.len() {
            let lengths: Vec<usize> =
                feeds.iter().map(|feed| feed.sets[set].attributes.as_path.asns().count()).collect();
            let shortest = *lengths.iter().min().expect("five feeds");
            assert_eq!(lengths.iter().filter(|length| **length == shortest).count(), 1, "{lengths:?}");
            wins[lengths.iter().position(|length| *length == shortest).expect("it is one of them")] += 1;
        }
        assert!(wins.iter().all(|wins| *wins > 20), "{wins:?}");
    }
}

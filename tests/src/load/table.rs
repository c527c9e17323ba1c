//! A table that looks like the Internet's and is the same for the same seed.

use std::net::{Ipv4Addr, Ipv6Addr};

use bgp_core::wire::{AsPath, Attributes, Community, Nlri, PathId};
use bgp_core::{Asn, Chance, Family};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Routes that share their attributes.
#[derive(Clone, Debug)]
pub struct Batch {
    /// The attributes.
    pub attributes: Attributes,
    /// The prefixes.
    pub nlri: Vec<Nlri>,
}

/// `count` routes of one family, in batches of equal attributes as they stand in one UPDATE: between
/// one and a dozen prefixes, paths of two to six AS numbers, a handful of communities.
#[must_use]
pub fn table(family: Family, count: u32, seed: u64) -> Vec<Batch> {
    let mut chance = Chance::new(seed);
    let (mut batches, mut next) = (Vec::new(), 0);
    while next < count {
        let size = (1 + chance.draw() as u32 % 12).min(count - next);
        let nlri =
            (next..next + size).map(|index| Nlri { path_id: PathId(0), prefix: prefix(family, index) });
        batches.push(Batch { nlri: nlri.collect(), attributes: attributes(&mut chance) });
        next += size;
    }
    batches
}

fn attributes(chance: &mut Chance) -> Attributes {
    let mut draw = |below: u64| (chance.draw() % below) as u32;
    let path: Vec<Asn> = (0..=draw(5)).map(|_| Asn(1000 + draw(60_000))).collect();
    let communities = (0..draw(4)).map(|_| Community(0x0fa0_0000 + draw(500))).collect();
    let med = (draw(4) == 0).then(|| draw(100));
    Attributes { as_path: AsPath::from_sequence(&path), communities, med, ..Attributes::default() }
}

/// The `index`-th prefix: consecutive /24 (or /48), every fourth one shortened into an aggregate of its own.
fn prefix(family: Family, index: u32) -> IpNet {
    if family == Family::IPV4 {
        let network = Ipv4Addr::from_bits(0x0100_0000 + (index << 8));
        let length = if index.is_multiple_of(4) { 23 - (index / 4 % 2) as u8 } else { 24 };
        IpNet::V4(Ipv4Net::new_assert(network, length).trunc())
    } else {
        let network = Ipv6Addr::from_bits((0x2a00_u128 << 112) + (u128::from(index) << 80));
        IpNet::V6(Ipv6Net::new_assert(network, 48))
    }
}

//! Claims about the RIB as a whole.

mod changes;
mod next_hops;
mod paths;
mod shifts;
mod sources;

use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use crate::Family;
use crate::rib::NetId;
use crate::rib::testing::Bench;
use crate::wire::{Nlri, PathId};

const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 99);

fn net(bench: &Bench, of: IpNet) -> Option<NetId> {
    bench.rib.table(Family::of(&of))?.lookup(&of)
}

/// The `n`th of many prefixes.
fn many(n: u32) -> Nlri {
    let address = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 | n << 8));
    Nlri { path_id: PathId(0), prefix: IpNet::new(address, 24).expect("24 is a length") }
}

//! A routing table like the Internet's, made of a seed: many prefixes, few sets of attributes.

use std::net::Ipv4Addr;

use bgp_core::rib::{Forwarding, KernelHint, Route};
use bgp_core::wire::{
    AsPath, AttributeBlock, Attributes, Community, Dialect, LargeCommunity, NextHop, Nlri, PathId, PeerKind,
    announce,
};
use bgp_core::{Asn, Chance, Family};
use bytes::{Bytes, BytesMut};
use ipnet::Ipv4Net;

/// The AS of every speaker here.
pub(crate) const ASN: Asn = Asn(64512);

/// Prefixes that share one set of attributes: what one UPDATE announces.
#[derive(Clone, Debug)]
pub(crate) struct Group {
    /// What it says.
    pub(crate) route: Route,
    /// About which prefixes.
    pub(crate) nlri: Vec<Nlri>,
}

/// `routes` routes as the feed of number `feed` tells them. Every feed has the same prefixes, each its
/// own attributes.
pub(crate) fn table(routes: usize, feed: u8) -> Vec<Group> {
    let mut prefixes = prefixes(routes);
    let mut chance = Chance::new(u64::from(feed) + 1);
    let mut groups = Vec::new();
    while !prefixes.is_empty() {
        let size = group_size(&mut chance).min(prefixes.len());
        let nlri = prefixes.split_off(prefixes.len() - size);
        groups.push(Group { route: route(&mut chance, feed), nlri });
    }
    groups
}

/// The table as octets of a session.
pub(crate) fn octets(groups: &[Group]) -> Bytes {
    let mut out = BytesMut::new();
    for group in groups {
        encode(group, &dialect(), &mut out);
    }
    out.freeze()
}

/// Appends the messages that announce a group.
pub(crate) fn encode(group: &Group, dialect: &Dialect, out: &mut BytesMut) {
    let Forwarding::Via(next_hop) = group.route.forwarding else { return };
    let block = AttributeBlock::encode(&group.route.attributes, dialect);
    announce(&group.nlri, Family::IPV4, &next_hop, &block, dialect, out).expect("a group fits a message");
}

/// How messages are written on an internal session of today.
pub(crate) fn dialect() -> Dialect {
    Dialect {
        four_octet_as: true,
        families: vec![Family::IPV4],
        ..Dialect::unnegotiated(PeerKind::Internal, ASN)
    }
}

/// The address of the feed of number `feed`.
pub(crate) const fn address(feed: u8) -> Ipv4Addr {
    Ipv4Addr::new(10, 0, 0, feed)
}

/// Distinct prefixes in no order: three fifths of them /24, the others shorter.
fn prefixes(routes: usize) -> Vec<Nlri> {
    let mut chance = Chance::new(0);
    let mut next = 0x0100_0000_u32;
    let mut prefixes: Vec<Nlri> = (0..routes)
        .map(|_| {
            let length = match chance.draw() % 20 {
                0..12 => 24,
                12..14 => 23,
                14..17 => 22,
                17 => 21,
                18 => 20,
                _ => 19,
            };
            let size = 1_u32 << (32 - length);
            let first = next.next_multiple_of(size);
            next = first + size;
            let prefix = Ipv4Net::new_assert(Ipv4Addr::from_bits(first), length).into();
            Nlri { path_id: PathId(0), prefix }
        })
        .collect();
    for last in (1..prefixes.len()).rev() {
        prefixes.swap(last, below(&mut chance, last + 1));
    }
    prefixes
}

/// Mostly one prefix, sometimes a hundred; six to seven on average.
fn group_size(chance: &mut Chance) -> usize {
    match chance.draw() % 50 {
        0..30 => 1,
        30..40 => 2 + below(chance, 3),
        40..46 => 5 + below(chance, 12),
        46..49 => 17 + below(chance, 48),
        _ => 65 + below(chance, 64),
    }
}

fn route(chance: &mut Chance, feed: u8) -> Route {
    let path: Vec<Asn> = (0..=below(chance, 7)).map(|_| Asn(1000 + below(chance, 60_000) as u32)).collect();
    let communities = (0..below(chance, 16)).map(|_| Community(chance.draw() as u32 & 0x7fff_ffff)).collect();
    let large = LargeCommunity { global: ASN.0, local1: chance.draw() as u32 % 100, local2: 7 };
    let large_communities = if one_in(chance, 14) { Box::from([large]) } else { Box::default() };
    let attributes = Attributes {
        as_path: AsPath::from_sequence(&path),
        med: one_in(chance, 3).then_some(10),
        local_preference: Some(100),
        communities,
        large_communities,
        ..Attributes::default()
    };
    Route {
        attributes,
        forwarding: Forwarding::Via(NextHop::V4(address(feed))),
        interface: None,
        kernel: KernelHint::default(),
    }
}

fn one_in(chance: &mut Chance, many: u64) -> bool {
    chance.draw().is_multiple_of(many)
}

fn below(chance: &mut Chance, bound: usize) -> usize {
    (chance.draw() % bound as u64) as usize
}

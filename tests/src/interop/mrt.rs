//! Routes as an MRT table dump ([RFC 6396](https://www.rfc-editor.org/rfc/rfc6396)), which GoBGP can take in
//! at once.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr};

use ipnet::IpNet;

use super::route::{Origin, Path, Table};

/// A table dump of the routes, as if one peer had sent them, repeated from the start until [`PADDING`] more
/// records follow the last of them.
pub(super) fn table_dump(routes: &Table, asn: u32, id: Ipv4Addr) -> Vec<u8> {
    let mut peers = id.octets().to_vec();
    peers.extend([0, 0, 0, 1]); // no view name, one peer
    peers.push(0b10); // its address is IPv4, its AS has four octets
    peers.extend(id.octets());
    peers.extend(id.octets());
    peers.extend(asn.to_be_bytes());
    let mut dump = record(PEER_INDEX_TABLE, &peers);
    let padded = routes.iter().cycle().take(if routes.is_empty() { 0 } else { routes.len() + PADDING });
    for (sequence, (prefix, paths)) in (0_u32..).zip(padded) {
        let kind = if prefix.addr().is_ipv4() { RIB_IPV4_UNICAST } else { RIB_IPV6_UNICAST };
        dump.extend(record(kind, &rib(sequence, prefix, paths)));
    }
    dump
}

fn record(subtype: u16, body: &[u8]) -> Vec<u8> {
    let mut record = vec![0; 4]; // the time
    record.extend(TABLE_DUMP_V2.to_be_bytes());
    record.extend(subtype.to_be_bytes());
    record.extend((body.len() as u32).to_be_bytes());
    record.extend(body);
    record
}

fn rib(sequence: u32, prefix: &IpNet, paths: &BTreeSet<Path>) -> Vec<u8> {
    let mut body = sequence.to_be_bytes().to_vec();
    let length = prefix.prefix_len();
    body.push(length);
    body.extend(&octets(prefix.network())[..usize::from(length.div_ceil(8))]);
    body.extend((paths.len() as u16).to_be_bytes());
    for path in paths {
        let attributes = attributes(prefix, path);
        body.extend([0, 0, 0, 0, 0, 0]); // the first peer, the time
        body.extend((attributes.len() as u16).to_be_bytes());
        body.extend(attributes);
    }
    body
}

fn attributes(prefix: &IpNet, path: &Path) -> Vec<u8> {
    let origin = match path.origin {
        Origin::Igp => 0,
        Origin::Egp => 1,
        Origin::Incomplete => 2,
    };
    let mut all = attribute(0x40, 1, &[origin]);
    let mut as_path = Vec::new();
    if !path.as_path.is_empty() {
        as_path.extend([2, path.as_path.len() as u8]);
        as_path.extend(path.as_path.iter().flat_map(|asn| asn.to_be_bytes()));
    }
    all.extend(attribute(0x40, 2, &as_path));
    let hop = octets(path.next_hop);
    match path.next_hop {
        IpAddr::V4(_) => all.extend(attribute(0x40, 3, &hop)),
        IpAddr::V6(_) => all.extend(attribute(0x80, 14, &reach(prefix, &hop))),
    }
    if let Some(med) = path.med {
        all.extend(attribute(0x80, 4, &med.to_be_bytes()));
    }
    if let Some(preference) = path.local_preference {
        all.extend(attribute(0x40, 5, &preference.to_be_bytes()));
    }
    let communities: Vec<u8> = path
        .communities
        .iter()
        .flat_map(|(high, low)| [high.to_be_bytes(), low.to_be_bytes()].concat())
        .collect();
    if !communities.is_empty() {
        all.extend(attribute(0xc0, 8, &communities));
    }
    let large =
        path.large_communities.iter().flat_map(|(a, b, c)| [a, b, c].map(|part| part.to_be_bytes()).concat());
    let large: Vec<u8> = large.collect();
    if !large.is_empty() {
        all.extend(attribute(0xc0, 32, &large));
    }
    all
}

/// MP_REACH_NLRI as in an UPDATE. Unlike RFC 6396 §4.3.4, which keeps nothing but the next hop, GoBGP 3.10 reads no
/// other form.
fn reach(prefix: &IpNet, hop: &[u8]) -> Vec<u8> {
    let mut value = vec![0, 2, 1, hop.len() as u8];
    value.extend(hop);
    value.extend([0, prefix.prefix_len()]);
    value.extend(&octets(prefix.network())[..usize::from(prefix.prefix_len().div_ceil(8))]);
    value
}

fn attribute(flags: u8, code: u8, value: &[u8]) -> Vec<u8> {
    let mut attribute = vec![flags, code, value.len() as u8];
    attribute.extend(value);
    attribute
}

fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// GoBGP's client hangs up when it has queued the last record, and what is queued then is lost.
const PADDING: usize = 3000;
const TABLE_DUMP_V2: u16 = 13;
const PEER_INDEX_TABLE: u16 = 1;
const RIB_IPV4_UNICAST: u16 = 2;
const RIB_IPV6_UNICAST: u16 = 4;

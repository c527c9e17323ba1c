//! Next-hop messages both ways. The message types in use know none, so they are written octet by octet
//! (`struct nhmsg` and the attributes of `linux/nexthop.h`).

use std::net::IpAddr;

use rtnetlink::packet_core::{NLM_F_CREATE, NLM_F_DUMP, NLM_F_EXCL, NLM_F_REPLACE, NLM_F_REQUEST};

use super::bytes::{address, attributes, u8_at, u16_at, u32_at};
use super::writing::{attribute, message, number};
use crate::{KernelHop, KernelObject, Member, ObjectContent, ObjectOperation};

/// The object of a message.
pub(super) fn object(payload: &[u8]) -> Option<KernelObject> {
    let protocol = u8_at(payload, 2)?;
    let flags = u32_at(payload, 4)?;
    let (mut id, mut interface, mut gateway) = (None, None, None);
    let (mut members, mut special) = (None, false);
    for (kind, value) in attributes(payload.get(FIXED..)?) {
        match kind {
            NHA_ID => id = Some(u32_at(value, 0)?),
            NHA_GROUP => members = Some(group(value)),
            NHA_GROUP_TYPE => special |= u16_at(value, 0)? != GROUP_BY_HASH,
            NHA_OIF => interface = Some(u32_at(value, 0)?),
            NHA_GATEWAY => gateway = Some(address(value)?),
            NHA_BLACKHOLE | NHA_ENCAP_TYPE | NHA_ENCAP | NHA_FDB => special = true,
            _ => {}
        }
    }
    let content = match (members, interface) {
        _ if special => ObjectContent::Other,
        (Some(members), _) => ObjectContent::Group(members),
        (None, Some(interface)) => {
            let onlink = flags & RTNH_F_ONLINK != 0;
            ObjectContent::Hop(KernelHop { gateway, interface, onlink, weight: 1 })
        }
        (None, None) => ObjectContent::Other,
    };
    Some(KernelObject { id: id?, protocol, content })
}

/// Rows of `struct nexthop_grp`; the weight counts from 0, its high octet is new in Linux 6.12.
fn group(octets: &[u8]) -> Vec<Member> {
    let member = |row: &[u8]| {
        let weight = u16::from_le_bytes([u8_at(row, 4)?, u8_at(row, 5)?]);
        Some(Member { id: u32_at(row, 0)?, weight: weight.saturating_add(1) })
    };
    octets.chunks_exact(MEMBER).filter_map(member).collect()
}

/// Appends an operation to `buffer`; it asks for no acknowledgement.
pub(super) fn operation(buffer: &mut Vec<u8>, operation: &ObjectOperation, sequence: u32) {
    let (kind, flags) = match operation {
        ObjectOperation::Create(_) => (RTM_NEWNEXTHOP, NLM_F_CREATE | NLM_F_EXCL),
        // Without CREATE: what has gone meanwhile is refused and not made anew behind our back.
        ObjectOperation::Replace(_) => (RTM_NEWNEXTHOP, NLM_F_REPLACE),
        ObjectOperation::Remove(_) => (RTM_DELNEXTHOP, 0),
    };
    message(buffer, kind, NLM_F_REQUEST | flags, sequence, |buffer| match operation {
        ObjectOperation::Create(object) | ObjectOperation::Replace(object) => written(buffer, object),
        ObjectOperation::Remove(object) => {
            fixed(buffer, AF_UNSPEC, 0, 0);
            number(buffer, NHA_ID, object.id);
        }
    });
}

/// A request to list every object of the namespace.
pub(super) fn list(sequence: u32) -> Vec<u8> {
    let mut buffer = Vec::new();
    message(&mut buffer, RTM_GETNEXTHOP, NLM_F_REQUEST | NLM_F_DUMP, sequence, |buffer| {
        fixed(buffer, AF_UNSPEC, 0, 0);
    });
    buffer
}

fn written(buffer: &mut Vec<u8>, object: &KernelObject) {
    match &object.content {
        ObjectContent::Hop(hop) => {
            let family = match hop.gateway {
                Some(IpAddr::V6(_)) => AF_INET6,
                Some(IpAddr::V4(_)) | None => AF_INET,
            };
            fixed(buffer, family, object.protocol, if hop.onlink { RTNH_F_ONLINK } else { 0 });
            number(buffer, NHA_ID, object.id);
            number(buffer, NHA_OIF, hop.interface);
            match hop.gateway {
                Some(IpAddr::V4(gateway)) => attribute(buffer, NHA_GATEWAY, &gateway.octets()),
                Some(IpAddr::V6(gateway)) => attribute(buffer, NHA_GATEWAY, &gateway.octets()),
                None => {}
            }
        }
        ObjectContent::Group(members) => {
            fixed(buffer, AF_UNSPEC, object.protocol, 0);
            number(buffer, NHA_ID, object.id);
            attribute(buffer, NHA_GROUP, &members.iter().flat_map(row).collect::<Vec<u8>>());
        }
        // Never asked for; the kernel refuses a message without content.
        ObjectContent::Other => fixed(buffer, AF_UNSPEC, object.protocol, 0),
    }
}

fn row(member: &Member) -> [u8; MEMBER] {
    let [a, b, c, d] = member.id.to_ne_bytes();
    let [low, high] = member.weight.saturating_sub(1).to_le_bytes();
    [a, b, c, d, low, high, 0, 0]
}

/// `struct nhmsg`.
fn fixed(buffer: &mut Vec<u8>, family: u8, protocol: u8, flags: u32) {
    buffer.extend_from_slice(&[family, 0, protocol, 0]);
    buffer.extend_from_slice(&flags.to_ne_bytes());
}

pub(super) const RTM_NEWNEXTHOP: u16 = 104;
pub(super) const RTM_DELNEXTHOP: u16 = 105;
const RTM_GETNEXTHOP: u16 = 106;

const FIXED: usize = 8;
const MEMBER: usize = 8;
const AF_UNSPEC: u8 = 0;
const AF_INET: u8 = 2;
const AF_INET6: u8 = 10;
const RTNH_F_ONLINK: u32 = 4;
const GROUP_BY_HASH: u16 = 0;
const NHA_ID: u16 = 1;
const NHA_GROUP: u16 = 2;
const NHA_GROUP_TYPE: u16 = 3;
const NHA_BLACKHOLE: u16 = 4;
const NHA_OIF: u16 = 5;
const NHA_GATEWAY: u16 = 6;
const NHA_ENCAP_TYPE: u16 = 7;
const NHA_ENCAP: u16 = 8;
const NHA_FDB: u16 = 11;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::netlink::decode;

    fn gateway() -> impl Strategy<Value = Option<IpAddr>> {
        prop_oneof![
            Just(None),
            any::<[u8; 4]>().prop_map(|octets| Some(IpAddr::from(octets))),
            any::<[u8; 16]>().prop_map(|octets| Some(IpAddr::from(octets))),
        ]
    }

    fn content() -> impl Strategy<Value = ObjectContent> {
        let hop = (gateway(), any::<u32>(), any::<bool>()).prop_map(|(gateway, interface, onlink)| {
            ObjectContent::Hop(KernelHop { gateway, interface, onlink, weight: 1 })
        });
        let member = (any::<u32>(), 1..=256_u16).prop_map(|(id, weight)| Member { id, weight });
        prop_oneof![hop, prop::collection::vec(member, 1..40).prop_map(ObjectContent::Group)]
    }

    proptest! {
        #[test]
        fn what_is_written_reads_the_same(id in any::<u32>(), protocol in any::<u8>(), content in content()) {
            let written = KernelObject { id, protocol, content };
            let mut octets = Vec::new();
            operation(&mut octets, &ObjectOperation::Create(written.clone()), 7);
            operation(&mut octets, &ObjectOperation::Replace(written.clone()), 8);
            let read: Vec<_> = decode::messages(&octets).map(|(_, payload)| object(payload)).collect();
            prop_assert_eq!(read, [Some(written.clone()), Some(written)]);
        }

        #[test]
        fn octets_that_are_no_message_are_no_panic(octets in prop::collection::vec(any::<u8>(), 0..100)) {
            let _ = object(&octets);
        }
    }
}

//! Datagrams into messages, link and address messages into what was seen. Routes have their own file.

use std::net::IpAddr;

use ipnet::IpNet;
use rtnetlink::packet_core::{NLM_F_ACK_TLVS, NLM_F_CAPPED};

use super::answer::Answer;
use super::attribute;
use super::bytes::{address, aligned, attributes, text, u8_at, u16_at, u32_at};
use crate::seen::{Address, Link};

/// The fixed part in front of every message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) kind: u16,
    pub(super) flags: u16,
    pub(super) sequence: u32,
    pub(super) port: u32,
}

/// The messages of a datagram. Ends at the first that does not fit.
pub(super) fn messages(datagram: &[u8]) -> impl Iterator<Item = (Header, &[u8])> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = usize::try_from(u32_at(rest, 0)?).ok()?;
        let header = Header {
            kind: u16_at(rest, 4)?,
            flags: u16_at(rest, 6)?,
            sequence: u32_at(rest, 8)?,
            port: u32_at(rest, 12)?,
        };
        let payload = rest.get(HEADER..length)?;
        rest = rest.get(aligned(length)..).unwrap_or_default();
        Some((header, payload))
    })
}

/// An interface: its header, its name, and where it belongs.
pub(super) fn link(payload: &[u8]) -> Option<Link> {
    let index = u32_at(payload, 4)?;
    let flags = u32_at(payload, 8)?;
    let (mut name, mut master, mut vrf) = (None, None, None);
    for (kind, value) in attributes(payload.get(16..)?) {
        match kind {
            IFLA_IFNAME => name = Some(text(value)),
            IFLA_MASTER => master = u32_at(value, 0),
            IFLA_LINKINFO => vrf = vrf_table(value),
            _ => {}
        }
    }
    Some(Link {
        index,
        name: name?.into(),
        up: flags & IFF_UP != 0,
        running: flags & (IFF_UP | IFF_RUNNING) == IFF_UP | IFF_RUNNING,
        master: master.filter(|master| *master != 0),
        vrf,
    })
}

/// The table of a VRF; `None` for interfaces of another kind.
fn vrf_table(linkinfo: &[u8]) -> Option<u32> {
    let of_kind =
        |wanted: u16, octets| attributes(octets).find(|(kind, _)| *kind == wanted).map(|(_, value)| value);
    let kind = of_kind(IFLA_INFO_KIND, linkinfo)?;
    let table = of_kind(IFLA_VRF_TABLE, of_kind(IFLA_INFO_DATA, linkinfo)?)?;
    (text(kind) == "vrf").then(|| u32_at(table, 0)).flatten()
}

/// Whether a link message is about a port of a bridge and not about the interface.
pub(super) fn is_bridge_port(payload: &[u8]) -> bool {
    u8_at(payload, 0) == Some(AF_BRIDGE)
}

/// The index of an interface that went.
pub(super) fn link_index(payload: &[u8]) -> Option<u32> {
    u32_at(payload, 4)
}

/// An address. On a point-to-point link `IFA_ADDRESS` is the other end, `IFA_LOCAL` ours.
pub(super) fn interface_address(payload: &[u8]) -> Option<Address> {
    let length = u8_at(payload, 1)?;
    let mut flags = u32::from(u8_at(payload, 2)?);
    let scope = u8_at(payload, 3)?;
    let interface = u32_at(payload, 4)?;
    let (mut far, mut local): (Option<IpAddr>, Option<IpAddr>) = (None, None);
    for (kind, value) in attributes(payload.get(8..)?) {
        match kind {
            IFA_ADDRESS => far = address(value),
            IFA_LOCAL => local = address(value),
            IFA_FLAGS => flags = u32_at(value, 0)?,
            _ => {}
        }
    }
    let local = local.or(far)?;
    let prefix = IpNet::new(far.unwrap_or(local), length).ok()?.trunc();
    let connected = (flags & IFA_F_NOPREFIXROUTE == 0).then_some(prefix);
    Some(Address { interface, local, connected, scope })
}

/// An acknowledgement, an error, or the end of a reading.
pub(super) fn answer(header: &Header, payload: &[u8]) -> Option<Answer> {
    let errno = i32::try_from(u32_at(payload, 0)?.cast_signed().unsigned_abs()).ok()?;
    let request = match header.kind {
        NLMSG_DONE => 0,
        _ if header.flags & NLM_F_CAPPED != 0 => HEADER,
        _ => aligned(usize::try_from(u32_at(payload, 4)?).ok()?),
    };
    let (request, explanation) = payload.get(4..)?.split_at_checked(request).unwrap_or_default();
    let explanation = if header.flags & NLM_F_ACK_TLVS != 0 { explanation } else { &[] };
    let (mut words, mut pointed) = (String::new(), None);
    for (kind, value) in attributes(explanation) {
        match kind {
            NLMSGERR_ATTR_MSG => words = text(value),
            NLMSGERR_ATTR_OFFS => pointed = u32_at(value, 0).and_then(|at| attribute::at(request, at)),
            _ => {}
        }
    }
    Some(Answer { errno, text: words, attribute: pointed })
}

pub(super) const NLMSG_ERROR: u16 = 2;
pub(super) const NLMSG_DONE: u16 = 3;
pub(super) const RTM_NEWLINK: u16 = 16;
pub(super) const RTM_DELLINK: u16 = 17;
pub(super) const RTM_NEWADDR: u16 = 20;
pub(super) const RTM_DELADDR: u16 = 21;
pub(super) const RTM_NEWROUTE: u16 = 24;
pub(super) const RTM_DELROUTE: u16 = 25;

const HEADER: usize = 16;
const NLMSGERR_ATTR_MSG: u16 = 1;
const NLMSGERR_ATTR_OFFS: u16 = 2;
const AF_BRIDGE: u8 = 7;
const IFLA_IFNAME: u16 = 3;
const IFLA_MASTER: u16 = 10;
const IFLA_LINKINFO: u16 = 18;
const IFLA_INFO_KIND: u16 = 1;
const IFLA_INFO_DATA: u16 = 2;
const IFLA_VRF_TABLE: u16 = 1;
const IFF_UP: u32 = 1;
const IFF_RUNNING: u32 = 1 << 6;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_FLAGS: u16 = 8;
const IFA_F_NOPREFIXROUTE: u32 = 0x200;

#[cfg(test)]
mod tests {
    use super::*;

    fn attribute(kind: u16, value: &[u8]) -> Vec<u8> {
        let length = u16::try_from(4 + value.len()).expect("short");
        let mut octets = [length.to_ne_bytes(), kind.to_ne_bytes()].concat();
        octets.extend_from_slice(value);
        octets.resize(aligned(octets.len()), 0);
        octets
    }

    fn interface(attributes: &[Vec<u8>]) -> Vec<u8> {
        let fixed = [0_u32, 7, IFF_UP | IFF_RUNNING, 0];
        fixed.iter().flat_map(|word| word.to_ne_bytes()).chain(attributes.concat()).collect()
    }

    #[test]
    fn a_vrf_names_its_table_and_a_member_its_vrf() {
        let data = attribute(IFLA_VRF_TABLE, &1001_u32.to_ne_bytes());
        let info = |kind: &[u8]| [attribute(IFLA_INFO_KIND, kind), attribute(IFLA_INFO_DATA, &data)].concat();
        let name = attribute(IFLA_IFNAME, b"red\0");
        let vrf = interface(&[name.clone(), attribute(IFLA_LINKINFO, &info(b"vrf\0"))]);
        let expected =
            Link { index: 7, name: "red".into(), up: true, running: true, master: None, vrf: Some(1001) };
        assert_eq!(link(&vrf), Some(expected.clone()));

        let bridge = interface(&[name.clone(), attribute(IFLA_LINKINFO, &info(b"bridge\0"))]);
        assert_eq!(link(&bridge), Some(Link { vrf: None, ..expected.clone() }));
        let member = interface(&[name, attribute(IFLA_MASTER, &3_u32.to_ne_bytes())]);
        assert_eq!(link(&member), Some(Link { vrf: None, master: Some(3), ..expected }));
    }
}

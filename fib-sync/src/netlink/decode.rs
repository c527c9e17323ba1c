//! Datagrams into messages, link and address messages into what was seen. Routes have their own file.

use std::net::IpAddr;

use ipnet::IpNet;
use rtnetlink::packet_core::{NLM_F_ACK_TLVS, NLM_F_CAPPED};

use super::answer::Answer;
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

/// An interface: its header and its name.
pub(super) fn link(payload: &[u8]) -> Option<Link> {
    let index = u32_at(payload, 4)?;
    let flags = u32_at(payload, 8)?;
    let name = attributes(payload.get(16..)?).find(|(kind, _)| *kind == IFLA_IFNAME)?.1;
    Some(Link {
        index,
        name: text(name).into(),
        up: flags & IFF_UP != 0,
        running: flags & (IFF_UP | IFF_RUNNING) == IFF_UP | IFF_RUNNING,
    })
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
    let begin = match header.kind {
        NLMSG_DONE => 4,
        _ if header.flags & NLM_F_CAPPED != 0 => 4 + HEADER,
        _ => 4 + aligned(usize::try_from(u32_at(payload, 4)?).ok()?),
    };
    let explained = header.flags & NLM_F_ACK_TLVS != 0;
    let text = explained
        .then(|| attributes(payload.get(begin..)?).find(|(kind, _)| *kind == NLMSGERR_ATTR_MSG))
        .flatten()
        .map(|(_, value)| text(value));
    Some(Answer { errno, text: text.unwrap_or_default() })
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
const AF_BRIDGE: u8 = 7;
const IFLA_IFNAME: u16 = 3;
const IFF_UP: u32 = 1;
const IFF_RUNNING: u32 = 1 << 6;
const IFA_ADDRESS: u16 = 1;
const IFA_LOCAL: u16 = 2;
const IFA_FLAGS: u16 = 8;
const IFA_F_NOPREFIXROUTE: u32 = 0x200;

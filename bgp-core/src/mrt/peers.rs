//! PEER_INDEX_TABLE: whom the entries of a table come from
//! ([RFC 6396 §4.3.1](https://www.rfc-editor.org/rfc/rfc6396#section-4.3.1)).

use std::net::IpAddr;

use super::{Field, Unreadable};
use crate::wire::parse::Cursor;
use crate::{Asn, RouterId};

/// The peers of a table, in the order that its entries refer to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerIndex {
    /// Who wrote the table.
    pub collector: RouterId,
    /// The name of its view; mostly empty. What is not UTF-8 in it is replaced.
    pub view: String,
    /// The peers.
    pub peers: Vec<Peer>,
}

/// A peer of a collector.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Peer {
    /// Its BGP Identifier.
    pub router_id: RouterId,
    /// Its address.
    pub address: IpAddr,
    /// Its AS.
    pub asn: Asn,
}

impl PeerIndex {
    pub(super) fn read(mut body: Cursor<'_>) -> Result<Self, Unreadable> {
        let view = Unreadable::new(body.offset(), Field::View);
        let collector = RouterId::from(body.u32().ok_or(view)?);
        let name = body.long_field().ok_or(view)?;
        let name = String::from_utf8_lossy(name.octets()).into_owned();
        let count = body.u16().ok_or(view)?;
        let peers = (0..count).map(|number| {
            let offset = body.offset();
            Peer::read(&mut body).ok_or_else(|| Unreadable::new(offset, Field::Peer(number)))
        });
        let peers = peers.collect::<Result<_, _>>()?;
        super::rib::nothing_left(body)?;
        Ok(Self { collector, view: name, peers })
    }
}

impl Peer {
    fn read(body: &mut Cursor<'_>) -> Option<Self> {
        let form = body.octet()?;
        let router_id = RouterId::from(body.u32()?);
        let address = if form & IPV6 == 0 {
            IpAddr::from(body.array::<4>()?)
        } else {
            IpAddr::from(body.array::<16>()?)
        };
        let asn = if form & FOUR_OCTETS == 0 { u32::from(body.u16()?) } else { body.u32()? };
        Some(Self { router_id, address, asn: Asn(asn) })
    }
}

const IPV6: u8 = 0b01;
const FOUR_OCTETS: u8 = 0b10;

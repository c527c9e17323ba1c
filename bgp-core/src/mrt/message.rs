//! BGP4MP and BGP4MP_ET: what was said on a session
//! ([RFC 6396 §4.4](https://www.rfc-editor.org/rfc/rfc6396#section-4.4)).

use std::net::IpAddr;

use super::{Body, Field, Unreadable};
use crate::wire::parse::Cursor;
use crate::wire::{self, Dialect, EXTENDED_LIMIT, Malformed, Message, PeerKind};
use crate::{Asn, Family};

/// The two ends of a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Exchange {
    /// The AS of the peer.
    pub peer_asn: Asn,
    /// The AS of the speaker that wrote the file.
    pub local_asn: Asn,
    /// The interface, 0 where there is none to tell.
    pub interface: u16,
    /// The peer's address.
    pub peer: IpAddr,
    /// The speaker's address.
    pub local: IpAddr,
}

/// A message as it was stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stored<'a> {
    /// Who exchanged it; the peer sent it, unless it is `local`.
    pub exchange: Exchange,
    /// The speaker that wrote the file sent it.
    pub local: bool,
    /// AS numbers in it have four octets.
    pub four_octet_as: bool,
    /// NLRI in it have path identifiers.
    pub path_ids: bool,
    /// The message, marker and all.
    pub octets: &'a [u8],
}

/// A session changed its state; numbers are those of RFC 6396: 1 is Idle, 6 is Established.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct StateChange {
    /// Whose session.
    pub exchange: Exchange,
    /// From which state.
    pub old: u16,
    /// To which.
    pub new: u16,
}

/// What a subtype says about its body.
#[derive(Clone, Copy)]
struct Form {
    four_octet_as: bool,
    local: bool,
    path_ids: bool,
}

/// Reads the body of a BGP4MP record; `None` for subtypes that are not read.
pub(super) fn read(subtype: u16, mut body: Cursor<'_>) -> Result<Option<Body<'_>>, Unreadable> {
    let form = |four_octet_as, local, path_ids| Form { four_octet_as, local, path_ids };
    let form = match subtype {
        STATE_CHANGE => return state_change(body, false).map(Some),
        STATE_CHANGE_AS4 => return state_change(body, true).map(Some),
        1 => form(false, false, false),
        4 => form(true, false, false),
        6 => form(false, true, false),
        7 => form(true, true, false),
        // RFC 8050 §3.
        8 => form(false, false, true),
        9 => form(true, false, true),
        10 => form(false, true, true),
        11 => form(true, true, true),
        _ => return Ok(None),
    };
    let exchange = Exchange::read(&mut body, form.four_octet_as)?;
    let Form { four_octet_as, local, path_ids } = form;
    let octets = body.octets();
    Ok(Some(Body::Message(Stored { exchange, local, four_octet_as, path_ids, octets })))
}

fn state_change(mut body: Cursor<'_>, four_octet_as: bool) -> Result<Body<'_>, Unreadable> {
    let exchange = Exchange::read(&mut body, four_octet_as)?;
    let states = Unreadable::new(body.offset(), Field::States);
    let (old, new) = (body.u16().ok_or(states)?, body.u16().ok_or(states)?);
    super::rib::nothing_left(body)?;
    Ok(Body::StateChange(StateChange { exchange, old, new }))
}

impl Exchange {
    fn read(body: &mut Cursor<'_>, four_octet_as: bool) -> Result<Self, Unreadable> {
        let session = Unreadable::new(body.offset(), Field::Session);
        let asn = |body: &mut Cursor<'_>| if four_octet_as { body.u32() } else { body.u16().map(u32::from) };
        let peer_asn = Asn(asn(body).ok_or(session)?);
        let local_asn = Asn(asn(body).ok_or(session)?);
        let interface = body.u16().ok_or(session)?;
        let at = body.offset();
        let afi = body.u16().ok_or(session)?;
        let address = |body: &mut Cursor<'_>| match afi {
            1 => body.array::<4>().map(IpAddr::from).ok_or(session),
            2 => body.array::<16>().map(IpAddr::from).ok_or(session),
            _ => Err(Unreadable::new(at, Field::AddressFamily(afi))),
        };
        let (peer, local) = (address(body)?, address(body)?);
        Ok(Self { peer_asn, local_asn, interface, peer, local })
    }
}

impl Stored<'_> {
    /// The message, as [`wire::decode`] judges it with every unicast family agreed.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where it would end a session; its offset is from the start of the message.
    pub fn decode(&self) -> Result<Message, Malformed> {
        let Exchange { peer_asn, local_asn, .. } = self.exchange;
        let kind = if peer_asn == local_asn { PeerKind::Internal } else { PeerKind::External };
        let families = Family::UNICAST.to_vec();
        let dialect = Dialect {
            four_octet_as: self.four_octet_as,
            add_path_receive: if self.path_ids { families.clone() } else { Vec::new() },
            extended_next_hop: families.clone(),
            families,
            receive_limit: EXTENDED_LIMIT,
            enforce_first_as: false,
            aigp: true,
            ..Dialect::unnegotiated(kind, peer_asn)
        };
        wire::decode(self.octets, &dialect)
    }
}

const STATE_CHANGE: u16 = 0;
const STATE_CHANGE_AS4: u16 = 5;

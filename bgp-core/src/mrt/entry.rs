//! One path of a table, and the UPDATE that its peer would have sent for it.

use bytes::{BufMut, BytesMut};

use super::Rib;
use crate::wire::parse::{Cursor, FramedAttribute};
use crate::wire::{self, Dialect, EXTENDED_LIMIT, Malformed, Message, PathId, PeerKind, Update};
use crate::{Asn, Family};

/// One path of a prefix ([RFC 6396 §4.3.4](https://www.rfc-editor.org/rfc/rfc6396#section-4.3.4)).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry<'a> {
    /// The place of its peer in the last [`PeerIndex`](super::PeerIndex); nobody has checked that there is one.
    pub peer: u16,
    /// When it was received, seconds since 1970.
    pub originated: u32,
    /// Its path identifier, in records that have them.
    pub path_id: Option<PathId>,
    /// Its path attributes in wire form, AS numbers of four octets.
    pub attributes: &'a [u8],
}

impl<'a> Entry<'a> {
    pub(super) fn read(body: &mut Cursor<'a>, path_ids: bool) -> Option<Self> {
        let peer = body.u16()?;
        let originated = body.u32()?;
        let path_id = if path_ids { Some(PathId(body.u32()?)) } else { None };
        let attributes = body.long_field()?.octets();
        Some(Self { peer, originated, path_id, attributes })
    }

    /// The UPDATE that announces this path of `rib`, as [`wire::decode`] judges it.
    ///
    /// LOCAL_PREF tells a path of an internal peer from one of an external peer. MP_REACH_NLRI may hold the
    /// next hop alone, as RFC 6396 wants, or everything, as some collectors write it.
    ///
    /// # Errors
    ///
    /// [`Malformed`] where such an UPDATE would end a session; its offset is from the start of the UPDATE.
    pub fn update(&self, rib: &Rib<'_>) -> Result<Update, Malformed> {
        let content = Content::of(self.attributes);
        let dialect = dialect(rib.family, self.path_id.is_some(), content.kind());
        let frame = self.frame(rib, &content);
        match wire::decode(&frame, &dialect)? {
            Message::Update(update) => Ok(*update),
            // The type octet says UPDATE.
            _ => Ok(Update::default()),
        }
    }

    fn frame(&self, rib: &Rib<'_>, content: &Content<'_>) -> BytesMut {
        let mut nlri = BytesMut::new();
        if let Some(PathId(id)) = self.path_id {
            nlri.put_u32(id);
        }
        wire::put_prefix(&rib.prefix, &mut nlri);
        let mut attributes = BytesMut::new();
        let multiprotocol = content.reach.or_else(|| content.next_hop.filter(|_| rib.family != Family::IPV4));
        if let Some(next_hop) = multiprotocol {
            put_reach(rib.family, next_hop, &nlri, &mut attributes);
            nlri.clear();
        }
        attributes.put_slice(&content.others);
        wire::frame_update(&attributes, &nlri)
    }
}

/// Attributes, MP_REACH_NLRI apart.
struct Content<'a> {
    others: BytesMut,
    /// The next hop field of MP_REACH_NLRI.
    reach: Option<&'a [u8]>,
    /// The value of NEXT_HOP.
    next_hop: Option<&'a [u8]>,
    internal: bool,
}

impl<'a> Content<'a> {
    fn of(octets: &'a [u8]) -> Self {
        let mut content = Self { others: BytesMut::new(), reach: None, next_hop: None, internal: false };
        let mut rest = Cursor::new(octets, 0);
        loop {
            let from = rest.octets();
            // What cannot be cut goes to the decoder as it is, which says what is wrong with it.
            let Ok(attribute) = rest.attribute() else {
                content.others.put_slice(from);
                return content;
            };
            let whole = from.len().saturating_sub(rest.len());
            content.take(&attribute, from.get(..whole).unwrap_or(from));
            if rest.is_empty() {
                return content;
            }
        }
    }

    fn take(&mut self, attribute: &FramedAttribute<'a>, whole: &[u8]) {
        let value = attribute.value.octets();
        match (attribute.code, next_hop_field(value)) {
            (MP_REACH, Some(next_hop)) if self.reach.is_none() => return self.reach = Some(next_hop),
            (NEXT_HOP, _) => self.next_hop = Some(value),
            (LOCAL_PREF, _) => self.internal = true,
            (_, _) => {}
        }
        self.others.put_slice(whole);
    }

    const fn kind(&self) -> PeerKind {
        if self.internal { PeerKind::Internal } else { PeerKind::External }
    }
}

/// The next hop in an MP_REACH_NLRI of either form.
fn next_hop_field(value: &[u8]) -> Option<&[u8]> {
    match value {
        [length, rest @ ..] if usize::from(*length) == rest.len() => Some(rest),
        [_, _, _, length, rest @ ..] => rest.get(..usize::from(*length)),
        _ => None,
    }
}

fn put_reach(family: Family, next_hop: &[u8], nlri: &[u8], out: &mut BytesMut) {
    let mut value = BytesMut::new();
    value.put_u16(family.afi);
    value.put_u8(family.safi);
    value.put_u8(u8::try_from(next_hop.len()).unwrap_or(u8::MAX));
    value.put_slice(next_hop);
    value.put_u8(0);
    value.put_slice(nlri);
    out.put_slice(&[OPTIONAL_EXTENDED, MP_REACH]);
    out.put_u16(u16::try_from(value.len()).unwrap_or(u16::MAX));
    out.put_slice(&value);
}

/// How a peer of this kind would have sent it; a collector accepts all that can be understood.
fn dialect(family: Family, path_ids: bool, kind: PeerKind) -> Dialect {
    Dialect {
        four_octet_as: true,
        families: vec![family],
        add_path_receive: if path_ids { vec![family] } else { Vec::new() },
        extended_next_hop: vec![family],
        receive_limit: EXTENDED_LIMIT,
        enforce_first_as: false,
        aigp: true,
        ..Dialect::unnegotiated(kind, Asn(0))
    }
}

const NEXT_HOP: u8 = 3;
const LOCAL_PREF: u8 = 5;
const MP_REACH: u8 = 14;
/// Optional, with a length of two octets.
const OPTIONAL_EXTENDED: u8 = 0x90;

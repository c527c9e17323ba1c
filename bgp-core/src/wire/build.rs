//! UPDATE messages for sending: attributes encoded once, prefixes packed under the peer's limit.
//!
//! [RFC 7606 §5.1] asks for one kind of NLRI in a message, and for MP_REACH_NLRI and MP_UNREACH_NLRI
//! to come first. So every message built here announces routes of one family, or withdraws them, or
//! ends a family's first transfer; nothing is mixed.
//!
//! [RFC 7606 §5.1]: https://www.rfc-editor.org/rfc/rfc7606#section-5.1

use std::net::Ipv4Addr;

use bytes::{BufMut, BytesMut};

use crate::Family;
use crate::wire::attribute::{self, Known, put_attribute};
use crate::wire::header::{HEADER_LENGTH, Kind, put_message};
use crate::wire::prefix::{self, PathIds, put_all};
use crate::wire::{Attributes, Dialect, NextHop, Nlri};

/// Octets of an UPDATE besides its three fields: the header and two lengths.
const UPDATE_OVERHEAD: usize = HEADER_LENGTH + 4;
/// Octets of an attribute header with Extended Length.
const ATTRIBUTE_HEADER: usize = 4;

/// The path attributes of a route in wire form, without next hop and NLRI: encoded once, sent with
/// any number of prefixes to any peer that speaks the same dialect.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct AttributeBlock {
    octets: Vec<u8>,
    /// Where NEXT_HOP belongs among them.
    next_hop_at: usize,
}

impl AttributeBlock {
    /// Encodes the attributes as `dialect` has them: AS numbers of its width, AS4_PATH beside narrow ones.
    #[must_use]
    pub fn encode(attributes: &Attributes, dialect: &Dialect) -> Self {
        let mut octets = Vec::with_capacity(256);
        let next_hop_at = attribute::encode(attributes, dialect, &mut octets);
        Self { octets, next_hop_at }
    }

    /// Size in octets.
    #[must_use]
    pub fn size(&self) -> usize {
        self.octets.len()
    }

    pub(in crate::wire) fn put(&self, out: &mut BytesMut) {
        out.put_slice(&self.octets);
    }

    fn put_with_next_hop(&self, next_hop: Ipv4Addr, out: &mut BytesMut) {
        let (before, after) = self.octets.split_at_checked(self.next_hop_at).unwrap_or((&self.octets, &[]));
        out.put_slice(before);
        attribute::encode_next_hop(next_hop, out);
        out.put_slice(after);
    }
}

/// Why routes cannot be announced to a peer. The caller withdraws what it announced of them before
/// ([RFC 4271 §9.2](https://www.rfc-editor.org/rfc/rfc4271#section-9.2)).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Unsendable {
    /// The attributes leave no room for a single prefix.
    #[error("attributes and one prefix need {needed} octets, the peer takes {limit}")]
    TooLarge {
        /// Octets the smallest such message would have.
        needed: usize,
        /// The peer's limit.
        limit: usize,
    },
    /// The family cannot be announced with such a next hop: IPv6 routes need an IPv6 one, IPv4 routes
    /// with an IPv6 one need [RFC 8950](https://www.rfc-editor.org/rfc/rfc8950) agreed.
    #[error("{family} cannot be announced to this peer with next hop {next_hop}")]
    NextHop {
        /// The family.
        family: Family,
        /// The next hop.
        next_hop: NextHop,
    },
}

/// Appends as few UPDATEs as possible that announce `nlri`, none above the peer's limit.
///
/// # Errors
///
/// [`Unsendable`], with nothing appended.
pub fn announce(
    nlri: &[Nlri],
    family: Family,
    next_hop: &NextHop,
    attributes: &AttributeBlock,
    dialect: &Dialect,
    out: &mut BytesMut,
) -> Result<(), Unsendable> {
    let form = AnnounceForm::choose(family, next_hop, dialect)?;
    let path_ids = dialect.path_ids_sent(family);
    let fixed = UPDATE_OVERHEAD.saturating_add(attributes.size()).saturating_add(form.size());
    let room = dialect.send_limit.saturating_sub(fixed);
    if prefix::longest(family, path_ids) > room
        && let Some(longest) = nlri.iter().map(|nlri| nlri.encoded_length(path_ids)).max()
        && longest > room
    {
        return Err(Unsendable::TooLarge {
            needed: fixed.saturating_add(longest),
            limit: dialect.send_limit,
        });
    }
    for chunk in (Chunks { rest: nlri, room, path_ids }) {
        put_message(Kind::Update, out, |out| {
            out.put_u16(0);
            form.put(family, attributes, chunk, path_ids, out);
        });
    }
    Ok(())
}

/// An UPDATE around fields in wire form.
pub(crate) fn frame_update(attributes: &[u8], nlri: &[u8]) -> BytesMut {
    let mut out = BytesMut::new();
    put_message(Kind::Update, &mut out, |out| {
        out.put_u16(0);
        put_field(out, |out| out.put_slice(attributes));
        out.put_slice(nlri);
    });
    out
}

/// Whether a message has room for the attributes and any one prefix of the family.
#[must_use]
pub fn fits(family: Family, next_hop: &NextHop, attributes: &AttributeBlock, dialect: &Dialect) -> bool {
    let Ok(form) = AnnounceForm::choose(family, next_hop, dialect) else { return false };
    let longest = prefix::longest(family, dialect.path_ids_sent(family));
    let beside = UPDATE_OVERHEAD.saturating_add(form.size()).saturating_add(longest);
    let room = dialect.send_limit.saturating_sub(beside);
    attributes.size() <= room
}

/// Appends as few UPDATEs as possible that withdraw `nlri`, none above the peer's limit.
pub fn withdraw(nlri: &[Nlri], family: Family, dialect: &Dialect, out: &mut BytesMut) {
    let path_ids = dialect.path_ids_sent(family);
    let classic = family == Family::IPV4;
    let fixed = if classic { UPDATE_OVERHEAD } else { UPDATE_OVERHEAD + ATTRIBUTE_HEADER + 3 };
    let room = dialect.send_limit.saturating_sub(fixed);
    for chunk in (Chunks { rest: nlri, room, path_ids }) {
        put_message(Kind::Update, out, |out| match classic {
            true => {
                put_field(out, |out| put_all(chunk, path_ids, out));
                out.put_u16(0);
            }
            false => put_unreach(family, out, |out| put_all(chunk, path_ids, out)),
        });
    }
}

/// Appends the End-of-RIB marker of a family ([RFC 4724 §2](https://www.rfc-editor.org/rfc/rfc4724#section-2)).
pub fn end_of_rib(family: Family, out: &mut BytesMut) {
    put_message(Kind::Update, out, |out| match family {
        Family::IPV4 => out.put_u32(0),
        _ => put_unreach(family, out, |_| {}),
    });
}

/// How routes of a family travel with a given next hop.
enum AnnounceForm {
    /// NEXT_HOP and the NLRI field.
    Classic(Ipv4Addr),
    /// MP_REACH_NLRI.
    Multiprotocol(NextHop),
}

impl AnnounceForm {
    fn choose(family: Family, next_hop: &NextHop, dialect: &Dialect) -> Result<Self, Unsendable> {
        match next_hop {
            NextHop::V4(address) if family == Family::IPV4 => Ok(Self::Classic(*address)),
            NextHop::V6 { .. } if family == Family::IPV6 || dialect.extended_next_hop.contains(&family) => {
                Ok(Self::Multiprotocol(*next_hop))
            }
            NextHop::V4(_) | NextHop::V6 { .. } => Err(Unsendable::NextHop { family, next_hop: *next_hop }),
        }
    }

    /// Octets besides the attribute block and the prefixes, at most.
    const fn size(&self) -> usize {
        match self {
            Self::Classic(_) => 7,
            Self::Multiprotocol(NextHop::V4(_)) => ATTRIBUTE_HEADER + 5 + 4,
            Self::Multiprotocol(NextHop::V6 { link_local: None, .. }) => ATTRIBUTE_HEADER + 5 + 16,
            Self::Multiprotocol(NextHop::V6 { link_local: Some(_), .. }) => ATTRIBUTE_HEADER + 5 + 32,
        }
    }

    fn put(
        &self,
        family: Family,
        block: &AttributeBlock,
        nlri: &[Nlri],
        path_ids: PathIds,
        out: &mut BytesMut,
    ) {
        match self {
            Self::Classic(next_hop) => {
                put_field(out, |out| block.put_with_next_hop(*next_hop, out));
                put_all(nlri, path_ids, out);
            }
            Self::Multiprotocol(next_hop) => put_field(out, |out| {
                put_attribute(Known::MpReach.flags(), Known::MpReach.code(), out, |out| {
                    put_family(family, out);
                    next_hop.put(out);
                    out.put_u8(0);
                    put_all(nlri, path_ids, out);
                });
                block.put(out);
            }),
        }
    }
}

/// Cuts a list of prefixes into runs that fit.
struct Chunks<'a> {
    rest: &'a [Nlri],
    room: usize,
    path_ids: PathIds,
}

impl<'a> Iterator for Chunks<'a> {
    type Item = &'a [Nlri];

    fn next(&mut self) -> Option<&'a [Nlri]> {
        let mut left = self.room;
        let mut fitting = 0_usize;
        for nlri in self.rest {
            let Some(remaining) = left.checked_sub(nlri.encoded_length(self.path_ids)) else { break };
            left = remaining;
            fitting = fitting.saturating_add(1);
        }
        let (chunk, rest) = self.rest.split_at_checked(fitting)?;
        self.rest = rest;
        (!chunk.is_empty()).then_some(chunk)
    }
}

pub(in crate::wire) fn put_family(family: Family, out: &mut BytesMut) {
    out.put_u16(family.afi);
    out.put_u8(family.safi);
}

/// The body of an UPDATE that has MP_UNREACH_NLRI and nothing else.
pub(in crate::wire) fn put_unreach(family: Family, out: &mut BytesMut, nlri: impl FnOnce(&mut BytesMut)) {
    out.put_u16(0);
    put_field(out, |out| {
        put_attribute(Known::MpUnreach.flags(), Known::MpUnreach.code(), out, |out| {
            put_family(family, out);
            nlri(out);
        });
    });
}

/// Writes a field with its length in two octets before it.
pub(in crate::wire) fn put_field(out: &mut BytesMut, value: impl FnOnce(&mut BytesMut)) {
    let length_at = out.len();
    out.put_u16(0);
    let value_at = out.len();
    value(out);
    let length = u16::try_from(out.len().saturating_sub(value_at)).unwrap_or(u16::MAX);
    if let Some([high, low, ..]) = out.get_mut(length_at..) {
        [*high, *low] = length.to_be_bytes();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Asn;
    use crate::wire::{PathId, PeerKind};

    fn dialect() -> Dialect {
        Dialect { four_octet_as: true, ..Dialect::unnegotiated(PeerKind::Internal, Asn(64512)) }
    }

    fn prefixes(count: u32) -> Vec<Nlri> {
        (0..count)
            .map(|number| {
                let address = Ipv4Addr::from(0x0a00_0000 + number * 256);
                Nlri { path_id: PathId(0), prefix: ipnet::Ipv4Net::new(address, 24).unwrap().into() }
            })
            .collect()
    }

    fn lengths(mut octets: &[u8]) -> Vec<usize> {
        let mut lengths = Vec::new();
        while !octets.is_empty() {
            let length = usize::from(u16::from_be_bytes([octets[16], octets[17]]));
            lengths.push(length);
            octets = &octets[length..];
        }
        lengths
    }

    #[test]
    fn announcements_fill_messages_up_to_the_limit() {
        let block = AttributeBlock::encode(&Attributes::default(), &dialect());
        let mut out = BytesMut::new();
        let next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
        announce(&prefixes(2000), Family::IPV4, &next_hop, &block, &dialect(), &mut out).unwrap();
        // ORIGIN 4, AS_PATH 3, NEXT_HOP 7: 4059 octets are left, 1014 prefixes of four.
        assert_eq!(lengths(&out), [37 + 4 * 1014, 37 + 4 * 986]);
    }

    #[test]
    fn withdrawals_fill_messages_up_to_the_limit() {
        let mut out = BytesMut::new();
        withdraw(&prefixes(1100), Family::IPV4, &dialect(), &mut out);
        assert_eq!(lengths(&out), [23 + 4 * 1018, 23 + 4 * 82]);
    }

    #[test]
    fn attributes_that_leave_no_room_are_refused_whole() {
        let path = crate::wire::AsPath::from_sequence(&vec![Asn(64512); 1020]);
        let attributes = Attributes { as_path: path, ..Attributes::default() };
        let block = AttributeBlock::encode(&attributes, &dialect());
        let next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
        let mut out = BytesMut::new();
        let refused = announce(&prefixes(1), Family::IPV4, &next_hop, &block, &dialect(), &mut out);
        assert!(matches!(refused, Err(Unsendable::TooLarge { limit: 4096, .. })), "{refused:?}");
        assert!(out.is_empty());
        let wide = Dialect { send_limit: 65535, ..dialect() };
        assert_eq!(announce(&prefixes(1), Family::IPV4, &next_hop, &block, &wide, &mut out), Ok(()));
    }

    #[test]
    fn attributes_fit_exactly_where_one_prefix_can_be_announced() {
        let next_hop = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
        let host = [Nlri { path_id: PathId(0), prefix: "192.0.2.1/32".parse().unwrap() }];
        for length in 900..1100 {
            let as_path = crate::wire::AsPath::from_sequence(&vec![Asn(64512); length]);
            let attributes = Attributes { as_path, ..Attributes::default() };
            let block = AttributeBlock::encode(&attributes, &dialect());
            let sent =
                announce(&host, Family::IPV4, &next_hop, &block, &dialect(), &mut BytesMut::new()).is_ok();
            assert_eq!(fits(Family::IPV4, &next_hop, &block, &dialect()), sent, "{length} AS numbers");
        }
    }

    #[test]
    fn a_next_hop_of_the_other_family_needs_agreement() {
        let block = AttributeBlock::encode(&Attributes::default(), &dialect());
        let v6 = NextHop::V6 { global: "2001:db8::1".parse().unwrap(), link_local: None };
        let mut out = BytesMut::new();
        let refused = announce(&prefixes(1), Family::IPV4, &v6, &block, &dialect(), &mut out);
        assert_eq!(refused, Err(Unsendable::NextHop { family: Family::IPV4, next_hop: v6 }));
        let agreed = Dialect { extended_next_hop: vec![Family::IPV4], ..dialect() };
        assert_eq!(announce(&prefixes(1), Family::IPV4, &v6, &block, &agreed, &mut out), Ok(()));
        let v4 = NextHop::V4(Ipv4Addr::new(192, 0, 2, 1));
        assert!(announce(&prefixes(1), Family::IPV6, &v4, &block, &agreed, &mut out).is_err());
    }

    #[test]
    fn end_of_rib_is_the_shortest_update() {
        let mut out = BytesMut::new();
        end_of_rib(Family::IPV4, &mut out);
        end_of_rib(Family::IPV6, &mut out);
        assert_eq!(lengths(&out), [23, 29]);
    }
}

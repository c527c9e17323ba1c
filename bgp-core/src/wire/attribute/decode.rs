//! Attribute values: what each known attribute holds, and what an error in it costs.

use std::net::Ipv4Addr;

use bytes::Bytes;

use crate::wire::attribute::{Known, OPTIONAL, PARTIAL, TRANSITIVE, as4};
use crate::wire::parse::{Cursor, FramedAttribute};
use crate::wire::{
    Aggregator, Aigp, AsPath, Attributes, Community, Dialect, ExtendedCommunity, Ipv6ExtendedCommunity,
    LargeCommunity, Origin, PeerKind, Reason, SegmentKind, Treatment, UnknownAttribute,
};
use crate::{Asn, RouterId};

/// The attributes of one message so far.
#[derive(Default)]
pub(in crate::wire) struct Collected {
    pub(in crate::wire) next_hop: Option<Ipv4Addr>,
    attributes: Attributes,
    unknown: Vec<UnknownAttribute>,
    as4_path: Option<AsPath>,
    as4_aggregator: Option<Aggregator>,
    /// AS_PATH is there and nothing is wrong with it so far.
    has_good_path: bool,
    seen: Seen,
}

/// What an error costs, and what is wrong.
pub(in crate::wire) type Verdict = (Treatment, Reason);

impl Collected {
    /// Whether the attribute was there, well-formed or not.
    pub(in crate::wire) fn has(&self, attribute: Known) -> bool {
        self.seen.contains(attribute.code())
    }

    /// Marks an attribute as there; false where it was there before.
    pub(in crate::wire) fn note(&mut self, code: u8) -> bool {
        self.seen.insert(code)
    }

    /// Takes an attribute of an unknown code: optional transitive ones are carried, optional
    /// non-transitive ones ignored, well-known ones end the session
    /// ([RFC 4271 §5](https://www.rfc-editor.org/rfc/rfc4271#section-5), §6.3).
    pub(in crate::wire) fn take_unknown(&mut self, attribute: &FramedAttribute<'_>) -> Result<(), Verdict> {
        if attribute.flags & OPTIONAL == 0 {
            return Err((Treatment::Reset, Reason::UnrecognizedWellKnown));
        }
        if attribute.flags & TRANSITIVE != 0 {
            self.unknown.push(UnknownAttribute {
                code: attribute.code,
                flags: attribute.flags & (OPTIONAL | TRANSITIVE | PARTIAL),
                value: Bytes::copy_from_slice(attribute.value.octets()),
            });
        }
        Ok(())
    }

    /// Takes a known attribute whose flags have been checked; MP_REACH_NLRI and MP_UNREACH_NLRI are not
    /// for here.
    pub(in crate::wire) fn take(
        &mut self,
        known: Known,
        attribute: &FramedAttribute<'_>,
        dialect: &Dialect,
    ) -> Result<(), Verdict> {
        if let Some(reason) = out_of_place(known, dialect) {
            return Err((Treatment::Discard, reason));
        }
        self.read(known, attribute.value, dialect).map_err(|reason| (cost(known), reason))?;
        if attribute.flags & PARTIAL != 0 {
            self.attributes.partial.insert(known);
        }
        Ok(())
    }

    fn read(&mut self, known: Known, value: Cursor<'_>, dialect: &Dialect) -> Result<(), Reason> {
        let octets = value.octets();
        let attributes = &mut self.attributes;
        match known {
            Known::Origin => attributes.origin = origin(octets)?,
            Known::AsPath => {
                attributes.as_path = AsPath::decode(octets, dialect.four_octet_as)?;
                check_path(&attributes.as_path, dialect)?;
                self.has_good_path = true;
            }
            Known::NextHop => self.next_hop = Some(Ipv4Addr::from(number(octets)?)),
            Known::MultiExitDisc => attributes.med = Some(number(octets)?),
            Known::LocalPref => attributes.local_preference = Some(number(octets)?),
            Known::AtomicAggregate if octets.is_empty() => attributes.atomic_aggregate = true,
            Known::AtomicAggregate => return Err(Reason::AttributeLength(octets.len())),
            Known::Aggregator => {
                attributes.aggregator = Some(Aggregator::decode(octets, dialect.four_octet_as)?);
            }
            Known::Communities => {
                attributes.communities = list(octets, |octets| Community(u32::from_be_bytes(octets)))?;
            }
            Known::OriginatorId => attributes.originator_id = Some(number(octets)?.into()),
            Known::ClusterList => {
                attributes.cluster_list = list(octets, |octets| RouterId::from(u32::from_be_bytes(octets)))?;
            }
            Known::ExtendedCommunities => attributes.extended_communities = list(octets, ExtendedCommunity)?,
            Known::Ipv6ExtendedCommunities => {
                attributes.ipv6_extended_communities = list(octets, Ipv6ExtendedCommunity)?;
            }
            Known::LargeCommunities => attributes.large_communities = list(octets, large_community)?,
            Known::Aigp => attributes.aigp = Some(Aigp::decode(octets)?),
            Known::Otc => attributes.otc = Some(Asn(number(octets)?)),
            Known::As4Path if octets.len() < 6 => return Err(Reason::AttributeLength(octets.len())),
            Known::As4Path => self.as4_path = Some(AsPath::decode(octets, true)?),
            Known::As4Aggregator => self.as4_aggregator = Some(Aggregator::decode(octets, true)?),
            Known::MpReach | Known::MpUnreach => {}
        }
        Ok(())
    }

    /// Merges what an OLD speaker took apart, once all attributes are read. The path that comes of it is
    /// the one that has to begin with the peer: AS4_PATH must not be a way around that.
    pub(in crate::wire) fn merge(&mut self, dialect: &Dialect) -> Result<(), Verdict> {
        let attributes = &mut self.attributes;
        if as4::is_current(attributes.aggregator, self.as4_aggregator) {
            if let Some(wide) = self.as4_path.take() {
                attributes.as_path = as4::merge_path(std::mem::take(&mut attributes.as_path), &wide);
            }
            attributes.aggregator = attributes.aggregator.map(|narrow| self.as4_aggregator.unwrap_or(narrow));
        }
        match self.has_good_path {
            true => {
                check_first_asn(&attributes.as_path, dialect).map_err(|reason| (cost(Known::AsPath), reason))
            }
            false => Ok(()),
        }
    }

    /// The attributes of a route; `None` where ORIGIN or AS_PATH is missing.
    pub(in crate::wire) fn finish(mut self) -> Option<Attributes> {
        if !self.has(Known::Origin) || !self.has(Known::AsPath) {
            return None;
        }
        let mut attributes = self.attributes;
        self.unknown.sort_by_key(|unknown| unknown.code);
        attributes.unknown = self.unknown.into();
        Some(attributes)
    }
}

/// Why a known attribute means nothing on this session, whatever it holds.
fn out_of_place(known: Known, dialect: &Dialect) -> Option<Reason> {
    match known {
        Known::LocalPref if dialect.peer_kind == PeerKind::External => Some(Reason::FromExternal),
        Known::OriginatorId | Known::ClusterList if dialect.peer_kind != PeerKind::Internal => {
            Some(Reason::FromExternal)
        }
        Known::As4Path | Known::As4Aggregator if dialect.four_octet_as => Some(Reason::FromNewSpeaker),
        Known::Aigp if !dialect.aigp => Some(Reason::AigpNotEnabled),
        _ => None,
    }
}

/// What a wrong value costs ([RFC 7606 §7](https://www.rfc-editor.org/rfc/rfc7606#section-7), RFC 6793
/// §6, RFC 7311 §3.2).
const fn cost(known: Known) -> Treatment {
    match known {
        Known::AtomicAggregate | Known::Aggregator | Known::As4Path | Known::As4Aggregator | Known::Aigp => {
            Treatment::Discard
        }
        Known::MpReach | Known::MpUnreach => Treatment::Reset,
        Known::Origin
        | Known::AsPath
        | Known::NextHop
        | Known::MultiExitDisc
        | Known::LocalPref
        | Known::Communities
        | Known::OriginatorId
        | Known::ClusterList
        | Known::ExtendedCommunities
        | Known::Ipv6ExtendedCommunities
        | Known::LargeCommunities
        | Known::Otc => Treatment::Withdraw,
    }
}

/// What a wrong Optional or Transitive bit costs ([RFC 7606 §3c](https://www.rfc-editor.org/rfc/rfc7606#section-3)).
///
/// Unlike §3f for ATOMIC_AGGREGATE and AGGREGATOR, the stronger reading of §3c is taken for them.
pub(in crate::wire) const fn cost_of_flags(known: Known, flags: u8) -> Treatment {
    match known {
        Known::MpReach | Known::MpUnreach => Treatment::Reset,
        Known::Aigp if flags & TRANSITIVE != 0 => Treatment::Discard,
        _ => Treatment::Withdraw,
    }
}

fn origin(octets: &[u8]) -> Result<Origin, Reason> {
    match octets {
        [value] => Origin::from_octet(*value).ok_or(Reason::OriginValue(*value)),
        _ => Err(Reason::AttributeLength(octets.len())),
    }
}

/// Rules about the segments of a path that depend on who sent it.
fn check_path(path: &AsPath, dialect: &Dialect) -> Result<(), Reason> {
    let mut kinds = path.segments().map(|segment| segment.kind());
    if dialect.refuse_as_sets
        && kinds.clone().any(|kind| matches!(kind, SegmentKind::Set | SegmentKind::ConfedSet))
    {
        return Err(Reason::AsSet);
    }
    match dialect.peer_kind {
        PeerKind::External => match kinds.any(SegmentKind::is_confederation) {
            true => Err(Reason::ConfederationSegment),
            false => Ok(()),
        },
        PeerKind::Confederation if kinds.next() != Some(SegmentKind::ConfedSequence) => {
            Err(Reason::NoConfederationSegment)
        }
        PeerKind::Confederation | PeerKind::Internal => Ok(()),
    }
}

/// An external peer puts its own AS in front ([RFC 4271 §6.3](https://www.rfc-editor.org/rfc/rfc4271#section-6.3)).
fn check_first_asn(path: &AsPath, dialect: &Dialect) -> Result<(), Reason> {
    let expected = dialect.peer_asn;
    let found = path.first();
    let is_peer = |found: Asn| {
        found == expected || !dialect.four_octet_as && found == Asn(u32::from(expected.two_octets()))
    };
    let is_required = dialect.enforce_first_as && dialect.peer_kind == PeerKind::External;
    match is_required && !found.is_some_and(is_peer) {
        true => Err(Reason::FirstAsn { found, expected }),
        false => Ok(()),
    }
}

fn number(octets: &[u8]) -> Result<u32, Reason> {
    octets.try_into().map(u32::from_be_bytes).map_err(|_| Reason::AttributeLength(octets.len()))
}

/// One or more values of `N` octets.
fn list<const N: usize, T>(octets: &[u8], value: impl Fn([u8; N]) -> T) -> Result<Box<[T]>, Reason> {
    match octets.as_chunks::<N>() {
        ([], _) | (_, [_, ..]) => Err(Reason::AttributeLength(octets.len())),
        (values, []) => Ok(values.iter().map(|octets| value(*octets)).collect()),
    }
}

fn large_community(octets: [u8; 12]) -> LargeCommunity {
    let [a, b, c, d, e, f, g, h, i, j, k, l] = octets;
    LargeCommunity {
        global: u32::from_be_bytes([a, b, c, d]),
        local1: u32::from_be_bytes([e, f, g, h]),
        local2: u32::from_be_bytes([i, j, k, l]),
    }
}

/// A set of attribute codes.
#[derive(Default)]
struct Seen([u64; 4]);

impl Seen {
    fn insert(&mut self, code: u8) -> bool {
        let fresh = !self.contains(code);
        if let Some(word) = self.0.get_mut(usize::from(code >> 6)) {
            *word |= Self::bit(code);
        }
        fresh
    }

    fn contains(&self, code: u8) -> bool {
        self.0.get(usize::from(code >> 6)).is_some_and(|word| word & Self::bit(code) != 0)
    }

    const fn bit(code: u8) -> u64 {
        1_u64.rotate_left(code as u32)
    }
}

//! Attributes to octets.

use std::iter::Peekable;
use std::net::Ipv4Addr;
use std::ops::DerefMut;
use std::slice;

use bytes::BufMut;

use crate::wire::attribute::{EXTENDED_LENGTH, Known, PARTIAL, SegmentKind};
use crate::wire::{AsPath, Attributes, Dialect, LargeCommunity, UnknownAttribute};

/// Octets that grow at their end and can be corrected before it. A list is one as well as a buffer, and the
/// cheaper one to write little by little.
pub(in crate::wire) trait Draft: BufMut + DerefMut<Target = [u8]> {}

impl<T: BufMut + DerefMut<Target = [u8]>> Draft for T {}

/// Writes every attribute but the next hop and the NLRI ones, in ascending order of code
/// ([RFC 4271 §5](https://www.rfc-editor.org/rfc/rfc4271#section-5)). Returns where NEXT_HOP belongs,
/// counted from where writing began.
pub(in crate::wire) fn encode(attributes: &Attributes, dialect: &Dialect, out: &mut impl Draft) -> usize {
    let start = out.len();
    let mut writer = Writer { attributes, unknown: attributes.unknown.iter().peekable(), out };
    writer.put(Known::Origin, |out| out.put_u8(attributes.origin.octet()));
    writer.as_path(dialect);
    let next_hop_at = writer.out.len().saturating_sub(start);
    writer.number(Known::MultiExitDisc, attributes.med);
    writer.number(Known::LocalPref, attributes.local_preference);
    if attributes.atomic_aggregate {
        writer.put(Known::AtomicAggregate, |_| {});
    }
    writer.aggregator(dialect);
    writer.list(Known::Communities, &attributes.communities, |community| community.0.to_be_bytes());
    writer.number(Known::OriginatorId, attributes.originator_id.map(|id| id.bits()));
    writer.list(Known::ClusterList, &attributes.cluster_list, |id| id.bits().to_be_bytes());
    writer.list(Known::ExtendedCommunities, &attributes.extended_communities, |community| community.0);
    if !dialect.four_octet_as {
        writer.wide_forms();
    }
    writer
        .list(Known::Ipv6ExtendedCommunities, &attributes.ipv6_extended_communities, |community| community.0);
    if let Some(aigp) = &attributes.aigp {
        writer.put(Known::Aigp, |out| aigp.put(out));
    }
    writer.list(Known::LargeCommunities, &attributes.large_communities, LargeCommunity::octets);
    writer.number(Known::Otc, attributes.otc.map(|asn| asn.0));
    writer.finish();
    next_hop_at
}

/// Writes NEXT_HOP.
pub(in crate::wire) fn encode_next_hop(next_hop: Ipv4Addr, out: &mut impl Draft) {
    let [a, b, c, d] = next_hop.octets();
    out.put_slice(&[Known::NextHop.flags(), Known::NextHop.code(), 4, a, b, c, d]);
}

/// Writes one attribute. The length is that of what `value` wrote, so the two cannot disagree.
///
/// A value above 65535 octets gets a wrong length; no message can hold it, and whoever builds
/// messages looks at the size first.
pub(in crate::wire) fn put_attribute<D: Draft>(flags: u8, code: u8, out: &mut D, value: impl FnOnce(&mut D)) {
    let flags_at = out.len();
    out.put_slice(&[flags, code, 0]);
    let value_at = out.len();
    value(out);
    let length = out.len().saturating_sub(value_at);
    if let Ok(length) = u8::try_from(length) {
        if let Some([_, _, octet, ..]) = out.get_mut(flags_at..) {
            *octet = length;
        }
        return;
    }
    let [high, low] = u16::try_from(length).unwrap_or(u16::MAX).to_be_bytes();
    out.put_u8(0);
    if let Some(octets) = out.get_mut(value_at..) {
        octets.rotate_right(1);
    }
    if let Some([flags, _, first, second, ..]) = out.get_mut(flags_at..) {
        *flags |= EXTENDED_LENGTH;
        (*first, *second) = (high, low);
    }
}

/// Writes values of `N` octets each into room made once: a call per value cost ten times as much.
fn put_list<T, const N: usize>(values: &[T], octets: impl Fn(&T) -> [u8; N], out: &mut impl Draft) {
    let at = out.len();
    out.put_bytes(0, values.len().saturating_mul(N));
    let room = out.get_mut(at..).unwrap_or_default().as_chunks_mut().0;
    room.iter_mut().zip(values).for_each(|(room, value)| *room = octets(value));
}

struct Writer<'a, D> {
    attributes: &'a Attributes,
    /// Carried attributes not written yet: they go between the known ones, by code.
    unknown: Peekable<slice::Iter<'a, UnknownAttribute>>,
    out: &'a mut D,
}

impl<D: Draft> Writer<'_, D> {
    fn put(&mut self, attribute: Known, value: impl FnOnce(&mut D)) {
        while let Some(unknown) = self.unknown.next_if(|unknown| unknown.code < attribute.code()) {
            put_attribute(unknown.flags_to_send(), unknown.code, self.out, |out| {
                out.put_slice(&unknown.value)
            });
        }
        let partial = if self.attributes.partial.contains(attribute) { PARTIAL } else { 0 };
        put_attribute(attribute.flags() | partial, attribute.code(), self.out, value);
    }

    fn number(&mut self, attribute: Known, value: Option<u32>) {
        if let Some(value) = value {
            self.put(attribute, |out| out.put_u32(value));
        }
    }

    fn list<T, const N: usize>(&mut self, attribute: Known, values: &[T], octets: impl Fn(&T) -> [u8; N]) {
        if !values.is_empty() {
            self.put(attribute, |out| put_list(values, octets, out));
        }
    }

    fn as_path(&mut self, dialect: &Dialect) {
        let path = &self.attributes.as_path;
        self.put(Known::AsPath, |out| match dialect.four_octet_as {
            true => path.put_wide(out),
            false => path.put_narrow(out),
        });
    }

    fn aggregator(&mut self, dialect: &Dialect) {
        let Some(aggregator) = self.attributes.aggregator else { return };
        self.put(Known::Aggregator, |out| match dialect.four_octet_as {
            true => aggregator.put_wide(out),
            false => aggregator.put_narrow(out),
        });
    }

    /// AS4_PATH and AS4_AGGREGATOR for an OLD speaker, only where two octets are not enough
    /// ([RFC 6793 §4.2.2](https://www.rfc-editor.org/rfc/rfc6793#section-4.2.2)).
    fn wide_forms(&mut self) {
        if self.attributes.as_path.needs_four_octets() {
            let path = as4_path(&self.attributes.as_path);
            self.put(Known::As4Path, |out| path.put_wide(out));
        }
        let wide = self.attributes.aggregator.filter(|aggregator| aggregator.asn.0 > u32::from(u16::MAX));
        if let Some(aggregator) = wide {
            self.put(Known::As4Aggregator, |out| aggregator.put_wide(out));
        }
    }

    fn finish(self) {
        for unknown in self.unknown {
            put_attribute(unknown.flags_to_send(), unknown.code, self.out, |out| {
                out.put_slice(&unknown.value)
            });
        }
    }
}

/// AS4_PATH never holds confederation segments ([RFC 6793 §3](https://www.rfc-editor.org/rfc/rfc6793#section-3)).
fn as4_path(path: &AsPath) -> AsPath {
    match path
        .segments()
        .any(|segment| matches!(segment.kind(), SegmentKind::ConfedSequence | SegmentKind::ConfedSet))
    {
        true => path.without_confederation(),
        false => path.clone(),
    }
}

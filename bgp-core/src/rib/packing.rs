//! Packing: a route's attributes and next hop to octets and back, losing nothing.
//!
//! The form says which of them there are; lengths take an octet where they are below 128. What MEDs are
//! compared within and what reflection reads comes first.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::rib::interned::Head;
use crate::rib::{Forwarding, Route};
use crate::wire::{
    Aggregator, Aigp, AsPath, Attributes, Community, ExtendedCommunity, Ipv6ExtendedCommunity,
    LargeCommunity, NextHop, Origin, Partial, UnknownAttribute,
};
use crate::{Asn, RouterId};

/// Which parts a route has, and those that are but a few bits themselves.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Form(u32);

impl Form {
    pub(super) const LOCAL_PREFERENCE: u32 = 1;
    pub(super) const MED: u32 = 1 << 1;
    pub(super) const NEIGHBOUR: u32 = 1 << 2;
    pub(super) const LONG_LIVED_STALE: u32 = 1 << 3;
    const ATOMIC_AGGREGATE: u32 = 1 << 4;
    pub(super) const ORIGINATOR_ID: u32 = 1 << 5;
    const CLUSTER_LIST: u32 = 1 << 6;
    const COMMUNITIES: u32 = 1 << 7;
    const LARGE_COMMUNITIES: u32 = 1 << 8;
    const EXTENDED_COMMUNITIES: u32 = 1 << 9;
    const IPV6_EXTENDED_COMMUNITIES: u32 = 1 << 10;
    const AGGREGATOR: u32 = 1 << 11;
    const AIGP: u32 = 1 << 12;
    const AIGP_METRIC: u32 = 1 << 13;
    const OTC: u32 = 1 << 14;
    const PARTIAL: u32 = 1 << 15;
    const UNKNOWN: u32 = 1 << 16;
    /// Two bits.
    const ORIGIN_AT: u32 = 17;
    /// Three bits.
    const WAY_AT: u32 = 19;
    /// Eight bits, all of them set where they are not enough.
    const AS_PATH_LENGTH_AT: u32 = 24;

    pub(super) const fn bits(self) -> u32 {
        self.0
    }

    pub(super) const fn has(self, part: u32) -> bool {
        self.0 & part != 0
    }

    pub(super) const fn origin(self) -> Origin {
        match self.0 >> Self::ORIGIN_AT & 0b11 {
            0 => Origin::Igp,
            1 => Origin::Egp,
            _ => Origin::Incomplete,
        }
    }

    /// The length of AS_PATH; `None` where it is above 254.
    pub(super) fn as_path_length(self) -> Option<u32> {
        Some(self.0 >> Self::AS_PATH_LENGTH_AT).filter(|length| *length < u32::from(u8::MAX))
    }

    fn set(&mut self, part: u32, is_there: bool) -> bool {
        if is_there {
            self.0 |= part;
        }
        is_there
    }
}

/// What of a route goes ahead of its attributes.
#[derive(Clone, Copy)]
enum Way {
    V4,
    V6,
    /// With a link-local address beside the global one.
    V6Pair,
    Device,
    Blackhole,
    Unreachable,
    Prohibit,
    Nowhere,
}

impl Way {
    const ALL: [Self; 8] = [
        Self::V4,
        Self::V6,
        Self::V6Pair,
        Self::Device,
        Self::Blackhole,
        Self::Unreachable,
        Self::Prohibit,
        Self::Nowhere,
    ];

    const fn of(form: Form) -> Self {
        Self::ALL[(form.0 >> Form::WAY_AT & 0b111) as usize]
    }
}

/// Packs `route`, but for what is this machine's, into `octets`, whatever was there.
pub(super) fn pack(route: &Route, octets: &mut Vec<u8>) -> Head {
    octets.clear();
    let attributes = &route.attributes;
    let mut writer = Writer { octets, form: Form::default() };
    writer.number(Form::NEIGHBOUR, attributes.as_path.neighbor_asn().map(|asn| asn.0));
    writer.forwarding(&route.forwarding);
    writer.attributes(attributes);
    let mut form = writer.form;
    form.set(Form::LOCAL_PREFERENCE, attributes.local_preference.is_some());
    form.set(Form::MED, attributes.med.is_some());
    form.set(Form::LONG_LIVED_STALE, attributes.communities.contains(&Community::LLGR_STALE));
    form.set(Form::ATOMIC_AGGREGATE, attributes.atomic_aggregate);
    form.0 |= (attributes.origin as u32) << Form::ORIGIN_AT;
    form.0 |= attributes.as_path.length().min(u8::MAX.into()) << Form::AS_PATH_LENGTH_AT;
    Head {
        local_preference: attributes.local_preference.unwrap_or_default(),
        med: attributes.med.unwrap_or_default(),
        form,
    }
}

/// The neighbouring AS that MEDs are compared within.
pub(super) fn neighbour(form: Form, octets: &[u8]) -> Option<Asn> {
    let (octets, _) = octets.split_first_chunk()?;
    form.has(Form::NEIGHBOUR).then(|| Asn(u32::from_be_bytes(*octets)))
}

/// What was packed.
pub(super) fn unpack(head: &Head, octets: &[u8]) -> (Attributes, Forwarding) {
    let form = head.form;
    let mut reader = Reader::new(form, octets);
    let forwarding = reader.forwarding();
    let attributes = Attributes {
        origin: form.origin(),
        local_preference: form.has(Form::LOCAL_PREFERENCE).then_some(head.local_preference),
        med: form.has(Form::MED).then_some(head.med),
        atomic_aggregate: form.has(Form::ATOMIC_AGGREGATE),
        originator_id: reader.originator_id(),
        cluster_list: reader.list(form.has(Form::CLUSTER_LIST), |id| u32::from_be_bytes(id).into()),
        as_path: AsPath::from_octets(reader.run()),
        communities: reader.list(form.has(Form::COMMUNITIES), |it| Community(u32::from_be_bytes(it))),
        large_communities: reader.list(form.has(Form::LARGE_COMMUNITIES), LargeCommunity::from_octets),
        extended_communities: reader.list(form.has(Form::EXTENDED_COMMUNITIES), ExtendedCommunity),
        ipv6_extended_communities: reader
            .list(form.has(Form::IPV6_EXTENDED_COMMUNITIES), Ipv6ExtendedCommunity),
        aggregator: form.has(Form::AGGREGATOR).then(|| reader.aggregator()),
        aigp: form.has(Form::AIGP).then(|| reader.aigp()),
        otc: form.has(Form::OTC).then(|| Asn(reader.number())),
        partial: if form.has(Form::PARTIAL) { reader.partial() } else { Partial::default() },
        unknown: if form.has(Form::UNKNOWN) { reader.unknown() } else { Box::default() },
    };
    (attributes, forwarding)
}

struct Writer<'a> {
    octets: &'a mut Vec<u8>,
    form: Form,
}

impl Writer<'_> {
    fn forwarding(&mut self, forwarding: &Forwarding) {
        let way = match forwarding {
            Forwarding::Via(NextHop::V4(address)) => {
                self.octets.extend(address.octets());
                Way::V4
            }
            Forwarding::Via(NextHop::V6 { global, link_local }) => {
                self.octets.extend(global.octets());
                self.octets.extend(link_local.iter().flat_map(Ipv6Addr::octets));
                if link_local.is_some() { Way::V6Pair } else { Way::V6 }
            }
            Forwarding::Device => Way::Device,
            Forwarding::Blackhole => Way::Blackhole,
            Forwarding::Unreachable => Way::Unreachable,
            Forwarding::Prohibit => Way::Prohibit,
            Forwarding::Nowhere => Way::Nowhere,
        };
        self.form.0 |= (way as u32) << Form::WAY_AT;
    }

    fn attributes(&mut self, attributes: &Attributes) {
        self.number(Form::ORIGINATOR_ID, attributes.originator_id.map(RouterId::bits));
        self.list(Form::CLUSTER_LIST, &attributes.cluster_list, |id| id.bits().to_be_bytes());
        self.run(attributes.as_path.octets());
        self.list(Form::COMMUNITIES, &attributes.communities, |it| it.0.to_be_bytes());
        self.list(Form::LARGE_COMMUNITIES, &attributes.large_communities, LargeCommunity::octets);
        self.list(Form::EXTENDED_COMMUNITIES, &attributes.extended_communities, |it| it.0);
        self.list(Form::IPV6_EXTENDED_COMMUNITIES, &attributes.ipv6_extended_communities, |it| it.0);
        if let Some(aggregator) = attributes.aggregator {
            self.number(Form::AGGREGATOR, Some(aggregator.asn.0));
            self.octets.extend(aggregator.router_id.bits().to_be_bytes());
        }
        if let Some(aigp) = &attributes.aigp {
            self.form.set(Form::AIGP, true);
            self.form.set(Form::AIGP_METRIC, aigp.metric.is_some());
            self.octets.extend(aigp.metric.into_iter().flat_map(u64::to_be_bytes));
            self.run(&aigp.other_tlvs);
        }
        self.number(Form::OTC, attributes.otc.map(|asn| asn.0));
        if self.form.set(Form::PARTIAL, !attributes.partial.is_empty()) {
            self.octets.push(attributes.partial.bits());
        }
        if self.form.set(Form::UNKNOWN, !attributes.unknown.is_empty()) {
            self.length(attributes.unknown.len());
            for unknown in &attributes.unknown {
                self.octets.extend([unknown.code, unknown.flags]);
                self.run(&unknown.value);
            }
        }
    }

    fn number(&mut self, part: u32, value: Option<u32>) {
        self.form.set(part, value.is_some());
        self.octets.extend(value.into_iter().flat_map(u32::to_be_bytes));
    }

    fn list<T, const N: usize>(&mut self, part: u32, values: &[T], octets: impl Fn(&T) -> [u8; N]) {
        if self.form.set(part, !values.is_empty()) {
            self.length(values.len());
            let at = self.octets.len();
            self.octets.resize(at + values.len() * N, 0);
            let room = self.octets[at..].as_chunks_mut().0;
            room.iter_mut().zip(values).for_each(|(room, value)| *room = octets(value));
        }
    }

    fn run(&mut self, octets: &[u8]) {
        self.length(octets.len());
        self.octets.extend_from_slice(octets);
    }

    /// Seven bits an octet, the lowest first; the top bit says that there are more.
    fn length(&mut self, mut length: usize) {
        while length > 0x7f {
            self.octets.push(length as u8 | 0x80);
            length >>= 7;
        }
        self.octets.push(length as u8);
    }
}

/// Reads what a [`Writer`] wrote. Of anything else it makes something, and never panics.
pub(super) struct Reader<'a> {
    form: Form,
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// A reader behind the neighbouring AS.
    pub(super) fn new(form: Form, octets: &'a [u8]) -> Self {
        let before = if form.has(Form::NEIGHBOUR) { 4 } else { 0 };
        Self { form, rest: octets.get(before..).unwrap_or_default() }
    }

    /// Comes first.
    pub(super) fn forwarding(&mut self) -> Forwarding {
        match Way::of(self.form) {
            Way::V4 => Forwarding::Via(NextHop::V4(Ipv4Addr::from(self.array()))),
            Way::V6 => {
                let global = Ipv6Addr::from(self.array::<16>());
                Forwarding::Via(NextHop::V6 { global, link_local: None })
            }
            Way::V6Pair => {
                let global = Ipv6Addr::from(self.array::<16>());
                let link_local = Some(Ipv6Addr::from(self.array::<16>()));
                Forwarding::Via(NextHop::V6 { global, link_local })
            }
            Way::Device => Forwarding::Device,
            Way::Blackhole => Forwarding::Blackhole,
            Way::Unreachable => Forwarding::Unreachable,
            Way::Prohibit => Forwarding::Prohibit,
            Way::Nowhere => Forwarding::Nowhere,
        }
    }

    /// Comes second.
    pub(super) fn originator_id(&mut self) -> Option<RouterId> {
        self.form.has(Form::ORIGINATOR_ID).then(|| self.number().into())
    }

    /// Comes third.
    pub(super) fn cluster_list_length(&mut self) -> usize {
        if self.form.has(Form::CLUSTER_LIST) { self.length() } else { 0 }
    }

    /// The first of them. Comes third instead.
    pub(super) fn nearest_cluster(&mut self) -> Option<RouterId> {
        (self.cluster_list_length() > 0).then(|| self.number().into())
    }

    fn array<const N: usize>(&mut self) -> [u8; N] {
        let Some((array, rest)) = self.rest.split_first_chunk() else { return [0; N] };
        self.rest = rest;
        *array
    }

    fn number(&mut self) -> u32 {
        u32::from_be_bytes(self.array())
    }

    fn length(&mut self) -> usize {
        let mut length = 0;
        for shift in (0..usize::BITS).step_by(7) {
            let [octet] = self.array();
            length |= usize::from(octet & 0x7f) << shift;
            if octet & 0x80 == 0 {
                break;
            }
        }
        length
    }

    fn take(&mut self, length: usize) -> &'a [u8] {
        let (taken, rest) = self.rest.split_at_checked(length).unwrap_or((self.rest, &[]));
        self.rest = rest;
        taken
    }

    fn run(&mut self) -> &'a [u8] {
        let length = self.length();
        self.take(length)
    }

    fn list<T, const N: usize>(&mut self, is_there: bool, value: impl Fn([u8; N]) -> T) -> Box<[T]> {
        if !is_there {
            return Box::default();
        }
        let length = self.length().saturating_mul(N);
        self.take(length).as_chunks().0.iter().copied().map(value).collect()
    }

    fn aggregator(&mut self) -> Aggregator {
        Aggregator { asn: Asn(self.number()), router_id: self.number().into() }
    }

    fn aigp(&mut self) -> Aigp {
        let metric = self.form.has(Form::AIGP_METRIC).then(|| u64::from_be_bytes(self.array()));
        Aigp { metric, other_tlvs: self.run().into() }
    }

    fn partial(&mut self) -> Partial {
        let [bits] = self.array();
        Partial::from_bits(bits)
    }

    fn unknown(&mut self) -> Box<[UnknownAttribute]> {
        // Each takes octets, so there are no more of them than that.
        let count = self.length().min(self.rest.len());
        let next = |_| {
            let [code, flags] = self.array();
            UnknownAttribute { code, flags, value: bytes::Bytes::copy_from_slice(self.run()) }
        };
        (0..count).map(next).collect()
    }
}

#[cfg(test)]
mod tests;

//! What can happen to a RIB, drawn from octets.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bgp_core::rib::{
    Forwarding, KernelHint, LocalSource, Mark, NextHopMode, PeerSource, Route, Selection, Settings, Source,
};
use bgp_core::speaker::PeerId;
use bgp_core::wire::{AsPath, Attributes, Community, NextHop, Origin, PeerKind, SegmentKind};
use bgp_core::{Asn, Family, RouterId};
use ipnet::IpNet;

use crate::draw::{Draw, bit};

/// A path: the number of its source and its path identifier.
pub(super) type Name = (usize, u32);

/// Something that happens to the RIB and the model alike.
#[derive(Clone, Debug)]
pub(super) enum Event {
    Announce { prefix: IpNet, name: Name, route: Route },
    Withdraw { prefix: IpNet, name: Name },
    Down(usize),
    Replace(usize),
    Clear(usize, Family),
    Mark(usize, Family, Mark),
    Unmark(usize, Family, Mark),
    Sweep(usize, Family, Mark),
    NextHop(IpAddr, Option<u32>),
    Import(u8),
    Configure(Settings),
    Client(usize),
    Work(usize),
    Hear(usize),
    Settle,
}

/// Two internal peers, two external ones, and this machine.
pub(super) fn sources() -> [Source; 6] {
    let peer = |host: u8, kind: PeerKind, asn: u32| {
        let address = Ipv4Addr::new(10, 0, 0, host);
        Source::Bgp(PeerSource {
            peer: PeerId(host.into()),
            kind,
            asn: Asn(asn),
            router_id: RouterId(address),
            address: IpAddr::V4(address),
            client: false,
            cluster_id: RouterId(Ipv4Addr::new(10, 0, 0, 254)),
        })
    };
    [
        peer(1, PeerKind::Internal, 64512),
        peer(2, PeerKind::Internal, 64512),
        peer(3, PeerKind::External, 1),
        peer(4, PeerKind::External, 2),
        Source::Local(LocalSource::Kernel),
        Source::Local(LocalSource::Static),
    ]
}

pub(super) fn settings(flags: u8) -> Settings {
    Settings {
        selection: Selection { always_compare_med: bit(flags, 0), missing_med_as_worst: bit(flags, 1) },
        multipath: if bit(flags, 2) { 1 } else { 64 },
        next_hops: if bit(flags, 3) { NextHopMode::Assumed } else { NextHopMode::Tracked },
        shifts: if bit(flags, 4) { 0 } else { 8 },
    }
}

pub(super) fn event(draw: &mut Draw<'_>) -> Event {
    match draw.below(18) {
        0..=4 => Event::Announce { prefix: prefix(draw), name: name(draw), route: route(draw) },
        5 | 6 => Event::Withdraw { prefix: prefix(draw), name: name(draw) },
        7 => Event::Down(source(draw)),
        8 => Event::Replace(source(draw)),
        9 => Event::Clear(source(draw), family(draw)),
        10 => marking(draw),
        11 => Event::NextHop(draw.pick(&NEXT_HOPS).address(), cost(draw)),
        12 => Event::Import(draw.octet()),
        13 => Event::Configure(settings(draw.octet())),
        14 => Event::Client(source(draw)),
        15 => Event::Work(1 + draw.below(4)),
        16 => Event::Hear(1 + draw.below(4)),
        _ => Event::Settle,
    }
}

fn marking(draw: &mut Draw<'_>) -> Event {
    let (source, family, mark) = (source(draw), family(draw), draw.pick(&[Mark::Restart, Mark::Refresh]));
    match draw.below(3) {
        0 => Event::Mark(source, family, mark),
        1 => Event::Sweep(source, family, mark),
        _ => Event::Unmark(source, family, mark),
    }
}

fn source(draw: &mut Draw<'_>) -> usize {
    draw.below(sources().len())
}

fn family(draw: &mut Draw<'_>) -> Family {
    draw.pick(&Family::UNICAST)
}

fn name(draw: &mut Draw<'_>) -> Name {
    let octet = draw.octet();
    (usize::from(octet) % sources().len(), u32::from(bit(octet, 7)))
}

/// A path of any source.
pub(super) fn path(draw: &mut Draw<'_>) -> (Name, Route) {
    (name(draw), route(draw))
}

/// The prefix that is named first.
pub(super) fn first_prefix() -> IpNet {
    PREFIXES[0].parse().expect("a prefix")
}

fn prefix(draw: &mut Draw<'_>) -> IpNet {
    PREFIXES[draw.below(PREFIXES.len())].parse().expect("a prefix")
}

fn cost(draw: &mut Draw<'_>) -> Option<u32> {
    draw.pick(&[None, Some(0), Some(1), Some(2)])
}

/// A route of which little can differ, so that there are ties at every step of the decision.
fn route(draw: &mut Draw<'_>) -> Route {
    let (first, second) = (draw.octet(), draw.octet());
    let attributes = Attributes {
        local_preference: [None, Some(100), Some(200), Some(0)][usize::from(first & 3)],
        as_path: as_path(first >> 2 & 3, bit(second, 6)),
        med: [None, Some(0), Some(1), Some(u32::MAX)][usize::from(first >> 4 & 3)],
        origin: if bit(first, 6) { Origin::Incomplete } else { Origin::Igp },
        communities: if bit(first, 7) { Box::new([LLGR_STALE]) } else { Box::default() },
        originator_id: bit(second, 2).then(|| RouterId::from(7)),
        cluster_list: (0..second >> 3 & 3).map(|cluster| RouterId::from(u32::from(cluster))).collect(),
        ..Attributes::default()
    };
    let next_hop = NEXT_HOPS[usize::from(second & 3)];
    Route {
        attributes,
        forwarding: if bit(second, 5) { Forwarding::Blackhole } else { Forwarding::Via(next_hop) },
        interface: bit(second, 7).then(|| "eth0".into()),
        kernel: KernelHint::default(),
    }
}

fn as_path(choice: u8, is_set: bool) -> AsPath {
    let asns: &[Asn] = match choice {
        0 => &[],
        1 => &[Asn(1)],
        2 => &[Asn(2)],
        _ => &[Asn(1), Asn(2)],
    };
    match is_set {
        true => AsPath::from_segments([(SegmentKind::Set, asns)]),
        false => AsPath::from_sequence(asns),
    }
}

/// LLGR_STALE ([RFC 9494 §4.6](https://www.rfc-editor.org/rfc/rfc9494#section-4.6)).
pub(super) const LLGR_STALE: Community = Community(0xffff_0006);

const PREFIXES: [&str; 5] = ["10.1.0.0/16", "10.1.0.0/24", "10.2.0.0/16", "2001:db8::/32", "2001:db8::/48"];

const NEXT_HOPS: [NextHop; 4] = [
    NextHop::V4(Ipv4Addr::new(192, 0, 2, 1)),
    NextHop::V4(Ipv4Addr::new(192, 0, 2, 2)),
    NextHop::V6 { global: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), link_local: None },
    NextHop::V6 { global: Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), link_local: None },
];

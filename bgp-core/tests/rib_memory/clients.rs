//! What a client of a reflector costs in memory, and what a group of clients does: sessions, timers, export and all.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use bgp_core::peer::{NextHopRule, PeerAsn, PeerConfig};
use bgp_core::speaker::{Config, ConnId, DynamicPeers, Input, Output, Speaker};
use bgp_core::wire::{
    AsPath, AttributeBlock, Attributes, Capability, Dialect, Message, NextHop, Nlri, Open, PathId, PeerKind,
    announce, encode,
};
use bgp_core::{Asn, Family, Instant, RouterId};
use bytes::BytesMut;
use ipnet::{IpNet, Ipv4Net};

use crate::TALLY;

const ASN: Asn = Asn(64512);
const ROUTES: u32 = 10_000;
/// Routes that share their attributes, as they stand in one UPDATE.
const SHARING: u32 = 10;
/// Who speaks; those who listen are `10.group.x.y`.
const SPEAKER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 2);

/// Most octets that one more client of a group may cost, and of those the most that may be for what it is told.
const CLIENT: usize = 12 * 1024;
const CLIENT_ROUTES: usize = 256;
/// Most octets that one more group may cost for each route that it is told, and besides.
const GROUP_ROUTE: usize = 16;
const GROUP: usize = 64 * 1024;

/// A reflector to which clients come from ranges, one for each group.
struct Reflector {
    speaker: Speaker,
    conns: u64,
}

impl Reflector {
    fn new() -> Self {
        let us = RouterId(Ipv4Addr::new(192, 0, 2, 1));
        let template = |address: Ipv4Addr, next_hop| PeerConfig {
            passive: true,
            client: true,
            next_hop,
            ..PeerConfig::new(SocketAddr::new(address.into(), 179), PeerAsn::Internal, ASN, us)
        };
        let ranges = [NextHopRule::Auto, NextHopRule::Own].into_iter().enumerate();
        let range = |(number, next_hop)| {
            let network = Ipv4Addr::new(10, number as u8, 0, 0);
            let prefix = IpNet::V4(Ipv4Net::new_assert(network, 16));
            DynamicPeers { prefix, limit: u32::MAX, template: template(network, next_hop) }
        };
        let config = Config {
            peers: vec![template(SPEAKER, NextHopRule::Auto)],
            dynamic_peers: ranges.map(range).collect(),
            ..Config::new(ASN, us)
        };
        Self { speaker: Speaker::new(config, 1, Instant::ZERO), conns: 0 }
    }

    /// A session with `address`, which has been told everything there is.
    fn establish(&mut self, address: Ipv4Addr) -> ConnId {
        self.conns += 1;
        let conn = ConnId(self.conns);
        let (local, remote) =
            (SocketAddr::from(([192, 0, 2, 1], 179)), SocketAddr::new(address.into(), 40_000));
        let interface = vec!["192.0.2.1/24".parse().expect("a prefix")].into();
        self.input(Input::Accepted { conn, local, remote, interface });
        let capabilities = vec![Capability::Multiprotocol(Family::IPV4), Capability::FourOctetAs(ASN)];
        let open = Open { asn: ASN, hold_time: 90, router_id: RouterId(address), capabilities };
        let mut octets = BytesMut::new();
        let dialect = Dialect::unnegotiated(PeerKind::Internal, ASN);
        encode(&Message::Open(open), &dialect, &mut octets);
        encode(&Message::Keepalive, &dialect, &mut octets);
        self.input(Input::Received { conn, bytes: octets.freeze() });
        conn
    }

    fn fill(&mut self, routes: u32) {
        let conn = self.establish(SPEAKER);
        for first in (0..routes).step_by(SHARING as usize) {
            self.input(Input::Received { conn, bytes: update(first).freeze() });
        }
    }

    fn input(&mut self, input: Input) {
        self.speaker.handle(input, Instant::ZERO);
        loop {
            while let Some(output) = self.speaker.poll_output() {
                if let Output::Ready { conn } = output {
                    while self.speaker.poll_transmit(conn).is_some() {}
                }
            }
            if self.speaker.poll_timeout().is_none_or(|deadline| deadline.at > Instant::ZERO) {
                return;
            }
            self.speaker.handle_timeout(Instant::ZERO);
        }
    }
}

/// Routes from the `first` on.
fn update(first: u32) -> BytesMut {
    let dialect = Dialect {
        four_octet_as: true,
        families: vec![Family::IPV4],
        ..Dialect::unnegotiated(PeerKind::Internal, ASN)
    };
    let attributes = Attributes {
        local_preference: Some(100),
        as_path: AsPath::from_sequence(&[Asn(65_000), Asn(1 + first)]),
        ..Attributes::default()
    };
    let route = |number: u32| {
        let address = Ipv4Addr::from_bits(0x1400_0000 | number << 8);
        Nlri { path_id: PathId(0), prefix: IpNet::new(IpAddr::V4(address), 24).expect("24 is a length") }
    };
    let routes: Vec<Nlri> = (first..first + SHARING).map(route).collect();
    let block = AttributeBlock::encode(&attributes, &dialect);
    let mut octets = BytesMut::new();
    announce(&routes, Family::IPV4, &NextHop::V4(SPEAKER), &block, &dialect, &mut octets).expect("it fits");
    octets
}

/// Octets that a reflector of so many routes holds whose groups have so many clients, all of which know all routes.
fn octets(routes: u32, groups: [u32; 2]) -> usize {
    let before = TALLY.get().octets;
    let mut reflector = Reflector::new();
    reflector.fill(routes);
    for (group, clients) in (0..).zip(groups) {
        for client in 0..clients {
            reflector.establish(Ipv4Addr::from_bits(0x0a00_0000 | group << 16 | (client + 1)));
        }
    }
    let view = reflector.speaker.view();
    let formed: Vec<u64> = view.groups().into_iter().map(|group| group.routes).collect();
    assert_eq!(formed, vec![u64::from(routes); 1 + usize::from(groups[1] > 0)]);
    TALLY.get().octets - before
}

#[test]
fn a_client_costs_its_session_and_a_cursor_however_much_it_is_told() {
    let [little, much] = [SHARING, ROUTES].map(|routes| {
        let [few, many] = [[100, 0], [1000, 0]].map(|groups| octets(routes, groups));
        (many - few) / 900
    });
    println!("{little} octets for a further client of {SHARING} routes, {much} of {ROUTES}");
    assert!(much <= CLIENT, "{much} octets a client");
    assert!(much <= little + CLIENT_ROUTES, "{much} octets a client, {little} where there is little to tell");
}

#[test]
fn a_group_costs_what_was_said_and_nothing_for_each_client() {
    let [one, two] = [[100, 0], [50, 50]].map(|groups| octets(ROUTES, groups));
    let group = two - one;
    println!("{group} octets for a further group, {} a route", group / ROUTES as usize);
    assert!(group <= GROUP + GROUP_ROUTE * ROUTES as usize, "{group} octets a group");
}

//! A route reflector with Established sessions whose other ends do not exist.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bgp_core::peer::{PeerAsn, PeerConfig};
use bgp_core::policy::Policy;
use bgp_core::rib::{Reach, ResolvedHop};
use bgp_core::speaker::{Config, ConnId, GracefulRestart, Input, Interface, Output, Speaker};
use bgp_core::wire::{Capability, Message, Open, encode};
use bgp_core::{Family, Instant, RouterId, Timer};
use bytes::{Bytes, BytesMut};

use crate::table::{ASN, address, dialect};

/// What is read from a socket at once.
const READ: usize = 64 * 1024;
/// The time at which everything happens.
const NOW: Instant = Instant::ZERO;

/// A speaker with a peer that feeds it and others that only listen.
pub(crate) struct Reflector {
    speaker: Speaker,
    feed: ConnId,
    interface: Arc<str>,
    /// Octets said to those that listen.
    pub(crate) sent: usize,
    /// Wishes about the kernel's table.
    pub(crate) wishes: usize,
}

impl Reflector {
    /// A speaker whose sessions with a feed and `listeners` clients are up. With `kernel` every route is
    /// wished for in the kernel's table.
    pub(crate) fn new(listeners: usize, kernel: bool) -> Self {
        let peers: Vec<IpAddr> = (0..=listeners).map(peer_address).collect();
        let speaker = Speaker::new(config(&peers, kernel), 7, NOW);
        let feed = ConnId(0);
        let mut reflector = Self { speaker, feed, interface: "eth0".into(), sent: 0, wishes: 0 };
        for (number, remote) in peers.into_iter().enumerate() {
            reflector.establish(ConnId(number as u64), remote);
        }
        reflector.sent = 0;
        reflector
    }

    fn establish(&mut self, conn: ConnId, remote: IpAddr) {
        let IpAddr::V4(router_id) = remote else { return };
        let local = SocketAddr::new(OURS.into(), 179);
        self.handle(Input::Accepted {
            conn,
            local,
            remote: SocketAddr::new(remote, 50000),
            interface: Interface::default(),
        });
        let capabilities = vec![Capability::Multiprotocol(Family::IPV4), Capability::FourOctetAs(ASN)];
        let open = Open { asn: ASN, hold_time: 90, router_id: RouterId(router_id), capabilities };
        let mut octets = BytesMut::new();
        encode(&Message::Open(open), &dialect(), &mut octets);
        encode(&Message::Keepalive, &dialect(), &mut octets);
        self.handle(Input::Received { conn, bytes: octets.freeze() });
    }

    /// Feeds octets as a socket would give them, until the speaker has nothing left to do.
    pub(crate) fn feed(&mut self, mut octets: Bytes) {
        while !octets.is_empty() {
            let bytes = octets.split_to(READ.min(octets.len()));
            self.handle(Input::Received { conn: self.feed, bytes });
        }
        while self.speaker.poll_timeout().is_some_and(|deadline| deadline.timer == Timer::Work) {
            self.speaker.handle_timeout(NOW);
            self.perform();
        }
    }

    fn handle(&mut self, input: Input) {
        self.speaker.handle(input, NOW);
        self.perform();
    }

    /// Does what the speaker asks for; whoever listens takes everything at once.
    fn perform(&mut self) {
        let mut ready = BTreeSet::new();
        while let Some(output) = self.speaker.poll_output() {
            match output {
                Output::Ready { conn } => drop(ready.insert(conn)),
                Output::Fib(_) => self.wishes += 1,
                Output::Track { address, watch: true } => self.reach(address),
                Output::Close { conn } => panic!("{conn:?} was closed"),
                _ => {}
            }
        }
        for conn in ready {
            while let Some(octets) = self.speaker.poll_transmit(conn) {
                self.sent += octets.len();
            }
        }
    }

    fn reach(&mut self, address: IpAddr) {
        let hop = ResolvedHop { gateway: None, interface: Arc::clone(&self.interface) };
        let reach = Some(Reach { metric: 0, hops: vec![hop] });
        self.speaker.handle(Input::NextHop { address, reach }, NOW);
    }
}

const OURS: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 1);

/// The feed is peer 0 and says that it is the next hop.
fn peer_address(number: usize) -> IpAddr {
    let feed = address(0).to_bits();
    Ipv4Addr::from_bits(feed + number as u32).into()
}

fn config(peers: &[IpAddr], kernel: bool) -> Config {
    let router_id = RouterId(OURS);
    let client = |remote: &IpAddr| PeerConfig {
        families: vec![Family::IPV4],
        passive: true,
        client: true,
        ..PeerConfig::new(SocketAddr::new(*remote, 179), PeerAsn::Internal, ASN, router_id)
    };
    // Nobody is waited for.
    let graceful_restart = GracefulRestart {
        enabled: false,
        first_contact: Duration::ZERO,
        max_wait: Duration::ZERO,
        ..GracefulRestart::default()
    };
    Config {
        graceful_restart,
        peers: peers.iter().map(client).collect(),
        kernel_export: kernel.then(|| vec![Arc::new(Policy::accept_all())]),
        ..Config::new(ASN, router_id)
    }
}

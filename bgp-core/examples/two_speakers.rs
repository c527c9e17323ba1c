//! Two speakers without any I/O: their octets are carried by hand, their clock is a variable.
//!
//! ```sh
//! cargo run -p bgp-core --example two_speakers
//! ```

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bgp_core::peer::{PeerAsn, PeerConfig};
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route};
use bgp_core::speaker::{Config, ConnId, GracefulRestart, Input, Interface, Output, Speaker};
use bgp_core::wire::Attributes;
use bgp_core::{Asn, Family, Instant, RouterId};

/// The one connection of this example, under the same name at both ends.
const WIRE: ConnId = ConnId(1);

fn main() {
    let mut now = Instant::ZERO;
    let mut speakers = [(1, 2), (2, 1)].map(|(own, other)| Speaker::new(config(own, other), own.into(), now));
    let block = "10.244.0.0/26".parse().expect("a prefix");
    speakers[0]
        .handle(Input::Originate { prefix: block, source: LocalSource::Static, route: blackhole() }, now);

    for _ in 0..100 {
        for from in [0, 1] {
            while let Some(output) = speakers[from].poll_output() {
                perform(&mut speakers, from, output, now);
            }
        }
        let next = speakers.iter().filter_map(Speaker::poll_timeout).map(|deadline| deadline.at).min();
        now = next.unwrap_or(now).max(now + Duration::from_millis(10));
        for speaker in &mut speakers {
            speaker.handle_timeout(now);
        }
        if speakers[1].view().summary().tables.iter().any(|(_, nets, _)| *nets > 0) {
            println!("{now}  the block arrived");
            return;
        }
    }
}

/// Does what a speaker asks for; the other end is the only place there is.
fn perform(speakers: &mut [Speaker; 2], from: usize, output: Output, now: Instant) {
    let to = 1 - from;
    match output {
        Output::Connect { peer, remote, .. } if from == 0 => {
            let local = SocketAddr::new(address(1), 50000);
            speakers[to].handle(
                Input::Accepted { conn: WIRE, local: remote, remote: local, interface: Interface::default() },
                now,
            );
            speakers[from].handle(
                Input::Connected { conn: WIRE, peer, local, remote, interface: Interface::default() },
                now,
            );
        }
        Output::Ready { conn } => {
            while let Some(bytes) = speakers[from].poll_transmit(conn) {
                println!("{now}  {} octets from {} to {}", bytes.len(), from + 1, to + 1);
                speakers[to].handle(Input::Received { conn, bytes }, now);
            }
        }
        Output::Event { event, .. } => println!("{now}  {}: {event:?}", from + 1),
        _ => {}
    }
}

const fn address(n: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, n))
}

fn blackhole() -> Route {
    let (attributes, kernel) = (Attributes::default(), KernelHint::default());
    Route { attributes, forwarding: Forwarding::Blackhole, interface: None, kernel }
}

/// Speaker `own` of AS 64512, with speaker `other` as its only peer; the second one never dials.
fn config(own: u8, other: u8) -> Config {
    let router_id = RouterId(Ipv4Addr::new(192, 0, 2, own));
    let remote = SocketAddr::new(address(other), 179);
    let peer = PeerConfig {
        name: Arc::from("other"),
        passive: own == 2,
        families: vec![Family::IPV4],
        graceful_restart: false,
        ..PeerConfig::new(remote, PeerAsn::Internal, Asn(64512), router_id)
    };
    let graceful_restart = GracefulRestart { enabled: false, ..GracefulRestart::default() };
    Config { graceful_restart, peers: vec![peer], ..Config::new(Asn(64512), router_id) }
}

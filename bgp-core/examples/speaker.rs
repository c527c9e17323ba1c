//! A BGP speaker on one blocking socket: dials an internal peer, announces a prefix, prints what it is told.
//!
//! ```sh
//! cargo run -p bgp-core --example speaker -- 192.0.2.2:179 64512 203.0.113.0/24
//! ```
#![expect(clippy::disallowed_types, reason = "an example is the shell: sockets and clocks are its business")]

use std::error::Error;
use std::io::{ErrorKind, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use bgp_core::peer::{PeerAsn, PeerConfig};
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route};
use bgp_core::speaker::{
    Config, ConnId, ConnectError, Event, Input, Interface, Output, PeerId, RouteQuery, Speaker,
};
use bgp_core::wire::Attributes;
use bgp_core::{Instant, RouterId};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [remote, asn, prefix] = &arguments[..] else { return Err("say ADDRESS:PORT ASN PREFIX".into()) };
    let (asn, prefix) = (asn.parse()?, prefix.parse()?);
    let epoch = std::time::Instant::now();
    let now = || Instant::from_micros(epoch.elapsed().as_micros() as u64);

    let router_id = RouterId(Ipv4Addr::new(192, 0, 2, 1));
    let peer = PeerConfig::new(remote.parse()?, PeerAsn::Internal, asn, router_id);
    let config = Config { peers: vec![peer], ..Config::new(asn, router_id) };
    let mut speaker = Speaker::new(config, 7, now());
    speaker.handle(Input::Originate { prefix, source: LocalSource::Static, route: ours() }, now());

    let (mut socket, mut conn) = (None, ConnId(0));
    loop {
        while let Some(output) = speaker.poll_output() {
            match output {
                Output::Connect { peer, remote, .. } => {
                    conn = ConnId(conn.0 + 1); // no number comes twice
                    socket = TcpStream::connect(remote).ok();
                    speaker.handle(dialed(peer, conn, remote, socket.as_ref()), now());
                }
                Output::Ready { conn } => {
                    while let (Some(stream), Some(octets)) = (&mut socket, speaker.poll_transmit(conn)) {
                        stream.write_all(&octets)?;
                    }
                }
                Output::Close { conn } => {
                    socket = None;
                    speaker.handle(Input::Closed { conn }, now());
                }
                Output::Event { event: Event::EndOfRib { .. }, .. } => print(&speaker),
                Output::Event { event, .. } => println!("{event:?}"),
                _ => {} // the kernel's, of which this speaker has none
            }
        }
        let due = speaker.poll_timeout().map_or(Duration::MAX, |deadline| deadline.at.since(now()));
        if let Some(input) = next(&mut socket, conn, due.clamp(SHORTEST, LONGEST)) {
            speaker.handle(input, now());
        }
        speaker.handle_timeout(now());
    }
}

/// A route that is announced, and installed nowhere.
fn ours() -> Route {
    let (attributes, kernel) = (Attributes::default(), KernelHint::default());
    Route { attributes, forwarding: Forwarding::Nowhere, interface: None, kernel }
}

/// How an attempt to connect ended.
fn dialed(peer: PeerId, conn: ConnId, remote: SocketAddr, stream: Option<&TcpStream>) -> Input {
    match stream.map(TcpStream::local_addr) {
        Some(Ok(local)) => Input::Connected { conn, peer, local, remote, interface: Interface::default() },
        _ => Input::ConnectFailed { peer, error: ConnectError::Refused },
    }
}

/// What the socket has for us before `due` is over.
fn next(socket: &mut Option<TcpStream>, conn: ConnId, due: Duration) -> Option<Input> {
    let Some(stream) = socket else {
        std::thread::sleep(due);
        return None;
    };
    let mut chunk = [0; 65536];
    match stream.set_read_timeout(Some(due)).and_then(|()| stream.read(&mut chunk)) {
        Ok(length @ 1..) => Some(Input::Received { conn, bytes: chunk[..length].to_vec().into() }),
        Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => None,
        Ok(0) | Err(_) => {
            *socket = None;
            Some(Input::Closed { conn })
        }
    }
}

/// Every path there is, and whose it is.
fn print(speaker: &Speaker) {
    for path in speaker.view().routes(&RouteQuery::default(), None, usize::MAX).routes {
        println!("{} from {:?}", path.prefix, path.source);
    }
}

/// A socket takes no timeout of nothing.
const SHORTEST: Duration = Duration::from_millis(1);
/// How long to look away at most.
const LONGEST: Duration = Duration::from_secs(60);

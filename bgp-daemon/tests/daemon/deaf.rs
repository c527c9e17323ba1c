//! A peer that goes on talking and does not read: the send-hold timer ends its session, nobody else's.

use std::fmt::Write as _;
use std::io::{Read, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time;

use bgp_core::peer::PeerAsn;
use bgp_core::session::{Local, Session};
use bgp_core::{Asn, Instant, RouterId};
use socket2::{Domain, Socket, Type};

use crate::host::{Host, PORT, address};

/// A session that is up; from here on nobody reads it.
fn established(from: Ipv4Addr, to: Ipv4Addr) -> TcpStream {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small window");
    socket.bind(&SocketAddr::from((from, 0)).into()).expect("an address of our own");
    socket.connect(&SocketAddr::from((to, PORT)).into()).expect("it listens");
    let mut stream = TcpStream::from(socket);
    let epoch = time::Instant::now();
    let now = || Instant::from_micros(epoch.elapsed().as_micros() as u64);
    let local = Local::new(Asn(64512), RouterId(from), PeerAsn::Internal);
    let mut session = Session::new(local, now());
    let mut chunk = [0; 512];
    while !session.is_established() {
        while let Some(octets) = session.poll_transmit() {
            stream.write_all(&octets).expect("it reads");
        }
        let length = stream.read(&mut chunk).expect("it answers");
        assert_ne!(length, 0, "it closed the connection");
        session.receive(&chunk[..length], now());
    }
    while let Some(octets) = session.poll_transmit() {
        stream.write_all(&octets).expect("it reads");
    }
    stream
}

/// Routes of 700 octets, so that the table is more than two sockets hold once it was asked for a few times.
fn bulk() -> String {
    let communities: Vec<String> = (0..60).map(|number| format!("\"64512:{number}:1\"")).collect();
    let mut text = String::new();
    for route in 0..1000 {
        let prefix = Ipv4Addr::from_bits(0x0a00_0000 | route << 8);
        let communities = communities.join(", ");
        let med = format!("med = {route}\ncommunities = [{communities}]");
        write!(text, "[[originate]]\nprefix = \"{prefix}/24\"\nkind = \"announce\"\n{med}\n")
            .expect("a string takes everything");
    }
    text
}

#[test]
fn a_peer_that_takes_nothing_loses_its_session_alone() {
    let deaf = address();
    let [mut host, mut other] = [Host::new(), Host::new()];
    let hold = "hold_time = \"3s\"\nsend_hold_time = \"4s\"\nexport = \"elsewhere\"\npassive = true";
    let peer = format!("[[peer]]\nname = \"deaf\"\naddress = \"{deaf}\"\nasn = 64512\n{hold}\n");
    host.run(&format!("{peer}{}{}", other.as_peer("other", &host, "hold_time = \"3s\""), bulk()));
    other.run(&host.as_peer("host", &other, ""));
    other.until_established("host");
    let stream = established(deaf, host.address);
    let since = host.peer("other", "since");
    host.until("the end of the session", || {
        let mut stream = &stream;
        // Whether this arrives is of no interest once the session has ended.
        let _ = stream.write_all(KEEPALIVE).and_then(|()| stream.write_all(REFRESH));
        host.peer("deaf", "last_error").to_string().contains("send hold timer expired")
    });
    assert_eq!(host.peer("other", "since"), since, "nobody else lost anything");
    other.until_route("10.0.0.0/24");
}

const KEEPALIVE: &[u8] = b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x13\x04";

/// It asks for its IPv4 routes once more.
const REFRESH: &[u8] =
    b"\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\xff\0\x17\x05\0\x01\0\x01";

//! Two daemons and what they tell each other.

use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};

use serde_json::json;
use socket2::{Domain, Socket, Type};

use crate::host::{Host, PORT, address};

/// Two daemons that peer, each with `more` about the other.
fn pair(left: &str, right: &str) -> (Host, Host) {
    let (mut a, mut b) = (Host::new(), Host::new());
    let (to_b, to_a) = (b.as_peer("b", &a, left), a.as_peer("a", &b, right));
    a.run(&to_b);
    b.run(&to_a);
    (a, b)
}

const BLOCK: &str = "[[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n\
                     communities = [\"64512:100\", \"64512:1:2\"]\nmed = 7\n";

#[test]
fn two_daemons_exchange_routes() {
    let (a, b) = pair(BLOCK, "[[originate]]\nprefix = \"2001:db8::/48\"\nkind = \"announce\"\n");
    a.until_established("b");
    let route = b.until_route("10.1.0.0/24");
    assert_eq!(route["best"], json!(true));
    assert_eq!(route["source"], json!("bgp"));
    assert_eq!(route["peer"], json!("a"));
    assert_eq!(route["next_hop"], json!("192.0.2.1"));
    assert_eq!(route["as_path"], json!([]));
    assert_eq!(route["origin"], json!("igp"));
    assert_eq!(route["med"], json!(7));
    assert_eq!(route["communities"], json!(["64512:100"]));
    assert_eq!(route["large_communities"], json!(["64512:1:2"]));
    assert_eq!(route["stale"], json!(false));
    let sent = a.json(&["routes", "--out", "b"]);
    assert_eq!(sent[0]["prefix"], json!("10.1.0.0/24"));
    assert_eq!(b.peer("a", "routes")["ipv4"]["accepted"], json!(1));
    assert_eq!(b.peer("a", "families"), json!(["ipv4"]), "the session is an IPv4 one");
}

#[test]
fn a_key_that_both_have_lets_them_peer() {
    let key = tempfile::NamedTempFile::new().expect("a file");
    fs::write(key.path(), "a secret\n").expect("a writable file");
    let keyed = format!("password_file = \"{}\"", key.path().display());
    let (a, b) = pair(&keyed, &keyed);
    a.until_established("b");
    b.until_established("a");
}

#[test]
fn a_key_that_only_one_has_keeps_them_apart() {
    let key = tempfile::NamedTempFile::new().expect("a file");
    fs::write(key.path(), "a secret\n").expect("a writable file");
    let keyed = format!("password_file = \"{}\"", key.path().display());
    let (a, b) = pair(&keyed, "passive = true");
    a.until("a failed attempt", || a.peer("b", "last_error").is_string());
    assert_ne!(a.peer("b", "state"), json!("Established"));
    assert_ne!(b.peer("a", "state"), json!("Established"));
}

#[test]
fn a_range_has_one_key_for_everybody_in_it() {
    let key = tempfile::NamedTempFile::new().expect("a file");
    fs::write(key.path(), "a secret\n").expect("a writable file");
    let keyed = format!("password_file = \"{}\"", key.path().display());
    let (mut a, mut b) = (Host::new(), Host::new());
    let [first, second, third, _] = a.address.octets();
    a.run(&format!("[[dynamic_peers]]\nprefix = \"{first}.{second}.{third}.0/24\"\nasn = 64512\n{keyed}\n"));
    let to_a = a.as_peer("a", &b, &keyed);
    b.run(&to_a);
    b.until_established("a");
    assert_eq!(a.peer(&b.address.to_string(), "dynamic"), json!(true));
}

#[test]
fn ttl_security_on_both_sides_lets_neighbours_peer() {
    let (a, b) = pair("ttl_security = 1", "ttl_security = 1");
    a.until_established("b");
    b.until_established("a");
}

#[test]
fn the_notification_reaches_a_peer_that_is_still_sending() {
    let mut host = Host::new();
    let us = address();
    host.run(&format!("[[peer]]\nname = \"us\"\naddress = \"{us}\"\nasn = 64512\npassive = true\n"));
    for attempt in 0..100 {
        let answer = send_nonsense(SocketAddr::from((us, 0)), SocketAddr::from((host.address, PORT)));
        let notified = messages(&answer).iter().any(|message| message[18] == NOTIFICATION);
        assert!(notified, "attempt {attempt}: {answer:02x?}\n{}", host.log());
    }
}

const NOTIFICATION: u8 = 3;

/// Sends what is no BGP message, and much after it, then reads to the end.
fn send_nonsense(from: SocketAddr, to: SocketAddr) -> Vec<u8> {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.bind(&from.into()).expect("an address of our own");
    socket.connect(&to.into()).expect("the daemon listens");
    let mut stream = TcpStream::from(socket);
    let mut answer = Vec::new();
    // The daemon may have closed before everything is sent: what counts is what it said.
    for _ in 0..16 {
        if stream.write_all(&[0x55; 1024]).is_err() {
            break;
        }
    }
    let _ = stream.read_to_end(&mut answer);
    answer
}

/// Whole messages in `octets`.
fn messages(mut octets: &[u8]) -> Vec<&[u8]> {
    let mut messages = Vec::new();
    while let Some(&[high, low]) = octets.get(16..18) {
        let length = usize::from(u16::from_be_bytes([high, low]));
        let Some((message, rest)) = octets.split_at_checked(length) else { break };
        messages.push(message);
        octets = rest;
    }
    messages
}

//! Requests that nobody should make, and readers that do not read.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::io::{ErrorKind, Read, Write as _};
use std::net::TcpStream;

use socket2::{Domain, Socket, Type};

use super::serving;
use super::web::{address, connect, get, get_with, say};
use crate::host::Host;

/// Everything that is answered: what the document names, which is made from the same table as the server, and all that
/// the page leads to.
fn paths(host: &Host) -> BTreeSet<String> {
    let document = get(host, "/api/v1/openapi.json").json();
    let named = document["paths"].as_object().expect("paths").keys();
    let mut paths: BTreeSet<String> = named.map(|path| path.replace("{name}", "tor")).collect();
    let mut unread = vec!["/".to_owned()];
    while let Some(path) = unread.pop() {
        if paths.insert(path.clone()) {
            let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
            let text = get(host, &path).body;
            let quoted = text.split('"').map(|word| word.replace("./", &format!("{folder}/")));
            unread.extend(quoted.filter(|word| word.starts_with('/') && word.contains('.')));
        }
    }
    let all = [
        "/api/v1/events",
        "/api/v1/kernel/summary",
        "/metrics",
        "/icon.svg",
        "/status.css",
        "/script/ask.js",
    ];
    assert!(all.iter().all(|path| paths.contains(*path)), "{paths:?}");
    paths
}

#[test]
fn nothing_but_reading_is_answered() {
    let host = serving("");
    let paths = paths(&host);
    for method in ["POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT"] {
        for path in &paths {
            let request = format!("{method} {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
            let status = say(&host, request.as_bytes()).map(|answer| answer.status);
            assert!(matches!(status, Some(400 | 405)), "{method} {path}: {status:?}");
        }
    }
    let head = say(&host, b"HEAD /metrics HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n");
    let head = head.expect("an answer");
    assert_eq!((head.status, head.body.as_str()), (200, ""));
    assert_eq!(get(&host, "/nonsense").status, 404);
}

#[test]
fn a_page_of_somebody_else_learns_nothing() {
    let host = serving("");
    let foreign = "GET /metrics HTTP/1.1\r\nHost: rebound.example\r\nConnection: close\r\n\r\n";
    assert_eq!(say(&host, foreign.as_bytes()).map(|answer| answer.status), Some(421));
    let answer = get(&host, "/metrics");
    let policy = answer.header("content-security-policy").unwrap_or_default();
    assert!(policy.starts_with("default-src 'none'") && !policy.contains("unsafe"), "{policy}");
    assert_eq!(answer.header("x-content-type-options"), Some("nosniff"));
    assert_eq!(answer.header("access-control-allow-origin"), None);
}

#[test]
fn requests_are_bounded() {
    let host = serving("");
    let long = format!("X: {}\r\n", "x".repeat(64 * 1024));
    let request = format!("GET /livez HTTP/1.1\r\nHost: localhost\r\n{long}\r\n");
    assert_ne!(say(&host, request.as_bytes()).map(|answer| answer.status), Some(200), "a long header");
    let mut many = String::new();
    for n in 0..200 {
        write!(many, "X-{n}: x\r\n").expect("a string");
    }
    let request = format!("GET /livez HTTP/1.1\r\nHost: localhost\r\n{many}\r\n");
    assert_eq!(say(&host, request.as_bytes()).map(|answer| answer.status), Some(431), "many headers");
    assert_eq!(get_with(&host, "/livez", "X: x\r\n").status, 200);
}

#[test]
fn whoever_says_nothing_takes_no_place_from_others() {
    let host = serving("");
    let idle: Vec<_> = (0..32).map(|_| connect(&host)).collect();
    assert_eq!(get(&host, "/livez").status, 200);
    drop(idle);
}

/// As many connections as there are places, each of them in the middle of a request.
#[test]
fn whoever_asks_by_halves_keeps_no_probe_waiting() {
    let host = serving("");
    let half = || {
        let mut stream = connect(&host);
        stream.write_all(b"GET /livez HTTP/1.1\r\nHost: loc").expect("it is heard");
        stream.set_nonblocking(true).expect("it can");
        stream
    };
    let is_open = |mut stream: &TcpStream| {
        stream.read(&mut [0]).is_err_and(|error| error.kind() == ErrorKind::WouldBlock)
    };
    // On a busy machine the first of them may be given up before the last has come: once is enough.
    host.until("a probe beside 64 halves", || {
        let halves: Vec<TcpStream> = (0..64).map(|_| half()).collect();
        let (probe, page) = (get(&host, "/livez").status, get(&host, "/api/v1/status"));
        let (busy, all_there) = (page.status == 503, halves.iter().all(is_open));
        assert!(!busy || page.body.contains("every place is taken"), "{page:?}");
        probe == 200 && busy && all_there
    });
    host.until("an ordinary place", || get(&host, "/api/v1/status").status == 200);
}

/// Octets that come from a fixed seed, so that every run says the same.
fn noise(seed: u64, count: usize) -> Vec<u8> {
    let mut state = seed;
    let mut next = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        state.to_be_bytes()[0]
    };
    (0..count).map(|_| next()).collect()
}

#[test]
fn no_request_ends_the_daemon() {
    let host = serving("");
    let paths = paths(&host);
    for seed in 0..64 {
        let mut strange = noise(seed, 200);
        strange.retain(|octet| !b" \r\n".contains(octet));
        let path =
            [b"GET /".as_slice(), &strange, b" HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"];
        say(&host, &path.concat());
        let escaped: String = strange.iter().take(40).map(|octet| format!("%{octet:02x}")).collect();
        for path in &paths {
            get(&host, &format!("{path}/{escaped}"));
            get(&host, &format!("{path}?{escaped}={escaped}"));
            get(&host, &format!("{path}?prefix={escaped}&peer={escaped}&after={escaped}&limit=1"));
        }
        say(&host, &[noise(seed, 300), b"\r\n\r\n".to_vec()].concat());
    }
    assert_eq!(get(&host, "/livez").status, 200);
    assert!(!host.log().contains("panicked"), "{}", host.log());
}

#[test]
fn a_key_is_in_no_answer() {
    let key = tempfile::NamedTempFile::new().expect("a file");
    fs::write(key.path(), "Xk7-open-sesame\n").expect("a writable file");
    let host = serving(&format!(
        "[[peer]]\nname = \"tor\"\naddress = \"192.0.2.1\"\nasn = 65001\npassword_file = \"{}\"\n\
         [metrics]\nper_peer = \"all\"\n",
        key.path().display()
    ));
    for path in paths(&host) {
        let answer = get(&host, &path);
        assert!(!format!("{answer:?}").contains("open-sesame"), "{path}: {answer:?}");
    }
    assert!(get(&host, "/metrics").body.contains("peer=\"tor\""), "the peer itself is told of");
}

#[test]
fn whoever_does_not_finish_a_request_is_not_answered() {
    let host = serving("");
    let mut stream = connect(&host);
    stream.write_all(b"GET /livez HTTP/1.1\r\nHost: loc").expect("it is heard");
    stream.shutdown(std::net::Shutdown::Write).expect("it was open");
    let mut rest = Vec::new();
    // An error, an end, or a complaint: no answer to a question that was not asked.
    let _ = stream.read_to_end(&mut rest);
    assert!(!rest.starts_with(b"HTTP/1.1 200"), "{rest:?}");
}

/// A connection that asks for everything and has hardly room for a part of it.
fn stalled(host: &Host) -> Socket {
    let socket = Socket::new(Domain::IPV4, Type::STREAM, None).expect("a socket");
    socket.set_recv_buffer_size(4096).expect("a small buffer");
    socket.connect(&address(host).into()).expect("it listens");
    let request = b"GET /api/v1/routes HTTP/1.1\r\nHost: localhost\r\n\r\n";
    (&socket).write_all(request).expect("it is heard");
    // It has begun to answer, so a part is on its way and waits.
    (&socket).read_exact(&mut [0]).expect("it answers");
    socket
}

#[test]
fn readers_that_stall_keep_nobody_waiting() {
    let mut routes = String::new();
    for n in 0..5000 {
        let (high, low) = (n / 256, n % 256);
        write!(routes, "[[originate]]\nprefix = \"10.{high}.{low}.0/24\"\nkind = \"announce\"\n")
            .expect("a string");
    }
    let host = serving(&routes);
    let count = || get(&host, "/api/v1/routes").json().as_array().map_or(0, Vec::len);
    host.until("all routes", || count() == 5000);
    let stalled: Vec<Socket> = (0..32).map(|_| stalled(&host)).collect();
    assert_eq!(get(&host, "/livez").status, 200);
    assert_eq!(count(), 5000, "others read all of it meanwhile");
    assert!(host.ask(&["status"]).status.success());
    drop(stalled);
    assert_eq!(count(), 5000);
}

//! A client of the web server that says what it is told to say, right or wrong.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

use serde_json::Value;

use crate::host::Host;

/// The port of every web server; addresses differ.
const PORT: u16 = 11791;

/// How long an answer may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// The section that makes a host a web server.
pub(crate) fn section(host: &Host) -> String {
    format!("[http]\nlisten = \"{}:{PORT}\"\n", host.address)
}

/// Where a host's web server listens.
pub(crate) fn address(host: &Host) -> SocketAddr {
    SocketAddr::new(host.address.into(), PORT)
}

/// A connection to a host's web server.
pub(crate) fn connect(host: &Host) -> TcpStream {
    let stream = TcpStream::connect(address(host)).expect("it listens");
    stream.set_read_timeout(Some(PATIENCE)).expect("a time-out");
    stream.set_write_timeout(Some(PATIENCE)).expect("a time-out");
    stream
}

/// An answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The value of a header.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.head.lines().skip(1).find_map(|line| {
            let (key, value) = line.split_once(':')?;
            key.eq_ignore_ascii_case(name).then(|| value.trim())
        })
    }

    /// The body, which is JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error} in {self:?}"))
    }

    fn parse(octets: &[u8]) -> Option<Self> {
        let end = octets.windows(4).position(|window| window == b"\r\n\r\n")?;
        let (head, body) = octets.split_at(end);
        let head = String::from_utf8_lossy(head).into_owned();
        let status = head.split(' ').nth(1)?.parse().ok()?;
        let body = body.get(4..)?;
        let mut answer = Self { status, head, body: String::new() };
        let body = match answer.header("transfer-encoding") {
            Some("chunked") => whole(body)?,
            _ => body.to_vec(),
        };
        answer.body = String::from_utf8_lossy(&body).into_owned();
        Some(answer)
    }
}

/// A body out of its chunks; `None` where the last one is missing.
fn whole(mut chunks: &[u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    loop {
        let end = chunks.windows(2).position(|window| window == b"\r\n")?;
        let (length, rest) = chunks.split_at_checked(end)?;
        let length = usize::from_str_radix(std::str::from_utf8(length).ok()?, 16).ok()?;
        let rest = rest.get(2..)?;
        if length == 0 {
            return Some(body);
        }
        body.extend_from_slice(rest.get(..length)?);
        chunks = rest.get(length + 2..)?;
    }
}

/// The answer to a request, octet for octet; `None` where the connection ends without one.
pub(crate) fn say(host: &Host, request: &[u8]) -> Option<Answer> {
    let mut stream = connect(host);
    // The server may have answered and gone before it has heard all of it.
    let _ = stream.write_all(request);
    let mut octets = Vec::new();
    let _ = stream.read_to_end(&mut octets);
    Answer::parse(&octets)
}

/// The answer to a GET with `headers`, each with its line end.
pub(crate) fn get_with(host: &Host, path: &str, headers: &str) -> Answer {
    let request = format!("GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{headers}\r\n");
    say(host, request.as_bytes()).unwrap_or_else(|| panic!("no answer to {path}; the log:\n{}", host.log()))
}

/// The answer to a GET.
pub(crate) fn get(host: &Host, path: &str) -> Answer {
    get_with(host, path, "")
}

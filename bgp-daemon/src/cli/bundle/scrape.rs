//! One page of the daemon's web server.

use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::Duration;

/// How long the server may take for each step.
const PATIENCE: Duration = Duration::from_secs(10);

/// More than any page has.
const LIMIT: u64 = 64 * 1024 * 1024;

/// The body of the page at `path`.
pub(super) fn get(server: SocketAddr, path: &str) -> io::Result<Vec<u8>> {
    let mut server_side = TcpStream::connect_timeout(&reachable(server), PATIENCE)?;
    server_side.set_read_timeout(Some(PATIENCE))?;
    server_side.set_write_timeout(Some(PATIENCE))?;
    write!(server_side, "GET {path} HTTP/1.0\r\nHost: {}\r\n\r\n", reachable(server))?;
    let mut answer = Vec::new();
    server_side.take(LIMIT).read_to_end(&mut answer)?;
    body(&answer).map_err(|status| io::Error::other(format!("the web server answers {status:?}")))
}

/// Where a server that listens on every address can be reached from here.
fn reachable(server: SocketAddr) -> SocketAddr {
    let ip = match server.ip() {
        ip if !ip.is_unspecified() => ip,
        ip if ip.is_ipv4() => std::net::Ipv4Addr::LOCALHOST.into(),
        _ => std::net::Ipv6Addr::LOCALHOST.into(),
    };
    SocketAddr::new(ip, server.port())
}

/// What follows the head of an answer, or its first line where it is no success.
fn body(answer: &[u8]) -> Result<Vec<u8>, String> {
    let first = answer.split(|octet| *octet == b'\r').next().unwrap_or_default();
    let status = String::from_utf8_lossy(first).into_owned();
    let head = answer.windows(4).position(|octets| octets == b"\r\n\r\n");
    match head {
        Some(head) if status.split(' ').nth(1) == Some("200") => Ok(answer[head + 4..].to_vec()),
        _ => Err(status),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_success_has_a_body() {
        assert_eq!(body(b"HTTP/1.0 200 OK\r\nx: y\r\n\r\nmetrics\n"), Ok(b"metrics\n".to_vec()));
        assert_eq!(body(b"HTTP/1.0 404 Not Found\r\n\r\nno"), Err("HTTP/1.0 404 Not Found".to_owned()));
        assert_eq!(body(b"HTTP/1.0 200 OK"), Err("HTTP/1.0 200 OK".to_owned()), "it was cut off");
        let everywhere: SocketAddr = "[::]:9470".parse().expect("an address");
        assert_eq!(reachable(everywhere).to_string(), "[::1]:9470");
    }
}

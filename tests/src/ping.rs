//! An echo request and its reply, sent from the calling thread's namespace.

use std::io::{ErrorKind, Read};
use std::net::{IpAddr, SocketAddr};
use std::sync::atomic::{AtomicU16, Ordering};
use std::time::{Duration, Instant};

use socket2::{Domain, Protocol, Socket, Type};

use crate::failure::{Doing, Failure};

/// Numbers the requests of this process, so that a late reply is not taken for another's.
static SEQUENCE: AtomicU16 = AtomicU16::new(1);

/// Sends one echo request to `to` and waits for its reply; returns the round-trip time.
///
/// Needs the right to open raw sockets, which everyone has inside a sandbox.
pub fn ping(to: IpAddr, limit: Duration) -> Result<Duration, Failure> {
    let (domain, protocol) = match to {
        IpAddr::V4(_) => (Domain::IPV4, Protocol::ICMPV4),
        IpAddr::V6(_) => (Domain::IPV6, Protocol::ICMPV6),
    };
    let socket = Socket::new(domain, Type::RAW, Some(protocol)).doing("open a raw socket")?;
    let sequence = SEQUENCE.fetch_add(1, Ordering::Relaxed);
    let request = echo_request(to, sequence);
    let start = Instant::now();
    socket.connect(&SocketAddr::new(to, 0).into()).doing_with(|| format!("find a way to {to}"))?;
    socket.send(&request).doing_with(|| format!("send an echo request to {to}"))?;
    await_reply(&socket, to, &request, start, limit)?;
    Ok(start.elapsed())
}

fn await_reply(
    socket: &Socket,
    to: IpAddr,
    request: &[u8],
    start: Instant,
    limit: Duration,
) -> Result<(), Failure> {
    let mut packet = [0; 1500];
    loop {
        let Some(left) = limit.checked_sub(start.elapsed()).filter(|left| !left.is_zero()) else {
            return Err(Failure::new(format!("ping {to}"), "no reply"));
        };
        socket.set_read_timeout(Some(left)).doing("limit the wait for a reply")?;
        match (&*socket).read(&mut packet) {
            Ok(length) if is_reply(to, &packet[..length], request) => return Ok(()),
            Ok(_) => {}
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Err(Failure::new(format!("ping {to}"), error)),
        }
    }
}

/// Type, code, checksum, identifier, sequence number, eight bytes of payload.
fn echo_request(to: IpAddr, sequence: u16) -> Vec<u8> {
    let kind = if to.is_ipv4() { 8 } else { 128 };
    let mut request = vec![kind, 0, 0, 0];
    request.extend((std::process::id() as u16).to_be_bytes());
    request.extend(sequence.to_be_bytes());
    request.extend(*b"caracal!");
    if to.is_ipv4() {
        // For ICMPv6 the kernel does this, since the sum covers addresses it chooses.
        let sum = checksum(&request).to_be_bytes();
        request[2..4].copy_from_slice(&sum);
    }
    request
}

/// Raw IPv4 sockets deliver the IP header too; raw IPv6 sockets do not.
fn is_reply(to: IpAddr, packet: &[u8], request: &[u8]) -> bool {
    let (kind, header) = match to {
        IpAddr::V4(_) => (0, packet.first().map_or(0, |first| usize::from(first & 15) * 4)),
        IpAddr::V6(_) => (129, 0),
    };
    let Some(message) = packet.get(header..) else { return false };
    message.first() == Some(&kind) && message.get(4..) == request.get(4..)
}

/// The Internet checksum ([RFC 1071](https://www.rfc-editor.org/rfc/rfc1071)).
pub(crate) fn checksum(bytes: &[u8]) -> u16 {
    let words =
        bytes.chunks(2).map(|pair| u32::from(pair[0]) << 8 | pair.get(1).map_or(0, |low| u32::from(*low)));
    let mut sum: u32 = words.sum();
    while sum > 0xffff {
        sum = (sum & 0xffff) + (sum >> 16);
    }
    !(sum as u16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_message_with_its_checksum_sums_to_nothing() {
        let request = echo_request(IpAddr::from([192, 0, 2, 1]), 7);
        assert_eq!(checksum(&request), 0);
    }

    #[test]
    fn only_the_reply_to_this_request_counts() {
        let to = IpAddr::from([192, 0, 2, 1]);
        let request = echo_request(to, 7);
        let mut reply = vec![0x45; 20];
        reply.extend(&request);
        assert!(!is_reply(to, &reply, &request), "our own request is not a reply");
        reply[20] = 0;
        assert!(is_reply(to, &reply, &request));
        assert!(!is_reply(to, &reply, &echo_request(to, 8)), "a reply to another request");
    }
}

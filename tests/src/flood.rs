//! Echo requests at a steady rate to many addresses in turn, each of them waited for.

use std::io::{ErrorKind, Read};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use nix::sys::socket::{setsockopt, sockopt};
use socket2::{Domain, Protocol, Socket, Type};

use crate::failure::{Doing, Failure};
use crate::netns::Netns;
use crate::ping::checksum;

/// Requests on their way until told to end.
#[derive(Debug)]
pub struct Flood {
    ending: Arc<AtomicBool>,
    thread: JoinHandle<Result<Tally, Failure>>,
}

/// What became of the requests.
#[derive(Debug)]
pub struct Tally {
    /// How many were sent.
    pub sent: usize,
    /// From the first to the last.
    pub time: Duration,
    /// Those without a reply: when they were sent, counted from the first, and where to.
    pub lost: Vec<(Duration, IpAddr)>,
    /// The longest time for which one address did not answer.
    pub gap: Duration,
}

impl Flood {
    /// Sends a request every millisecond from `place`, each to the next of `addresses`.
    pub fn begin(place: Arc<Netns>, addresses: Vec<IpAddr>) -> Self {
        let ending = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ending);
        let thread = thread::spawn(move || place.run(|| Sender::open(&addresses)?.run(&end))?);
        Self { ending, thread }
    }

    /// Sends no more, waits for the last replies and counts.
    pub fn end(self) -> Result<Tally, Failure> {
        self.ending.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(tally) => tally,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

struct Sender<'a> {
    addresses: &'a [IpAddr],
    sockets: [Socket; 2],
    begin: Instant,
    /// When each request was sent, and whether its reply has come.
    requests: Vec<(Duration, bool)>,
}

impl<'a> Sender<'a> {
    fn open(addresses: &'a [IpAddr]) -> Result<Self, Failure> {
        let sockets = [socket(Domain::IPV4, Protocol::ICMPV4)?, socket(Domain::IPV6, Protocol::ICMPV6)?];
        Ok(Self { addresses, sockets, begin: Instant::now(), requests: Vec::new() })
    }

    fn run(mut self, ending: &AtomicBool) -> Result<Tally, Failure> {
        let mut due = Duration::ZERO;
        while !ending.load(Ordering::Relaxed) {
            // On a busy machine rather fewer than many at once: a burst could be lost for its own sake.
            due = due.max(self.begin.elapsed().saturating_sub(ARREARS));
            thread::sleep(due.saturating_sub(self.begin.elapsed()));
            due += PERIOD;
            self.send()?;
            self.receive()?;
        }
        let time = self.begin.elapsed();
        while self.requests.iter().any(|(_, answered)| !answered) && self.begin.elapsed() < time + LIMIT {
            thread::sleep(PERIOD);
            self.receive()?;
        }
        let unanswered = self.requests.iter().enumerate().filter(|(_, (_, answered))| !answered);
        let lost = unanswered.map(|(number, (at, _))| (*at, self.address(number))).collect();
        let gap = longest_gap(&self.requests, self.addresses.len(), time);
        Ok(Tally { sent: self.requests.len(), time, lost, gap })
    }

    fn address(&self, number: usize) -> IpAddr {
        self.addresses[number % self.addresses.len()]
    }

    fn send(&mut self) -> Result<(), Failure> {
        let number = self.requests.len();
        let to = self.address(number);
        let socket = &self.sockets[usize::from(to.is_ipv6())];
        self.requests.push((self.begin.elapsed(), false));
        let sent = socket.send_to(&request(to, number), &SocketAddr::new(to, 0).into());
        sent.doing_with(|| format!("send an echo request to {to}")).map(drop)
    }

    fn receive(&mut self) -> Result<(), Failure> {
        let mut packet = [0; 128];
        for (socket, kind) in self.sockets.iter().zip([0, 129]) {
            loop {
                match (&*socket).read(&mut packet) {
                    Ok(length) => {
                        let number = answered(kind, &packet[..length]);
                        if let Some(request) = number.and_then(|number| self.requests.get_mut(number)) {
                            request.1 = true;
                        }
                    }
                    Err(error) if error.kind() == ErrorKind::WouldBlock => break,
                    Err(error) if error.kind() == ErrorKind::Interrupted => {}
                    Err(error) => return Err(Failure::new("receive replies", error)),
                }
            }
        }
        Ok(())
    }
}

/// The longest time from a lost request to the next one to the same address that was answered, or to the end;
/// the addresses take turns.
fn longest_gap(requests: &[(Duration, bool)], addresses: usize, end: Duration) -> Duration {
    let mut longest = Duration::ZERO;
    for first in 0..addresses {
        let mut since: Option<Duration> = None;
        for (at, answered) in requests.iter().skip(first).step_by(addresses) {
            match (answered, since) {
                (false, None) => since = Some(*at),
                (true, Some(lost)) => {
                    longest = longest.max(*at - lost);
                    since = None;
                }
                (true, None) | (false, Some(_)) => {}
            }
        }
        longest = longest.max(since.map_or(Duration::ZERO, |lost| end - lost));
    }
    longest
}

fn socket(domain: Domain, protocol: Protocol) -> Result<Socket, Failure> {
    let socket = Socket::new(domain, Type::RAW, Some(protocol)).doing("open a raw socket")?;
    socket.set_nonblocking(true).doing("never wait for a reply")?;
    if setsockopt(&socket, sockopt::RcvBufForce, &BUFFER).is_err() {
        socket.set_recv_buffer_size(BUFFER).doing("make room for replies")?;
    }
    Ok(socket)
}

/// Type, code, checksum, identifier, sequence number, the number as payload.
fn request(to: IpAddr, number: usize) -> Vec<u8> {
    let kind = if to.is_ipv4() { 8 } else { 128 };
    let mut request = vec![kind, 0, 0, 0, 0, 0, 0, 0];
    request.extend(MARK);
    request.extend((number as u64).to_be_bytes());
    if to.is_ipv4() {
        // For ICMPv6 the kernel does this, since the sum covers addresses it chooses.
        let sum = checksum(&request).to_be_bytes();
        request[2..4].copy_from_slice(&sum);
    }
    request
}

/// Which request a packet answers. Raw IPv4 sockets deliver the IP header too.
fn answered(kind: u8, packet: &[u8]) -> Option<usize> {
    let header = if kind == 0 { usize::from(packet.first()? & 15) * 4 } else { 0 };
    let message = packet.get(header..)?;
    if *message.first()? != kind || message.get(8..16)? != MARK {
        return None;
    }
    usize::try_from(u64::from_be_bytes(message.get(16..24)?.try_into().ok()?)).ok()
}

/// Between two requests.
const PERIOD: Duration = Duration::from_millis(1);
/// How far behind its time the sender may be and still catch up.
const ARREARS: Duration = Duration::from_millis(10);
/// How long the last replies may take.
const LIMIT: Duration = Duration::from_secs(5);
const BUFFER: usize = 4 << 20;
const MARK: [u8; 8] = *b"caracal?";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reply_names_its_request() {
        let to = IpAddr::from([192, 0, 2, 1]);
        let mut packet = vec![0x45; 20];
        packet.extend(request(to, 70_000));
        assert_eq!(answered(0, &packet), None, "our own request is not a reply");
        packet[20] = 0;
        assert_eq!(answered(0, &packet), Some(70_000));
        assert_eq!(answered(0, &packet[..40]), None);
    }

    #[test]
    fn a_gap_is_one_address_not_answering() {
        let at = |number: u64| Duration::from_millis(number);
        let asked = |lost: &[u64]| -> Vec<_> {
            (0..10).map(|number| (at(number), !lost.contains(&number))).collect()
        };
        assert_eq!(longest_gap(&asked(&[]), 2, at(10)), at(0));
        assert_eq!(longest_gap(&asked(&[3, 4, 5]), 2, at(10)), at(4), "3 and 5, until 7");
        assert_eq!(longest_gap(&asked(&[8]), 2, at(10)), at(2), "until the end");
    }
}

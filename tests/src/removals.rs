//! Listening for routes that go, and for nothing else: fast enough for tens of thousands of changes a second.

use std::io::ErrorKind;
use std::net::IpAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};

use ipnet::IpNet;
use nix::sys::socket::{setsockopt, sockopt};
use nix::sys::time::{TimeVal, TimeValLike};
use rtnetlink::sys::protocols::NETLINK_ROUTE;
use rtnetlink::sys::{Socket, SocketAddr};

use crate::failure::{Doing, Failure};
use crate::netns::Netns;

/// A listener to one kernel, until told to end.
#[derive(Debug)]
pub struct Removals {
    ending: Arc<AtomicBool>,
    thread: JoinHandle<Result<Heard, Failure>>,
}

/// What the kernel said.
#[derive(Debug, Default)]
pub struct Heard {
    /// Routes that came or took another's place.
    pub written: usize,
    /// The prefixes of those that went, in order.
    pub removed: Vec<IpNet>,
}

impl Removals {
    /// Listens from now on.
    pub fn begin(place: Arc<Netns>) -> Result<Self, Failure> {
        let ending = Arc::new(AtomicBool::new(false));
        let end = Arc::clone(&ending);
        let socket = place.run(open)??;
        let thread = thread::spawn(move || listen(&socket, &end));
        Ok(Self { ending, thread })
    }

    /// Everything said until now.
    pub fn end(self) -> Result<Heard, Failure> {
        self.ending.store(true, Ordering::Relaxed);
        match self.thread.join() {
            Ok(heard) => heard,
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

fn open() -> Result<Socket, Failure> {
    let mut socket = Socket::new(NETLINK_ROUTE).doing("open a netlink socket")?;
    socket.bind(&SocketAddr::new(0, 0)).doing("bind a netlink socket")?;
    if setsockopt(&socket, sockopt::RcvBufForce, &BUFFER).is_err() {
        setsockopt(&socket, sockopt::RcvBuf, &BUFFER).doing("make room for messages")?;
    }
    setsockopt(&socket, sockopt::ReceiveTimeout, &TimeVal::milliseconds(50)).doing("limit a wait")?;
    for group in [IPV4_ROUTE, IPV6_ROUTE] {
        socket.add_membership(group).doing("listen to routes")?;
    }
    Ok(socket)
}

/// Ends once told to and nothing is waiting any more.
fn listen(socket: &Socket, ending: &AtomicBool) -> Result<Heard, Failure> {
    let mut heard = Heard::default();
    let mut buffer = Vec::with_capacity(64 << 10);
    loop {
        let was_ending = ending.load(Ordering::Relaxed);
        buffer.clear();
        match socket.recv_from(&mut buffer, 0) {
            Ok(_) => messages(&buffer, &mut heard),
            Err(error) if error.kind() == ErrorKind::WouldBlock && was_ending => return Ok(heard),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted) => {}
            Err(error) => return Err(Failure::new("listen to routes", error)),
        }
    }
}

fn messages(mut rest: &[u8], heard: &mut Heard) {
    while let Some(message) = u32_at(rest, 0).and_then(|length| rest.get(..length as usize)) {
        match u16_at(message, 4) {
            Some(NEW_ROUTE) => heard.written += 1,
            Some(DEL_ROUTE) => heard.removed.extend(message.get(HEADER..).and_then(destination)),
            Some(_) | None => {}
        }
        rest = rest.get(((message.len() + 3) & !3).max(HEADER)..).unwrap_or_default();
    }
}

/// The prefix of a route message: its length in the fixed part, the address in an attribute.
fn destination(payload: &[u8]) -> Option<IpNet> {
    let mut attributes = payload.get(12..)?;
    loop {
        let length = usize::from(u16_at(attributes, 0)?);
        let value = attributes.get(4..length)?;
        if u16_at(attributes, 2)? == 1 {
            let address = match <[u8; 4]>::try_from(value) {
                Ok(octets) => IpAddr::from(octets),
                Err(_) => IpAddr::from(<[u8; 16]>::try_from(value).ok()?),
            };
            return IpNet::new(address, *payload.get(1)?).ok();
        }
        attributes = attributes.get((length + 3) & !3..)?;
    }
}

fn u16_at(octets: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_ne_bytes(octets.get(at..at + 2)?.try_into().ok()?))
}

fn u32_at(octets: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_ne_bytes(octets.get(at..at + 4)?.try_into().ok()?))
}

const HEADER: usize = 16;
const NEW_ROUTE: u16 = 24;
const DEL_ROUTE: u16 = 25;
const IPV4_ROUTE: u32 = 7;
const IPV6_ROUTE: u32 = 11;
/// Room for a hundred thousand messages.
const BUFFER: usize = 128 << 20;

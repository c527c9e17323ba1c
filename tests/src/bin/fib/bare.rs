//! The yardstick: a loop that packs the messages, sends them, and reads the answers. It keeps nothing and hears
//! nothing else.

use std::io;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use rtnetlink::sys::protocols::NETLINK_ROUTE;
use rtnetlink::sys::{Socket, SocketAddr};
use tests::failure::{Doing, Failure};
use tests::kernel::Ip;

use crate::workload::{METRIC, PROTOCOL, Step, TABLE, Workload};

/// A netlink socket without subscriptions.
pub(crate) struct Bare {
    socket: Socket,
    sequence: u32,
    device: u32,
    buffer: Vec<u8>,
}

impl Bare {
    pub(crate) fn open(device: u32) -> Result<Self, Failure> {
        let open = || -> io::Result<Socket> {
            let mut socket = Socket::new(NETLINK_ROUTE)?;
            socket.bind_auto()?;
            socket.connect(&SocketAddr::new(0, 0))?;
            socket.set_netlink_get_strict_chk(true)?;
            Ok(socket)
        };
        let socket = open().doing("open a netlink socket")?;
        Ok(Self { socket, sequence: 0, device, buffer: Vec::with_capacity(DATAGRAM) })
    }

    /// Does one step, `batch` messages to a send, and waits for the answer to each batch.
    pub(crate) fn step(&mut self, step: Step, load: Workload, batch: usize) -> Result<Duration, Failure> {
        let begin = Instant::now();
        if step == Step::Dump {
            let held = self.dump(load, |_| true)?;
            let took = begin.elapsed();
            return complete(held, load.routes).map(|()| took);
        }
        let mut prefixes = load.prefixes();
        let gateway = load.gateway(step);
        let mut octets = Vec::with_capacity(batch * MESSAGE);
        loop {
            octets.clear();
            let mut last = None;
            for prefix in prefixes.by_ref().take(batch) {
                last = Some(octets.len());
                self.sequence += 1;
                write(&mut octets, step, (prefix.network(), prefix.prefix_len()), gateway, self);
            }
            let Some(last) = last else { return Ok(begin.elapsed()) };
            octets[last + 6] |= NLM_F_ACK;
            self.socket.send(&octets, 0).doing("send a batch")?;
            self.answer().doing("carry out a batch")?;
        }
    }

    /// How many routes of ours the table holds whose message passes the test.
    pub(crate) fn dump(&mut self, load: Workload, passes: impl Fn(&[u8]) -> bool) -> Result<u32, Failure> {
        self.sequence += 1;
        let mut octets = Vec::new();
        begin(&mut octets, RTM_GETROUTE, NLM_F_REQUEST | NLM_F_DUMP, self.sequence);
        octets.extend([family(load.family), 0, 0, 0, 254, 0, 0, 0, 0, 0, 0, 0]);
        attribute(&mut octets, RTA_TABLE, &TABLE.to_ne_bytes());
        finish(&mut octets, 0);
        self.socket.send(&octets, 0).doing("ask for the table")?;
        let mut held = 0;
        loop {
            self.receive().doing("read the table")?;
            for (kind, message) in messages(&self.buffer) {
                match kind {
                    RTM_NEWROUTE if message.get(21) == Some(&PROTOCOL) => held += u32::from(passes(message)),
                    NLMSG_DONE => return Ok(held),
                    NLMSG_ERROR => return Err(Failure::new("read the table", error(message))),
                    _ => {}
                }
            }
        }
    }

    fn answer(&mut self) -> io::Result<()> {
        loop {
            self.receive()?;
            for (kind, message) in messages(&self.buffer) {
                let is_ours = message.get(8..12) == Some(&self.sequence.to_ne_bytes());
                match (kind, error(message).raw_os_error()) {
                    (NLMSG_ERROR, Some(0)) if is_ours => return Ok(()),
                    (NLMSG_ERROR, _) => return Err(error(message)),
                    _ => {}
                }
            }
        }
    }

    fn receive(&mut self) -> io::Result<()> {
        self.buffer.clear();
        self.socket.recv_from(&mut self.buffer, 0).map(|_| ())
    }
}

/// Whether as many are there as should be.
pub(crate) fn complete(held: u32, wanted: u32) -> Result<(), Failure> {
    if held == wanted {
        return Ok(());
    }
    Err(Failure::new(format!("find {wanted} routes"), format!("there are {held}")))
}

/// The octets of a gateway, to be looked for in a message.
pub(crate) fn octets(address: IpAddr) -> Vec<u8> {
    match address {
        IpAddr::V4(address) => address.octets().to_vec(),
        IpAddr::V6(address) => address.octets().to_vec(),
    }
}

/// One message: what fib-sync writes for the same route.
fn write(into: &mut Vec<u8>, step: Step, prefix: (IpAddr, u8), gateway: IpAddr, bare: &Bare) {
    let at = into.len();
    let (kind, flags) = match step {
        Step::Install | Step::Dump => (RTM_NEWROUTE, NLM_F_CREATE | NLM_F_EXCL),
        Step::Replace => (RTM_NEWROUTE, NLM_F_CREATE | NLM_F_REPLACE),
        Step::Delete => (RTM_DELROUTE, 0),
    };
    begin(into, kind, NLM_F_REQUEST | flags, bare.sequence);
    let (scope, form) = if step == Step::Delete { (RT_SCOPE_NOWHERE, 0) } else { (0, RTN_UNICAST) };
    let family = family(if gateway.is_ipv4() { Ip::V4 } else { Ip::V6 });
    into.extend([family, prefix.1, 0, 0, 254, PROTOCOL, scope, form, 0, 0, 0, 0]);
    attribute(into, RTA_TABLE, &TABLE.to_ne_bytes());
    address(into, RTA_DST, prefix.0);
    attribute(into, RTA_PRIORITY, &METRIC.to_ne_bytes());
    if step != Step::Delete {
        address(into, RTA_GATEWAY, gateway);
        attribute(into, RTA_OIF, &bare.device.to_ne_bytes());
    }
    finish(into, at);
}

fn begin(into: &mut Vec<u8>, kind: u16, flags: u16, sequence: u32) {
    into.extend([0; 4]);
    into.extend(kind.to_ne_bytes());
    into.extend(flags.to_ne_bytes());
    into.extend(sequence.to_ne_bytes());
    into.extend([0; 4]);
}

fn attribute(into: &mut Vec<u8>, kind: u16, value: &[u8]) {
    let length = u16::try_from(value.len() + 4).unwrap_or(u16::MAX);
    into.extend(length.to_ne_bytes());
    into.extend(kind.to_ne_bytes());
    into.extend(value);
}

fn address(into: &mut Vec<u8>, kind: u16, address: IpAddr) {
    match address {
        IpAddr::V4(address) => attribute(into, kind, &address.octets()),
        IpAddr::V6(address) => attribute(into, kind, &address.octets()),
    }
}

fn finish(into: &mut [u8], at: usize) {
    let length = u32::try_from(into.len() - at).unwrap_or(u32::MAX);
    into[at..at + 4].copy_from_slice(&length.to_ne_bytes());
}

const fn family(ip: Ip) -> u8 {
    match ip {
        Ip::V4 => 2,
        Ip::V6 => 10,
    }
}

/// The messages of a datagram, headers included.
pub(crate) fn messages(datagram: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    let mut rest = datagram;
    std::iter::from_fn(move || {
        let length = u32::from_ne_bytes(rest.get(..4)?.try_into().ok()?) as usize;
        let message = rest.get(..length)?;
        rest = rest.get((length + 3) & !3..).unwrap_or_default();
        Some((u16::from_ne_bytes(message.get(4..6)?.try_into().ok()?), message))
    })
}

fn error(message: &[u8]) -> io::Error {
    let octets = message.get(16..20).and_then(|octets| octets.try_into().ok()).unwrap_or_default();
    io::Error::from_raw_os_error(-i32::from_ne_bytes(octets))
}

const NLM_F_ACK: u8 = 4;
const NLM_F_REQUEST: u16 = 1;
const NLM_F_DUMP: u16 = 0x300;
const NLM_F_REPLACE: u16 = 0x100;
const NLM_F_EXCL: u16 = 0x200;
const NLM_F_CREATE: u16 = 0x400;
const NLMSG_ERROR: u16 = 2;
const NLMSG_DONE: u16 = 3;
pub(crate) const RTM_NEWROUTE: u16 = 24;
pub(crate) const RTM_DELROUTE: u16 = 25;
const RTM_GETROUTE: u16 = 26;
const RTA_DST: u16 = 1;
const RTA_OIF: u16 = 4;
const RTA_GATEWAY: u16 = 5;
const RTA_PRIORITY: u16 = 6;
const RTA_TABLE: u16 = 15;
const RT_SCOPE_NOWHERE: u8 = 255;
const RTN_UNICAST: u8 = 1;
const DATAGRAM: usize = 64 << 10;
const MESSAGE: usize = 112;

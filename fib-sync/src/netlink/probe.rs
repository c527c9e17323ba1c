//! The real kernel asked one thing at a time, in the words of the model: what the model is measured by. Blocking, for
//! tests.

use std::io;

use ipnet::IpNet;
use rtnetlink::packet_core::{
    NLM_F_ACK, NLM_F_APPEND, NLM_F_CREATE, NLM_F_EXCL, NLM_F_MULTIPART, NLM_F_REPLACE, NLM_F_REQUEST,
};
use rtnetlink::packet_route::RouteNetlinkMessage;
use rtnetlink::sys::protocols::NETLINK_ROUTE;
use rtnetlink::sys::{Socket, SocketAddr};

use super::answer::{Answer, Asked};
use super::encode::{self, List};
use super::route::route;
use super::{decode, keeper, socket};
use crate::model::How;
use crate::{KernelForwarding, KernelRoute, Operation, Refused, Seen};

/// A netlink socket in the network namespace of the thread that opened it, on table main.
#[derive(Debug)]
pub struct Probe {
    socket: Socket,
    sequence: u32,
    heard: Vec<Seen>,
}

impl Probe {
    /// Opens the socket: from here on every event is heard.
    ///
    /// # Errors
    /// Where that cannot be done.
    pub fn open() -> io::Result<Self> {
        let mut socket = Socket::new(NETLINK_ROUTE)?;
        socket.bind_auto()?;
        socket.connect(&SocketAddr::new(0, 0))?;
        socket::set_up(&socket)?;
        Ok(Self { socket, sequence: 0, heard: Vec::new() })
    }

    /// Writes a route as any process may, and gives the kernel's answer.
    ///
    /// # Errors
    /// Where the kernel cannot be asked.
    pub fn write(&mut self, route: &KernelRoute, how: How) -> io::Result<Result<(), Refused>> {
        let flags = match how {
            How::Exclusive => NLM_F_EXCL,
            How::Replace => NLM_F_REPLACE,
            How::Append => NLM_F_APPEND,
            How::Prepend => 0,
        };
        let (metric, create) = (route.metric, Operation::Create(route.clone()));
        self.operate(&create, Asked::Write(metric), NLM_F_CREATE | flags)
    }

    /// Removes the first route of a key, with `protocol` the first of that protocol.
    ///
    /// # Errors
    /// Where the kernel cannot be asked.
    pub fn delete(
        &mut self,
        prefix: IpNet,
        metric: u32,
        protocol: Option<u8>,
    ) -> io::Result<Result<(), Refused>> {
        let route = KernelRoute {
            prefix,
            metric,
            // RTPROT_UNSPEC: whichever.
            protocol: protocol.unwrap_or(0),
            scope: 0,
            forwarding: KernelForwarding::Blackhole,
            source: None,
            object: None,
        };
        self.operate(&Operation::Remove(route), Asked::Remove, 0)
    }

    /// Asks for anything else.
    ///
    /// # Errors
    /// Where the kernel cannot be asked.
    pub fn ask(&mut self, message: RouteNetlinkMessage, flags: u16) -> io::Result<Result<(), Refused>> {
        let mut request = Vec::new();
        encode::append(&mut request, message, NLM_F_REQUEST | NLM_F_ACK | flags, self.next_sequence());
        Ok(self.exchange(&request)?.result(Asked::Remove))
    }

    /// Every interface, address, object and route.
    ///
    /// # Errors
    /// Where the kernel cannot be asked, or refuses.
    pub fn read(&mut self) -> io::Result<Vec<Seen>> {
        let mut listed = Vec::new();
        for list in [List::Links, List::Addresses, List::Objects, List::Ipv4Routes, List::Ipv6Routes] {
            let sequence = self.next_sequence();
            self.socket.send(&encode::list(list, TABLE, sequence), 0)?;
            while self.receive(sequence, &mut listed)?.is_none() {}
        }
        Ok(listed)
    }

    /// The events so far.
    ///
    /// # Errors
    /// Where events were lost.
    pub fn heard(&mut self) -> io::Result<Vec<Seen>> {
        self.socket.set_non_blocking(true)?;
        let drained = loop {
            match self.receive(0, &mut Vec::new()) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => break Ok(()),
                Err(error) => break Err(error),
            }
        };
        self.socket.set_non_blocking(false)?;
        drained.map(|()| std::mem::take(&mut self.heard))
    }

    fn operate(
        &mut self,
        operation: &Operation,
        asked: Asked,
        flags: u16,
    ) -> io::Result<Result<(), Refused>> {
        let mut request = Vec::new();
        encode::operation(&mut request, operation, TABLE, self.next_sequence());
        let flags = (NLM_F_REQUEST | NLM_F_ACK | flags).to_ne_bytes();
        request.iter_mut().skip(FLAGS_AT).zip(flags).for_each(|(octet, flag)| *octet = flag);
        Ok(self.exchange(&request)?.result(asked))
    }

    fn exchange(&mut self, request: &[u8]) -> io::Result<Answer> {
        self.socket.send(request, 0)?;
        loop {
            if let Some(answer) = self.receive(self.sequence, &mut Vec::new())? {
                return Ok(answer);
            }
        }
    }

    /// Takes in one datagram: gives the answer to `sequence` if it is there.
    fn receive(&mut self, sequence: u32, listed: &mut Vec<Seen>) -> io::Result<Option<Answer>> {
        let mut datagram = Vec::with_capacity(DATAGRAM);
        self.socket.recv(&mut datagram, 0)?;
        let mut answer = None;
        for (header, payload) in decode::messages(&datagram) {
            let asked = sequence != 0 && header.sequence == sequence;
            let is_listed = asked && header.flags & NLM_F_MULTIPART != 0;
            match header.kind {
                decode::NLMSG_ERROR | decode::NLMSG_DONE => {
                    answer = answer.or_else(|| decode::answer(&header, payload).filter(|_| asked));
                }
                decode::RTM_NEWROUTE if is_listed => listed.extend(route(payload, TABLE).map(Seen::Listed)),
                _ if is_listed => listed.extend(keeper::seen(&header, payload, TABLE)),
                _ => self.heard.extend(keeper::seen(&header, payload, TABLE)),
            }
        }
        Ok(answer)
    }

    fn next_sequence(&mut self) -> u32 {
        self.sequence += 1;
        self.sequence
    }
}

const TABLE: u32 = 254;
const DATAGRAM: usize = 64 << 10;
/// Where the flags are in a message header.
const FLAGS_AT: usize = 6;

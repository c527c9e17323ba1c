//! One session of the crowd: a socket that never blocks, bgp-core's session until routes flow, octets after.

use std::collections::VecDeque;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::os::fd::{AsFd, BorrowedFd};

use bgp_core::peer::PeerAsn;
use bgp_core::session::{Local, Session, Signal};
use bgp_core::wire::{AddPathMode, frame};
use bgp_core::{Asn, Family, Instant, RouterId};
use bytes::{Buf, Bytes};
use socket2::{Domain, Socket, Type};

use super::register::Register;
use super::sink::Sink;

/// Who one of the crowd is.
#[derive(Clone, Debug)]
pub struct Who {
    /// Its address, which is its identifier too.
    pub address: Ipv4Addr,
    /// Its AS.
    pub asn: Asn,
    /// The daemon's AS.
    pub daemon: Asn,
    /// It wants to hear additional paths.
    pub add_path: bool,
    /// Proposed hold time, seconds.
    pub hold_time: u16,
    /// The kernel's buffer for what it receives, octets; `None` for the usual.
    pub window: Option<usize>,
}

/// One of the crowd.
#[derive(Debug)]
pub struct Client {
    who: Who,
    connection: Option<Connection>,
    /// Said as soon as the session is Established.
    greeting: Vec<Bytes>,
    /// Where routes go that it hears; one that only speaks has none.
    pub sink: Option<Sink>,
    /// Octets received.
    pub received: u64,
}

#[derive(Debug)]
struct Connection {
    stream: TcpStream,
    session: Session,
    stage: Stage,
    /// The beginning of a message.
    rest: Vec<u8>,
    outgoing: VecDeque<Bytes>,
}

/// How far a connection has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// There is none.
    Absent,
    /// The SYN is out.
    Connecting,
    /// OPENs are exchanged.
    Opening,
    /// Routes flow.
    Established,
}

impl Client {
    /// Not connected.
    #[must_use]
    pub const fn new(who: Who, sink: Option<Sink>, greeting: Vec<Bytes>) -> Self {
        Self { who, connection: None, greeting, sink, received: 0 }
    }

    /// Who it is.
    #[must_use]
    pub const fn who(&self) -> &Who {
        &self.who
    }

    /// How far it has come.
    #[must_use]
    pub fn stage(&self) -> Stage {
        self.connection.as_ref().map_or(Stage::Absent, |connection| connection.stage)
    }

    /// Whether it holds all it shall hold; one that only speaks always does.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.sink.as_ref().is_none_or(Sink::is_complete)
    }

    /// Whether octets wait for room in the socket.
    pub(super) fn wants_to_write(&self) -> bool {
        let waits = |connection: &Connection| {
            connection.stage == Stage::Connecting || !connection.outgoing.is_empty()
        };
        self.connection.as_ref().is_some_and(waits)
    }

    pub(super) fn socket(&self) -> Option<BorrowedFd<'_>> {
        self.connection.as_ref().map(|connection| connection.stream.as_fd())
    }

    /// Sends a SYN.
    pub(super) fn connect(&mut self, to: SocketAddr, now: Instant) -> io::Result<()> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM.nonblocking(), None)?;
        socket.set_reuse_address(true)?;
        socket.set_tcp_nodelay(true)?;
        if let Some(window) = self.who.window {
            socket.set_recv_buffer_size(window)?;
        }
        socket.bind(&SocketAddr::new(self.who.address.into(), 0).into())?;
        match socket.connect(&to.into()) {
            Err(error) if error.raw_os_error() != Some(nix::libc::EINPROGRESS) => return Err(error),
            Ok(()) | Err(_) => {}
        }
        self.connection = Some(Connection {
            stream: socket.into(),
            session: Session::new(self.local(), now),
            stage: Stage::Connecting,
            rest: Vec::new(),
            outgoing: VecDeque::new(),
        });
        Ok(())
    }

    /// Gives the connection up, without a word.
    pub(super) fn abandon(&mut self) {
        self.connection = None;
    }

    /// Queues octets of whole messages.
    pub(super) fn say(&mut self, buffers: &[Bytes]) {
        if let Some(connection) = &mut self.connection {
            connection.outgoing.extend(buffers.iter().cloned());
        }
    }

    fn local(&self) -> Local {
        Local {
            families: Family::UNICAST.to_vec(),
            add_path: self.who.add_path.then_some(AddPathMode::Receive),
            hold_time: self.who.hold_time,
            ..Local::new(self.who.asn, RouterId(self.who.address), PeerAsn::Exactly(self.who.daemon))
        }
    }

    /// Writes what there is room for.
    pub(super) fn write(&mut self, now: Instant) -> io::Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        if connection.stage == Stage::Connecting {
            if let Some(error) = connection.stream.take_error()? {
                return Err(error);
            }
            connection.stage = Stage::Opening;
        }
        connection.session.handle_timeout(now);
        connection.outgoing.extend(std::iter::from_fn(|| connection.session.poll_transmit()));
        connection.flush()
    }

    /// Reads what is there, up to the size of `buffer`.
    pub(super) fn read(&mut self, buffer: &mut [u8], register: &Register, now: Instant) -> io::Result<()> {
        let Some(connection) = &mut self.connection else { return Ok(()) };
        let kept = connection.rest.len();
        buffer[..kept].copy_from_slice(&connection.rest);
        let read = match connection.stream.read(&mut buffer[kept..]) {
            Ok(0) => {
                return Err(io::Error::new(ErrorKind::UnexpectedEof, "the daemon closed the connection"));
            }
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        self.received += read as u64;
        let (mut octets, mut updated) = (&buffer[..kept + read], false);
        loop {
            if let (Stage::Established, Some(sink)) = (connection.stage, &mut self.sink) {
                let known = sink.follow(octets);
                octets = &octets[known..];
                updated |= known > 0;
            }
            let Some(length) = frame(octets, MESSAGE).map_err(io::Error::other)? else { break };
            let (message, rest) = octets.split_at(length);
            octets = rest;
            match (message[TYPE_AT], &mut self.sink) {
                (UPDATE, sink) if connection.stage == Stage::Established => {
                    updated = true;
                    let made_sense = sink.as_mut().is_none_or(|sink| sink.take(message, register).is_some());
                    if !made_sense {
                        return Err(io::Error::other("an UPDATE makes no sense"));
                    }
                }
                (_, sink) => connection.hear(message, sink.as_mut(), &self.greeting, now)?,
            }
        }
        if updated {
            // To the session's hold timer an UPDATE is what a KEEPALIVE is, and it is read only once.
            connection.session.receive(&keepalive(), now);
        }
        connection.rest.clear();
        connection.rest.extend_from_slice(octets);
        if connection.session.is_ready() { self.write(now) } else { Ok(()) }
    }
}

impl Connection {
    /// A message that is none of the stream of UPDATEs.
    fn hear(
        &mut self,
        message: &[u8],
        mut sink: Option<&mut Sink>,
        greeting: &[Bytes],
        now: Instant,
    ) -> io::Result<()> {
        self.session.receive(message, now);
        while let Some(signal) = self.session.poll_signal() {
            match signal {
                Signal::Down(down) => return Err(io::Error::other(down.to_string())),
                Signal::Established(agreed) => {
                    self.stage = Stage::Established;
                    if let Some(sink) = &mut sink {
                        sink.begin(!agreed.dialect.add_path_receive.is_empty());
                    }
                    if !agreed.dialect.four_octet_as {
                        return Err(io::Error::other("the daemon knows no AS numbers of four octets"));
                    }
                    self.outgoing.extend(std::iter::from_fn(|| self.session.poll_transmit()));
                    self.outgoing.extend(greeting.iter().cloned());
                }
                Signal::Opened(_) | Signal::Update(_) | Signal::Refresh(_) => {}
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        while !self.outgoing.is_empty() {
            let slices: Vec<IoSlice<'_>> =
                self.outgoing.iter().take(SLICES).map(|octets| IoSlice::new(octets)).collect();
            let mut written = match self.stream.write_vectored(&slices) {
                Ok(written) => written,
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error),
            };
            while let Some(first) = self.outgoing.front_mut() {
                let part = written.min(first.len());
                first.advance(part);
                written -= part;
                if !first.is_empty() {
                    break;
                }
                self.outgoing.pop_front();
            }
        }
        Ok(())
    }
}

const fn keepalive() -> [u8; HEADER] {
    let mut message = [0xff; HEADER];
    (message[HEADER - 3], message[HEADER - 2], message[TYPE_AT]) = (0, HEADER as u8, KEEPALIVE);
    message
}

/// Buffers in one write.
const SLICES: usize = 64;
/// The largest message, extended ones included.
pub(super) const MESSAGE: usize = 65535;
/// Octets of a message's header.
pub(super) const HEADER: usize = 19;
const TYPE_AT: usize = 18;
const UPDATE: u8 = 2;
const KEEPALIVE: u8 = 4;

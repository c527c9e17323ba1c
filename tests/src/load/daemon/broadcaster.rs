//! The floor: what kernel and crowd can do with no routing in between. It answers OPENs, and sends everybody the
//! UPDATEs that came from somebody else, octet by octet, from one shared log.

use std::collections::VecDeque;
use std::env;
use std::fs;
use std::io::{self, ErrorKind, IoSlice, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::fd::AsFd;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant as Wall};

use bgp_core::peer::PeerAsn;
use bgp_core::session::{Local, Session};
use bgp_core::wire::frame;
use bgp_core::{Instant, RouterId};
use bytes::{Bytes, BytesMut};
use nix::sys::epoll::{Epoll, EpollCreateFlags, EpollEvent, EpollFlags, EpollTimeout};
use socket2::{Domain, Socket, Type};

use super::{ASN, FILE, Setup};
use crate::failure::{Doing, Failure};
use crate::load::network::{DAEMON, PORT};

/// This program once more.
pub(super) fn command(folder: &Path) -> Command {
    let mut command = Command::new(env::current_exe().unwrap_or_default());
    command.arg("broadcaster").arg(folder.join(FILE));
    command
}

/// All it has to know: what it pretends to be.
pub(super) fn configuration(setup: &Setup) -> String {
    if setup.reflects() { INTERNAL.to_owned() } else { "external".to_owned() }
}

/// Broadcasts for ever, configured by `file`.
///
/// # Errors
/// When it cannot listen.
pub fn broadcast(file: &Path) -> Result<(), Failure> {
    let shape = fs::read_to_string(file).doing("read the configuration")?;
    let expected = if shape == INTERNAL { PeerAsn::Internal } else { PeerAsn::External };
    let mut broadcaster = Broadcaster::listen(expected).doing("listen")?;
    loop {
        broadcaster.turn().doing("wait for sockets")?;
    }
}

struct Broadcaster {
    listener: TcpListener,
    expected: PeerAsn,
    epoll: Epoll,
    peers: Vec<Option<Peer>>,
    /// What was said, and by whom.
    log: Vec<(usize, Bytes)>,
    buffer: Vec<u8>,
    epoch: Wall,
    swept: Wall,
}

struct Peer {
    stream: TcpStream,
    session: Session,
    rest: Vec<u8>,
    /// Messages of the session's own.
    own: VecDeque<Bytes>,
    /// How much of the log it has got, and of the entry there.
    entry: usize,
    offset: usize,
    blocked: bool,
}

const INTERNAL: &str = "internal";
const LISTENER: u64 = u64::MAX;

impl Broadcaster {
    fn listen(expected: PeerAsn) -> io::Result<Self> {
        let socket = Socket::new(Domain::IPV4, Type::STREAM.nonblocking(), None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&SocketAddr::new(DAEMON.into(), PORT).into())?;
        socket.listen(4096)?;
        let listener = TcpListener::from(socket);
        let epoll = Epoll::new(EpollCreateFlags::EPOLL_CLOEXEC)?;
        epoll.add(&listener, EpollEvent::new(EpollFlags::EPOLLIN, LISTENER))?;
        let (peers, log, buffer) = (Vec::new(), Vec::new(), vec![0; 1 << 19]);
        Ok(Self { listener, expected, epoll, peers, log, buffer, epoch: Wall::now(), swept: Wall::now() })
    }

    fn turn(&mut self) -> io::Result<()> {
        let mut events = [EpollEvent::empty(); 256];
        let count = self.epoll.wait(&mut events, EpollTimeout::from(250_u16))?;
        let before = self.log.len();
        for event in &events[..count] {
            match event.data() {
                LISTENER => self.accept()?,
                number => self.attend(number as usize, event.events()),
            }
        }
        if self.log.len() > before || self.swept.elapsed() > Duration::from_secs(1) {
            self.swept = Wall::now();
            for number in 0..self.peers.len() {
                self.write(number);
            }
        }
        Ok(())
    }

    fn now(&self) -> Instant {
        Instant::from_micros(self.epoch.elapsed().as_micros() as u64)
    }

    fn accept(&mut self) -> io::Result<()> {
        while let Ok((stream, _)) = self.listener.accept() {
            stream.set_nonblocking(true)?;
            stream.set_nodelay(true)?;
            let number = self.peers.len();
            self.epoll.add(stream.as_fd(), EpollEvent::new(EpollFlags::EPOLLIN, number as u64))?;
            let local = Local::new(ASN, RouterId(DAEMON), self.expected);
            self.peers.push(Some(Peer {
                stream,
                session: Session::new(local, self.now()),
                rest: Vec::new(),
                own: VecDeque::new(),
                entry: 0,
                offset: 0,
                blocked: false,
            }));
            self.write(number);
        }
        Ok(())
    }

    fn attend(&mut self, number: usize, events: EpollFlags) {
        if events.intersects(EpollFlags::EPOLLIN | EpollFlags::EPOLLHUP | EpollFlags::EPOLLERR)
            && self.read(number).is_err()
        {
            self.peers[number] = None;
            return;
        }
        if events.contains(EpollFlags::EPOLLOUT) {
            self.write(number);
        }
    }

    fn read(&mut self, number: usize) -> io::Result<()> {
        let now = self.now();
        let Some(peer) = &mut self.peers[number] else { return Ok(()) };
        let kept = peer.rest.len();
        self.buffer[..kept].copy_from_slice(&peer.rest);
        let read = match peer.stream.read(&mut self.buffer[kept..]) {
            Ok(0) => return Err(ErrorKind::UnexpectedEof.into()),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
            Err(error) => return Err(error),
        };
        let (mut octets, mut news) = (&self.buffer[..kept + read], BytesMut::new());
        while let Some(length) = frame(octets, u16::MAX.into()).map_err(io::Error::other)? {
            let (message, rest) = octets.split_at(length);
            octets = rest;
            match message.get(18) {
                Some(2) if !is_end_of_rib(message) => news.extend_from_slice(message),
                _ => peer.session.receive(message, now),
            }
        }
        peer.rest = octets.to_vec();
        if !news.is_empty() {
            self.log.push((number, news.freeze()));
        }
        self.write(number);
        Ok(())
    }

    /// Writes what a peer has not got, until it takes no more.
    fn write(&mut self, number: usize) {
        let now = self.now();
        let Some(peer) = &mut self.peers[number] else { return };
        let blocked = peer.advance(number, &self.log, now);
        if blocked == peer.blocked {
            return;
        }
        peer.blocked = blocked;
        let mut flags = EpollFlags::EPOLLIN;
        flags.set(EpollFlags::EPOLLOUT, blocked);
        // Fails only for a socket that is not there, and that one is.
        let _ = self.epoll.modify(peer.stream.as_fd(), &mut EpollEvent::new(flags, number as u64));
    }
}

/// It ends the first transfer of its sender alone. It is the shortest UPDATE of its family; one that withdraws a
/// single prefix is not much longer.
fn is_end_of_rib(message: &[u8]) -> bool {
    const HEADER: usize = 19;
    const LONGEST: usize = 30;
    message.len() <= LONGEST && message.get(HEADER..HEADER + 2) == Some(&[0, 0])
}

impl Peer {
    /// Whether the socket is full.
    fn advance(&mut self, number: usize, log: &[(usize, Bytes)], now: Instant) -> bool {
        self.session.handle_timeout(now);
        if self.offset == 0 {
            self.own.extend(std::iter::from_fn(|| self.session.poll_transmit()));
        }
        loop {
            let before = if self.session.is_established() { log.len() } else { self.entry };
            let said = log.get(self.entry..before).unwrap_or(&[]).iter().filter(|(by, _)| *by != number);
            let rest = said
                .enumerate()
                .map(|(place, (_, octets))| &octets[if place == 0 { self.offset } else { 0 }..]);
            let own = self.own.iter().map(|octets| &octets[..]);
            // What is begun is finished first.
            let slices: Vec<IoSlice<'_>> = match self.offset {
                0 => own.chain(rest).take(64).map(IoSlice::new).collect(),
                _ => rest.take(64).map(IoSlice::new).collect(),
            };
            if slices.is_empty() {
                self.entry = before;
                return false;
            }
            match self.stream.write_vectored(&slices) {
                Ok(written) => self.wrote(written, number, log),
                Err(error) => return error.kind() == ErrorKind::WouldBlock,
            }
        }
    }

    fn wrote(&mut self, mut written: usize, number: usize, log: &[(usize, Bytes)]) {
        if self.offset == 0 {
            while let Some(own) = self.own.front_mut() {
                let part = written.min(own.len());
                bytes::Buf::advance(own, part);
                written -= part;
                if !own.is_empty() {
                    return;
                }
                self.own.pop_front();
            }
        }
        while written > 0 {
            let (by, octets) = &log[self.entry];
            if *by == number {
                self.entry += 1;
                continue;
            }
            let part = written.min(octets.len() - self.offset);
            self.offset += part;
            written -= part;
            if self.offset == octets.len() {
                (self.entry, self.offset) = (self.entry + 1, 0);
            }
        }
    }
}

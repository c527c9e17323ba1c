//! One BGP session on a blocking socket, driven by hand.

use std::io::{self, ErrorKind, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::{Duration, Instant as Wall};

use bgp_core::Instant;
use bgp_core::session::{Local, Negotiated, Session, Signal};
use socket2::{Domain, Socket, Type};

/// A session with its socket.
#[derive(Debug)]
pub struct Link {
    stream: TcpStream,
    session: Session,
    epoch: Wall,
    chunk: Vec<u8>,
}

/// What a wait ended with.
#[derive(Debug)]
pub enum Heard {
    /// Signals, in order; maybe none.
    Signals(Vec<Signal>),
    /// The session is over.
    Over(String),
}

impl Link {
    /// Connects from `from` to `to` and begins a session.
    ///
    /// # Errors
    /// What the sockets say.
    pub fn dial(from: SocketAddr, to: SocketAddr, local: Local) -> io::Result<Self> {
        let socket = Socket::new(Domain::for_address(to), Type::STREAM, None)?;
        socket.set_reuse_address(true)?;
        socket.bind(&from.into())?;
        socket.connect(&to.into())?;
        let epoch = Wall::now();
        let session = Session::new(local, Instant::ZERO);
        Ok(Self { stream: socket.into(), session, epoch, chunk: vec![0; 1 << 18] })
    }

    fn now(&self) -> Instant {
        Instant::from_micros(u64::try_from(self.epoch.elapsed().as_micros()).unwrap_or(u64::MAX))
    }

    /// What was agreed, once the session is Established.
    #[must_use]
    pub fn negotiated(&self) -> Option<&Negotiated> {
        self.session.negotiated().map(Arc::as_ref)
    }

    /// Sends octets of the caller's making.
    ///
    /// # Errors
    /// What the socket says.
    pub fn send(&mut self, octets: &[u8], messages: u64) -> io::Result<()> {
        self.stream.write_all(octets)?;
        let now = self.now();
        self.session.updated(messages, now);
        Ok(())
    }

    /// Reads what there is, for at most `patience`, and keeps the session alive.
    ///
    /// # Errors
    /// What the socket says.
    pub fn hear(&mut self, patience: Duration) -> io::Result<Heard> {
        self.flush()?;
        self.stream.set_read_timeout(Some(patience.max(Duration::from_millis(1))))?;
        let read = self.stream.read(&mut self.chunk);
        let now = self.now();
        match read {
            Ok(0) => self.session.lost(now),
            Ok(length) => self.session.receive(&self.chunk[..length], now),
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
            Err(error) => return Err(error),
        }
        self.session.handle_timeout(now);
        self.flush()?;
        let mut signals = Vec::new();
        while let Some(signal) = self.session.poll_signal() {
            if let Signal::Down(down) = signal {
                return Ok(Heard::Over(down.to_string()));
            }
            signals.push(signal);
        }
        Ok(Heard::Signals(signals))
    }

    /// Waits until the session is Established.
    ///
    /// # Errors
    /// When it ends, or does not come up in time.
    pub fn establish(&mut self, patience: Duration) -> io::Result<()> {
        let end = Wall::now() + patience;
        while !self.session.is_established() {
            if let Heard::Over(why) = self.hear(Duration::from_millis(50))? {
                return Err(io::Error::other(why));
            }
            if Wall::now() > end {
                return Err(io::Error::new(ErrorKind::TimedOut, "the session did not come up"));
            }
        }
        Ok(())
    }

    fn flush(&mut self) -> io::Result<()> {
        while let Some(octets) = self.session.poll_transmit() {
            self.stream.write_all(&octets)?;
        }
        Ok(())
    }
}

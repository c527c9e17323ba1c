//! The client's side of the control socket: one request, a stream of items.

use std::io::{self, BufRead, BufReader, Read, Write};
use std::os::unix::net::UnixStream;
use std::path::PathBuf;
use std::time::Duration;

use nix::sys::socket::getsockopt;
use nix::sys::socket::sockopt::PeerCredentials;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;

use crate::api::{Refusal, Reply, Request, VERSION, Verb};

/// Longest line of an answer; a page of routes with every attribute at its longest stays below.
const LINE: u64 = 64 * 1024 * 1024;

/// Where the daemon listens, and how long to wait for each line of its answer.
#[derive(Clone, Debug)]
pub(super) struct Client {
    /// The socket.
    pub(super) socket: PathBuf,
    /// The patience.
    pub(super) timeout: Duration,
}

/// Why there is no answer.
#[derive(Debug, thiserror::Error)]
pub(super) enum ClientError {
    /// Nobody is there.
    #[error("cannot reach the daemon at {}: {source}{}", socket.display(), hint(source))]
    Unreachable {
        /// The socket.
        socket: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It does not answer.
    #[error("the daemon has not answered within {}s", .0.as_secs_f32())]
    Timeout(Duration),
    /// It went away.
    #[error("the daemon has ended")]
    Ended,
    /// It answers with something else.
    #[error("the daemon's answer cannot be understood: {0}; are both of the same version?")]
    Garbled(String),
    /// It says no.
    #[error("{0}")]
    Refused(Refusal),
    /// A file that was to be sent cannot be read.
    #[error("cannot read {file}: {error}")]
    Unreadable {
        /// The file.
        file: String,
        /// Why.
        error: io::Error,
    },
    /// What was to be done with an item could not be.
    #[error("{0}")]
    Output(#[from] io::Error),
}

fn hint(error: &io::Error) -> &'static str {
    match error.kind() {
        io::ErrorKind::NotFound => " (is it running? --socket or CARACAL_SOCKET names another socket)",
        io::ErrorKind::ConnectionRefused => " (it has stopped and left its socket behind)",
        io::ErrorKind::PermissionDenied => " (the socket belongs to another user: try sudo)",
        _ => "",
    }
}

impl Client {
    /// Asks `verb` and hands every item of the answer to `each`.
    pub(super) fn ask<F>(&self, verb: Verb, each: F) -> Result<(), ClientError>
    where
        F: FnMut(Box<RawValue>) -> Result<(), ClientError>,
    {
        self.open()?.ask(verb, each)
    }

    /// Connects, for any number of questions.
    pub(super) fn open(&self) -> Result<Line<'_>, ClientError> {
        let stream = UnixStream::connect(&self.socket).map_err(|error| self.failed(error))?;
        stream.set_read_timeout(Some(self.timeout))?;
        stream.set_write_timeout(Some(self.timeout))?;
        Ok(Line { client: self, stream: BufReader::new(stream) })
    }

    fn failed(&self, error: io::Error) -> ClientError {
        match error.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::TimedOut => ClientError::Timeout(self.timeout),
            _ => ClientError::Unreachable { socket: self.socket.clone(), source: error },
        }
    }
}

/// A part of an answer.
#[derive(Debug)]
pub(super) enum Told {
    /// An item.
    Item(Box<RawValue>),
    /// Nothing of what is asked for has happened up to this event.
    Beat(String),
}

/// An open connection.
#[derive(Debug)]
pub(super) struct Line<'a> {
    client: &'a Client,
    stream: BufReader<UnixStream>,
}

impl Line<'_> {
    /// The process at the other end, where it is one of this host.
    pub(super) fn process(&self) -> Option<u32> {
        let credentials = getsockopt(self.stream.get_ref(), PeerCredentials).ok()?;
        u32::try_from(credentials.pid()).ok().filter(|id| *id != 0)
    }

    /// Asks `verb` and hands every item of the answer to `each`.
    pub(super) fn ask<F>(&mut self, verb: Verb, mut each: F) -> Result<(), ClientError>
    where
        F: FnMut(Box<RawValue>) -> Result<(), ClientError>,
    {
        self.follow(verb, |told| match told {
            Told::Item(item) => each(item),
            Told::Beat(_) => Ok(()),
        })
    }

    /// Asks `verb` and hands everything that is told to `each`.
    pub(super) fn follow<F>(&mut self, verb: Verb, mut each: F) -> Result<(), ClientError>
    where
        F: FnMut(Told) -> Result<(), ClientError>,
    {
        self.send(verb)?;
        loop {
            let reply = self.receive()?;
            reply.items.into_iter().map(Told::Item).try_for_each(&mut each)?;
            reply.read_until.map(Told::Beat).into_iter().try_for_each(&mut each)?;
            if let Some(refusal) = reply.error {
                return Err(ClientError::Refused(refusal));
            }
            if reply.done {
                return Ok(());
            }
        }
    }

    /// Asks what has a list for an answer.
    pub(super) fn list<T: DeserializeOwned>(&mut self, verb: Verb) -> Result<Vec<T>, ClientError> {
        let mut items = Vec::new();
        self.ask(verb, |raw| {
            items.push(understood(&raw)?);
            Ok(())
        })?;
        Ok(items)
    }

    /// Asks what has one item for an answer.
    pub(super) fn one<T: DeserializeOwned>(&mut self, verb: Verb) -> Result<T, ClientError> {
        let mut item = None;
        self.ask(verb, |raw| {
            item = Some(raw);
            Ok(())
        })?;
        understood(&item.ok_or_else(|| ClientError::Garbled("it says nothing".to_owned()))?)
    }

    fn send(&mut self, verb: Verb) -> Result<(), ClientError> {
        let request = Request { v: VERSION, verb };
        let mut line = serde_json::to_vec(&request).map_err(io::Error::from)?;
        line.push(b'\n');
        self.stream.get_mut().write_all(&line).map_err(|error| self.client.failed(error))
    }

    fn receive(&mut self) -> Result<Reply, ClientError> {
        let mut line = Vec::new();
        let read = self.stream.by_ref().take(LINE).read_until(b'\n', &mut line);
        if read.map_err(|error| self.client.failed(error))? == 0 {
            return Err(ClientError::Ended);
        }
        let reply: Reply =
            serde_json::from_slice(&line).map_err(|error| ClientError::Garbled(error.to_string()))?;
        if reply.v != VERSION {
            return Err(ClientError::Garbled(format!("it speaks version {}, this is {VERSION}", reply.v)));
        }
        Ok(reply)
    }
}

/// What an item says.
pub(super) fn understood<T: DeserializeOwned>(item: &RawValue) -> Result<T, ClientError> {
    serde_json::from_str(item.get()).map_err(|error| ClientError::Garbled(error.to_string()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_daemon_that_is_not_there_is_reported_with_its_socket() {
        let socket = PathBuf::from("/nonexistent/caracal.sock");
        let client = Client { socket, timeout: Duration::from_secs(1) };
        let error = client.ask(Verb::Status, |_| Ok(())).expect_err("nobody listens there");
        assert!(matches!(error, ClientError::Unreachable { .. }));
        assert!(error.to_string().contains("/nonexistent/caracal.sock"), "{error}");
        assert!(error.to_string().contains("is it running?"), "{error}");
    }

    #[test]
    fn a_daemon_that_says_nothing_is_a_time_out() {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("s");
        let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
        let client = Client { socket, timeout: Duration::from_millis(10) };
        let error = client.ask(Verb::Status, |_| Ok(())).expect_err("nobody answers");
        assert!(matches!(error, ClientError::Timeout(_)));
    }
}

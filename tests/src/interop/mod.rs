//! Real daemons on both ends of a real session.
//!
//! Each daemon is a [`Speaker`]: it can be told a session and routes, and asked what it learned. Ours is one of
//! them, so that what is demanded of us is demanded in the same words of everybody.

pub mod bird;
pub mod caracal;
pub mod exabgp;
pub mod exchange;
pub mod frr;
pub mod gobgp;
mod mrt;
pub mod network;
pub mod openbgpd;
pub mod reflecting;
pub mod restart;
pub mod route;

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::process::Command;

use crate::failure::{Doing, Failure};
use crate::kernel::Ip;
use crate::netns::Netns;
use crate::sandbox::SCRATCH;

use route::{Path, Table};

/// One end of a session.
#[derive(Clone, Debug)]
pub struct End {
    /// The namespace it lives in, which also names its files.
    pub name: &'static str,
    /// Its AS.
    pub asn: u32,
    /// Its IPv4 address, which is its identifier too.
    pub v4: Ipv4Addr,
    /// Its IPv6 address.
    pub v6: Ipv6Addr,
}

/// A session as one of its ends sees it.
#[derive(Clone, Debug)]
pub struct Session {
    /// This end.
    pub local: End,
    /// The other end.
    pub remote: End,
    /// Who opens the connection.
    pub dial: Dial,
    /// What the connection runs over.
    pub carrier: Ip,
    /// Whose routes it carries.
    pub families: Vec<Ip>,
    /// Whether paths carry identifiers, both ways.
    pub add_path: bool,
    /// The TCP MD5 key.
    pub password: Option<&'static str>,
    /// The most hops from which GTSM accepts packets.
    pub ttl_security: Option<u8>,
    /// How many hops packets must survive.
    pub hops: u8,
    /// What both ends say about restarts.
    pub restarts: Restarts,
}

/// What an end says about its restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Restarts {
    /// Whatever it says by default.
    Usual,
    /// It preserves what it forwards, and takes its time.
    Graceful,
    /// After [`RESTART_TIME`] its routes are long-lived stale.
    LongLived,
}

/// How long the restart of an end with long-lived routes may take until they are stale, seconds.
pub const RESTART_TIME: u32 = 2;
/// How long they may be that, seconds.
pub const STALE_TIME: u32 = 600;

/// Who opens the connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Dial {
    /// This end.
    Out,
    /// The other end.
    In,
}

impl End {
    /// The address of one family.
    pub fn address(&self, ip: Ip) -> IpAddr {
        match ip {
            Ip::V4 => self.v4.into(),
            Ip::V6 => self.v6.into(),
        }
    }

    /// A file of this end's own.
    pub fn file(&self, extension: &str) -> PathBuf {
        PathBuf::from(format!("{SCRATCH}/{}.{extension}", self.name))
    }
}

impl Session {
    /// A session between neighbours on one cable, of one AS, without extras.
    pub fn plain(local: End, remote: End, dial: Dial, carrier: Ip, families: &[Ip]) -> Self {
        Self {
            local,
            remote,
            dial,
            carrier,
            families: families.to_vec(),
            add_path: false,
            password: None,
            ttl_security: None,
            hops: 1,
            restarts: Restarts::Usual,
        }
    }

    /// The same session from the other end.
    pub fn reversed(&self) -> Self {
        Self {
            local: self.remote.clone(),
            remote: self.local.clone(),
            dial: match self.dial {
                Dial::Out => Dial::In,
                Dial::In => Dial::Out,
            },
            ..self.clone()
        }
    }

    /// The addresses of the connection, ours first.
    pub fn addresses(&self) -> (IpAddr, IpAddr) {
        (self.local.address(self.carrier), self.remote.address(self.carrier))
    }

    /// What a path of ours becomes on its way to the other end.
    pub fn in_transit(&self, path: Path) -> Path {
        if self.is_internal() {
            return self.comparable(path);
        }
        let mut as_path = vec![self.local.asn];
        as_path.extend(&path.as_path);
        self.comparable(Path { as_path, ..path })
    }

    /// A path without what daemons fill or show as they like: a MED of zero, which some do not tell from none, and
    /// on external sessions MED and LOCAL_PREF.
    pub fn comparable(&self, path: Path) -> Path {
        match self.is_internal() {
            true => Path { med: path.med.filter(|med| *med != 0), ..path },
            false => Path { local_preference: None, med: None, ..path },
        }
    }

    /// Whether both ends are of one AS.
    pub fn is_internal(&self) -> bool {
        self.local.asn == self.remote.asn
    }
}

/// A BGP daemon that tests can run.
pub trait Speaker {
    /// What it is called.
    fn name(&self) -> &'static str;

    /// Starts it in a namespace with one session and some routes of its own.
    fn start(&mut self, place: &Netns, session: &Session, routes: &Table) -> Result<(), Failure>;

    /// Replaces its routes while it runs.
    fn replace(&mut self, session: &Session, routes: &Table) -> Result<(), Failure>;

    /// An error if it has died, or if the session is not up.
    fn check(&mut self, session: &Session) -> Result<(), Failure>;

    /// Kills it; [`start`](Self::start) may follow.
    fn crash(&mut self) -> Result<(), Failure> {
        Err(Failure::new("crash a daemon", format!("{} does not know how", self.name())))
    }

    /// What it learned over the session in one family.
    fn learned(&self, session: &Session, ip: Ip) -> Result<Table, Failure>;

    /// Ends the session for good, giving a reason.
    fn shut_down(&mut self, session: &Session, reason: &str) -> Result<(), Failure>;

    /// What it says about why the session is down.
    fn complaint(&self, session: &Session) -> Result<String, Failure>;

    /// The end of its log.
    fn last_words(&self) -> String;

    /// What becomes of a path that it is told to originate, where it cannot say everything.
    fn can_say(&self, path: Path) -> Path {
        path
    }
}

/// What a command prints, if it succeeds.
pub fn ask(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().display().to_string();
    let output = command.output().doing_with(|| format!("run {program}"))?;
    let text = String::from_utf8_lossy(&output.stdout).into_owned();
    if output.status.success() {
        return Ok(text);
    }
    let why = format!("{}: {}{text}", output.status, String::from_utf8_lossy(&output.stderr));
    Err(Failure::new(format!("ask {program}"), why))
}

//! A daemon that lets in whoever comes, and a crowd of internal peers, the first of which has a table to tell.

use std::net::Ipv4Addr;
use std::thread::JoinHandle;
use std::time::Duration;

use bgp_core::{Asn, Family};
use bytes::Bytes;

use crate::caracal;
use crate::failure::Failure;
use crate::load::client::{Client, Who};
use crate::load::crowd::Crowd;
use crate::load::feed::{self, Voice};
use crate::load::mark::Passage;
use crate::load::network::{self, DAEMON, NETWORK, PORT, address};
use crate::load::register::Register;
use crate::load::table::{Table, View};
use crate::process::Daemon;

/// What the daemon is called, and with it its socket and its files.
pub const NAME: &str = "gathering";

const ASN: Asn = Asn(64512);
/// How long anything may take on a busy machine.
pub const PATIENCE: Duration = Duration::from_secs(120);
/// How many connections are in the making at a time.
const WIDTH: usize = 8;

/// How the first peer speaks.
const VOICE: Voice = Voice { asn: ASN, address: FIRST, passage: Passage::Reflected };
/// Its address.
const FIRST: Ipv4Addr = Ipv4Addr::new(198, 18, 1, 1);

/// Daemon and crowd.
#[derive(Debug)]
pub struct Gathering {
    /// The daemon, in the sandbox's own namespace.
    pub daemon: Daemon,
    /// Its peers.
    pub crowd: Crowd,
    /// What the first of them has to tell.
    pub table: Table,
    feed: Vec<Bytes>,
}

impl Gathering {
    /// A peer for each of `hold_times`, in seconds, all sessions up, and nothing told. `more` are lines of the daemon's
    /// configuration.
    pub fn meet(more: &str, hold_times: &[u16], routes: usize) -> Result<Self, Failure> {
        Self::before(hold_times, routes, |_| start(more))
    }

    /// The same before any daemon, which `start` starts in the sandbox's own namespace for the table that will be told.
    pub fn before(
        hold_times: &[u16],
        routes: usize,
        start: impl FnOnce(&Table) -> Result<Daemon, Failure>,
    ) -> Result<Self, Failure> {
        network::prepare()?;
        network::allow_files(hold_times.len() as u64 + 256)?;
        let table = Table::generate(Family::IPV4, routes, 1, View::ONLY);
        let feed = VOICE.announcing(&table, 0);
        let clients = hold_times.iter().enumerate().map(|(number, time)| client(number, *time)).collect();
        let crowd = Crowd::new((DAEMON, PORT).into(), clients, Register::new(&table.prefixes))?;
        let daemon = start(&table)?;
        let mut gathering = Self { daemon, crowd, table, feed };
        gathering.crowd.connect(0..hold_times.len(), WIDTH);
        let all = |crowd: &Crowd| crowd.established == hold_times.len();
        gathering.crowd.until("all sessions", PATIENCE, all)?;
        Ok(gathering)
    }

    /// The first peer begins to tell its table.
    pub fn say(&mut self) {
        self.crowd.say(0, &[self.feed.as_slice(), &[feed::end(Family::IPV4)]].concat());
    }

    /// The first peer withdraws a set of its table.
    pub fn withdraw(&mut self, set: usize) {
        let octets = VOICE.withdrawing(&self.table, &self.table.sets[set]);
        self.crowd.say(0, &[octets]);
    }

    /// Lets the crowd go on until a task is done.
    pub fn attend<T>(&mut self, what: &str, task: JoinHandle<Result<T, Failure>>) -> Result<T, Failure> {
        self.crowd.until(what, PATIENCE, |_| task.is_finished())?;
        task.join().map_err(|_| Failure::new(what, "it panicked"))?
    }
}

/// Starts Caracal for a gathering; `more` are lines of its configuration.
pub fn start(more: &str) -> Result<Daemon, Failure> {
    caracal::start(NAME, None, &configuration(more))
}

fn client(number: usize, hold_time: u16) -> Client {
    let who =
        Who { address: address(number), asn: ASN, daemon: ASN, add_path: false, hold_time, window: None };
    Client::new(who, None, Vec::new())
}

fn configuration(more: &str) -> String {
    format!(
        "asn = {ASN}\nrouter_id = \"{DAEMON}\"\n[listen]\naddresses = [\"{DAEMON}\"]\nport = {PORT}\n\
         [kernel]\nenabled = false\n[[dynamic_peers]]\nprefix = \"{NETWORK}\"\nasn = {ASN}\nlimit = 2000\n{more}"
    )
}

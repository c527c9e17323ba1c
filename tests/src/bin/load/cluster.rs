//! A cluster forms around a reflector: every client speaks and listens, and the clock runs from the first SYN.

use std::time::{Duration, Instant};

use bgp_core::Family;
use bgp_core::wire::Attributes;
use ipnet::{IpNet, Ipv4Net};
use tests::failure::Failure;
use tests::load::client::{Client, Who};
use tests::load::crowd::Crowd;
use tests::load::daemon::{ASN, Neighbour, Running, Setup, Which};
use tests::load::feed::{Voice, end, holding};
use tests::load::ledger::Holding;
use tests::load::mark::Passage;
use tests::load::network::{DAEMON, PORT, address};
use tests::load::register::Register;
use tests::load::sink::Sink;
use tests::load::table::{Set, Table};

use crate::figures::{Clocks, Figures, Phase, mebibytes};
use crate::scene::{EIGHT, PATIENCE};

/// Eight connect at a time.
pub(crate) fn eight_at_a_time(figures: Figures, which: Which, clients: usize) -> Result<Figures, Failure> {
    Cluster::start(figures, which, clients, HOLD_TIME)?.form(EIGHT).map(|cluster| cluster.figures)
}

/// All connect at once.
pub(crate) fn at_once(figures: Figures, which: Which, clients: usize) -> Result<Figures, Failure> {
    Cluster::start(figures, which, clients, HOLD_TIME)?.form(clients).map(|cluster| cluster.figures)
}

/// All connect at once; then all routes of all clients change, and once more, until three hold times have passed.
/// A session that ends meanwhile is counted and not opened again.
pub(crate) fn never_resting(
    figures: Figures,
    which: Which,
    clients: usize,
    hold_time: u16,
) -> Result<Figures, Failure> {
    let mut cluster = Cluster::start(figures, which, clients, hold_time)?;
    // As long as a kernel goes on sending SYNs.
    cluster.crowd.be_patient(Duration::from_secs(127));
    let mut cluster = cluster.form(clients)?;
    let (start, lasting) = (Instant::now(), 3 * Duration::from_secs(hold_time.into()));
    let clocks = Clocks::start(cluster.running.usage()?)?;
    let mut rounds = 0;
    while rounds == 0 || start.elapsed() < lasting {
        rounds += 1;
        cluster.change_all()?;
    }
    let stopped = clocks.stop(Instant::now())?;
    let phase = cluster.settle(|usage| stopped.phase("all routes anew, again and again", usage))?;
    cluster.figures.remark = Some(format!("{rounds} times anew within {:.0} s", phase.seconds));
    cluster.figures.phases.push(phase);
    cluster.figures.lost_sessions = cluster.crowd.lost.len();
    cluster.figures.peak_mebibytes = mebibytes(cluster.running.usage()?.peak_memory);
    Ok(cluster.figures)
}

/// Once it has formed, nothing happens for some seconds.
pub(crate) fn idle(figures: Figures, which: Which, clients: usize, seconds: u64) -> Result<Figures, Failure> {
    let mut cluster = Cluster::start(figures, which, clients, HOLD_TIME)?.form(EIGHT)?;
    let clocks = Clocks::start(cluster.running.usage()?)?;
    let (start, lasting) = (Instant::now(), Duration::from_secs(seconds));
    while start.elapsed() < lasting {
        cluster.crowd.turn(Duration::from_millis(100))?;
    }
    let phase = clocks.stop(Instant::now())?.phase("idle", cluster.running.usage()?);
    cluster.figures.remark = Some(format!("{:.3} CPU s a minute", phase.cpu_seconds * 60.0 / phase.seconds));
    cluster.figures.phases.push(phase);
    cluster.figures.lost_sessions = cluster.crowd.lost.len();
    Ok(cluster.figures)
}

struct Cluster {
    figures: Figures,
    running: Running,
    crowd: Crowd,
    voices: Vec<Voice>,
    table: Table,
    /// What of the others' routes each hears, by number of prefix.
    marks: Vec<u32>,
}

impl Cluster {
    fn start(mut figures: Figures, which: Which, clients: usize, hold_time: u16) -> Result<Self, Failure> {
        let table = blocks(clients);
        let voices: Vec<Voice> = (0..clients).map(voice).collect();
        let marks = marks(&voices, &table);
        let all = holding(&marks);
        let members = voices.iter().zip(&table.sets).map(|(voice, set)| {
            let own = set.members.start as u32..set.members.end as u32;
            let sink = Sink::alone(Passage::Reflected, marks.len(), own);
            let greeting = vec![voice.announcing_set(&table, set), end(Family::IPV4)];
            let mut client = Client::new(who(voice, hold_time), Some(sink), greeting);
            want(&mut client, others(all, set, &marks));
            client
        });
        let members: Vec<Client> = members.collect();
        let setup = Setup {
            passage: Passage::Reflected,
            peers: voices
                .iter()
                .map(|voice| Neighbour { address: voice.address, asn: ASN, listens: true })
                .collect(),
            add_path: false,
            tag: None,
            hold_time,
        };
        let crowd = Crowd::new((DAEMON, PORT).into(), members, Register::new(&table.prefixes))?;
        let running = Running::start(which, &setup)?;
        figures.start_mebibytes = mebibytes(running.usage()?.memory);
        Ok(Self { figures, running, crowd, voices, table, marks })
    }

    fn form(mut self, width: usize) -> Result<Self, Failure> {
        let all = self.crowd.clients().len();
        let (clocks, start) = (Clocks::start(self.running.usage()?)?, Instant::now());
        self.crowd.connect(0..all, width);
        let up = self.crowd.until("all sessions", PATIENCE, |crowd| crowd.established == all)?;
        self.figures.sessions_seconds = up.duration_since(start).as_secs_f64();
        let done = self.crowd.until("every client's table", PATIENCE, |crowd| crowd.complete == all)?;
        let stopped = clocks.stop(done)?;
        let phase = self.settle(|usage| stopped.phase("formed", usage))?;
        self.figures.phases.push(phase);
        self.crowd.until("every client's table again", PATIENCE, |crowd| crowd.complete == all)?;
        self.count()?;
        Ok(self)
    }

    /// Every client announces all its routes anew, and every other hears of it.
    fn change_all(&mut self) -> Result<(), Failure> {
        self.table = self.table.reconsidered(1);
        self.marks = marks(&self.voices, &self.table);
        let all = holding(&self.marks);
        for (number, set) in self.table.sets.iter().enumerate() {
            self.crowd.change(number, |client| want(client, others(all, set, &self.marks)));
        }
        for (number, (voice, set)) in self.voices.iter().zip(&self.table.sets).enumerate() {
            self.crowd.say(number, &[voice.announcing_set(&self.table, set)]);
        }
        let wanted = self.voices.len();
        self.crowd
            .until("every client's table anew", PATIENCE, |crowd| crowd.complete + crowd.lost.len() >= wanted)
            .map(|_| ())
    }

    /// Lets the crowd turn until the daemon has come to rest.
    fn settle(&mut self, phase: impl FnOnce(tests::load::usage::Usage) -> Phase) -> Result<Phase, Failure> {
        loop {
            let (start, before) = (Instant::now(), self.running.usage()?.cpu);
            while start.elapsed() < Duration::from_millis(100) {
                self.crowd.turn(Duration::from_millis(10))?;
            }
            let usage = self.running.usage()?;
            if usage.cpu.saturating_sub(before) < start.elapsed() / 20 {
                return Ok(phase(usage));
            }
        }
    }

    fn count(&mut self) -> Result<(), Failure> {
        let clients = self.crowd.clients();
        let sinks = || clients.iter().filter_map(|client| client.sink.as_ref());
        let announced: u64 = sinks().map(|sink| sink.tally().announced).sum();
        self.figures.octets = clients.iter().map(|client| client.received).sum();
        self.figures.updates = sinks().map(|sink| sink.tally().updates).sum();
        self.figures.announcements_per_prefix =
            announced as f64 / (clients.len() * clients.len() * BLOCKS) as f64;
        self.figures.lost_sessions = self.crowd.lost.len();
        self.figures.peak_mebibytes = mebibytes(self.running.usage()?.peak_memory);
        Ok(())
    }
}

/// Four /26 a client, as Calico gives them to nodes.
fn blocks(clients: usize) -> Table {
    let block = |number: usize| {
        let network = std::net::Ipv4Addr::from_bits(POOL + ((number as u32) << 6));
        IpNet::V4(Ipv4Net::new_assert(network, 26))
    };
    let sets = (0..clients).map(|client| Set {
        attributes: Attributes::default(),
        members: client * BLOCKS..(client + 1) * BLOCKS,
    });
    Table { prefixes: (0..clients * BLOCKS).map(block).collect(), sets: sets.collect() }
}

fn voice(number: usize) -> Voice {
    Voice { asn: ASN, address: address(number), passage: Passage::Reflected }
}

/// What each prefix's routes are marked with on the far side.
fn marks(voices: &[Voice], table: &Table) -> Vec<u32> {
    let mut marks = vec![0; table.prefixes.len()];
    for (voice, set) in voices.iter().zip(&table.sets) {
        marks[set.members.clone()].fill(voice.mark(&set.attributes, Family::IPV4));
    }
    marks
}

/// All routes but a client's own.
fn others(mut all: Holding, own: &Set, marks: &[u32]) -> Holding {
    own.members.clone().for_each(|member| all.remove(member as u32, marks[member]));
    all
}

fn want(client: &mut Client, wanted: Holding) {
    if let Some(sink) = &mut client.sink {
        sink.want(wanted);
    }
}

fn who(voice: &Voice, hold_time: u16) -> Who {
    Who { address: voice.address, asn: ASN, daemon: ASN, add_path: false, hold_time, window: None }
}

/// 10.0.0.0.
const POOL: u32 = 0x0a00_0000;
const BLOCKS: usize = 4;
/// As long as Calico's.
const HOLD_TIME: u16 = 90;

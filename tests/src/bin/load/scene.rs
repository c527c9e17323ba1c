//! A daemon with speakers and listeners around it, and the clocks.

use std::cell::RefCell;
use std::fs;
use std::path::Path;
use std::rc::Rc;
use std::time::{Duration, Instant};

use bgp_core::{Asn, Family};
use bytes::Bytes;
use tests::failure::{Doing, Failure};
use tests::load::client::{Client, Who};
use tests::load::crowd::Crowd;
use tests::load::daemon::{ASN, Neighbour, Running, Setup, Which};
use tests::load::feed::{Voice, end, holding};
use tests::load::ledger::Holding;
use tests::load::mark::Passage;
use tests::load::network::{DAEMON, PORT, address};
use tests::load::register::Register;
use tests::load::sink::Sink;
use tests::load::table::{Table, View};
use tests::load::transcript::Transcript;

use crate::figures::{Clocks, Figures, mebibytes};

/// How big a scene is.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Plan<'a> {
    pub(crate) speakers: usize,
    pub(crate) listeners: usize,
    /// Routes of each speaker; all have the same prefixes.
    pub(crate) routes: usize,
    pub(crate) seed: u64,
    /// The file that a single speaker's table is in.
    pub(crate) mrt: Option<&'a Path>,
    /// Listeners hear all paths.
    pub(crate) add_path: bool,
}

impl Plan<'_> {
    fn tables(&self) -> Result<Vec<Table>, Failure> {
        if let Some(file) = self.mrt.filter(|_| self.speakers == 1) {
            let octets = fs::read(file).doing_with(|| format!("read {}", file.display()))?;
            return Ok(vec![Table::from_mrt(&octets)?]);
        }
        let of = self.speakers as u32;
        Ok((0..of)
            .map(|feed| Table::generate(Family::IPV4, self.routes, self.seed, View { feed, of }))
            .collect())
    }

    /// Speakers first; between external peers everybody has an AS of its own.
    fn setup(&self, passage: Passage) -> Setup {
        let internal = passage == Passage::Reflected;
        let peers = (0..self.speakers + self.listeners).map(|number| Neighbour {
            address: address(number),
            asn: if internal { ASN } else { Asn(65_001 + number as u32) },
            listens: number >= self.speakers,
        });
        Setup { passage, peers: peers.collect(), add_path: self.add_path, tag: None, hold_time: HOLD_TIME }
    }
}

/// A daemon with speakers, who come first among the clients, and listeners.
pub(crate) struct Scene {
    pub(crate) figures: Figures,
    speakers: usize,
    pub(crate) which: Which,
    pub(crate) setup: Setup,
    pub(crate) running: Running,
    pub(crate) crowd: Crowd,
    pub(crate) voices: Vec<Voice>,
    pub(crate) tables: Vec<Table>,
    /// What listeners hold in the end, by number of prefix.
    pub(crate) marks: Vec<u32>,
    feeds: Vec<Vec<Bytes>>,
    /// The listener that reads no more.
    deaf: Option<usize>,
}

impl Scene {
    /// Starts the daemon and brings all sessions up.
    pub(crate) fn set(
        figures: Figures,
        which: Which,
        plan: &Plan<'_>,
        passage: Passage,
    ) -> Result<Self, Failure> {
        let tables = plan.tables()?;
        let setup = plan.setup(passage);
        let voices: Vec<Voice> = setup.peers[..plan.speakers]
            .iter()
            .map(|peer| Voice { asn: peer.asn, address: peer.address, passage })
            .collect();
        let feeds = feeds(&voices, &tables);
        let (wanted, marks) = expected(&voices, &tables, plan);
        let register = Register::new(&tables[0].prefixes);
        let transcript = Rc::new(RefCell::new(Transcript::new(passage, marks.len())));
        let clients = setup.peers.iter().map(|peer| client(peer, &setup, &transcript, wanted)).collect();
        let crowd = Crowd::new((DAEMON, PORT).into(), clients, register)?;
        let running = Running::start(which, &setup)?;
        let (speakers, deaf) = (plan.speakers, None);
        let mut scene =
            Self { figures, speakers, which, setup, running, crowd, voices, tables, marks, feeds, deaf };
        scene.bring_up()?;
        Ok(scene)
    }

    fn bring_up(&mut self) -> Result<(), Failure> {
        let (all, start) = (self.crowd.clients().len(), Instant::now());
        self.crowd.connect(0..all, EIGHT);
        let up = self.crowd.until("all sessions", PATIENCE, |crowd| crowd.established == all)?;
        self.figures.sessions_seconds = up.duration_since(start).as_secs_f64();
        self.rest()?;
        self.figures.start_mebibytes = mebibytes(self.running.usage()?.memory);
        Ok(())
    }

    /// Every speaker says its table.
    pub(crate) fn fill(&mut self) -> Result<(), Failure> {
        let feeds = std::mem::take(&mut self.feeds);
        self.phase("table", |scene| {
            for (speaker, feed) in feeds.iter().enumerate() {
                scene.crowd.say(speaker, feed);
            }
            scene.until_complete()
        })?;
        let listeners = self.crowd.clients().iter().filter_map(|client| client.sink.as_ref());
        let announced: u64 = listeners.map(|sink| sink.tally().announced).sum();
        self.figures.announcements_per_prefix =
            announced as f64 / (self.listeners().len() * self.marks.len()) as f64;
        Ok(())
    }

    /// Something happens, until `act` returns when listeners were done.
    pub(crate) fn phase(
        &mut self,
        what: &'static str,
        act: impl FnOnce(&mut Self) -> Result<Instant, Failure>,
    ) -> Result<(), Failure> {
        let clocks = Clocks::start(self.running.usage()?)?;
        let end = act(self)
            .map_err(|failure| Failure::new(format!("{what}: {failure}"), self.running.last_words()))?;
        let stopped = clocks.stop(end)?;
        self.rest()?;
        let phase = stopped.phase(what, self.running.usage()?);
        self.figures.phases.push(phase);
        // Who was complete and is no more has heard too much.
        self.until_complete().map(|_| ())
    }

    /// Turns until every listener holds what it should.
    pub(crate) fn until_complete(&mut self) -> Result<Instant, Failure> {
        let all = self.crowd.clients().len() - usize::from(self.deaf.is_some());
        self.crowd.until("every listener's table", PATIENCE, |crowd| crowd.complete >= all)
    }

    /// Sets what listeners shall hold from now on.
    pub(crate) fn want(&mut self, wanted: Holding) {
        for client in self.listeners() {
            self.crowd.change(client, |client| {
                if let Some(sink) = &mut client.sink {
                    sink.want(wanted);
                }
            });
        }
    }

    /// As [`want`](Self::want): what the marks say.
    pub(crate) fn want_marks(&mut self) {
        self.want(holding(&self.marks));
    }

    /// The numbers of the listeners.
    pub(crate) fn listeners(&self) -> std::ops::Range<usize> {
        self.speakers..self.crowd.clients().len()
    }

    /// The numbers of those listeners that read.
    pub(crate) fn hearing(&self) -> impl Iterator<Item = usize> + use<> {
        let deaf = self.deaf;
        self.listeners().filter(move |listener| Some(*listener) != deaf)
    }

    /// Reads no more for one listener.
    pub(crate) fn deafen_one(&mut self) {
        let first = self.speakers;
        self.crowd.deafen(first);
        self.deaf = Some(first);
    }

    /// Lets the crowd turn until the daemon has nothing to do.
    pub(crate) fn rest(&mut self) -> Result<(), Failure> {
        let end = Instant::now() + PATIENCE;
        loop {
            let (start, before) = (Instant::now(), self.running.usage()?.cpu);
            while start.elapsed() < GLANCE {
                self.crowd.turn(GLANCE / 10)?;
            }
            let used = self.running.usage()?.cpu.saturating_sub(before);
            if used < start.elapsed() / 20 || Instant::now() > end {
                return Ok(());
            }
        }
    }

    /// Ends the scene: what was counted, and whether it may be believed.
    pub(crate) fn end(mut self) -> Result<Figures, Failure> {
        self.figures.peak_mebibytes = mebibytes(self.running.usage()?.peak_memory);
        self.figures.lost_sessions = self.crowd.lost.len();
        let listeners =
            self.crowd.clients().iter().filter_map(|client| Some((client, client.sink.as_ref()?)));
        let (mut strange, mut unstamped) = (0, 0);
        for (client, sink) in listeners {
            self.figures.octets += client.received;
            self.figures.updates += sink.tally().updates;
            strange += sink.tally().strange;
            unstamped += sink.tally().unstamped;
        }
        if strange > 0 {
            return Err(Failure::new(
                "hear what was said",
                format!("{strange} prefixes that nobody announced"),
            ));
        }
        if unstamped > 0 && self.which != Which::Broadcaster {
            return Err(Failure::new(
                "hear reflected routes",
                format!("{unstamped} UPDATEs without ORIGINATOR_ID"),
            ));
        }
        Ok(self.figures)
    }
}

/// Each voice's table, begun at another place, and its end.
fn feeds(voices: &[Voice], tables: &[Table]) -> Vec<Vec<Bytes>> {
    let feed = |(number, (voice, table)): (usize, (&Voice, &Table))| {
        let mut feed = voice.announcing(table, table.sets.len() * number / voices.len());
        feed.push(end(Family::IPV4));
        feed
    };
    voices.iter().zip(tables).enumerate().map(feed).collect()
}

fn client(peer: &Neighbour, setup: &Setup, transcript: &Rc<RefCell<Transcript>>, wanted: Holding) -> Client {
    let who = Who {
        address: peer.address,
        asn: peer.asn,
        daemon: ASN,
        add_path: setup.add_path && peer.listens,
        hold_time: HOLD_TIME,
        window: None,
    };
    let sink = peer.listens.then(|| {
        let mut sink = Sink::shared(transcript);
        sink.want(wanted);
        sink
    });
    Client::new(who, sink, Vec::new())
}

/// What listeners hold in the end: the best path for each set, or all of them.
fn expected(voices: &[Voice], tables: &[Table], plan: &Plan<'_>) -> (Holding, Vec<u32>) {
    let mut marks = vec![0; tables[0].prefixes.len()];
    let mut every = Holding::default();
    for number in 0..tables[0].sets.len() {
        let sets = tables.iter().map(|table| &table.sets[number]);
        let said =
            voices.iter().zip(sets).map(|(voice, set)| (voice.mark(&set.attributes, Family::IPV4), set));
        for (mark, set) in said.clone() {
            set.members.clone().for_each(|member| every.add(member as u32, mark));
        }
        if let Some((mark, set)) = said.min_by_key(|(_, set)| set.attributes.as_path.asns().count()) {
            marks[set.members.clone()].fill(mark);
        }
    }
    if plan.add_path { (every, marks) } else { (holding(&marks), marks) }
}

/// Sessions in the making at a time where nothing else is said.
pub(crate) const EIGHT: usize = 8;
/// Longer than any run takes, so that nobody is lost to a busy machine.
const HOLD_TIME: u16 = 600;
/// How long anything may take, on a busy machine too.
pub(crate) const PATIENCE: Duration = Duration::from_secs(300);
const GLANCE: Duration = Duration::from_millis(100);

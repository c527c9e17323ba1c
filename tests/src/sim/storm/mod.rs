//! A storm: a random network and a random schedule of what can go wrong with it, both from one seed.

mod blocks;
mod fault;
mod lots;
mod operator;

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use bgp_core::{Chance, Instant};
use ipnet::IpNet;

use self::lots::Lots;
use super::{NodeId, Topology, World};

/// How bad it gets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Weather {
    /// Only what nobody may notice: no packet is lost.
    Gentle,
    /// Anything: in the end all is as it should be.
    Rough,
}

/// A run.
#[derive(Debug)]
pub struct Storm {
    /// The network.
    pub world: World,
    topology: Topology,
    weather: Weather,
    lots: Lots,
    /// Things that happen.
    events: usize,
    /// Nodes that are down, and when they start again.
    down: BTreeMap<NodeId, Instant>,
    /// When one last did.
    restarted: Instant,
    /// Since when nothing has been wrong with a wire.
    calm: BTreeMap<(NodeId, NodeId), Instant>,
    /// Wires that are cut, and until when.
    cut: BTreeMap<(NodeId, NodeId), Instant>,
    /// Who originates which contested block.
    live: BTreeMap<IpNet, BTreeSet<NodeId>>,
    /// What happened, for whoever has to find out why.
    diary: Vec<String>,
}

/// Things that happen in one run.
const EVENTS: usize = 30;
/// Flows that are watched.
const FLOWS: usize = 40;

impl Storm {
    /// A network and what befalls it, from a seed.
    #[must_use]
    pub fn new(seed: u64, weather: Weather) -> Self {
        let mut chance = Chance::new(seed);
        let topology = Topology::draw(&mut chance);
        Self::over(topology, seed, weather, Lots::Chance(chance), EVENTS)
    }

    /// A small network from a seed, and what octets say befalls it.
    #[must_use]
    pub fn directed(seed: u64, weather: Weather, octets: &[u8]) -> Self {
        let topology = Topology::draw_small(&mut Chance::new(seed));
        Self::over(topology, seed, weather, Lots::Octets(octets.iter().copied().collect()), octets.len() / 4)
    }

    fn over(topology: Topology, seed: u64, weather: Weather, lots: Lots, events: usize) -> Self {
        let mut world = World::strict(seed);
        topology.build(&mut world);
        let (down, restarted, calm, cut, live, diary) = Default::default();
        Self { world, topology, weather, lots, events, down, restarted, calm, cut, live, diary }
    }

    /// Runs it to its end and checks everything there is to check; virtual speaker-hours.
    ///
    /// # Panics
    /// When something is not as it should be; the message has the seed.
    pub fn run(&mut self) -> f64 {
        self.pass(Duration::from_secs(60));
        self.check("before");
        let flows = self.topology.flows(FLOWS, &mut Chance::new(self.world.seed));
        self.world.watch(flows);
        (0..self.events).for_each(|_| self.happen());
        self.clear_up();
        self.pass(SETTLED);
        if self.weather == Weather::Gentle {
            self.world.check_nothing_lost(&self.context("after"));
        }
        if self.topology.is_direct() {
            self.world.check_no_loop(&self.context("after"));
        }
        self.check("after");
        self.world.now().as_micros() as f64 / 3.6e9 * f64::from(self.topology.size)
    }

    fn context(&self, when: &str) -> String {
        format!("seed {}, {:?}, {when}", self.world.seed, self.weather)
    }

    /// Everything that led to a failure.
    fn story(&self) -> String {
        let Self { world, topology, diary, .. } = self;
        let until = world.outages().next().map_or_else(|| world.now(), |outage| outage.began);
        let told = world.chronicle(until);
        format!("{}: {topology:?}, {diary:#?}, {told:#?}", self.context("the story"))
    }

    fn note(&mut self, what: String) {
        self.diary.push(format!("{} {what}", self.world.now()));
    }

    fn check(&mut self, when: &str) {
        let context = self.context(when);
        // An audit may fall on this very moment: it is due as long after a start as the storm has had to settle.
        let over = format!("{context}, every reading over");
        self.world.run_until(&over, |world| !world.nodes().any(|node| node.table.is_being_read()));
        self.topology.check(&self.world, &self.live, &context);
        self.world.check_tables(&context);
        self.world.check_shadows(&context);
        for (from, to) in self.topology.all_flows() {
            assert_eq!(self.world.walk(from, to), Ok(()), "{context}");
        }
    }

    fn is_gentle(&self) -> bool {
        self.weather == Weather::Gentle
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.lots.below(bound)
    }

    fn node(&mut self) -> NodeId {
        NodeId(self.below(self.topology.size.into()) as usize)
    }

    /// Two nodes with a session between them, the lower first.
    fn session(&mut self) -> (NodeId, NodeId) {
        let sessions: Vec<_> = self.topology.sessions().collect();
        sessions[self.below(sessions.len() as u64) as usize]
    }

    /// Whether something may go wrong for so long with the wire between two nodes. In gentle weather a session that
    /// fails has been up for long enough to be dialed again at once, and nobody stays out of another's reach for so
    /// long after a restart that he is not waited for any more.
    fn may_disturb(&mut self, pair: (NodeId, NodeId), time: Duration) -> bool {
        let may = !self.is_gentle() || self.is_calm(&pair);
        if may {
            self.calm.insert(pair, self.world.now() + time);
        }
        may
    }

    fn is_calm(&self, pair: &(NodeId, NodeId)) -> bool {
        self.calm.get(pair).is_none_or(|since| *since + PEACE < self.world.now())
    }

    /// Whether a node may end. In gentle weather two that restart at once would not wait for each other, and what only
    /// the other knew would be lost; the same is true of one with whom a connection failed again and again, which is
    /// turned away for some time.
    fn may_end(&self) -> bool {
        let settled = self.world.now() > self.restarted + PEACE && self.down.is_empty();
        !self.is_gentle() || (settled && self.calm.values().all(|since| *since + PAUSE < self.world.now()))
    }

    /// A time as short as this, or shorter.
    fn time(&mut self, most: u64) -> Duration {
        Duration::from_millis(1 + self.below(most * 1000))
    }

    fn is_up(&self, id: NodeId) -> bool {
        !self.down.contains_key(&id)
    }

    /// Lets time pass; whoever is due comes back.
    fn pass(&mut self, duration: Duration) {
        let end = self.world.now() + duration;
        loop {
            let down = self.down.iter().map(|(id, at)| (*at, *id)).min();
            let cut = self.cut.iter().map(|(pair, at)| (*at, *pair)).min();
            let next = down.map(|(at, _)| at).into_iter().chain(cut.map(|(at, _)| at)).min();
            let Some(next) = next.filter(|next| *next <= end) else { break };
            self.world.run_for(next - self.world.now());
            if let Some((_, id)) = down.filter(|(at, _)| *at <= next) {
                self.start(id);
            }
            if let Some((_, (a, b))) = cut.filter(|(at, _)| *at <= next) {
                self.cut.remove(&(a, b));
                self.world.heal(a, b);
            }
        }
        self.world.run_for(end - self.world.now());
    }

    /// Everybody is up, can reach everybody, and is configured as in the beginning.
    fn clear_up(&mut self) {
        let last = self.down.values().chain(self.cut.values()).max().copied();
        if let Some(last) = last {
            self.pass(last - self.world.now());
        }
        self.restore();
    }
}

impl Drop for Storm {
    /// Whoever looks for the cause of a failure has to know the story.
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("{}", self.story());
        }
    }
}

/// A session that has been up for so long is stable, and a restart has been over for long.
const PEACE: Duration = Duration::from_secs(75);
/// After a few failures in a row peers talk again in this time.
const PAUSE: Duration = Duration::from_secs(20);
/// After this nothing is on its way: stale routes have gone, whoever gave up has tried again.
const SETTLED: Duration = Duration::from_secs(600);

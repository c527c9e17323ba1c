//! A storm: a random network and a random schedule of what can go wrong with it, both from one seed.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::time::Duration;

use bgp_core::rib::LocalSource;
use bgp_core::speaker::{Admin, Input};
use bgp_core::{Chance, Instant};
use ipnet::IpNet;

use super::scene::{block, net};
use super::{NodeId, Topology, World, workload};

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
    chance: Chance,
    /// Nodes that are down, and when they start again.
    down: BTreeMap<NodeId, Instant>,
    /// When one last did.
    restarted: Instant,
    /// Wires that are cut, and until when.
    cut: BTreeMap<(NodeId, NodeId), Instant>,
    /// Who originates which contested block.
    live: BTreeMap<IpNet, BTreeSet<NodeId>>,
    /// What happened, for whoever has to find out why.
    diary: Vec<String>,
}

/// Blocks that workers fight over.
const BLOCKS: u64 = 5;
/// Things that happen in one run.
const EVENTS: usize = 30;
/// Flows that are watched.
const FLOWS: usize = 40;

impl Storm {
    /// A network that has converged.
    #[must_use]
    pub fn new(seed: u64, weather: Weather) -> Self {
        let mut chance = Chance::new(seed);
        let topology = Topology::draw(&mut chance);
        let mut world = World::strict(seed);
        topology.build(&mut world);
        let (down, restarted, cut, live, diary) = Default::default();
        Self { world, topology, weather, chance, down, restarted, cut, live, diary }
    }

    /// Runs it to its end and checks everything there is to check; virtual speaker-hours.
    ///
    /// # Panics
    /// When something is not as it should be; the message has the seed.
    pub fn run(&mut self) -> f64 {
        let context = self.context("before");
        self.pass(Duration::from_secs(60));
        self.check(&context);
        let flows = self.topology.flows(FLOWS, &mut self.chance);
        self.world.watch(flows);
        (0..EVENTS).for_each(|_| self.happen());
        self.clear_up();
        self.pass(Duration::from_secs(600));
        let context = self.context("after");
        if self.weather == Weather::Gentle {
            self.world.check_nothing_lost(&context);
        }
        if self.topology.is_direct() {
            self.world.check_no_loop(&context);
        }
        self.check(&context);
        self.world.now().as_micros() as f64 / 3.6e9 * f64::from(self.topology.size)
    }

    fn context(&self, when: &str) -> String {
        let Self { world, weather, topology, diary, .. } = self;
        format!("seed {}, {weather:?}, {when}, {topology:?}, after {diary:#?}", world.seed)
    }

    fn note(&mut self, what: String) {
        self.diary.push(format!("{} {what}", self.world.now()));
    }

    fn check(&self, context: &str) {
        self.topology.check(&self.world, &self.live, context);
        self.world.check_tables(context);
        self.world.check_shadows(context);
        for from in self.topology.workers() {
            for to in self.topology.workers() {
                assert_eq!(self.world.walk(from, workload(to)), Ok(()), "{context}");
            }
        }
    }

    fn below(&mut self, bound: u64) -> u64 {
        self.chance.draw() % bound
    }

    fn node(&mut self) -> NodeId {
        NodeId(self.below(self.topology.size.into()) as usize)
    }

    /// Two nodes with a session between them.
    fn session(&mut self) -> (NodeId, NodeId) {
        let sessions: Vec<_> = self.topology.sessions().collect();
        sessions[self.below(sessions.len() as u64) as usize]
    }

    /// A time as short as this, or shorter.
    fn time(&mut self, most: u64) -> Duration {
        Duration::from_millis(1 + self.below(most * 1000))
    }

    fn happen(&mut self) {
        let gentle = self.weather == Weather::Gentle;
        match self.below(if gentle { 11 } else { 15 }) {
            0 | 1 => self.originate(),
            2 => self.retract(),
            3..=5 => self.stop(World::crash, 8),
            6 => {
                let (a, b) = self.session();
                self.note(format!("{a:?} and {b:?} lose their connections"));
                self.world.reset_connections(a, b);
            }
            7 => self.stall(if gentle { 20 } else { 200 }),
            8 => self.part(if gentle { 15 } else { 300 }),
            9 => self.administer(),
            10 => self.reconfigure(),
            11 => self.stop(World::crash, 300),
            12 => self.stop(World::wipe, 100),
            13 => self.flap(),
            _ => self.stop(World::power_off, 300),
        }
        let most = [1, 2, 10, 60][self.below(4) as usize];
        let pause = self.time(most);
        self.pass(pause);
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

    fn originate(&mut self) {
        let (id, index) = (self.node(), self.below(BLOCKS));
        if self.topology.workers().any(|worker| worker == id) && !self.down.contains_key(&id) {
            self.note(format!("{id:?} has {}", name(index)));
            self.live.entry(net(&name(index))).or_default().insert(id);
            self.world.attach(id, address(index));
            self.world.input(id, block(&name(index)));
        }
    }

    fn retract(&mut self) {
        let index = self.below(BLOCKS);
        let prefix = net(&name(index));
        let Some(id) = self.live.get(&prefix).and_then(|origins| origins.first().copied()) else { return };
        if !self.down.contains_key(&id) {
            self.note(format!("{id:?} has {prefix} no more"));
            self.live.entry(prefix).or_default().remove(&id);
            self.world.detach(id, address(index));
            self.world.input(id, Input::Retract { prefix, source: LocalSource::Static });
        }
    }

    fn stop(&mut self, how: fn(&mut World, NodeId), most: u64) {
        let (id, time) = (self.node(), self.time(most));
        // Two that restart at once do not wait for each other, and what only the other knew is lost.
        let is_calm = self.world.now() > self.restarted + Duration::from_secs(45) && self.down.is_empty();
        if !self.down.contains_key(&id) && (self.weather == Weather::Rough || is_calm) {
            self.note(format!("{id:?} stops for {time:?}"));
            how(&mut self.world, id);
            self.down.insert(id, self.world.now() + time);
        }
    }

    /// It comes back with what is configured, and as far as its kernel kept them, with its routes.
    fn start(&mut self, id: NodeId) {
        self.down.remove(&id);
        self.restarted = self.world.now();
        let preserved = self.world.node(id).table.ours().next().is_some();
        let is_reflector = self.topology.config(id).kernel_export.is_none();
        let config =
            if preserved || is_reflector { self.topology.config_again(id) } else { self.topology.config(id) };
        self.world.restart(id, config);
        self.topology.originate(&mut self.world, id);
        let ours: Vec<_> = self.live.iter().filter(|(_, who)| who.contains(&id)).map(|(p, _)| *p).collect();
        for prefix in ours {
            self.world.input(id, block(&prefix.to_string()));
        }
    }

    fn stall(&mut self, most: u64) {
        let ((a, b), time) = (self.session(), self.time(most));
        self.note(format!("{a:?} and {b:?} stall for {time:?}"));
        self.world.stall(a, b, time);
    }

    fn part(&mut self, most: u64) {
        let ((a, b), time) = (self.session(), self.time(most));
        if !self.cut.contains_key(&(a, b)) {
            self.note(format!("{a:?} and {b:?} part for {time:?}"));
            self.world.partition(a, b);
            self.cut.insert((a, b), self.world.now() + time);
        }
    }

    /// An operator is at work on one session.
    fn administer(&mut self) {
        let (a, b) = self.session();
        let action = match self.below(3) {
            0 => Admin::Reset,
            1 => Admin::RefreshIn,
            _ => Admin::RefreshOut,
        };
        let Some(speaker) = &self.world.node(a).speaker else { return };
        if let Some(peer) = speaker.peer_id(&format!("h{}", b.0 + 1)) {
            self.note(format!("{a:?} to {b:?}: {action:?}"));
            self.world.input(a, Input::Admin { peer, action });
        }
    }

    /// A new configuration that says the same in another way.
    fn reconfigure(&mut self) {
        let id = self.node();
        let mut config = self.topology.config(id);
        let seconds = 30 + self.below(100);
        for peer in &mut config.peers {
            peer.description = format!("the {seconds}th").into();
            peer.connect_retry = Duration::from_secs(1 + seconds % 10);
        }
        self.note(format!("{id:?} is configured anew"));
        self.world.input(id, Input::Reconfigure(Box::new(config)));
    }

    fn flap(&mut self) {
        let (id, time) = (self.node(), self.time(20));
        self.note(format!("{id:?} unplugged for {time:?}"));
        self.world.set_link(id, false);
        self.pass(time);
        self.world.set_link(id, true);
    }

    /// Everybody is up and can reach everybody.
    fn clear_up(&mut self) {
        let last = self.down.values().chain(self.cut.values()).max().copied();
        if let Some(last) = last {
            self.pass(last - self.world.now());
        }
    }
}

fn name(index: u64) -> String {
    format!("10.245.{index}.0/26")
}

fn address(index: u64) -> IpAddr {
    IpAddr::from([10, 245, index as u8, 1])
}

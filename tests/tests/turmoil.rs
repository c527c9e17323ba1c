//! Random networks in random weather, in virtual time: afterwards everybody knows what there is, and
//! nothing that is not.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use bgp_core::Chance;
use bgp_core::policy::Policy;
use bgp_core::rib::LocalSource;
use bgp_core::speaker::{Config, Event, FibRoute, Input};
use ipnet::IpNet;
use tests::sim::scene::{block, config, host, net, peer};
use tests::sim::{NodeId, World};

/// Seeds of one run.
const SEEDS: u64 = 200;
/// Blocks that hosts fight over.
const BLOCKS: usize = 6;

/// Who has a session with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Shape {
    /// Everybody with everybody.
    Mesh,
    /// Everybody with one reflector.
    Star,
    /// Everybody with two reflectors, which are clients of neither.
    TwinStar,
    /// Every host an AS of its own, some with sessions between them, so that all are connected.
    Internet,
}

impl Shape {
    const fn reflectors(self) -> u8 {
        match self {
            Self::Mesh | Self::Internet => 0,
            Self::Star => 1,
            Self::TwinStar => 2,
        }
    }
}

/// A network and what is true about it.
struct Network {
    world: World,
    chance: Chance,
    shape: Shape,
    size: u8,
    /// Pairs of hosts with a session between them, the lower number first.
    sessions: BTreeSet<(u8, u8)>,
    down: BTreeSet<usize>,
    apart: BTreeSet<(usize, usize)>,
    /// Who originates which block.
    live: BTreeMap<IpNet, BTreeSet<usize>>,
}

impl Network {
    fn new(seed: u64) -> Self {
        let mut chance = Chance::new(seed);
        let shapes = [Shape::Mesh, Shape::Star, Shape::TwinStar, Shape::Internet];
        let shape = shapes[chance.draw() as usize % shapes.len()];
        let most = if shape == Shape::Internet { 6 } else { 3 };
        let size = shape.reflectors() + 2 + (chance.draw() % most) as u8;
        let sessions = sessions(shape, size, &mut chance);
        let mut world = World::new(seed);
        for own in 1..=size {
            world.add(&[host(own)], configuration(shape, &sessions, own));
        }
        let (down, apart, live) = Default::default();
        Self { world, chance, shape, size, sessions, down, apart, live }
    }

    fn below(&mut self, bound: usize) -> usize {
        self.chance.draw() as usize % bound
    }

    /// Something happens to somebody; connections only fail where it may be rough.
    fn happen(&mut self, rough: bool) {
        let node = self.below(self.size.into());
        match self.below(if rough { 10 } else { 5 }) {
            0..3 => self.originate(node),
            3..5 => self.retract(node),
            5 | 6 => self.part_or_heal(node),
            7 | 8 if self.down.contains(&node) => self.start(node),
            7 => self.stop(node, World::crash),
            8 => self.stop(node, World::power_off),
            _ => self.start(node),
        }
        let most = [1, 30, 2_000, 40_000][self.below(4)];
        let pause = self.below(most);
        self.world.run_for(Duration::from_millis(pause as u64));
    }

    fn originate(&mut self, node: usize) {
        let block_name = name(self.below(BLOCKS));
        if !self.down.contains(&node) {
            self.live.entry(net(&block_name)).or_default().insert(node);
            self.world.input(NodeId(node), block(&block_name));
        }
    }

    fn retract(&mut self, node: usize) {
        let prefix = net(&name(self.below(BLOCKS)));
        if let Some(origins) = self.live.get_mut(&prefix)
            && origins.remove(&node)
        {
            self.world.input(NodeId(node), Input::Retract { prefix, source: LocalSource::Static });
        }
    }

    fn part_or_heal(&mut self, node: usize) {
        let other = self.below(self.size.into());
        let pair = (node.min(other), node.max(other));
        if self.apart.remove(&pair) {
            self.world.heal(NodeId(pair.0), NodeId(pair.1));
        } else if pair.0 != pair.1 {
            self.apart.insert(pair);
            self.world.partition(NodeId(pair.0), NodeId(pair.1));
        }
    }

    fn stop(&mut self, node: usize, how: fn(&mut World, NodeId)) {
        self.down.insert(node);
        for origins in self.live.values_mut() {
            origins.remove(&node);
        }
        how(&mut self.world, NodeId(node));
    }

    fn start(&mut self, node: usize) {
        if self.down.remove(&node) {
            let mut config = configuration(self.shape, &self.sessions, node as u8 + 1);
            config.graceful_restart.forwarding_preserved = self.below(2) == 0;
            self.world.restart(NodeId(node), config);
        }
    }

    /// Everybody is up and can reach everybody.
    fn clear_up(&mut self) {
        for (a, b) in std::mem::take(&mut self.apart) {
            self.world.heal(NodeId(a), NodeId(b));
        }
        for node in self.down.clone() {
            self.start(node);
        }
    }

    fn downs(&self) -> usize {
        let down = |event: &&Event| matches!(event, Event::Down { .. });
        self.world.nodes().map(|node| node.events.iter().filter(down).count()).sum()
    }

    /// Every kernel has exactly the blocks that somebody originates, by way of somebody who does; how
    /// many routes went into that.
    fn check(&self, context: &str) -> usize {
        let context = format!("{context}, {:?} of {}", self.shape, self.size);
        let live: BTreeSet<IpNet> =
            self.live.iter().filter(|(_, origins)| !origins.is_empty()).map(|(block, _)| *block).collect();
        for (index, node) in self.world.nodes().enumerate() {
            let kernel: BTreeSet<IpNet> = node.kernel.keys().copied().collect();
            assert_eq!(kernel, live, "{context}: host {}", index + 1);
            for (block, route) in &node.kernel {
                self.check_route(
                    &self.live[block],
                    index,
                    route,
                    &format!("{context}: {block} on host {}", index + 1),
                );
            }
        }
        self.world.check_shadows(&context)
    }

    fn check_route(&self, origins: &BTreeSet<usize>, index: usize, route: &FibRoute, context: &str) {
        let FibRoute::Forward { hops, .. } = route else {
            assert!(origins.contains(&index), "{context}: not ours");
            return;
        };
        assert!(!origins.contains(&index), "{context}: ours");
        let gateways: BTreeSet<_> = hops.iter().filter_map(|hop| hop.gateway).collect();
        let expected: BTreeSet<_> = origins.iter().map(|origin| host(*origin as u8 + 1)).collect();
        match self.shape {
            Shape::Mesh => assert_eq!(gateways, expected, "{context}"),
            // All are on one subnet, so that the next hop stays the origin's all the way.
            Shape::Internet => self.check_distance(origins, index, &gateways, context),
            Shape::Star | Shape::TwinStar => {
                assert!(!gateways.is_empty() && gateways.is_subset(&expected), "{context}: {gateways:?}")
            }
        }
    }
}

impl Network {
    /// The origin chosen is one of the nearest, by sessions that lie between.
    fn check_distance(
        &self,
        origins: &BTreeSet<usize>,
        index: usize,
        gateways: &BTreeSet<IpAddr>,
        context: &str,
    ) {
        let (mut nearest, mut reached) = (BTreeSet::new(), BTreeSet::from([index as u8 + 1]));
        while nearest.is_empty() {
            let touches = |host: &u8| {
                self.sessions
                    .iter()
                    .any(|(a, b)| (a == host && reached.contains(b)) || (b == host && reached.contains(a)))
            };
            let next: BTreeSet<u8> = (1..=self.size).filter(touches).collect();
            assert!(!next.is_subset(&reached), "{context}: all are connected");
            reached.extend(next);
            nearest = origins
                .iter()
                .map(|origin| *origin as u8 + 1)
                .filter(|host| reached.contains(host))
                .collect();
        }
        let nearest: BTreeSet<IpAddr> = nearest.into_iter().map(host).collect();
        assert!(
            !gateways.is_empty() && gateways.is_subset(&nearest),
            "{context}: {gateways:?} of {nearest:?}"
        );
    }
}

/// Pairs of hosts with a session between them.
fn sessions(shape: Shape, size: u8, chance: &mut Chance) -> BTreeSet<(u8, u8)> {
    let reflectors = shape.reflectors();
    let mut pairs = BTreeSet::new();
    for b in 2..=size {
        // Whoever it is, it was there before: so all are connected.
        let anchor = 1 + (chance.draw() % u64::from(b - 1)) as u8;
        for a in 1..b {
            let wanted = match shape {
                Shape::Mesh => true,
                Shape::Star | Shape::TwinStar => a <= reflectors,
                Shape::Internet => a == anchor || chance.draw().is_multiple_of(3),
            };
            if wanted {
                pairs.insert((a, b));
            }
        }
    }
    pairs
}

fn name(index: usize) -> String {
    format!("10.244.{index}.0/26")
}

fn configuration(shape: Shape, sessions: &BTreeSet<(u8, u8)>, own: u8) -> Config {
    let asn_of = |n: u8| if shape == Shape::Internet { 65000 + u32::from(n) } else { 64512 };
    let mut config = config(asn_of(own), own);
    let others = sessions.iter().filter_map(|&(a, b)| match own {
        own if own == a => Some(b),
        own if own == b => Some(a),
        _ => None,
    });
    config.peers = others.map(|other| peer(&config, other, asn_of(other))).collect();
    let accept_all = || Some(vec![Arc::new(Policy::accept_all())]);
    let reflectors: Vec<_> = (1..=shape.reflectors()).map(host).collect();
    for peer in &mut config.peers {
        peer.client = reflectors.contains(&host(own)) && !reflectors.contains(&peer.remote.ip());
        if shape == Shape::Internet {
            (peer.import, peer.export) = (accept_all(), accept_all());
        }
    }
    config
}

#[test]
fn in_calm_weather_no_session_ends() {
    for seed in 0..SEEDS / 4 {
        let mut network = Network::new(seed);
        network.world.run_for(Duration::from_secs(60));
        let before = network.downs();
        (0..60).for_each(|_| network.happen(false));
        network.world.run_for(Duration::from_secs(30));
        network.check(&format!("calm, seed {seed}"));
        assert_eq!(network.downs(), before, "seed {seed}");
    }
}

#[test]
fn after_every_storm_everybody_knows_what_there_is() {
    let mut routes = 0;
    for seed in 0..SEEDS {
        let mut network = Network::new(seed);
        (0..60).for_each(|_| network.happen(true));
        network.clear_up();
        (0..20).for_each(|_| network.happen(false));
        network.world.run_for(Duration::from_secs(400));
        let after = network.downs();
        network.check(&format!("storm, seed {seed}"));
        network.world.run_for(Duration::from_secs(400));
        assert_eq!(network.downs(), after, "seed {seed}: without a cause");
        routes += network.check(&format!("long after the storm, seed {seed}"));
    }
    assert!(routes > 10 * SEEDS as usize, "there was something to know: {routes}");
}

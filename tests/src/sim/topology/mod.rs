//! Networks as operators build them.

mod configuration;
mod shape;

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use bgp_core::{Chance, Family};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

pub use self::shape::Shape;
use super::scene::{blackhole, host, host6};
use super::{NodeId, World};

/// A network: hosts from 1, the reflectors or switches first.
#[derive(Clone, Debug)]
pub struct Topology {
    /// Its shape.
    pub shape: Shape,
    /// How many hosts.
    pub size: u8,
    /// Whose routes go over the sessions; where it is IPv6 alone, the sessions do too.
    pub families: Vec<Family>,
    /// For how long clients keep what reflectors told when all are gone.
    pub headless: Duration,
    /// How long a restarted host waits for the others.
    pub first_contact: Duration,
    /// Long-lived stale time; zero for none.
    pub long_lived: Duration,
    /// Kernel routes name next-hop objects.
    pub objects: bool,
    /// Every reflector is a cluster of its own.
    pub own_clusters: bool,
    /// Both ends of every session dial.
    pub both_dial: bool,
    /// What is said on each session, the lower host first.
    pub(super) sessions: BTreeMap<(u8, u8), Terms>,
}

/// What differs between sessions.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Terms {
    /// Every path is told, not only the best.
    pub(super) add_path: bool,
    /// It is not configured for the time being.
    pub(super) removed: bool,
    /// Neither end accepts anything for the time being.
    pub(super) refused: bool,
}

impl Topology {
    /// A network of this shape; which sessions an internet has, chance decides.
    #[must_use]
    pub fn new(shape: Shape, size: u8, chance: &mut Chance) -> Self {
        let pairs = shape.sessions(size, chance);
        Self {
            shape,
            size,
            families: vec![Family::IPV4],
            headless: Duration::ZERO,
            first_contact: Duration::from_secs(30),
            long_lived: Duration::ZERO,
            objects: false,
            own_clusters: false,
            both_dial: false,
            sessions: pairs.into_iter().map(|pair| (pair, Terms::default())).collect(),
        }
    }

    /// Some network of 3 hosts to a dozen, seldom up to fifty.
    #[must_use]
    pub fn draw(chance: &mut Chance) -> Self {
        let mut below = |bound: u64| chance.draw() % bound;
        let extra = match below(100) {
            0 => 3 + below(40),
            1..10 => 3 + below(12),
            _ => below(6),
        } as u8;
        let (shape, least) = [
            (Shape::Mesh, 3),
            (Shape::Reflected(1), 3),
            (Shape::Reflected(2), 4),
            (Shape::Racks(2), 6),
            (Shape::Internet, 3),
            (Shape::Mixed, 8),
        ][below(6) as usize];
        // Where every host is an AS of its own and has many neighbours, the ways that are tried after a loss grow
        // faster than exponentially with their number.
        let most = if shape == Shape::Internet { 12 } else { u8::MAX };
        let mut topology = Self::new(shape, (least + extra).min(most), chance);
        topology.vary(chance);
        topology
    }

    /// Some network of at most five hosts.
    #[must_use]
    pub fn draw_small(chance: &mut Chance) -> Self {
        let shapes = [Shape::Mesh, Shape::Reflected(1), Shape::Reflected(2), Shape::Internet];
        let shape = shapes[(chance.draw() % shapes.len() as u64) as usize];
        let mut topology = Self::new(shape, 3 + (chance.draw() % 3) as u8, chance);
        topology.vary(chance);
        topology
    }

    fn vary(&mut self, chance: &mut Chance) {
        let mut below = |bound: u64| chance.draw() % bound;
        self.families = [vec![Family::IPV4], vec![Family::IPV6], Family::UNICAST.to_vec()]
            [[0, 0, 1, 2][below(4) as usize]]
            .clone();
        let hour = Duration::from_secs(3600);
        self.headless = if below(3) == 0 { hour } else { Duration::ZERO };
        self.long_lived = if below(3) == 0 { hour } else { Duration::ZERO };
        self.objects = below(2) == 0;
        self.own_clusters = below(2) == 0;
        self.both_dial = below(2) == 0;
        let add_path = below(3) == 0;
        for pair in self.internal_sessions() {
            self.terms(pair).add_path = add_path;
        }
    }

    /// The hosts without workloads: reflectors and switches.
    #[must_use]
    pub const fn helpers(&self) -> u8 {
        self.shape.helpers()
    }

    /// The nodes with workloads.
    pub fn workers(&self) -> impl Iterator<Item = NodeId> + use<> {
        (usize::from(self.helpers())..usize::from(self.size)).map(NodeId)
    }

    /// Every node.
    pub fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..usize::from(self.size)).map(NodeId)
    }

    /// Pairs of nodes with a session between them.
    pub fn sessions(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        self.sessions.keys().map(|(a, b)| (node(*a), node(*b)))
    }

    pub(super) fn terms(&mut self, (a, b): (NodeId, NodeId)) -> &mut Terms {
        self.sessions.entry((number(a), number(b))).or_default()
    }

    /// Sessions between hosts of one AS, on which several paths may be told.
    pub(super) fn internal_sessions(&self) -> Vec<(NodeId, NodeId)> {
        let internal = |(a, b): &(NodeId, NodeId)| self.asn(number(*a)) == self.asn(number(*b));
        self.sessions().filter(internal).collect()
    }

    /// Turns additional paths on or off between two nodes; both have to be configured anew.
    pub fn set_add_path(&mut self, pair: (NodeId, NodeId), on: bool) {
        self.terms(pair).add_path = on;
    }

    /// Whether packets go straight to where they are wanted, so that they cannot go round in circles.
    #[must_use]
    pub const fn is_direct(&self) -> bool {
        matches!(self.shape, Shape::Mesh | Shape::Reflected(_))
    }

    /// Builds it; every worker has a block and a workload in it.
    pub fn build(&self, world: &mut World) {
        for id in self.nodes() {
            world.add(&[host(number(id)), host6(number(id))], self.config(id));
        }
        for id in self.workers() {
            self.originate(world, id);
        }
    }

    /// A worker says what its blocks are, as after a restart.
    pub fn originate(&self, world: &mut World, id: NodeId) {
        if number(id) > self.helpers() {
            for family in &self.families {
                world.attach(id, workload(*family, id));
                world.input(id, blackhole(own_block(*family, id)));
            }
        }
    }

    /// Every flow between workloads, or so many of them by chance.
    pub fn flows(&self, most: usize, chance: &mut Chance) -> Vec<(NodeId, IpAddr)> {
        let mut flows: Vec<_> = self.all_flows().collect();
        while flows.len() > most {
            flows.swap_remove(chance.draw() as usize % flows.len());
        }
        flows
    }

    /// Every flow between workloads.
    pub fn all_flows(&self) -> impl Iterator<Item = (NodeId, IpAddr)> {
        let to = |b: NodeId| self.families.iter().map(move |family| workload(*family, b));
        let from = move |a: NodeId| {
            self.workers().filter(move |b| a != *b).flat_map(to).map(move |address| (a, address))
        };
        self.workers().flat_map(from)
    }

    /// Every kernel and every Adj-RIB-Out holds what the oracle says, and these blocks are there beside those of
    /// the workers.
    ///
    /// # Panics
    /// When one does not.
    pub fn check(&self, world: &World, contested: &BTreeMap<IpNet, BTreeSet<NodeId>>, context: &str) {
        let own = |family: &Family| {
            let family = *family;
            self.workers().map(move |id| (own_block(family, id), BTreeSet::from([id])))
        };
        let contested = contested.iter().map(|(block, origins)| (*block, origins.clone()));
        let live = self.families.iter().flat_map(own).chain(contested);
        world.check_routes(&live.filter(|(_, origins)| !origins.is_empty()).collect(), context);
    }
}

/// The address of a workload of a node.
#[must_use]
pub fn workload(family: Family, id: NodeId) -> IpAddr {
    address(family, OWN, number(id))
}

fn own_block(family: Family, id: NodeId) -> IpNet {
    prefix(family, OWN, number(id))
}

/// A block that several may have, by its index.
pub(super) fn contested_block(family: Family, index: u8) -> IpNet {
    prefix(family, CONTESTED, index)
}

/// A workload in it.
pub(super) fn contested_workload(family: Family, index: u8) -> IpAddr {
    address(family, CONTESTED, index)
}

fn prefix(family: Family, kind: u8, index: u8) -> IpNet {
    match address(family, kind, index) {
        IpAddr::V4(address) => IpNet::V4(Ipv4Net::new_assert(address, 26).trunc()),
        IpAddr::V6(address) => IpNet::V6(Ipv6Net::new_assert(address, 64).trunc()),
    }
}

fn address(family: Family, kind: u8, index: u8) -> IpAddr {
    match family {
        Family::IPV6 => {
            let (kind, index) = (u16::from(kind), u16::from(index));
            Ipv6Addr::new(0xfd00, kind, index, 0, 0, 0, 0, 1).into()
        }
        _ => Ipv4Addr::new(10, kind, index, 1).into(),
    }
}

const OWN: u8 = 244;
const CONTESTED: u8 = 245;

const fn node(n: u8) -> NodeId {
    NodeId(n as usize - 1)
}

const fn number(id: NodeId) -> u8 {
    id.0 as u8 + 1
}

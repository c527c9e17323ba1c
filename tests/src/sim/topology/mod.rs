//! Networks as operators build them, and what is to be in their kernels when nothing happens.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;
use std::time::Duration;

use bgp_core::peer::NextHopRule;
use bgp_core::policy::{Action, Condition, Disposition, Policy, Rule, SourceKind};
use bgp_core::speaker::{Config, FibRoute};
use bgp_core::{Chance, RouterId};
use ipnet::IpNet;

use super::scene::{block, config, host, net, peer};
use super::{NodeId, World};

/// Who has a session with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// Everybody with everybody, in one AS.
    Mesh,
    /// Everybody with this many reflectors, which are no clients of each other.
    Reflected(u8),
    /// Racks with two switches each, every host an AS of its own, every switch with those of other racks.
    Racks(u8),
    /// Every host an AS of its own, some with sessions between them, so that all are connected.
    Internet,
}

/// A network: hosts from 1, the reflectors or switches first.
#[derive(Clone, Debug)]
pub struct Topology {
    /// Its shape.
    pub shape: Shape,
    /// How many hosts.
    pub size: u8,
    /// For how long clients keep what reflectors told when all are gone.
    pub headless: Duration,
    /// How long a restarted host waits for the others.
    pub first_contact: Duration,
    sessions: BTreeSet<(u8, u8)>,
}

impl Topology {
    /// A network of this shape; which sessions an internet has, chance decides.
    #[must_use]
    pub fn new(shape: Shape, size: u8, chance: &mut Chance) -> Self {
        let sessions = shape.sessions(size, chance);
        Self { shape, size, sessions, headless: Duration::ZERO, first_contact: Duration::from_secs(30) }
    }

    /// Some network of 3 hosts to a dozen, seldom more.
    #[must_use]
    pub fn draw(chance: &mut Chance) -> Self {
        let mut below = |bound: u64| (chance.draw() % bound) as u8;
        let extra = if below(50) == 0 { 3 + below(30) } else { below(8) };
        let (shape, size) = match below(5) {
            0 => (Shape::Mesh, 3 + extra),
            1 => (Shape::Reflected(1), 3 + extra),
            2 => (Shape::Reflected(2), 4 + extra),
            3 => (Shape::Racks(2), 6 + extra),
            _ => (Shape::Internet, 3 + extra),
        };
        Self::new(shape, size, chance)
    }

    /// The hosts without workloads: reflectors and switches.
    #[must_use]
    pub const fn helpers(&self) -> u8 {
        match self.shape {
            Shape::Mesh | Shape::Internet => 0,
            Shape::Reflected(reflectors) => reflectors,
            Shape::Racks(racks) => 2 * racks,
        }
    }

    /// The nodes with workloads.
    pub fn workers(&self) -> impl Iterator<Item = NodeId> + use<> {
        (usize::from(self.helpers())..usize::from(self.size)).map(NodeId)
    }

    /// Pairs of nodes with a session between them.
    pub fn sessions(&self) -> impl Iterator<Item = (NodeId, NodeId)> {
        self.sessions.iter().map(|(a, b)| (node(*a), node(*b)))
    }

    /// Whether packets go straight to where they are wanted, so that they cannot go round in circles.
    #[must_use]
    pub const fn is_direct(&self) -> bool {
        matches!(self.shape, Shape::Mesh | Shape::Reflected(_))
    }

    /// The configuration of a node.
    #[must_use]
    pub fn config(&self, id: NodeId) -> Config {
        let own = number(id);
        let mut config = config(self.asn(own), own);
        config.graceful_restart.forwarding_preserved = false;
        config.graceful_restart.first_contact = self.first_contact;
        let reflects = |n: u8| matches!(self.shape, Shape::Reflected(reflectors) if n <= reflectors);
        if reflects(own) {
            config.kernel_export = None;
        }
        for other in self.neighbours(own) {
            let mut peer = peer(&config, other, self.asn(other));
            peer.client = reflects(own) && !reflects(other);
            peer.passive = peer.client;
            if peer.client {
                peer.cluster_id = RouterId([10, 0, 0, 100].into());
            }
            if reflects(other) {
                peer.headless = self.headless;
            }
            if !self.is_direct() {
                peer.next_hop = NextHopRule::Own;
                let transit = self.is_transit(own);
                let export = if transit { Policy::accept_all() } else { own_only() };
                (peer.import, peer.export) =
                    (Some(vec![Arc::new(Policy::accept_all())]), Some(vec![Arc::new(export)]));
            }
            config.peers.push(peer);
        }
        config
    }

    /// The same, after an earlier life left its routes in the kernel.
    #[must_use]
    pub fn config_again(&self, id: NodeId) -> Config {
        let mut config = self.config(id);
        config.graceful_restart.forwarding_preserved = true;
        config
    }

    /// Builds it; every worker has a block and a workload in it.
    pub fn build(&self, world: &mut World) {
        for n in 1..=self.size {
            world.add(&[host(n)], self.config(node(n)));
        }
        for id in self.workers() {
            self.originate(world, id);
        }
    }

    /// A worker says what its block is, as after a restart.
    pub fn originate(&self, world: &mut World, id: NodeId) {
        if number(id) > self.helpers() {
            world.attach(id, workload(id));
            world.input(id, block(&format!("10.244.{}.0/26", number(id))));
        }
    }

    /// Every flow between workloads, or so many of them by chance.
    pub fn flows(&self, most: usize, chance: &mut Chance) -> Vec<(NodeId, IpAddr)> {
        let from = |a: NodeId| self.workers().filter(move |b| a != *b).map(move |b| (a, workload(b)));
        let mut flows: Vec<_> = self.workers().flat_map(from).collect();
        while flows.len() > most {
            flows.swap_remove(chance.draw() as usize % flows.len());
        }
        flows
    }

    /// Every kernel holds exactly these blocks, by way of somebody who is nearest to where they are.
    ///
    /// # Panics
    /// When one does not.
    pub fn check(&self, world: &World, contested: &BTreeMap<IpNet, BTreeSet<NodeId>>, context: &str) {
        let own = self.workers().map(|id| (own_block(id), BTreeSet::from([id])));
        let contested = contested.iter().map(|(block, origins)| (*block, origins.clone()));
        let live: BTreeMap<_, _> = own.chain(contested).filter(|(_, origins)| !origins.is_empty()).collect();
        for (index, node) in world.nodes().enumerate() {
            if node.table.reconciler().is_none() {
                continue;
            }
            let context = format!("{context}, {self:?}: host {}", index + 1);
            let (held, wanted): (BTreeSet<_>, BTreeSet<_>) =
                (node.kernel.keys().collect(), live.keys().collect());
            assert_eq!(held, wanted, "{context}");
            for (block, route) in &node.kernel {
                self.check_route(NodeId(index), &live[block], route, &format!("{context}: {block}"));
            }
        }
    }

    fn check_route(&self, here: NodeId, origins: &BTreeSet<NodeId>, route: &FibRoute, context: &str) {
        let FibRoute::Forward { hops, .. } = route else {
            assert!(origins.contains(&here), "{context}: not ours");
            return;
        };
        let gateways: BTreeSet<IpAddr> = hops.iter().filter_map(|hop| hop.gateway).collect();
        let nearest: BTreeSet<IpAddr> = self.nearest(here, origins).into_iter().map(host).collect();
        let fits = match self.shape {
            Shape::Mesh => gateways == nearest,
            _ => !gateways.is_empty() && gateways.is_subset(&nearest),
        };
        assert!(fits, "{context}: {gateways:?} of {nearest:?}");
    }

    /// Found by walking everything: the origins where next hops stay, else the neighbours that are nearest
    /// to one.
    fn nearest(&self, here: NodeId, origins: &BTreeSet<NodeId>) -> BTreeSet<u8> {
        let origins: BTreeSet<u8> = origins.iter().map(|id| number(*id)).collect();
        if self.is_direct() {
            return origins;
        }
        let around: BTreeSet<u8> = self.neighbours(number(here)).collect();
        let mut reached = origins;
        while reached.is_disjoint(&around) {
            let before = reached.len();
            let next: Vec<u8> = reached.iter().flat_map(|n| self.neighbours(*n)).collect();
            reached.extend(next.into_iter().filter(|n| self.is_transit(*n)));
            assert!(reached.len() > before, "all are connected");
        }
        reached.intersection(&around).copied().collect()
    }

    fn neighbours(&self, own: u8) -> impl Iterator<Item = u8> {
        self.sessions.iter().filter_map(move |&(a, b)| match own {
            own if own == a => Some(b),
            own if own == b => Some(a),
            _ => None,
        })
    }

    /// Whether a host passes on what others told it.
    const fn is_transit(&self, n: u8) -> bool {
        matches!(self.shape, Shape::Internet) || n <= self.helpers()
    }

    fn asn(&self, n: u8) -> u32 {
        if self.is_direct() { 64512 } else { 65000 + u32::from(n) }
    }
}

impl Shape {
    /// Pairs of hosts with a session between them, the lower number first.
    fn sessions(self, size: u8, chance: &mut Chance) -> BTreeSet<(u8, u8)> {
        let mut pairs = BTreeSet::new();
        for b in 2..=size {
            // Whoever it is, it was there before: so all are connected.
            let anchor = 1 + (chance.draw() % u64::from(b - 1)) as u8;
            for a in 1..b {
                let wanted = match self {
                    Self::Mesh => true,
                    Self::Reflected(reflectors) => a <= reflectors,
                    Self::Racks(racks) => {
                        let rack = |n: u8| (n - 1) / 2 % racks;
                        a <= 2 * racks && if b <= 2 * racks { rack(a) != rack(b) } else { rack(a) == rack(b) }
                    }
                    Self::Internet => a == anchor || chance.draw().is_multiple_of(3),
                };
                if wanted {
                    pairs.insert((a, b));
                }
            }
        }
        pairs
    }
}

/// The address of a workload of a node.
#[must_use]
pub fn workload(id: NodeId) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 244, number(id), 1))
}

fn own_block(id: NodeId) -> IpNet {
    net(&format!("10.244.{}.0/26", number(id)))
}

fn own_only() -> Policy {
    let conditions = vec![Condition::Source(vec![SourceKind::Static])];
    let (name, place) = ("own".into(), "".into());
    let rule = Rule { name, place, conditions, action: Action::only(Disposition::Accept) };
    Policy { name: "own-only".into(), rules: vec![rule], default: Disposition::Reject }
}

const fn node(n: u8) -> NodeId {
    NodeId(n as usize - 1)
}

const fn number(id: NodeId) -> u8 {
    id.0 as u8 + 1
}

//! What holds whenever nothing is on its way: every speaker tells and wishes what the oracle says, and every kernel
//! holds what its speaker wishes, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bgp_core::Family;
use bgp_core::rib::Forwarding;
use bgp_core::speaker::{FibRoute, PeerView, RouteView, RoutesOf};
use fib_sync::{KernelForwarding, KernelRoute};
use ipnet::IpNet;

use super::oracle::{Path, Solution, Way};
use super::{Node, NodeId, World};

impl World {
    /// Compares the table of every node that is up with what its speaker wishes, and looks after the route
    /// of somebody else.
    ///
    /// # Panics
    /// When they differ.
    pub fn check_tables(&self, context: &str) {
        for (index, node) in self.nodes().enumerate() {
            let context = format!("{context}, seed {}, host {}", self.seed, index + 1);
            assert!(node.table.foreign_stands(), "{context}: a foreign route was touched");
            if let Some(reconciler) = node.table.reconciler() {
                assert!(reconciler.is_quiet(), "{context}: something is on its way");
                assert_eq!(held(node), wished(node), "{context}");
            }
        }
    }
}

impl World {
    /// Compares what every node wishes its kernel to hold, and what it tells each of its peers, with what the oracle
    /// says of these blocks. There is nothing else.
    ///
    /// # Panics
    /// When they differ.
    pub fn check_routes(&self, blocks: &BTreeMap<IpNet, BTreeSet<NodeId>>, context: &str) {
        let solve = |(block, origins): (&IpNet, &BTreeSet<NodeId>)| {
            (*block, Solution::find(self, Family::of(block), origins))
        };
        let solutions: Solutions = blocks.iter().map(solve).collect();
        for (index, node) in self.nodes().enumerate() {
            let (id, context) = (NodeId(index), format!("{context}, seed {}, host {}", self.seed, index + 1));
            if node.table.reconciler().is_some() {
                assert_eq!(self.wishes(node), expected_wishes(id, node, &solutions), "{context}");
            }
            let speaker = node.speaker.iter();
            for peer in speaker.flat_map(|speaker| speaker.view().peers()) {
                assert_eq!(peer.state, "Established", "{context}: {}", peer.name);
                self.check_told(id, &peer, &solutions, &context);
            }
        }
    }

    fn wishes(&self, node: &Node) -> BTreeMap<IpNet, Way> {
        let known = |address: IpAddr| self.host_of(address).expect("the address of a host");
        let way = |(prefix, route): (&IpNet, &FibRoute)| {
            let hops = node.hops(route).map(|hops| hops.iter().filter_map(|hop| hop.gateway));
            (*prefix, hops.map_or(Way::Home, |hops| Way::Hosts(hops.map(known).collect())))
        };
        node.kernel.iter().map(way).collect()
    }

    fn check_told(&self, from: NodeId, peer: &PeerView, solutions: &Solutions, context: &str) {
        let to = self.host_of(peer.address).expect("the address of a host");
        let mut told: BTreeMap<IpNet, BTreeSet<Path>> = BTreeMap::new();
        for route in self.node(from).routes(RoutesOf::Out(peer.id)) {
            told.entry(route.prefix).or_default().insert(self.path(&route));
        }
        let expected = solutions
            .iter()
            .map(|(block, solution)| (*block, solution.told(self, Family::of(block), from, to)));
        let expected: BTreeMap<_, _> = expected.filter(|(_, paths)| !paths.is_empty()).collect();
        assert_eq!(told, expected, "{context} to {}", peer.name);
    }

    fn path(&self, view: &RouteView) -> Path {
        let attributes = &view.route.attributes;
        let Forwarding::Via(next_hop) = &view.route.forwarding else {
            unreachable!("what is told has a next hop: {view:?}")
        };
        Path {
            as_path: attributes.as_path.asns().collect(),
            next_hop: self.host_of(next_hop.address()).expect("the address of a host"),
            originator: attributes.originator_id,
            clusters: attributes.cluster_list.to_vec(),
        }
    }
}

type Solutions = BTreeMap<IpNet, Solution>;

fn expected_wishes(id: NodeId, node: &Node, solutions: &Solutions) -> BTreeMap<IpNet, Way> {
    let multipath = usize::from(node.config.multipath);
    let ways = solutions.iter().map(|(block, solution)| (*block, solution.way(id, multipath)));
    ways.filter(|(_, way)| *way != Way::Unknown).collect()
}

/// A route in words that both sides have: what it does, and by way of whom.
type Word = (&'static str, BTreeSet<Option<IpAddr>>);

fn held(node: &Node) -> BTreeMap<IpNet, Word> {
    let word = |route: KernelRoute| {
        let gateways = route.hops().iter().map(|hop| hop.gateway).collect();
        let does = match route.forwarding {
            KernelForwarding::Unicast(_) => "forward",
            KernelForwarding::Blackhole => "blackhole",
            KernelForwarding::Unreachable => "unreachable",
            KernelForwarding::Prohibit => "prohibit",
            KernelForwarding::Other(_) => "other",
        };
        (route.prefix, (does, gateways))
    };
    node.table.ours().map(word).collect()
}

fn wished(node: &Node) -> BTreeMap<IpNet, Word> {
    let word = |(prefix, route): (&IpNet, &FibRoute)| {
        let gateways = node.hops(route).into_iter().flatten().map(|hop| hop.gateway).collect();
        let does = match route {
            FibRoute::Forward { .. } | FibRoute::Through { .. } => "forward",
            FibRoute::Blackhole => "blackhole",
            FibRoute::Unreachable => "unreachable",
            FibRoute::Prohibit => "prohibit",
        };
        (*prefix, (does, gateways))
    };
    node.kernel.iter().map(word).collect()
}

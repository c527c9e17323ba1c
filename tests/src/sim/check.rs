//! What holds whenever nothing is on its way: every kernel holds what its speaker wishes, and nothing else.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use bgp_core::speaker::FibRoute;
use fib_sync::{KernelForwarding, KernelRoute};
use ipnet::IpNet;

use super::{Node, World};

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
        let word = match route {
            FibRoute::Forward { hops, .. } => ("forward", hops.iter().map(|hop| hop.gateway).collect()),
            // Nobody here is configured so.
            FibRoute::Through { .. } => ("through a set", BTreeSet::new()),
            FibRoute::Blackhole => ("blackhole", BTreeSet::new()),
            FibRoute::Unreachable => ("unreachable", BTreeSet::new()),
            FibRoute::Prohibit => ("prohibit", BTreeSet::new()),
        };
        (*prefix, word)
    };
    node.kernel.iter().map(word).collect()
}

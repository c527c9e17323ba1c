//! Flows that are watched: a packet of each walks after every step that changed a kernel or a wire.

use std::net::IpAddr;
use std::time::Duration;

use bgp_core::Instant;

use super::node::Nodes;
use super::walk::Loss;
use super::{NodeId, World};

/// A time during which packets of a flow were lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Outage {
    /// Who sent them.
    pub from: NodeId,
    /// Whereto.
    pub to: IpAddr,
    /// What became of the first.
    pub loss: Loss,
    /// When it was sent.
    pub began: Instant,
    /// For how long, if it has ended.
    pub lasted: Option<Duration>,
}

/// What is watched and what was seen.
#[derive(Debug, Default)]
pub(super) struct Watch {
    flows: Vec<Flow>,
    outages: Vec<Outage>,
}

/// Packets from a node to an address.
#[derive(Debug)]
struct Flow {
    from: NodeId,
    to: IpAddr,
    /// The nodes that decided what became of the last one.
    by: Nodes,
    /// The outage that has not ended.
    open: Option<usize>,
}

impl World {
    /// Watches these flows from now on, and forgets what was seen of others.
    pub fn watch(&mut self, flows: impl IntoIterator<Item = (NodeId, IpAddr)>) {
        let flow = |(from, to)| Flow { from, to, by: Nodes::ALL, open: None };
        self.watch = Watch { flows: flows.into_iter().map(flow).collect(), outages: Vec::new() };
        self.look(Nodes::ALL);
    }

    /// When packets were lost and neither a wire nor a node in between was to blame. Even one packet is
    /// an outage, if of no duration.
    pub fn outages(&self) -> impl Iterator<Item = &Outage> {
        self.watch.outages.iter().filter(|outage| !matches!(outage.loss, Loss::Cut(..)))
    }

    /// Nothing was lost.
    ///
    /// # Panics
    /// When something was.
    pub fn check_nothing_lost(&self, context: &str) {
        let outages: Vec<_> = self.outages().take(3).collect();
        assert!(outages.is_empty(), "{context}: {} lost, first {outages:?}", self.outages().count());
    }

    /// No packet went round in circles.
    ///
    /// # Panics
    /// When one did.
    pub fn check_no_loop(&self, context: &str) {
        let outage = self.outages().find(|outage| matches!(outage.loss, Loss::Loop(_)));
        assert_eq!(outage, None, "{context}");
    }

    /// Sends a packet of every flow for which one of these nodes may decide otherwise than before.
    pub(super) fn look(&mut self, moved: Nodes) {
        let Watch { mut flows, mut outages } = std::mem::take(&mut self.watch);
        for flow in flows.iter_mut().filter(|flow| flow.by.meets(moved)) {
            let (by, arrives) = self.explore(flow.from, flow.to);
            flow.by = by;
            let loss = arrives.err();
            if flow.open.map(|index| outages[index].loss) == loss {
                continue;
            }
            if let Some(outage) = flow.open.take().and_then(|index| outages.get_mut(index)) {
                outage.lasted = Some(self.now() - outage.began);
            }
            if let Some(loss) = loss {
                flow.open = Some(outages.len());
                let Flow { from, to, .. } = *flow;
                outages.push(Outage { from, to, loss, began: self.now(), lasted: None });
            }
        }
        self.watch = Watch { flows, outages };
    }
}

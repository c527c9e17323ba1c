//! Flows that are watched: a packet of each walks after every step that changed a kernel or a wire.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::Duration;

use bgp_core::Instant;

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
    flows: Vec<(NodeId, IpAddr)>,
    open: BTreeMap<(NodeId, IpAddr), usize>,
    outages: Vec<Outage>,
}

impl World {
    /// Watches these flows from now on, and forgets what was seen of others.
    pub fn watch(&mut self, flows: impl IntoIterator<Item = (NodeId, IpAddr)>) {
        self.watch = Watch { flows: flows.into_iter().collect(), ..Watch::default() };
        self.look();
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

    /// Sends a packet of every flow.
    pub(super) fn look(&mut self) {
        let mut watch = std::mem::take(&mut self.watch);
        for &(from, to) in &watch.flows {
            let open = watch.open.get(&(from, to)).copied();
            let loss = self.walk(from, to).err();
            let known = open.map(|index| watch.outages[index].loss);
            if known == loss {
                continue;
            }
            if let Some(index) = open {
                watch.outages[index].lasted = Some(self.now() - watch.outages[index].began);
                watch.open.remove(&(from, to));
            }
            if let Some(loss) = loss {
                watch.open.insert((from, to), watch.outages.len());
                watch.outages.push(Outage { from, to, loss, began: self.now(), lasted: None });
            }
        }
        self.watch = watch;
    }
}

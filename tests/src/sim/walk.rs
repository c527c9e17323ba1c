//! The forwarding check: packets walk from kernel to kernel, by every hop that one of them may take.

use std::collections::BTreeSet;
use std::net::IpAddr;

use fib_sync::model::Fate;

use super::node::Nodes;
use super::{NodeId, World};

/// Why a packet does not arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Loss {
    /// A kernel has no route for it.
    Unroutable(NodeId),
    /// A route of this kernel drops it.
    Dropped(NodeId),
    /// The gateway is nobody's address.
    Nobody(NodeId),
    /// The wire between these two is cut: no fault of anybody's table.
    Cut(NodeId, NodeId),
    /// It came here twice.
    Loop(NodeId),
}

/// The nodes that a packet may pass.
#[derive(Debug, Default)]
struct Way {
    /// Their kernels were asked, and the wires away from them were looked at.
    asked: Nodes,
    /// Passed on the way here.
    behind: Vec<NodeId>,
    /// From here it arrives, whichever way it takes.
    arrives: BTreeSet<NodeId>,
}

impl World {
    /// Sends a packet from a node to an address.
    ///
    /// # Errors
    /// The first loss found among all the ways that it may take.
    pub fn walk(&self, from: NodeId, to: IpAddr) -> Result<(), Loss> {
        self.explore(from, to).1
    }

    /// The same, with the nodes on which the answer depends.
    pub(super) fn explore(&self, from: NodeId, to: IpAddr) -> (Nodes, Result<(), Loss>) {
        let mut way = Way::default();
        let arrives = self.walk_on(from, to, &mut way);
        (way.asked, arrives)
    }

    fn walk_on(&self, here: NodeId, to: IpAddr, way: &mut Way) -> Result<(), Loss> {
        if way.arrives.contains(&here) {
            return Ok(());
        }
        if way.behind.contains(&here) {
            return Err(Loss::Loop(here));
        }
        way.asked.insert(here);
        match self.node(here).table.kernel().lookup(to) {
            Fate::Delivered => {}
            Fate::Dropped(_) => return Err(Loss::Dropped(here)),
            Fate::Unroutable => return Err(Loss::Unroutable(here)),
            Fate::Forwarded(hops) => {
                way.behind.push(here);
                for hop in hops {
                    let next = self.host_of(hop.gateway.unwrap_or(to)).ok_or(Loss::Nobody(here))?;
                    if self.is_cut(here, next) {
                        return Err(Loss::Cut(here, next));
                    }
                    self.walk_on(next, to, way)?;
                }
                way.behind.pop();
            }
        }
        way.arrives.insert(here);
        Ok(())
    }
}

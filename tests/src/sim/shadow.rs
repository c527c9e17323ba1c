//! The shadow check: what one end of a session says it sent is what the other end says it received.

use bgp_core::rib::Forwarding;
use bgp_core::speaker::{PeerView, RouteView, RoutesOf};
use bgp_core::wire::{Attributes, PathId};
use ipnet::IpNet;

use super::{Node, World};

/// What went over the wire about one path.
type Said = (IpNet, PathId, Attributes, Forwarding);

impl World {
    /// Checks both directions of every Established session, attribute by attribute; holds whenever
    /// nothing is on its way. How many routes there were.
    ///
    /// # Panics
    /// When the two ends of a session disagree.
    pub fn check_shadows(&self, context: &str) -> usize {
        let mut checked = 0;
        for sender in self.nodes().filter(|node| node.speaker.is_some()) {
            for (receiver, to, from) in self.sessions_of(sender) {
                let sent = said(sender.routes(RoutesOf::Out(to.id)));
                let received = said(receiver.routes(RoutesOf::In(from.id)));
                assert_eq!(sent, received, "{context}: {} to {}", from.name, to.name);
                checked += sent.len();
            }
        }
        checked
    }

    /// Who is at the other end of each Established session, what it is called here, what we are called
    /// there.
    fn sessions_of<'a>(&'a self, here: &'a Node) -> impl Iterator<Item = (&'a Node, PeerView, PeerView)> {
        established(here).filter_map(move |to| {
            let there = self.nodes().find(|node| node.addresses.contains(&to.address))?;
            let from = established(there).find(|from| here.addresses.contains(&from.address))?;
            Some((there, to, from))
        })
    }
}

fn established(node: &Node) -> impl Iterator<Item = PeerView> {
    let peers = node.speaker.iter().flat_map(|speaker| speaker.view().peers());
    peers.filter(|peer| peer.state == "Established")
}

fn said(routes: Vec<RouteView>) -> Vec<Said> {
    let said = |view: RouteView| {
        let route = &view.route;
        (view.prefix, view.path_id, route.attributes.clone(), route.forwarding.clone())
    };
    routes.into_iter().map(said).collect()
}

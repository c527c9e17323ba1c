//! What the hosts of a topology are configured to do.

use std::sync::Arc;
use std::time::Duration;

use bgp_core::peer::{NextHopRule, PeerConfig};
use bgp_core::policy::{Action, Condition, Disposition, Policy, Rule, SourceKind};
use bgp_core::speaker::Config;
use bgp_core::wire::AddPathMode;
use bgp_core::{Family, RouterId};

use super::{Terms, Topology, number};
use crate::sim::NodeId;
use crate::sim::scene::{config, host6, peer};

impl Topology {
    /// The configuration of a node.
    #[must_use]
    pub fn config(&self, id: NodeId) -> Config {
        let own = number(id);
        let mut config = config(self.asn(own), own);
        config.graceful_restart.first_contact = self.first_contact;
        config.graceful_restart.long_lived = self.long_lived;
        config.kernel_sets = self.objects;
        if self.shape.reflects(own) {
            config.kernel_export = None;
        }
        for (&(a, b), terms) in self.sessions.iter().filter(|(_, terms)| !terms.removed) {
            if a == own || b == own {
                let peer = self.peer(&config, own, a + b - own, *terms);
                config.peers.push(peer);
            }
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

    fn peer(&self, config: &Config, own: u8, other: u8, terms: Terms) -> PeerConfig {
        let mut peer = peer(config, other, self.asn(other));
        if self.families == [Family::IPV6] {
            peer.remote.set_ip(host6(other));
        }
        peer.families.clone_from(&self.families);
        let reflects = self.shape.reflects(own);
        peer.client = reflects && !self.shape.reflects(other);
        peer.passive = peer.client && !self.both_dial;
        if reflects {
            peer.cluster_id = RouterId([10, 0, 0, if self.own_clusters { 100 + own } else { 100 }].into());
        }
        peer.headless = if self.shape.reflects(other) { self.headless } else { Duration::ZERO };
        // Of two paths of one peer that are alike in everything but their identifiers, which are the peer's own affair,
        // no oracle knows which is chosen: whoever puts itself in front of several others tells only its best.
        let mode = if self.shape.is_border(own) { AddPathMode::Receive } else { AddPathMode::Both };
        peer.add_path = terms.add_path.then_some(mode);
        if !self.is_direct() && !reflects {
            peer.next_hop = NextHopRule::Own;
        }
        if self.asn(own) != self.asn(other) {
            let export = if self.shape.is_transit(own) { Policy::accept_all() } else { own_only() };
            (peer.import, peer.export) = (only(Policy::accept_all()), only(export));
        }
        if terms.refused {
            peer.import = only(Policy::reject_all());
        }
        peer
    }

    pub(super) const fn asn(&self, n: u8) -> u32 {
        self.shape.asn(n)
    }
}

fn only(policy: Policy) -> Option<Vec<Arc<Policy>>> {
    Some(vec![Arc::new(policy)])
}

fn own_only() -> Policy {
    let conditions = vec![Condition::Source(vec![SourceKind::Static])];
    let (name, place) = ("own".into(), "".into());
    let rule = Rule { name, place, conditions, action: Action::only(Disposition::Accept) };
    Policy { name: "own-only".into(), place: "sim:9".into(), rules: vec![rule], default: Disposition::Reject }
}

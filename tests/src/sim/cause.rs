//! Causes: no session ends without one. What quietly flaps and heals would look well at the end.

use std::collections::BTreeMap;
use std::time::Duration;

use bgp_core::Instant;
use bgp_core::peer::PeerConfig;
use bgp_core::speaker::{Admin, Config, Event, Input};

use super::wire::pair;
use super::{NodeId, World};

/// Until when sessions between two nodes may end.
#[derive(Debug, Default)]
pub(super) struct Causes {
    /// Whether anybody asks.
    pub(super) asked: bool,
    until: BTreeMap<(NodeId, NodeId), Instant>,
}

/// The longest that a fault goes on to be felt after it is over: a hold timer, and another try.
const ECHO: Duration = Duration::from_secs(200);

impl World {
    /// Something goes wrong between two nodes, for this long.
    pub(super) fn excuse(&mut self, a: NodeId, b: NodeId, duration: Duration) {
        let until = self.now() + duration + ECHO;
        let held = self.causes.until.entry(pair(a, b)).or_default();
        *held = (*held).max(until);
    }

    /// Something goes wrong with a node.
    pub(super) fn excuse_all(&mut self, id: NodeId) {
        for other in 0..self.nodes.len() {
            self.excuse(id, NodeId(other), Duration::ZERO);
        }
    }

    /// An operator may do what ends sessions.
    pub(super) fn excuse_input(&mut self, id: NodeId, input: &Input) {
        match input {
            Input::Admin { action: Admin::Disable { .. } | Admin::Reset, .. } | Input::Stop { .. } => {
                self.excuse_all(id);
            }
            Input::Reconfigure(config) => {
                for other in self.renegotiated(id, config) {
                    self.excuse(id, other, Duration::ZERO);
                }
            }
            _ => {}
        }
    }

    /// With whom a node has to exchange another OPEN if it is configured so; whatever else is new disturbs no session.
    fn renegotiated(&self, id: NodeId, config: &Config) -> Vec<NodeId> {
        let opens = |config: &Config| -> BTreeMap<_, _> {
            let open = |peer: &PeerConfig| (peer.remote.ip(), (peer.families.clone(), peer.add_path));
            config.peers.iter().map(open).collect()
        };
        let (old, new) = (opens(&self.node(id).config), opens(config));
        let peers = old.keys().chain(new.keys()).filter(|peer| old.get(*peer) != new.get(*peer));
        peers.filter_map(|address| self.host_of(*address)).collect()
    }

    /// Every session that a node said has ended had a cause.
    pub(super) fn check_causes(&mut self, id: NodeId) {
        let heard = self.node(id).heard;
        self.nodes[id.0].heard = self.node(id).events.len();
        if !self.causes.asked {
            return;
        }
        for event in &self.node(id).events[heard..] {
            if let Event::Down { peer, reason, .. } = event
                && let Some(other) = self.peer_of(id, peer)
            {
                let until = self.causes.until.get(&pair(id, other)).copied().unwrap_or_default();
                let excused = until >= self.now() || self.is_cut(id, other) || self.is_down(other);
                assert!(
                    excused,
                    "seed {}, at {}: the session of {id:?} with {peer} ended without a cause: {reason}",
                    self.seed,
                    self.now()
                );
            }
        }
    }

    fn is_down(&self, id: NodeId) -> bool {
        self.node(id).speaker.is_none()
    }

    fn peer_of(&self, id: NodeId, name: &str) -> Option<NodeId> {
        let speaker = self.node(id).speaker.as_ref()?;
        self.host_of(speaker.view().peer(speaker.peer_id(name)?)?.address)
    }
}

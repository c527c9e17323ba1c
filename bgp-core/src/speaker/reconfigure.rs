//! A new configuration against the one in force: each difference disturbs as little as it can.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Instant;
use crate::peer::PeerConfig;
use crate::speaker::{Config, Event, PeerId, Speaker};
use crate::wire::{Cease, Notification};

use super::neighbour::{Neighbour, Stay};
use super::rib_settings;

/// What a changed peer configuration costs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Nothing anybody outside could notice.
    Nothing,
    /// Routes are judged anew, in both directions; the session stays.
    Policy,
    /// What the OPEN or the connection said has changed: the session starts anew.
    Reset,
}

impl Speaker {
    /// Puts a configuration in force. Peers are matched by name.
    pub(super) fn reconfigure(&mut self, config: Config, now: Instant) {
        let old = std::mem::replace(&mut self.config, config);
        let clusters = std::mem::replace(&mut self.clusters, self.config.clusters());
        // What was found at our start: no configuration knows it, and peers that come back later are to hear it too.
        self.config.graceful_restart.forwarding_preserved = old.graceful_restart.forwarding_preserved;
        let identity = (old.asn, old.router_id) != (self.config.asn, self.config.router_id);
        let names: BTreeSet<Arc<str>> = self.config.peers.iter().map(|peer| Arc::clone(&peer.name)).collect();
        let removed = self.remove_missing(&names, now);
        let (mut added, mut reset) = (0, 0);
        for peer in self.config.peers.clone() {
            match self.roster.by_name(&peer.name) {
                None => {
                    self.add_peer(peer, now);
                    added += 1;
                }
                Some(id) => reset += usize::from(self.change_peer(id, peer, identity, now) == Effect::Reset),
            }
        }
        if clusters != self.clusters {
            let everybody: Vec<PeerId> = self.roster.iter().map(|neighbour| neighbour.id).collect();
            everybody.into_iter().for_each(|id| self.judge_anew(id));
        }
        for (id, peer) in self.accepted(&names) {
            reset += usize::from(self.change_peer(id, peer, identity, now) == Effect::Reset);
        }
        self.change_tables(&old);
        self.tell(Event::Reconfigured { added, removed, reset });
    }

    /// Those who came from a range and have no name of their own, and what their range makes of them now.
    fn accepted(&self, names: &BTreeSet<Arc<str>>) -> Vec<(PeerId, PeerConfig)> {
        let accepted = self
            .roster
            .iter()
            .filter(|peer| peer.stay == Stay::Accepted && !names.contains(&peer.config().name));
        let becomes = |peer: &Neighbour| {
            let address = peer.config().remote.ip();
            Some((peer.id, self.config.range_of(address)?.peer(address)))
        };
        accepted.filter_map(becomes).collect()
    }

    fn remove_missing(&mut self, names: &BTreeSet<Arc<str>>, now: Instant) -> usize {
        let ranges = self.config.dynamic_peers.clone();
        let covered = |address| ranges.iter().any(|range| range.prefix.contains(&address));
        let gone: Vec<PeerId> = self
            .roster
            .iter()
            .filter(|peer| peer.stay != Stay::Leaving && !names.contains(&peer.config().name))
            .filter(|peer| !(peer.stay == Stay::Accepted && covered(peer.config().remote.ip())))
            .map(|peer| peer.id)
            .collect();
        for id in &gone {
            self.with_peer(*id, now, |peer| peer.stop(Notification::cease(Cease::PeerDeconfigured), now));
            self.retire(*id);
        }
        gone.len()
    }

    fn change_peer(&mut self, id: PeerId, config: PeerConfig, identity: bool, now: Instant) -> Effect {
        let Some(neighbour) = self.roster.get(id) else { return Effect::Nothing };
        let source = neighbour.source.filter(|_| !moves(neighbour.config(), &config));
        let offer = self.graceful_offer(&config, source);
        let effect = if identity { Effect::Reset } else { compare(neighbour.config(), &config) };
        let (was, is) = (neighbour.config().enabled, config.enabled);
        let cease = if moves(neighbour.config(), &config) || identity {
            Cease::PeerDeconfigured
        } else {
            Cease::OtherConfigurationChange
        };
        let families = if is { config.families.clone() } else { Vec::new() };
        self.roster.readdress(id, config.remote.ip());
        self.with_peer(id, now, |peer| {
            peer.reconfigure(config);
            peer.offer(offer);
            match (was, is) {
                (true, false) => peer.stop(Notification::cease(Cease::PeerDeconfigured), now),
                (false, true) => peer.start(now),
                (true, true) if effect == Effect::Reset => peer.reset(Notification::cease(cease), now),
                (_, _) => {}
            }
        });
        self.give_up(id, |family| !families.contains(&family));
        if effect == Effect::Policy {
            self.judge_anew(id);
        }
        effect
    }

    /// Import and export of a peer are evaluated anew, without a word on the wire but the difference.
    fn judge_anew(&mut self, id: PeerId) {
        let Self { roster, rib, exporter, drain, .. } = self;
        let Some(neighbour) = roster.get(id) else { return };
        let (Some(source), Some(live)) = (neighbour.source, neighbour.live.as_ref()) else { return };
        let target = neighbour.target(live, drain.is_some());
        for family in live.negotiated.families() {
            rib.reimport(source, *family);
            exporter.retarget(id, *family, &target, rib);
        }
    }

    fn change_tables(&mut self, old: &Config) {
        if (old.multipath, old.kernel_export.is_some())
            != (self.config.multipath, self.config.kernel_export.is_some())
        {
            self.rib.reconfigure(rib_settings(&self.config));
        }
        let Some(policies) = self.config.kernel_export.clone() else { return };
        let fib = self.fib.get_or_insert_with(|| super::Fib::new(policies.clone(), self.config.kernel_sets));
        if fib.reconfigure(policies) {
            self.rib.decide_all();
        }
    }
}

/// Whether it is another peer by now, under the same name: what the one said is not kept for the other.
fn moves(old: &PeerConfig, new: &PeerConfig) -> bool {
    (old.remote, old.asn, old.local_asn) != (new.remote, new.asn, new.local_asn)
}

/// What going from one configuration of a peer to another costs.
// Exhaustive: a new field does not compile before it has a line here.
#[must_use]
pub fn compare(old: &PeerConfig, new: &PeerConfig) -> Effect {
    let PeerConfig {
        name: _,
        remote,
        local_address,
        asn,
        local_asn,
        router_id,
        cluster_id,
        description: _,
        passive: _,
        enabled: _,
        families,
        add_path,
        add_path_send,
        hold_time,
        connect_retry: _,
        multihop,
        client,
        client_to_client,
        next_hop,
        next_hop_addresses,
        allow_own_as,
        role,
        import,
        export,
        max_prefixes,
        graceful_restart,
        headless: _,
    } = old;
    let reset = *remote != new.remote
        || *local_address != new.local_address
        || *asn != new.asn
        || *local_asn != new.local_asn
        || *router_id != new.router_id
        || *families != new.families
        || *add_path != new.add_path
        || *hold_time != new.hold_time
        || *multihop != new.multihop
        || *client != new.client
        || *cluster_id != new.cluster_id
        || *role != new.role
        || *graceful_restart != new.graceful_restart;
    let policy = *add_path_send != new.add_path_send
        || *client_to_client != new.client_to_client
        || *next_hop != new.next_hop
        || *next_hop_addresses != new.next_hop_addresses
        || *allow_own_as != new.allow_own_as
        || *import != new.import
        || *export != new.export
        || *max_prefixes != new.max_prefixes;
    match (reset, policy) {
        (true, _) => Effect::Reset,
        (false, true) => Effect::Policy,
        (false, false) => Effect::Nothing,
    }
}

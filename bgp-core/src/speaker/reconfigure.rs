//! A new configuration against the one in force: each difference disturbs as little as it can.

use std::collections::BTreeSet;
use std::sync::Arc;

use crate::Instant;
use crate::peer::PeerConfig;
use crate::speaker::{Config, Event, PeerId, Speaker};
use crate::wire::{Cease, Notification, RefreshKind, RouteRefresh};

use super::effect::{Effect, compare};
use super::neighbour::{Neighbour, Stay};
use super::rib_settings;

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
                Some(id) => reset += usize::from(self.change_peer(id, peer, identity, now) >= Effect::Reopen),
            }
        }
        if clusters != self.clusters {
            let everybody: Vec<PeerId> = self.roster.iter().map(|neighbour| neighbour.id).collect();
            everybody.into_iter().for_each(|id| self.judge_anew(id));
        }
        for (id, peer) in self.accepted(&names) {
            reset += usize::from(self.change_peer(id, peer, identity, now) >= Effect::Reopen);
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
        let effect = match identity {
            _ if neighbour.peer.is_stopped() => Effect::Nothing,
            true => Effect::Reset,
            false => compare(neighbour.config(), &config),
        };
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
                (_, _) if effect >= Effect::Reopen => peer.reset(Notification::cease(cease), now),
                (false, true) => peer.start(now),
                (true, true) | (false, false) => {}
            }
        });
        self.give_up(id, |family| !families.contains(&family));
        match effect {
            Effect::Nothing => self.retarget(id),
            Effect::Policy => self.judge_anew(id),
            Effect::Refresh => {
                self.judge_anew(id);
                self.ask_again(id, now);
            }
            Effect::Reopen | Effect::Reset => {}
        }
        effect
    }

    /// The peer is asked for its routes again; that there are too many of them may be said once more.
    pub(super) fn ask_again(&mut self, id: PeerId, now: Instant) {
        if let Some(live) = self.roster.get_mut(id).and_then(|neighbour| neighbour.live.as_mut()) {
            live.over_limit.clear();
        }
        for family in self.config_families(id) {
            let request = RouteRefresh { family, kind: RefreshKind::Request };
            self.with_peer(id, now, |peer| peer.refresh(request, now));
        }
    }

    /// Import and export of a peer are evaluated anew, without a word on the wire but the difference.
    fn judge_anew(&mut self, id: PeerId) {
        let Self { roster, rib, .. } = self;
        let Some(neighbour) = roster.get(id) else { return };
        let (Some(source), Some(live)) = (neighbour.source, neighbour.live.as_ref()) else { return };
        for family in live.negotiated.families() {
            rib.reimport(source, *family);
        }
        self.retarget(id);
    }

    /// What a peer is told follows its configuration: where that decides as before, only the names in
    /// explanations change.
    fn retarget(&mut self, id: PeerId) {
        let Self { roster, rib, exporter, drain, .. } = self;
        let Some(neighbour) = roster.get(id) else { return };
        let Some(live) = neighbour.live.as_ref() else { return };
        let target = neighbour.target(live, drain.is_some());
        for family in live.negotiated.families() {
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
pub(super) fn moves(old: &PeerConfig, new: &PeerConfig) -> bool {
    (old.remote, old.asn, old.local_asn) != (new.remote, new.asn, new.local_asn)
}

//! What one peer's machine asks for, done: sessions enter and leave the RIB and the update groups here.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::peer::{Peer, PeerConfig, PeerOutput};
use crate::rib::Source;
use crate::session::{Down, Negotiated, StateName};
use crate::speaker::{Author, Carrier, ConnId, Event, Interface, Output, PeerId, Speaker};
use crate::{Family, Instant};

use super::neighbour::{Live, Neighbour, Stay};

impl Speaker {
    /// Adds a configured peer and starts it unless it is disabled.
    pub(super) fn add_peer(&mut self, config: PeerConfig, now: Instant) {
        let enabled = config.enabled && !self.stopping;
        let id = self.enrol(config, Stay::Configured, now);
        if enabled {
            self.with_peer(id, now, |peer| peer.start(now));
        }
    }

    fn enrol(&mut self, config: PeerConfig, stay: Stay, now: Instant) -> PeerId {
        let id = self.roster.next_id();
        let offer = self.graceful_offer(&config, None);
        let peer = Peer::new(config, offer, self.chance.draw(), now);
        self.roster.insert(Neighbour::new(id, peer, stay));
        id
    }

    /// Somebody connected: whose connection is it?
    pub(super) fn accept(
        &mut self,
        conn: ConnId,
        local: SocketAddr,
        remote: SocketAddr,
        interface: Arc<Interface>,
        now: Instant,
    ) {
        match self.admit(local, &remote, now) {
            Ok(id) => {
                self.conns.insert(conn, Carrier { peer: id, interface });
                let fresh = self.roster.get(id).is_some_and(Neighbour::is_fresh);
                self.with_peer(id, now, |peer| {
                    if fresh {
                        peer.start(now);
                    }
                    peer.accepted(conn, local, remote, now);
                });
            }
            Err(reason) => {
                self.tell(Event::Refused { remote, reason: reason.to_owned() });
                self.outputs.push_back(Output::Close { conn });
            }
        }
    }

    fn admit(
        &mut self,
        local: SocketAddr,
        remote: &SocketAddr,
        now: Instant,
    ) -> Result<PeerId, &'static str> {
        if self.stopping {
            return Err("the speaker is stopping");
        }
        if let Some(id) = self.roster.by_address(remote) {
            let expected = self.roster.get(id).and_then(|neighbour| neighbour.config().local_address);
            return match expected {
                Some(address) if address != local.ip() => Err("it dialed another address than local_address"),
                Some(_) | None => Ok(id),
            };
        }
        let Some(range) = self.config.range_of(remote.ip()) else {
            return Err("no peer has this address and no range contains it");
        };
        if self.members(&range.prefix) >= range.limit as usize {
            return Err("the limit of the range is reached");
        }
        let config = range.peer(remote.ip());
        Ok(self.enrol(config, Stay::Accepted, now))
    }

    /// How many peers were accepted from a range.
    fn members(&self, prefix: &IpNet) -> usize {
        let member =
            |peer: &&Neighbour| peer.stay == Stay::Accepted && prefix.contains(&peer.config().remote.ip());
        self.roster.iter().filter(member).count()
    }

    /// Does something to a peer's machine and everything that follows from it.
    pub(super) fn with_peer(&mut self, id: PeerId, now: Instant, act: impl FnOnce(&mut Peer)) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        act(&mut neighbour.peer);
        self.follow(id, now);
        self.roster.reindex(id);
        self.drop_if_gone(id);
    }

    /// Octets arrived. What a message asks for is done before the next is decoded, so that however many come at once,
    /// one at a time takes memory, and that is at hand.
    pub(super) fn received(&mut self, conn: ConnId, bytes: &[u8], now: Instant) {
        let Some(id) = self.conns.get(&conn).map(|carrier| carrier.peer) else { return };
        let mut rest = bytes;
        while !rest.is_empty()
            && let Some(neighbour) = self.roster.get_mut(id)
        {
            neighbour.peer.received_next(conn, &mut rest, now);
            self.follow(id, now);
        }
        self.roster.reindex(id);
        self.drop_if_gone(id);
    }

    /// Does what a peer's machine asks for.
    fn follow(&mut self, id: PeerId, now: Instant) {
        while let Some(output) = self.roster.get_mut(id).and_then(|neighbour| neighbour.peer.poll_output()) {
            self.perform(id, output, now);
        }
    }

    pub(super) fn with_conn(&mut self, conn: ConnId, now: Instant, act: impl FnOnce(&mut Peer)) {
        if let Some(id) = self.conns.get(&conn).map(|carrier| carrier.peer) {
            self.with_peer(id, now, act);
        }
    }

    fn perform(&mut self, id: PeerId, output: PeerOutput, now: Instant) {
        match output {
            PeerOutput::Connect { remote, local } => {
                let Some(name) = self.roster.get(id).map(Neighbour::name) else { return };
                self.outputs.push_back(Output::Connect { peer: id, name, remote, local });
            }
            PeerOutput::AbandonConnect => self.outputs.push_back(Output::AbandonConnect { peer: id }),
            PeerOutput::Ready { conn } => self.outputs.push_back(Output::Ready { conn }),
            PeerOutput::Close { conn } => self.outputs.push_back(Output::Close { conn }),
            PeerOutput::StateChanged { from, to } => {
                let Some(neighbour) = self.roster.get(id) else { return };
                let fails = matches!(to, StateName::Idle | StateName::Active) && from != StateName::Idle;
                let failure = neighbour.peer.status().last_error.filter(|_| fails);
                let reason = failure.map(ToString::to_string);
                let peer = neighbour.name();
                self.tell(Event::State { peer, from: from.as_str(), to: to.as_str(), reason });
            }
            PeerOutput::Established { conn, negotiated } => self.established(id, conn, negotiated, now),
            PeerOutput::Update { conn, update } => {
                if self.is_live(id, conn) {
                    self.receive(id, update, now);
                }
            }
            PeerOutput::Refresh { conn, refresh } => {
                if self.is_live(id, conn) {
                    self.refreshed(id, refresh, now);
                }
            }
            PeerOutput::Down { conn, established, down } => self.down(id, conn, established, &down, now),
        }
    }

    fn is_live(&self, id: PeerId, conn: ConnId) -> bool {
        self.roster
            .get(id)
            .and_then(|neighbour| neighbour.live.as_ref())
            .is_some_and(|live| live.conn == conn)
    }

    fn established(&mut self, id: PeerId, conn: ConnId, negotiated: Arc<Negotiated>, now: Instant) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(local) = neighbour.peer.status().local else { return };
        let interface = self.conns.get(&conn).map(|carrier| Arc::clone(&carrier.interface));
        let live = Live {
            conn,
            negotiated,
            local,
            interface: interface.unwrap_or_default(),
            since: now,
            complete: BTreeSet::new(),
            spent: BTreeSet::new(),
            over_limit: BTreeSet::new(),
            refreshing: BTreeMap::new(),
        };
        let source = Source::Bgp(neighbour.source(&live));
        let target = neighbour.target(&live, self.drain.is_some());
        let families = live.negotiated.families().to_vec();
        let event = Event::Established {
            peer: neighbour.name(),
            families: families.clone(),
            hold_time: live.negotiated.hold_time,
        };
        self.exporter.introduce(id, neighbour.name());
        match neighbour.source {
            Some(known) => {
                self.rib.update_source(known, source);
                self.rib.restart_tally(known);
            }
            None => neighbour.source = Some(self.rib.add_source(source)),
        }
        neighbour.live = Some(live);
        self.tell(event);
        self.renew_offer(id);
        self.resume_kept(id, now);
        for family in families {
            self.exporter.join(id, family, &target, &mut self.rib);
        }
    }

    fn down(&mut self, id: PeerId, conn: ConnId, established: bool, down: &Down, now: Instant) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let peer = neighbour.name();
        let live = neighbour.live.take_if(|live| established && live.conn == conn);
        let notification = down.notification().map(|said| (said.code.octet(), said.subcode));
        let (author, reason) = (Author::of(down), down.to_string());
        self.tell(Event::Down { peer, reason, established, author, notification });
        if let Some(live) = live {
            self.exporter.leave(id, &mut self.rib);
            self.forget_or_keep(id, &live, down, now);
        }
    }

    /// A neighbour that is not configured (any more) goes with its last connection.
    pub(super) fn drop_if_gone(&mut self, id: PeerId) {
        let Some(neighbour) = self.roster.get(id) else { return };
        let remembered = neighbour.live.is_some() || !neighbour.kept.is_empty();
        if neighbour.stay != Stay::Configured
            && !remembered
            && !self.conns.values().any(|carrier| carrier.peer == id)
        {
            self.remove_peer(id);
        }
    }

    /// The operator dropped a neighbour: its name is free at once, the rest goes with its last connection.
    pub(super) fn retire(&mut self, id: PeerId) {
        self.give_up(id, |_| true);
        self.roster.retire(id);
        self.drop_if_gone(id);
    }

    /// Forgets a neighbour and everything it said.
    fn remove_peer(&mut self, id: PeerId) {
        let Some(neighbour) = self.roster.remove(id) else { return };
        self.exporter.leave(id, &mut self.rib);
        self.exporter.forget(id);
        if let Some(source) = neighbour.source {
            self.rib.remove_source(source);
        }
    }

    pub(super) fn tell(&mut self, event: Event) {
        let number = self.rib.next_number();
        self.outputs.push_back(Output::Event { number, at: self.now, event });
    }

    /// Families in use with a peer.
    pub(super) fn config_families(&self, id: PeerId) -> Vec<Family> {
        let live = self.roster.get(id).and_then(|neighbour| neighbour.live.as_ref());
        live.map_or_else(Vec::new, |live| live.negotiated.families().to_vec())
    }
}

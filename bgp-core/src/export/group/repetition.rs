//! Saying again what was said: to members that walk, and to those that missed something.

use std::sync::Arc;

use bytes::BytesMut;
use ipnet::IpNet;

use super::Group;
use super::batch::BATCH;
use crate::export::adj_rib_out::Said;
use crate::export::audience::Audience;
use crate::export::clerk::Clerk;
use crate::export::difference::Word;
use crate::export::entitlement::Names;
use crate::export::journal::{Portion, Saying};
use crate::export::key::Key;
use crate::export::member::{Closing, Purpose, Walk};
use crate::export::pack::Pack;
use crate::export::parting::Parting;
use crate::rib::{NetId, Rib};
use crate::speaker::PeerId;
use crate::wire::{self, Message, Nlri, RefreshKind, RouteRefresh};

impl Group {
    /// Pays some of a member's arrears.
    pub(super) fn pay(&mut self, peer: PeerId, names: &Names, rib: &Rib) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        let mut clerk = Clerk::new(&self.key, names);
        let mut pack = Pack::default();
        for Nlri { path_id, prefix } in member.arrears.pay(BATCH) {
            let net = rib.table(self.key.family).and_then(|table| table.lookup(&prefix));
            let said = net.into_iter().flat_map(|net| self.out.said(net));
            let mut of_it = said.filter(|said| said.path_id == path_id);
            let heard = of_it.next().and_then(|said| clerk.heard(&said, &self.out.voices, rib));
            let sent = heard.filter(|heard| heard.audience.admits(peer)).map(|heard| heard.sent);
            pack.add(prefix, Word { path_id, audience: Audience::Only(peer), sent });
        }
        let sayings = pack.finish(clerk.sent(), self.key.family, &self.key.dialect);
        self.encoded += sayings.iter().map(Saying::size).sum::<u64>();
        member.queue.extend(sayings.into_iter().map(|saying| saying.portion));
    }

    pub(super) fn start_refresh(&mut self, peer: PeerId) {
        let walk = self.walk(Purpose::Refresh);
        if let Some(member) = self.members.get_mut(&peer) {
            member.refresh = false;
            member.walk = Some(walk);
            member.look_at_all(&self.refusals);
        }
    }

    /// A walk through everything said by now.
    pub(super) fn walk(&self, purpose: Purpose) -> Walk {
        Walk::new(purpose, self.out.parts(), self.dirty.ticket())
    }

    /// The next step of a member's walk: its opening marker, a part of the table, its closing marker.
    pub(super) fn step(&mut self, peer: PeerId, names: &Names, rib: &Rib) {
        let Some(walk) = self.members.get(&peer).and_then(|member| member.walk) else { return };
        if !walk.begun {
            self.mark(peer, walk.purpose, RefreshKind::Begin);
            self.walk_on(peer, Walk { begun: true, ..walk });
        } else if walk.part < walk.parts {
            self.say_part(peer, walk.part, names, rib);
            self.walk_on(peer, Walk { part: walk.part + 1, stepped: true, ..walk });
        } else if self.dirty.has_passed(walk.until) {
            self.part_with_rest(peer, rib);
            self.end_walk(peer, walk.purpose);
        } else {
            self.walk_on(peer, Walk { stepped: true, ..walk });
        }
    }

    fn walk_on(&mut self, peer: PeerId, walk: Walk) {
        if let Some(member) = self.members.get_mut(&peer) {
            member.walk = Some(walk);
        }
    }

    /// Says that a walk is over, or notes that it is to be said.
    fn end_walk(&mut self, peer: PeerId, purpose: Purpose) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        member.walk = None;
        if purpose == Purpose::Join && member.closing == Closing::Held {
            member.closing = Closing::Owed;
        } else {
            self.mark(peer, purpose, RefreshKind::End);
        }
        self.tidy();
    }

    /// Says what opens or closes a walk.
    fn mark(&mut self, peer: PeerId, purpose: Purpose, kind: RefreshKind) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        let family = self.key.family;
        let mut octets = BytesMut::new();
        match (purpose, kind) {
            (Purpose::Join, RefreshKind::End) => wire::end_of_rib(family, &mut octets),
            (Purpose::Refresh, _) if member.enhanced_refresh => {
                let message = Message::RouteRefresh(RouteRefresh { family, kind });
                wire::encode(&message, &self.key.dialect, &mut octets);
            }
            (Purpose::Join | Purpose::Refresh | Purpose::Move, _) => return,
        }
        member.queue.push_back(Portion { octets: octets.freeze(), messages: 1, announced: 0, withdrawn: 0 });
    }

    /// Says a part of Adj-RIB-Out as it is now. Those who walk there before it changes share the octets.
    fn say_part(&mut self, peer: PeerId, part: usize, names: &Names, rib: &Rib) {
        let (key, out, encoded) = (&self.key, &self.out, &mut self.encoded);
        let sayings = self.parts.entry(part).or_insert_with(|| {
            let mut clerk = Clerk::new(key, names);
            let mut pack = Pack::default();
            for (prefix, said) in with_prefixes(key, out.part(part), rib) {
                if let Some(heard) = clerk.heard(&said, &out.voices, rib) {
                    pack.add(prefix, heard.word(heard.audience));
                }
            }
            let sayings = pack.finish(clerk.sent(), key.family, &key.dialect);
            *encoded += sayings.iter().map(Saying::size).sum::<u64>();
            sayings
        });
        let Some(member) = self.members.get_mut(&peer) else { return };
        for saying in sayings {
            if saying.audience.admits(peer) {
                member.queue.push_back(saying.portion.clone());
            } else {
                member.tally.keep_back(saying);
            }
        }
    }

    /// Withdraws what a member may have been told elsewhere and is not told here. Those who came together share the
    /// octets.
    fn part_with_rest(&mut self, peer: PeerId, rib: &Rib) {
        let Some(member) = self.members.get_mut(&peer) else { return };
        let (key, out, encoded) = (&self.key, &self.out, &mut self.encoded);
        for routes in std::mem::take(&mut member.held) {
            let parting = self.partings.entry(routes.as_ptr().addr()).or_insert_with(|| {
                let parting = Parting::of(routes, key, out, rib);
                *encoded += parting.size();
                parting
            });
            member.queue.extend(parting.for_member(peer));
        }
    }

    /// Everything said.
    pub(super) fn inventory(&mut self, rib: &Rib) -> Arc<[Nlri]> {
        let (key, out) = (&self.key, &self.out);
        let take = || {
            let said = with_prefixes(key, out.iter(), rib);
            said.map(|(prefix, said)| Nlri { path_id: said.path_id, prefix }).collect()
        };
        Arc::clone(self.inventory.get_or_insert_with(take))
    }

    /// Forgets what was encoded for walks when nobody walks any more.
    pub(super) fn tidy(&mut self) {
        if self.members.values().all(|member| member.walk.is_none()) {
            self.parts.clear();
            self.partings.clear();
        }
    }
}

fn with_prefixes(
    key: &Key,
    said: impl Iterator<Item = (NetId, Said)>,
    rib: &Rib,
) -> impl Iterator<Item = (IpNet, Said)> {
    let table = rib.table(key.family);
    said.filter_map(move |(net, said)| Some((table?.prefix(net)?, said)))
}

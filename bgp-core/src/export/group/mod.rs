//! The group: sessions that hear the same octets, what they have been told, and what is to be told.

mod batch;
mod repetition;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::Instant;
use crate::export::adj_rib_out::AdjRibOut;
use crate::export::clerk::as_said;
use crate::export::dirty::Dirty;
use crate::export::entitlement::Names;
use crate::export::journal::{Journal, Portion, Saying};
use crate::export::key::Key;
use crate::export::member::{Closing, Member, Need, Purpose, Walk};
use crate::export::parting::Parting;
use crate::export::refusals::Refusals;
use crate::export::{Advertised, ExportTally, Picture};
use crate::rib::{NetId, Rib};
use crate::speaker::PeerId;
use crate::wire::Nlri;

/// What came of asking a group for something to say.
#[derive(Debug)]
pub(super) enum Pulled {
    /// Octets to send.
    Octets(Portion),
    /// Nothing yet, and the work bounded for one call is done: ask again.
    Later,
    /// There is nothing to say.
    Nothing,
}

/// Sessions that hear the same octets.
#[derive(Debug)]
pub(super) struct Group {
    key: Key,
    members: BTreeMap<PeerId, Member>,
    dirty: Dirty,
    out: AdjRibOut,
    refusals: Refusals,
    journal: Journal,
    /// Octets that the journal keeps for slow members.
    journal_limit: usize,
    /// Parts of Adj-RIB-Out as encoded for walks, until they change or nobody walks.
    parts: BTreeMap<usize, Vec<Saying>>,
    /// What those withdraw who came from another group with the same routes, until something changes or nobody walks.
    /// By the address of the routes.
    partings: BTreeMap<usize, Parting>,
    /// Octets encoded since the group began, for whomever.
    encoded: u64,
    /// Everything said, for members that move to another group together.
    inventory: Option<Arc<[Nlri]>>,
}

/// What a member takes with it when it leaves for another group of the same session: what it has not heard, and
/// every route it may have been told.
#[derive(Debug)]
pub(super) struct Luggage(Member);

impl Group {
    /// A group that has told nobody anything yet.
    pub(super) fn new(key: Key, journal_limit: usize, rib: &Rib, now: Instant) -> Self {
        let mut dirty = Dirty::default();
        let nets = rib.table(key.family).into_iter().flat_map(|table| table.nets());
        nets.for_each(|(net, _)| dirty.touch(net));
        Self {
            key,
            members: BTreeMap::new(),
            dirty,
            out: AdjRibOut::default(),
            refusals: Refusals::default(),
            journal: Journal::new(now),
            journal_limit,
            parts: BTreeMap::new(),
            partings: BTreeMap::new(),
            encoded: 0,
            inventory: None,
        }
    }

    pub(super) fn key(&self) -> &Key {
        &self.key
    }

    /// Takes over a key that decides alike, for the names in it that explanations give.
    pub(super) fn rename(&mut self, key: Key) {
        debug_assert_eq!(self.key, key);
        self.key = key;
    }

    pub(super) fn members(&self) -> impl Iterator<Item = PeerId> {
        self.members.keys().copied()
    }

    pub(super) fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// Octets kept for members that have not read them.
    pub(super) fn backlog(&self) -> usize {
        self.journal.weight()
    }

    /// Octets encoded since the group began.
    pub(super) fn encoded(&self) -> u64 {
        self.encoded
    }

    /// A look at the group.
    pub(super) fn picture(&self) -> Picture {
        let detached = self.members.iter().filter(|(_, member)| !member.arrears.is_empty());
        Picture {
            family: self.key.family,
            members: self.members.len(),
            detached: detached.map(|(peer, _)| *peer).collect(),
            routes: self.out.total(),
            octets: self.out.octets(),
            backlog: self.journal.weight(),
            waiting_since: self.journal.waiting_since(),
            encoded: self.encoded,
        }
    }

    /// What was last said of a net to `peer`.
    pub(super) fn said_to(&self, peer: PeerId, net: NetId, rib: &Rib) -> impl Iterator<Item = Advertised> {
        let heard = self.out.said(net).filter(move |said| self.out.audience(said).admits(peer));
        heard.filter_map(move |said| {
            let voice = self.out.voices.get(said.voice)?;
            let route = as_said(&self.key, &voice.source, rib.route(said.route).route(), said.form)?;
            let route = Arc::new(route);
            Some(Advertised { path_id: said.path_id, source: voice.id, route })
        })
    }

    /// How many paths `peer` is told.
    pub(super) fn count(&self, peer: PeerId) -> u64 {
        self.out.count(peer)
    }

    /// What `peer` was told and what not.
    pub(super) fn tally(&self, peer: PeerId) -> ExportTally {
        let member = self.members.get(&peer);
        member.map_or_else(ExportTally::default, |member| member.tally(&self.refusals))
    }

    /// Notes that a net changed. True where nothing was to be looked at before.
    pub(super) fn touch(&mut self, net: NetId) -> bool {
        let was_clean = self.dirty.is_empty();
        self.dirty.touch(net);
        was_clean
    }

    /// A new session listens: it will be told everything, and that it was where `closing` lets it.
    pub(super) fn join(&mut self, peer: PeerId, enhanced_refresh: bool, closing: Closing) {
        let walk = Some(self.walk(Purpose::Join));
        let mut member = Member { walk, closing, ..Member::new(self.journal.end(), enhanced_refresh) };
        member.enter(&self.refusals);
        self.members.insert(peer, member);
    }

    /// A session comes from another group: it will be told everything, and the end of what it holds
    /// and nobody says here.
    pub(super) fn move_in(&mut self, peer: PeerId, Luggage(member): Luggage, enhanced_refresh: bool) {
        let mut member = Member { position: self.journal.end(), enhanced_refresh, ..member };
        let fresh = self.walk(Purpose::Move);
        member.walk = Some(match member.walk {
            Some(walk) => Walk { purpose: walk.purpose, begun: walk.begun, ..fresh },
            None => fresh,
        });
        member.enter(&self.refusals);
        self.members.insert(peer, member);
    }

    /// The session is gone, and what it had been told with it.
    pub(super) fn leave(&mut self, peer: PeerId) {
        if let Some(member) = self.members.remove(&peer) {
            self.journal.skip(member.position, peer);
            self.tidy();
        }
    }

    /// The session goes on in another group.
    pub(super) fn move_out(&mut self, peer: PeerId, rib: &Rib) -> Option<Luggage> {
        let mut member = self.members.remove(&peer)?;
        member.tally = member.tally(&self.refusals);
        member.held.extend(self.journal.skip(member.position, peer));
        self.tidy();
        member.held.push(self.inventory(rib));
        Some(Luggage(member))
    }

    /// Takes back what the group holds in the RIB. To be called once, when the last member has left.
    pub(super) fn dissolve(self, rib: &mut Rib) {
        let mut last = None;
        for (net, said) in self.out.iter() {
            rib.release_route(said.route);
            if last.replace(net) != Some(net) {
                rib.release(self.key.family, net);
            }
        }
    }

    /// Tells a member everything again.
    pub(super) fn refresh(&mut self, peer: PeerId) -> bool {
        let member = self.members.get_mut(&peer);
        member.map(|member| member.refresh = true).is_some()
    }

    /// A member may be told that it has been told everything, what is known by now included.
    pub(super) fn conclude(&mut self, peer: PeerId) {
        if let Some(member) = self.members.get_mut(&peer) {
            member.conclude(self.dirty.ticket());
        }
    }

    /// Whether a member has not taken all that was said.
    pub(super) fn is_behind(&self, peer: PeerId) -> bool {
        self.members.get(&peer).is_some_and(|member| member.is_behind(self.journal.end()))
    }

    /// Whether a pull may find something.
    pub(super) fn has_work(&self, peer: PeerId) -> bool {
        self.members.get(&peer).is_some_and(|member| {
            !member.queue.is_empty()
                || member.position < self.journal.end()
                || member.need(!self.dirty.is_empty()) != Need::Nothing
        })
    }

    /// The next octets for a member.
    pub(super) fn pull(&mut self, peer: PeerId, names: &Names, rib: &mut Rib) -> Pulled {
        for _ in 0..STEPS {
            let Some(member) = self.members.get_mut(&peer) else { return Pulled::Nothing };
            let queued = member.queue.pop_front();
            let read = || self.journal.read(&mut member.position, peer, &mut member.tally);
            if let Some(portion) = queued.or_else(read) {
                member.tally.tell(&portion);
                return Pulled::Octets(portion);
            }
            match member.need(!self.dirty.is_empty()) {
                Need::Batch => self.batch(peer, names, rib),
                Need::Arrears => self.pay(peer, names, rib),
                Need::Step => self.step(peer, names, rib),
                Need::Walk => self.start_refresh(peer),
                Need::Nothing => return Pulled::Nothing,
            }
        }
        Pulled::Later
    }
}

/// Batches, parts or payments for one pull.
const STEPS: usize = 8;

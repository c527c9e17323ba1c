//! The group: sessions that hear the same octets, what they have been told, and what is to be told.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use bytes::BytesMut;
use ipnet::IpNet;

use crate::export::adj_rib_out::{AdjRibOut, Said};
use crate::export::audience::Audience;
use crate::export::clerk::{Clerk, as_said};
use crate::export::difference::{Word, difference};
use crate::export::dirty::Dirty;
use crate::export::entitlement::Names;
use crate::export::journal::{Journal, Portion, Position, Saying};
use crate::export::key::Key;
use crate::export::member::{Closing, Member, Need, Purpose, Walk};
use crate::export::pack::Pack;
use crate::export::parting::Parting;
use crate::export::{Advertised, Picture};
use crate::rib::{NetId, Rib};
use crate::speaker::PeerId;
use crate::wire::{self, Message, Nlri, RefreshKind, RouteRefresh};
use crate::{Family, Instant};

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
            backlog: self.journal.weight(),
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

    /// Notes that a net changed. True where nothing was to be looked at before.
    pub(super) fn touch(&mut self, net: NetId) -> bool {
        let was_clean = self.dirty.is_empty();
        self.dirty.touch(net);
        was_clean
    }

    /// A new session listens: it will be told everything, and that it was where `closing` lets it.
    pub(super) fn join(&mut self, peer: PeerId, enhanced_refresh: bool, closing: Closing) {
        let walk = Some(self.walk(Purpose::Join));
        let member = Member { walk, closing, ..Member::new(self.journal.end(), enhanced_refresh) };
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
            if let Some(portion) = queued.or_else(|| self.journal.read(&mut member.position, peer)) {
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

/// Saying what changed.
impl Group {
    /// Looks at the next dirty nets and writes what is to be said of them into the journal.
    fn batch(&mut self, peer: PeerId, names: &Names, rib: &mut Rib) {
        if let Some(walk) = self.members.get_mut(&peer).and_then(|member| member.walk.as_mut()) {
            walk.stepped = false;
        }
        let mut clerk = Clerk::new(&self.key, names);
        let (mut before, mut now) = (Vec::new(), Vec::new());
        let mut pack = Pack::default();
        for _ in 0..BATCH {
            let Some(net) = self.dirty.take() else { break };
            let Some(prefix) = rib.table(self.key.family).and_then(|table| table.prefix(net)) else {
                continue;
            };
            before.clear();
            now.clear();
            clerk.offer(net, prefix, rib, &mut self.out.voices, &mut now);
            self.out.replace(net, &now, &mut before, rib);
            hold_what_is_said(self.key.family, net, &before, &now, rib);
            let mut is_changed = false;
            let heard = |said: &Said| clerk.heard(said, &self.out.voices, rib);
            difference(&before, &now, heard, |word| {
                is_changed = true;
                pack.add(prefix, word);
            });
            if is_changed {
                self.parts.remove(&AdjRibOut::part_of(net));
                self.partings.clear();
                self.inventory = None;
            }
        }
        self.out.voices.tidy();
        for saying in pack.finish(clerk.sent(), self.key.family, &self.key.dialect) {
            self.encoded += saying.size();
            self.journal.push(saying, self.members.len());
        }
        self.limit_journal();
    }

    /// Drops the oldest entries where slow members make the journal too long; they owe them from now on.
    fn limit_journal(&mut self) {
        if self.journal.weight() <= self.journal_limit {
            return;
        }
        let lost = self.journal.shorten(self.journal_limit / 2);
        self.owe(&lost);
    }

    /// Moves time on: who has not read for so long what was said owes it from now on.
    pub(super) fn expire_journal(&mut self, age: Duration, now: Instant) {
        let lost = self.journal.expire(age, now);
        if !lost.is_empty() {
            self.owe(&lost);
        }
    }

    /// Members that have not read entries before they went owe what these spoke of.
    fn owe(&mut self, lost: &[(Position, Saying)]) {
        for (peer, member) in &mut self.members {
            for (position, saying) in lost {
                if member.position <= *position && saying.audience.admits(*peer) {
                    member.arrears.owe(Arc::clone(&saying.nlri));
                }
            }
            member.position = self.journal.clamp(member.position);
        }
    }
}

/// Saying again what was said.
impl Group {
    /// Pays some of a member's arrears.
    fn pay(&mut self, peer: PeerId, names: &Names, rib: &Rib) {
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

    fn start_refresh(&mut self, peer: PeerId) {
        let walk = self.walk(Purpose::Refresh);
        if let Some(member) = self.members.get_mut(&peer) {
            member.refresh = false;
            member.walk = Some(walk);
        }
    }

    /// A walk through everything said by now.
    fn walk(&self, purpose: Purpose) -> Walk {
        Walk::new(purpose, self.out.parts(), self.dirty.ticket())
    }

    /// The next step of a member's walk: its opening marker, a part of the table, its closing marker.
    fn step(&mut self, peer: PeerId, names: &Names, rib: &Rib) {
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
        member.queue.push_back(Portion { octets: octets.freeze(), messages: 1 });
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
        let heard = sayings.iter().filter(|saying| saying.audience.admits(peer));
        if let Some(member) = self.members.get_mut(&peer) {
            member.queue.extend(heard.map(|saying| saying.portion.clone()));
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
    fn inventory(&mut self, rib: &Rib) -> Arc<[Nlri]> {
        let (key, out) = (&self.key, &self.out);
        let take = || {
            let said = with_prefixes(key, out.iter(), rib);
            said.map(|(prefix, said)| Nlri { path_id: said.path_id, prefix }).collect()
        };
        Arc::clone(self.inventory.get_or_insert_with(take))
    }

    /// Forgets what was encoded for walks when nobody walks any more.
    fn tidy(&mut self) {
        if self.members.values().all(|member| member.walk.is_none()) {
            self.parts.clear();
            self.partings.clear();
        }
    }
}

/// A net of which something is said is held, so that its id keeps its meaning until it is withdrawn.
fn hold_what_is_said(family: Family, net: NetId, before: &[Said], now: &[Said], rib: &mut Rib) {
    match (before.is_empty(), now.is_empty()) {
        (true, false) => rib.hold(family, net),
        (false, true) => rib.release(family, net),
        (true, true) | (false, false) => {}
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

/// Dirty nets looked at for one batch: well below a millisecond, and enough to fill messages.
const BATCH: usize = if cfg!(test) { 4 } else { 1024 };
/// Batches, parts or payments for one pull.
const STEPS: usize = 8;

//! Loc-RIB to bytes, once per update group. Not here: sessions, decisions, timers.
//!
//! Sessions that must hear the same octets form a *group*. A group keeps one Adj-RIB-Out and one
//! journal of encoded messages; a member is a cursor into the journal. Nothing is evaluated before
//! somebody pulls, so that changes coalesce for exactly as long as sockets are busy, and a slow peer
//! costs a cursor instead of a queue.

mod adj_rib_out;
mod arrears;
mod audience;
mod clerk;
mod difference;
mod dirty;
mod entitlement;
mod group;
mod groups;
mod journal;
mod key;
mod member;
mod membership;
mod offer;
mod pack;
mod parting;
mod picture;
mod refusals;
mod rewrite;
mod sent;
mod tally;
mod target;
#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;
mod verdict;
mod voice;

pub use audience::Gate;
pub use journal::Portion;
pub use picture::{Advertised, Picture};
pub use tally::ExportTally;
pub use target::{OwnAddresses, Target};
pub use verdict::Passage;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use crate::export::entitlement::Names;
use crate::export::group::Pulled;
use crate::export::groups::Groups;
use crate::export::key::Key;
use crate::export::member::Closing;
use crate::export::membership::{Session, alert};
use crate::rib::{Change, Rib};
use crate::speaker::PeerId;
use crate::{Family, Instant};

/// Everything that is said to peers.
#[derive(Debug)]
pub struct Exporter {
    groups: Groups,
    sessions: BTreeMap<PeerId, Session>,
    names: Names,
    held_back: BTreeSet<Family>,
    /// Families whose End-of-RIB is held back, and from whom.
    unconcluded: BTreeMap<Family, BTreeSet<PeerId>>,
    ready: VecDeque<PeerId>,
    journal_limit: usize,
    /// When journals were last looked through for what is too old.
    swept: Instant,
}

impl Default for Exporter {
    fn default() -> Self {
        Self::new(JOURNAL_LIMIT)
    }
}

impl Exporter {
    /// An exporter whose groups keep about `journal_limit` octets for members that read slowly. What
    /// these miss beyond that, they are told later by its state then.
    #[must_use]
    pub fn new(journal_limit: usize) -> Self {
        Self {
            groups: Groups::default(),
            sessions: BTreeMap::new(),
            names: Names::new(),
            held_back: BTreeSet::new(),
            unconcluded: BTreeMap::new(),
            ready: VecDeque::new(),
            journal_limit,
            swept: Instant::ZERO,
        }
    }

    /// Moves time on, which nothing but slow members feel: what one of them has not read a minute after it was
    /// said, it will be told by its state then. To be called often; does something once a second.
    pub fn advance(&mut self, now: Instant) {
        if now >= self.swept + SWEEP {
            self.swept = now;
            self.groups.iter_mut().for_each(|group| group.expire_journal(JOURNAL_AGE, now));
        }
    }

    /// Names a peer for policies that ask where a route was learned: to be called before its first
    /// route enters the RIB.
    pub fn introduce(&mut self, peer: PeerId, name: Arc<str>) {
        self.names.insert(peer, name);
    }

    /// Forgets a peer that no route comes from any more.
    pub fn forget(&mut self, peer: PeerId) {
        self.names.remove(&peer);
    }

    /// Starts telling `peer` the routes of `family`: everything there is, End-of-RIB, then changes.
    /// A peer that is a member of the family already starts anew.
    pub fn join(&mut self, peer: PeerId, family: Family, target: &Target, rib: &mut Rib) {
        self.leave_family(peer, family, rib);
        let id = self.group_of(Key::of(target, family), rib);
        let closing = match self.unconcluded.get_mut(&family) {
            Some(held) => {
                held.insert(peer);
                Closing::Held
            }
            None => Closing::Free,
        };
        if let Some(group) = self.groups.get_mut(id) {
            group.join(peer, target.dialect.enhanced_route_refresh, closing);
        }
        self.enter(peer, family, id);
    }

    /// The session of `peer` is gone, with everything it had been told.
    pub fn leave(&mut self, peer: PeerId, rib: &mut Rib) {
        for family in self.families(peer) {
            self.leave_family(peer, family, rib);
        }
        self.sessions.remove(&peer);
        self.ready.retain(|one| *one != peer);
    }

    /// What an Established `peer` is entitled to changed: it is told the difference between what it
    /// holds and what `target` gives it, withdrawals included, without a restart. The dialect has to
    /// be the session's still.
    pub fn retarget(&mut self, peer: PeerId, family: Family, target: &Target, rib: &mut Rib) {
        let Some(old) = self.membership(peer, family) else { return };
        let key = Key::of(target, family);
        if let Some(group) = self.groups.get_mut(old).filter(|group| *group.key() == key) {
            group.rename(key);
            return;
        }
        let luggage = self.groups.get_mut(old).and_then(|group| group.move_out(peer, rib));
        self.close(old, rib);
        let id = self.group_of(key, rib);
        if let (Some(group), Some(luggage)) = (self.groups.get_mut(id), luggage) {
            group.move_in(peer, luggage, target.dialect.enhanced_route_refresh);
        }
        self.enter(peer, family, id);
    }

    /// The paths of a prefix changed: to be called with every change that `Rib::poll_change` tells.
    /// Pulling while changes wait there is harmless: they are told later.
    pub fn changed(&mut self, change: &Change) {
        let held_back = self.held_back.contains(&change.family);
        for group in self.groups.iter_mut() {
            let concerned = change.best_changed || group.key().add_path.is_some();
            if group.key().family != change.family || !concerned {
                continue;
            }
            if group.touch(change.net) && !held_back {
                group.members().for_each(|peer| alert(&mut self.sessions, &mut self.ready, peer));
            }
        }
    }

    /// Nobody is told anything about `family` until [`let_go`](Self::let_go), and not that there is no more
    /// until [`conclude`](Self::conclude): the Restarting Speaker's deferral
    /// ([RFC 4724 §4.1](https://www.rfc-editor.org/rfc/rfc4724#section-4.1)).
    pub fn hold_back(&mut self, family: Family) {
        self.held_back.insert(family);
        self.unconcluded.entry(family).or_default();
    }

    /// Everybody may be told the routes of `family`.
    pub fn let_go(&mut self, family: Family) {
        if self.held_back.remove(&family) {
            for group in self.groups.iter_mut().filter(|group| group.key().family == family) {
                group.members().for_each(|peer| alert(&mut self.sessions, &mut self.ready, peer));
            }
        }
    }

    /// Everybody may be told that there are no more routes of `family` than it has heard.
    pub fn conclude(&mut self, family: Family) {
        for peer in self.unconcluded.remove(&family).into_iter().flatten() {
            self.conclude_session(peer, family);
        }
    }

    /// This session of `peer` may.
    pub fn conclude_for(&mut self, peer: PeerId, family: Family) {
        if self.unconcluded.get_mut(&family).is_some_and(|held| held.remove(&peer)) {
            self.conclude_session(peer, family);
        }
    }

    /// Whose End-of-RIB of `family` is held back.
    pub fn unconcluded(&self, family: Family) -> impl Iterator<Item = PeerId> {
        self.unconcluded.get(&family).into_iter().flatten().copied()
    }

    fn conclude_session(&mut self, peer: PeerId, family: Family) {
        let Some(group) = self.membership(peer, family).and_then(|id| self.groups.get_mut(id)) else {
            return;
        };
        group.conclude(peer);
        if !self.held_back.contains(&family) {
            alert(&mut self.sessions, &mut self.ready, peer);
        }
    }

    /// Tells `peer` everything again ([RFC 2918]), between BoRR and EoRR where both sides
    /// know them ([RFC 7313]). False when the peer is no member of the family.
    ///
    /// [RFC 2918]: https://www.rfc-editor.org/rfc/rfc2918
    /// [RFC 7313]: https://www.rfc-editor.org/rfc/rfc7313
    pub fn refresh(&mut self, peer: PeerId, family: Family) -> bool {
        let group = self.membership(peer, family).and_then(|id| self.groups.get_mut(id));
        let member = group.is_some_and(|group| group.refresh(peer));
        if member {
            alert(&mut self.sessions, &mut self.ready, peer);
        }
        member
    }

    /// The next peer that went from nothing to say to something to say. It is not named again before
    /// a `pull` for it has returned `None`; it may be named right after that, when the pull ended for
    /// fairness and not for want of work.
    pub fn poll_ready(&mut self) -> Option<PeerId> {
        self.ready.pop_front()
    }

    /// Whether a `pull` for `peer` may find something. May be true in vain, never false in vain.
    #[must_use]
    pub fn has_work(&self, peer: PeerId) -> bool {
        let session = self.sessions.get(&peer);
        session.into_iter().flat_map(|session| &session.groups).any(|(family, id)| {
            !self.held_back.contains(family) && self.groups.get(*id).is_some_and(|group| group.has_work(peer))
        })
    }

    /// The next messages for `peer`, at most about 64 KiB. Bounded work per call.
    pub fn pull(&mut self, peer: PeerId, rib: &mut Rib) -> Option<Portion> {
        let session = self.sessions.get_mut(&peer)?;
        let mut later = false;
        for _ in 0..session.groups.len() {
            let (family, id) = *session.groups.front()?;
            session.groups.rotate_left(1);
            if self.held_back.contains(&family) {
                continue;
            }
            match self.groups.get_mut(id)?.pull(peer, &self.names, rib) {
                Pulled::Octets(portion) => return Some(portion),
                Pulled::Later => later = true,
                Pulled::Nothing => {}
            }
        }
        session.alerted = later;
        if later {
            self.ready.push_back(peer);
        }
        None
    }

    /// Says everything there is to say, to one member of each group, which is enough to fill its Adj-RIB-Out.
    pub(crate) fn say_everything(&mut self, rib: &mut Rib) {
        for group in self.groups.iter_mut() {
            let Some(peer) = group.members().next() else { continue };
            while !matches!(group.pull(peer, &self.names, rib), Pulled::Nothing) {}
        }
    }
}

/// Octets a group keeps for its slow members: two tables of a million prefixes, so that a thousand
/// sessions that come up together still share what the quickest of them had encoded.
const JOURNAL_LIMIT: usize = 64 << 20;

/// For how long a group keeps what its slow members have not read: who reads at all is done by then, who does not
/// is not worth the memory. Long before RFC 9687 ends the session.
const JOURNAL_AGE: Duration = Duration::from_secs(60);

/// How often journals are looked through for what is too old.
const SWEEP: Duration = Duration::from_secs(1);

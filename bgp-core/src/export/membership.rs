//! Membership: which session hears which family in which group, and who has something to hear.

use std::collections::{BTreeMap, VecDeque};

use crate::Family;
use crate::export::Exporter;
use crate::export::group::Group;
use crate::export::groups::GroupId;
use crate::export::key::Key;
use crate::rib::Rib;
use crate::speaker::PeerId;

/// One Established session.
#[derive(Debug, Default)]
pub(super) struct Session {
    /// Its group for each family; the front one is asked first.
    pub(super) groups: VecDeque<(Family, GroupId)>,
    /// It was named by `poll_ready` and has not been pulled dry since.
    pub(super) alerted: bool,
}

impl Exporter {
    /// The families that `peer` hears.
    pub(super) fn families(&self, peer: PeerId) -> Vec<Family> {
        let session = self.sessions.get(&peer);
        session.into_iter().flat_map(|session| &session.groups).map(|(family, _)| *family).collect()
    }

    /// The group in which `peer` hears `family`.
    pub(super) fn membership(&self, peer: PeerId, family: Family) -> Option<GroupId> {
        let groups = &self.sessions.get(&peer)?.groups;
        groups.iter().find(|(one, _)| *one == family).map(|(_, id)| *id)
    }

    /// The group with this key, made where there is none.
    pub(super) fn group_of(&mut self, key: Key, rib: &Rib) -> GroupId {
        match self.groups.find(&key) {
            Some(id) => id,
            None => self.groups.form(Group::new(key, self.journal_limit, rib, self.swept)),
        }
    }

    /// `peer` hears `family` in this group and in no other.
    pub(super) fn enter(&mut self, peer: PeerId, family: Family, id: GroupId) {
        let session = self.sessions.entry(peer).or_default();
        session.groups.retain(|(one, _)| *one != family);
        session.groups.push_back((family, id));
        if !self.held_back.contains(&family) {
            alert(&mut self.sessions, &mut self.ready, peer);
        }
    }

    /// `peer` does not hear `family` any more.
    pub(super) fn leave_family(&mut self, peer: PeerId, family: Family, rib: &mut Rib) {
        let Some(id) = self.membership(peer, family) else { return };
        if let Some(group) = self.groups.get_mut(id) {
            group.leave(peer);
        }
        if let Some(session) = self.sessions.get_mut(&peer) {
            session.groups.retain(|(one, _)| *one != family);
        }
        if let Some(held) = self.unconcluded.get_mut(&family) {
            held.remove(&peer);
        }
        self.close(id, rib);
    }

    /// Ends a group that nobody is in any more.
    pub(super) fn close(&mut self, id: GroupId, rib: &mut Rib) {
        if self.groups.get(id).is_some_and(Group::is_empty)
            && let Some(group) = self.groups.remove(id)
        {
            group.dissolve(rib);
        }
    }
}

/// Puts a peer among the ready ones, once.
pub(super) fn alert(sessions: &mut BTreeMap<PeerId, Session>, ready: &mut VecDeque<PeerId>, peer: PeerId) {
    if let Some(session) = sessions.get_mut(&peer)
        && !std::mem::replace(&mut session.alerted, true)
    {
        ready.push_back(peer);
    }
}

//! The groups of an exporter, in the order in which they were formed.

use crate::export::group::Group;
use crate::export::key::Key;

/// Names a group. Never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct GroupId(u64);

/// Groups by their names. A list, because every change looks at all of them and there are few.
#[derive(Debug, Default)]
pub(super) struct Groups {
    /// By name, ascending.
    rows: Vec<(GroupId, Group)>,
    next: u64,
}

impl Groups {
    /// Adds a group.
    pub(super) fn form(&mut self, group: Group) -> GroupId {
        let id = GroupId(self.next);
        self.next += 1;
        self.rows.push((id, group));
        id
    }

    /// The group with this key.
    pub(super) fn find(&self, key: &Key) -> Option<GroupId> {
        self.rows.iter().find(|(_, group)| group.key() == key).map(|(id, _)| *id)
    }

    pub(super) fn get(&self, id: GroupId) -> Option<&Group> {
        self.place(id).map(|at| &self.rows[at].1)
    }

    pub(super) fn get_mut(&mut self, id: GroupId) -> Option<&mut Group> {
        self.place(id).map(|at| &mut self.rows[at].1)
    }

    /// Takes a group out.
    pub(super) fn remove(&mut self, id: GroupId) -> Option<Group> {
        self.place(id).map(|at| self.rows.remove(at).1)
    }

    pub(super) const fn len(&self) -> usize {
        self.rows.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Group> {
        self.rows.iter().map(|(_, group)| group)
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut Group> {
        self.rows.iter_mut().map(|(_, group)| group)
    }

    fn place(&self, id: GroupId) -> Option<usize> {
        self.rows.binary_search_by_key(&id, |(id, _)| *id).ok()
    }
}

//! The numbers of objects: whose they are, and which are free. The namespace shares them, so what the kernel holds
//! already is never taken, whoever made it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;

use crate::view::View;
use crate::{KernelObject, SetId};

/// The objects of one set.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Numbers {
    /// What its routes stand on.
    pub(super) group: Option<u32>,
    pub(super) members: Vec<u32>,
}

impl Numbers {
    /// A new object of the set.
    pub(super) fn take(&mut self, object: &KernelObject) {
        if object.hop().is_some() {
            self.members.push(object.id);
        } else {
            self.group = Some(object.id);
        }
    }

    /// There is no such object after all.
    pub(super) fn drop(&mut self, number: u32) {
        self.members.retain(|member| *member != number);
        self.group = self.group.filter(|group| *group != number);
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = u32> {
        self.group.into_iter().chain(self.members.iter().copied())
    }
}

/// The numbers we may give, and to which sets they are given.
#[derive(Debug)]
pub(super) struct Register {
    ours: RangeInclusive<u32>,
    protocol: u8,
    /// Where to look for a free one.
    next: u32,
    given: BTreeMap<u32, SetId>,
}

impl Register {
    pub(super) const fn new(ours: RangeInclusive<u32>, protocol: u8) -> Self {
        Self { next: *ours.start(), ours, protocol, given: BTreeMap::new() }
    }

    /// Whether an object in the kernel is ours to change.
    pub(super) fn owns(&self, object: &KernelObject) -> bool {
        object.protocol == self.protocol && self.ours.contains(&object.id)
    }

    /// What our objects are signed with.
    pub(super) const fn protocol(&self) -> u8 {
        self.protocol
    }

    /// Whether the kernel holds any object of ours.
    pub(super) fn has_any(&self, view: &View) -> bool {
        view.objects().any(|object| self.owns(object))
    }

    /// Whether the kernel holds an object of ours under this number.
    pub(super) fn holds(&self, id: u32, view: &View) -> bool {
        view.object(id).is_some_and(|object| self.owns(object))
    }

    /// Whether somebody else took this number: the kernel had removed our object before.
    pub(super) fn is_lost(&self, id: u32, view: &View) -> bool {
        view.object(id).is_some_and(|object| !self.owns(object))
    }

    /// The set a number was given to.
    pub(super) fn holder(&self, id: u32) -> Option<SetId> {
        self.given.get(&id).copied()
    }

    pub(super) fn give(&mut self, id: u32, set: SetId) {
        self.given.insert(id, set);
        self.next =
            if self.ours.contains(&id) && id < *self.ours.end() { id + 1 } else { *self.ours.start() };
    }

    pub(super) fn take_back(&mut self, id: u32) {
        self.given.remove(&id);
    }

    /// A number nobody uses; going round, so that one that was given back rests for a while.
    pub(super) fn spare(&self, view: &View) -> Option<u32> {
        let (first, last) = (*self.ours.start(), *self.ours.end());
        let is_free = |id: &u32| view.object(*id).is_none() && !self.given.contains_key(id);
        (self.next..=last).chain(first..self.next).find(is_free)
    }
}

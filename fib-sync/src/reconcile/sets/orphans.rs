//! Groups of ours that an earlier run left: a set that wants the same hops takes one over, and its routes stay where
//! they are.

use std::collections::BTreeMap;

use super::Sets;
use super::numbers::Numbers;
use super::step::way;
use crate::view::View;
use crate::{Hop, KernelHop, SetId, Ticket};

/// The groups found at start, by their hops.
#[derive(Debug, Default)]
pub(super) struct Orphans {
    groups: BTreeMap<Vec<KernelHop>, Vec<u32>>,
}

impl Orphans {
    /// A group with exactly these hops that nobody took yet.
    pub(super) fn claim(&mut self, hops: &[Hop], view: &View) -> Option<Numbers> {
        if self.groups.is_empty() {
            return None;
        }
        let hops: Result<Vec<KernelHop>, _> =
            hops.iter().map(|hop| Ok(KernelHop { weight: hop.weight, ..way(hop, view)? })).collect();
        let hops: Result<_, crate::Refused> = hops.map(sorted);
        let key = hops.ok()?;
        let groups = self.groups.get_mut(&key)?;
        let group = std::iter::from_fn(|| groups.pop())
            .find(|id| view.hops_of(*id).map(sorted).as_ref() == Some(&key))?;
        let members = view.object(group)?.members().iter().map(|member| member.id).collect();
        Some(Numbers { group: Some(group), members })
    }
}

impl Sets {
    /// Numbers that others took are given up, and hops that an earlier run left are taken over.
    pub(super) fn review(&mut self, id: SetId, view: &View) {
        let Some(set) = self.sets.get_mut(&id) else { return };
        let lost: Vec<u32> =
            set.numbers.iter().filter(|number| self.register.is_lost(*number, view)).collect();
        for number in lost {
            set.numbers.drop(number);
            self.register.take_back(number);
        }
        if set.numbers == Numbers::default()
            && self.objects
            && let Some(numbers) = self.orphans.claim(set.first(self.most), view)
        {
            numbers.iter().for_each(|number| self.register.give(number, id));
            set.numbers = numbers;
        }
    }

    /// Notes what an earlier run left in the first view.
    pub(in crate::reconcile) fn adopt(&mut self, view: &View) {
        for object in view.objects().filter(|object| self.register.owns(object)) {
            let is_ours = |id: u32| view.object(id).is_some_and(|object| self.register.owns(object));
            if !object.members().is_empty()
                && object.members().iter().all(|member| is_ours(member.id))
                && let Some(hops) = view.hops_of(object.id)
            {
                self.orphans.groups.entry(sorted(hops)).or_default().push(object.id);
            }
        }
        if self.condemned.takes_all() {
            self.sweep(view, Ticket(0));
        }
    }
}

/// A single hop has no weight.
fn sorted(mut hops: Vec<KernelHop>) -> Vec<KernelHop> {
    if let [single] = hops.as_mut_slice() {
        single.weight = 1;
    }
    hops.sort();
    hops
}

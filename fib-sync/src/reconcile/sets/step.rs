//! The next step for one set: a pure function of its hops and of the objects the kernel holds.
//!
//! Routes stand on the set's group, be it of one hop only, because a group and a single object cannot take each
//! other's place. Members belong to one set alone, so a hop that becomes another is put in its place with one message
//! that moves every route. A group holds those of the hops that can be had.

use std::collections::{BTreeMap, BTreeSet};

use super::numbers::Numbers;
use crate::view::View;
use crate::{Hop, KernelHop, KernelObject, Member, ObjectContent, ObjectOperation, Refused};

/// What to do about a set now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// The kernel holds all of it.
    Rest,
    /// Make or change the member for this hop, or the group.
    Apply(Option<KernelHop>, ObjectOperation),
    /// Some or all of it cannot be had now.
    Refuse(Refused),
}

/// What a step is decided from.
pub(super) struct Stand<'a> {
    pub(super) hops: &'a [Hop],
    pub(super) numbers: &'a Numbers,
    /// Why the kernel did not take a hop, until that is tried again.
    pub(super) refused: &'a BTreeMap<KernelHop, Refused>,
    pub(super) protocol: u8,
    /// A number nobody uses.
    pub(super) spare: Option<u32>,
}

impl Stand<'_> {
    /// The next step.
    pub(super) fn decide(&self, view: &View) -> Step {
        let mut trouble = None;
        let mut wished = Vec::new();
        for hop in self.hops {
            match way(hop, view) {
                Ok(way) => wished.push((way, hop.weight)),
                Err(refused) => drop(trouble.get_or_insert(refused)),
            }
        }
        let members = self.members(view);
        for (way, _) in &wished {
            let is_member = members.iter().any(|(_, held)| *held == way);
            match self.refused.get(way) {
                _ if is_member => {}
                Some(refused) => drop(trouble.get_or_insert_with(|| refused.clone())),
                None => return self.member(way, &wished, &members),
            }
        }
        let group = group(&wished, &members);
        if group.is_empty() {
            let nothing = || Refused::NoSuchNextHop { text: "the set has no hops".into() };
            return Step::Refuse(trouble.unwrap_or_else(nothing));
        }
        self.group(group, view).unwrap_or_else(|| trouble.map_or(Step::Rest, Step::Refuse))
    }

    /// The members there are, with the ways they lead.
    fn members<'v>(&self, view: &'v View) -> Vec<(u32, &'v KernelHop)> {
        let hop = |id: &u32| Some((*id, view.object(*id)?.hop()?));
        self.numbers.members.iter().filter_map(hop).collect()
    }

    /// A member that leads where nothing is wished to lead any more becomes the new one.
    fn member(&self, way: &KernelHop, wished: &[(KernelHop, u16)], members: &[(u32, &KernelHop)]) -> Step {
        let is_stale = |(_, held): &&(u32, &KernelHop)| !wished.iter().any(|(way, _)| way == *held);
        let content = ObjectContent::Hop(way.clone());
        let operation = match (members.iter().find(is_stale), self.spare) {
            (Some((id, _)), _) => ObjectOperation::Replace(self.object(*id, content)),
            (None, Some(spare)) => ObjectOperation::Create(self.object(spare, content)),
            (None, None) => return Step::Refuse(out_of_numbers()),
        };
        Step::Apply(Some(way.clone()), operation)
    }

    fn group(&self, wished: Vec<Member>, view: &View) -> Option<Step> {
        let held = self.numbers.group.and_then(|id| view.object(id));
        let content = || ObjectContent::Group(wished.clone());
        let Some(held) = held else {
            let id = self.numbers.group.or(self.spare);
            let create = |id| Step::Apply(None, ObjectOperation::Create(self.object(id, content())));
            return Some(id.map_or_else(|| Step::Refuse(out_of_numbers()), create));
        };
        let members: BTreeSet<&Member> = held.members().iter().collect();
        (members != wished.iter().collect())
            .then(|| Step::Apply(None, ObjectOperation::Replace(self.object(held.id, content()))))
    }

    const fn object(&self, id: u32, content: ObjectContent) -> KernelObject {
        KernelObject { id, protocol: self.protocol, content }
    }
}

/// A hop as an object of its own leads it; its weight is the group's affair.
pub(super) fn way(hop: &Hop, view: &View) -> Result<KernelHop, Refused> {
    let name = hop.interface.as_deref().unwrap_or_default();
    let interface = view.index_of(name).ok_or_else(|| Refused::NoDevice { text: name.into() })?;
    Ok(KernelHop { gateway: hop.gateway, interface, onlink: hop.onlink, weight: 1 })
}

/// The wished hops that are members. A single one has no weight.
fn group(wished: &[(KernelHop, u16)], members: &[(u32, &KernelHop)]) -> Vec<Member> {
    let member = |(way, weight): &(KernelHop, u16)| {
        let (id, _) = members.iter().find(|(_, held)| *held == way)?;
        Some(Member { id: *id, weight: *weight })
    };
    let mut group: Vec<Member> = wished.iter().filter_map(member).collect();
    if let [single] = group.as_mut_slice() {
        single.weight = 1;
    }
    group
}

fn out_of_numbers() -> Refused {
    Refused::Exhausted { text: "no number is left for a next-hop object".into() }
}

//! The next-hop objects of the namespace, and what becomes of the routes on them.
//!
//! A route on an object shows the hops of the object, whatever its own message said: with
//! `net.ipv4.nexthop_compat_mode` off it says none, and it is not announced again when a group loses a member.
//! Objects vanish without a word when their interface goes down or loses its carrier, IPv4 routes on a removed
//! object always do (`nexthop_flush_dev`, `__remove_nexthop_fib`).

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use super::{Changes, Held, View};
use crate::seen::{KernelForwarding, KernelHop};
use crate::{KernelObject, ObjectContent};

/// Objects by number, and the groups of each.
#[derive(Debug, Default)]
pub(super) struct Objects {
    by_id: BTreeMap<u32, KernelObject>,
    /// Member and group.
    grouped: BTreeSet<(u32, u32)>,
    /// Interface and object.
    over: BTreeSet<(u32, u32)>,
}

impl Objects {
    /// Puts an object where that of the same number was. False: it is the same.
    fn insert(&mut self, object: KernelObject) -> bool {
        if self.by_id.get(&object.id) == Some(&object) {
            return false;
        }
        self.remove(object.id);
        self.grouped.extend(object.members().iter().map(|member| (member.id, object.id)));
        self.over.extend(object.hop().map(|hop| (hop.interface, object.id)));
        self.by_id.insert(object.id, object);
        true
    }

    fn remove(&mut self, id: u32) -> Option<KernelObject> {
        let object = self.by_id.remove(&id)?;
        for member in object.members() {
            self.grouped.remove(&(member.id, id));
        }
        if let Some(hop) = object.hop() {
            self.over.remove(&(hop.interface, id));
        }
        Some(object)
    }

    fn groups_of(&self, member: u32) -> Vec<u32> {
        seconds(&self.grouped, member)
    }
}

/// The second parts of the pairs with this first part.
fn seconds(pairs: &BTreeSet<(u32, u32)>, first: u32) -> Vec<u32> {
    pairs.range((first, 0)..=(first, u32::MAX)).map(|(_, second)| *second).collect()
}

impl View {
    /// The object of this number.
    pub(crate) fn object(&self, id: u32) -> Option<&KernelObject> {
        self.objects.by_id.get(&id)
    }

    /// Every object, by number.
    pub(crate) fn objects(&self) -> impl Iterator<Item = &KernelObject> {
        self.objects.by_id.values()
    }

    /// Whether a route of the table or a group stands on this object.
    pub(crate) fn is_in_use(&self, id: u32) -> bool {
        self.table.has_on(id) || !seconds(&self.objects.grouped, id).is_empty()
    }

    /// The hops of an object; `None` if there is no such object, or it is of a kind that has none.
    pub(crate) fn hops_of(&self, id: u32) -> Option<Vec<KernelHop>> {
        let object = self.object(id)?;
        match &object.content {
            ObjectContent::Hop(hop) => Some(vec![hop.clone()]),
            ObjectContent::Group(members) => {
                // As in a route, a single hop has no weight.
                let weight = |weight: u16| if members.len() == 1 { 1 } else { weight };
                members
                    .iter()
                    .map(|member| {
                        let hop = self.object(member.id)?.hop()?;
                        Some(KernelHop { weight: weight(member.weight), ..hop.clone() })
                    })
                    .collect()
            }
            ObjectContent::Other => None,
        }
    }

    pub(super) fn object_seen(&mut self, object: KernelObject, changes: &mut Changes) {
        let id = object.id;
        if self.objects.insert(object) {
            self.move_routes(id, changes);
            for group in self.objects.groups_of(id) {
                self.move_routes(group, changes);
            }
        }
    }

    pub(super) fn object_gone(&mut self, id: u32, changes: &mut Changes) {
        if self.objects.remove(id).is_none() {
            return;
        }
        changes.objects.push(id);
        self.revise_on(id, changes, |routes| routes.retain(|route| route.object != Some(id)));
        for group in self.objects.groups_of(id) {
            self.member_gone(group, id, changes);
        }
    }

    /// The interface is down, has lost its carrier or is no more.
    pub(super) fn lose_objects(&mut self, interface: u32, changes: &mut Changes) {
        for id in seconds(&self.objects.over, interface) {
            self.object_gone(id, changes);
        }
    }

    /// The kernel does not have an object it was asked to change or remove.
    pub(crate) fn forget_object(&mut self, id: u32) -> Changes {
        let mut changes = Changes::default();
        self.object_gone(id, &mut changes);
        changes
    }

    /// Gives a route the hops of its object.
    pub(super) fn take_hops(&self, route: &mut Held) {
        if let Some(hops) = route.object.and_then(|id| self.hops_of(id)) {
            route.forwarding = KernelForwarding::Unicast(hops);
        }
    }

    fn member_gone(&mut self, group: u32, member: u32, changes: &mut Changes) {
        let Some(mut object) = self.objects.remove(group) else { return };
        if let ObjectContent::Group(members) = &mut object.content {
            members.retain(|other| other.id != member);
        }
        let is_empty = object.members().is_empty();
        self.objects.insert(object);
        if is_empty {
            self.object_gone(group, changes);
        } else {
            self.move_routes(group, changes);
        }
    }

    fn move_routes(&mut self, id: u32, changes: &mut Changes) {
        changes.objects.push(id);
        let Some(hops) = self.hops_of(id) else { return };
        self.revise_on(id, changes, |routes| {
            for route in routes.iter_mut().filter(|route| route.object == Some(id)) {
                route.forwarding = KernelForwarding::Unicast(hops.clone());
            }
        });
    }

    fn revise_on(&mut self, id: u32, changes: &mut Changes, revision: impl Fn(&mut Vec<Held>)) {
        let prefixes: Vec<IpNet> = self.table.prefixes_on(id).collect();
        for prefix in prefixes {
            if let Some(net) = self.find(&prefix) {
                self.revise(net, changes, &revision);
            }
        }
    }
}

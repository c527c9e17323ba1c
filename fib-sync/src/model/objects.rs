//! Next-hop objects, as Linux 6.18 treats them (each quirk is proved by `tests/kernel/objects.rs` in a real namespace):
//!
//! - An object is made only over an interface that is up and has a carrier; any address of its prefix will do as a
//!   gateway.
//! - Replacing an object moves every route on it and on groups with it; each of these routes is announced as
//!   replaced, the groups are not.
//! - A group cannot take a single object's place, nor the other way round.
//! - Removing an object removes the routes on it, IPv4 ones silently, and takes it out of its groups; a group
//!   without members goes too.
//! - An interface that loses its carrier or goes down takes its objects with it, and nobody says so: not the
//!   objects, not the groups, only the IPv6 routes. One that loses its addresses keeps them all.

use std::collections::BTreeMap;
use std::net::IpAddr;

use ipnet::IpNet;

use super::ipv6::{Does, whole};
use super::{Kernel, Said};
use crate::seen::{KernelForwarding, KernelHop, KernelRoute, Place, Seen, Ticket};
use crate::{KernelObject, ObjectContent, ObjectOperation, Refused};

/// Whether a removal is announced.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Voice {
    Aloud,
    Silent,
}

impl Kernel {
    /// Carries out an operation on the objects; its echo and then its answer are said.
    pub fn arrange(&mut self, ticket: Ticket, operation: &ObjectOperation) {
        let result = match (self.refusals.pop_front(), operation) {
            (Some(refused), _) => Err(refused),
            (None, ObjectOperation::Create(object)) => self.create_object(object.clone()),
            (None, ObjectOperation::Replace(object)) => self.replace_object(object.clone()),
            (None, ObjectOperation::Remove(object)) => self.delete_object(object.id),
        };
        self.said.push_back(Said::Answer(ticket, result));
    }

    /// Every object, by number.
    pub fn objects(&self) -> impl Iterator<Item = &KernelObject> {
        self.objects.values()
    }

    /// Makes an object where the number is free.
    ///
    /// # Errors
    /// Like the real one: the number is taken, the hop makes no sense.
    pub fn create_object(&mut self, object: KernelObject) -> Result<(), Refused> {
        if self.objects.contains_key(&object.id) {
            return Err(Refused::Exists { protocol: 0, metric: 0 });
        }
        self.check_object(&object)?;
        self.objects.insert(object.id, object.clone());
        self.said.push_back(Said::Seen(Seen::Object(object)));
        Ok(())
    }

    /// Puts an object in the place of that of the same number.
    ///
    /// # Errors
    /// There is none, or what is to come makes no sense there.
    pub fn replace_object(&mut self, object: KernelObject) -> Result<(), Refused> {
        let old = self.objects.get(&object.id).ok_or(Refused::Gone)?;
        let is_group = |object: &KernelObject| matches!(object.content, ObjectContent::Group(_));
        if is_group(old) != is_group(&object) {
            return Err(no_hop("Can not replace a nexthop with a nexthop group."));
        }
        self.check_object(&object)?;
        let mut future = self.objects.clone();
        future.insert(object.id, object.clone());
        let moved =
            |route: &KernelRoute| route.object.is_some_and(|id| stands_on(&self.objects, id, object.id));
        for route in self.routes().filter(moved) {
            let id = route.object.unwrap_or_default();
            check_family(&route.prefix, &hops(&future, id).unwrap_or_default())?;
        }
        self.objects = future;
        self.said.push_back(Said::Seen(Seen::Object(object.clone())));
        self.move_routes(object.id);
        Ok(())
    }

    /// Removes an object, as any process may.
    ///
    /// # Errors
    /// There is none.
    pub fn delete_object(&mut self, id: u32) -> Result<(), Refused> {
        if !self.objects.contains_key(&id) {
            return Err(Refused::Gone);
        }
        self.remove_object(id, Voice::Aloud);
        Ok(())
    }

    /// The interface has gone, is down or has no carrier.
    pub(super) fn flush_objects(&mut self, interface: u32) {
        let over = |object: &&KernelObject| object.hop().is_some_and(|hop| hop.interface == interface);
        let lost: Vec<u32> = self.objects.values().filter(over).map(|object| object.id).collect();
        for id in lost {
            self.remove_object(id, Voice::Silent);
        }
    }

    /// The hops that a route takes over from its object.
    pub(super) fn take_hops(&self, route: &mut KernelRoute, id: u32) -> Result<(), Refused> {
        let hops = hops(&self.objects, id).ok_or_else(|| no_hop("Nexthop id does not exist."))?;
        check_family(&route.prefix, &hops)?;
        route.forwarding = KernelForwarding::Unicast(hops);
        Ok(())
    }

    fn remove_object(&mut self, id: u32, voice: Voice) {
        self.objects.remove(&id);
        self.speak(voice, Seen::ObjectGone(id));
        self.ipv4.change_all(|_, row| row.retain(|entry| entry.route.object != Some(id)));
        let mut gone = Vec::new();
        self.ipv6.change_all(|prefix, row| {
            gone.extend(row.extract_if(.., |path| path.object() == Some(id)).map(|path| (*prefix, path)));
        });
        self.announce_gone(gone);
        let with: Vec<u32> =
            self.objects.values().filter(|group| has_member(group, id)).map(|group| group.id).collect();
        for group in with {
            self.take_out(id, group, voice);
        }
    }

    fn take_out(&mut self, id: u32, group: u32, voice: Voice) {
        let Some(object) = self.objects.get_mut(&group) else { return };
        if let ObjectContent::Group(members) = &mut object.content {
            members.retain(|member| member.id != id);
        }
        if object.members().is_empty() {
            return self.remove_object(group, voice);
        }
        let left = object.clone();
        self.speak(voice, Seen::Object(left));
        self.rehop(|object| object == group);
    }

    /// Each route whose hops are others now is announced.
    fn move_routes(&mut self, id: u32) {
        let objects = self.objects.clone();
        for route in self.rehop(|object| stands_on(&objects, object, id)) {
            self.speak(Voice::Aloud, Seen::Added { route, place: Place::Instead });
        }
    }

    /// Gives the routes on these objects the hops that they stand for now.
    fn rehop(&mut self, on: impl Fn(u32) -> bool) -> Vec<KernelRoute> {
        let mut moved = Vec::new();
        let objects = &self.objects;
        let now = |object: Option<u32>| hops(objects, object.filter(|object| on(*object))?);
        self.ipv4.change_all(|_, row| {
            for entry in row {
                if let Some(hops) = now(entry.route.object) {
                    entry.move_to(hops);
                    moved.push(entry.route.clone());
                }
            }
        });
        self.ipv6.change_all(|prefix, row| {
            for path in row {
                if let (Some(hops), Some(id)) = (now(path.object()), path.object()) {
                    path.does = Does::Stand(id, hops);
                    moved.push(whole(*prefix, std::slice::from_ref(path)));
                }
            }
        });
        moved
    }

    fn speak(&mut self, voice: Voice, seen: Seen) {
        if voice == Voice::Aloud {
            self.said.push_back(Said::Seen(seen));
        }
    }

    fn check_object(&self, object: &KernelObject) -> Result<(), Refused> {
        match &object.content {
            ObjectContent::Hop(hop) => self.check_hop(hop),
            ObjectContent::Group(members) => members.iter().try_for_each(|member| {
                let known = self.objects.get(&member.id).is_some_and(|object| object.hop().is_some());
                let twice = members.iter().filter(|other| other.id == member.id).count() > 1;
                if known && !twice { Ok(()) } else { Err(no_hop("Invalid nexthop id.")) }
            }),
            ObjectContent::Other => Ok(()),
        }
    }

    fn check_hop(&self, hop: &KernelHop) -> Result<(), Refused> {
        let link = self.links.get(&hop.interface);
        if !link.is_some_and(|link| link.up && link.running) {
            return Err(Refused::NoDevice { text: "Nexthop device is not up.".into() });
        }
        let connects = |gateway: &IpAddr| {
            let on = self.addresses.iter().filter(|address| address.interface == hop.interface);
            on.filter_map(|address| address.connected).any(|prefix| prefix.contains(gateway))
        };
        match &hop.gateway {
            Some(gateway) if !hop.onlink && !connects(gateway) => Err(no_hop("Nexthop has invalid gateway.")),
            Some(_) | None => Ok(()),
        }
    }
}

fn has_member(group: &KernelObject, id: u32) -> bool {
    group.members().iter().any(|member| member.id == id)
}

/// Whether `object` is `id` or a group with it.
fn stands_on(objects: &BTreeMap<u32, KernelObject>, object: u32, id: u32) -> bool {
    object == id || objects.get(&object).is_some_and(|group| has_member(group, id))
}

/// What an object stands for; a single hop shows no weight.
fn hops(objects: &BTreeMap<u32, KernelObject>, id: u32) -> Option<Vec<KernelHop>> {
    let object = objects.get(&id)?;
    if let Some(hop) = object.hop() {
        return Some(vec![hop.clone()]);
    }
    let members = object.members();
    let weight = |weight: u16| if members.len() == 1 { 1 } else { weight };
    members
        .iter()
        .map(|member| {
            Some(KernelHop { weight: weight(member.weight), ..objects.get(&member.id)?.hop()?.clone() })
        })
        .collect()
}

/// An object without a gateway is of the IPv4 family as we write it.
fn check_family(prefix: &IpNet, hops: &[KernelHop]) -> Result<(), Refused> {
    let serves = |hop: &KernelHop| matches!(hop.gateway, Some(IpAddr::V6(_)));
    match prefix {
        IpNet::V6(_) if !hops.iter().all(serves) => Err(no_hop("IPv6 routes can not use an IPv4 nexthop.")),
        IpNet::V4(_) | IpNet::V6(_) => Ok(()),
    }
}

fn no_hop(text: &str) -> Refused {
    Refused::NoSuchNextHop { text: text.into() }
}

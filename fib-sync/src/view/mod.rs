//! What the kernel holds, as far as it told: interfaces, addresses and the routes of one table. Not here: wishes.
//!
//! The kernel's own rules are followed so that events alone keep the view equal to the table; where an event
//! does not fit, the view says that it is unsure and is read again.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net};

use crate::seen::{Address, Link, Seen};

mod held;
mod routes;

pub(crate) use self::held::Held;

/// What one thing seen changed.
#[derive(Debug, Default)]
pub(crate) struct Changes {
    /// Prefixes whose routes changed.
    pub(crate) prefixes: Vec<IpNet>,
    /// Interfaces that changed, or an address on them.
    pub(crate) interfaces: Vec<u32>,
    /// Connected prefixes that appeared or went.
    pub(crate) connected: Vec<IpNet>,
    /// Own addresses that appeared or went.
    pub(crate) addresses: Vec<IpAddr>,
    /// The event did not fit: only reading again will tell.
    pub(crate) unsure: bool,
}

/// Interfaces, addresses and routes.
#[derive(Debug, Default)]
pub(crate) struct View {
    routes: BTreeMap<IpNet, Vec<Held>>,
    /// Which prefixes lead over an interface.
    over: BTreeSet<(u32, IpNet)>,
    links: BTreeMap<u32, Link>,
    names: BTreeMap<Arc<str>, u32>,
    addresses: BTreeSet<Address>,
    /// Interface and scope of every address that connects to a prefix.
    connected: BTreeMap<IpNet, Vec<(u32, u8)>>,
    /// How often each address of ours is there.
    own: BTreeMap<IpAddr, usize>,
}

impl View {
    /// Takes in one thing seen.
    pub(crate) fn apply(&mut self, seen: Seen) -> Changes {
        let mut changes = Changes::default();
        match seen {
            Seen::Added { route, place } => self.added(route, place, &mut changes),
            Seen::Removed(route) => self.removed(route, &mut changes),
            Seen::Listed(route) => self.listed(route, &mut changes),
            Seen::Link(link) => self.link(link, &mut changes),
            Seen::LinkGone(index) => self.link_gone(index, &mut changes),
            Seen::Address(address) => self.address(address, &mut changes),
            Seen::AddressGone(address) => self.address_gone(&address, &mut changes),
            Seen::Complete | Seen::Interrupted | Seen::Failed | Seen::Overrun => {}
        }
        changes
    }

    /// The routes of a prefix, in the kernel's order within a metric.
    pub(crate) fn routes(&self, prefix: &IpNet) -> &[Held] {
        self.routes.get(prefix).map_or(&[], Vec::as_slice)
    }

    /// Every route, by prefix.
    pub(crate) fn all_routes(&self) -> impl Iterator<Item = (&IpNet, &[Held])> {
        self.routes.iter().map(|(prefix, routes)| (prefix, routes.as_slice()))
    }

    /// Every address.
    pub(crate) fn addresses(&self) -> &BTreeSet<Address> {
        &self.addresses
    }

    /// Interface and scope of the addresses that connect to `prefix`.
    pub(crate) fn connected(&self, prefix: &IpNet) -> &[(u32, u8)] {
        self.connected.get(prefix).map_or(&[], Vec::as_slice)
    }

    /// Whether this is an address of ours.
    pub(crate) fn is_own(&self, address: &IpAddr) -> bool {
        self.own.contains_key(address)
    }

    /// The addresses of one interface.
    pub(crate) fn addresses_on(&self, interface: u32) -> impl Iterator<Item = &Address> {
        let first =
            Address { interface, local: IpAddr::V4(Ipv4Addr::UNSPECIFIED), connected: None, scope: u8::MIN };
        self.addresses.range(first..).take_while(move |address| address.interface == interface)
    }

    /// The interface of this index.
    pub(crate) fn link_at(&self, index: u32) -> Option<&Link> {
        self.links.get(&index)
    }

    /// The index of the interface of this name.
    pub(crate) fn index_of(&self, name: &str) -> Option<u32> {
        self.names.get(name).copied()
    }

    /// The prefixes with a route over this interface.
    pub(crate) fn prefixes_over(&self, index: u32) -> impl Iterator<Item = IpNet> {
        let first = IpNet::V4(Ipv4Net::default());
        self.over.range((index, first)..).take_while(move |(i, _)| *i == index).map(|(_, prefix)| *prefix)
    }

    /// Every interface by index.
    pub(crate) fn links(&self) -> &BTreeMap<u32, Link> {
        &self.links
    }

    fn link(&mut self, link: Link, changes: &mut Changes) {
        let old = self.links.insert(link.index, link.clone());
        if old.as_ref() == Some(&link) {
            return;
        }
        if let Some(old) = &old {
            self.forget_name(old);
            if old.up && !link.up {
                self.drop_silently_removed(link.index, changes);
            } else if old.running && !link.running {
                changes.unsure |= self.stands_on_object(link.index);
            }
        }
        changes.interfaces.push(link.index);
        self.names.insert(link.name, link.index);
    }

    fn link_gone(&mut self, index: u32, changes: &mut Changes) {
        let Some(old) = self.links.remove(&index) else { return };
        self.forget_name(&old);
        self.drop_silently_removed(index, changes);
        let gone: Vec<Address> = self.addresses_on(index).cloned().collect();
        for address in gone {
            self.address_gone(&address, changes);
        }
        changes.interfaces.push(index);
    }

    fn address(&mut self, address: Address, changes: &mut Changes) {
        if !self.addresses.insert(address.clone()) {
            return;
        }
        if let Some(prefix) = address.connected {
            self.connected.entry(prefix).or_default().push((address.interface, address.scope));
        }
        *self.own.entry(address.local).or_default() += 1;
        changes.address(&address);
    }

    fn address_gone(&mut self, address: &Address, changes: &mut Changes) {
        if !self.addresses.remove(address) {
            return;
        }
        if let Some(prefix) = address.connected
            && let Some(ways) = self.connected.get_mut(&prefix)
        {
            if let Some(at) = ways.iter().position(|way| *way == (address.interface, address.scope)) {
                ways.remove(at);
            }
            if ways.is_empty() {
                self.connected.remove(&prefix);
            }
        }
        if let Some(count) = self.own.get_mut(&address.local) {
            *count -= 1;
            if *count == 0 {
                self.own.remove(&address.local);
            }
        }
        changes.address(address);
    }

    /// A name may have moved on to another interface already.
    fn forget_name(&mut self, link: &Link) {
        if self.names.get(&link.name) == Some(&link.index) {
            self.names.remove(&link.name);
        }
    }
}

impl Changes {
    fn address(&mut self, address: &Address) {
        self.interfaces.push(address.interface);
        self.addresses.push(address.local);
        self.connected.extend(address.connected);
    }
}

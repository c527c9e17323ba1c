//! Interfaces, their addresses, and what these connect to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use ipnet::IpNet;

use super::silence::Loss;
use super::{Changes, View};
use crate::seen::{Address, Link};

/// The interfaces by index, and what is asked of them by other keys.
#[derive(Debug, Default)]
pub(super) struct Interfaces {
    links: BTreeMap<u32, Link>,
    names: BTreeMap<Arc<str>, u32>,
    addresses: BTreeSet<Address>,
    /// Interface and scope of every address that connects to a prefix.
    connected: BTreeMap<IpNet, Vec<(u32, u8)>>,
    /// How often each address of ours is there.
    own: BTreeMap<IpAddr, usize>,
}

impl View {
    /// Every address.
    pub(crate) fn addresses(&self) -> &BTreeSet<Address> {
        &self.interfaces.addresses
    }

    /// Interface and scope of the addresses that connect to `prefix`.
    pub(crate) fn connected(&self, prefix: &IpNet) -> &[(u32, u8)] {
        self.interfaces.connected.get(prefix).map_or(&[], Vec::as_slice)
    }

    /// Whether this is an address of ours.
    pub(crate) fn is_own(&self, address: &IpAddr) -> bool {
        self.interfaces.own.contains_key(address)
    }

    /// The addresses of one interface.
    pub(crate) fn addresses_on(&self, interface: u32) -> impl Iterator<Item = &Address> {
        let first =
            Address { interface, local: IpAddr::V4(Ipv4Addr::UNSPECIFIED), connected: None, scope: u8::MIN };
        self.interfaces.addresses.range(first..).take_while(move |address| address.interface == interface)
    }

    /// The interface of this index.
    pub(crate) fn link_at(&self, index: u32) -> Option<&Link> {
        self.interfaces.links.get(&index)
    }

    /// The index of the interface of this name.
    pub(crate) fn index_of(&self, name: &str) -> Option<u32> {
        self.interfaces.names.get(name).copied()
    }

    /// Every interface by index.
    pub(crate) fn links(&self) -> &BTreeMap<u32, Link> {
        &self.interfaces.links
    }

    pub(super) fn link(&mut self, link: Link, changes: &mut Changes) {
        let old = self.interfaces.links.insert(link.index, link.clone());
        if old.as_ref() == Some(&link) {
            return;
        }
        if let Some(old) = &old {
            self.forget_name(old);
            if old.up && !link.up {
                self.lose(link.index, Loss::Disabled, changes);
            } else if old.running && !link.running {
                changes.unsure |= self.stands_on_object(link.index);
            }
        }
        changes.interfaces.push(link.index);
        self.interfaces.names.insert(link.name, link.index);
    }

    pub(super) fn link_gone(&mut self, index: u32, changes: &mut Changes) {
        let Some(old) = self.interfaces.links.remove(&index) else { return };
        self.forget_name(&old);
        self.lose(index, Loss::Gone, changes);
        let gone: Vec<Address> = self.addresses_on(index).cloned().collect();
        for address in gone {
            self.address_gone(&address, changes);
        }
        changes.interfaces.push(index);
    }

    pub(super) fn address(&mut self, address: Address, changes: &mut Changes) {
        if !self.interfaces.addresses.insert(address.clone()) {
            return;
        }
        if let Some(prefix) = address.connected {
            self.interfaces.connected.entry(prefix).or_default().push((address.interface, address.scope));
        }
        *self.interfaces.own.entry(address.local).or_default() += 1;
        changes.address(&address);
    }

    pub(super) fn address_gone(&mut self, address: &Address, changes: &mut Changes) {
        if !self.interfaces.addresses.remove(address) {
            return;
        }
        if let Some(prefix) = address.connected
            && let Some(ways) = self.interfaces.connected.get_mut(&prefix)
        {
            if let Some(at) = ways.iter().position(|way| *way == (address.interface, address.scope)) {
                ways.remove(at);
            }
            if ways.is_empty() {
                self.interfaces.connected.remove(&prefix);
            }
        }
        if let Some(count) = self.interfaces.own.get_mut(&address.local) {
            *count -= 1;
            if *count == 0 {
                self.interfaces.own.remove(&address.local);
            }
        }
        changes.address(address);
        if address.local.is_ipv4() && !self.has_ipv4(address.interface) {
            self.lose(address.interface, Loss::Disabled, changes);
        }
    }

    /// A name may have moved on to another interface already.
    fn forget_name(&mut self, link: &Link) {
        if self.interfaces.names.get(&link.name) == Some(&link.index) {
            self.interfaces.names.remove(&link.name);
        }
    }
}

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
    /// Every address of ours, and on which interface.
    own: BTreeSet<(IpAddr, u32)>,
    /// The table and the index of every VRF.
    vrfs: BTreeSet<(u32, u32)>,
}

impl View {
    /// Every address.
    pub(crate) fn addresses(&self) -> &BTreeSet<Address> {
        &self.interfaces.addresses
    }

    /// Interface and scope of the addresses that connect `table` to `prefix`.
    pub(crate) fn connected(&self, prefix: &IpNet, table: u32) -> impl Iterator<Item = (&Link, u8)> {
        let ways = self.interfaces.connected.get(prefix).map_or(&[][..], Vec::as_slice);
        ways.iter()
            .filter_map(|(index, scope)| Some((self.link_at(*index)?, *scope)))
            .filter(move |(link, _)| self.serves(link, table))
    }

    /// Whether an address of this interface connects to `prefix`.
    pub(crate) fn connects(&self, prefix: &IpNet, index: u32) -> bool {
        let ways = self.interfaces.connected.get(prefix);
        ways.is_some_and(|ways| ways.iter().any(|(way, _)| *way == index))
    }

    /// Whether `table` is the one of a VRF.
    pub(crate) fn is_of_vrf(&self, table: u32) -> bool {
        self.interfaces.vrfs.range((table, u32::MIN)..=(table, u32::MAX)).next().is_some()
    }

    /// Whether this is an address of ours where `table` is used.
    pub(crate) fn is_own(&self, address: &IpAddr, table: u32) -> bool {
        let on = self.interfaces.own.range((*address, u32::MIN)..=(*address, u32::MAX));
        on.filter_map(|(_, index)| self.link_at(*index)).any(|link| self.serves(link, table))
    }

    /// Whether `table` is the one that packets through this interface are looked up in: the table of its VRF, and
    /// for interfaces of no VRF any table of no VRF.
    pub(crate) fn serves(&self, link: &Link, table: u32) -> bool {
        let of_master = || self.link_at(link.master?)?.vrf;
        match link.vrf.or_else(of_master) {
            Some(home) => home == table,
            None => !self.is_of_vrf(table),
        }
    }

    /// Whether this is an address of ours, wherever.
    pub(super) fn is_somewhere(&self, address: &IpAddr) -> bool {
        self.interfaces.own.range((*address, u32::MIN)..=(*address, u32::MAX)).next().is_some()
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
        let index = link.index;
        let old = self.interfaces.links.insert(index, link.clone());
        if old.as_ref() == Some(&link) {
            return;
        }
        changes.link(old.as_ref(), Some(&link));
        if let Some(old) = &old {
            self.forget_keys(old);
        }
        self.interfaces.vrfs.extend(link.vrf.map(|table| (table, index)));
        let (up, running) = (link.up, link.running);
        self.interfaces.names.insert(link.name, index);
        // An interface that a reading has not listed yet may have been up.
        let goes_down = !up && old.as_ref().is_none_or(|old| old.up);
        if goes_down || (!running && old.as_ref().is_none_or(|old| old.running)) {
            self.lose_objects(index, changes);
        }
        if goes_down {
            self.lose(index, Loss::Disabled, changes);
        }
    }

    pub(super) fn link_gone(&mut self, index: u32, changes: &mut Changes) {
        let old = self.interfaces.links.remove(&index);
        changes.link(old.as_ref(), None);
        if let Some(old) = &old {
            self.forget_keys(old);
        }
        self.lose_objects(index, changes);
        self.lose(index, Loss::Gone, changes);
        let gone: Vec<Address> = self.addresses_on(index).cloned().collect();
        for address in gone {
            self.address_gone(&address, changes);
        }
    }

    pub(super) fn address(&mut self, address: Address, changes: &mut Changes) {
        if !self.interfaces.addresses.insert(address.clone()) {
            return;
        }
        if let Some(prefix) = address.connected {
            let ways = self.interfaces.connected.entry(prefix).or_default();
            if ways.is_empty() {
                self.lengths.add(&prefix);
            }
            ways.push((address.interface, address.scope));
        }
        self.interfaces.own.insert((address.local, address.interface));
        changes.address(&address);
    }

    pub(super) fn address_gone(&mut self, address: &Address, changes: &mut Changes) {
        if !self.interfaces.addresses.remove(address) {
            // A reading has not listed it yet, nor whether there are others.
            if address.local.is_ipv4() {
                self.may_lose(address.interface, changes);
            }
            // IPv6 announces a new address a moment after it counts (`addrconf_dad_work`), or never.
            self.lose_source(address, changes);
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
                self.lengths.remove(&prefix);
            }
        }
        if !self.addresses_on(address.interface).any(|other| other.local == address.local) {
            self.interfaces.own.remove(&(address.local, address.interface));
        }
        changes.address(address);
        self.lose_source(address, changes);
        if address.local.is_ipv4() && !self.has_ipv4(address.interface) {
            self.lose(address.interface, Loss::Disabled, changes);
        }
    }

    /// A name may have moved on to another interface already.
    fn forget_keys(&mut self, link: &Link) {
        if self.interfaces.names.get(&link.name) == Some(&link.index) {
            self.interfaces.names.remove(&link.name);
        }
        if let Some(table) = link.vrf {
            self.interfaces.vrfs.remove(&(table, link.index));
        }
    }
}

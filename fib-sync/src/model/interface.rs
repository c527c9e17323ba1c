//! Interfaces and addresses, and what their changes do to routes.

use super::Kernel;
use super::ipv4::Loss;
use crate::{Address, Link, Seen};

impl Kernel {
    /// Adds an interface, or changes its name, its state or its carrier. Going down takes its routes along, the IPv4
    /// ones silently, and its IPv6 addresses; coming up brings back the connected routes only.
    pub fn set_link(&mut self, link: Link) {
        let index = link.index;
        let before = self.links.insert(index, link.clone());
        let was_up = before.as_ref().is_some_and(|link| link.up);
        let (is_up, runs) = (link.up, link.running);
        if before.as_ref() != Some(&link) {
            self.say(Seen::Link(link));
        }
        if !self.links.get(&index).is_some_and(|link| link.up && link.running) {
            self.flush_objects(index);
        }
        match (was_up, is_up) {
            (true, false) => {
                self.lose_ipv4(index, Loss::Disabled);
                self.lose_ipv6(index);
                self.lose_ipv6_addresses(index);
            }
            (false, true) => {
                for address in self.addresses_of(index) {
                    self.connect(&address);
                }
                self.revive_ipv4(index);
            }
            (true, true) | (false, false) => {}
        }
        // IPv6 waits for the carrier (`addrconf_link_ready`).
        if is_up && runs {
            self.revive_ipv6(index);
        }
    }

    /// Removes an interface with its addresses and routes.
    pub fn remove_link(&mut self, index: u32) {
        let Some(link) = self.links.get(&index).cloned() else { return };
        if link.up {
            self.set_link(Link { up: false, running: false, ..link });
        }
        self.lose_ipv6_addresses(index);
        for address in self.addresses_of(index) {
            self.remove_address(&address);
        }
        self.lose_ipv4(index, Loss::Gone);
        self.forget_ipv6(index);
        self.links.remove(&index);
        self.say(Seen::LinkGone(index));
    }

    /// Adds an address to an interface that is there, and its connected route if that is up.
    pub fn add_address(&mut self, address: Address) {
        let interface = address.interface;
        if !self.links.contains_key(&interface) || !self.addresses.insert(address.clone()) {
            return;
        }
        self.say(Seen::Address(address.clone()));
        if self.is_up(interface) {
            self.connect(&address);
            if address.local.is_ipv4() {
                self.revive_ipv4(interface);
            }
        }
    }

    /// Removes an address, its connected route, and where it was the last of ours to prefer: the IPv4 routes that
    /// prefer it. The last IPv4 address of an interface takes all IPv4 routes over it along, silently. Routes
    /// through a gateway on its prefix stay, although nothing reaches it any more.
    pub fn remove_address(&mut self, address: &Address) {
        if !self.addresses.remove(address) {
            return;
        }
        self.say(Seen::AddressGone(address.clone()));
        let same_prefix =
            |held: &Address| held.interface == address.interface && held.connected == address.connected;
        let still_connected = self.addresses.iter().any(same_prefix);
        let still_own = self.is_own(&address.local);
        if address.local.is_ipv6() {
            if !still_connected {
                self.disconnect_ipv6(address);
            }
            if !still_own {
                self.unsource_ipv6(address);
            }
            return;
        }
        self.disconnect_ipv4(address);
        if !still_own {
            self.unsource_ipv4(address);
        }
        if !self.addresses_of(address.interface).iter().any(|held| held.local.is_ipv4()) {
            self.lose_ipv4(address.interface, Loss::Disabled);
        }
    }

    /// The IPv6 addresses of an interface go with it; unlike one that is removed they stay the source of routes.
    fn lose_ipv6_addresses(&mut self, interface: u32) {
        for address in self.addresses_of(interface).into_iter().filter(|held| held.local.is_ipv6()) {
            self.addresses.remove(&address);
            self.say(Seen::AddressGone(address));
        }
    }

    fn connect(&mut self, address: &Address) {
        if address.local.is_ipv4() {
            self.connect_ipv4(address);
        } else {
            self.connect_ipv6(address);
        }
    }

    fn addresses_of(&self, interface: u32) -> Vec<Address> {
        self.addresses.iter().filter(|held| held.interface == interface).cloned().collect()
    }
}

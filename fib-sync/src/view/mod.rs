//! What the kernel holds, as far as it told: interfaces, addresses and the routes of one table. Not here: wishes.
//!
//! The kernel's own rules are followed so that events alone keep the view equal to the table; where an event
//! does not fit, the view says that it is unsure and is read again.

use std::net::IpAddr;

use ipnet::IpNet;

use self::interfaces::Interfaces;
use self::table::Table;
use crate::seen::{Address, Seen};

mod difference;
mod held;
mod holders;
mod interfaces;
mod routes;
mod silence;
mod table;

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
    table: Table,
    interfaces: Interfaces,
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
            Seen::Object(_)
            | Seen::ObjectGone(_)
            | Seen::Complete
            | Seen::Interrupted
            | Seen::Failed
            | Seen::Overrun => {}
        }
        changes
    }

    /// The routes of a prefix, in the kernel's order within a metric.
    pub(crate) fn routes(&self, prefix: &IpNet) -> &[Held] {
        self.table.routes(prefix)
    }

    /// Every route, by prefix.
    pub(crate) fn all_routes(&self) -> impl Iterator<Item = (IpNet, &[Held])> {
        self.table.iter()
    }

    /// The prefixes with a route over this interface.
    pub(crate) fn prefixes_over(&self, index: u32) -> impl Iterator<Item = IpNet> {
        self.table.prefixes_over(index)
    }
}

impl Changes {
    fn address(&mut self, address: &Address) {
        self.interfaces.push(address.interface);
        self.addresses.push(address.local);
        self.connected.extend(address.connected);
    }
}

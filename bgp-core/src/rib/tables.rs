//! The two tables, and the closed set of names for them.

use std::ops::{Index, IndexMut};

use ipnet::IpNet;

use crate::Family;
use crate::rib::Table;
use crate::rib::prefixes::Prefixes;

/// One of the families that have a table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum TableId {
    Ipv4,
    Ipv6,
}

impl TableId {
    pub(super) const ALL: [Self; 2] = [Self::Ipv4, Self::Ipv6];

    /// Where `prefix` belongs.
    pub(super) const fn of(prefix: &IpNet) -> Self {
        match prefix {
            IpNet::V4(_) => Self::Ipv4,
            IpNet::V6(_) => Self::Ipv6,
        }
    }

    /// The table of `family`, if it has one.
    pub(super) fn named(family: Family) -> Option<Self> {
        Self::ALL.into_iter().find(|table| table.family() == family)
    }

    pub(super) const fn family(self) -> Family {
        match self {
            Self::Ipv4 => Family::IPV4,
            Self::Ipv6 => Family::IPV6,
        }
    }

    pub(super) const fn other(self) -> Self {
        match self {
            Self::Ipv4 => Self::Ipv6,
            Self::Ipv6 => Self::Ipv4,
        }
    }
}

/// The tables of all families.
#[derive(Debug)]
pub(super) struct Tables {
    ipv4: Table,
    ipv6: Table,
}

impl Tables {
    pub(super) fn new(seed: u64) -> Self {
        Self { ipv4: Table::new(Prefixes::ipv4(), seed), ipv6: Table::new(Prefixes::ipv6(), seed) }
    }
}

impl Index<TableId> for Tables {
    type Output = Table;

    fn index(&self, id: TableId) -> &Table {
        match id {
            TableId::Ipv4 => &self.ipv4,
            TableId::Ipv6 => &self.ipv6,
        }
    }
}

impl IndexMut<TableId> for Tables {
    fn index_mut(&mut self, id: TableId) -> &mut Table {
        match id {
            TableId::Ipv4 => &mut self.ipv4,
            TableId::Ipv6 => &mut self.ipv6,
        }
    }
}

//! Whose words a socket uses, and of which family it speaks.

use std::net::IpAddr;

use bgp_core::Family;
use ipnet::IpNet;

use crate::config::BirdDialect;

/// How a socket answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Voice {
    pub(super) dialect: BirdDialect,
    /// The only family it knows of; `None`: both.
    pub(super) family: Option<Family>,
}

impl Voice {
    /// Everything, by the names that protocols have.
    pub(super) const PLAIN: Self = Self { dialect: BirdDialect::Two, family: None };

    /// The version that it claims. Clients look for `BIRD v` in that of 1.6 and at the first digit in that of 2.
    pub(super) const fn version(self) -> &'static str {
        match self.dialect {
            BirdDialect::One => concat!("v1.6.8-caracal-", env!("CARGO_PKG_VERSION")),
            BirdDialect::Two => concat!("2.17-caracal-", env!("CARGO_PKG_VERSION")),
        }
    }

    /// Whether it speaks of `family`.
    pub(super) fn has(self, family: Family) -> bool {
        self.family.is_none_or(|only| only == family)
    }

    /// Whether it speaks of the peer at `address`.
    pub(super) fn shows(self, address: IpAddr) -> bool {
        self.has(Family::of(&IpNet::from(address)))
    }

    /// The table of a family.
    pub(super) fn table(self, family: Family) -> &'static str {
        match self.dialect {
            BirdDialect::One => "master",
            BirdDialect::Two if family == Family::IPV6 => "master6",
            BirdDialect::Two => "master4",
        }
    }

    /// The families that it speaks of.
    pub(super) fn families(self) -> impl Iterator<Item = Family> {
        Family::UNICAST.into_iter().filter(move |family| self.has(*family))
    }

    /// What the protocol called `name` is called where a route came from. Calico's status of a whole node fails at a
    /// route from a local workload.
    pub(super) fn source(self, name: &str) -> String {
        match name.strip_prefix("Local_Workload_") {
            Some(address) if self.dialect == BirdDialect::One => format!("Node_{address}"),
            _ => name.to_owned(),
        }
    }
}

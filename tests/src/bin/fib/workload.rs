//! The routes that are measured with.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ipnet::IpNet;
use tests::kernel::Ip;

/// So many routes of one family, all through one gateway at a time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Workload {
    pub(crate) family: Ip,
    pub(crate) routes: u32,
}

/// What is done with all of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Step {
    Install,
    Dump,
    Replace,
    Delete,
}

impl Step {
    /// In the order in which they are possible.
    pub(crate) const ALL: [Self; 4] = [Self::Install, Self::Dump, Self::Replace, Self::Delete];

    /// Its name in a table.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Install => "install",
            Self::Dump => "dump",
            Self::Replace => "replace",
            Self::Delete => "delete",
        }
    }

    /// The host part of the gateway that is written.
    pub(crate) const fn gateway(self) -> u8 {
        match self {
            Self::Install | Self::Dump => 2,
            Self::Replace | Self::Delete => 3,
        }
    }
}

impl Workload {
    /// `routes` routes of the version of IP.
    pub(crate) const fn new(ip: u8, routes: u32) -> Self {
        let family = if ip == 6 { Ip::V6 } else { Ip::V4 };
        Self { family, routes }
    }

    /// The prefixes: /24 and /48, one after the other.
    pub(crate) fn prefixes(self) -> impl Iterator<Item = IpNet> {
        (0..self.routes).filter_map(move |number| self.prefix(number))
    }

    /// A gateway on the one link.
    pub(crate) fn gateway(self, step: Step) -> IpAddr {
        match self.family {
            Ip::V4 => Ipv4Addr::new(10, 0, 0, step.gateway()).into(),
            Ip::V6 => Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, step.gateway().into()).into(),
        }
    }

    fn prefix(self, number: u32) -> Option<IpNet> {
        let (address, length) = match self.family {
            Ip::V4 => (IpAddr::from(Ipv4Addr::from(FIRST_V4 + (number << 8))), 24),
            Ip::V6 => (IpAddr::from(Ipv6Addr::from(FIRST_V6 + (u128::from(number) << 80))), 48),
        };
        IpNet::new(address, length).ok()
    }
}

/// The route protocol of everything measured.
pub(crate) const PROTOCOL: u8 = 12;
/// Its metric.
pub(crate) const METRIC: u32 = 50;
/// The main table.
pub(crate) const TABLE: u32 = 254;
/// Its device.
pub(crate) const DEVICE: &str = "up0";

/// 16.0.0.0: sixteen /8 hold 2^20 networks.
const FIRST_V4: u32 = 16 << 24;
/// 2400::
const FIRST_V6: u128 = 0x2400 << 112;

//! Ten thousand blocks of addresses behind two gateways, and the ways in which a table may lead to them.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use fib_sync::{Hop, Route};
use ipnet::{IpNet, Ipv4Net, Ipv6Net};

/// Blocks of each family.
pub const BLOCKS: u32 = 10_000;

/// Every block, the families in turn.
pub fn all() -> impl Iterator<Item = IpNet> {
    (0..BLOCKS).flat_map(|number| [ipv4(IPV4, number), ipv6(IPV6, number)])
}

/// Blocks that nobody sends to.
pub fn strays(count: usize) -> impl Iterator<Item = IpNet> {
    (0..BLOCKS).take(count).flat_map(|number| [ipv4(STRAY_IPV4, number), ipv6(STRAY_IPV6, number)])
}

/// An address in every block, by large steps.
pub fn addresses() -> Vec<IpAddr> {
    let stride = |number: u32| number * STRIDE % BLOCKS;
    let inside = |prefix: IpNet| match prefix {
        IpNet::V4(prefix) => IpAddr::V4(Ipv4Addr::from_bits(prefix.network().to_bits() + 1)),
        IpNet::V6(prefix) => IpAddr::V6(Ipv6Addr::from_bits(prefix.network().to_bits() + 1)),
    };
    (0..BLOCKS).map(stride).flat_map(|n| [inside(ipv4(IPV4, n)), inside(ipv6(IPV6, n))]).collect()
}

/// A way to a block; all of them arrive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Through one gateway.
    One(Gateway),
    /// Through one gateway over its device, named.
    Over(Gateway),
    /// Through both, with these shares.
    Both(u16, u16),
    /// Through an IPv6 gateway, whatever the family.
    Via,
}

/// One of two.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gateway {
    /// On the device `a0`.
    A,
    /// On the device `b0`.
    B,
}

impl Form {
    /// The forms, by number, over and over.
    pub const fn of(number: usize) -> Self {
        match number % 6 {
            0 => Self::One(Gateway::A),
            1 => Self::Both(1, 1),
            2 => Self::Over(Gateway::B),
            3 => Self::Via,
            4 => Self::Both(3, 200),
            _ => Self::One(Gateway::B),
        }
    }

    /// The route to `prefix`.
    pub fn route(self, prefix: &IpNet) -> Route {
        let hop = |gateway: Gateway| Hop::via(gateway.address(prefix.network().is_ipv6()));
        Route::unicast(match self {
            Self::One(gateway) => vec![hop(gateway)],
            Self::Over(gateway) => vec![hop(gateway).over(gateway.device())],
            Self::Both(a, b) => vec![hop(Gateway::A).weighing(a), hop(Gateway::B).weighing(b)],
            Self::Via => vec![Hop::via(Gateway::A.address(true)).over(Gateway::A.device())],
        })
    }
}

impl Gateway {
    const fn address(self, is_ipv6: bool) -> IpAddr {
        let link = match self {
            Self::A => 1,
            Self::B => 2,
        };
        if is_ipv6 {
            IpAddr::V6(Ipv6Addr::new(0xfd00, link, 0, 0, 0, 0, 0, 2))
        } else {
            IpAddr::V4(Ipv4Addr::new(10, 0, link as u8, 2))
        }
    }

    const fn device(self) -> &'static str {
        match self {
            Self::A => "a0",
            Self::B => "b0",
        }
    }
}

fn ipv4(first: Ipv4Addr, number: u32) -> IpNet {
    IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::from_bits(first.to_bits() + (number << 4)), 28))
}

fn ipv6(first: Ipv6Addr, number: u32) -> IpNet {
    let network = Ipv6Addr::from_bits(first.to_bits() + (u128::from(number) << 64));
    IpNet::V6(Ipv6Net::new_assert(network, 64))
}

/// Prime to the number of blocks.
const STRIDE: u32 = 7919;
const IPV4: Ipv4Addr = Ipv4Addr::new(100, 64, 0, 0);
const IPV6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0);
const STRAY_IPV4: Ipv4Addr = Ipv4Addr::new(100, 96, 0, 0);
const STRAY_IPV6: Ipv6Addr = Ipv6Addr::new(0x2001, 0xdb9, 0, 0, 0, 0, 0, 0);

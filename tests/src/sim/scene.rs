//! Configurations and expectations of simulated networks, in as few words as possible.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;

use bgp_core::peer::{PeerAsn, PeerConfig};
use bgp_core::policy::Policy;
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route};
use bgp_core::speaker::{Config, Input};
use bgp_core::wire::Attributes;
use bgp_core::{Asn, RouterId};
use ipnet::IpNet;

/// The address of host `n`: 10.0.0.n.
#[must_use]
pub const fn host(n: u8) -> IpAddr {
    IpAddr::V4(Ipv4Addr::new(10, 0, 0, n))
}

/// The other address of host `n`: fd00::n.
#[must_use]
pub const fn host6(n: u8) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0xfd00, 0, 0, 0, 0, 0, 0, n as u16))
}

/// A speaker of host `n` without peers, with a kernel that takes everything.
#[must_use]
pub fn config(asn: u32, n: u8) -> Config {
    Config {
        kernel_export: Some(vec![Arc::new(Policy::accept_all())]),
        multipath: 16,
        ..Config::new(Asn(asn), RouterId(Ipv4Addr::new(10, 0, 0, n)))
    }
}

/// The configuration of a peer on host `n`, as `of` sees it.
#[must_use]
pub fn peer(of: &Config, n: u8, asn: u32) -> PeerConfig {
    let remote = SocketAddr::new(host(n), 179);
    PeerConfig {
        name: Arc::from(format!("h{n}")),
        multihop: true,
        ..PeerConfig::new(remote, PeerAsn::Exactly(Asn(asn)), of.asn, of.router_id)
    }
}

/// A static blackhole, as an address block is originated.
///
/// # Panics
/// When the text is not a prefix.
#[must_use]
pub fn block(prefix: &str) -> Input {
    blackhole(net(prefix))
}

/// The same for what is a prefix already.
#[must_use]
pub fn blackhole(prefix: IpNet) -> Input {
    let route = Route {
        attributes: Attributes::default(),
        forwarding: Forwarding::Blackhole,
        interface: None,
        kernel: KernelHint::default(),
    };
    Input::Originate { prefix, source: LocalSource::Static, route }
}

/// A prefix.
///
/// # Panics
/// When the text is not one.
#[must_use]
pub fn net(prefix: &str) -> IpNet {
    prefix.parse().expect("a prefix")
}

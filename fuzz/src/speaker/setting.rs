//! Who the speaker is and whom it knows.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use bgp_core::peer::{AfterLimit, MaxPrefixes, PeerAsn, PeerConfig, PrefixLimit};
use bgp_core::policy::Policy;
use bgp_core::speaker::{Config, DynamicPeers, GracefulRestart};
use bgp_core::wire::{AddPathMode, Role};
use bgp_core::{Asn, Family, RouterId};
use ipnet::Ipv4Net;

use crate::draw::bit;

/// Our AS.
pub(super) const OURS: Asn = Asn(64512);
/// The AS of external peers.
pub(super) const THEIRS: Asn = Asn(65001);

/// Addresses that call: the peers of [`config`], two of its range, and a stranger.
pub(super) const CALLERS: [IpAddr; 6] = [
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 2)),
    IpAddr::V4(Ipv4Addr::new(192, 0, 2, 3)),
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 2)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 1)),
    IpAddr::V4(Ipv4Addr::new(198, 51, 100, 2)),
    IpAddr::V4(Ipv4Addr::new(203, 0, 113, 1)),
];

/// The AS of whoever has this address.
pub(super) fn asn_of(address: IpAddr) -> Asn {
    if address == CALLERS[0] || address == CALLERS[2] { OURS } else { THEIRS }
}

/// A reflector's client with additional paths, an external peer with a limit, an internal one over IPv6,
/// and a range; `flags` choose what a reload may change.
pub(super) fn config(flags: u8) -> Config {
    let mut peers = vec![client(flags), external(flags), six(flags)];
    if bit(flags, 0) {
        peers.remove(1);
    }
    let template = PeerConfig { passive: true, ..external(flags) };
    let range = Ipv4Net::new(Ipv4Addr::new(198, 51, 100, 0), 24).expect("24 fits");
    let graceful_restart = GracefulRestart {
        enabled: bit(flags, 1),
        long_lived: Duration::from_secs(if bit(flags, 2) { 3600 } else { 0 }),
        notification: bit(flags, 2),
        forwarding_preserved: bit(flags, 4),
        ..GracefulRestart::default()
    };
    Config {
        graceful_restart,
        peers,
        dynamic_peers: vec![DynamicPeers { prefix: range.into(), limit: 1, template }],
        kernel_export: (!bit(flags, 3)).then(|| accept_all().to_vec()),
        multipath: if bit(flags, 4) { 4 } else { 1 },
        ..Config::new(OURS, RouterId::from(0xc000_0201))
    }
}

fn client(flags: u8) -> PeerConfig {
    PeerConfig {
        client: !bit(flags, 5),
        headless: headless(flags),
        add_path: Some(AddPathMode::Both),
        name: "client".into(),
        ..peer(CALLERS[0], PeerAsn::Internal)
    }
}

fn external(flags: u8) -> PeerConfig {
    let limit = |family| PrefixLimit { family, maximum: 2 };
    let restart = AfterLimit::Restart(Some(Duration::from_secs(60)));
    let action = if bit(flags, 6) { AfterLimit::Drop } else { restart };
    PeerConfig {
        import: Some(accept_all().to_vec()),
        export: bit(flags, 7).then(|| accept_all().to_vec()),
        role: bit(flags, 7).then_some(Role::Customer),
        max_prefixes: Some(MaxPrefixes { limits: Family::UNICAST.map(limit).to_vec(), action }),
        name: "external".into(),
        ..peer(CALLERS[1], PeerAsn::Exactly(THEIRS))
    }
}

fn six(flags: u8) -> PeerConfig {
    PeerConfig {
        enabled: !bit(flags, 6),
        headless: headless(flags),
        hold_time: Duration::from_secs(if bit(flags, 5) { 3 } else { 90 }),
        name: "six".into(),
        ..peer(CALLERS[2], PeerAsn::Internal)
    }
}

fn headless(flags: u8) -> Duration {
    Duration::from_secs(if bit(flags, 1) && bit(flags, 3) { 600 } else { 0 })
}

fn peer(address: IpAddr, asn: PeerAsn) -> PeerConfig {
    PeerConfig::new(SocketAddr::new(address, 179), asn, OURS, RouterId::from(0xc000_0201))
}

fn accept_all() -> [Arc<Policy>; 1] {
    [Arc::new(Policy::accept_all())]
}

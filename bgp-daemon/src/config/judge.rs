//! What only shows when all peers are seen beside each other, and on this host.

use std::collections::BTreeMap;
use std::net::IpAddr;
use std::sync::Arc;

use bgp_core::speaker::DynamicPeers;

use super::host::Host;
use super::peers::Peer;
use super::report::{Place, Problem, Report};
use super::settings::Listen;

/// Tells the report.
pub(super) fn judge(
    peers: &[Peer],
    ranges: &[(DynamicPeers, Peer)],
    listen: &Listen,
    host: &dyn Host,
    report: &Report,
) {
    let mut names: BTreeMap<Arc<str>, Place> = BTreeMap::new();
    let mut remotes = BTreeMap::new();
    for peer in peers.iter().chain(ranges.iter().map(|(_, peer)| peer)) {
        let (name, socket) = (&peer.config.name, &peer.socket);
        let twice = |first: Place, message: String| {
            let hint = format!("the first is at {}", report.line_of(first));
            report.error(Problem::at(peer.place, message).hint(hint));
        };
        if let Some(first) = names.insert(name.clone(), peer.place) {
            twice(first, format!("there are two peers named {name:?}"));
        } else if let Some(first) = remotes.insert((socket.remote, socket.zone.clone()), peer.place) {
            twice(first, format!("there are two peers at {}", peer.at));
        }
        if listen.addresses.is_empty() && peer.config.passive {
            let message = format!("{name:?} is never dialed, and nothing listens for it");
            report.warn(Problem::at(peer.place, message).hint("`addresses` of [listen] is empty"));
        }
    }
    warn_of_ourselves(peers, listen, host, report);
}

/// A peer that is this host will refuse to talk to itself.
fn warn_of_ourselves(peers: &[Peer], listen: &Listen, host: &dyn Host, report: &Report) {
    // A link-local address of ours may be another's on the next link.
    let told_apart = |address: &IpAddr| match address {
        IpAddr::V4(v4) => !v4.is_loopback() && !v4.is_link_local(),
        IpAddr::V6(v6) => !v6.is_loopback() && !v6.is_unicast_link_local(),
    };
    let addresses = host.addresses().into_iter().map(|(_, address)| address);
    let ours: Vec<IpAddr> = addresses.filter(told_apart).collect();
    for peer in peers {
        let remote = peer.config.remote;
        if remote.port() == listen.port && ours.contains(&remote.ip()) {
            let message = format!("{} is an address of this host", remote.ip());
            report.warn(Problem::at(peer.place, message));
        }
    }
}

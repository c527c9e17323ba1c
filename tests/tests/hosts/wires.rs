//! Cables between hosts, and what else an administrator does to a kernel.

use ipnet::IpNet;
use rtnetlink::packet_route::route::RouteProtocol;
use tests::kernel::{Route, Way};

use crate::host::Host;

/// One end of a cable: the host, the device there and its addresses.
pub(crate) type End<'h> = (&'h Host, &'h str, &'h [&'h str]);

/// Connects two hosts, both devices up.
pub(crate) fn cable(near: End<'_>, far: End<'_>) {
    near.0.kernel(|kernel| kernel.add_pair(near.1, far.1, &*far.0.place));
    for (host, device, addresses) in [near, far] {
        host.kernel(|kernel| kernel.up(device));
        address(host, device, addresses);
    }
}

/// Connects many hosts by a switch, at the device `eth0` of each.
pub(crate) fn switch(hosts: &[(&Host, &[&str])]) -> Host {
    let middle = Host::new("switch");
    middle.kernel(|kernel| kernel.add_bridge("br0"));
    for (number, (host, addresses)) in hosts.iter().enumerate() {
        let port = format!("port{number}");
        cable((&middle, &port, &[]), (host, "eth0", addresses));
        middle.kernel(|kernel| kernel.enslave(&port, "br0"));
    }
    middle
}

/// Gives a device addresses.
pub(crate) fn address(host: &Host, device: &str, addresses: &[&str]) {
    host.kernel(|kernel| {
        addresses.iter().try_for_each(|address| kernel.add_address(device, net(address), 0))
    });
}

/// A route that somebody else than the daemon installs.
pub(crate) fn foreign(to: &str, way: Way, protocol: RouteProtocol) -> Route {
    Route { to: net(to), way, protocol, metric: 0 }
}

/// A prefix or an interface address.
pub(crate) fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

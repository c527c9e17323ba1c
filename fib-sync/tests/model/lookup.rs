//! The way of a packet through the kernel in memory.

use std::net::IpAddr;

use crate::world::{METRIC, World, foreign, link};
use fib_sync::model::{Fate, How, Kernel};
use fib_sync::{KernelForwarding, KernelHop, KernelRoute, Link};

/// The gateways that a packet to `destination` may take, the destination itself where it is on the link.
fn ways(kernel: &Kernel, destination: &str) -> Vec<String> {
    let destination: IpAddr = destination.parse().expect("an address");
    match kernel.lookup(destination) {
        Fate::Forwarded(hops) => {
            hops.iter().map(|hop| hop.gateway.unwrap_or(destination).to_string()).collect()
        }
        other => vec![format!("{other:?}")],
    }
}

/// Routes at one metric that lead through these gateways.
fn write(kernel: &mut Kernel, prefix: &str, metric: u32, gateways: &[&str]) {
    let hop = |gateway: &&str| KernelHop {
        gateway: Some(gateway.parse().expect("an address")),
        interface: 0,
        onlink: false,
        weight: 1,
    };
    let forwarding = match gateways {
        [] => KernelForwarding::Blackhole,
        gateways => KernelForwarding::Unicast(gateways.iter().map(hop).collect()),
    };
    let route = KernelRoute { forwarding, ..foreign(prefix.parse().expect("a prefix"), metric, "10.0.0.1") };
    kernel.write(route, How::Exclusive).expect("makes sense");
}

#[test]
fn the_longest_prefix_decides_and_then_the_metric() {
    let mut kernel = World::new().kernel;
    write(&mut kernel, "0.0.0.0/0", METRIC, &["10.0.1.9"]);
    write(&mut kernel, "192.0.2.0/24", METRIC, &["10.0.1.2"]);
    write(&mut kernel, "192.0.2.0/24", METRIC - 1, &["10.0.1.3"]);
    write(&mut kernel, "192.0.2.7/32", METRIC, &[]);
    assert_eq!(ways(&kernel, "192.0.2.1"), ["10.0.1.3"]);
    assert_eq!(ways(&kernel, "192.0.2.7"), ["Dropped(Blackhole)"]);
    assert_eq!(ways(&kernel, "198.51.100.1"), ["10.0.1.9"]);
    assert_eq!(ways(&kernel, "10.0.2.77"), ["10.0.2.77"]);
    assert_eq!(ways(&kernel, "10.0.2.1"), ["Delivered"]);
    assert_eq!(ways(&kernel, "2001:db8::1"), ["Unroutable"]);
}

#[test]
fn a_dead_hop_is_passed_over_until_its_interface_is_back() {
    for (prefix, destination, gateways) in [
        ("192.0.2.0/24", "192.0.2.1", ["10.0.1.2", "10.0.2.2"]),
        ("2001:db8::/32", "2001:db8::1", ["fd00:1::2", "fd00:2::2"]),
    ] {
        let mut kernel = World::new().kernel;
        write(&mut kernel, prefix, METRIC, &gateways);
        assert_eq!(ways(&kernel, destination), gateways);
        // Without a carrier packets are still sent, into nowhere.
        kernel.set_link(Link { running: false, ..link(1, true) });
        assert_eq!(ways(&kernel, destination), gateways);
        kernel.set_link(link(1, false));
        assert_eq!(ways(&kernel, destination), gateways[1..]);
        kernel.set_link(link(1, true));
        assert_eq!(ways(&kernel, destination), gateways);
    }
}

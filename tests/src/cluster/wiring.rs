//! The cluster's cables: one bridge, a namespace for each host and each pod, and the routes that the
//! container network plugin and its agent would make.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::IpNet;
use rtnetlink::packet_route::route::RouteProtocol;

use super::topology::{GATEWAY4, GATEWAY6, HOST_METRIC, Host, NETWORK4, NETWORK6, Overlay, Pod, Setup};
use crate::failure::{Doing, Failure};
use crate::kernel::{Kernel, Route, Way};
use crate::netns::Netns;

/// The namespaces of a wired cluster; dropping it takes the network down.
#[derive(Debug)]
pub struct Wiring {
    /// The machine between the hosts: a bridge with the default gateway's address.
    pub switch: Netns,
    /// One for each host, in the hosts' order.
    pub hosts: Vec<Arc<Netns>>,
    /// One for each pod, with the host's and the pod's position.
    pub pods: Vec<(usize, usize, Arc<Netns>)>,
    /// One for each reflector.
    pub reflectors: Vec<Arc<Netns>>,
}

/// Builds the network of the hosts, their pods and the reflectors.
pub fn build(setup: &Setup) -> Result<Wiring, Failure> {
    let switch = Netns::create("switch")?;
    still(&switch)?;
    switch.kernel(|kernel| {
        kernel.add_bridge(BRIDGE)?;
        kernel.add_address(BRIDGE, net(GATEWAY4, NETWORK4.1)?, 0)?;
        kernel.add_address(BRIDGE, net(GATEWAY6, NETWORK6.1)?, 0)
    })?;
    let mut wiring = Wiring { switch, hosts: Vec::new(), pods: Vec::new(), reflectors: Vec::new() };
    for host in &setup.hosts {
        wiring.hosts.push(Arc::new(add_host(&wiring.switch, host.name, host.v4, host.v6)?));
    }
    for reflector in setup.reflectors() {
        let place = add_host(&wiring.switch, reflector.name, reflector.v4, reflector.v6)?;
        wiring.reflectors.push(Arc::new(place));
    }
    if setup.overlay == Overlay::Ipip {
        tunnels(&wiring, &setup.hosts)?;
    }
    for (which, host) in setup.hosts.iter().enumerate() {
        for (number, pod) in host.pods.iter().enumerate() {
            let place = add_pod(&wiring.hosts[which], host, pod)?;
            wiring.pods.push((which, number, Arc::new(place)));
        }
    }
    Ok(wiring)
}

/// Addresses are usable at once: nobody else is on these links, so duplicates need not be looked for.
fn still(place: &Netns) -> Result<(), Failure> {
    for scope in ["all", "default"] {
        place.set(&format!("ipv6/conf/{scope}/accept_dad"), "0")?;
        place.set(&format!("ipv6/conf/{scope}/accept_ra"), "0")?;
    }
    Ok(())
}

fn router(place: &Netns) -> Result<(), Failure> {
    still(place)?;
    place.set("ipv4/ip_forward", "1")?;
    place.set("ipv6/conf/all/forwarding", "1")?;
    for scope in ["all", "default"] {
        place.set(&format!("ipv4/conf/{scope}/rp_filter"), "0")?;
    }
    Ok(())
}

fn add_host(switch: &Netns, name: &str, v4: Ipv4Addr, v6: Ipv6Addr) -> Result<Netns, Failure> {
    let place = Netns::create(name)?;
    router(&place)?;
    plug_in(switch, &place, "eth0", BRIDGE, v4)?;
    place.kernel(|kernel| address_host(kernel, v4, v6))?;
    Ok(place)
}

/// A cable from the switch to a host, its far end called `device`.
fn plug_in(switch: &Netns, place: &Netns, device: &str, bridge: &str, v4: Ipv4Addr) -> Result<(), Failure> {
    let port = format!("{device}-{}", v4.octets()[3]);
    switch.kernel(|kernel| {
        kernel.add_pair(&port, device, place)?;
        kernel.enslave(&port, bridge)?;
        kernel.up(&port)
    })?;
    place.kernel(|kernel| kernel.up(device))
}

fn address_host(kernel: &Kernel, v4: Ipv4Addr, v6: Ipv6Addr) -> Result<(), Failure> {
    kernel.add_address("eth0", net(v4, NETWORK4.1)?, HOST_METRIC)?;
    kernel.add_address("eth0", net(v6, NETWORK6.1)?, HOST_METRIC)?;
    for gateway in [IpAddr::from(GATEWAY4), IpAddr::from(GATEWAY6)] {
        kernel.add_route(&Route {
            to: everything(gateway),
            way: Way::Via(gateway, "eth0"),
            protocol: RouteProtocol::Static,
            metric: HOST_METRIC,
        })?;
    }
    Ok(())
}

fn add_pod(place: &Netns, host: &Host, pod: &Pod) -> Result<Netns, Failure> {
    let inside = Netns::create(&format!("{}-{}", host.name, pod.name))?;
    still(&inside)?;
    place.kernel(|kernel| {
        kernel.add_pair(pod.interface, "eth0", &inside)?;
        kernel.set_mac(pod.interface, POD_GATEWAY_MAC)?;
        kernel.up(pod.interface)
    })?;
    place.set(&format!("ipv4/conf/{}/proxy_arp", pod.interface), "1")?;
    place.set(&format!("ipv4/neigh/{}/proxy_delay", pod.interface), "0")?;
    inside.kernel(|kernel| address_pod(kernel, pod))?;
    place.kernel(|kernel| {
        for to in [alone(pod.v4), alone(pod.v6)] {
            kernel.add_route(&plain(to, Way::OnLink(pod.interface)))?;
        }
        Ok(())
    })?;
    Ok(inside)
}

fn address_pod(kernel: &Kernel, pod: &Pod) -> Result<(), Failure> {
    kernel.up("eth0")?;
    kernel.add_address("eth0", alone(pod.v4), 0)?;
    kernel.add_address("eth0", alone(pod.v6), 0)?;
    kernel.add_route(&plain(alone(POD_GATEWAY4), Way::OnLink("eth0")))?;
    for gateway in [IpAddr::from(POD_GATEWAY4), IpAddr::from(POD_GATEWAY6)] {
        kernel.add_route(&plain(everything(gateway), Way::Via(gateway, "eth0")))?;
    }
    Ok(())
}

/// The device `tunl0` on every host: a real tunnel where the kernel has them, else a second network
/// between the hosts, which answers for the same addresses.
fn tunnels(wiring: &Wiring, hosts: &[Host]) -> Result<(), Failure> {
    let mut bridged = false;
    for (host, place) in hosts.iter().zip(&wiring.hosts) {
        if place.kernel(real_tunnel).is_ok() {
            continue;
        }
        if !bridged {
            wiring.switch.kernel(|kernel| kernel.add_bridge(OVERLAY_BRIDGE))?;
            bridged = true;
        }
        plug_in(&wiring.switch, place, TUNNEL, OVERLAY_BRIDGE, host.v4)?;
    }
    Ok(())
}

/// Loading the tunnel's module makes a `tunl0` in every namespace; the request to make one then fails.
fn real_tunnel(kernel: &Kernel) -> Result<(), Failure> {
    if kernel.index(TUNNEL).is_err() {
        kernel.add_ipip(TUNNEL)?;
    }
    kernel.up(TUNNEL)
}

fn plain(to: IpNet, way: Way) -> Route {
    Route { to, way, protocol: RouteProtocol::Boot, metric: 0 }
}

fn everything(gateway: IpAddr) -> IpNet {
    match gateway {
        IpAddr::V4(_) => IpNet::V4(ipnet::Ipv4Net::default()),
        IpAddr::V6(_) => IpNet::V6(ipnet::Ipv6Net::default()),
    }
}

fn alone(address: impl Into<IpAddr>) -> IpNet {
    IpNet::from(address.into())
}

fn net(address: impl Into<IpAddr>, length: u8) -> Result<IpNet, Failure> {
    IpNet::new(address.into(), length).doing("write a network")
}

const BRIDGE: &str = "br0";
const OVERLAY_BRIDGE: &str = "br1";
const TUNNEL: &str = "tunl0";

/// What pods take for their router; the host answers for it on every pod's cable.
const POD_GATEWAY4: Ipv4Addr = Ipv4Addr::new(169, 254, 1, 1);
/// The hardware address of the host's end of every pod's cable...
const POD_GATEWAY_MAC: [u8; 6] = [0xee; 6];
/// ...and the link-local address the kernel makes of it.
const POD_GATEWAY6: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0xecee, 0xeeff, 0xfeee, 0xeeee);

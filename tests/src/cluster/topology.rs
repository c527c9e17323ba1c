//! Hosts, blocks and pods of the cluster, as a table.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::time::Duration;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::kernel::Ip;

/// One host of the cluster.
#[derive(Clone, Debug)]
pub struct Host {
    /// Its name.
    pub name: &'static str,
    /// Its addresses on the shared network.
    pub v4: Ipv4Addr,
    /// The IPv6 one.
    pub v6: Ipv6Addr,
    /// The addresses its pods come from.
    pub block4: Ipv4Net,
    /// The IPv6 ones.
    pub block6: Ipv6Net,
    /// Its pods.
    pub pods: Vec<Pod>,
}

/// One pod.
#[derive(Clone, Debug)]
pub struct Pod {
    /// Its name.
    pub name: &'static str,
    /// The host's end of its cable: `cali` and eleven hexadecimal digits.
    pub interface: &'static str,
    /// Its address.
    pub v4: Ipv4Addr,
    /// Its IPv6 address.
    pub v6: Ipv6Addr,
}

/// A cluster and how it is run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Its hosts.
    pub hosts: Vec<Host>,
    /// How packets travel.
    pub overlay: Overlay,
    /// Who speaks with whom.
    pub sessions: Sessions,
    /// The metric of the routes that the speakers install.
    pub metric: u32,
    /// What the speakers promise each other about restarts; `None` for whatever each of them does unasked.
    pub restarts: Option<Restarts>,
}

/// What speakers promise each other about restarts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Restarts {
    /// How long one may take.
    pub time: Duration,
    /// For how long after that the routes of one that has not come back are better than none.
    pub stale: Duration,
}

/// A dedicated route reflector.
#[derive(Clone, Copy, Debug)]
pub struct Reflector {
    /// Its name.
    pub name: &'static str,
    /// Its addresses on the shared network.
    pub v4: Ipv4Addr,
    /// The IPv6 one.
    pub v6: Ipv6Addr,
}

/// Who speaks with whom.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Sessions {
    /// Each host with each other.
    Mesh,
    /// Each host with each of this many reflectors, of which there are at most [`REFLECTORS`].
    Reflectors(usize),
}

/// How packets travel from host to host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlay {
    /// As they are.
    None,
    /// IPv4 through the device `tunl0`.
    Ipip,
}

impl Setup {
    /// The documented cluster: a full mesh, packets as they are, metric 0.
    pub fn documented() -> Self {
        Self { hosts: cluster(), overlay: Overlay::None, sessions: Sessions::Mesh, metric: 0, restarts: None }
    }

    /// The reflectors, if any.
    pub fn reflectors(&self) -> &'static [Reflector] {
        match self.sessions {
            Sessions::Mesh => &[],
            Sessions::Reflectors(count) => &REFLECTORS[..count.min(REFLECTORS.len())],
        }
    }

    /// All hosts but one.
    pub fn others(&self, which: usize) -> impl Iterator<Item = &Host> {
        self.hosts.iter().enumerate().filter(move |(position, _)| *position != which).map(|(_, host)| host)
    }
}

impl Host {
    /// The host's address of one family.
    pub fn address(&self, ip: Ip) -> IpAddr {
        match ip {
            Ip::V4 => self.v4.into(),
            Ip::V6 => self.v6.into(),
        }
    }

    /// The host's block of one family.
    pub fn block(&self, ip: Ip) -> IpNet {
        match ip {
            Ip::V4 => self.block4.into(),
            Ip::V6 => self.block6.into(),
        }
    }
}

impl Reflector {
    /// The reflector's address of one family.
    pub fn address(&self, ip: Ip) -> IpAddr {
        match ip {
            Ip::V4 => self.v4.into(),
            Ip::V6 => self.v6.into(),
        }
    }
}

impl Pod {
    /// The pod's address of one family.
    pub fn address(&self, ip: Ip) -> IpAddr {
        match ip {
            Ip::V4 => self.v4.into(),
            Ip::V6 => self.v6.into(),
        }
    }
}

/// The hosts' network.
pub(super) const NETWORK4: (Ipv4Addr, u8) = (Ipv4Addr::new(192, 168, 56, 0), 24);
/// Its router, the hosts' default gateway.
pub(super) const GATEWAY4: Ipv4Addr = Ipv4Addr::new(192, 168, 56, 1);
/// The hosts' IPv6 network.
pub(super) const NETWORK6: (Ipv6Addr, u8) = (Ipv6Addr::new(0xfd00, 0x192, 0x168, 0x56, 0, 0, 0, 0), 64);
/// Its router.
pub(super) const GATEWAY6: Ipv6Addr = Ipv6Addr::new(0xfd00, 0x192, 0x168, 0x56, 0, 0, 0, 1);
/// The metric of the hosts' own routes.
pub(super) const HOST_METRIC: u32 = 100;
/// The AS of the cluster.
pub(super) const ASN: u32 = 64512;
/// As many reflectors as a cluster may have.
pub const REFLECTORS: [Reflector; 2] = [reflector("reflector", 110), reflector("reflector2", 111)];
/// What every pod's IPv4 address lies in.
pub(super) const POOL4: &str = "10.244.0.0/16";

/// The hosts of the cluster, in the order of their addresses.
fn cluster() -> Vec<Host> {
    vec![
        host("master", 100, [10, 244, 219, 64], &[("coredns", "cali7c6d4e01b2a", 67)]),
        host(
            "node01",
            101,
            [10, 244, 196, 128],
            &[("web-1", "cali92466c287a9", 129), ("web-2", "cali2eca1a0b5b7", 130)],
        ),
        host("node02", 102, [10, 244, 140, 64], &[("client", "calif0a85d913cc", 65)]),
    ]
}

/// The IPv6 addresses repeat the IPv4 ones: 10.244.196.129 is fd00:10:244::c481.
fn host(name: &'static str, last: u8, block: [u8; 4], pods: &[(&'static str, &'static str, u8)]) -> Host {
    let [a, b, c, d] = block;
    let twin = |low: u8| Ipv6Addr::new(0xfd00, 0x10, 0x244, 0, 0, 0, 0, u16::from_be_bytes([c, low]));
    let pods = pods.iter().map(|&(name, interface, low)| Pod {
        name,
        interface,
        v4: Ipv4Addr::new(a, b, c, low),
        v6: twin(low),
    });
    Host {
        name,
        v4: Ipv4Addr::new(192, 168, 56, last),
        v6: Ipv6Addr::from(u128::from(NETWORK6.0) + 0x100 + u128::from(last) - 100),
        block4: Ipv4Net::new_assert(block.into(), 26),
        block6: Ipv6Net::new_assert(twin(d), 122),
        pods: pods.collect(),
    }
}

/// 192.168.56.110 is fd00:192:168:56::110.
const fn reflector(name: &'static str, last: u8) -> Reflector {
    let [a, b, c, _] = NETWORK4.0.octets();
    let (hundreds, tens, ones) = (last as u16 / 100, last as u16 / 10 % 10, last as u16 % 10);
    let digits = hundreds * 0x100 + tens * 0x10 + ones;
    let v6 = Ipv6Addr::new(0xfd00, 0x192, 0x168, 0x56, 0, 0, 0, digits);
    Reflector { name, v4: Ipv4Addr::new(a, b, c, last), v6 }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pod_lies_in_its_hosts_blocks() {
        for host in cluster() {
            for pod in &host.pods {
                assert!(host.block4.contains(&pod.v4), "{} of {}", pod.name, host.name);
                assert!(host.block6.contains(&pod.v6), "{} of {}", pod.name, host.name);
            }
        }
    }

    #[test]
    fn interface_names_are_what_the_plugin_makes() {
        for pod in cluster().iter().flat_map(|host| &host.pods) {
            let digits = pod.interface.strip_prefix("cali").expect("cali comes first");
            assert_eq!(digits.len(), 11, "{}", pod.interface);
            assert!(digits.bytes().all(|digit| digit.is_ascii_hexdigit()), "{}", pod.interface);
        }
    }
}

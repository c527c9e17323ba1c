//! The way of a packet.

use std::net::IpAddr;

use super::Kernel;
use super::ipv6::{Does, Path};
use crate::{KernelForwarding, KernelHop};

/// What becomes of a packet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fate<'k> {
    /// It has arrived: the destination is an address of ours.
    Delivered,
    /// It leaves by one of these hops, by their weights. Without a gateway the destination itself is the neighbour.
    Forwarded(Vec<&'k KernelHop>),
    /// A route drops it.
    Dropped(&'k KernelForwarding),
    /// No route leads to it.
    Unroutable,
}

impl Kernel {
    /// What becomes of a packet to `destination`: the longest prefix with a live hop, the lowest metric, the first of
    /// the key. A hop over an interface without a carrier counts as live, as it does by default.
    #[must_use]
    pub fn lookup(&self, destination: IpAddr) -> Fate<'_> {
        if self.is_own(&destination) {
            return Fate::Delivered;
        }
        let found = match destination {
            IpAddr::V4(_) => self.lookup_ipv4(destination),
            IpAddr::V6(_) => self.lookup_ipv6(destination),
        };
        found.unwrap_or(Fate::Unroutable)
    }

    fn lookup_ipv4(&self, destination: IpAddr) -> Option<Fate<'_>> {
        self.ipv4.covering(destination).flat_map(|(_, row)| row).find_map(|entry| {
            match &entry.route.forwarding {
                KernelForwarding::Unicast(_) => {
                    let alive: Vec<&KernelHop> = entry.alive().collect();
                    (!alive.is_empty()).then_some(Fate::Forwarded(alive))
                }
                other => Some(Fate::Dropped(other)),
            }
        })
    }

    fn lookup_ipv6(&self, destination: IpAddr) -> Option<Fate<'_>> {
        self.ipv6.covering(destination).find_map(|(_, row)| {
            let first = row.iter().find(|path| path.is_alive())?;
            let same_route = |path: &&Path| path.is_alive() && path.metric == first.metric && path.joins();
            Some(match &first.does {
                Does::Forward(_) if first.joins() => {
                    Fate::Forwarded(row.iter().filter(same_route).filter_map(Path::hop).collect())
                }
                Does::Forward(hop) => Fate::Forwarded(vec![hop]),
                Does::Stand(_, hops) => Fate::Forwarded(hops.iter().collect()),
                Does::Drop(forwarding) => Fate::Dropped(forwarding),
            })
        })
    }
}

//! Next hops: how each tracked address is reached, told when it changes.
//!
//! The longest match over connected prefixes and foreign routes decides; routes of ours do not take part, so a
//! next hop is never resolved through a route that stands on it.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use ipnet::IpNet;

use crate::learn::is_link_local;
use crate::seen::KernelForwarding;
use crate::view::{Held, View};
use crate::{Config, Event, KnownHop, Resolution};

/// The tracked addresses and what was told of them.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    tracked: BTreeMap<IpAddr, Tracked>,
    pending: BTreeSet<IpAddr>,
}

#[derive(Debug, Default)]
struct Tracked {
    /// `None`: nothing told yet.
    told: Option<Option<Resolution>>,
    /// Every interface of the covering route, also those that are down.
    interfaces: Vec<u32>,
}

/// What covers an address: the answer, and the interfaces it depends on.
struct Cover {
    resolution: Option<Resolution>,
    interfaces: Vec<u32>,
}

impl Tracker {
    pub(crate) fn track(&mut self, address: IpAddr) {
        self.tracked.entry(address).or_default().told = None;
        self.pending.insert(address);
    }

    pub(crate) fn untrack(&mut self, address: &IpAddr) {
        self.tracked.remove(address);
        self.pending.remove(address);
    }

    /// Routes of this prefix changed.
    pub(crate) fn mark(&mut self, prefix: &IpNet) {
        let inside = self.tracked.range(prefix.network()..=prefix.broadcast());
        self.pending.extend(inside.map(|(address, _)| *address));
    }

    /// An address of ours appeared or went.
    pub(crate) fn mark_address(&mut self, address: &IpAddr) {
        if self.tracked.contains_key(address) {
            self.pending.insert(*address);
        }
    }

    /// An interface changed.
    pub(crate) fn mark_interface(&mut self, index: u32) {
        let on = self.tracked.iter().filter(|(_, tracked)| tracked.interfaces.contains(&index));
        self.pending.extend(on.map(|(address, _)| *address));
    }

    /// Everything may have changed.
    pub(crate) fn mark_all(&mut self) {
        self.pending.extend(self.tracked.keys());
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The next difference between what was told and what is.
    pub(crate) fn poll(&mut self, view: &View, config: &Config) -> Option<Event> {
        while let Some(address) = self.pending.pop_first() {
            let Some(tracked) = self.tracked.get_mut(&address) else { continue };
            let cover = cover(&address, view, config);
            tracked.interfaces = cover.interfaces;
            if tracked.told.as_ref() != Some(&cover.resolution) {
                tracked.told = Some(cover.resolution.clone());
                return Some(Event::Resolved { address, resolution: cover.resolution });
            }
        }
        None
    }
}

/// An address of ours, or one that means something on one link only, is no next hop.
fn cover(address: &IpAddr, view: &View, config: &Config) -> Cover {
    if view.is_own(address, config.table) || is_link_local(address) {
        return Cover { resolution: None, interfaces: Vec::new() };
    }
    let longest = if address.is_ipv4() { 32 } else { 128 };
    (0..=longest)
        .rev()
        .filter_map(|length| IpNet::new(*address, length).ok())
        .find_map(|prefix| {
            let prefix = prefix.trunc();
            connected(&prefix, view, config).or_else(|| routed(&prefix, view, config))
        })
        .unwrap_or(Cover { resolution: None, interfaces: Vec::new() })
}

/// A connected prefix covers while one of its interfaces is up at all; an interface without carrier covers and
/// reaches nothing, as in the kernel's own table.
fn connected(prefix: &IpNet, view: &View, config: &Config) -> Option<Cover> {
    let up = view.connected(prefix, config.table).filter(|(link, _)| link.up);
    let interfaces: Vec<u32> = up.map(|(link, _)| link.index).collect();
    if interfaces.is_empty() {
        return None;
    }
    let hops = interfaces.iter().filter_map(|index| running(None, *index, view)).take(1).collect();
    Some(Cover { resolution: answer(0, hops), interfaces })
}

fn routed(prefix: &IpNet, view: &View, config: &Config) -> Option<Cover> {
    let route = view.routes(prefix).iter().find(|route| !config.owns(route) && decides(route))?;
    let hops = route.hops().iter().filter_map(|hop| running(hop.gateway, hop.interface, view)).collect();
    let interfaces = route.hops().iter().map(|hop| hop.interface).collect();
    Some(Cover { resolution: answer(route.metric, hops), interfaces })
}

/// `throw` sends the look-up on; everything else ends it.
fn decides(route: &Held) -> bool {
    !matches!(route.forwarding, KernelForwarding::Other(_))
}

fn running(gateway: Option<IpAddr>, index: u32, view: &View) -> Option<KnownHop> {
    let link = view.link_at(index).filter(|link| link.up && link.running)?;
    Some(KnownHop { gateway, interface: link.name.clone() })
}

fn answer(metric: u32, mut hops: Vec<KnownHop>) -> Option<Resolution> {
    hops.sort();
    hops.dedup();
    (!hops.is_empty()).then_some(Resolution { metric, hops })
}

//! Next hops: how each tracked address is reached, told when it changes.
//!
//! An index knows what each answer stands on, so that a change is followed by those answers that it can change.

mod carriers;
mod ground;
mod resolve;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use self::carriers::Carriers;
use self::ground::{Ground, Index};
use self::resolve::{resolve, trace};
use crate::view::View;
use crate::{Config, Event, NextHop, Resolution, Trace};

/// The tracked addresses and what was told of them.
#[derive(Debug, Default)]
pub(crate) struct Tracker {
    tracked: BTreeMap<NextHop, Tracked>,
    index: Index,
    carriers: Carriers,
    pending: BTreeSet<NextHop>,
}

#[derive(Debug, Default)]
struct Tracked {
    /// `None`: nothing told yet.
    told: Option<Option<Resolution>>,
    ground: Ground,
}

impl Tracker {
    pub(crate) fn track(&mut self, next_hop: NextHop) {
        self.tracked.entry(next_hop.clone()).or_default().told = None;
        self.index.ask(&next_hop);
        self.pending.insert(next_hop);
    }

    pub(crate) fn untrack(&mut self, next_hop: &NextHop) {
        if let Some(tracked) = self.tracked.remove(next_hop) {
            self.index.remove(next_hop, &tracked.ground);
            self.index.withdraw(next_hop);
        }
        self.pending.remove(next_hop);
    }

    /// How an address is reached by now, whether it is watched or not.
    pub(crate) fn look_up(&self, next_hop: &NextHop, view: &View, config: &Config) -> Option<Resolution> {
        resolve(next_hop, view, config, &self.carriers).0
    }

    /// The same, with what covers it.
    pub(crate) fn trace(&self, next_hop: &NextHop, view: &View, config: &Config) -> Trace {
        trace(next_hop, view, config, &self.carriers)
    }

    /// A route of ours may be used to reach others from now on; these are its gateways.
    pub(crate) fn carry(&mut self, prefix: IpNet, gateways: Vec<IpAddr>) {
        if let Some(changed) = self.carriers.set(prefix, gateways) {
            self.carriers_changed(&prefix, &changed);
        }
    }

    /// It may no longer.
    pub(crate) fn drop_carrier(&mut self, prefix: &IpNet) {
        if let Some(changed) = self.carriers.remove(prefix) {
            self.carriers_changed(prefix, &changed);
        }
    }

    fn carriers_changed(&mut self, prefix: &IpNet, gateways: &[IpAddr]) {
        self.mark(prefix);
        for gateway in gateways {
            self.mark_address(gateway);
        }
    }

    /// Routes of this prefix changed, or interfaces connected to it.
    pub(crate) fn mark(&mut self, prefix: &IpNet) {
        self.pending.extend(self.index.on_prefix(prefix).cloned());
    }

    /// An address of ours appeared or went.
    pub(crate) fn mark_address(&mut self, address: &IpAddr) {
        let first = NextHop { address: *address, interface: None };
        let same = self.tracked.range(first..).take_while(|(next_hop, _)| next_hop.address == *address);
        self.pending.extend(same.map(|(next_hop, _)| next_hop.clone()));
    }

    /// An interface changed.
    pub(crate) fn mark_interface(&mut self, index: u32) {
        self.pending.extend(self.index.on_interface(index).cloned());
    }

    /// A name means another interface than before, or none.
    pub(crate) fn mark_name(&mut self, name: &Arc<str>) {
        self.pending.extend(self.index.on_name(name).cloned());
    }

    /// Everything may have changed.
    pub(crate) fn mark_all(&mut self) {
        self.pending.extend(self.tracked.keys().cloned());
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The next difference between what was told and what is.
    pub(crate) fn poll(&mut self, view: &View, config: &Config) -> Option<Event> {
        while let Some(next_hop) = self.pending.pop_first() {
            let Some(tracked) = self.tracked.get_mut(&next_hop) else { continue };
            let (resolution, ground) = resolve(&next_hop, view, config, &self.carriers);
            if tracked.ground != ground {
                self.index.remove(&next_hop, &tracked.ground);
                self.index.insert(&next_hop, &ground);
                tracked.ground = ground;
            }
            if tracked.told.as_ref() != Some(&resolution) {
                tracked.told = Some(resolution.clone());
                let NextHop { address, interface } = next_hop;
                return Some(Event::Resolved { address, interface, resolution });
            }
        }
        None
    }
}

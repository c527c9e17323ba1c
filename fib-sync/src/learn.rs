//! Foreign routes and connected prefixes, told when they change. What changed while nobody listened is told once.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::seen::{Address, KernelForwarding, Link};
use crate::view::{Held, View};
use crate::{Config, Event, KnownHop, LearnedKind, LearnedRoute, Origin, Pattern};

/// What was told, and what may have to be.
#[derive(Debug, Default)]
pub(crate) struct Learner {
    told: BTreeMap<(IpNet, Origin), LearnedRoute>,
    pending: BTreeSet<(IpNet, Origin)>,
}

impl Learner {
    /// Something about this prefix may have changed.
    pub(crate) fn mark(&mut self, prefix: IpNet, origin: Origin) {
        self.pending.insert((prefix, origin));
    }

    /// The routes of this prefix are others now. Where all are ours and nothing was told, nothing will be.
    pub(crate) fn mark_routes(&mut self, prefix: IpNet, routes: &[Held], config: &Config) {
        if has_foreign(routes, config) || self.told.contains_key(&(prefix, Origin::Kernel)) {
            self.mark(prefix, Origin::Kernel);
        }
        if routes.iter().any(is_connected_route) || self.told.contains_key(&(prefix, Origin::Direct)) {
            self.mark(prefix, Origin::Direct);
        }
    }

    /// What this address connects to may be another prefix than before.
    pub(crate) fn mark_address(&mut self, address: &Address, view: &View) {
        match address.connected {
            Some(prefix) => self.mark(prefix, Origin::Direct),
            None => self.mark_around(address.local, view),
        }
    }

    /// Prefixes around this address may be connected or not be any more.
    pub(crate) fn mark_around(&mut self, address: IpAddr, view: &View) {
        view.covering(address).for_each(|prefix| self.mark(prefix, Origin::Direct));
    }

    /// Everything may have changed.
    pub(crate) fn mark_all(&mut self, view: &View, config: &Config) {
        self.pending.extend(self.told.keys());
        let foreign = view.nets_where(|routes| has_foreign(routes, config));
        self.pending.extend(foreign.map(|net| (view.prefix(net), Origin::Kernel)));
        self.mark_connected(view);
    }

    /// The connected prefixes may be others than before.
    pub(crate) fn mark_connected(&mut self, view: &View) {
        view.addresses().iter().for_each(|address| self.mark_address(address, view));
    }

    /// How many routes are told of.
    pub(crate) fn told(&self) -> usize {
        self.told.len()
    }

    pub(crate) fn has_news(&self) -> bool {
        !self.pending.is_empty()
    }

    /// The next difference between what was told and what is.
    pub(crate) fn poll(&mut self, view: &View, config: &Config) -> Option<Event> {
        while let Some((prefix, origin)) = self.pending.pop_first() {
            let now = match origin {
                Origin::Direct => config.direct.then(|| direct(&prefix, view, config)).flatten(),
                Origin::Kernel => config.learn.then(|| foreign(&prefix, view, config)).flatten(),
            };
            let told = self.told.get(&(prefix, origin));
            match now {
                Some(route) if told != Some(&route) => {
                    self.told.insert((prefix, origin), route.clone());
                    return Some(Event::Learned { prefix, origin, route });
                }
                None if told.is_some() => {
                    self.told.remove(&(prefix, origin));
                    return Some(Event::Lost { prefix, origin });
                }
                Some(_) | None => {}
            }
        }
        None
    }
}

/// The connected prefix, over the first running interface that has an address in it.
fn direct(prefix: &IpNet, view: &View, config: &Config) -> Option<LearnedRoute> {
    if is_link_local(&prefix.network()) {
        return None;
    }
    let excluded = |name| config.direct_exclude.iter().any(|pattern| pattern.matches(name));
    let (link, scope) = view
        .connected(prefix, config.table)
        .chain(connected_by_route(prefix, view))
        .filter(|(link, scope)| *scope < SCOPE_LINK && link.up && link.running)
        .find(|(link, _)| !excluded(&link.name))?;
    Some(LearnedRoute {
        kind: LearnedKind::Unicast,
        hops: vec![KnownHop { gateway: None, interface: Arc::clone(&link.name) }],
        metric: 0,
        protocol: PROTOCOL_KERNEL,
        scope,
    })
}

/// Interface and scope of the addresses that came without their prefix (`noprefixroute`), for which somebody wrote it
/// as the kernel would have. NetworkManager does so with every address.
fn connected_by_route<'v>(prefix: &IpNet, view: &'v View) -> impl Iterator<Item = (&'v Link, u8)> {
    let routes = view.routes(prefix).iter().filter(|route| is_connected_route(route));
    routes.flat_map(Held::hops).filter_map(move |hop| {
        let mut addresses = view.addresses_on(hop.interface);
        let address =
            addresses.find(|address| address.connected.is_none() && prefix.contains(&address.local))?;
        Some((view.link_at(hop.interface)?, address.scope))
    })
}

/// Whether the kernel could have written it for an address.
fn is_connected_route(route: &Held) -> bool {
    route.protocol == PROTOCOL_KERNEL && route.hops().iter().all(|hop| hop.gateway.is_none())
}

fn has_foreign(routes: &[Held], config: &Config) -> bool {
    routes.iter().any(|route| !config.owns(route))
}

/// The foreign route of the lowest metric that is worth telling.
fn foreign(prefix: &IpNet, view: &View, config: &Config) -> Option<LearnedRoute> {
    if prefix.network().is_multicast() || is_link_local(&prefix.network()) {
        return None;
    }
    let learnable = |route: &&Held| {
        !config.owns(route) && route.protocol != PROTOCOL_KERNEL && route.protocol != PROTOCOL_REDIRECT
    };
    view.routes(prefix).iter().filter(learnable).find_map(|route| learned(route, view, &config.learn_exclude))
}

fn learned(route: &Held, view: &View, exclude: &[Pattern]) -> Option<LearnedRoute> {
    let kind = match &route.forwarding {
        KernelForwarding::Unicast(_) => LearnedKind::Unicast,
        KernelForwarding::Blackhole => LearnedKind::Blackhole,
        KernelForwarding::Unreachable => LearnedKind::Unreachable,
        KernelForwarding::Prohibit => LearnedKind::Prohibit,
        KernelForwarding::Other(_) => return None,
    };
    let hops: Vec<KnownHop> = route
        .hops()
        .iter()
        .filter_map(|hop| {
            let interface = view.link_at(hop.interface)?.name.clone();
            Some(KnownHop { gateway: hop.gateway, interface })
        })
        .collect();
    let excluded = hops.iter().any(|hop| exclude.iter().any(|pattern| pattern.matches(&hop.interface)));
    if excluded || (kind == LearnedKind::Unicast && hops.is_empty()) {
        return None;
    }
    Some(LearnedRoute { kind, hops, metric: route.metric, protocol: route.protocol, scope: route.scope })
}

/// Prefixes and addresses that mean something on one link only.
pub(crate) fn is_link_local(address: &IpAddr) -> bool {
    match address {
        IpAddr::V4(_) => false,
        IpAddr::V6(address) => address.is_unicast_link_local(),
    }
}

const PROTOCOL_REDIRECT: u8 = 1;
pub(crate) const PROTOCOL_KERNEL: u8 = 2;
const SCOPE_LINK: u8 = 253;

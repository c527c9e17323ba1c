//! How one next hop is reached: a longest match, and whether the gateway it gives is where it is said to be.
//!
//! Connected prefixes, foreign routes and those routes of ours that carry ([`Carriers`]) take part. A gateway must
//! be on its link: the kernel asks for that only when a route is written, and keeps the route when the address goes
//! by which the gateway was. So no answer is deeper than a route and its link, and none stands on itself.

use std::net::IpAddr;

use ipnet::IpNet;

use super::carriers::Carriers;
use super::ground::Ground;
use crate::learn::is_link_local;
use crate::seen::{KernelForwarding, KernelHop, Link};
use crate::view::{Held, View};
use crate::{Config, KnownHop, NextHop, Owner, Resolution, Trace};

/// How `next_hop` is reached, and what that stands on.
pub(super) fn resolve(
    next_hop: &NextHop,
    view: &View,
    config: &Config,
    carriers: &Carriers,
) -> (Option<Resolution>, Ground) {
    let (resolution, question) = ask(next_hop, view, config, carriers);
    (resolution, question.ground)
}

/// The same, with what was found to cover it.
pub(super) fn trace(next_hop: &NextHop, view: &View, config: &Config, carriers: &Carriers) -> Trace {
    let (resolution, question) = ask(next_hop, view, config, carriers);
    match question.covered {
        Some((prefix, owner)) => Trace::Covered { prefix, owner, resolution },
        None if next_hop.interface.is_some() && question.only.is_none() => Trace::NoInterface,
        None if question.is_ambiguous() => Trace::Ambiguous,
        None if question.is_own() => Trace::Own,
        None => Trace::Uncovered,
    }
}

fn ask<'a>(
    next_hop: &NextHop,
    view: &'a View,
    config: &'a Config,
    carriers: &'a Carriers,
) -> (Option<Resolution>, Question<'a>) {
    let (only, covered, ground) = (None, None, Ground::default());
    let mut question = Question { address: next_hop.address, only, view, config, carriers, covered, ground };
    if let Some(name) = &next_hop.interface {
        let Some(index) = view.index_of(name) else { return (None, question) };
        question.only = Some(index);
        question.ground.interfaces.push(index);
    }
    (question.resolve(), question)
}

struct Question<'a> {
    address: IpAddr,
    /// The interface it has to be reached over, if that was said.
    only: Option<u32>,
    view: &'a View,
    config: &'a Config,
    carriers: &'a Carriers,
    /// The longest match, and whose route it is; nobody's where it is a connected prefix.
    covered: Option<(IpNet, Option<Owner>)>,
    ground: Ground,
}

/// What covers an address.
enum Cover<'a> {
    /// A connected prefix, over these interfaces.
    Connected(Vec<&'a Link>),
    Route(&'a Held),
}

impl Cover<'_> {
    const fn owner(&self) -> Option<Owner> {
        match self {
            Self::Connected(_) => None,
            Self::Route(route) => Some(Owner { protocol: route.protocol, metric: route.metric }),
        }
    }
}

impl<'a> Question<'a> {
    /// An address of ours is no next hop, nor is one that means something on one link only, while that is not said.
    fn resolve(&mut self) -> Option<Resolution> {
        if self.is_ambiguous() || self.is_own() {
            return None;
        }
        let found = self.view.covering(self.address).find_map(|prefix| Some((prefix, self.cover(&prefix)?)));
        self.ground.lookups.push((found.as_ref().map(|(prefix, _)| *prefix), self.address));
        let (prefix, cover) = found?;
        self.covered = Some((prefix, cover.owner()));
        match cover {
            Cover::Connected(links) => {
                self.ground.interfaces.extend(links.iter().map(|link| link.index));
                let first = links.into_iter().find(|link| link.running)?;
                answer(0, vec![known(None, first)])
            }
            Cover::Route(route) => {
                let hops = route.hops().iter().filter_map(|hop| self.follow(hop)).collect();
                answer(route.metric, hops)
            }
        }
    }

    fn is_ambiguous(&self) -> bool {
        self.only.is_none() && is_link_local(&self.address)
    }

    fn is_own(&self) -> bool {
        match self.only {
            Some(index) => self.view.addresses_on(index).any(|own| own.local == self.address),
            None => self.view.is_own(&self.address, self.config.table),
        }
    }

    /// A connected prefix covers while one of its interfaces is up at all; an interface without carrier covers and
    /// reaches nothing, as in the kernel's own table.
    fn cover(&self, prefix: &IpNet) -> Option<Cover<'a>> {
        if prefix.prefix_len() == 0 && !self.config.over_default {
            return None;
        }
        let connected = self.view.connected(prefix, self.config.table).map(|(link, _)| link);
        let links: Vec<&Link> = connected.filter(|link| link.up && self.fits(link.index)).collect();
        if !links.is_empty() {
            return Some(Cover::Connected(links));
        }
        let fits =
            |route: &&Held| self.only.is_none() || route.hops().iter().any(|hop| self.fits(hop.interface));
        let mut routes = self.view.routes(prefix).iter().filter(|route| self.takes_part(prefix, route));
        routes.find(fits).map(Cover::Route)
    }

    fn fits(&self, interface: u32) -> bool {
        self.only.is_none_or(|only| only == interface)
    }

    /// `throw` sends the look-up on; everything else ends it.
    fn takes_part(&self, prefix: &IpNet, route: &Held) -> bool {
        !matches!(route.forwarding, KernelForwarding::Other(_))
            && (!self.config.owns(route) || self.carriers.carry(prefix, &self.address))
    }

    fn follow(&mut self, hop: &KernelHop) -> Option<KnownHop> {
        if !self.fits(hop.interface) {
            return None;
        }
        self.ground.interfaces.push(hop.interface);
        let link = self.view.link_at(hop.interface).filter(|link| link.up && link.running)?;
        let there = hop.onlink || hop.gateway.is_none_or(|gateway| self.is_on_link(gateway, link));
        there.then(|| known(hop.gateway, link))
    }

    /// Whether a gateway is on the link of its interface: by a connected prefix, or by a route straight out of it.
    fn is_on_link(&mut self, gateway: IpAddr, link: &Link) -> bool {
        if is_link_local(&gateway) || !self.knows(link, &gateway) {
            return true;
        }
        let found = self.view.covering(gateway).find(|prefix| {
            self.view.connects(prefix, link.index)
                || self.view.routes(prefix).iter().any(|route| self.is_straight(prefix, route, link.index))
        });
        self.ground.lookups.push((found, gateway));
        found.is_some()
    }

    fn is_straight(&self, prefix: &IpNet, route: &Held, interface: u32) -> bool {
        (!self.config.owns(route) || self.carriers.has(prefix))
            && route.hops().iter().any(|hop| hop.gateway.is_none() && hop.interface == interface)
    }

    /// Whether what would put a gateway on this link is seen here: not where an address says that somebody else
    /// keeps its prefix (`noprefixroute`), nor in a table beside that of the interface.
    fn knows(&self, link: &Link, gateway: &IpAddr) -> bool {
        let somebody_else = self
            .view
            .addresses_on(link.index)
            .any(|own| own.connected.is_none() && own.local.is_ipv4() == gateway.is_ipv4());
        !somebody_else && (self.config.table == MAIN || self.view.is_of_vrf(self.config.table))
    }
}

fn known(gateway: Option<IpAddr>, link: &Link) -> KnownHop {
    KnownHop { gateway, interface: link.name.clone() }
}

fn answer(metric: u32, mut hops: Vec<KnownHop>) -> Option<Resolution> {
    hops.sort();
    hops.dedup();
    (!hops.is_empty()).then_some(Resolution { metric, hops })
}

const MAIN: u32 = 254;

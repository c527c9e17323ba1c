//! What the kernel is wished to hold: one wish per prefix, told only when it changes.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::Family;
use crate::policy::{self, Policy, Recorder, SourceKind, Subject, Verdict};
use crate::rib::{
    Change, Forwarding, Interned, KernelHint, LocalSource, NetId, Rib, Route, Source, SourceId,
};
use crate::speaker::hops::{Hops, Origin};
use crate::speaker::{FibChange, FibHop, FibRoute};
use crate::wire::NextHop;

/// The wishes told so far, by family and net.
///
/// Invariant: a net with a wish is held in the RIB, so that its id cannot come to mean another prefix.
#[derive(Debug)]
pub(super) struct Fib {
    policies: Vec<Arc<Policy>>,
    wishes: [Vec<Option<FibRoute>>; Family::UNICAST.len()],
    /// Whether wishes name sets.
    names_sets: bool,
    pub(super) hops: Hops,
    held_back: BTreeSet<Family>,
    /// The best path looked at last, unpacked: the next one often says the same.
    recent: Option<(Arc<Interned>, Arc<Route>)>,
}

impl Fib {
    pub(super) fn new(policies: Vec<Arc<Policy>>, names_sets: bool) -> Self {
        let (wishes, hops, held_back) = Default::default();
        Self { policies, wishes, names_sets, hops, held_back, recent: None }
    }

    /// The kernel is told nothing about what peers say of `family` until `let_go`: what our predecessor left
    /// there is better than a decision between the peers that happened to speak first
    /// ([RFC 4724 §4.1](https://www.rfc-editor.org/rfc/rfc4724#section-4.1)).
    pub(super) fn hold_back(&mut self, family: Family) {
        self.held_back.insert(family);
    }

    /// Ends `hold_back`; the wishes that were.
    pub(super) fn let_go(&mut self, family: Family, rib: &Rib) -> Vec<FibChange> {
        let index = Family::UNICAST.iter().position(|known| *known == family);
        let (Some(index), true) = (index, self.held_back.remove(&family)) else { return Vec::new() };
        let Some(table) = rib.table(family) else { return Vec::new() };
        let wishes = self.wishes[index].iter().enumerate();
        let untold = wishes.filter_map(|(at, route)| {
            let route = route.as_ref().filter(|route| !is_own(route))?;
            Some(FibChange { prefix: table.prefix(NetId::at(at))?, route: Some(route.clone()) })
        });
        untold.collect()
    }

    /// Replaces the policies; whether anything has to be evaluated anew.
    pub(super) fn reconfigure(&mut self, policies: Vec<Arc<Policy>>) -> bool {
        let differs = !policy::decide_alike(Some(&self.policies), Some(&policies));
        self.policies = policies;
        differs
    }

    /// The wish that follows from a decision, where it differs from the one told before.
    pub(super) fn decide(&mut self, change: &Change, rib: &mut Rib) -> Option<FibChange> {
        let route = self.wish(change, rib);
        let held_back = self.held_back.contains(&change.family);
        let slot = self.slot(change.family, change.net)?;
        if *slot == route {
            return None;
        }
        match (slot.is_some(), route.is_some()) {
            (false, true) => rib.hold(change.family, change.net),
            (true, false) => rib.release(change.family, change.net),
            (true, true) | (false, false) => {}
        }
        let before = std::mem::replace(slot, route.clone());
        let tells = !held_back || [&before, &route].into_iter().flatten().any(is_own);
        if let Some(FibRoute::Through { set, .. }) = route {
            self.hops.enter(set);
        }
        if let Some(FibRoute::Through { set, .. }) = before {
            self.hops.leave(set);
        }
        tells.then_some(FibChange { prefix: change.prefix, route })
    }

    /// What was last wished for a net, the hops of its set in it.
    pub(super) fn wished(&self, family: Family, net: NetId) -> Option<FibRoute> {
        let index = Family::UNICAST.iter().position(|known| *known == family)?;
        Some(match self.wishes[index].get(net.index())?.clone()? {
            FibRoute::Through { set, metric, source_address } => {
                let hops = self.hops.of(set).to_vec();
                FibRoute::Forward { hops, metric, source_address, carries: false }
            }
            route => route,
        })
    }

    /// Whether a wish is noted and not told yet.
    pub(super) fn holds_back(&self, family: Family, route: &FibRoute) -> bool {
        self.held_back.contains(&family) && !is_own(route)
    }

    fn slot(&mut self, family: Family, net: NetId) -> Option<&mut Option<FibRoute>> {
        let index = Family::UNICAST.iter().position(|known| *known == family)?;
        let wishes = &mut self.wishes[index];
        if wishes.len() <= net.index() {
            wishes.resize(net.index() + 1, None);
        }
        wishes.get_mut(net.index())
    }

    fn wish(&mut self, change: &Change, rib: &Rib) -> Option<FibRoute> {
        let Change { family, net, prefix, .. } = *change;
        let best = rib.best(family, net)?;
        let said = self.unpacked(best.route);
        let verdict = self.evaluate(prefix, best.source, &said, rib, &mut ())?;
        let Verdict::Accept { route, .. } = verdict else { return None };
        let paths = if rib.may_share(family, net) { rib.multipath(family, net) } else { Vec::new() };
        let others: Vec<Route> =
            paths.iter().skip(1).filter_map(|path| Some(path.accepted.ok()?.route())).collect();
        let mut wish = build(&route, &others, rib)?;
        let is_static = matches!(rib.source(best.source)?, Source::Local(LocalSource::Static));
        if let FibRoute::Forward { hops, carries, .. } = &mut wish {
            *carries = is_static && are_configured(hops, &route, &others);
        }
        let origins = if self.names_sets { origins(&route, &others) } else { None };
        Some(match (wish, origins) {
            (FibRoute::Forward { hops, metric, source_address, carries: false }, Some(origins)) => {
                FibRoute::Through { set: self.hops.resolve(origins, hops), metric, source_address }
            }
            (wish, _) => wish,
        })
    }

    fn unpacked(&mut self, route: &Arc<Interned>) -> Arc<Route> {
        match &self.recent {
            Some((interned, unpacked)) if Arc::ptr_eq(interned, route) => Arc::clone(unpacked),
            _ => {
                let unpacked = Arc::new(route.route());
                self.recent = Some((Arc::clone(route), Arc::clone(&unpacked)));
                unpacked
            }
        }
    }

    /// Kernel export policy's word on the best path, which `source` said; `None` for what came from the
    /// kernel and is never written back.
    pub(super) fn evaluate<'r>(
        &self,
        prefix: IpNet,
        source: SourceId,
        route: &'r Route,
        rib: &Rib,
        recorder: &mut impl Recorder,
    ) -> Option<Verdict<'r>> {
        let source = match rib.source(source)? {
            Source::Local(LocalSource::Kernel | LocalSource::Direct) => return None,
            Source::Local(LocalSource::Static) => SourceKind::Static,
            Source::Bgp(_) => SourceKind::Bgp,
        };
        let subject = Subject { prefix, route, source, peer: None, learned_from: None };
        Some(policy::evaluate_recorded(&self.policies, &subject, recorder))
    }

    /// The policies in force.
    pub(super) fn policies(&self) -> &[Arc<Policy>] {
        &self.policies
    }
}

/// Whether a wish follows from what we were told by our operator, not from a decision between peers.
const fn is_own(route: &FibRoute) -> bool {
    !matches!(route, FibRoute::Forward { carries: false, .. } | FibRoute::Through { .. })
}

/// Whether the kernel can hold a route: there is something to forward to, or nothing is to be forwarded.
pub(super) fn has_form(route: &Route, rib: &Rib) -> bool {
    build(route, &[], rib).is_some()
}

/// The kernel's form of a route; `others` are the paths that share its traffic.
fn build(route: &Route, others: &[Route], rib: &Rib) -> Option<FibRoute> {
    match route.forwarding {
        Forwarding::Blackhole => Some(FibRoute::Blackhole),
        Forwarding::Unreachable => Some(FibRoute::Unreachable),
        Forwarding::Prohibit => Some(FibRoute::Prohibit),
        Forwarding::Nowhere => None,
        Forwarding::Device => {
            let interface = Some(Arc::clone(route.interface.as_ref()?));
            let hop = FibHop { gateway: None, interface, onlink: false, weight: 1 };
            Some(forward(vec![hop], &route.kernel))
        }
        Forwarding::Via(_) => {
            let mut hops = Vec::new();
            gather(route, &route.kernel, rib, &mut hops);
            for path in others {
                gather(path, &route.kernel, rib, &mut hops);
            }
            hops.sort_by(|a, b| (a.gateway, &a.interface).cmp(&(b.gateway, &b.interface)));
            hops.dedup_by(|a, b| (a.gateway, &a.interface) == (b.gateway, &b.interface));
            (!hops.is_empty()).then(|| forward(hops, &route.kernel))
        }
    }
}

/// Adds the hops that one path resolves to.
fn gather(route: &Route, hint: &KernelHint, rib: &Rib, hops: &mut Vec<FibHop>) {
    let Forwarding::Via(next_hop) = &route.forwarding else { return };
    if let Some(tunnel) = &hint.tunnel {
        let interface = Some(Arc::clone(tunnel));
        hops.push(FibHop { gateway: Some(address(next_hop)), interface, onlink: true, weight: 1 });
        return;
    }
    for hop in rib.resolve(route).unwrap_or_default() {
        hops.push(FibHop { gateway: hop.gateway, interface: Some(hop.interface), onlink: false, weight: 1 });
    }
}

/// What the hops of a route through next hops are resolved from.
fn origins(route: &Route, others: &[Route]) -> Option<Vec<Origin>> {
    let origin = |path: &Route| {
        let Forwarding::Via(next_hop) = &path.forwarding else { return None };
        let (next_hop, link_local) = match *next_hop {
            NextHop::V4(address) => (IpAddr::V4(address), None),
            NextHop::V6 { global, link_local } => (IpAddr::V6(global), link_local),
        };
        let tunnel = route.kernel.tunnel.clone();
        Some(Origin { next_hop, link_local, interface: path.interface.clone(), tunnel })
    };
    Some(std::iter::once(origin(route)?).chain(others.iter().filter_map(origin)).collect())
}

fn forward(hops: Vec<FibHop>, hint: &KernelHint) -> FibRoute {
    FibRoute::Forward { hops, metric: hint.metric, source_address: hint.source_address, carries: false }
}

/// Whether every hop is a next hop as configured, and not one that it was resolved to: what stands on the answer for
/// one next hop must not be what another is reached through, or the two could hold each other.
fn are_configured(hops: &[FibHop], route: &Route, others: &[Route]) -> bool {
    let next_hops: Vec<IpAddr> = others
        .iter()
        .chain([route])
        .filter_map(|route| match &route.forwarding {
            Forwarding::Via(next_hop) => Some(address(next_hop)),
            _ => None,
        })
        .collect();
    hops.iter().all(|hop| hop.gateway.is_none_or(|gateway| next_hops.contains(&gateway)))
}

const fn address(next_hop: &NextHop) -> IpAddr {
    match *next_hop {
        NextHop::V4(address) => IpAddr::V4(address),
        NextHop::V6 { global, .. } => IpAddr::V6(global),
    }
}

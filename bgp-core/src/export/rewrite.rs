//! Rewriting: what becomes of a route's attributes and next hop on the way to a group.
//!
//! The RFC's version: towards another AS the path grows by our number, LOCAL_PREF and other ASes' MED
//! stay at home ([RFC 4271 §5.1]); within the AS a route passes unchanged but for LOCAL_PREF where it
//! is missing; a reflector adds ORIGINATOR_ID and its CLUSTER_ID and touches nothing else ([RFC 4456 §8]).
//! Ours: the same, as one function from a route to the route as it is said.
//!
//! [RFC 4271 §5.1]: https://www.rfc-editor.org/rfc/rfc4271#section-5.1
//! [RFC 4456 §8]: https://www.rfc-editor.org/rfc/rfc4456#section-8

use std::net::IpAddr;

use crate::export::audience::Gate;
use crate::export::entitlement::Entitled;
use crate::export::key::Key;
use crate::peer::NextHopRule;
use crate::policy::NextHopAction;
use crate::rib::{Forwarding, KernelHint, PeerSource, Route, Source};
use crate::wire::{Attributes, Community, NextHop, PeerKind, Role};
use crate::{Asn, Family};

/// The route as it is said: attributes and next hop of the message, nothing about our kernel.
pub(super) fn rewrite(key: &Key, source: &Source, entitled: Entitled<'_>) -> Result<Route, Gate> {
    let next_hop = next_hop(key, source, &entitled).ok_or(Gate::NoNextHop)?;
    let keeps_med = source.peer().is_none() || entitled.sets_med;
    let Route { mut attributes, forwarding, .. } = entitled.route.into_owned();
    if !key.dialect.aigp || moves(&forwarding, &next_hop) {
        attributes.aigp = None;
    }
    if !keeps_med && key.kind == PeerKind::External {
        attributes.med = None;
    }
    match key.kind {
        PeerKind::External => leave_as(key, &mut attributes),
        PeerKind::Confederation => {
            stop_reflecting(&mut attributes);
            attributes.as_path = attributes.as_path.prepend_confederation(&[key.local_asn]);
            attributes.local_preference.get_or_insert(DEFAULT_LOCAL_PREFERENCE);
        }
        PeerKind::Internal => {
            attributes.local_preference.get_or_insert(DEFAULT_LOCAL_PREFERENCE);
            match source.peer().filter(|peer| peer.kind == PeerKind::Internal) {
                Some(peer) => reflect(key, peer, &mut attributes),
                None => stop_reflecting(&mut attributes),
            }
        }
    }
    if key.leaving {
        step_aside(key, &mut attributes);
    }
    if names_nobody(&attributes) {
        return Err(Gate::AsZero);
    }
    Ok(Route {
        attributes,
        forwarding: Forwarding::Via(next_hop),
        interface: None,
        kernel: KernelHint::default(),
    })
}

/// Whether AS 0 stands where somebody should ([RFC 7607 §2](https://www.rfc-editor.org/rfc/rfc7607#section-2)).
/// No peer can bring it about, but a policy or a local route can.
fn names_nobody(attributes: &Attributes) -> bool {
    let aggregated_by = attributes.aggregator.map(|aggregator| aggregator.asn);
    attributes.as_path.contains(Asn(0)) || aggregated_by == Some(Asn(0))
}

/// Whether a route goes on by another next hop than it came with.
///
/// Unlike [RFC 7311 §3.4.3], which adds the distance to the old next hop to AIGP, we leave AIGP out: a
/// metric that is missing is compared by nobody, one that is too low attracts traffic.
///
/// [RFC 7311 §3.4.3]: https://www.rfc-editor.org/rfc/rfc7311#section-3.4.3
fn moves(came_by: &Forwarding, next_hop: &NextHop) -> bool {
    matches!(came_by, Forwarding::Via(old) if old.address() != next_hop.address())
}

/// What changes at the border of the AS.
fn leave_as(key: &Key, attributes: &mut Attributes) {
    stop_reflecting(attributes);
    attributes.as_path = attributes.as_path.without_confederation().prepend(&[key.local_asn]);
    attributes.local_preference = None;
    retain(&mut attributes.extended_communities, |community| community.is_transitive());
    retain(&mut attributes.ipv6_extended_communities, |community| community.0[0] & NON_TRANSITIVE == 0);
    if matches!(key.role, Some(Role::Provider | Role::Peer | Role::RouteServer)) {
        attributes.otc.get_or_insert(key.local_asn);
    }
}

/// The mark of a route over a session that is about to end, and for those who believe our preference the
/// lowest one ([RFC 8326 §4.2](https://www.rfc-editor.org/rfc/rfc8326#section-4.2)).
fn step_aside(key: &Key, attributes: &mut Attributes) {
    if key.kind != PeerKind::External {
        attributes.local_preference = Some(0);
    }
    let communities = &mut attributes.communities;
    if !communities.contains(&Community::GRACEFUL_SHUTDOWN) {
        *communities = communities.iter().copied().chain([Community::GRACEFUL_SHUTDOWN]).collect();
    }
}

fn reflect(key: &Key, peer: &PeerSource, attributes: &mut Attributes) {
    attributes.originator_id.get_or_insert(peer.router_id);
    let path = attributes.cluster_list.iter().copied();
    attributes.cluster_list = std::iter::once(key.cluster_id).chain(path).collect();
}

/// Reflection ends at the border of the AS, and does not begin with a route from beyond it.
fn stop_reflecting(attributes: &mut Attributes) {
    attributes.originator_id = None;
    attributes.cluster_list = Box::default();
}

fn retain<T: Copy>(list: &mut Box<[T]>, keep: impl Fn(&T) -> bool) {
    if !list.iter().all(&keep) {
        *list = list.iter().copied().filter(keep).collect();
    }
}

/// The next hop to say; `None` where there is none that the session can carry.
fn next_hop(key: &Key, source: &Source, entitled: &Entitled<'_>) -> Option<NextHop> {
    let given = match entitled.route.forwarding {
        Forwarding::Via(next_hop) => Some(next_hop),
        Forwarding::Device
        | Forwarding::Blackhole
        | Forwarding::Unreachable
        | Forwarding::Prohibit
        | Forwarding::Nowhere => None,
    };
    let kept = match entitled.next_hop {
        Some(NextHopAction::Own) => None,
        Some(NextHopAction::Address(_)) => given,
        None => given.filter(|next_hop| keeps(key, source, next_hop)),
    };
    match kept.and_then(beyond_the_link) {
        Some(next_hop) => carried(key, next_hop),
        None => own(key),
    }
}

/// Whether the rule leaves a next hop alone.
fn keeps(key: &Key, source: &Source, next_hop: &NextHop) -> bool {
    let shared = |address: &IpAddr| key.shared_subnets.iter().any(|subnet| subnet.contains(address));
    match (key.next_hop, key.kind) {
        (NextHopRule::Own, _) => false,
        (NextHopRule::Keep, _) => true,
        (NextHopRule::Auto, PeerKind::External) => shared(&next_hop.address()),
        (NextHopRule::Auto, PeerKind::Internal | PeerKind::Confederation) => source.peer().is_some(),
    }
}

/// A next hop without its link-local half, which only the link it was learned on can use
/// ([RFC 2545 §3](https://www.rfc-editor.org/rfc/rfc2545#section-3)).
fn beyond_the_link(next_hop: NextHop) -> Option<NextHop> {
    match next_hop {
        NextHop::V4(_) => Some(next_hop),
        NextHop::V6 { global, .. } if global.is_unicast_link_local() => None,
        NextHop::V6 { global, .. } => Some(NextHop::V6 { global, link_local: None }),
    }
}

/// The next hop, if routes of the family can have such a one on the session.
fn carried(key: &Key, next_hop: NextHop) -> Option<NextHop> {
    let possible = match next_hop {
        NextHop::V4(_) => key.family == Family::IPV4,
        NextHop::V6 { .. } => {
            key.family == Family::IPV6 || key.dialect.extended_next_hop.contains(&key.family)
        }
    };
    possible.then_some(next_hop)
}

/// Our own address: of the family's version where there is one, else IPv6 where that is agreed upon.
fn own(key: &Key) -> Option<NextHop> {
    let v4 = key.own.v4.map(NextHop::V4);
    let beside = |global| key.own.link_local.filter(|link_local| *link_local != global);
    let v6 = key.own.v6.map(|global| NextHop::V6 { global, link_local: beside(global) });
    [v4, v6].into_iter().flatten().find_map(|next_hop| carried(key, next_hop))
}

/// In the type of an IPv6-address-specific extended community
/// ([RFC 5701 §2](https://www.rfc-editor.org/rfc/rfc5701#section-2)).
const NON_TRANSITIVE: u8 = 0x40;
/// What LOCAL_PREF is where nobody set it.
const DEFAULT_LOCAL_PREFERENCE: u32 = 100;

#[cfg(test)]
mod tests;

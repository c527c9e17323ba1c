//! The rules by which a route enters the list of its prefix.

use ipnet::IpNet;

use super::How;
use crate::{KernelForwarding, KernelRoute, Place, Refused};

/// Writes `route` and says what the kernel announces: the route as it is now, and where it went.
pub(super) fn write(
    routes: &mut Vec<KernelRoute>,
    route: KernelRoute,
    how: How,
) -> Result<(KernelRoute, Place), Refused> {
    let taken = routes.iter().find(|held| held.metric == route.metric);
    if let (How::Exclusive, Some(_)) = (how, taken) {
        return Err(Refused::Exists { protocol: 0, metric: route.metric });
    }
    let same = routes.iter().position(|held| *held == route);
    let first = routes.iter().position(|held| held.metric == route.metric);
    // A replacement that would double another route of the key is refused as well.
    if same.is_some() && !(how == How::Replace && same == first) {
        return Err(Refused::Exists { protocol: 0, metric: route.metric });
    }
    match route.prefix {
        IpNet::V4(_) => write_ipv4(routes, &route, how),
        IpNet::V6(_) => return Ok(write_ipv6(routes, route, how)),
    }
    Ok((route, how.place()))
}

fn write_ipv4(routes: &mut Vec<KernelRoute>, route: &KernelRoute, how: How) {
    let first = routes.iter().position(|held| held.metric == route.metric);
    match (how, first) {
        (How::Replace, Some(first)) => routes[first] = route.clone(),
        (How::Append, _) => {
            let behind = routes.partition_point(|held| held.metric <= route.metric);
            routes.insert(behind, route.clone());
        }
        (How::Exclusive | How::Prepend | How::Replace, _) => {
            let before = routes.partition_point(|held| held.metric < route.metric);
            routes.insert(before, route.clone());
        }
    }
}

fn write_ipv6(routes: &mut Vec<KernelRoute>, route: KernelRoute, how: How) -> (KernelRoute, Place) {
    let same_key = |held: &KernelRoute| held.metric == route.metric;
    let alike = |held: &KernelRoute| same_key(held) && has_gateway(held) == has_gateway(&route);
    let alike_at = routes.iter().position(alike);
    let any_at = routes.iter().position(same_key);
    match how {
        How::Replace => match alike_at.or(any_at) {
            Some(at) => routes[at] = route.clone(),
            None => insert(routes, route.clone()),
        },
        How::Append | How::Prepend | How::Exclusive => match alike_at.filter(|_| has_gateway(&route)) {
            Some(at) => {
                if let KernelForwarding::Unicast(hops) = &mut routes[at].forwarding {
                    hops.extend_from_slice(route.hops());
                }
                return (routes[at].clone(), Place::Last);
            }
            None => insert(routes, route.clone()),
        },
    }
    (route, how.place())
}

fn insert(routes: &mut Vec<KernelRoute>, route: KernelRoute) {
    let behind = routes.partition_point(|held| held.metric <= route.metric);
    routes.insert(behind, route);
}

fn has_gateway(route: &KernelRoute) -> bool {
    route.object.is_none() && route.hops().iter().any(|hop| hop.gateway.is_some())
}

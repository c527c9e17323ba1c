//! The IPv6 table: every path is a route of its own, and the paths of one metric that lead through a gateway are
//! shown as one multipath route with the protocol of the first.
//!
//! Follows `fib6_add_rt2node`, `ip6_route_multipath_add`, `ip6_route_del`, `fib6_ifdown` and `fib6_dump_node` of
//! Linux 6.18.

use std::net::IpAddr;

use ipnet::IpNet;

use super::{How, Kernel};
use crate::{Address, KernelForwarding, KernelHop, KernelRoute, Place, Refused, Seen};

/// One path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Path {
    pub(super) metric: u32,
    protocol: u8,
    pub(super) does: Does,
    source: Option<IpAddr>,
    /// Its interface is down: packets take another path.
    dead: bool,
}

/// What a path does with packets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Does {
    Forward(KernelHop),
    /// What the next-hop object of this number says.
    Stand(u32, Vec<KernelHop>),
    /// What a [`KernelForwarding`] without hops says.
    Drop(KernelForwarding),
}

impl Path {
    fn all_of(route: &KernelRoute) -> Vec<Self> {
        let path = |does| Self {
            metric: route.metric,
            protocol: route.protocol,
            does,
            source: route.source,
            dead: false,
        };
        match &route.forwarding {
            KernelForwarding::Unicast(hops) if route.object.is_some() => {
                route.object.map(|id| path(Does::Stand(id, hops.clone()))).into_iter().collect()
            }
            KernelForwarding::Unicast(hops) => {
                hops.iter().map(|hop| path(Does::Forward(hop.clone()))).collect()
            }
            other => vec![path(Does::Drop(other.clone()))],
        }
    }

    pub(super) fn hop(&self) -> Option<&KernelHop> {
        match &self.does {
            Does::Forward(hop) => Some(hop),
            Does::Stand(..) | Does::Drop(_) => None,
        }
    }

    /// The next-hop object it stands on.
    pub(super) const fn object(&self) -> Option<u32> {
        match &self.does {
            Does::Stand(id, _) => Some(*id),
            Does::Forward(_) | Does::Drop(_) => None,
        }
    }

    pub(super) const fn is_alive(&self) -> bool {
        !self.dead
    }

    fn is_over(&self, interface: u32) -> bool {
        self.hop().is_some_and(|hop| hop.interface == interface)
    }

    /// Whether it may be one of several (`rt6_qualify_for_ecmp`).
    pub(super) fn joins(&self) -> bool {
        self.hop().is_some_and(|hop| hop.gateway.is_some())
    }

    /// Whether both lead the same way (`rt6_duplicate_nexthop`): the protocol is not asked, and everything that drops
    /// leads to `lo`.
    fn doubles(&self, other: &Self) -> bool {
        if self.object().is_some() || other.object().is_some() {
            return self.object() == other.object();
        }
        match (self.hop(), other.hop()) {
            (Some(one), Some(other)) => one.gateway == other.gateway && one.interface == other.interface,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        }
    }
}

impl Kernel {
    pub(super) fn write_ipv6(&mut self, mut route: KernelRoute, how: How) -> Result<(), Refused> {
        // IP6_RT_PRIO_USER, and the only scope there is.
        route.metric = if route.metric == 0 { 1024 } else { route.metric };
        route.scope = 0;
        self.check_ipv6(&mut route)?;
        let prefix = route.prefix;
        let paths = Path::all_of(&route);
        let said = self.ipv6.change(prefix, |row| match <[Path; 1]>::try_from(paths) {
            Ok([path]) => enter(row, path.clone(), how).map(|place| {
                let shown = if place == Place::Instead { vec![path] } else { ring_at(row, &path) };
                (vec![Seen::Added { route: whole(prefix, &shown), place }], Ok(()))
            }),
            Err(paths) => enter_all(prefix, row, &paths, how),
        });
        let (said, result) = said?;
        said.into_iter().for_each(|seen| self.say(seen));
        result
    }

    /// Removes the first route of a key with all its paths; metric 0 means any. Only the first path is asked for
    /// its protocol.
    pub(super) fn delete_ipv6(
        &mut self,
        prefix: IpNet,
        metric: u32,
        protocol: Option<u8>,
    ) -> Result<(), Refused> {
        let fits = |path: &Path| {
            (metric == 0 || path.metric == metric)
                && protocol.is_none_or(|protocol| path.protocol == protocol)
        };
        let gone = self.ipv6.change(prefix, |row| {
            let at = row.iter().position(fits)?;
            if !row[at].joins() {
                return Some(vec![row.remove(at)]);
            }
            let ring = ring_at(row, &row[at]);
            row.retain(|held| !ring.contains(held));
            Some(ring)
        });
        self.say(Seen::Removed(whole(prefix, &gone.ok_or(Refused::Gone)?)));
        Ok(())
    }

    /// An interface went down: its paths go and each is announced, but for those of a route that has a live one
    /// left, which wait for the interface.
    pub(super) fn lose_ipv6(&mut self, interface: u32) {
        let mut gone = Vec::new();
        self.ipv6.change_all(|prefix, row| {
            let before = row.clone();
            let survives = |path: &Path| {
                path.joins()
                    && before.iter().any(|other| {
                        other.joins()
                            && other.metric == path.metric
                            && !other.dead
                            && !other.is_over(interface)
                    })
            };
            row.retain_mut(|path| {
                path.dead |= path.is_over(interface);
                let stays = !path.dead || survives(path);
                if !stays {
                    gone.push((*prefix, path.clone()));
                }
                stays
            });
        });
        self.announce_gone(gone);
    }

    /// An interface is no more: all its paths go.
    pub(super) fn forget_ipv6(&mut self, interface: u32) {
        let mut gone = Vec::new();
        self.ipv6.change_all(|prefix, row| {
            gone.extend(row.extract_if(.., |path| path.is_over(interface)).map(|path| (*prefix, path)));
        });
        self.announce_gone(gone);
    }

    pub(super) fn announce_gone(&mut self, gone: Vec<(IpNet, Path)>) {
        for (prefix, path) in gone {
            self.say(Seen::Removed(whole(prefix, &[path])));
        }
    }

    pub(super) fn revive_ipv6(&mut self, interface: u32) {
        self.ipv6.change_all(|_, row| {
            for path in row.iter_mut().filter(|path| path.is_over(interface)) {
                path.dead = false;
            }
        });
    }

    /// Writes the connected route of an address. One that is there already stays.
    pub(super) fn connect_ipv6(&mut self, address: &Address) {
        let Some(prefix) = address.connected else { return };
        let hop = KernelHop { gateway: None, interface: address.interface, onlink: false, weight: 1 };
        let path = Path {
            metric: METRIC_CONNECTED,
            protocol: super::PROTOCOL_KERNEL,
            does: Does::Forward(hop),
            source: None,
            dead: false,
        };
        let place = self.ipv6.change(prefix, |row| enter(row, path.clone(), How::Prepend));
        if let Ok(place) = place {
            self.say(Seen::Added { route: whole(prefix, &[path]), place });
        }
    }

    /// Removes the connected route of an address, or whatever other path straight out of the interface comes first:
    /// the kernel asks neither for protocol nor for metric (`addrconf_get_prefix_route`).
    pub(super) fn disconnect_ipv6(&mut self, address: &Address) {
        let Some(prefix) = address.connected else { return };
        let fits = |path: &Path| path.is_over(address.interface) && !path.joins();
        let gone = self.ipv6.change(prefix, |row| row.iter().position(fits).map(|at| row.remove(at)));
        self.announce_gone(gone.map(|path| (prefix, path)).into_iter().collect());
    }

    /// Routes that prefer an address which was removed stay and prefer none, silently (`rt6_remove_prefsrc`).
    pub(super) fn unsource_ipv6(&mut self, address: &Address) {
        self.ipv6.change_all(|_, row| {
            for path in row.iter_mut().filter(|path| path.source == Some(address.local)) {
                path.source = None;
            }
        });
    }
}

/// The routes of a prefix, each by its first path.
pub(super) fn routes(prefix: IpNet, row: &[Path]) -> Vec<KernelRoute> {
    let same_route = |one: &Path, other: &Path| one.joins() && other.joins() && one.metric == other.metric;
    let leads = |at: usize, path: &Path| !row.iter().take(at).any(|earlier| same_route(earlier, path));
    let first_paths = row.iter().enumerate().filter(|(at, path)| leads(*at, path));
    first_paths.map(|(_, path)| whole(prefix, &ring_at(row, path))).collect()
}

/// The routes a list shows. From the first path of a multipath route it goes on behind the last: what stands
/// between them is left out.
pub(super) fn listed(prefix: IpNet, row: &[Path]) -> Vec<KernelRoute> {
    let mut routes = Vec::new();
    let mut at = 0;
    while let Some(path) = row.get(at) {
        let ring = ring_at(row, path);
        let last = row.iter().rposition(|held| path.joins() && ring.contains(held)).unwrap_or(at);
        routes.push(whole(prefix, &ring));
        at = last + 1;
    }
    routes
}

/// The paths that make one route with `path`, which comes first, in the order of a ring.
pub(super) fn ring_at(row: &[Path], path: &Path) -> Vec<Path> {
    if !path.joins() {
        return vec![path.clone()];
    }
    let ring: Vec<&Path> = row.iter().filter(|held| held.metric == path.metric && held.joins()).collect();
    let first = ring.iter().position(|held| *held == path).unwrap_or_default();
    ring.iter().cycle().skip(first).take(ring.len()).map(|path| (*path).clone()).collect()
}

/// A single path has no weight, though it keeps the one it had among others.
pub(super) fn whole(prefix: IpNet, paths: &[Path]) -> KernelRoute {
    let weighs = paths.len() > 1;
    let mut hops: Vec<KernelHop> = paths.iter().filter_map(Path::hop).cloned().collect();
    for hop in hops.iter_mut().filter(|_| !weighs) {
        hop.weight = 1;
    }
    let forwarding = match paths.first().map(|path| &path.does) {
        Some(Does::Drop(forwarding)) => forwarding.clone(),
        Some(Does::Stand(_, hops)) => KernelForwarding::Unicast(hops.clone()),
        Some(Does::Forward(_)) | None => KernelForwarding::Unicast(hops),
    };
    let first = paths.first();
    KernelRoute {
        prefix,
        metric: first.map_or(0, |path| path.metric),
        protocol: first.map_or(0, |path| path.protocol),
        scope: 0,
        forwarding,
        source: first.and_then(|path| path.source),
        object: first.and_then(Path::object),
    }
}

/// Enters one path behind those of its metric, or instead of the first that joins others as the new one does, else
/// of the first; then the others of that multipath route go.
fn enter(row: &mut Vec<Path>, path: Path, how: How) -> Result<Place, Refused> {
    let metric = path.metric;
    let same_key = |held: &Path| held.metric == metric;
    let taken = row.iter().any(same_key);
    if how == How::Replace && taken {
        let joins = path.joins();
        let alike = row.iter().position(|held| same_key(held) && held.joins() == joins);
        let at = alike.or_else(|| row.iter().position(same_key)).unwrap_or_default();
        let purged = row[at].joins();
        row[at] = path;
        let mut index = 0;
        row.retain(|held| {
            index += 1;
            !(purged && index - 1 != at && same_key(held) && held.joins())
        });
        return Ok(Place::Instead);
    }
    if taken && (how == How::Exclusive || row.iter().any(|held| same_key(held) && held.doubles(&path))) {
        return Err(Refused::Exists { protocol: 0, metric });
    }
    let behind = row.partition_point(|held| held.metric <= metric);
    row.insert(behind, path);
    Ok(if how == How::Append { Place::Last } else { Place::First })
}

type SaidAndDone = (Vec<Seen>, Result<(), Refused>);

/// Enters several paths, one after the other. What was entered before one is refused is announced and taken back.
fn enter_all(prefix: IpNet, row: &mut Vec<Path>, paths: &[Path], how: How) -> Result<SaidAndDone, Refused> {
    let place = how.place();
    let mut entered = 0;
    let mut refused = None;
    for path in paths {
        let how = if entered == 0 || how == How::Append { how } else { How::Prepend };
        match enter(row, path.clone(), how) {
            Ok(_) => entered += 1,
            Err(error) => {
                refused = Some(error);
                break;
            }
        }
    }
    let entered = &paths[..entered];
    let mut said = Vec::new();
    if let Some(first) = entered.first() {
        // An append is announced from the first path of the whole route on.
        let begin = if how == How::Append {
            row.iter().find(|held| held.metric == first.metric && held.joins()).unwrap_or(first).clone()
        } else {
            first.clone()
        };
        said.push(Seen::Added { route: whole(prefix, &ring_at(row, &begin)), place });
    }
    let Some(refused) = refused else { return Ok((said, Ok(()))) };
    for path in entered {
        row.retain(|held| held != path);
        said.push(Seen::Removed(whole(prefix, std::slice::from_ref(path))));
    }
    Ok((said, Err(refused)))
}

/// `IP6_RT_PRIO_ADDRCONF`.
const METRIC_CONNECTED: u32 = 256;

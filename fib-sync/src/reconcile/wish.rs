//! From a wish to the kernel's form of it, and whether a route in the kernel already is that.

use std::net::IpAddr;

use ipnet::IpNet;

use super::sets::Form;
use crate::seen::{KernelForwarding, KernelHop};
use crate::view::{Held, View};
use crate::{Config, Forwarding, Hop, Refused, Route};

/// One form for equal wishes: the metric as it is stored, hops sorted, equal hops merged.
pub(super) fn settled(prefix: &IpNet, route: Route) -> Route {
    let metric = route.metric.map(|metric| stored_metric(prefix, metric));
    let forwarding = match route.forwarding {
        Forwarding::Unicast(hops) => Forwarding::Unicast(merged(hops)),
        other @ (Forwarding::Through(_)
        | Forwarding::Blackhole
        | Forwarding::Unreachable
        | Forwarding::Prohibit) => other,
    };
    // A route through a set stands on the answer for a tracked address.
    let carries = route.carries && !matches!(forwarding, Forwarding::Through(_));
    Route { forwarding, metric, carries, ..route }
}

/// A wish in full: with the metric it gets where it names none, and no more hops than may be.
pub(super) fn in_full(prefix: &IpNet, wish: &Route, config: &Config) -> Route {
    let mut wish = wish.clone();
    wish.metric = Some(stored_metric(prefix, wish.metric.unwrap_or(config.metric)));
    if let Forwarding::Unicast(hops) = &mut wish.forwarding {
        hops.truncate(most(config));
    }
    wish
}

fn most(config: &Config) -> usize {
    config.multipath.max(1)
}

/// As many hops as may be.
fn limited<'h>(hops: &'h [Hop], config: &Config) -> &'h [Hop] {
    hops.get(..most(config)).unwrap_or(hops)
}

/// IPv6 stores metric 0 as 1024 (`IP6_RT_PRIO_USER`).
pub(crate) fn stored_metric(prefix: &IpNet, metric: u32) -> u32 {
    match prefix {
        IpNet::V6(_) if metric == 0 => 1024,
        IpNet::V4(_) | IpNet::V6(_) => metric,
    }
}

pub(super) fn merged(mut hops: Vec<Hop>) -> Vec<Hop> {
    hops.sort();
    hops.dedup_by(|next, kept| {
        let same =
            next.gateway == kept.gateway && next.interface == kept.interface && next.onlink == kept.onlink;
        if same {
            kept.weight = kept.weight.saturating_add(next.weight).min(HEAVIEST);
        }
        same
    });
    hops
}

/// The wish as the kernel is to hold it, or why it makes no sense here and now. `form` is that of its set, if any.
pub(super) fn in_kernel(
    prefix: IpNet,
    wish: &Route,
    form: Option<Form<'_>>,
    config: &Config,
    view: &View,
) -> Result<Held, Refused> {
    let metric = stored_metric(&prefix, wish.metric.unwrap_or(config.metric));
    if !config.metrics.contains(&metric) {
        return Err(Refused::Invalid { text: format!("metric {metric} is not one of ours") });
    }
    let object = form.and_then(Form::object);
    let forwarding = match (&wish.forwarding, form) {
        (Forwarding::Through(_), Some(Form::On(id))) => {
            KernelForwarding::Unicast(view.hops_of(id).unwrap_or_default())
        }
        (Forwarding::Through(_), Some(Form::Inline(hops))) => written_out(&prefix, hops, view)?,
        (Forwarding::Through(_), Some(Form::Wait) | None) => written_out(&prefix, &[], view)?,
        (Forwarding::Unicast(hops), _) => written_out(&prefix, limited(hops, config), view)?,
        (Forwarding::Blackhole, _) => KernelForwarding::Blackhole,
        (Forwarding::Unreachable, _) => KernelForwarding::Unreachable,
        (Forwarding::Prohibit, _) => KernelForwarding::Prohibit,
    };
    let scope =
        if object.is_none() && leaves_directly(&prefix, &forwarding) { SCOPE_LINK } else { SCOPE_UNIVERSE };
    Ok(Held { metric, protocol: config.protocol, scope, forwarding, source: wish.source, object })
}

fn written_out(prefix: &IpNet, hops: &[Hop], view: &View) -> Result<KernelForwarding, Refused> {
    if hops.is_empty() {
        return Err(Refused::Invalid { text: "no hops".into() });
    }
    let hops: Result<_, _> = hops.iter().map(|hop| hop_in_kernel(prefix, hop, view)).collect();
    Ok(KernelForwarding::Unicast(hops?))
}

/// IPv4 gives a route without a gateway the scope of its link, as `ip route` does.
fn leaves_directly(prefix: &IpNet, forwarding: &KernelForwarding) -> bool {
    matches!(prefix, IpNet::V4(_))
        && matches!(forwarding, KernelForwarding::Unicast(hops) if hops.iter().all(|hop| hop.gateway.is_none()))
}

fn hop_in_kernel(prefix: &IpNet, hop: &Hop, view: &View) -> Result<KernelHop, Refused> {
    if !(1..=HEAVIEST).contains(&hop.weight) {
        return Err(Refused::Invalid { text: format!("weight {} is not within 1 to 256", hop.weight) });
    }
    if matches!((prefix, hop.gateway), (IpNet::V6(_), Some(IpAddr::V4(_)))) {
        return Err(Refused::Invalid { text: "an IPv4 gateway cannot serve an IPv6 prefix".into() });
    }
    let interface = match &hop.interface {
        None if hop.gateway.is_none() => {
            return Err(Refused::Invalid { text: "a hop without gateway and interface".into() });
        }
        None => 0,
        Some(name) => view.index_of(name).ok_or_else(|| Refused::NoDevice { text: name.as_ref().into() })?,
    };
    Ok(KernelHop { gateway: hop.gateway, interface, onlink: hop.onlink, weight: hop.weight })
}

/// Whether `held` already is what `wish` asks for. Hops count as a set: the kernel keeps its own order. Those of an
/// object are the object's affair.
pub(super) fn is_met(wish: &Held, held: &Held) -> bool {
    wish.source == held.source
        && wish.object == held.object
        && match (&wish.forwarding, &held.forwarding) {
            _ if wish.object.is_some() => true,
            (KernelForwarding::Unicast(wished), KernelForwarding::Unicast(held)) => hops_met(wished, held),
            (wished, held) => wished == held,
        }
}

/// A single hop has no weight in the kernel.
fn hops_met(wished: &[KernelHop], held: &[KernelHop]) -> bool {
    let single = wished.len() == 1;
    let fits = |wish: &KernelHop, hop: &KernelHop| {
        wish.gateway == hop.gateway
            && (wish.interface == 0 || wish.interface == hop.interface)
            && wish.onlink == hop.onlink
            && (single || wish.weight == hop.weight)
    };
    wished.len() == held.len()
        && wished.iter().all(|wish| held.iter().any(|hop| fits(wish, hop)))
        && held.iter().all(|hop| wished.iter().any(|wish| fits(wish, hop)))
}

/// A route in the kernel in the words of a wish, interfaces by name.
pub(super) fn in_words(held: &Held, view: &View) -> Option<Route> {
    let forwarding = match &held.forwarding {
        KernelForwarding::Unicast(hops) => {
            let name = |hop: &KernelHop| view.link_at(hop.interface).map(|link| link.name.clone());
            Forwarding::Unicast(
                hops.iter()
                    .map(|hop| Hop {
                        gateway: hop.gateway,
                        interface: name(hop),
                        onlink: hop.onlink,
                        weight: hop.weight,
                    })
                    .collect(),
            )
        }
        KernelForwarding::Blackhole => Forwarding::Blackhole,
        KernelForwarding::Unreachable => Forwarding::Unreachable,
        KernelForwarding::Prohibit => Forwarding::Prohibit,
        KernelForwarding::Other(_) => return None,
    };
    Some(Route { forwarding, metric: Some(held.metric), source: held.source, carries: false })
}

impl Config {
    /// Whether a route in the kernel is ours to change.
    pub(crate) fn owns(&self, route: &Held) -> bool {
        route.protocol == self.protocol
            && self.metrics.contains(&route.metric)
            && !matches!(route.forwarding, KernelForwarding::Other(_))
    }
}

const HEAVIEST: u16 = 256;
const SCOPE_UNIVERSE: u8 = 0;
const SCOPE_LINK: u8 = 253;

//! What going from one configuration to another costs: every field of both has its line here.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bgp_core::peer::PeerConfig;
use bgp_core::rib::{LocalSource, Route};
use bgp_core::speaker::{self, Config, DynamicPeers, GracefulRestart, Input, differences};
use ipnet::IpNet;

use crate::api::{Change, ChangeKind, Effect};
use crate::config::{Control, Kernel, Listen, Log, Originated, PeerSocket, Settings};

/// A field that may differ: its name, whether it is the same in both, and what another value costs.
type Field = (&'static str, bool, Effect);

/// Every difference, with what it costs.
pub(crate) fn plan(old: &Settings, new: &Settings) -> Vec<Change> {
    let mut changes = peers(old, new);
    changes.extend(ranges(old, new));
    changes.extend(routes(&old.originate, &new.originate));
    let differs = settings(old, new).into_iter().filter(|(_, alike, _)| !alike);
    changes.extend(differs.map(|(name, _, effect)| Change {
        what: "setting".to_owned(),
        name: name.to_owned(),
        change: ChangeKind::Changed,
        effect,
        fields: Vec::new(),
    }));
    changes
}

/// What all of them together cost.
pub(crate) fn effect(changes: &[Change]) -> Effect {
    changes.iter().map(|change| change.effect).max().unwrap_or(Effect::None)
}

/// What is not about one peer, range or route.
// Exhaustive: a new field does not compile before it has a line here.
fn settings(old: &Settings, new: &Settings) -> Vec<Field> {
    let Settings { core, role, listen, sockets: _, originate: _, kernel, control, bird, http, log } = old;
    let Config {
        asn,
        router_id,
        graceful_restart,
        peers: _,
        dynamic_peers: _,
        kernel_export,
        kernel_sets: _,
        multipath,
    } = core;
    let Log { level, format } = log;
    let Control { socket, mode } = control;
    let Listen { addresses, port } = listen;
    let mut fields = vec![
        ("asn", *asn == new.core.asn, Effect::Reset),
        ("router_id", *router_id == new.core.router_id, Effect::Reset),
        ("role", *role == new.role, Effect::None),
        ("[listen] addresses", *addresses == new.listen.addresses, Effect::None),
        ("[listen] port", *port == new.listen.port, Effect::None),
        ("[control] socket", *socket == new.control.socket, Effect::Restart),
        ("[control] mode", *mode == new.control.mode, Effect::Restart),
        ("[compat.bird]", *bird == new.bird, Effect::Restart),
        ("[http] or [metrics]", *http == new.http, Effect::Restart),
        ("[log] level", *level == new.log.level, Effect::None),
        ("[log] format", *format == new.log.format, Effect::Restart),
    ];
    fields.extend(restarts(graceful_restart, &new.core.graceful_restart));
    fields.extend(self::kernel(kernel, &new.kernel));
    // A kernel that is left alone, or about to be, has nothing to change.
    if kernel.enabled && new.kernel.enabled {
        let policies = (kernel_export.as_deref(), new.core.kernel_export.as_deref());
        let alike = bgp_core::policy::decide_alike(policies.0, policies.1);
        fields.push(("[kernel] export", alike, Effect::Policy));
        fields.push(("[kernel] multipath", *multipath == new.core.multipath, Effect::Policy));
    }
    fields
}

/// Peers hear of these when their sessions start.
fn restarts(old: &GracefulRestart, new: &GracefulRestart) -> [Field; 6] {
    let GracefulRestart {
        enabled,
        restart_time,
        first_contact,
        max_wait,
        long_lived,
        notification,
        // Not the operator's word but what was found at the start.
        forwarding_preserved: _,
    } = old;
    [
        // It costs those of the peers for which it decides.
        ("[graceful_restart] enabled", *enabled == new.enabled, Effect::None),
        ("[graceful_restart] restart_time", *restart_time == new.restart_time, Effect::None),
        ("[graceful_restart] first_contact", *first_contact == new.first_contact, Effect::None),
        ("[graceful_restart] max_wait", *max_wait == new.max_wait, Effect::None),
        ("[graceful_restart] long_lived", *long_lived == new.long_lived, Effect::None),
        ("[graceful_restart] notification", *notification == new.notification, Effect::None),
    ]
}

fn kernel(old: &Kernel, new: &Kernel) -> Vec<Field> {
    let Kernel {
        enabled,
        table,
        protocol,
        metric,
        learn,
        learn_exclude_interfaces,
        direct,
        direct_exclude_interfaces,
        next_hop_objects,
        on_exit,
        sweep_limit,
    } = old;
    let (learn_except, direct_except) = (&new.learn_exclude_interfaces, &new.direct_exclude_interfaces);
    let mut fields = vec![("[kernel] enabled", *enabled == new.enabled, Effect::Restart)];
    if *enabled && new.enabled {
        fields.extend([
            ("[kernel] table", *table == new.table, Effect::Restart),
            ("[kernel] protocol", *protocol == new.protocol, Effect::Restart),
            ("[kernel] next_hop_objects", *next_hop_objects == new.next_hop_objects, Effect::Restart),
            ("[kernel] metric", *metric == new.metric, Effect::Policy),
            ("[kernel] learn", *learn == new.learn, Effect::Policy),
            ("[kernel] learn_exclude_interfaces", learn_exclude_interfaces == learn_except, Effect::Policy),
            ("[kernel] direct", *direct == new.direct, Effect::Policy),
            (
                "[kernel] direct_exclude_interfaces",
                direct_exclude_interfaces == direct_except,
                Effect::Policy,
            ),
            ("[kernel] on_exit", *on_exit == new.on_exit, Effect::None),
            ("[kernel] sweep_limit", sweep_limit.to_bits() == new.sweep_limit.to_bits(), Effect::None),
        ]);
    }
    fields
}

/// What only a new connection can have.
fn socket(old: &PeerSocket, new: &PeerSocket) -> [Field; 3] {
    // Where it is, the peer's configuration says too.
    let PeerSocket { name: _, remote: _, zone, password, hops } = old;
    [
        ("interface", *zone == new.zone, Effect::Reset),
        ("password", *password == new.password, Effect::Reset),
        ("ttl_security or multihop", *hops == new.hops, Effect::Reset),
    ]
}

fn peers(old: &Settings, new: &Settings) -> Vec<Change> {
    let identity = [
        ("asn", old.core.asn == new.core.asn, Effect::Reset),
        ("router_id", old.core.router_id == new.core.router_id, Effect::Reset),
    ];
    let (before, after) = (by_name(old), by_name(new));
    let names: BTreeSet<&Arc<str>> = before.keys().chain(after.keys()).collect();
    let change = |name: &Arc<str>| match (before.get(name), after.get(name)) {
        (Some((was, options)), Some((is, others))) => {
            let fields = identity.into_iter().chain(sockets(*options, *others));
            changed("peer", name, was.enabled, fields.chain(parts(was, is)))
        }
        (Some((was, _)), None) => {
            let effect = if was.enabled { Effect::Reset } else { Effect::None };
            Some(whole("peer", name, ChangeKind::Removed, effect))
        }
        (None, _) => Some(whole("peer", name, ChangeKind::Added, Effect::None)),
    };
    names.into_iter().filter_map(change).collect()
}

fn ranges(old: &Settings, new: &Settings) -> Vec<Change> {
    let by_prefix = |settings: &Settings| -> BTreeMap<IpNet, (DynamicPeers, Option<PeerSocket>)> {
        let ranges = settings.core.dynamic_peers.iter();
        let find = |name: &Arc<str>| settings.sockets.iter().find(|socket| socket.name == *name).cloned();
        ranges.map(|range| (range.prefix, (range.clone(), find(&range.template.name)))).collect()
    };
    let (before, after) = (by_prefix(old), by_prefix(new));
    let prefixes: BTreeSet<&IpNet> = before.keys().chain(after.keys()).collect();
    let change = |prefix: &IpNet| match (before.get(prefix), after.get(prefix)) {
        (Some((was, options)), Some((is, others))) => {
            let DynamicPeers { prefix: _, limit, template } = was;
            let fields = [("limit", *limit == is.limit, Effect::None)].into_iter();
            let fields = fields.chain(sockets(options.as_ref(), others.as_ref()));
            changed("range", prefix, template.enabled, fields.chain(parts(template, &is.template)))
        }
        (Some(_), None) => Some(whole("range", prefix, ChangeKind::Removed, Effect::Reset)),
        (None, _) => Some(whole("range", prefix, ChangeKind::Added, Effect::None)),
    };
    prefixes.into_iter().filter_map(change).collect()
}

fn by_name(settings: &Settings) -> BTreeMap<Arc<str>, (&PeerConfig, Option<&PeerSocket>)> {
    let sockets: BTreeMap<&Arc<str>, &PeerSocket> =
        settings.sockets.iter().map(|socket| (&socket.name, socket)).collect();
    let peers = settings.core.peers.iter();
    peers.map(|peer| (Arc::clone(&peer.name), (peer, sockets.get(&peer.name).copied()))).collect()
}

fn sockets(old: Option<&PeerSocket>, new: Option<&PeerSocket>) -> impl Iterator<Item = Field> + use<> {
    let pair = old.zip(new).map(|(old, new)| socket(old, new));
    pair.into_iter().flatten()
}

fn parts(old: &PeerConfig, new: &PeerConfig) -> impl Iterator<Item = Field> + use<> {
    differences(old, new).into_iter().map(|difference| (difference.field, false, difference.effect.into()))
}

/// A change of something that is there before and after; one that was not `in_use` has nothing to lose.
fn changed(
    what: &str,
    name: &impl ToString,
    in_use: bool,
    fields: impl Iterator<Item = Field>,
) -> Option<Change> {
    let differing: Vec<Field> = fields.filter(|(_, alike, _)| !alike).collect();
    let costliest = differing.iter().map(|(_, _, effect)| *effect).max()?;
    let effect = if in_use { costliest } else { Effect::None };
    let fields = differing.iter().map(|(name, ..)| (*name).to_owned()).collect();
    Some(Change { fields, ..whole(what, name, ChangeKind::Changed, effect) })
}

fn whole(what: &str, name: &impl ToString, change: ChangeKind, effect: Effect) -> Change {
    Change { what: what.to_owned(), name: name.to_string(), change, effect, fields: Vec::new() }
}

/// What has to be originated and retracted to get from one list to the other.
pub(crate) fn origins(old: &[Originated], new: &[Originated]) -> Vec<Input> {
    let source = LocalSource::Static;
    let (old, new) = (by_prefix(old), by_prefix(new));
    let gone = old.keys().filter(|prefix| !new.contains_key(*prefix));
    let gone = gone.map(|prefix| Input::Retract { prefix: **prefix, source });
    let come = new.iter().filter(|(prefix, route)| old.get(*prefix) != Some(*route));
    let come =
        come.map(|(prefix, route)| Input::Originate { prefix: **prefix, source, route: (*route).clone() });
    gone.chain(come).collect()
}

fn by_prefix(routes: &[Originated]) -> BTreeMap<&IpNet, &Route> {
    routes.iter().map(|originated| (&originated.prefix, &originated.route)).collect()
}

fn routes(old: &[Originated], new: &[Originated]) -> Vec<Change> {
    let known: BTreeSet<IpNet> = old.iter().map(|originated| originated.prefix).collect();
    let change = |input| {
        let (prefix, change) = match input {
            Input::Originate { prefix, .. } if known.contains(&prefix) => (prefix, ChangeKind::Changed),
            Input::Originate { prefix, .. } => (prefix, ChangeKind::Added),
            Input::Retract { prefix, .. } => (prefix, ChangeKind::Removed),
            _ => return None,
        };
        Some(whole("route", &prefix, change, Effect::Policy))
    };
    origins(old, new).into_iter().filter_map(change).collect()
}

impl From<speaker::Effect> for Effect {
    fn from(effect: speaker::Effect) -> Self {
        match effect {
            speaker::Effect::Nothing => Self::None,
            speaker::Effect::Policy => Self::Policy,
            speaker::Effect::Refresh => Self::Refresh,
            speaker::Effect::Reopen => Self::Reopen,
            speaker::Effect::Reset => Self::Reset,
        }
    }
}

#[cfg(test)]
mod tests;

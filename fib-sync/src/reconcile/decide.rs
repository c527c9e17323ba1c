//! The next step for one prefix: a pure function of the wish and of what the kernel holds.
//!
//! What is wished is written before what is in its way of ours is removed, so the prefix never lacks a route.
//! A key is written over only where every route that would be touched is ours: the first one in IPv4, all of
//! them in IPv6. A free key is written with a request that the kernel refuses if somebody was faster.

use ipnet::IpNet;

use super::row::Row;
use super::sets::{Form, Sets};
use super::wish::{in_kernel, is_met, stored_metric};
use crate::seen::Operation;
use crate::view::{Held, NetId, View};
use crate::{Config, Refused, Route};

/// What to do about a prefix now.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// All is as wished.
    Rest,
    /// Do this.
    Apply(Operation),
    /// The next-hop object of its set has to be there first.
    Wait,
    /// It cannot be done now.
    Refuse(Refused),
}

/// Decides about the prefix of `net`. Routes of ours that nobody wished for are removed: the caller keeps those away
/// that are not to be swept yet.
pub(super) fn decide(
    net: NetId,
    row: &Row,
    wish: Option<&Route>,
    sets: &Sets,
    config: &Config,
    view: &View,
) -> Step {
    let (prefix, held) = (view.prefix(net), view.routes_at(net));
    let Some(wish) = wish else {
        return first_of_ours(held, config).map_or(Step::Rest, |route| remove(prefix, route));
    };
    let form = wish.set().map(|set| sets.form(set, &prefix, view));
    if form == Some(Form::Wait) {
        return Step::Wait;
    }
    if row.fulfilled && form.is_none() && stands_alone(&prefix, wish, held, config) {
        return Step::Rest;
    }
    let wished = match in_kernel(prefix, wish, form, config, view) {
        Ok(wished) => wished,
        Err(refused) => return Step::Refuse(refused),
    };
    if let Some(owner) = hidden(&wished, held) {
        return yield_to(owner, prefix, held, config);
    }
    let at_key = || held.iter().filter(|route| route.metric == wished.metric);
    // Whatever the kernel made of hops, the number of an object it keeps.
    let met = |ours: &Held| (row.fulfilled && wished.object == ours.object) || is_met(&wished, ours);
    match at_key().find(|route| config.owns(route)) {
        Some(ours) if met(ours) => surplus(prefix, &wished, held, config),
        // What stands further behind is refused as a replacement of the first (`fib_table_insert`): that one goes.
        Some(first) if at_key().any(|route| config.owns(route) && is_met(&wished, route)) => {
            remove(prefix, first)
        }
        Some(_) if may_replace(&prefix, at_key(), config) => {
            Step::Apply(Operation::Replace(wished.at(prefix)))
        }
        None if at_key().next().is_none() => Step::Apply(Operation::Create(wished.at(prefix))),
        Some(_) | None => yield_to(conflict(at_key(), config), prefix, held, config),
    }
}

/// Whether the one route there is, which the kernel said yes to, has the metric that is wished. That is nearly always
/// all there is to decide about.
fn stands_alone(prefix: &IpNet, wish: &Route, held: &[Held], config: &Config) -> bool {
    let metric = stored_metric(prefix, wish.metric.unwrap_or(config.metric));
    matches!(held, [route] if route.metric == metric && route.object.is_none() && config.owns(route))
}

/// Nothing of ours is put or left in front of a connected prefix: the host would send to its own link through somebody
/// else. Any other foreign route says by its metric whether it wants to forward.
fn hidden(wished: &Held, held: &[Held]) -> Option<Refused> {
    let connected = |route: &&Held| route.protocol == RTPROT_KERNEL && route.metric > wished.metric;
    let Held { protocol, metric, .. } = held.iter().find(connected)?;
    Some(Refused::Exists { protocol: *protocol, metric: *metric })
}

/// A foreign route serves the prefix. What stands of ours is not what is wished any more, and in front of the foreign
/// one it would hide it: it goes.
fn yield_to(owner: Refused, prefix: IpNet, held: &[Held], config: &Config) -> Step {
    first_of_ours(held, config).map_or(Step::Refuse(owner), |route| remove(prefix, route))
}

fn may_replace<'v>(prefix: &IpNet, mut at_key: impl Iterator<Item = &'v Held>, config: &Config) -> bool {
    match prefix {
        IpNet::V4(_) => at_key.next().is_some_and(|route| config.owns(route)),
        IpNet::V6(_) => at_key.all(|route| config.owns(route)),
    }
}

fn conflict<'v>(mut at_key: impl Iterator<Item = &'v Held> + Clone, config: &Config) -> Refused {
    let foreign = at_key.clone().find(|route| !config.owns(route)).or_else(|| at_key.next());
    Refused::Exists {
        protocol: foreign.map_or(0, |route| route.protocol),
        metric: foreign.map_or(0, |route| route.metric),
    }
}

/// The wish stands; whatever else of ours the prefix holds goes: other metrics, and doubles of the same.
fn surplus(prefix: IpNet, wished: &Held, held: &[Held], config: &Config) -> Step {
    let other = held.iter().find(|route| config.owns(route) && route.metric != wished.metric);
    let doubles = held.iter().filter(|route| config.owns(route) && route.metric == wished.metric).skip(1);
    other.or_else(|| doubles.last()).map_or(Step::Rest, |route| remove(prefix, route))
}

fn first_of_ours<'v>(held: &'v [Held], config: &Config) -> Option<&'v Held> {
    held.iter().find(|route| config.owns(route))
}

fn remove(prefix: IpNet, route: &Held) -> Step {
    Step::Apply(Operation::Remove(route.clone().at(prefix)))
}

const RTPROT_KERNEL: u8 = 2;

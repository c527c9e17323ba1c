//! Verdicts: why a prefix is said to a peer, or not. Asks the code that decides for the wire.

use ipnet::IpNet;

use crate::export::audience::{Audience, Gate};
use crate::export::entitlement::{Entitled, Names, Refusal, entitlement};
use crate::export::key::Key;
use crate::export::offer::{Candidate, candidates};
use crate::export::rewrite::rewrite;
use crate::export::sent::Sent;
use crate::policy::Decided;
use crate::rib::{NetId, PathView, Rib, Route, Source, SourceId};
use crate::speaker::PeerId;
use crate::wire::PathId;

/// For each path that could be chosen, the gates it meets on its way to `peer`.
pub(super) fn verdict(
    key: &Key,
    names: &Names,
    peer: PeerId,
    net: NetId,
    prefix: IpNet,
    rib: &Rib,
) -> Vec<(SourceId, PathId, Vec<Gate>)> {
    let chosen = candidates(key, net, rib);
    let heard = chosen.iter().filter_map(|candidate| {
        let source = rib.source(candidate.source)?;
        let gates = match Audience::of(source).admits(peer) {
            true => gates(key, names, prefix, source, &rib.route(candidate.route).route()),
            false => vec![Gate::SplitHorizon],
        };
        Some((candidate.source, candidate.path_id, gates))
    });
    let is_chosen = |path: &PathView<'_>| {
        let same = |candidate: &Candidate| match key.add_path {
            Some(_) => candidate.path_id == path.slot.send_id(),
            None => path.best,
        };
        chosen.iter().any(same)
    };
    let others = rib.paths(key.family, net).filter(|path| path.accepted.is_ok() && !is_chosen(path));
    let passed_over = others.map(|path| (path.source, path.slot.send_id(), vec![Gate::NotBest]));
    heard.chain(passed_over).collect()
}

/// The gates that a candidate meets on its way to a group, up to the one that decides.
fn gates(key: &Key, names: &Names, prefix: IpNet, source: &Source, route: &Route) -> Vec<Gate> {
    let explain = |by: Decided| by.explain(key.export.as_deref().unwrap_or_default()).into();
    match entitlement(key, names, prefix, source, route) {
        Err(Refusal::Rule(gate)) => vec![gate],
        Err(Refusal::Policy(Decided::Unconfigured)) => vec![Gate::NoPolicy],
        Err(Refusal::Policy(by)) => vec![Gate::Policy { accepted: false, rule: explain(by) }],
        Ok(entitled) => {
            let policy = Gate::Policy { accepted: true, rule: explain(entitled.by) };
            vec![policy, said_as(key, source, entitled).err().unwrap_or(Gate::Sent)]
        }
    }
}

/// The route as it is said, if it can be.
fn said_as(key: &Key, source: &Source, entitled: Entitled<'_>) -> Result<Route, Gate> {
    let route = rewrite(key, source, entitled)?;
    if Sent::of(key, &route).is_some() { Ok(route) } else { Err(Gate::TooLong) }
}

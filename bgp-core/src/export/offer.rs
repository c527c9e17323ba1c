//! Offers: what a group is to be told of a prefix by the Loc-RIB as it is now.

use std::collections::HashMap;
use std::sync::Arc;

use ipnet::IpNet;

use crate::export::adj_rib_out::Said;
use crate::export::audience::{Audience, Gate};
use crate::export::entitlement::{Entitled, Names, Refusal, entitlement};
use crate::export::key::Key;
use crate::export::rewrite::rewrite;
use crate::peer::AddPathSend;
use crate::policy::Decided;
use crate::rib::{Forwarding, NetId, PathView, Rib, Route, Source, SourceId};
use crate::speaker::PeerId;
use crate::wire::{self, PathId};

/// A path that the decision process put forward.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) path_id: PathId,
    pub(super) source: SourceId,
    pub(super) route: Arc<Route>,
}

/// The paths put forward for a group: the best one, or those that additional paths send.
pub(super) fn candidates(key: &Key, net: NetId, rib: &Rib) -> Vec<Candidate> {
    let candidate = |path: &PathView<'_>| {
        let route = Arc::clone(path.accepted.ok()?);
        Some(Candidate { path_id: path.slot.send_id(), source: path.source, route })
    };
    let mut candidates: Vec<Candidate> = match key.add_path {
        None => {
            let best = rib.best(key.family, net).into_iter();
            let path_id = PathId::default();
            best.map(|best| Candidate { path_id, source: best.source, route: Arc::clone(best.route) })
                .collect()
        }
        Some(AddPathSend::All) => rib.eligible(key.family, net).filter_map(|path| candidate(&path)).collect(),
        Some(AddPathSend::Best(most)) => {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            rib.ranked(key.family, net, most).iter().filter_map(candidate).collect()
        }
    };
    candidates.sort_unstable_by_key(|candidate| candidate.path_id);
    candidates
}

/// Makes offers to one group, and remembers for the length of a batch what a route becomes.
#[derive(Debug)]
pub(super) struct Clerk<'a> {
    key: &'a Key,
    names: &'a Names,
    /// By identity of the route, and its source.
    known: HashMap<(*const Route, SourceId), Known>,
}

/// What became of a route that policy left untouched.
#[derive(Debug)]
struct Known {
    /// Keeps the route, lest its place in memory become another's.
    _of: Arc<Route>,
    /// As it is said, where it can be.
    said: Option<Arc<Route>>,
}

impl<'a> Clerk<'a> {
    /// A clerk for the group of `key`.
    pub(super) fn new(key: &'a Key, names: &'a Names) -> Self {
        Self { key, names, known: HashMap::new() }
    }

    /// What the group is to be told of a prefix, in the order of path identifiers.
    pub(super) fn offer(&mut self, net: NetId, prefix: IpNet, rib: &mut Rib) -> Vec<Said> {
        candidates(self.key, net, rib)
            .into_iter()
            .filter_map(|candidate| self.consider(prefix, candidate, rib))
            .collect()
    }

    fn consider(&mut self, prefix: IpNet, candidate: Candidate, rib: &mut Rib) -> Option<Said> {
        let source = *rib.source(candidate.source)?;
        let entitled = entitlement(self.key, self.names, prefix, &source, &candidate.route).ok()?;
        let route = if entitled.is_untouched() {
            let place = (Arc::as_ptr(&candidate.route), candidate.source);
            let known = self.known.entry(place).or_insert_with(|| {
                let said = said_as(self.key, &source, &entitled).ok();
                Known { _of: Arc::clone(&candidate.route), said: said.map(|route| rib.intern(route)) }
            });
            known.said.clone()?
        } else {
            rib.intern(said_as(self.key, &source, &entitled).ok()?)
        };
        Some(Said {
            path_id: candidate.path_id,
            source: candidate.source,
            audience: Audience::of(&source),
            route,
        })
    }
}

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
            true => gates(key, names, prefix, source, &candidate.route),
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
            vec![policy, said_as(key, source, &entitled).err().unwrap_or(Gate::Sent)]
        }
    }
}

/// The route as it is said, if it can be.
fn said_as(key: &Key, source: &Source, entitled: &Entitled<'_>) -> Result<Route, Gate> {
    let route = rewrite(key, source, entitled)?;
    if fits(key, &route) { Ok(route) } else { Err(Gate::TooLong) }
}

/// Whether a message has room for the attributes and any one prefix.
fn fits(key: &Key, route: &Route) -> bool {
    let Forwarding::Via(next_hop) = route.forwarding else { return false };
    wire::fits(key.family, &next_hop, &route.attributes, &key.dialect)
}

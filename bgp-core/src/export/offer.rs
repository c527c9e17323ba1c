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
use crate::rib::{Forwarding, Interned, NetId, PathView, Rib, Route, Seeded, Source, SourceId};
use crate::speaker::PeerId;
use crate::wire::{self, PathId};

/// A path that the decision process put forward.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) path_id: PathId,
    pub(super) source: SourceId,
    pub(super) route: Arc<Interned>,
}

/// The paths put forward for a group: the best one, or those that additional paths send.
pub(super) fn candidates(key: &Key, net: NetId, rib: &Rib) -> Vec<Candidate> {
    let candidate = |path: &PathView<'_>| {
        let route = Arc::clone(path.accepted.ok()?);
        Some(Candidate { path_id: path.slot.send_id(), source: path.source, route })
    };
    let mut candidates: Vec<Candidate> = match key.add_path {
        None => best(key, net, rib).into_iter().collect(),
        Some(AddPathSend::All) => rib.eligible(key.family, net).filter_map(|path| candidate(&path)).collect(),
        Some(AddPathSend::Best(most)) => {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            rib.ranked(key.family, net, most).iter().filter_map(candidate).collect()
        }
    };
    candidates.sort_unstable_by_key(|candidate| candidate.path_id);
    candidates
}

fn best(key: &Key, net: NetId, rib: &Rib) -> Option<Candidate> {
    let best = rib.best(key.family, net)?;
    Some(Candidate { path_id: PathId::default(), source: best.source, route: Arc::clone(best.route) })
}

/// Makes offers to one group, and remembers for the length of a batch what a route becomes.
#[derive(Debug)]
pub(super) struct Clerk<'a> {
    key: &'a Key,
    names: &'a Names,
    /// By identity of the route, and its source.
    known: HashMap<(*const Interned, SourceId), Known, Seeded>,
}

/// What became of a route that policy left untouched.
#[derive(Debug)]
struct Known {
    /// Keeps the route, lest its place in memory become another's.
    _of: Arc<Interned>,
    /// As it is said, where it can be.
    said: Option<Arc<Interned>>,
}

impl<'a> Clerk<'a> {
    /// A clerk for the group of `key`.
    pub(super) fn new(key: &'a Key, names: &'a Names) -> Self {
        // Places in memory are no peer's choice, so the seed need not be secret.
        Self { key, names, known: HashMap::with_hasher(Seeded::new(0)) }
    }

    /// Adds what the group is to be told of a prefix, in the order of path identifiers.
    pub(super) fn offer(&mut self, net: NetId, prefix: IpNet, rib: &mut Rib, said: &mut Vec<Said>) {
        match self.key.add_path {
            None => said.extend(best(self.key, net, rib).and_then(|best| self.consider(prefix, &best, rib))),
            Some(_) => {
                let all = candidates(self.key, net, rib);
                said.extend(all.iter().filter_map(|candidate| self.consider(prefix, candidate, rib)));
            }
        }
    }

    fn consider(&mut self, prefix: IpNet, candidate: &Candidate, rib: &mut Rib) -> Option<Said> {
        let source = *rib.source(candidate.source)?;
        let route = self.entitled(prefix, candidate, &source, rib)?;
        let Candidate { path_id, source: from, .. } = *candidate;
        Some(Said { path_id, source: from, audience: Audience::of(&source), route })
    }

    /// The route as it is said, where the group may have it and it can be said.
    fn entitled(
        &mut self,
        prefix: IpNet,
        candidate: &Candidate,
        source: &Source,
        rib: &mut Rib,
    ) -> Option<Arc<Interned>> {
        let place = (Arc::as_ptr(&candidate.route), candidate.source);
        let known = self.known.get(&place);
        if let Some(known) = known.filter(|_| self.key.export.as_deref().is_none()) {
            // Without a policy nothing asks for the prefix.
            return known.said.clone();
        }
        let route = candidate.route.route();
        let entitled = entitlement(self.key, self.names, prefix, source, &route).ok()?;
        if !entitled.is_untouched() {
            return Some(rib.intern(&said_as(self.key, source, &entitled).ok()?));
        }
        if let Some(known) = known {
            return known.said.clone();
        }
        let said = said_as(self.key, source, &entitled).ok().map(|route| rib.intern(&route));
        self.known.insert(place, Known { _of: Arc::clone(&candidate.route), said: said.clone() });
        said
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
            true => gates(key, names, prefix, source, &candidate.route.route()),
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

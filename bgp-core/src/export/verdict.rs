//! Verdicts: why a prefix is said to a peer, or not. Asks the code that decides for the wire.

use ipnet::IpNet;

use crate::export::Advertised;
use crate::export::audience::{Audience, Gate};
use crate::export::entitlement::{Entitled, Names, Refusal, entitlement};
use crate::export::key::Key;
use crate::export::offer::{Candidate, candidates};
use crate::export::rewrite::rewrite;
use crate::export::sent::Sent;
use crate::policy::{Decided, Step};
use crate::rib::{NetId, PathView, Rib, Route, Source, SourceId};
use crate::speaker::PeerId;
use crate::wire::PathId;

/// A path on its way to a peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    /// Who said it.
    pub source: SourceId,
    /// The path identifier to send; 0 for the path of a session that has none.
    pub path_id: PathId,
    /// The gates it met, in order, up to the one that decided.
    pub gates: Vec<Gate>,
    /// The rules of export policy that were tried.
    pub tried: Vec<Step>,
    /// As what it may be said, where it may.
    sent: Option<Sent>,
}

impl Passage {
    fn stopped(source: SourceId, path_id: PathId, gate: Gate) -> Self {
        Self { source, path_id, gates: vec![gate], tried: Vec::new(), sent: None }
    }

    fn is_of(&self, told: &Advertised) -> bool {
        self.path_id == told.path_id && self.source == told.source
    }

    /// Compares what may be said with what was `told`: the way from one to the other is not over. By octets, as export
    /// does: what may be said under the same name by now can be something else.
    fn compare(&mut self, key: &Key, told: Option<&Advertised>, held_back: bool) {
        match (&self.sent, told) {
            (Some(sent), told) if told.and_then(|told| Sent::of(key, &told.route)).as_ref() != Some(sent) => {
                self.gates.pop();
                self.gates.push(if held_back { Gate::HeldBack } else { Gate::Unsent });
            }
            (None, Some(_)) => self.gates.push(Gate::Withdrawing),
            (Some(_), _) | (None, None) => {}
        }
    }

    /// The session has not taken all that was said to it, which this may be among.
    pub(super) fn queue(&mut self) {
        if let Some(gate @ Gate::Sent) = self.gates.last_mut() {
            *gate = Gate::Queued;
        }
    }
}

/// For each path that could be chosen or that `told` has, the gates it meets on its way to `peer`; `held_back` where
/// nobody is told anything yet.
pub(super) fn verdict(
    key: &Key,
    names: &Names,
    peer: PeerId,
    (net, prefix): (NetId, IpNet),
    told: &[Advertised],
    held_back: bool,
    rib: &Rib,
) -> Vec<Passage> {
    let chosen = candidates(key, net, rib);
    let heard = chosen.iter().filter_map(|candidate| {
        let &Candidate { source: id, path_id, route } = candidate;
        let source = rib.source(id)?;
        if !Audience::of(source).admits(peer) {
            return Some(Passage::stopped(id, path_id, Gate::SplitHorizon));
        }
        let mut tried = Vec::new();
        let (gates, sent) = gates(key, names, prefix, source, &rib.route(route).route(), &mut tried);
        Some(Passage { source: id, path_id, gates, tried, sent })
    });
    let is_chosen = |path: &PathView<'_>| {
        let same = |candidate: &Candidate| match key.add_path {
            Some(_) => candidate.path_id == path.slot.send_id(),
            None => path.best,
        };
        chosen.iter().any(same)
    };
    let others = rib.paths(key.family, net).filter(|path| path.accepted.is_ok() && !is_chosen(path));
    let passed_over = others.map(|path| {
        let path_id = key.add_path.map_or_else(PathId::default, |_| path.slot.send_id());
        Passage::stopped(path.source, path_id, passed_over(key, &path, rib))
    });
    let mut passages: Vec<Passage> = heard.chain(passed_over).collect();
    // What was told was told of one of them.
    let mut told: Vec<&Advertised> = told.iter().collect();
    for passage in &mut passages {
        let of_it = told.iter().position(|told| passage.is_of(told)).map(|place| told.remove(place));
        passage.compare(key, of_it, held_back);
    }
    let gone = told.iter().map(|told| Passage::stopped(told.source, told.path_id, Gate::Withdrawing));
    passages.extend(gone);
    passages
}

/// Why the decision process did not put a path forward.
fn passed_over(key: &Key, path: &PathView<'_>, rib: &Rib) -> Gate {
    let is_reached = path.accepted.is_ok_and(|route| rib.cost(route).is_some());
    match key.add_path {
        _ if !is_reached => Gate::Unreachable,
        Some(offer) => Gate::NotOffered(offer),
        None => Gate::NotBest,
    }
}

/// The gates that a candidate meets on its way to a group, up to the one that decides, and as what it is said.
fn gates(
    key: &Key,
    names: &Names,
    prefix: IpNet,
    source: &Source,
    route: &Route,
    tried: &mut Vec<Step>,
) -> (Vec<Gate>, Option<Sent>) {
    match entitlement(key, names, prefix, source, route, tried) {
        Err(Refusal::Rule(gate)) => (vec![gate], None),
        Err(Refusal::Policy(Decided::Unconfigured)) => (vec![Gate::NoPolicy], None),
        Err(Refusal::Policy(by)) => (vec![Gate::Policy { accepted: false, by }], None),
        Ok(entitled) => {
            let policy = Gate::Policy { accepted: true, by: entitled.by };
            match said_as(key, source, entitled) {
                Ok(sent) => (vec![policy, Gate::Sent], Some(sent)),
                Err(gate) => (vec![policy, gate], None),
            }
        }
    }
}

/// The route as it is said, if it can be.
fn said_as(key: &Key, source: &Source, entitled: Entitled<'_>) -> Result<Sent, Gate> {
    let route = rewrite(key, source, entitled)?;
    Sent::of(key, &route).ok_or(Gate::TooLong)
}

//! Offers: the paths that the decision process puts forward for a group.

use crate::export::key::Key;
use crate::peer::AddPathSend;
use crate::rib::{NetId, PathView, Rib, RouteId, SourceId};
use crate::wire::PathId;

/// A path that the decision process put forward.
#[derive(Clone, Copy, Debug)]
pub(super) struct Candidate {
    pub(super) path_id: PathId,
    pub(super) source: SourceId,
    pub(super) route: RouteId,
}

/// The paths put forward for a group: the best one, or those that additional paths send.
pub(super) fn candidates(key: &Key, net: NetId, rib: &Rib) -> Vec<Candidate> {
    let candidate = |path: &PathView<'_>| {
        let route = path.accepted.ok()?.id();
        Some(Candidate { path_id: path.slot.send_id(), source: path.source, route })
    };
    let mut candidates: Vec<Candidate> = match key.add_path {
        None => best(key, net, rib).into_iter().collect(),
        Some(AddPathSend::All) => rib.eligible(key.family, net).filter_map(|path| candidate(&path)).collect(),
        Some(AddPathSend::Ecmp) => rib.equals(key.family, net).iter().filter_map(candidate).collect(),
        Some(AddPathSend::Best(most)) => {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            rib.ranked(key.family, net, most).iter().filter_map(candidate).collect()
        }
    };
    candidates.sort_unstable_by_key(|candidate| candidate.path_id);
    candidates
}

/// The best path, if there is one.
pub(super) fn best(key: &Key, net: NetId, rib: &Rib) -> Option<Candidate> {
    let (source, route) = rib.chosen(key.family, net)?;
    Some(Candidate { path_id: PathId::default(), source, route })
}

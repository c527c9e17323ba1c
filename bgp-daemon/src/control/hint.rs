//! Hints: what else somebody who asks why a prefix is where it is may want to ask. They come from counts that are kept
//! anyway: no table is walked for them.

use std::collections::BTreeSet;

use crate::quantity::quantity;
use bgp_core::Family;
use bgp_core::speaker::{Concern, Explanation, PathSource, PeerView, RouteCounts, Speaker, View};

/// What else to ask `program` after this explanation.
pub(super) fn all(
    speaker: &Speaker,
    explanation: &Explanation,
    concern: Concern,
    program: &str,
) -> Vec<String> {
    let view = speaker.view();
    let family = Family::of(&explanation.prefix);
    let refused = explanation.candidates.iter().filter(|candidate| candidate.refused);
    let tellers: BTreeSet<&str> = refused
        .filter_map(|candidate| match &candidate.source {
            PathSource::Peer(name) => Some(&**name),
            PathSource::Local(_) => None,
        })
        .collect();
    let tellers = tellers.into_iter().filter_map(|name| view.peer(speaker.peer_id(name)?));
    let mut hints: Vec<String> = tellers.filter_map(|peer| others_refused(&peer, family, program)).collect();
    hints.extend(told_at_all(&view, explanation, concern, program));
    if explanation.candidates.is_empty() {
        let prefix = explanation.prefix;
        hints.push(format!("what is known inside of it: `{program} routes {prefix} --longer`"));
    }
    hints
}

/// What else of a peer is refused.
fn others_refused(peer: &PeerView, family: Family, program: &str) -> Option<String> {
    let RouteCounts { received, accepted, .. } = counts(peer, family);
    let others = received.saturating_sub(accepted).checked_sub(1).filter(|others| *others > 0)?;
    let name = &peer.name;
    let paths = quantity(others, &format!("more {family} path"), &format!("more {family} paths"));
    Some(format!("{paths} of {name} refused: `{program} routes --in {name} --rejected`"))
}

/// What the peer that was asked about is told, where it is not told this.
fn told_at_all(
    view: &View<'_>,
    explanation: &Explanation,
    concern: Concern,
    program: &str,
) -> Option<String> {
    let Concern::Export(id) = concern else { return None };
    let mut exports = explanation.steps.iter().filter(|step| step.stage == "export").peekable();
    exports.peek()?;
    if exports.any(|step| step.passed) {
        return None;
    }
    let peer = view.peer(id)?;
    let (name, family) = (&peer.name, Family::of(&explanation.prefix));
    if peer.state != "Established" {
        return Some(format!("why {name} has no session: `{program} explain peer {name}`"));
    }
    let told = match counts(&peer, family).advertised {
        0 => return Some(format!("{name} is told nothing of {family} at all: `{program} peer {name}`")),
        some => quantity(some, "path", "paths"),
    };
    Some(format!("{name} is told {told} of {family}: `{program} routes --out {name}`"))
}

fn counts(peer: &PeerView, family: Family) -> RouteCounts {
    let found = peer.routes.iter().find(|(known, _)| *known == family);
    found.map_or_else(RouteCounts::default, |(_, counts)| *counts)
}

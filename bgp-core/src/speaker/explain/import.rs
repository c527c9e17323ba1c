//! What import made of a candidate, and why a peer has none.

use ipnet::IpNet;

use crate::Family;
use crate::peer::AfterLimit;
use crate::policy::{Account, Policy};
use crate::rib::{Explanation as Outcomes, Ineligible, PathView, Route};
use crate::speaker::{Concern, ExplainStep, PeerId, View};

use crate::speaker::import::Recounted;
use crate::speaker::neighbour::Neighbour;

use std::sync::Arc;

impl View<'_> {
    /// What import made of one candidate, with the rules that were tried.
    pub(super) fn import_step(&self, prefix: IpNet, outcome: &Outcomes<'_>) -> Option<ExplainStep> {
        let neighbour = self.speaker.roster.get(self.peer_of(outcome.path.source)?)?;
        let path = &outcome.path;
        let (reason, tried) = match neighbour.importer(self.speaker.config.asn, &self.speaker.clusters) {
            None => (earlier(path.accepted.err()), Vec::new()),
            Some(importer) => {
                let recounted = importer.recount(prefix, &path.received.route());
                account(neighbour.config().import.as_deref().unwrap_or_default(), path, &recounted)
            }
        };
        let step = ExplainStep::new("import", self.origin_of(path.source), path.accepted.is_ok(), reason);
        Some(ExplainStep { tried, ..step })
    }

    /// Why there is nothing from those whom it concerns, as far as that is known: what was refused is kept, so what
    /// is not there was never announced, or dropped before import.
    pub(super) fn missing_steps(&self, family: Family, concern: Concern) -> Vec<ExplainStep> {
        let step = |neighbour: &Neighbour, reason| {
            ExplainStep::new("import", neighbour.name().to_string(), false, reason)
        };
        match concern {
            Concern::Import(Some(id)) => {
                let neighbour = self.speaker.roster.get(id);
                neighbour.map(|it| step(it, self.missing(it, family))).into_iter().collect()
            }
            Concern::Everything | Concern::Export(_) | Concern::Import(None) | Concern::Kernel => {
                let limited = self.speaker.roster.iter().filter(|neighbour| drops(neighbour, family));
                limited.map(|neighbour| step(neighbour, beyond_limit(neighbour))).collect()
            }
        }
    }

    fn missing(&self, neighbour: &Neighbour, family: Family) -> String {
        match &neighbour.live {
            None => down(neighbour),
            Some(live) if !live.negotiated.families().contains(&family) => unheard(neighbour, family),
            Some(_) if drops(neighbour, family) => beyond_limit(neighbour),
            Some(live) if live.negotiated.restart.is_some() && !live.complete.contains(&family) => {
                "not announced so far, and the peer is not done: its End-of-RIB has not come".to_owned()
            }
            Some(_) => {
                "not announced, or withdrawn; a malformed announcement counts as that (RFC 7606) and is \
                        in the log as update.fault"
                    .to_owned()
            }
        }
    }

    /// The state of a peer that has no session.
    pub(super) fn is_down(&self, id: PeerId) -> Option<String> {
        let neighbour = self.speaker.roster.get(id).filter(|neighbour| neighbour.live.is_none())?;
        Some(down(neighbour))
    }
}

/// The state of a peer that has no session, and what failed last.
fn down(neighbour: &Neighbour) -> String {
    let status = neighbour.peer.status();
    let failed = status.last_error.map(|error| format!(", {error}")).unwrap_or_default();
    format!("no session: it is {}{failed}", status.state.as_str())
}

/// What holds of a path whose session went.
fn earlier(kept: Option<Ineligible>) -> String {
    match kept {
        None => "accepted while the session was up".to_owned(),
        Some(reason) => format!("{reason}, while the session was up"),
    }
}

/// Why a session does not carry a family.
pub(super) fn unheard(neighbour: &Neighbour, family: Family) -> String {
    match neighbour.config().families.contains(&family) {
        true => format!("the peer did not offer {family} in its OPEN"),
        false => format!("{family} is not among the families configured for this peer"),
    }
}

/// Whether a peer has announced more than it may, and the rest is dropped.
fn drops(neighbour: &Neighbour, family: Family) -> bool {
    let passed = neighbour.live.as_ref().is_some_and(|live| live.over_limit.contains(&family));
    let limits = neighbour.config().max_prefixes.as_ref();
    let limit = limits.and_then(|limits| limits.of(family));
    passed && limit.is_some_and(|(_, action)| matches!(action, AfterLimit::Drop))
}

fn beyond_limit(neighbour: &Neighbour) -> String {
    format!(
        "the peer has announced more than max_prefixes, and what came after is not kept: raise it, then \
         `caracal peer {} refresh-in`",
        neighbour.name()
    )
}

/// What import says of a route now, and the rules that were tried. Where that is not what was decided and kept, the
/// path waits for its turn after a change of policy, and what holds until then comes first.
fn account(policies: &[Arc<Policy>], path: &PathView<'_>, recounted: &Recounted) -> (String, Vec<String>) {
    let received = path.received.route();
    let Account { decided, tried } = match recounted.by {
        Some(by) => Account::of(policies, &recounted.tried, by),
        None => Account { decided: "a rule of the protocol".to_owned(), tried: Vec::new() },
    };
    let said = match &recounted.outcome {
        Ok(route) => format!("accepted by {decided}{}", changes(&received, route)),
        Err(reason) => format!("{reason}: {decided}"),
    };
    if is_kept(path, &recounted.outcome) {
        return (said, tried);
    }
    let kept = match path.accepted {
        Ok(route) => format!("accepted{}", changes(&received, &route.route())),
        Err(reason) => reason.to_string(),
    };
    (format!("{kept}, before policy changed; about to be judged anew: {said}"), tried)
}

/// Whether import would decide again what it has decided. What it says of a stale path is not all that was made of it:
/// one that lives on for long is marked ([RFC 9494 §4.2](https://www.rfc-editor.org/rfc/rfc9494#section-4.2)).
fn is_kept(path: &PathView<'_>, outcome: &Result<Route, Ineligible>) -> bool {
    match (path.accepted, outcome) {
        (Ok(kept), Ok(now)) => path.stale || kept.route() == *now,
        (Err(kept), Err(now)) => kept == *now,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

/// What differs between a route as received and as import left it, in words.
fn changes(received: &Route, accepted: &Route) -> String {
    let (old, new) = (&received.attributes, &accepted.attributes);
    let parts = [
        ("origin", old.origin == new.origin),
        ("as_path", old.as_path == new.as_path),
        ("next_hop", received.forwarding == accepted.forwarding),
        ("local_preference", old.local_preference == new.local_preference),
        ("med", old.med == new.med),
        ("communities", old.communities == new.communities),
        ("extended_communities", old.extended_communities == new.extended_communities),
        ("large_communities", old.large_communities == new.large_communities),
        ("otc", old.otc == new.otc),
        ("kernel", received.kernel == accepted.kernel),
    ];
    let changed: Vec<&str> = parts.into_iter().filter(|(_, same)| !same).map(|(name, _)| name).collect();
    if changed.is_empty() { String::new() } else { format!("; changed: {}", changed.join(", ")) }
}

//! Why a prefix is where it is: the production code asked again, with its decisions written down.

mod export;
mod import;
mod kernel;

use std::sync::Arc;

use ipnet::IpNet;

use crate::Family;
use crate::rib::{Explanation as Outcomes, LocalSource, NetId, Outcome, Source, SourceId, Way};
use crate::speaker::{Concern, ExplainStep, Explanation, PathSource, PeerId, View};

impl View<'_> {
    /// Explains a prefix: where each candidate comes from, then what each stage made of it. `None` where nothing in
    /// the tables covers it and nothing is known of why.
    #[must_use]
    pub fn explain(&self, prefix: IpNet, concern: Concern) -> Option<Explanation> {
        let family = Family::of(&prefix);
        let table = self.speaker.rib.table(family)?;
        // What is still told of a prefix has an explanation, even where its last path has just gone.
        let exact = table.lookup(&prefix).map(|net| (net, prefix));
        let Some((net, prefix)) = exact.or_else(|| table.covering(&prefix).last()) else {
            let steps = self.missing_steps(family, concern);
            return (!steps.is_empty()).then(|| Explanation { prefix, candidates: Vec::new(), steps });
        };
        let mut outcomes = self.speaker.rib.explain(family, net);
        if let Concern::Import(Some(peer)) = concern {
            outcomes.retain(|outcome| self.peer_of(outcome.path.source) == Some(peer));
        }
        let steps = self.steps(family, net, prefix, &outcomes, concern);
        let candidates = outcomes.iter().map(|outcome| self.route(prefix, outcome)).collect();
        Some(Explanation { prefix, candidates, steps })
    }

    fn steps(
        &self,
        family: Family,
        net: NetId,
        prefix: IpNet,
        outcomes: &[Outcomes<'_>],
        concern: Concern,
    ) -> Vec<ExplainStep> {
        let mut steps: Vec<ExplainStep> = outcomes.iter().map(|outcome| self.origin_step(outcome)).collect();
        steps.extend(outcomes.iter().filter_map(|outcome| self.import_step(prefix, outcome)));
        if outcomes.is_empty() {
            steps.extend(self.missing_steps(family, concern));
        }
        steps.extend(outcomes.iter().map(|outcome| self.decision_step(outcome)));
        steps.extend(outcomes.iter().filter_map(|outcome| self.next_hop_step(outcome)));
        match concern {
            Concern::Everything => self.export_steps(family, net, None, &mut steps),
            Concern::Export(peer) => self.export_steps(family, net, Some(peer), &mut steps),
            Concern::Import(_) | Concern::Kernel => {}
        }
        if matches!(concern, Concern::Everything | Concern::Kernel) {
            steps.extend(self.kernel_step(family, net, prefix));
        }
        steps
    }

    fn origin_of(&self, source: SourceId) -> String {
        match self.name(source) {
            PathSource::Peer(name) => name.to_string(),
            PathSource::Local(local) => local.to_string(),
        }
    }

    fn peer_of(&self, source: SourceId) -> Option<PeerId> {
        Some(self.speaker.rib.source(source)?.peer()?.peer)
    }

    /// Where a candidate came from.
    fn origin_step(&self, outcome: &Outcomes<'_>) -> ExplainStep {
        let path = &outcome.path;
        let over = path.received.route().interface.map(|name| format!(" of {name}")).unwrap_or_default();
        let mut reason = match self.speaker.rib.source(path.source) {
            Some(Source::Bgp(peer)) => format!("announced by {}, AS {}", peer.address, peer.asn.0),
            Some(Source::Local(LocalSource::Static)) => "configured: [[originate]]".to_owned(),
            Some(Source::Local(LocalSource::Kernel)) => format!("a route{over} in the kernel's table"),
            Some(Source::Local(LocalSource::Direct)) => format!("a connected prefix{over}"),
            None => "announced by a peer that left".to_owned(),
        };
        if path.path_id.0 != 0 {
            reason = format!("{reason}, path identifier {}", path.path_id.0);
        }
        if path.stale {
            reason = format!("{reason}, kept although its session went");
        }
        ExplainStep::new("origin", self.origin_of(path.source), true, reason)
    }

    fn decision_step(&self, outcome: &Outcomes<'_>) -> ExplainStep {
        let passed = matches!(outcome.outcome, Outcome::Best | Outcome::Multipath(_));
        let reason = match outcome.outcome {
            Outcome::Multipath(step) => format!("shares the traffic with the best, which wins by {step}"),
            Outcome::Beaten(step) => format!("beaten by {step}"),
            Outcome::Best | Outcome::Ineligible(_) | Outcome::Unreachable => outcome.outcome.to_string(),
        };
        ExplainStep::new("decision", self.origin_of(outcome.path.source), passed, reason)
    }

    /// How the next hop of a candidate that may be chosen is reached.
    fn next_hop_step(&self, outcome: &Outcomes<'_>) -> Option<ExplainStep> {
        let route = outcome.path.accepted.ok()?.route();
        let (address, way) = self.speaker.rib.way(&route)?;
        let passed = !matches!(way, Way::Unanswered | Way::None);
        let link = match &way {
            Way::Link(interface) => Some(Arc::clone(interface)),
            Way::Assumed | Way::Unanswered | Way::None | Way::Through(_) => None,
        };
        let reason = match way {
            Way::Assumed => format!("{address} counts as reachable: the kernel's table is not asked"),
            Way::Link(interface) => format!("{address} is on the link of {interface}"),
            Way::Unanswered => format!("{address} has not been looked up yet"),
            Way::None => format!("{address} cannot be reached"),
            Way::Through(reach) => {
                let hops: Vec<String> = reach
                    .hops
                    .iter()
                    .map(|hop| match hop.gateway {
                        Some(gateway) => format!("via {gateway} dev {}", hop.interface),
                        None => format!("on the link of {}", hop.interface),
                    })
                    .collect();
                format!("{address} is reached {}, metric {}", hops.join(", "), reach.metric)
            }
        };
        let step = ExplainStep::new("next hop", self.origin_of(outcome.path.source), passed, reason);
        Some(ExplainStep { next_hop: Some(address), link, ..step })
    }
}

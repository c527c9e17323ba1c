//! Why a prefix is where it is: the production code asked again, with its decisions written down.

use ipnet::IpNet;

use crate::Family;
use crate::export::Gate;
use crate::policy::Verdict;
use crate::rib::{Explanation as Outcomes, Ineligible, NetId, Outcome, Source, SourceId};
use crate::speaker::{ExplainStep, Explanation, PathSource, PeerId, View};

impl View<'_> {
    /// Explains a prefix: every candidate, then what each stage made of it; `None` where nothing in the
    /// tables covers it. With `towards`, export is explained for that peer only.
    #[must_use]
    pub fn explain(&self, prefix: IpNet, towards: Option<PeerId>) -> Option<Explanation> {
        let family = Family::of(&prefix);
        let table = self.speaker.rib.table(family)?;
        // What is still told of a prefix has an explanation, even where its last path has just gone.
        let exact = table.lookup(&prefix).map(|net| (net, prefix));
        let (net, prefix) = exact.or_else(|| table.covering(&prefix).last())?;
        let outcomes = self.speaker.rib.explain(family, net);
        let mut steps = Vec::new();
        for outcome in &outcomes {
            steps.extend(self.import_step(prefix, outcome));
        }
        steps.extend(outcomes.iter().map(|outcome| self.decision_step(outcome)));
        self.export_steps(family, net, towards, &mut steps);
        steps.extend(self.kernel_step(family, net, prefix));
        let candidates = outcomes.iter().map(|outcome| self.route(prefix, outcome)).collect();
        Some(Explanation { prefix, candidates, steps })
    }

    fn subject(&self, outcome: &Outcomes<'_>) -> String {
        self.origin_of(outcome.path.source)
    }

    fn origin_of(&self, source: SourceId) -> String {
        match self.name(source) {
            PathSource::Peer(name) => name.to_string(),
            PathSource::Local(local) => local.to_string(),
        }
    }

    /// What import made of one candidate, with the rule that decided.
    fn import_step(&self, prefix: IpNet, outcome: &Outcomes<'_>) -> Option<ExplainStep> {
        let peer = self.speaker.rib.source(outcome.path.source).and_then(Source::peer)?;
        let neighbour = self.speaker.roster.get(peer.peer)?;
        let policies = neighbour.config().import.as_deref().unwrap_or_default();
        let judged = neighbour.importer(self.speaker.config.asn, &self.speaker.clusters);
        let rule = judged
            .map(|importer| importer.evaluate(prefix, &outcome.path.received.route()).by().explain(policies));
        let refused = outcome.path.accepted.err();
        let reason = match (refused, rule) {
            (None, Some(rule)) => rule,
            (None, None) => "accepted while the session was up".to_owned(),
            (Some(why), Some(rule)) if matches!(why, Ineligible::Policy | Ineligible::NoPolicy) => {
                format!("{why}: {rule}")
            }
            (Some(why), _) => why.to_string(),
        };
        Some(ExplainStep {
            stage: "import",
            subject: self.subject(outcome),
            passed: refused.is_none(),
            reason,
        })
    }

    fn decision_step(&self, outcome: &Outcomes<'_>) -> ExplainStep {
        let passed = matches!(outcome.outcome, Outcome::Best | Outcome::Multipath(_));
        let reason = outcome.outcome.to_string();
        ExplainStep { stage: "decision", subject: self.subject(outcome), passed, reason }
    }

    fn export_steps(
        &self,
        family: Family,
        net: NetId,
        towards: Option<PeerId>,
        steps: &mut Vec<ExplainStep>,
    ) {
        let live = self.speaker.roster.iter().filter(|neighbour| neighbour.live.is_some());
        for neighbour in live.filter(|neighbour| towards.is_none_or(|id| id == neighbour.id)) {
            for (source, _, gates) in
                self.speaker.exporter.verdict(neighbour.id, family, net, &self.speaker.rib)
            {
                let from = self.origin_of(source);
                let words: Vec<String> = gates.iter().map(ToString::to_string).collect();
                steps.push(ExplainStep {
                    stage: "export",
                    subject: format!("{from} to {}", neighbour.config().name),
                    passed: gates.last() == Some(&Gate::Sent),
                    reason: words.join("; "),
                });
            }
        }
    }

    fn kernel_step(&self, family: Family, net: NetId, prefix: IpNet) -> Option<ExplainStep> {
        let fib = self.speaker.fib.as_ref()?;
        let rib = &self.speaker.rib;
        let best = rib.best(family, net)?;
        let route = best.route.route();
        let verdict = fib.evaluate(prefix, best.source, &route, rib);
        let wished = fib.wished(family, net);
        let reason = match (&verdict, &wished) {
            (None, _) => "it came from the kernel and is not written back".to_owned(),
            (Some(Verdict::Reject { by }), _) => by.explain(fib.policies()),
            (Some(Verdict::Accept { by, .. }), Some(route)) => {
                format!("{route} ({})", by.explain(fib.policies()))
            }
            (Some(Verdict::Accept { .. }), None) => "it has no form in the kernel".to_owned(),
        };
        Some(ExplainStep { stage: "kernel", subject: "kernel".to_owned(), passed: wished.is_some(), reason })
    }
}

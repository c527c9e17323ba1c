//! What became of a prefix on its way to peers.

use crate::Family;
use crate::export::{Gate, Passage};
use crate::policy::{Account, Decided};
use crate::rib::NetId;
use crate::speaker::neighbour::Neighbour;
use crate::speaker::{ExplainStep, PeerId, View};

use super::import::unheard;

impl View<'_> {
    /// What `towards`, or everybody, is told of a net, and why.
    pub(super) fn export_steps(
        &self,
        family: Family,
        net: NetId,
        towards: Option<PeerId>,
        steps: &mut Vec<ExplainStep>,
    ) {
        for neighbour in self.speaker.roster.iter().filter(|it| towards.is_none_or(|id| id == it.id)) {
            if let Some(reason) = self.is_deaf(neighbour, family) {
                let step = ExplainStep::new("export", neighbour.name().to_string(), false, reason);
                steps.push(ExplainStep { towards: Some(neighbour.name()), ..step });
                continue;
            }
            let passages = self.speaker.exporter.verdict(neighbour.id, family, net, &self.speaker.rib);
            steps.extend(passages.iter().map(|passage| self.export_step(neighbour, passage)));
        }
    }

    /// Why a peer hears nothing of a family at all.
    fn is_deaf(&self, neighbour: &Neighbour, family: Family) -> Option<String> {
        let hears = self.speaker.exporter.hears(neighbour.id, family);
        self.is_down(neighbour.id).or_else(|| (!hears).then(|| unheard(neighbour, family)))
    }

    fn export_step(&self, neighbour: &Neighbour, passage: &Passage) -> ExplainStep {
        // The group's policies decide like the peer's own, and may be called otherwise.
        let policies = neighbour.config().export.as_deref().unwrap_or_default();
        let account = |by: Decided| Account::of(policies, &passage.tried, by);
        let words = passage.gates.iter().map(|gate| match gate {
            Gate::Policy { accepted: true, by } => account(*by).decided,
            Gate::Policy { accepted: false, by } => format!("rejected: {}", account(*by).decided),
            Gate::HeldBack => self.held_back(),
            gate => gate.to_string(),
        });
        let words: Vec<String> = words.collect();
        let subject = format!("{} to {}", self.origin_of(passage.source), neighbour.name());
        let passed = matches!(passage.gates.last(), Some(Gate::Sent | Gate::Queued));
        let tried = account(Decided::EndOfList).tried;
        let towards = Some(neighbour.name());
        ExplainStep { tried, towards, ..ExplainStep::new("export", subject, passed, words.join("; ")) }
    }

    /// What first decisions wait for.
    pub(super) fn held_back(&self) -> String {
        let awaited = self.beginning().awaited;
        match awaited.is_empty() {
            true => "kept back until first decisions are complete".to_owned(),
            false => format!("kept back until first decisions are complete: {} to come", awaited.join(", ")),
        }
    }
}

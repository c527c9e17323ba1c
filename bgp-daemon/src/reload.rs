//! Putting another configuration in force: only what changed is disturbed, and a file with an error
//! changes nothing.

mod apply;

use std::sync::Arc;
use std::time::SystemTime;

use bgp_core::speaker::{Admin, Input, PeerId, PeerView};
use tracing::{error, info, warn};

use crate::api::{self, Change, Effect, Refusal, RefusalCode, Reloaded};
use crate::change::{effect, origins, plan};
use crate::chronicle::{Fact, Note, Step};
use crate::config::{self, Diagnostic, Digest, Loaded, Settings};
use crate::control::Prospect;
use crate::daemon::Daemon;
use crate::fib;
use crate::transport::SocketTable;

/// What was in force before the last change.
#[derive(Clone, Debug)]
pub(crate) struct Before {
    settings: Settings,
    digest: Digest,
    /// Whether the file was replaced by us, and can be put back.
    replaced: bool,
}

impl Daemon {
    /// Reads the file again and puts it in force, unless that costs more than `limit`.
    pub(crate) async fn reload(&mut self, limit: Option<Effect>) -> Result<Reloaded, Refusal> {
        let outcome = self.try_reload(limit).await;
        self.note(&outcome).await;
        if let Err(refusal) = &outcome {
            self.facts.send_modify(|facts| facts.config_error = Some(refusal.message.clone()));
        }
        outcome
    }

    async fn try_reload(&mut self, limit: Option<Effect>) -> Result<Reloaded, Refusal> {
        self.nothing_on_trial()?;
        let loaded = config::load(&self.path).map_err(|diagnostics| invalid(&diagnostics))?;
        self.change_to(loaded, limit).await
    }

    /// What a draft would change.
    pub(crate) fn diff(&self, draft: &api::Draft) -> Result<Vec<Change>, Refusal> {
        let loaded = self.load(draft)?;
        Ok(plan(&self.settings, &loaded.settings))
    }

    /// What a draft would tell the speaker.
    pub(crate) fn prospect(&self, draft: &api::Draft) -> Result<Prospect, Refusal> {
        let Loaded { mut settings, .. } = self.load(draft)?;
        keep_unchangeable(&self.settings, &mut settings);
        let origins = origins(&self.settings.originate, &settings.originate).into_iter();
        let origin = |input| match input {
            Input::Originate { prefix, route, .. } => Some((prefix, Some(route))),
            Input::Retract { prefix, .. } => Some((prefix, None)),
            _ => None,
        };
        Ok(Prospect { config: settings.core, origins: origins.filter_map(origin).collect() })
    }

    fn load(&self, draft: &api::Draft) -> Result<Loaded, Refusal> {
        let loaded = config::load_draft(draft.file.as_ref(), &draft.text, &self.path);
        let mut loaded = loaded.map_err(|diagnostics| invalid(&diagnostics))?;
        loaded.settings = loaded.settings.forced(&self.program);
        Ok(loaded)
    }

    fn nothing_on_trial(&self) -> Result<(), Refusal> {
        let taken = || Refusal::refused("a change waits for `confirm` or `undo`");
        self.trial.is_none().then_some(()).ok_or_else(taken)
    }

    /// Puts in force what was loaded, and remembers what it takes the place of.
    async fn change_to(&mut self, loaded: Loaded, limit: Option<Effect>) -> Result<Reloaded, Refusal> {
        let Loaded { settings, digest, warnings } = loaded;
        let mut settings = settings.forced(&self.program);
        let changes = plan(&self.settings, &settings);
        within(&changes, limit)?;
        let mut warnings: Vec<String> = warnings.iter().map(ToString::to_string).collect();
        warnings.extend(unchangeable(&changes));
        keep_unchangeable(&self.settings, &mut settings);
        let (old, was) = (self.settings.clone(), self.digest.clone());
        let mut reloaded = self.put_in_force(settings, digest).await?;
        self.before = Some(Before { settings: old, digest: was, replaced: false });
        reloaded.warnings = warnings;
        Ok(reloaded)
    }

    /// Puts settings in force that differ in nothing that a running daemon cannot change.
    async fn put_in_force(&mut self, settings: Settings, digest: Digest) -> Result<Reloaded, Refusal> {
        self.listeners
            .bind(&settings.listen.socket_addresses())
            .map_err(|error| Refusal::refused(error.to_string()))?;
        let old = std::mem::replace(&mut self.settings, settings);
        self.digest = digest;
        self.tell_everybody(&old).await?;
        let listening = self.listeners.addresses().map(|address| address.to_string()).collect();
        let digest = self.digest.to_string();
        let origins = self.settings.origins();
        self.facts.send_modify(|facts| {
            facts.generation += 1;
            facts.configured = SystemTime::now();
            facts.config_error = None;
            facts.digest.clone_from(&digest);
            facts.listening = listening;
            facts.origins = origins;
        });
        let generation = self.facts.borrow().generation;
        Ok(Reloaded { generation, digest, ..Reloaded::default() })
    }

    /// Logs what came of it, and has it remembered. What is wrong with a file is not: its lines may hold anything.
    async fn note(&self, outcome: &Result<Reloaded, Refusal>) {
        match outcome {
            Ok(reloaded) => {
                for warning in &reloaded.warnings {
                    warn!(event = "config.warning", reason = warning);
                }
                info!(event = "config.reloaded", generation = reloaded.generation, digest = reloaded.digest);
                self.remember(Step::Applied, String::new()).await;
            }
            Err(refusal) => {
                error!(event = "config.rejected", reason = %refusal, "the configuration in force stays");
                let reason = match refusal.code {
                    RefusalCode::Config => "it is not valid".to_owned(),
                    _ => refusal.message.clone(),
                };
                self.remember(Step::Rejected, reason).await;
            }
        }
    }

    /// Has something about the configuration remembered.
    async fn remember(&self, step: Step, reason: String) {
        let generation = self.facts.borrow().generation;
        self.inbox.note(Note::new(Fact::Config { step, generation }, reason)).await;
    }

    async fn tell_everybody(&mut self, old: &Settings) -> Result<(), Refusal> {
        let before = SocketTable::new(old.sockets.clone());
        let after = Arc::new(SocketTable::new(self.settings.sockets.clone()));
        self.listeners.replace(Arc::clone(&after));
        for input in origins(&old.originate, &self.settings.originate) {
            self.inbox.tell(input).await;
        }
        self.inbox.tell(Input::Reconfigure(Box::new(self.settings.core.clone()))).await;
        let reset =
            self.inbox.ask(move |speaker, _| stranded(&speaker.view().peers(), &before, &after)).await;
        for peer in reset.map_err(|stopped| Refusal::refused(stopped.to_string()))? {
            self.inbox.tell(Input::Admin { peer, action: Admin::Reset }).await;
        }
        if let (Some(kernel), Some(config)) = (&self.kernel, fib::config(&self.settings)) {
            kernel.reconfigure(config).await.map_err(|error| Refusal::refused(error.to_string()))?;
        }
        if old.log.level != self.settings.log.level {
            let level = self.settings.log.level.as_str();
            self.log.set(level).map_err(|error| Refusal::refused(error.to_string()))?;
        }
        Ok(())
    }
}

fn invalid(diagnostics: &[Diagnostic]) -> Refusal {
    Refusal { code: RefusalCode::Config, message: config::render(diagnostics) }
}

/// Refuses what costs more than `limit`, and names what does.
fn within(changes: &[Change], limit: Option<Effect>) -> Result<(), Refusal> {
    let Some(limit) = limit.filter(|limit| effect(changes) > *limit) else { return Ok(()) };
    let too_much = changes.iter().filter(|change| change.effect > limit);
    let words = too_much.map(|change| format!("{} {}: {}", change.what, change.name, change.effect.as_str()));
    let words: Vec<String> = words.collect();
    let message = format!("this needs more than {}: {}", limit.as_str(), words.join(", "));
    Err(Refusal { code: RefusalCode::Effect, message })
}

/// Peers whose socket options changed under their sessions: only a new connection has the new ones.
fn stranded(peers: &[PeerView], before: &SocketTable, after: &SocketTable) -> Vec<PeerId> {
    let options = |peer: &PeerView, table: &SocketTable| table.of(&peer.name, peer.address).cloned();
    let changed = peers.iter().filter(|peer| match (options(peer, before), options(peer, after)) {
        (Some(before), Some(after)) => before != after,
        // It came, or it is going.
        (None, _) | (_, None) => false,
    });
    changed.map(|peer| peer.id).collect()
}

/// What a running daemon cannot change.
fn unchangeable(changes: &[Change]) -> Vec<String> {
    let changed = changes.iter().filter(|change| change.effect == Effect::Restart);
    changed.map(|change| format!("{} changed: a restart is needed for that", change.name)).collect()
}

/// What is in force stays in the settings, so that every reload says what a restart would change.
fn keep_unchangeable(old: &Settings, new: &mut Settings) {
    if new.kernel.enabled != old.kernel.enabled {
        new.kernel.enabled = old.kernel.enabled;
        new.core.kernel_export.clone_from(&old.core.kernel_export);
    }
    new.kernel.table = old.kernel.table;
    new.kernel.protocol = old.kernel.protocol;
    new.kernel.next_hop_objects = old.kernel.next_hop_objects;
    new.core.kernel_sets = old.core.kernel_sets;
    new.control = old.control.clone();
    new.bird = old.bird.clone();
    new.http = old.http;
    new.log.format = old.log.format;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Kernel;

    fn settings(kernel: &str) -> Settings {
        let text = format!("asn = 64512\nrouter_id = \"192.0.2.1\"\n[kernel]\n{kernel}\n");
        let path = std::path::Path::new("test.toml");
        config::load_text(path, &text, &config::ThisHost).expect("a valid text").settings
    }

    #[test]
    fn what_needs_a_restart_stays_in_force_until_there_is_one() {
        let old = settings("metric = 1");
        for (asked, needing) in [
            (settings("enabled = false"), 1),
            (settings("table = 100\nprotocol = 186\nmetric = 2\n[log]\nformat = \"json\""), 3),
            (settings("next_hop_objects = true\n[http]\nlisten = \"127.0.0.1:9470\""), 2),
        ] {
            let mut new = asked.clone();
            keep_unchangeable(&old, &mut new);
            assert!(effect(&plan(&old, &new)) < Effect::Restart, "nothing is left that needs one");
            assert_eq!(
                unchangeable(&plan(&new, &asked)).len(),
                needing,
                "so that the next reload says it again"
            );
        }
    }

    #[test]
    fn what_needs_no_restart_does_not_wait_for_one() {
        let old = settings("metric = 1");
        let mut new = settings("enabled = false\ntable = 100\nmetric = 2");
        keep_unchangeable(&old, &mut new);
        let expected = Settings { kernel: Kernel { metric: 2, ..old.kernel.clone() }, ..old.clone() };
        assert_eq!(new, expected, "and the speaker goes on exporting to the kernel");
    }

    #[test]
    fn what_costs_too_much_is_named() {
        let changes = plan(&settings("metric = 1"), &settings("metric = 2\ntable = 100"));
        assert!(within(&changes, None).is_ok() && within(&changes, Some(Effect::Restart)).is_ok());
        let refusal = within(&changes, Some(Effect::Refresh)).expect_err("a restart is more");
        assert_eq!(refusal.code, RefusalCode::Effect);
        assert!(refusal.message.contains("[kernel] table: restart"), "{refusal}");
        assert!(!refusal.message.contains("metric"), "{refusal}");
    }
}

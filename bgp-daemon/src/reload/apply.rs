//! Another configuration on the way into the place of the file: applied, confirmed, undone.

use std::time::Duration;

use tracing::{error, info, warn};

use super::Before;
use crate::api::{self, Effect, Refusal, Reloaded};
use crate::change::draft::{self, Draft};
use crate::change::trial::{LONGEST, Trial};
use crate::chronicle::Step;
use crate::config;
use crate::daemon::Daemon;

impl Daemon {
    /// Puts a draft in force and in the place of the file; with `confirm`, the latter only once somebody confirms it
    /// within that time, and the former no longer than that.
    pub(crate) async fn apply(
        &mut self,
        draft: &api::Draft,
        confirm: Option<Duration>,
        limit: Option<Effect>,
    ) -> Result<Reloaded, Refusal> {
        let outcome = self.try_apply(draft, confirm, limit).await;
        // Whoever asked hears why not; nothing is wrong with the daemon's own file.
        self.note(&outcome).await;
        outcome
    }

    async fn try_apply(
        &mut self,
        draft: &api::Draft,
        confirm: Option<Duration>,
        limit: Option<Effect>,
    ) -> Result<Reloaded, Refusal> {
        self.nothing_on_trial()?;
        let loaded = self.load(draft)?;
        if confirm.is_some() {
            self.file_is_in_force()?;
        }
        let staged = Draft::write(&self.path, &draft.text).map_err(|error| self.unwritable(&error))?;
        let mut reloaded = match self.change_to(loaded, limit).await {
            Ok(reloaded) => reloaded,
            Err(refusal) => {
                staged.discard();
                return Err(refusal);
            }
        };
        if let Some(limit) = confirm {
            let seconds = self.begin_trial(staged, limit);
            reloaded.unconfirmed = Some(seconds);
            self.remember(Step::Trial, format!("it is undone after {seconds} s unless confirmed")).await;
        } else if let Err(refusal) = self.keep(&staged) {
            // What the file does not say would be gone after the next start.
            staged.discard();
            self.go_back().await?;
            return Err(refusal);
        }
        Ok(reloaded)
    }

    /// Waits for somebody to confirm what is in force now; for how many seconds.
    fn begin_trial(&mut self, staged: Draft, limit: Duration) -> u64 {
        let trial = Trial::begin(staged, limit);
        let seconds = limit.min(LONGEST).as_secs();
        info!(event = "config.trial", seconds);
        self.facts.send_modify(|facts| facts.unconfirmed = Some(trial.until()));
        self.trial = Some(trial);
        seconds
    }

    /// What is on trial stays.
    pub(crate) async fn confirm(&mut self) -> Result<(), Refusal> {
        let Some(trial) = self.trial.take() else {
            return Err(Refusal::not_found("nothing is to be confirmed"));
        };
        if let Err(refusal) = self.keep(&trial.draft) {
            // It may work yet before time is up.
            self.trial = Some(trial);
            return Err(refusal);
        }
        self.facts.send_modify(|facts| {
            facts.unconfirmed = None;
            // All that can have been refused meanwhile is another change.
            facts.config_error = None;
        });
        info!(event = "config.confirmed", generation = self.facts.borrow().generation);
        self.remember(Step::Confirmed, String::new()).await;
        Ok(())
    }

    /// Goes back to what was in force before the last change, and puts back the file that it replaced.
    pub(crate) async fn undo(&mut self) -> Result<Reloaded, Refusal> {
        let replaced = self.before.as_ref().is_some_and(|before| before.replaced);
        let is_ours = replaced && self.file_is_in_force().is_ok();
        let mut reloaded = self.go_back().await?;
        if let Some(trial) = self.trial.take() {
            trial.draft.discard();
        } else if is_ours {
            let restored = draft::restore(&self.path).map_err(|error| self.unwritable(&error).message);
            reloaded.warnings.extend(restored.err());
        } else {
            let file = self.path.display();
            reloaded.warnings.push(match replaced {
                true => format!(
                    "{file} was changed by somebody else and stays: the next reload or start reads it"
                ),
                false => {
                    format!("{file} still says what was undone: the next reload or start brings it back")
                }
            });
        }
        self.facts.send_modify(|facts| facts.unconfirmed = None);
        info!(event = "config.undone", generation = reloaded.generation);
        self.remember(Step::Undone, String::new()).await;
        Ok(reloaded)
    }

    /// Puts in force what was before the last change; where that is refused, there is still what to go back to.
    async fn go_back(&mut self) -> Result<Reloaded, Refusal> {
        let Some(Before { settings, digest, .. }) = self.before.clone() else {
            return Err(Refusal::not_found("there is nothing to undo"));
        };
        let reloaded = self.put_in_force(settings, digest).await?;
        self.before = None;
        Ok(reloaded)
    }

    /// Nobody has confirmed in time.
    pub(crate) async fn expire(&mut self) {
        warn!(event = "config.expired", "the change was not confirmed in time and is undone");
        self.remember(Step::Expired, "it was not confirmed in time".to_owned()).await;
        if let Err(refusal) = self.undo().await {
            error!(event = "config.stuck", reason = %refusal, "it is undone as soon as that is possible");
            if let Some(trial) = &mut self.trial {
                trial.put_off();
            }
        }
    }

    /// A daemon that dies during a trial comes back with its file: that has to be what is in force before it.
    fn file_is_in_force(&self) -> Result<(), Refusal> {
        match config::load(&self.path) {
            Ok(loaded) if loaded.digest == self.digest => Ok(()),
            _ => Err(Refusal::refused(format!(
                "{} is not what is in force, so that nothing would be left to come back to: put it in force with \
                 `reload` first, and keep the change in another file",
                self.path.display()
            ))),
        }
    }

    /// A draft that is in force becomes the file.
    fn keep(&mut self, staged: &Draft) -> Result<(), Refusal> {
        staged.promote().map_err(|error| self.unwritable(&error))?;
        if let Some(before) = &mut self.before {
            before.replaced = true;
        }
        Ok(())
    }

    fn unwritable(&self, error: &std::io::Error) -> Refusal {
        Refusal::refused(format!("cannot replace {}: {error}", self.path.display()))
    }
}

//! Where answers are made: what a client may ask of, and in whose words.

use bgp_core::speaker::Speaker;

use super::command::Which;
use super::protocol::{Code, Complaint};
use super::protocols::Printer;
use super::reply::Failure;
use super::roster::{Census, Roster};
use super::times::Times;
use super::voice::Voice;
use crate::control::Context;
use crate::driver::Stopped;

/// What answers to one client are made from.
#[derive(Clone, Debug)]
pub(super) struct Desk {
    pub(super) context: Context,
    pub(super) voice: Voice,
    /// The client has given up to change anything.
    pub(super) is_restricted: bool,
}

impl Desk {
    /// Looks at the speaker.
    pub(super) async fn look<T, F>(&self, glance: F) -> Result<T, Stopped>
    where
        T: Send + 'static,
        F: FnOnce(&Speaker) -> T + Send + 'static,
    {
        self.context.inbox.ask(|speaker, _| glance(speaker)).await
    }

    /// The protocols as they are now.
    pub(super) async fn roster(&self) -> Result<Roster, Stopped> {
        let census = self.look(|speaker| Census::take(speaker.view())).await?;
        Ok(Roster::new(census, self.context.kernel.is_some(), self.voice))
    }

    /// As many of the protocols as have to be looked at for these.
    pub(super) async fn roster_for(&self, which: &Which) -> Result<Roster, Stopped> {
        let Which::Name(name) = which else { return self.roster().await };
        let name = name.clone();
        let census = self.look(move |speaker| Census::of(&name, speaker.view())).await?;
        Ok(Roster::new(census, self.context.kernel.is_some(), self.voice))
    }

    pub(super) fn times(&self) -> Times {
        Times::new(self.context.inbox.clock(), self.voice.dialect)
    }

    /// What prints protocols.
    pub(super) fn printer(&self) -> Printer {
        let started = self.context.facts.borrow().started;
        Printer { voice: self.voice, times: self.times(), started }
    }

    /// Refuses clients that have given up to change anything.
    pub(super) fn admit(&self) -> Result<(), Failure> {
        if self.is_restricted {
            return Err(Complaint::new(Code::DENIED, "Access denied").into());
        }
        Ok(())
    }
}

//! What may not happen before the first decisions after a start are complete: telling peers, and
//! removing from the kernel what nobody wished for.
//!
//! The RFC's version: wait for End-of-RIB from every peer, or a timer ([RFC 4724 §4.1]).
//! Ours: a deadline per peer. One that is not Established after `first_contact`, or that restarts
//! itself, is not waited for. One that promised no End-of-RIB delays nobody else's news, but it gets
//! `first_contact` to tell its routes before the kernel is swept. Where peers may come from a range,
//! nobody knows which of them a predecessor had, so all have `first_contact` to come back: the first to
//! do so would otherwise hear that there is nothing more to be told, and drop what the others announced.
//!
//! [RFC 4724 §4.1]: https://www.rfc-editor.org/rfc/rfc4724#section-4.1

use crate::Instant;
use crate::speaker::{Config, GracefulRestart};

use super::neighbour::Neighbour;

/// Something that waits for the first decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Milestone {
    /// Peers may be told routes.
    Announce,
    /// The kernel may be swept.
    Sweep,
}

/// Which milestones are behind us.
#[derive(Debug)]
pub(super) struct Settle {
    started: Instant,
    reached: Option<Milestone>,
}

impl Settle {
    pub(super) const fn new(started: Instant) -> Self {
        Self { started, reached: None }
    }

    pub(super) fn has_reached(&self, milestone: Milestone) -> bool {
        self.reached >= Some(milestone)
    }

    /// Looks again; the next milestone, once, when nobody is waited for any more.
    pub(super) fn poll<'a>(
        &mut self,
        peers: impl Iterator<Item = &'a Neighbour>,
        config: &Config,
        now: Instant,
    ) -> Option<Milestone> {
        let next = self.next()?;
        if self.waits_until(peers, config).is_some_and(|until| now < until) {
            return None;
        }
        self.reached = Some(next);
        Some(next)
    }

    /// Until when at the latest the next milestone waits for somebody; `None` when it does not.
    pub(super) fn waits_until<'a>(
        &self,
        peers: impl Iterator<Item = &'a Neighbour>,
        config: &Config,
    ) -> Option<Instant> {
        let (next, times) = (self.next()?, &config.graceful_restart);
        let bound = self.started + times.max_wait;
        let expects_strangers = times.enabled && !config.dynamic_peers.is_empty();
        let strangers = expects_strangers.then(|| self.started + times.first_contact);
        let known = peers.filter_map(|peer| self.waits_for(peer, next, times));
        known.chain(strangers).max().map(|until| until.min(bound))
    }

    const fn next(&self) -> Option<Milestone> {
        match self.reached {
            None => Some(Milestone::Announce),
            Some(Milestone::Announce) => Some(Milestone::Sweep),
            Some(Milestone::Sweep) => None,
        }
    }

    /// Until when one peer is waited for.
    fn waits_for(&self, neighbour: &Neighbour, next: Milestone, times: &GracefulRestart) -> Option<Instant> {
        if !neighbour.config().enabled {
            return None;
        }
        let Some(live) = &neighbour.live else {
            return Some(self.started + times.first_contact);
        };
        if live.negotiated.families().iter().all(|family| live.complete.contains(family)) {
            return None;
        }
        match (&live.negotiated.restart, next) {
            // It waits for others itself: two that wait for each other would wait for nothing.
            (Some(restart), Milestone::Announce) if restart.restarted => None,
            (Some(_), _) => Some(self.started + times.max_wait),
            (None, Milestone::Announce) => None,
            (None, Milestone::Sweep) => Some(live.since + times.first_contact),
        }
    }
}

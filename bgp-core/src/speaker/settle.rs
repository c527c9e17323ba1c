//! What may not happen before the first decisions after a start are complete: telling peers, and
//! removing from the kernel what nobody wished for.
//!
//! The RFC's version: wait for End-of-RIB from every peer, or a timer ([RFC 4724 §4.1]).
//! Ours: a deadline per peer, each family by itself. A peer that is not Established after
//! `first_contact`, or that restarts itself, is not waited for. One that promised no End-of-RIB delays
//! nobody else's news, but it gets `first_contact` to tell its routes before the kernel is swept. Where
//! peers may come from a range, nobody knows which of them a predecessor had, so all have `first_contact`
//! to come back: the first to do so would otherwise hear that there is nothing more to be told, and drop
//! what the others announced. For the same reason every next hop is looked up first: until then it seems
//! unreachable.
//!
//! [RFC 4724 §4.1]: https://www.rfc-editor.org/rfc/rfc4724#section-4.1

use std::collections::BTreeSet;

use crate::speaker::{Config, GracefulRestart};
use crate::{Family, Instant};

use super::neighbour::{Live, Neighbour};

/// Something that waits for the first decisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Milestone {
    /// Peers may be told routes of a family.
    Announce(Family),
    /// The kernel may be swept.
    Sweep,
}

/// Which milestones are behind us.
#[derive(Debug)]
pub(super) struct Settle {
    started: Instant,
    reached: BTreeSet<Milestone>,
}

impl Settle {
    pub(super) const fn new(started: Instant) -> Self {
        Self { started, reached: BTreeSet::new() }
    }

    pub(super) fn has_reached(&self, milestone: Milestone) -> bool {
        self.reached.contains(&milestone)
    }

    /// Whether peers may be told everything.
    pub(super) fn may_announce(&self) -> bool {
        Family::UNICAST.into_iter().all(|family| self.has_reached(Milestone::Announce(family)))
    }

    /// Looks again; a milestone, once, for which nobody is waited any more. `unresolved`: some next hop has
    /// not been looked up yet.
    pub(super) fn poll<'a>(
        &mut self,
        peers: impl Iterator<Item = &'a Neighbour> + Clone,
        config: &Config,
        unresolved: bool,
        now: Instant,
    ) -> Option<Milestone> {
        let until = |next: &Milestone| self.until(*next, peers.clone(), config, unresolved);
        let is_over = |next: &Milestone| until(next).is_none_or(|until| until <= now);
        let reached = self.next().find(is_over)?;
        self.reached.insert(reached);
        Some(reached)
    }

    /// When to look again at the latest; `None` where there is nothing to wait for.
    pub(super) fn waits_until<'a>(
        &self,
        peers: impl Iterator<Item = &'a Neighbour> + Clone,
        config: &Config,
        unresolved: bool,
    ) -> Option<Instant> {
        self.next().filter_map(|next| self.until(next, peers.clone(), config, unresolved)).min()
    }

    /// Until when at the latest a milestone waits for somebody; `None` where it does not.
    fn until<'a>(
        &self,
        next: Milestone,
        peers: impl Iterator<Item = &'a Neighbour>,
        config: &Config,
        unresolved: bool,
    ) -> Option<Instant> {
        let times = &config.graceful_restart;
        let bound = self.started + times.max_wait;
        let expects_strangers = times.enabled && !config.dynamic_peers.is_empty();
        let strangers = expects_strangers.then(|| self.started + times.first_contact);
        let known = peers.filter_map(|peer| self.waits_for(peer, next, times));
        let lookups = unresolved.then_some(bound);
        known.chain(strangers).chain(lookups).max().map(|until| until.min(bound))
    }

    /// What may come next: every family by itself, and the kernel after the last of them.
    fn next(&self) -> impl Iterator<Item = Milestone> {
        let sweep = self.may_announce().then_some(Milestone::Sweep);
        let families = Family::UNICAST.into_iter().map(Milestone::Announce);
        families.chain(sweep).filter(|next| !self.has_reached(*next))
    }

    /// Until when one peer is waited for.
    fn waits_for(&self, neighbour: &Neighbour, next: Milestone, times: &GracefulRestart) -> Option<Instant> {
        let config = neighbour.config();
        if !config.enabled
            || matches!(next, Milestone::Announce(family) if !config.families.contains(&family))
        {
            return None;
        }
        let Some(live) = &neighbour.live else {
            return Some(self.started + times.first_contact);
        };
        if has_told(live, next) {
            return None;
        }
        match (&live.negotiated.restart, next) {
            // It waits for others itself: two that wait for each other would wait for nothing.
            (Some(restart), Milestone::Announce(_)) if restart.restarted => None,
            (Some(_), _) => Some(self.started + times.max_wait),
            (None, Milestone::Announce(_)) => None,
            (None, Milestone::Sweep) => Some(live.since + times.first_contact),
        }
    }
}

/// Whether a peer has told all that a milestone asks for.
fn has_told(live: &Live, next: Milestone) -> bool {
    live.negotiated.families().iter().all(|family| match next {
        Milestone::Announce(asked) if asked != *family => true,
        Milestone::Announce(_) | Milestone::Sweep => live.complete.contains(family),
    })
}

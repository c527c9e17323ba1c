//! What may not happen before the first decisions after a start are complete: telling peers, telling them
//! that there is no more, and removing from the kernel what nobody wished for.
//!
//! The RFC's version: select routes, and then do all of it, after End-of-RIB from every peer that does not
//! restart itself, or after a timer ([RFC 4724 §4.1]).
//! Ours: each family by itself, in two steps, with a deadline per peer. Routes are told once every peer that
//! promised End-of-RIB has sent it. Who is not Established after `first_contact`, whose host refuses the
//! connection, or who restarts itself, is not waited for.
//!
//! That there is *no more* than has been told is another matter: peers drop what our predecessor told, and
//! the kernel is swept. So it waits for everybody who may be about to tell: who restarts as well, who
//! promised no End-of-RIB, who is not there yet, who may come from a range. All of them have `first_contact`.
//! But nobody waits for those whose routes it is not told: two that restart do not wait for each other.
//!
//! Before either, every next hop is looked up: until then it seems unreachable.
//!
//! [RFC 4724 §4.1]: https://www.rfc-editor.org/rfc/rfc4724#section-4.1

use std::collections::BTreeSet;
use std::time::Duration;

use crate::speaker::{Config, PeerId};
use crate::{Family, Instant};

use super::neighbour::Neighbour;
use super::roster::Roster;

/// Something that waits for the first decisions about a family.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Milestone {
    /// Peers may be told its routes, and the kernel too.
    Announce(Family),
    /// Everybody may be told that there are no more; after the last family the kernel may be swept.
    Conclude(Family),
}

impl Milestone {
    const fn family(self) -> Family {
        match self {
            Self::Announce(family) | Self::Conclude(family) => family,
        }
    }
}

/// Which milestones are behind us, and what has to be known for the next.
#[derive(Debug)]
pub(super) struct Settle {
    started: Instant,
    reached: BTreeSet<Milestone>,
    /// Whose host has refused a connection.
    refused: BTreeSet<PeerId>,
}

/// What decides who is waited for.
#[derive(Clone, Copy)]
pub(super) struct Around<'a> {
    pub(super) roster: &'a Roster,
    pub(super) config: &'a Config,
    /// Some next hop has not been looked up yet.
    pub(super) unresolved: bool,
}

/// Somebody who is waited for.
#[derive(Clone, Copy)]
struct Wait<'a> {
    /// Until when at the latest.
    until: Instant,
    /// `None`: nobody knows who it will be.
    whom: Option<&'a Neighbour>,
}

/// How many of a kind are waited for.
#[derive(Clone, Copy, Debug)]
enum Awaited {
    Nobody,
    Only(PeerId),
    Several,
}

/// Who is waited for before a family is complete.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missing {
    all: Awaited,
    /// All but those of whose routes an internal peer that is no client is told nothing.
    reflected: Awaited,
}

impl Settle {
    pub(super) const fn new(started: Instant) -> Self {
        Self { started, reached: BTreeSet::new(), refused: BTreeSet::new() }
    }

    pub(super) fn has_reached(&self, milestone: Milestone) -> bool {
        self.reached.contains(&milestone)
    }

    /// Whether all of it is behind us.
    pub(super) fn is_over(&self) -> bool {
        Family::UNICAST.into_iter().all(|family| self.has_reached(Milestone::Conclude(family)))
    }

    /// The host of a peer is there, and nobody listens for it.
    pub(super) fn refuse(&mut self, id: PeerId) {
        if !self.is_over() {
            self.refused.insert(id);
        }
    }

    /// Looks again; a milestone, once, for which nobody is waited any more.
    pub(super) fn poll(&mut self, around: Around<'_>, now: Instant) -> Option<Milestone> {
        let is_due = |next: &Milestone| self.waits(*next, around).all(|wait| wait.until <= now);
        let reached = self.next().find(is_due)?;
        self.reached.insert(reached);
        Some(reached)
    }

    /// When to look again at the latest; `None` where there is nothing to wait for.
    pub(super) fn waits_until(&self, around: Around<'_>, now: Instant) -> Option<Instant> {
        let until = |next| {
            let mut waits = self.waits(next, around).filter(|wait| wait.until > now).peekable();
            match waits.peek() {
                // Nobody is spared before, so that a thousand clients from a range need not be looked at.
                Some(Wait { until, whom: None }) => Some(*until),
                Some(_) | None => waits.map(|wait| wait.until).min(),
            }
        };
        self.next().filter_map(until).min()
    }

    /// Who is still waited for before a family is complete.
    pub(super) fn missing(&self, family: Family, around: Around<'_>, now: Instant) -> Missing {
        let mut missing = Missing { all: Awaited::Nobody, reflected: Awaited::Nobody };
        for wait in self.waits(Milestone::Conclude(family), around).filter(|wait| wait.until > now) {
            missing.add(wait.whom);
            if missing.spares_nobody() {
                break;
            }
        }
        missing
    }

    /// Whether the routes of every family may be told.
    pub(super) fn has_announced(&self) -> bool {
        Family::UNICAST.into_iter().all(|family| self.has_reached(Milestone::Announce(family)))
    }

    /// Who is still waited for before anything, each once.
    pub(super) fn awaited(&self, around: Around<'_>, now: Instant) -> BTreeSet<PeerId> {
        let waits = self.next().flat_map(|next| self.waits(next, around)).filter(|wait| wait.until > now);
        waits.filter_map(|wait| wait.whom).map(|neighbour| neighbour.id).collect()
    }

    /// What comes next of each family.
    fn next(&self) -> impl Iterator<Item = Milestone> {
        Family::UNICAST.into_iter().filter_map(|family| {
            let steps = [Milestone::Announce(family), Milestone::Conclude(family)];
            steps.into_iter().find(|step| !self.has_reached(*step))
        })
    }

    /// Everybody who could be waited for, those included whose time is over; first whom nobody knows.
    fn waits<'a>(&self, next: Milestone, around: Around<'a>) -> impl Iterator<Item = Wait<'a>> {
        let times = &around.config.graceful_restart;
        let bound = self.started + times.max_wait;
        let known = around.roster.iter().filter_map(move |neighbour| {
            let until = self.waits_for(neighbour, next, around.config)?;
            Some(Wait { until, whom: Some(neighbour) })
        });
        let strangers = self.waits_for_strangers(next, around.config);
        let unknown = strangers.into_iter().chain(around.unresolved.then_some(bound));
        let unknown = unknown.map(|until| Wait { until, whom: None });
        unknown.chain(known).map(move |wait| Wait { until: wait.until.min(bound), ..wait })
    }

    /// Until when one peer is waited for.
    fn waits_for(&self, neighbour: &Neighbour, next: Milestone, config: &Config) -> Option<Instant> {
        let (times, family) = (&config.graceful_restart, next.family());
        if !neighbour.config().enabled || !neighbour.config().families.contains(&family) {
            return None;
        }
        let Some(live) = &neighbour.live else {
            let is_gone = matches!(next, Milestone::Announce(_)) && self.refused.contains(&neighbour.id);
            return (!is_gone).then_some(self.started + times.first_contact);
        };
        if live.complete.contains(&family) || !live.negotiated.families().contains(&family) {
            return None;
        }
        match (&live.negotiated.restart, next) {
            (Some(restart), _) if !restart.restarted => Some(self.started + times.max_wait),
            // It waits for others itself, or promised nothing.
            (_, Milestone::Announce(_)) => None,
            (Some(restart), Milestone::Conclude(_)) => {
                let restart_time = Duration::from_secs(restart.restart_time.into());
                Some(live.since + times.first_contact.min(restart_time))
            }
            (None, Milestone::Conclude(_)) => Some(live.since + times.first_contact),
        }
    }

    /// Until when somebody may come from a range, whom our predecessor had. Routes are told before: nobody
    /// could say when there are enough of them. But a kernel is better left as it was.
    fn waits_for_strangers(&self, next: Milestone, config: &Config) -> Option<Instant> {
        let times = &config.graceful_restart;
        let matters = match next {
            Milestone::Announce(_) => config.kernel_export.is_some(),
            Milestone::Conclude(_) => true,
        };
        let expected = times.enabled && matters && !config.dynamic_peers.is_empty();
        expected.then(|| self.started + times.first_contact)
    }
}

impl Awaited {
    fn and(self, whom: Option<PeerId>) -> Self {
        match (self, whom) {
            (Self::Nobody, Some(id)) => Self::Only(id),
            (_, _) => Self::Several,
        }
    }
}

impl Missing {
    fn add(&mut self, whom: Option<&Neighbour>) {
        let id = whom.map(|neighbour| neighbour.id);
        self.all = self.all.and(id);
        if whom.is_none_or(|neighbour| !neighbour.is_plain_internal()) {
            self.reflected = self.reflected.and(id);
        }
    }

    /// Whether a peer may be told all the same that there is no more: nobody is missing of whose routes it
    /// would be told.
    pub(super) fn spares(self, listener: &Neighbour) -> bool {
        let missing = if listener.is_plain_internal() { self.reflected } else { self.all };
        match missing {
            Awaited::Nobody => true,
            Awaited::Only(id) => id == listener.id,
            Awaited::Several => false,
        }
    }

    /// Whether nobody can be spared, whoever else is missing.
    pub(super) const fn spares_nobody(self) -> bool {
        matches!((self.all, self.reflected), (Awaited::Several, Awaited::Several))
    }
}

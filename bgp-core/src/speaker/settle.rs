//! When the first decisions after a start are complete: the moment from which what nobody wished for
//! may be removed from the kernel.
//!
//! The RFC's version: wait for End-of-RIB from every peer, or a timer ([RFC 4724 §4.1]).
//! Ours: a deadline per peer. One that is not Established after `first_contact`, that restarts itself, or
//! that promised no End-of-RIB and had that long since it became Established, is not waited for.
//!
//! [RFC 4724 §4.1]: https://www.rfc-editor.org/rfc/rfc4724#section-4.1

use crate::Instant;
use crate::speaker::GracefulRestart;

use super::neighbour::Neighbour;

/// Whether the first decisions are complete, once true always true.
#[derive(Debug)]
pub(super) struct Settle {
    started: Instant,
    settled: bool,
}

impl Settle {
    pub(super) const fn new(started: Instant) -> Self {
        Self { started, settled: false }
    }

    pub(super) const fn is_settled(&self) -> bool {
        self.settled
    }

    /// Looks again; true exactly once, when the last peer that matters is through.
    pub(super) fn settles<'a>(
        &mut self,
        peers: impl Iterator<Item = &'a Neighbour>,
        times: &GracefulRestart,
        now: Instant,
    ) -> bool {
        if self.settled || self.waits_until(peers, times).is_some_and(|until| now < until) {
            return false;
        }
        self.settled = true;
        true
    }

    /// Until when at the latest somebody is waited for; `None` when nobody is.
    pub(super) fn waits_until<'a>(
        &self,
        peers: impl Iterator<Item = &'a Neighbour>,
        times: &GracefulRestart,
    ) -> Option<Instant> {
        if self.settled {
            return None;
        }
        let bound = self.started + times.max_wait;
        peers.filter_map(|peer| self.waits_for(peer, times)).max().map(|until| until.min(bound))
    }

    /// Until when one peer is waited for.
    fn waits_for(&self, neighbour: &Neighbour, times: &GracefulRestart) -> Option<Instant> {
        if !neighbour.config().enabled {
            return None;
        }
        let Some(live) = &neighbour.live else {
            return Some(self.started + times.first_contact);
        };
        let complete = live.negotiated.families().iter().all(|family| live.complete.contains(family));
        match (complete, &live.negotiated.restart) {
            (true, _) => None,
            // It waits for others itself: two that wait for each other would wait for nothing.
            (false, Some(restart)) if restart.restarted => None,
            (false, Some(_)) => Some(self.started + times.max_wait),
            (false, None) => Some(live.since + times.first_contact),
        }
    }
}

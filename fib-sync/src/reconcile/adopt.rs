//! Routes of ours that were there at start: kept until the wishes are complete, then swept, with a brake.

use std::time::Duration;

use ipnet::IpNet;

use crate::by_prefix::ByPrefix;
use crate::{Instant, Share, Sweep};

/// What was adopted and whether it may be swept.
#[derive(Debug, Default)]
pub(super) struct Adoption {
    phase: Phase,
    adopted: usize,
    /// Prefixes of ours that nobody wished for, not yet released for removal.
    stale: ByPrefix<()>,
    /// When a sweep that is held is thought about again: some time after the last late wish.
    calm: Option<Instant>,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Phase {
    /// More wishes are to come: sweep nothing.
    #[default]
    Open,
    /// The wishes are complete, but more would go than the brake allows.
    Held,
    /// Whatever is ours and not wished goes at once.
    Swept,
}

impl Adoption {
    /// A route of ours without a wish was found. True: it may be removed.
    pub(super) fn found(&mut self, prefix: IpNet) -> bool {
        let releases = self.phase == Phase::Swept;
        if !releases {
            self.stale.insert(prefix, ());
        }
        releases
    }

    /// The first reading is complete.
    pub(super) fn adopted(&mut self, count: usize) {
        self.adopted = count;
    }

    pub(super) fn is_stale(&self, prefix: &IpNet) -> bool {
        self.stale.contains(prefix)
    }

    pub(super) fn stale(&self) -> usize {
        self.stale.len()
    }

    /// The sweep that the brake holds.
    pub(super) fn held(&self) -> Option<Sweep> {
        let held = self.phase == Phase::Held;
        held.then_some(Sweep { adopted: self.adopted, stale: self.stale.len(), held })
    }

    /// A wish about this prefix came, or its route went by itself.
    pub(super) fn decided(&mut self, prefix: &IpNet, now: Instant) {
        if self.stale.remove(prefix).is_some() && self.phase == Phase::Held {
            self.calm = Some(now + CALM);
        }
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        self.calm
    }

    /// Late wishes come one after the other. Only once no more of them come does what is left count: the rest would
    /// be removed in the midst of a peer's table, to be written again a moment later.
    pub(super) fn handle_timeout(&mut self, limit: Share, now: Instant) -> Option<(Sweep, Vec<IpNet>)> {
        self.calm.take_if(|at| *at <= now).and_then(|_| self.reconsider(limit))
    }

    /// The wishes are complete: gives what to sweep.
    pub(super) fn settle(&mut self, limit: Share) -> Option<(Sweep, Vec<IpNet>)> {
        if self.phase != Phase::Open {
            return None;
        }
        self.phase = Phase::Held;
        let stale = self.stale.len();
        let held = stale > limit.of(self.adopted);
        let swept = if held { Vec::new() } else { self.release() };
        Some((Sweep { adopted: self.adopted, stale, held }, swept))
    }

    /// Late wishes or another limit may have brought the rest below it.
    pub(super) fn reconsider(&mut self, limit: Share) -> Option<(Sweep, Vec<IpNet>)> {
        if self.phase != Phase::Held || self.stale.len() > limit.of(self.adopted) {
            return None;
        }
        let stale = self.stale.len();
        Some((Sweep { adopted: self.adopted, stale, held: false }, self.release()))
    }

    /// Lifts the brake and gives what to sweep.
    pub(super) fn release(&mut self) -> Vec<IpNet> {
        self.phase = Phase::Swept;
        std::mem::take(&mut self.stale).prefixes().collect()
    }
}

/// Between the late wishes of one peer's table.
const CALM: Duration = Duration::from_secs(10);

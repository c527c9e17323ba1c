//! Routes of ours that were there at start: kept until the wishes are complete, then swept, with a brake.

use std::mem;
use std::time::Duration;

use crate::view::{NetId, View};
use crate::{Instant, Share, Sweep};

/// What was adopted and whether it may be swept.
#[derive(Debug, Default)]
pub(super) struct Adoption {
    phase: Phase,
    adopted: usize,
    /// By number: prefixes of ours that nobody wished for, not yet released for removal. They are kept in the view.
    is_stale: Vec<bool>,
    /// How many these are.
    stale: usize,
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
    /// A route of ours without a wish was found at a prefix that is kept. True: it may be removed.
    pub(super) fn found(&mut self, net: NetId) -> bool {
        let releases = self.phase == Phase::Swept;
        if !releases {
            self.mark(net);
        }
        releases
    }

    fn mark(&mut self, net: NetId) {
        let at = net.index();
        if self.is_stale.len() <= at {
            self.is_stale.resize(at + 1, false);
        }
        if let Some(mark) = self.is_stale.get_mut(at) {
            self.stale += usize::from(!mem::replace(mark, true));
        }
    }

    /// The first reading is complete.
    pub(super) fn adopted(&mut self, count: usize) {
        self.adopted = count;
    }

    pub(super) fn is_stale(&self, net: NetId) -> bool {
        has(&self.is_stale, net)
    }

    pub(super) const fn stale(&self) -> usize {
        self.stale
    }

    /// The sweep that the brake holds.
    pub(super) fn held(&self) -> Option<Sweep> {
        let held = self.phase == Phase::Held;
        held.then_some(Sweep { adopted: self.adopted, stale: self.stale, held })
    }

    /// A wish about this prefix came, or its route went by itself. True: until then nobody had wished for it.
    pub(super) fn decided(&mut self, net: NetId, now: Instant) -> bool {
        let was_stale = self.is_stale.get_mut(net.index()).is_some_and(mem::take);
        if was_stale {
            self.stale -= 1;
            if self.phase == Phase::Held {
                self.calm = Some(now + CALM);
            }
        }
        was_stale
    }

    /// Another view numbers prefixes anew.
    pub(super) fn renumber(&mut self, from: &View, to: &mut View) {
        let before = mem::take(&mut self.is_stale);
        if mem::take(&mut self.stale) == 0 {
            return;
        }
        for net in from.nets().filter(|net| has(&before, *net)) {
            self.mark(to.keep(from.prefix(net)));
        }
    }

    pub(super) const fn poll_timeout(&self) -> Option<Instant> {
        self.calm
    }

    /// Late wishes come one after the other. Only once no more of them come does what is left count: the rest would
    /// be removed in the midst of a peer's table, to be written again a moment later.
    pub(super) fn handle_timeout(
        &mut self,
        limit: Share,
        view: &View,
        now: Instant,
    ) -> Option<(Sweep, Vec<NetId>)> {
        self.calm.take_if(|at| *at <= now).and_then(|_| self.reconsider(limit, view))
    }

    /// The wishes are complete: gives what to sweep.
    pub(super) fn settle(&mut self, limit: Share, view: &View) -> Option<(Sweep, Vec<NetId>)> {
        if self.phase != Phase::Open {
            return None;
        }
        self.phase = Phase::Held;
        let stale = self.stale;
        let held = stale > limit.of(self.adopted);
        let swept = if held { Vec::new() } else { self.release(view) };
        Some((Sweep { adopted: self.adopted, stale, held }, swept))
    }

    /// Late wishes or another limit may have brought the rest below it.
    pub(super) fn reconsider(&mut self, limit: Share, view: &View) -> Option<(Sweep, Vec<NetId>)> {
        if self.phase != Phase::Held || self.stale > limit.of(self.adopted) {
            return None;
        }
        let stale = self.stale;
        Some((Sweep { adopted: self.adopted, stale, held: false }, self.release(view)))
    }

    /// Lifts the brake and gives what to sweep, in order.
    pub(super) fn release(&mut self, view: &View) -> Vec<NetId> {
        self.phase = Phase::Swept;
        let marks = mem::take(&mut self.is_stale);
        if mem::take(&mut self.stale) == 0 {
            return Vec::new();
        }
        view.nets().filter(|net| has(&marks, *net)).collect()
    }
}

/// Whether a prefix has its mark.
fn has(marks: &[bool], net: NetId) -> bool {
    marks.get(net.index()).is_some_and(|mark| *mark)
}

/// Between the late wishes of one peer's table.
const CALM: Duration = Duration::from_secs(10);

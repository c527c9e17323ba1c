//! Rolls: the paths of one source in one family, and mark-and-sweep over them.
//!
//! Restart ([RFC 4724 §4.2]), enhanced refresh ([RFC 7313 §4]) and the loss of a peer are the same thing:
//! open a new generation, let announcements move their paths into it, remove what stayed behind.
//! Each mark has a life of its own, so that the end of a refresh cannot end a restart.
//!
//! [RFC 4724 §4.2]: https://www.rfc-editor.org/rfc/rfc4724#section-4.2
//! [RFC 7313 §4]: https://www.rfc-editor.org/rfc/rfc7313#section-4

use crate::rib::paths::{Estate, Paths};
use crate::rib::{ImportTally, PathSlot, SourceId};

/// Why paths wait to be announced again.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mark {
    /// The source restarts.
    Restart,
    /// The source sends everything again.
    Refresh,
}

/// A walk over a list, from its end to its start.
///
/// What is added goes to the end, behind the walk, or into a gap, where it does no harm to be met. What is removed
/// leaves a gap or is replaced by the end of the list, which the walk has either met already or still has to meet
/// where it then stands. So every path present throughout is met, whatever happens between two steps.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Walk {
    left: usize,
}

impl Walk {
    /// Starts over a list of `len` entries.
    pub(super) const fn start(&mut self, len: usize) {
        self.left = len;
    }

    /// The list has shrunk to `len` entries.
    pub(super) fn shrink(&mut self, len: usize) {
        self.left = self.left.min(len);
    }

    /// The place to visit next.
    pub(super) const fn step(&mut self) -> Option<usize> {
        match self.left.checked_sub(1) {
            None => None,
            Some(at) => {
                self.left = at;
                Some(at)
            }
        }
    }

    pub(super) const fn is_done(&self) -> bool {
        self.left == 0
    }
}

/// The paths of one source in one family.
#[derive(Debug, Default)]
pub(super) struct Roll {
    /// Whose it is; nobody's before the first.
    owner: Option<SourceId>,
    pub(super) estate: Estate,
    /// How many of them import accepted.
    pub(super) accepted: u32,
    /// How many nets have one of them as their best.
    pub(super) best: u32,
    pub(super) tally: ImportTally,
    generation: u16,
    restart: Option<u16>,
    refresh: Option<u16>,
    /// Paths of generations below this are being removed.
    doomed: u16,
    sweeping: Walk,
    /// Over the paths whose nets have to be decided anew.
    touching: Walk,
    /// Over the paths whose import has to be evaluated anew.
    reimporting: Walk,
    /// It stands in the queue of work.
    pub(super) queued: bool,
    /// It stands in the queue of imports.
    pub(super) reimport_queued: bool,
}

impl Roll {
    /// An empty one for `owner`.
    pub(super) fn new(owner: SourceId) -> Self {
        Self { owner: Some(owner), ..Self::default() }
    }

    pub(super) fn is_of(&self, source: SourceId) -> bool {
        self.owner == Some(source)
    }

    /// How many paths there are.
    pub(super) const fn len(&self) -> u32 {
        self.estate.len()
    }

    /// Has the nets of all paths decided anew.
    pub(super) fn touch_all(&mut self) {
        self.touching.start(self.estate.places());
    }

    /// Has the import of all paths evaluated anew.
    pub(super) fn reimport_all(&mut self) {
        self.reimporting.start(self.estate.places());
    }

    pub(super) fn next_to_sweep(&mut self, paths: &Paths) -> Option<PathSlot> {
        next_of(&mut self.sweeping, &self.estate, paths)
    }

    pub(super) fn next_to_touch(&mut self, paths: &Paths) -> Option<PathSlot> {
        next_of(&mut self.touching, &self.estate, paths)
    }

    pub(super) fn next_to_reimport(&mut self, paths: &Paths) -> Option<PathSlot> {
        next_of(&mut self.reimporting, &self.estate, paths)
    }

    pub(super) const fn generation(&self) -> u16 {
        self.generation
    }

    /// Some path has gone from the estate.
    pub(super) fn shrink(&mut self) {
        for walk in [&mut self.sweeping, &mut self.touching, &mut self.reimporting] {
            walk.shrink(self.estate.places());
        }
    }

    /// Makes every path of now stale by `mark`. A restart ends a refresh: the session in which that began
    /// is gone, and its end will not come.
    pub(super) fn mark(&mut self, mark: Mark) {
        self.generation += 1;
        if mark == Mark::Restart {
            self.refresh = None;
        }
        *self.threshold(mark) = Some(self.generation);
    }

    /// Forgets `mark`.
    pub(super) fn unmark(&mut self, mark: Mark) {
        *self.threshold(mark) = None;
    }

    /// Starts removing what is stale by `mark`, which is thereby gone.
    pub(super) fn sweep(&mut self, mark: Mark) {
        if let Some(threshold) = self.threshold(mark).take() {
            self.doom(threshold);
        }
    }

    /// Starts removing everything of now.
    pub(super) fn clear(&mut self) {
        self.generation += 1;
        (self.restart, self.refresh) = (None, None);
        self.doom(self.generation);
    }

    fn doom(&mut self, below: u16) {
        self.doomed = self.doomed.max(below);
        self.sweeping.start(self.estate.places());
    }

    /// Whether a path of `generation` is to be removed by the sweep under way.
    pub(super) const fn is_doomed(&self, generation: u16) -> bool {
        generation < self.doomed
    }

    /// Whether a path of `generation` was kept over a restart and not announced since.
    pub(super) fn is_stale(&self, generation: u16) -> bool {
        self.restart.is_some_and(|threshold| generation < threshold)
    }

    const fn threshold(&mut self, mark: Mark) -> &mut Option<u16> {
        match mark {
            Mark::Restart => &mut self.restart,
            Mark::Refresh => &mut self.refresh,
        }
    }

    /// Whether no further generation can be opened before [`Roll::renumber`].
    pub(super) const fn is_exhausted(&self) -> bool {
        self.generation == u16::MAX
    }

    /// Numbers the generations anew, telling the new number of an old one.
    ///
    /// Only its position between the thresholds in use matters, and there are at most three of those.
    pub(super) fn renumber(&mut self) -> impl Fn(u16) -> u16 + use<> {
        let doomed = (!self.sweeping.is_done()).then_some(self.doomed);
        let thresholds = [self.restart, self.refresh, doomed];
        let rank = move |generation: u16| -> u16 {
            thresholds.iter().flatten().map(|&threshold| u16::from(threshold <= generation)).sum()
        };
        self.restart = self.restart.map(rank);
        self.refresh = self.refresh.map(rank);
        self.doomed = doomed.map_or(0, rank);
        self.generation = rank(self.generation);
        rank
    }
}

/// The path that a walk comes to next. A page that is somebody's has a path, so the gaps are bounded.
fn next_of(walk: &mut Walk, estate: &Estate, paths: &Paths) -> Option<PathSlot> {
    std::iter::from_fn(|| walk.step()).find_map(|place| estate.at(place, paths))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;
    use crate::Instant;
    use crate::rib::interned::RouteId;
    use crate::rib::path::Path;
    use crate::rib::{LocalSource, NetId, Rib, Settings, Source};
    use crate::wire::PathId;

    /// A roll of so many paths, and where they are.
    fn roll(many: u32) -> (Roll, Paths, Vec<PathSlot>) {
        let owner = Rib::new(Settings::default(), 0).add_source(Source::Local(LocalSource::Static));
        let (mut roll, mut paths) = (Roll::new(owner), Paths::default());
        let slots = (0..many).map(|net| add(&mut roll, &mut paths, net)).collect();
        (roll, paths, slots)
    }

    fn add(roll: &mut Roll, paths: &mut Paths, net: u32) -> PathSlot {
        let path = Path::new(NetId(net), RouteId::new(0), Instant::ZERO);
        paths.insert(roll.owner.expect("a source"), &mut roll.estate, PathId(0), path)
    }

    fn take(roll: &mut Roll, paths: &mut Paths, slot: PathSlot) {
        assert!(paths.remove(&mut roll.estate, slot).is_some());
        roll.shrink();
    }

    proptest! {
        #[test]
        fn a_walk_meets_every_path_that_is_there_throughout(
            steps in prop::collection::vec((0..3_u8, any::<u16>()), 0..400),
        ) {
            let (mut roll, mut paths, slots) = roll(200);
            roll.touch_all();
            let (mut met, mut staying) = (BTreeSet::new(), slots);
            for (net, (step, which)) in steps.into_iter().enumerate() {
                match step {
                    0 => drop(add(&mut roll, &mut paths, net as u32)),
                    1 if !staying.is_empty() => {
                        let gone = staying.swap_remove(usize::from(which) % staying.len());
                        take(&mut roll, &mut paths, gone);
                    }
                    _ => met.extend(roll.next_to_touch(&paths)),
                }
            }
            met.extend(std::iter::from_fn(|| roll.next_to_touch(&paths)));
            prop_assert_eq!(staying.iter().find(|slot| !met.contains(slot)), None);
        }
    }

    #[test]
    fn the_end_of_a_refresh_does_not_end_a_restart() {
        let mut roll = Roll::default();
        roll.mark(Mark::Restart);
        let between = roll.generation();
        roll.mark(Mark::Refresh);
        roll.sweep(Mark::Refresh);
        assert!(roll.is_stale(0) && !roll.is_stale(between));
        assert!(roll.is_doomed(between));
    }

    #[test]
    fn a_restart_ends_a_refresh() {
        let mut roll = Roll::default();
        roll.mark(Mark::Refresh);
        roll.mark(Mark::Restart);
        roll.sweep(Mark::Refresh);
        assert!(!roll.is_doomed(0));
    }

    #[test]
    fn renumbering_keeps_who_is_stale_and_who_is_doomed() {
        let (mut roll, ..) = roll(1);
        roll.mark(Mark::Restart);
        roll.mark(Mark::Refresh);
        roll.sweep(Mark::Refresh);
        roll.mark(Mark::Refresh);
        let before: Vec<_> = (0..=3).map(|it| (roll.is_stale(it), roll.is_doomed(it))).collect();
        let rank = roll.renumber();
        let after: Vec<_> = (0..=3).map(|it| (roll.is_stale(rank(it)), roll.is_doomed(rank(it)))).collect();
        assert_eq!(before, after);
        assert_eq!(roll.generation(), 3);
    }
}

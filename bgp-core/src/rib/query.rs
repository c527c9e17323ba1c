//! Questions: what the tables say about a prefix, and why. Nothing here changes anything.

use std::sync::Arc;

use crate::Family;
use crate::rib::decision::decide;
use crate::rib::interned::RouteId;
use crate::rib::path::Path;
use crate::rib::sweep::Roll;
use crate::rib::tables::TableId;
use crate::rib::{
    Counts, ImportTally, Interned, NetId, Outcome, PathSlot, PathView, Reflected, Rib, SourceId, Verdict,
};
use crate::wire::Nlri;

/// The best path of a net, by the last decision told.
#[derive(Clone, Copy, Debug)]
pub struct Best<'a> {
    /// Its place; the path may be gone by now, and the place another's.
    pub slot: PathSlot,
    /// Who said it.
    pub source: SourceId,
    /// What it says.
    pub route: &'a Arc<Interned>,
}

/// A path and what became of it.
#[derive(Clone, Copy, Debug)]
pub struct Explanation<'a> {
    /// The path.
    pub path: PathView<'a>,
    /// What became of it.
    pub outcome: Outcome,
}

impl Rib {
    /// The best path of `net` by the last [`Change`](crate::rib::Change) told, never newer than that.
    #[must_use]
    pub fn best(&self, family: Family, net: NetId) -> Option<Best<'_>> {
        let decided = self.table(family)?.decided(net)?;
        Some(Best { slot: decided.slot, source: decided.source, route: self.route(decided.route) })
    }

    /// The source and the route of [`best`](Self::best), by their names.
    pub(crate) fn chosen(&self, family: Family, net: NetId) -> Option<(SourceId, RouteId)> {
        let decided = self.table(family)?.decided(net)?;
        Some((decided.source, decided.route))
    }

    /// Every path of `net` by now, in no meaningful order.
    pub fn paths(&self, family: Family, net: NetId) -> impl Iterator<Item = PathView<'_>> {
        TableId::named(family).into_iter().flat_map(move |id| {
            self.tables[id].chain(net).filter_map(move |(slot, path)| self.view(id, slot, path))
        })
    }

    /// Every path of `net` that may be chosen, in no meaningful order. For those who want all of them:
    /// ranking a thousand would cost a thousand decisions.
    pub fn eligible(&self, family: Family, net: NetId) -> impl Iterator<Item = PathView<'_>> {
        TableId::named(family).into_iter().flat_map(move |id| {
            self.eligible_in(id, net).filter_map(move |it| self.view(id, it.slot, it.path))
        })
    }

    /// Whether several paths of `net` may share its traffic: without that, [`best`](Self::best) is all
    /// that [`multipath`](Self::multipath) could tell.
    #[must_use]
    pub fn may_share(&self, family: Family, net: NetId) -> bool {
        let several = |id: TableId| self.tables[id].chain(net).nth(1).is_some();
        self.settings.multipath > 1 && TableId::named(family).is_some_and(several)
    }

    /// The best path of `net` and those that may share its traffic, best first, as many as the settings
    /// allow.
    #[must_use]
    pub fn multipath(&self, family: Family, net: NetId) -> Vec<PathView<'_>> {
        self.shared(family, net, self.settings.multipath.into())
    }

    /// The best path of `net` and all that could share its traffic, best first, whatever we do ourselves.
    #[must_use]
    pub fn equals(&self, family: Family, net: NetId) -> Vec<PathView<'_>> {
        self.shared(family, net, usize::MAX)
    }

    fn shared(&self, family: Family, net: NetId, most: usize) -> Vec<PathView<'_>> {
        let Some(id) = TableId::named(family) else { return Vec::new() };
        let mut candidates = Vec::new();
        self.gather(id, net, &mut candidates);
        let shared = decide(&mut candidates, most, |_, _| {});
        candidates[..shared].iter().filter_map(|it| self.view_of(id, it.slot)).collect()
    }

    /// The `most` best paths of `net`, best first: each is the winner among those that remain
    /// ([RFC 7911 §2](https://www.rfc-editor.org/rfc/rfc7911#section-2)).
    #[must_use]
    pub fn ranked(&self, family: Family, net: NetId, most: usize) -> Vec<PathView<'_>> {
        let Some(id) = TableId::named(family) else { return Vec::new() };
        let mut candidates = Vec::new();
        self.gather(id, net, &mut candidates);
        let mut ranked = Vec::new();
        while ranked.len() < most && !candidates.is_empty() {
            decide(&mut candidates, 1, |_, _| {});
            ranked.extend(self.view_of(id, candidates.swap_remove(0).slot));
        }
        ranked
    }

    /// Every path of `net` and what became of it: the decision process itself, telling.
    #[must_use]
    pub fn explain(&self, family: Family, net: NetId) -> Vec<Explanation<'_>> {
        let Some(id) = TableId::named(family) else { return Vec::new() };
        let mut candidates = Vec::new();
        self.gather(id, net, &mut candidates);
        let mut lost = Vec::new();
        let most = self.settings.multipath.into();
        let shared = decide(&mut candidates, most, |slot, step| lost.push((slot, step)));
        let shares = |slot| candidates[..shared].iter().any(|it| it.slot == slot);
        let outcome = |path: &PathView<'_>| match path.accepted {
            Err(reason) => Outcome::Ineligible(reason),
            Ok(_) => match lost.iter().find(|(slot, _)| *slot == path.slot) {
                Some(&(slot, step)) if shares(slot) => Outcome::Multipath(step),
                Some(&(_, step)) => Outcome::Beaten(step),
                None if shares(path.slot) => Outcome::Best,
                None => Outcome::Unreachable,
            },
        };
        self.paths(family, net).map(|path| Explanation { outcome: outcome(&path), path }).collect()
    }

    /// Reflected paths by source, originator and cluster, counted, in that order.
    pub fn reflected(&self) -> impl Iterator<Item = (Reflected, u32)> {
        self.originators.all()
    }

    /// How many paths `source` has in `family`.
    #[must_use]
    pub fn counts(&self, source: SourceId, family: Family) -> Counts {
        let roll = self.table(family).and_then(|table| table.roll(source));
        let counts = |roll: &Roll| Counts { received: roll.len(), accepted: roll.accepted, best: roll.best };
        roll.map_or_else(Counts::default, counts)
    }

    /// What `source` has said of `family` since its session began.
    #[must_use]
    pub fn tally(&self, source: SourceId, family: Family) -> ImportTally {
        let roll = self.table(family).and_then(|table| table.roll(source));
        roll.map_or_else(ImportTally::default, |roll| roll.tally)
    }

    /// Whether `source` may announce `nlri` where it may have `maximum` paths of that family. What
    /// replaces a path is always allowed.
    #[must_use]
    pub fn verdict(&self, source: SourceId, nlri: Nlri, maximum: u32) -> Verdict {
        if self.find(source, nlri).is_some() {
            return Verdict::Within;
        }
        Verdict::one_more(self.counts(source, Family::of(&nlri.prefix)).received, maximum)
    }

    fn view_of(&self, id: TableId, slot: PathSlot) -> Option<PathView<'_>> {
        self.tables[id].path(slot).and_then(|path| self.view(id, slot, path))
    }

    fn view<'a>(&'a self, id: TableId, slot: PathSlot, path: &Path) -> Option<PathView<'a>> {
        let table = &self.tables[id];
        let source = table.paths.source(slot)?;
        let decided = table.decided(path.net);
        Some(PathView {
            slot,
            source,
            path_id: table.paths.path_id(slot),
            received: self.route(path.received),
            accepted: table.accepted(slot, path).map(|route| self.route(route)),
            best: decided.is_some_and(|best| best.slot == slot && best.source == source),
            stale: table.roll(source).is_some_and(|roll| roll.is_stale(path.generation)),
            since: path.since(),
        })
    }
}

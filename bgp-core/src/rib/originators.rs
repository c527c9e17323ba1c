//! Who brings whose routes: how many reflected paths each source has of each originator, and by which
//! cluster they came. Kept in passing, so that the question whether reflectors tell each other of all their
//! clients costs no walk.

use std::collections::BTreeMap;

use crate::RouterId;
use crate::rib::{Interned, SourceId};

/// Reflected paths by where they came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reflected {
    /// Who told it to us.
    pub source: SourceId,
    /// ORIGINATOR_ID: who brought it into the AS.
    pub originator: RouterId,
    /// The cluster that it went through last, which is the source's.
    pub cluster: RouterId,
}

/// Reflected paths, counted.
#[derive(Debug, Default)]
pub(super) struct Originators {
    counts: BTreeMap<Reflected, u32>,
}

impl Originators {
    /// One more path of `source` is received as `route`.
    pub(super) fn enter(&mut self, source: SourceId, route: &Interned) {
        if let Some(reflected) = reflected(source, route) {
            *self.counts.entry(reflected).or_default() += 1;
        }
    }

    /// One path less.
    pub(super) fn leave(&mut self, source: SourceId, route: &Interned) {
        let Some(reflected) = reflected(source, route) else { return };
        if let Some(count) = self.counts.get_mut(&reflected) {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(&reflected);
            }
        }
    }

    /// All of them, in order.
    pub(super) fn all(&self) -> impl Iterator<Item = (Reflected, u32)> {
        self.counts.iter().map(|(reflected, count)| (*reflected, *count))
    }
}

fn reflected(source: SourceId, route: &Interned) -> Option<Reflected> {
    let originator = route.originator_id()?;
    Some(Reflected { source, originator, cluster: route.nearest_cluster()? })
}

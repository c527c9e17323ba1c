//! The interner: equal routes share one allocation, so that comparing pointers compares content.

use std::hash::BuildHasher;
use std::sync::Arc;

use crate::rib::hash::Seeded;
use crate::rib::index::Index;
use crate::rib::interned::Packed;
use crate::rib::{Interned, Route};

/// Gives equal routes one allocation.
///
/// What nobody else holds any more is dropped in passing: every route brought in looks at two old ones,
/// so there is never a pause for sweeping.
#[derive(Debug)]
pub(super) struct Interner {
    /// Finds routes in the row.
    index: Index,
    seeded: Seeded,
    row: Vec<Kept>,
    /// Where routes are packed.
    buffer: Vec<u8>,
    /// Where in the row sweeping goes on.
    hand: usize,
}

/// A route with its hash: to hash it again would be to read all of it again.
#[derive(Debug)]
struct Kept {
    hash: u64,
    route: Arc<Interned>,
}

impl Interner {
    /// How many routes each call looks at. Two: dead routes never outnumber the living by more than the
    /// turnover of half a round.
    const STRIDE: usize = 2;
    /// Holders of a route that nobody outside uses: the row.
    const OURS: usize = 1;

    /// An empty one, its hash keyed by `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            index: Index::default(),
            seeded: Seeded::new(seed),
            row: Vec::new(),
            buffer: Vec::new(),
            hand: 0,
        }
    }

    /// The kept form of `route`.
    pub(super) fn intern(&mut self, route: &Route) -> Arc<Interned> {
        self.sweep();
        let packed = Packed::of(route, &mut self.buffer);
        let hash = self.seeded.hash_one(&packed);
        if let Some(at) = self.index.find(hash, |at| packed.is(&self.row[at as usize].route)) {
            return Arc::clone(&self.row[at as usize].route);
        }
        let route = Arc::new(packed.keep());
        self.index.insert(hash, place(self.row.len()));
        self.row.push(Kept { hash, route: Arc::clone(&route) });
        route
    }

    /// How many routes are kept, dead ones not yet met included.
    pub(super) fn len(&self) -> usize {
        self.row.len()
    }

    /// Looks at the next few routes and drops those that are dead.
    pub(super) fn sweep(&mut self) {
        for _ in 0..Self::STRIDE {
            if self.hand >= self.row.len() {
                self.hand = 0;
            }
            let Some(kept) = self.row.get(self.hand) else { return };
            if Arc::strong_count(&kept.route) > Self::OURS {
                self.hand += 1;
            } else {
                self.drop_at(self.hand);
            }
        }
    }

    fn drop_at(&mut self, at: usize) {
        let dead = self.row.swap_remove(at);
        self.index.remove(dead.hash, place(at));
        if let Some(moved) = self.row.get(at) {
            self.index.renumber(moved.hash, place(self.row.len()), place(at));
        }
    }
}

fn place(at: usize) -> u32 {
    u32::try_from(at).expect("memory ends before the row does")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rib::testing::route_with_med;

    #[test]
    fn equal_routes_share_one_allocation() {
        let mut interner = Interner::new(1);
        let first = interner.intern(&route_with_med(5));
        assert!(Arc::ptr_eq(&first, &interner.intern(&route_with_med(5))));
        assert!(!Arc::ptr_eq(&first, &interner.intern(&route_with_med(6))));
    }

    #[test]
    fn dead_routes_do_not_pile_up() {
        let mut interner = Interner::new(1);
        let kept = interner.intern(&route_with_med(0));
        for med in 1..1000 {
            drop(interner.intern(&route_with_med(med)));
            assert!(interner.len() <= 4, "{} kept after {med}", interner.len());
        }
        assert!(Arc::ptr_eq(&kept, &interner.intern(&route_with_med(0))));
    }
}

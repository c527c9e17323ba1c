//! The interner: equal routes share one allocation, so that comparing pointers compares content.

use std::hash::BuildHasher;
use std::sync::Arc;

use crate::rib::hash::Seeded;
use crate::rib::index::Index;
use crate::rib::interned::{Packed, RouteId};
use crate::rib::slab::Slab;
use crate::rib::{Interned, Route};

/// Gives equal routes one allocation.
///
/// What nobody holds any more, neither by pointer nor by name, is dropped in passing: every route brought in
/// looks at two old ones, so there is never a pause for sweeping.
#[derive(Debug)]
pub(super) struct Interner {
    /// Finds routes among the rows.
    index: Index,
    seeded: Seeded,
    /// By name.
    rows: Slab<Row>,
    /// Where routes are packed.
    buffer: Vec<u8>,
    /// Where among the rows sweeping goes on.
    hand: u32,
    /// What the routes take.
    octets: usize,
}

/// A kept route.
#[derive(Debug)]
struct Row {
    route: Arc<Interned>,
    /// The half of its hash that the index keeps: to hash it again would be to read all of it again.
    hash: u32,
    /// How often it is held by name.
    holds: u32,
}

const _: () = assert!(Slab::<Row>::SLOT <= 16);

impl Interner {
    /// How many rows each call looks at. Two: dead routes never outnumber the living by more than the
    /// turnover of half a round.
    const STRIDE: usize = 2;
    /// Pointers to a route that nobody outside uses: the row's.
    const OURS: usize = 1;

    /// An empty one, its hash keyed by `seed`.
    pub(super) fn new(seed: u64) -> Self {
        Self {
            index: Index::default(),
            seeded: Seeded::new(seed),
            rows: Slab::default(),
            buffer: Vec::new(),
            hand: 0,
            octets: 0,
        }
    }

    /// The kept form of `route`.
    pub(super) fn intern(&mut self, route: &Route) -> Arc<Interned> {
        self.sweep();
        let packed = Packed::of(route, &mut self.buffer);
        let hash = (self.seeded.hash_one(&packed) >> 32) as u32;
        let is_it = |id| self.rows.get(id).is_some_and(|row| packed.is(&row.route));
        if let Some(row) = self.index.find(hash, is_it).and_then(|id| self.rows.get(id)) {
            return Arc::clone(&row.route);
        }
        let id = self.rows.next();
        let route = Arc::new(packed.keep(RouteId::new(id)));
        self.octets += route.octets();
        self.rows.insert(Row { route: Arc::clone(&route), hash, holds: 0 });
        self.index.insert(hash, id);
        route
    }

    /// The route of a name that is held.
    pub(super) fn get(&self, id: RouteId) -> &Arc<Interned> {
        &self.rows.get(id.number()).expect("whoever has a name holds it").route
    }

    /// Keeps a route as long as its name is held. Counted: as many releases end it.
    pub(super) fn hold(&mut self, id: RouteId) -> RouteId {
        if let Some(row) = self.rows.get_mut(id.number()) {
            row.holds += 1;
        }
        id
    }

    /// Ends one hold.
    pub(super) fn release(&mut self, id: RouteId) {
        if let Some(row) = self.rows.get_mut(id.number()) {
            debug_assert!(row.holds > 0, "a release follows a hold");
            row.holds -= 1;
        }
    }

    /// How many routes are kept, dead ones not yet met included.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// About how many octets they take, with what finds them.
    pub(super) fn octets(&self) -> usize {
        self.octets + self.rows.octets() + self.index.octets()
    }

    /// How often routes are held by name, all together.
    #[cfg(test)]
    pub(super) fn holds(&self) -> u64 {
        self.rows.iter_from(0).map(|(_, row)| u64::from(row.holds)).sum()
    }

    /// Looks at the next few routes and drops those that are dead.
    pub(super) fn sweep(&mut self) {
        for _ in 0..Self::STRIDE {
            let at = self.hand;
            self.hand = if self.hand as usize + 1 < self.rows.capacity() { self.hand + 1 } else { 0 };
            let is_dead = |row: &Row| row.holds == 0 && Arc::strong_count(&row.route) == Self::OURS;
            if let Some(hash) = self.rows.get(at).filter(|row| is_dead(row)).map(|row| row.hash) {
                self.index.remove(hash, at);
                let row = self.rows.remove(at);
                self.octets -= row.map_or(0, |row| row.route.octets());
            }
        }
    }
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

    #[test]
    fn a_route_held_by_name_stays_until_it_is_released() {
        let mut interner = Interner::new(1);
        let id = interner.intern(&route_with_med(0)).id();
        interner.hold(id);
        interner.hold(id);
        interner.release(id);
        (0..10).for_each(|_| interner.sweep());
        assert_eq!(interner.get(id).route(), route_with_med(0));
        interner.release(id);
        (0..10).for_each(|_| interner.sweep());
        assert_eq!(interner.len(), 0);
    }
}

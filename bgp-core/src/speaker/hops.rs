//! Sets of hops that kernel routes share, named by what they stand for: the next hops of their paths. When what a next
//! hop resolves to changes, its sets are told and the routes through them are not.

use std::collections::{BTreeMap, VecDeque};
use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;

use crate::speaker::{FibHop, FibSet, FibSetId};

/// What one path's share of a set is resolved from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Origin {
    pub(super) next_hop: IpAddr,
    pub(super) link_local: Option<Ipv6Addr>,
    pub(super) interface: Option<Arc<str>>,
    pub(super) tunnel: Option<Arc<str>>,
}

/// The sets that routes go through.
#[derive(Debug, Default)]
pub(super) struct Hops {
    by_origin: BTreeMap<Vec<Origin>, FibSetId>,
    sets: BTreeMap<FibSetId, Set>,
    /// Numbers are not used twice: whoever hears of them may be behind.
    last: u32,
    /// To be told before the routes through them.
    told: VecDeque<FibSet>,
    /// Sets without a route, to be told after the route that left.
    left: VecDeque<FibSetId>,
}

#[derive(Debug)]
struct Set {
    origins: Vec<Origin>,
    hops: Vec<FibHop>,
    routes: usize,
}

impl Hops {
    /// The set of what resolves from these paths, which is these hops now.
    pub(super) fn resolve(&mut self, mut origins: Vec<Origin>, hops: Vec<FibHop>) -> FibSetId {
        origins.sort();
        origins.dedup();
        if let Some(id) = self.by_origin.get(&origins)
            && let Some(set) = self.sets.get_mut(id)
        {
            if set.hops != hops {
                set.hops.clone_from(&hops);
                self.told.push_back(FibSet { id: *id, hops: Some(hops) });
            }
            return *id;
        }
        self.last += 1;
        let id = FibSetId(self.last);
        self.by_origin.insert(origins.clone(), id);
        self.sets.insert(id, Set { origins, hops: hops.clone(), routes: 0 });
        self.told.push_back(FibSet { id, hops: Some(hops) });
        id
    }

    /// One more route goes through a set.
    pub(super) fn enter(&mut self, id: FibSetId) {
        if let Some(set) = self.sets.get_mut(&id) {
            set.routes += 1;
        }
    }

    /// One route less.
    pub(super) fn leave(&mut self, id: FibSetId) {
        let Some(set) = self.sets.get_mut(&id) else { return };
        set.routes -= 1;
        if set.routes == 0 {
            self.left.push_back(id);
        }
    }

    /// The hops of a set.
    pub(super) fn of(&self, id: FibSetId) -> &[FibHop] {
        self.sets.get(&id).map_or(&[], |set| &set.hops)
    }

    /// The next set to tell before the routes through it.
    pub(super) fn poll(&mut self) -> Option<FibSet> {
        self.told.pop_front()
    }

    /// The next set that no route goes through any more.
    pub(super) fn poll_left(&mut self) -> Option<FibSet> {
        while let Some(id) = self.left.pop_front() {
            let is_empty = |set: &Set| set.routes == 0;
            if self.sets.get(&id).is_some_and(is_empty)
                && let Some(set) = self.sets.remove(&id)
            {
                self.by_origin.remove(&set.origins);
                return Some(FibSet { id, hops: None });
            }
        }
        None
    }
}

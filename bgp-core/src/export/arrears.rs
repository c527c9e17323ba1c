//! Arrears: routes whose last word a member has not heard. What the word is, is found out when it is
//! paid: the state by then, announced or withdrawn.

use std::collections::VecDeque;
use std::sync::Arc;

use crate::wire::Nlri;

/// Routes whose last word a member has not heard.
#[derive(Debug, Default)]
pub(super) struct Arrears {
    /// Shared with other members that owe the same. A route may stand in several.
    slices: VecDeque<Arc<[Nlri]>>,
    /// How much of the first slice is paid.
    paid: usize,
    /// Routes in all slices.
    total: usize,
    /// Where `total` makes it worth while to look for duplicates.
    merge_at: usize,
}

impl Arrears {
    /// Whether nothing is owed.
    pub(super) fn is_empty(&self) -> bool {
        self.slices.is_empty()
    }

    /// Adds routes.
    pub(super) fn owe(&mut self, routes: Arc<[Nlri]>) {
        if routes.is_empty() {
            return;
        }
        self.total += routes.len();
        self.slices.push_back(routes);
        if self.total > self.merge_at.max(MERGE_FROM) {
            self.merge();
        }
    }

    /// The next routes to be paid, at most `most`, each once.
    pub(super) fn pay(&mut self, most: usize) -> Vec<Nlri> {
        let Some(slice) = self.slices.front() else { return Vec::new() };
        let mut now: Vec<Nlri> = slice.iter().skip(self.paid).take(most).copied().collect();
        self.paid += now.len();
        if self.paid >= slice.len() {
            self.total -= slice.len();
            self.paid = 0;
            self.slices.pop_front();
        }
        now.sort_unstable();
        now.dedup();
        now
    }

    /// One slice without duplicates in place of all: a peer that never reads owes each route once.
    fn merge(&mut self) {
        let every = self.slices.iter().flat_map(|slice| slice.iter().copied());
        let mut all: Vec<Nlri> = every.skip(self.paid).collect();
        all.sort_unstable();
        all.dedup();
        self.paid = 0;
        self.total = all.len();
        self.merge_at = all.len() * 2;
        self.slices = VecDeque::from([Arc::from(all)]);
    }
}

/// Below this many routes duplicates do no harm: about 1.5 MB.
const MERGE_FROM: usize = 65_536;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::PathId;

    fn route(number: u32) -> Nlri {
        let address = std::net::Ipv4Addr::from_bits(0x0a00_0000 | number);
        Nlri { path_id: PathId(0), prefix: ipnet::Ipv4Net::from(address).into() }
    }

    #[test]
    fn every_route_owed_is_paid() {
        let mut arrears = Arrears::default();
        arrears.owe(Arc::from([route(1), route(2), route(3)]));
        arrears.owe(Arc::from([route(4)]));
        assert_eq!(arrears.pay(2), [route(1), route(2)]);
        assert_eq!(arrears.pay(2), [route(3)]);
        assert_eq!(arrears.pay(2), [route(4)]);
        assert!(arrears.is_empty());
    }

    #[test]
    fn a_peer_that_never_reads_owes_each_route_once() {
        let routes: Arc<[Nlri]> = (0..1000).map(route).collect();
        let mut arrears = Arrears::default();
        for _ in 0..1000 {
            arrears.owe(Arc::clone(&routes));
        }
        assert!(arrears.total <= MERGE_FROM + 1000);
    }
}

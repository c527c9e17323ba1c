//! Routes in, decisions out. Not here: peers' states, bytes, export.
//!
//! The RFC's version: an Adj-RIB-In per peer, a Loc-RIB, and a decision process that runs over the
//! first to fill the second ([RFC 4271 §9.1]).
//! Ours: one [`Table`] per family holds every path of every source under its prefix; the Adj-RIB-In of
//! a peer is the table seen by source, the Loc-RIB is the decided path of every net. A net that changed
//! is queued and decided when [`Rib::poll_change`] comes to it, once however often it changed.
//! What may take long (a lost peer, a moved next hop, a new way to select) is queued and done in slices
//! by [`Rib::work`].
//!
//! [RFC 4271 §9.1]: https://www.rfc-editor.org/rfc/rfc4271#section-9.1

mod change;
mod decision;
mod hash;
mod index;
mod intake;
mod intern;
mod interned;
mod limit;
mod memory;
mod net;
mod next_hop;
mod originators;
mod packing;
mod path;
mod paths;
mod prefixes;
mod query;
mod queue;
mod route;
mod settings;
mod shifts;
mod slab;
mod source;
mod sweep;
mod table;
mod tables;
mod tally;
mod work;

#[cfg(test)]
mod testing;
#[cfg(test)]
mod tests;

pub use change::Change;
pub use decision::{Outcome, Step};
pub use interned::Interned;
pub use limit::{Counts, Verdict};
pub use memory::Memory;
pub use net::NetId;
pub use next_hop::{Reach, ResolvedHop, Way};
pub use originators::Reflected;
pub use path::{Accepted, Ineligible, PathSlot, PathView, Reimport};
pub use query::{Best, Explanation};
pub use route::{Forwarding, KernelHint, LocalSource, Route};
pub use settings::{NextHopMode, Selection, Settings};
pub use shifts::{Shift, Why};
pub use source::{PeerSource, Source, SourceId};
pub use sweep::Mark;
pub use table::Table;
pub use tally::ImportTally;

pub(crate) use hash::Seeded;
pub(crate) use index::Index;
pub(crate) use interned::RouteId;
pub(crate) use queue::Queue;
pub(crate) use slab::{Paged, Slab};

use std::collections::VecDeque;
use std::sync::Arc;

use crate::Family;
use crate::rib::decision::Candidate;
use crate::rib::intake::Place;
use crate::rib::intern::Interner;
use crate::rib::next_hop::NextHops;
use crate::rib::originators::Originators;
use crate::rib::shifts::Shifts;
use crate::rib::source::Sources;
use crate::rib::table::Lead;
use crate::rib::tables::{TableId, Tables};
use crate::rib::work::Job;

/// The routes of all sources, and which of them are best.
///
/// Feed it with [`announce`](Self::announce), [`withdraw`](Self::withdraw) and
/// [`next_hop`](Self::next_hop); call [`work`](Self::work) until it has nothing left; drain
/// [`poll_change`](Self::poll_change) and [`poll_track`](Self::poll_track).
///
/// ```
/// use std::sync::Arc;
///
/// use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Rib, Route, Settings, Source};
/// use bgp_core::wire::{Attributes, Nlri, PathId};
/// use bgp_core::{Family, Instant};
///
/// let mut rib = Rib::new(Settings::default(), 7);
/// let source = rib.add_source(Source::Local(LocalSource::Static));
/// let route = rib.intern(&Route {
///     attributes: Attributes::default(),
///     forwarding: Forwarding::Blackhole,
///     interface: None,
///     kernel: KernelHint::default(),
/// });
/// let nlri = Nlri { path_id: PathId(0), prefix: "198.51.100.0/24".parse()? };
/// rib.announce(source, nlri, Arc::clone(&route), Ok(route), Instant::ZERO);
///
/// let change = rib.poll_change().expect("a first route is a change");
/// assert!(change.best_changed);
/// assert_eq!(rib.best(Family::IPV4, change.net).map(|best| best.source), Some(source));
/// # Ok::<(), ipnet::AddrParseError>(())
/// ```
#[derive(Debug)]
pub struct Rib {
    settings: Settings,
    tables: Tables,
    sources: Sources,
    next_hops: NextHops,
    interner: Interner,
    originators: Originators,
    /// What [`Rib::work`] has to do.
    jobs: VecDeque<Job>,
    /// Rolls with imports to be evaluated anew.
    imports: VecDeque<(TableId, SourceId)>,
    /// The table whose turn it is, so that neither keeps the other waiting.
    turn: TableId,
    /// The net last told to be without paths: to be reclaimed once that was heard.
    leaving: Option<(TableId, NetId)>,
    shifts: Shifts,
    scratch: Vec<Candidate>,
    /// Where prefixes that are announced together are looked for.
    leads: Vec<Lead>,
    /// Where they belong.
    places: Vec<Place>,
}

impl Rib {
    /// An empty RIB. `seed` keys its hash tables, so that no peer can aim at collisions.
    #[must_use]
    pub fn new(settings: Settings, seed: u64) -> Self {
        Self {
            settings,
            tables: Tables::new(seed),
            sources: Sources::default(),
            next_hops: NextHops::new(settings.next_hops, seed),
            interner: Interner::new(seed),
            originators: Originators::default(),
            jobs: VecDeque::new(),
            imports: VecDeque::new(),
            turn: TableId::Ipv4,
            leaving: None,
            shifts: Shifts::new(settings.shifts),
            scratch: Vec::new(),
            leads: Vec::new(),
            places: Vec::new(),
        }
    }

    /// The kept form of `route`.
    pub fn intern(&mut self, route: &Route) -> Arc<Interned> {
        self.interner.intern(route)
    }

    /// How many different routes are kept, those that died lately included.
    #[must_use]
    pub fn distinct_routes(&self) -> usize {
        self.interner.len()
    }

    /// Registers a source of routes.
    pub fn add_source(&mut self, source: Source) -> SourceId {
        let id = self.sources.insert(source);
        for table in TableId::ALL {
            self.tables[table].open_roll(id);
        }
        id
    }

    /// What is known about a source.
    #[must_use]
    pub fn source(&self, id: SourceId) -> Option<&Source> {
        self.sources.get(id).map(|registered| &registered.source)
    }

    /// Begins to count anew what a source says.
    pub(crate) fn restart_tally(&mut self, id: SourceId) {
        for table in TableId::ALL {
            if let Some(roll) = self.tables[table].roll_mut(id) {
                roll.tally = ImportTally::default();
            }
        }
    }

    /// Replaces what is known about a source. Its nets are decided anew in slices; where it is best, that
    /// counts as a change of the best path.
    pub fn update_source(&mut self, id: SourceId, source: Source) {
        let Some(registered) = self.sources.get_mut(id).filter(|registered| registered.source != source)
        else {
            return;
        };
        registered.source = source;
        for table in TableId::ALL {
            if let Some(roll) = self.tables[table].roll_mut(id) {
                roll.touch_all();
            }
            self.enqueue(table, id);
        }
    }

    /// Removes every path of a source in slices, and then the source itself.
    pub fn remove_source(&mut self, id: SourceId) {
        if let Some(registered) = self.sources.get_mut(id) {
            registered.leaving = true;
            self.source_down(id);
            self.reclaim_source(id);
        }
    }

    /// Puts an accepted path behind its next hop, if those have to be watched.
    fn track(&mut self, id: TableId, slot: PathSlot, route: &Interned) {
        if self.settings.next_hops == NextHopMode::Tracked
            && let Some(address) = route.tracked()
        {
            let place = self.next_hops.enlist(address, id, slot);
            self.tables[id].put_hop_at(slot, Some(place));
        }
    }

    /// Takes a path that was accepted as `route` from behind its next hop, and tells the one that moves there.
    fn untrack(&mut self, id: TableId, slot: PathSlot, route: RouteId) {
        let table = &mut self.tables[id];
        let Some(place) = table.hop_at(slot) else { return };
        table.put_hop_at(slot, None);
        if let Some(address) = self.interner.get(route).tracked()
            && let Some(moved) = self.next_hops.strike(address, id, place)
        {
            table.put_hop_at(moved, Some(place));
        }
    }

    /// Forgets a source that is to go once it has no path left.
    fn reclaim_source(&mut self, id: SourceId) {
        let is_empty = |table| self.tables[table].roll(id).is_none_or(|roll| roll.len() == 0);
        if self.sources.get(id).is_some_and(|registered| registered.leaving)
            && TableId::ALL.into_iter().all(is_empty)
        {
            self.sources.remove(id);
        }
    }

    /// The route of a name that is held.
    pub(crate) fn route(&self, id: RouteId) -> &Arc<Interned> {
        self.interner.get(id)
    }

    /// Keeps a route as long as its name is held. Counted: as many releases end it.
    pub(crate) fn hold_route(&mut self, id: RouteId) {
        self.interner.hold(id);
    }

    /// How often routes are held, all together.
    #[cfg(test)]
    pub(crate) fn routes_held(&self) -> u64 {
        self.interner.holds()
    }

    /// Ends one hold.
    pub(crate) fn release_route(&mut self, id: RouteId) {
        self.interner.release(id);
    }

    /// The table of `family`; `None` for families that have no routes here.
    #[must_use]
    pub fn table(&self, family: Family) -> Option<&Table> {
        TableId::named(family).map(|id| &self.tables[id])
    }
}

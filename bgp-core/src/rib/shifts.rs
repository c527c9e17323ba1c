//! The last changes of best paths: which gave way to which, and why. Bounded in number and in octets, so that a
//! million routes that arrive at once cost what eight thousand do.

use std::collections::VecDeque;
use std::fmt;

use ipnet::IpNet;

use crate::Instant;
use crate::rib::intern::Interner;
use crate::rib::interned::RouteId;
use crate::rib::net::{Decided, NetId};
use crate::rib::tables::TableId;
use crate::rib::{Ineligible, Rib, SourceId, Step};

/// The best path of a prefix became another one.
#[derive(Clone, Debug)]
pub struct Shift {
    /// Its place among all that is numbered here; see [`Rib::next_number`].
    pub number: u64,
    /// When it was decided.
    pub at: Instant,
    /// The prefix.
    pub prefix: IpNet,
    /// Why.
    pub why: Why,
    /// What its routes count against [`Shifts::OCTETS`].
    weight: u32,
    /// Held.
    before: Option<(SourceId, RouteId)>,
    /// Held.
    after: Option<(SourceId, RouteId)>,
}

// The ring of a speaker that has seen many routes costs eight thousand of these.
const _: () = assert!(size_of::<Shift>() <= 72);

/// Why a best path became another one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Why {
    /// There was none that could be chosen.
    Found,
    /// The same source says something else in the same place.
    Renewed,
    /// It says the same; what is known about the source changed.
    Anew,
    /// The path that was best is gone: withdrawn, or with its session.
    Gone,
    /// The path that was best is there, and import refuses it by now.
    Refused(Ineligible),
    /// The next hop of the path that was best cannot be reached by now.
    Unreachable,
    /// The path that was best lost at this step.
    Beaten(Step),
}

impl fmt::Display for Why {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Found => f.write_str("there was no path that could be chosen"),
            Self::Renewed => f.write_str("its source says something else of it"),
            Self::Anew => f.write_str("its source is not what it was"),
            Self::Gone => f.write_str("the path that was best is gone"),
            Self::Refused(reason) => write!(f, "the path that was best is refused: {reason}"),
            Self::Unreachable => f.write_str("the next hop of the path that was best cannot be reached"),
            Self::Beaten(step) => write!(f, "the path that was best lost by {step}"),
        }
    }
}

/// The ring of shifts, the oldest first.
///
/// Invariant: the routes of its shifts are held, each as often as it is named.
#[derive(Debug)]
pub(super) struct Shifts {
    ring: VecDeque<Shift>,
    /// How many are kept.
    most: usize,
    /// The sum of their weights.
    octets: usize,
    /// The number of the latest one that was kept and is not any more; 0 while there is none.
    forgotten: u64,
    /// The number given last.
    numbered: u64,
    /// When what is decided now is decided.
    now: Instant,
}

impl Shifts {
    /// Most octets of the routes that shifts name, counted once for each time one is named.
    const OCTETS: usize = 4 * 1024 * 1024;

    /// A ring that keeps `most`; with 0 none are.
    pub(super) const fn new(most: usize) -> Self {
        let (octets, forgotten, numbered, now) = (0, 0, 0, Instant::ZERO);
        Self { ring: VecDeque::new(), most, octets, forgotten, numbered, now }
    }

    fn number(&mut self) -> u64 {
        self.numbered += 1;
        self.numbered
    }

    /// Keeps a shift, in the place of the oldest ones where there is no room.
    fn note(
        &mut self,
        prefix: IpNet,
        before: Option<Decided>,
        after: Option<Decided>,
        why: Why,
        routes: &mut Interner,
    ) {
        let mut weight = 0;
        let mut held = |decided: Option<Decided>| {
            let Decided { source, route, .. } = decided?;
            weight += routes.get(route).octets();
            Some((source, routes.hold(route)))
        };
        let (before, after) = (held(before), held(after));
        let weight = u32::try_from(weight).unwrap_or(u32::MAX);
        while self.ring.len() >= self.most || self.octets + weight as usize > Self::OCTETS {
            if !self.forget(routes) {
                break;
            }
        }
        self.octets += weight as usize;
        let number = self.number();
        self.ring.push_back(Shift { number, at: self.now, prefix, why, weight, before, after });
    }

    /// Forgets the oldest; whether there was one.
    fn forget(&mut self, routes: &mut Interner) -> bool {
        let Some(oldest) = self.ring.pop_front() else { return false };
        self.octets -= oldest.weight as usize;
        self.forgotten = oldest.number;
        [oldest.before, oldest.after].into_iter().flatten().for_each(|(_, route)| routes.release(route));
        true
    }
}

impl Shift {
    /// What was best before: who said it.
    pub(crate) const fn before(&self) -> Option<(SourceId, RouteId)> {
        self.before
    }

    /// What is best since: who says it.
    pub(crate) const fn after(&self) -> Option<(SourceId, RouteId)> {
        self.after
    }
}

impl Rib {
    /// What is decided from here on is decided at `now`.
    pub fn date(&mut self, now: Instant) {
        self.shifts.now = now;
    }

    /// Draws a number from the row that shifts are numbered in, so that what else happens can be put in order with
    /// them. The first is 1.
    pub fn next_number(&mut self) -> u64 {
        self.shifts.number()
    }

    /// The number drawn last; 0 where none was.
    #[must_use]
    pub fn numbered(&self) -> u64 {
        self.shifts.numbered
    }

    /// The remembered shifts with a greater number than `number`, the oldest first: of as many as the settings say, and
    /// no more than have 4 MiB of routes.
    pub fn shifts_after(&self, number: u64) -> impl DoubleEndedIterator<Item = &Shift> {
        let first = self.shifts.ring.partition_point(|shift| shift.number <= number);
        self.shifts.ring.range(first..)
    }

    /// The number of the latest shift that is not remembered any more; 0 where all are.
    #[must_use]
    pub fn shifts_forgotten(&self) -> u64 {
        self.shifts.forgotten
    }

    /// Remembers that the best path of a net changes, if shifts are remembered at all. To be called before what was
    /// decided is let go; `lost` is the step at which the former best lost this time, if it did.
    pub(super) fn remember(
        &mut self,
        id: TableId,
        net: NetId,
        before: Option<Decided>,
        after: Option<Decided>,
        lost: Option<Step>,
    ) {
        if self.shifts.most == 0 {
            return;
        }
        let why = self.why(id, net, before, after, lost);
        if let Some(prefix) = self.tables[id].prefix(net) {
            self.shifts.note(prefix, before, after, why, &mut self.interner);
        }
    }

    fn why(
        &self,
        id: TableId,
        net: NetId,
        before: Option<Decided>,
        after: Option<Decided>,
        lost: Option<Step>,
    ) -> Why {
        let Some(before) = before else { return Why::Found };
        let stays = |after: &Decided| (after.slot, after.source) == (before.slot, before.source);
        if let Some(after) = after.filter(stays) {
            return if after.route == before.route { Why::Anew } else { Why::Renewed };
        }
        let table = &self.tables[id];
        // Its place may be another source's by now, and what is said of that one is nothing to it.
        let is_it = table.paths.source(before.slot) == Some(before.source);
        match (table.path(before.slot).filter(|path| is_it && path.net == net), lost) {
            (None, _) => Why::Gone,
            (Some(_), Some(step)) => Why::Beaten(step),
            (Some(path), None) => {
                table.accepted(before.slot, path).err().map_or(Why::Unreachable, Why::Refused)
            }
        }
    }
}

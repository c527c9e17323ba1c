//! Sets of hops that routes share: carried by next-hop objects where that is wished and possible, else written out
//! into each route.
//!
//! A set is kept as a prefix is: wishes coalesce, one operation at a time, refusals are retried. What its routes need
//! of it is a [`Form`]; a prefix that has to be looked at when the form changes is a watcher. Routes on an object
//! need not watch: the kernel moves them.

mod answer;
mod contest;
mod numbers;
mod orphans;
mod step;
mod sweep;

use std::collections::{BTreeMap, BTreeSet};

use ipnet::IpNet;

use self::numbers::{Numbers, Register};
use self::orphans::Orphans;
use self::step::{Stand, Step};
use self::sweep::Condemned;
use super::row::Trouble;
use crate::by_prefix::ByPrefix;
use crate::view::View;
use crate::{Config, Counters, Hop, Instant, KernelHop, ObjectOperation, Refused, SetId, Ticket};

pub(super) use self::answer::Outcome;

/// Every set, and the objects of ours.
#[derive(Debug)]
pub(super) struct Sets {
    /// Whether objects carry sets at all.
    objects: bool,
    /// Most hops of one route.
    most: usize,
    sets: BTreeMap<SetId, Set>,
    watchers: BTreeMap<SetId, Watchers>,
    register: Register,
    orphans: Orphans,
    condemned: Condemned,
    /// Sets to look at.
    ready: BTreeSet<SetId>,
    flights: BTreeMap<Ticket, Flight>,
    retries: BTreeSet<(Instant, SetId)>,
    news: answer::News,
}

/// Prefixes that have to be looked at when a set changes.
#[derive(Debug, Default)]
struct Watchers {
    /// With whether they wait for the object.
    prefixes: ByPrefix<bool>,
    waiting: usize,
}

/// One set that is wished.
#[derive(Debug, Default)]
struct Set {
    hops: Vec<Hop>,
    numbers: Numbers,
    /// The one operation that waits for an answer.
    flight: Option<Ticket>,
    /// What the kernel said to single hops, until they are tried again.
    refused: BTreeMap<KernelHop, Refused>,
    trouble: Option<Trouble>,
    fight: contest::Fight,
}

/// An operation on objects that waits for its answer.
#[derive(Clone, Debug)]
enum Flight {
    Arranges {
        set: SetId,
        /// The hop, if it is about a member.
        hop: Option<KernelHop>,
        operation: ObjectOperation,
    },
    Removes(u32),
}

/// What a route through a set looks like now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form<'s> {
    /// It carries these hops itself.
    Inline(&'s [Hop]),
    /// It stands on this object.
    On(u32),
    /// Its object is not there yet.
    Wait,
}

impl Form<'_> {
    /// The object to stand on.
    pub(super) const fn object(self) -> Option<u32> {
        match self {
            Self::On(id) => Some(id),
            Self::Inline(_) | Self::Wait => None,
        }
    }
}

/// Whose form may have changed.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Affected {
    /// That of these prefixes.
    Watchers(Vec<IpNet>),
    /// That of every prefix through the set.
    All,
}

impl Sets {
    pub(super) fn new(config: &Config) -> Self {
        Self {
            objects: config.next_hop_objects,
            most: config.multipath.max(1),
            sets: BTreeMap::new(),
            watchers: BTreeMap::new(),
            register: Register::new(config.next_hop_ids.clone(), config.protocol),
            orphans: Orphans::default(),
            condemned: Condemned::default(),
            ready: BTreeSet::new(),
            flights: BTreeMap::new(),
            retries: BTreeSet::new(),
            news: answer::News::default(),
        }
    }

    /// Wishes a set to have these hops, or to be no more. `last` is the last ticket that was given.
    pub(super) fn want(&mut self, id: SetId, hops: Option<Vec<Hop>>, last: Ticket) -> Affected {
        let Some(hops) = hops else {
            return self.dismiss(id, last);
        };
        if self.sets.get(&id).is_some_and(|set| set.hops == hops) {
            return Affected::Watchers(Vec::new());
        }
        let set = self.sets.entry(id).or_default();
        set.hops = hops;
        set.refused.clear();
        set.fight = contest::Fight::default();
        self.ready.insert(id);
        if set.numbers.group.is_some() && !(self.objects && set.can_be_carried()) {
            self.condemn(id, last);
            return Affected::All;
        }
        Affected::Watchers(self.wake(id))
    }

    /// Another limit of hops: every set is looked at.
    pub(super) fn limit(&mut self, most: usize) {
        self.most = most.max(1);
        self.ready.extend(self.sets.keys());
    }

    /// What a route of `prefix` through a set looks like now.
    pub(super) fn form(&self, id: SetId, prefix: &IpNet, view: &View) -> Form<'_> {
        // Its wish may be on the way.
        let Some(set) = self.sets.get(&id) else { return Form::Wait };
        if !(self.objects && set.carries(prefix)) {
            return Form::Inline(set.first(self.most));
        }
        let group = set.numbers.group.filter(|group| self.register.holds(*group, view));
        group.map_or(Form::Wait, Form::On)
    }

    /// The hops of a set as wished.
    pub(super) fn hops(&self, id: SetId) -> &[Hop] {
        self.sets.get(&id).map_or(&[], |set| &set.hops)
    }

    /// Why the kernel does not hold all of a set.
    pub(super) fn trouble(&self, id: SetId) -> Option<&Refused> {
        self.sets.get(&id)?.trouble.as_ref().map(|trouble| &trouble.refused)
    }

    /// This prefix wants to be looked at when the set changes; whether it waits for the object.
    pub(super) fn watch(&mut self, id: SetId, prefix: IpNet, waits: bool) {
        let watchers = self.watchers.entry(id).or_default();
        let before = watchers.prefixes.insert(prefix, waits);
        watchers.waiting += usize::from(waits);
        watchers.waiting -= usize::from(before == Some(true));
    }

    /// This prefix does not any more.
    pub(super) fn unwatch(&mut self, id: SetId, prefix: &IpNet) {
        let Some(watchers) = self.watchers.get_mut(&id) else { return };
        watchers.waiting -= usize::from(watchers.prefixes.remove(prefix) == Some(true));
        if watchers.prefixes.len() == 0 {
            self.watchers.remove(&id);
        }
    }

    /// This prefix has its turn.
    pub(super) fn unwait(&mut self, id: SetId, prefix: &IpNet) {
        let waits = |watchers: &Watchers| watchers.prefixes.get(prefix) == Some(&true);
        if self.watchers.get(&id).is_some_and(waits) {
            self.watch(id, *prefix, false);
        }
    }

    /// Whether any prefix watches.
    pub(super) fn is_watched(&self) -> bool {
        !self.watchers.is_empty()
    }

    /// The next operation, which gets `ticket`. `oldest` is the oldest operation on a route that waits for an answer.
    pub(super) fn poll(
        &mut self,
        view: &View,
        ticket: Ticket,
        oldest: Option<Ticket>,
        counters: &mut Counters,
        now: Instant,
    ) -> Option<ObjectOperation> {
        while let Some(id) = self.ready.pop_first() {
            if let Some((hop, operation)) = self.step(id, view, ticket, counters, now) {
                let flight = Flight::Arranges { set: id, hop, operation: operation.clone() };
                self.flights.insert(ticket, flight);
                return Some(operation);
            }
        }
        let object = self.condemned.next(&self.register, view, oldest)?;
        self.flights.insert(ticket, Flight::Removes(object.id));
        Some(ObjectOperation::Remove(object))
    }

    /// Prefixes that wait for an object: those whose set is in trouble, and the others.
    pub(super) fn waiting(&self) -> (usize, usize) {
        let (hopeless, hopeful): (Vec<_>, Vec<_>) =
            self.watchers.iter().partition(|(id, _)| self.trouble(**id).is_some());
        let sum = |watchers: Vec<(&SetId, &Watchers)>| watchers.iter().map(|(_, w)| w.waiting).sum();
        (sum(hopeless), sum(hopeful))
    }

    /// Whether an operation is ours.
    pub(super) fn awaits(&self, ticket: Ticket) -> bool {
        self.flights.contains_key(&ticket)
    }

    /// Operations that wait for an answer.
    pub(super) fn in_flight(&self) -> usize {
        self.flights.len()
    }

    /// Nothing is to be done or waited for, but perhaps a retry.
    pub(super) fn is_idle(&self) -> bool {
        self.ready.is_empty() && self.flights.is_empty() && !self.condemned.is_due()
    }

    /// Whether an object is left that the kernel refused to remove, to be asked for again.
    pub(super) fn has_leftover(&self) -> bool {
        self.condemned.poll_timeout().is_some()
    }

    fn step(
        &mut self,
        id: SetId,
        view: &View,
        ticket: Ticket,
        counters: &mut Counters,
        now: Instant,
    ) -> Option<(Option<KernelHop>, ObjectOperation)> {
        self.review(id, view);
        let set = self.sets.get_mut(&id)?;
        if set.flight.is_some() || !self.objects || !set.can_be_carried() {
            return None;
        }
        let stand = Stand {
            hops: set.first(self.most),
            numbers: &set.numbers,
            refused: &set.refused,
            protocol: self.register.protocol(),
            spare: self.register.spare(view),
        };
        match stand.decide(view) {
            Step::Rest => {
                set.fight.stands();
                self.rest(id, None, view, now);
            }
            Step::Refuse(refused) => self.rest(id, Some(refused), view, now),
            Step::Apply(hop, operation) => {
                if let Some(trouble) = set.fight.paused(counters, now) {
                    self.put_trouble(id, Some(trouble));
                    return None;
                }
                set.flight = Some(ticket);
                if let ObjectOperation::Create(object) = &operation {
                    set.numbers.take(object);
                    self.register.give(object.id, id);
                }
                return Some((hop, operation));
            }
        }
        None
    }

    /// The prefixes that watched, once.
    fn wake(&mut self, id: SetId) -> Vec<IpNet> {
        self.watchers.remove(&id).map_or_else(Vec::new, |watchers| watchers.prefixes.prefixes().collect())
    }
}

impl Set {
    /// As many hops as may be.
    fn first(&self, most: usize) -> &[Hop] {
        self.hops.get(..most).unwrap_or(&self.hops)
    }

    /// An object needs an interface; a hop that leaves it to the kernel can only be written into a route.
    fn can_be_carried(&self) -> bool {
        self.hops.iter().all(|hop| hop.interface.is_some())
    }

    /// IPv6 routes cannot stand on IPv4 hops, and one without a gateway is made as such.
    fn carries(&self, prefix: &IpNet) -> bool {
        let is_ipv6 = |hop: &Hop| hop.gateway.is_some_and(|gateway| gateway.is_ipv6());
        self.can_be_carried() && (prefix.network().is_ipv4() || self.hops.iter().all(is_ipv6))
    }
}

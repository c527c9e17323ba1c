//! Routes through sets: what a change of a set means for them, and the operations on objects among the others.

use ipnet::IpNet;

use super::Reconciler;
use super::sets::{Affected, Form, Outcome};
use super::wish::{in_full, merged};
use crate::seen::{Output, Ticket};
use crate::view::NetId;
use crate::{Forwarding, Hop, Instant, Refused, Route, SetId};

impl Reconciler {
    /// Wishes a set of hops to be these; every route through it ([`Forwarding::Through`]) follows. `None`: no route
    /// goes through it any more. While a set has no hops its routes stay as they are.
    pub fn want_set(&mut self, set: SetId, hops: Option<Vec<Hop>>) {
        if self.leaving {
            return;
        }
        let hops = hops.map(merged);
        let affected = self.sets.want(set, hops, Ticket(self.last_ticket));
        match affected {
            Affected::Watchers(prefixes) => self.look_again(prefixes),
            Affected::All => self.look_again(self.prefixes_through(|other| other == set)),
        }
    }

    /// The next operation on objects.
    pub(super) fn poll_sets(&mut self, now: Instant) -> Option<Output> {
        let ticket = Ticket(self.last_ticket + 1);
        let oldest = self.flights.oldest();
        let operation = self.sets.poll(&self.view, ticket, oldest, &mut self.counters, now)?;
        self.last_ticket += 1;
        Some(Output::Arrange(ticket, operation))
    }

    /// The answer to an operation on objects.
    pub(super) fn arranged(&mut self, ticket: Ticket, result: Result<(), Refused>, now: Instant) {
        match &result {
            Ok(()) => self.counters.arranged += 1,
            Err(refused) => self.counters.refused(refused),
        }
        match self.sets.done(ticket, result, &self.view, now) {
            Outcome::Nothing => {}
            Outcome::Gone(id) => {
                let changes = self.view.forget_object(id);
                self.follow(changes, now);
            }
            Outcome::Unknown => self.resync.want(now),
            Outcome::Inline => self.look_again(self.prefixes_through(|_| true)),
        }
    }

    /// What the route of a prefix depends on, unless the kernel moves it by itself.
    pub(super) fn watched(&self, prefix: &IpNet, wish: Option<&Route>) -> Option<SetId> {
        let set = wish.and_then(Route::set)?;
        let moves = matches!(self.sets.form(set, prefix, &self.view), Form::On(_));
        (!moves).then_some(set)
    }

    /// Whether a prefix waits for the object of its set.
    pub(super) fn waits(&self, net: NetId) -> bool {
        let form = |set| self.sets.form(set, &self.view.prefix(net), &self.view);
        self.set_of(net).is_some_and(|set| form(set) == Form::Wait)
    }

    /// The set a prefix is wished to go through.
    pub(super) fn set_of(&self, net: NetId) -> Option<SetId> {
        self.rows.get(net).and_then(|row| self.rows.wish(row)).and_then(Route::set)
    }

    /// A prefix is to be wished elsewhere: what becomes of its set does not concern it any more. One that is wished
    /// through the same set again goes on watching, because an operation of before may still be on its way.
    pub(super) fn unwatch(&mut self, net: NetId, wish: Option<&Route>) {
        if self.sets.is_watched()
            && let Some(set) = self.set_of(net)
            && wish.and_then(Route::set) != Some(set)
        {
            self.sets.unwatch(set, &self.view.prefix(net));
        }
    }

    /// A prefix that has its turn does not wait, but still has to hear when what it wrote is outdated.
    pub(super) fn unwait(&mut self, net: NetId) {
        if self.sets.is_watched()
            && let Some(set) = self.set_of(net)
        {
            self.sets.unwait(set, &self.view.prefix(net));
        }
    }

    /// What a wish means today, for people.
    pub(super) fn in_words(&self, prefix: &IpNet, wish: &Route) -> Route {
        let mut wish = wish.clone();
        if let Some(set) = wish.set() {
            wish.forwarding = Forwarding::Unicast(self.sets.hops(set).to_vec());
        }
        in_full(prefix, &wish, &self.config)
    }

    /// What was met need not be any more.
    pub(super) fn look_again(&mut self, prefixes: Vec<IpNet>) {
        for prefix in prefixes {
            let Some(net) = self.view.find(&prefix) else { continue };
            if let Some(row) = self.rows.get_mut(net) {
                row.outdate();
                self.contests.lift(&prefix, self.now);
                self.look_at(net);
            }
        }
    }

    /// Asks every prefix, unless no wish is so: those on objects are in no index, and a set is mostly given up once
    /// nothing goes through it.
    fn prefixes_through(&self, is_meant: impl Fn(SetId) -> bool) -> Vec<IpNet> {
        if !self.rows.wishes().any(|wish| wish.set().is_some_and(&is_meant)) {
            return Vec::new();
        }
        let goes_through = |net: &NetId| self.set_of(*net).is_some_and(&is_meant);
        self.view.nets().filter(goes_through).map(|net| self.view.prefix(net)).collect()
    }
}

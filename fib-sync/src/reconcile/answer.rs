//! Operations on their way out, and what the answers say of wish and view.

use super::Reconciler;
use super::decide::{Step, decide};
use super::flying::{Flying, Yes};
use super::row::{Flight, Row};
use crate::metrics::Kind;
use crate::seen::{Operation, Output, Place, Ticket};
use crate::view::{Changes, Held, NetId};
use crate::{Instant, KernelRoute, Refused, Route};

impl Reconciler {
    /// Gives an operation its ticket.
    pub(super) fn launch(&mut self, net: NetId, operation: Operation, asked: Instant) -> Output {
        self.last_ticket += 1;
        let ticket = Ticket(self.last_ticket);
        let (metric, kind) = (operation.route().metric, Kind::from(&operation));
        if let Some(row) = self.rows.get_mut(net) {
            row.flight = Some(match kind {
                Kind::Create | Kind::Replace => Flight::Fulfils,
                Kind::Remove => Flight::Removes,
            });
        }
        let (operation, yes) = self.prepared(operation);
        self.flights.launch(ticket, Flying::new(net, metric, kind, yes, asked));
        Output::Apply(ticket, operation)
    }

    /// The same operation, and what a yes to it will mean.
    fn prepared(&mut self, operation: Operation) -> (Operation, Yes) {
        if !operation.is_plain() {
            return (operation, Yes::Told);
        }
        let mut written = |route: KernelRoute, place| {
            let prefix = route.prefix;
            let held = Held::from(route);
            let yes = Yes::Wrote(self.view.prepare(&held), place);
            (held.at(prefix), yes)
        };
        match operation {
            Operation::Create(route) => {
                let (route, yes) = written(route, Place::First);
                (Operation::Create(route), yes)
            }
            Operation::Replace(route) => {
                let (route, yes) = written(route, Place::Instead);
                (Operation::Replace(route), yes)
            }
            Operation::Remove(route) => {
                let yes = Yes::Removed(route.protocol);
                (Operation::Remove(route), yes)
            }
        }
    }

    /// The answer to an operation. Answers to tickets from before an overrun are ignored.
    pub fn done(&mut self, ticket: Ticket, result: Result<(), Refused>, now: Instant) {
        self.tick(now);
        if self.sets.awaits(ticket) {
            return self.arranged(ticket, result, now);
        }
        let Some(flying) = self.flights.land(ticket) else { return };
        let (net, metric) = (flying.net, flying.metric);
        let Some(flight) = self.rows.get_mut(net).and_then(|row| row.flight.take()) else { return };
        match result {
            Ok(()) => self.carried_out(flying, flight, now),
            Err(refused) => {
                flying.called_off(&mut self.view);
                match (refused, flight) {
                    (Refused::Gone, Flight::Removes) => self.forget(net, metric, now),
                    // The object went meanwhile, and the route comes after it.
                    (_, Flight::Fulfils) if self.waits(net) => {}
                    // Something else is wished by now, and that has not been tried.
                    (refused, Flight::Outdated) => self.counters.refused(&refused),
                    (refused, _) => return self.refuse(self.view.prefix(net), refused, now),
                }
                self.look_at(net);
            }
        }
    }

    /// The kernel said yes.
    fn carried_out(&mut self, flying: Flying, flight: Flight, now: Instant) {
        self.counters.carried_out(flying.kind);
        self.counters.latency.record(self.now.since(flying.asked));
        let net = flying.net;
        let Some(row) = self.rows.get_mut(net) else { return };
        row.undone = flying.has_met()
            && match flight {
                Flight::Fulfils => true,
                Flight::Outdated => false,
                Flight::Removes => row.wish.is_none(),
            };
        if flying.doubtful {
            row.fulfilled = false;
            row.queued = true;
            self.doubts.push((net, self.now));
            flying.called_off(&mut self.view);
            return self.resync.want(now);
        }
        let (kind, metric, alone) = (flying.kind, flying.metric, !flying.is_disturbed());
        let mut changes = Changes::default();
        flying.land(&mut self.view, &mut changes);
        // Of two routes of ours at one key the kernel removes the first, whichever was meant.
        let is_ours = |held: &Held| held.metric == metric && self.config.owns(held);
        row.fulfilled = match flight {
            Flight::Fulfils => alone && self.view.routes_at(net).iter().any(is_ours),
            Flight::Outdated | Flight::Removes => false,
        };
        let row = *row;
        self.landed(&changes, now);
        if kind == Kind::Replace {
            self.replaced(net, metric);
        }
        self.rest_or_look_at(net, row);
    }

    /// Beside the objects nobody else is concerned: what is learned and tracked does not look at routes of ours.
    fn landed(&mut self, changes: &Changes, now: Instant) {
        if changes.unsure {
            self.resync.want(now);
        }
        let last = Ticket(self.last_ticket);
        let waited = self.sets.objects_changed(&changes.objects, &self.view, last);
        self.look_again(waited);
    }

    /// The kernel did what was asked: nearly always nothing is left to do, which needs no turn in the queue.
    fn rest_or_look_at(&mut self, net: NetId, row: Row) {
        let wish = self.rows.wish(&row);
        // Who depends on a set has to be watched.
        let waits = self.resync.blocks() || wish.and_then(Route::set).is_some();
        if !waits && decide(net, &row, wish, &self.sets, &self.config, &self.view) == Step::Rest {
            self.rest(net, row);
        } else {
            self.look_at(net);
        }
    }
}

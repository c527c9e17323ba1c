//! The reconciler: wishes, what the kernel holds, and operations in flight, in; operations and events out.
//! Sans-IO: time is an argument, the kernel is whoever answers.

mod adopt;
mod answer;
mod contest;
mod decide;
mod flying;
mod news;
mod observe;
mod reconfigure;
mod report;
mod row;
mod rows;
mod sets;
mod through;
pub(crate) mod wish;

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use ipnet::IpNet;

use self::adopt::Adoption;
use self::contest::Contests;
use self::decide::{Step, decide};
use self::flying::Flights;
use self::news::News;
use self::row::{Row, Trouble};
use self::rows::Rows;
use self::sets::Sets;
use self::wish::settled;
use crate::learn::Learner;
use crate::resync::Resync;
use crate::seen::{Operation, Output, Ticket};
use crate::track::Tracker;
use crate::view::{NetId, View};
use crate::{Config, Counters, Event, Instant, NextHop, Refused, Resolution, Route, Sweep, Trace};

/// Keeps one table equal to what is wished.
///
/// Drive it so: hand in wishes ([`want`](Self::want)), everything the kernel says ([`observe`](Self::observe)) and
/// its answers ([`done`](Self::done)), in the order in which they happened; carry out [`poll_output`](Self::poll_output)
/// until it is empty; tell [`poll_event`](Self::poll_event) to whom it concerns; call
/// [`handle_timeout`](Self::handle_timeout) when [`poll_timeout`](Self::poll_timeout) has come. Calls that come
/// early or twice are harmless.
#[derive(Debug)]
pub struct Reconciler {
    config: Config,
    view: View,
    resync: Resync,
    rows: Rows,
    sets: Sets,
    /// Prefixes to look at, in the order in which they asked, and when.
    ready: VecDeque<(NetId, Instant)>,
    flights: Flights,
    /// Queued behind the next reading: before, nobody knows what the kernel holds there.
    doubts: Vec<(NetId, Instant)>,
    last_ticket: u64,
    /// The last refusal of each prefix, while it lasts.
    troubles: BTreeMap<IpNet, Trouble>,
    /// Refused wishes that wait; one that is being tried is not among them.
    retries: BTreeSet<(Instant, IpNet)>,
    /// When refused wishes are tried again because the network changed.
    nudge: Option<Instant>,
    nudged: Instant,
    contests: Contests,
    adoption: Adoption,
    learner: Learner,
    tracker: Tracker,
    news: News,
    synced: bool,
    settling: bool,
    leaving: bool,
    counters: Counters,
    /// The latest time anybody told.
    now: Instant,
}

impl Reconciler {
    /// A reconciler that knows nothing yet; its first output asks for a reading.
    #[must_use]
    pub fn new(config: Config) -> Self {
        Self {
            sets: Sets::new(&config),
            config,
            view: View::default(),
            resync: Resync::new(),
            rows: Rows::default(),
            ready: VecDeque::new(),
            flights: Flights::default(),
            doubts: Vec::new(),
            last_ticket: 0,
            troubles: BTreeMap::new(),
            retries: BTreeSet::new(),
            nudge: None,
            nudged: Instant::ZERO,
            contests: Contests::default(),
            adoption: Adoption::default(),
            learner: Learner::default(),
            tracker: Tracker::default(),
            news: News::default(),
            synced: false,
            settling: false,
            leaving: false,
            counters: Counters::default(),
            now: Instant::ZERO,
        }
    }

    /// Wishes `prefix` to lead along `route`, or not to be ours. Wishes coalesce: only the last one counts when
    /// the prefix's turn comes.
    pub fn want(&mut self, prefix: IpNet, route: Option<Route>) {
        if self.leaving {
            return;
        }
        let prefix = prefix.trunc();
        let wish = route.map(|route| settled(&prefix, route));
        if !wish.as_ref().is_some_and(|wish| wish.carries) {
            self.tracker.drop_carrier(&prefix);
        }
        self.contests.lift(&prefix, self.now);
        let net = self.view.keep(prefix);
        self.adoption.decided(net, self.now);
        self.unwatch(net, wish.as_ref());
        self.wish(net, wish);
    }

    /// Says that the wishes are complete: what was adopted and is not wished is swept, unless that is more than
    /// the brake allows. Before the first reading this is remembered.
    pub fn settle(&mut self) {
        self.settling = true;
        if !self.synced {
            return;
        }
        if let Some((sweep, released)) = self.adoption.settle(self.config.sweep_limit, &self.view) {
            self.sweep(sweep, released);
        }
    }

    /// Sweeps what the brake had held.
    pub fn sweep_anyway(&mut self) {
        let released = self.adoption.release(&self.view);
        self.release(released);
        self.sets.sweep(&self.view, Ticket(self.last_ticket));
    }

    /// Wishes everything of ours gone, past the brake, and takes no wish any more.
    pub fn remove_all(&mut self) {
        self.leaving = true;
        let released = self.adoption.release(&self.view);
        self.release(released);
        for net in self.ours() {
            self.unwatch(net, None);
            self.contests.lift(&self.view.prefix(net), self.now);
            self.wish(net, None);
        }
        self.sets.dismiss_all(&self.view, Ticket(self.last_ticket));
    }

    /// Watches how an address is reached.
    pub fn track(&mut self, next_hop: impl Into<NextHop>) {
        self.tracker.track(next_hop.into());
    }

    /// Stops watching it.
    pub fn untrack(&mut self, next_hop: &NextHop) {
        self.tracker.untrack(next_hop);
    }

    /// How an address is reached by now, whether it is watched or not.
    #[must_use]
    pub fn look_up(&self, next_hop: &NextHop) -> Option<Resolution> {
        self.tracker.look_up(next_hop, &self.view, &self.config)
    }

    /// How an address is reached by now, and what says so.
    #[must_use]
    pub fn trace(&self, next_hop: &NextHop) -> Trace {
        self.tracker.trace(next_hop, &self.view, &self.config)
    }

    /// The next thing to ask of the kernel; `None` while there is nothing, or enough is in flight.
    pub fn poll_output(&mut self, now: Instant) -> Option<Output> {
        self.tick(now);
        if self.resync.blocks() {
            let starts = self.flights.is_empty() && self.sets.in_flight() == 0 && self.resync.start();
            self.counters.dumps += u64::from(starts);
            return starts.then_some(Output::Read);
        }
        while self.flights.len() + self.sets.in_flight() < self.config.in_flight {
            if let Some(output) = self.poll_sets(now) {
                return Some(output);
            }
            let Some((net, asked)) = self.ready.pop_front() else {
                self.ready.shrink_to(SPARE);
                break;
            };
            let prefix = self.view.prefix(net);
            if self.resync.is_ownerless(&prefix) {
                self.doubts.push((net, asked));
                continue;
            }
            let Some(row) = self.rows.dequeue(net) else { continue };
            let wish = self.rows.wish(&row);
            let watched = self.watched(&prefix, wish);
            let step = decide(net, &row, wish, &self.sets, &self.config, &self.view);
            if let Some(set) = watched {
                self.sets.watch(set, prefix, step == Step::Wait);
            }
            match step {
                Step::Rest => self.rest(net, row),
                Step::Wait => self.forgive(prefix),
                Step::Apply(operation) if self.pauses(prefix, &row, &operation) => {}
                Step::Apply(operation) => return Some(self.launch(net, operation, asked)),
                Step::Refuse(refused) => self.refuse(prefix, refused, now),
            }
        }
        None
    }

    /// The next thing to tell. Only the last state of each prefix and address is told.
    pub fn poll_event(&mut self) -> Option<Event> {
        if !self.synced {
            return self.news.poll(&self.troubles);
        }
        self.learner
            .poll(&self.view, &self.config)
            .or_else(|| self.tracker.poll(&self.view, &self.config))
            .or_else(|| self.news.poll(&self.troubles))
            .or_else(|| self.sets.poll_event())
    }

    /// Whether [`poll_event`](Self::poll_event) may have something; it may still turn out to be nothing.
    #[must_use]
    pub fn has_event(&self) -> bool {
        self.news.has_news()
            || self.sets.has_news()
            || (self.synced && (self.learner.has_news() || self.tracker.has_news()))
    }

    /// When [`handle_timeout`](Self::handle_timeout) wants to be called.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Instant> {
        let retry = self.retries.first().map(|(at, _)| *at);
        let timers = [self.sets.poll_timeout(), self.resync.poll_timeout(), self.adoption.poll_timeout()];
        [retry, self.nudge, self.contests.poll_timeout()].into_iter().chain(timers).flatten().min()
    }

    /// Time has passed.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.tick(now);
        self.counters.audits += u64::from(self.resync.handle_timeout(now));
        let limit = self.config.sweep_limit;
        if let Some((sweep, released)) = self.adoption.handle_timeout(limit, &self.view, now) {
            self.sweep(sweep, released);
        }
        if self.nudge.is_some_and(|at| at <= now) {
            self.nudge = None;
            self.nudged = now;
            let waiting: Vec<IpNet> = self.retries.iter().map(|(_, prefix)| *prefix).collect();
            for prefix in waiting {
                self.contests.lift(&prefix, now);
                self.look_at_prefix(prefix);
            }
            self.sets.nudge();
        }
        self.sets.handle_timeout(now);
        self.contests.handle_timeout(now);
        while let Some((at, prefix)) = self.retries.first().copied()
            && at <= now
        {
            self.retries.pop_first();
            self.look_at_prefix(prefix);
        }
    }

    /// Wishes and removals that wait for their turn.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.ready.len()
    }

    /// Nothing is waiting, in flight or being read. Wishes that were refused may still wait for their retry.
    #[must_use]
    pub fn is_quiet(&self) -> bool {
        let idle = self.ready.is_empty() && self.flights.is_empty() && self.sets.is_idle();
        self.synced && idle && self.doubts.is_empty() && !self.resync.blocks()
    }

    /// Whether the first complete view is there.
    #[must_use]
    pub const fn is_synced(&self) -> bool {
        self.synced
    }

    fn look_at_prefix(&mut self, prefix: IpNet) {
        let net = self.view.keep(prefix);
        self.look_at(net);
    }

    /// Its prefix is kept.
    fn look_at(&mut self, net: NetId) {
        if self.rows.enqueue(net) {
            self.entered(net);
        }
    }

    fn wish(&mut self, net: NetId, wish: Option<Route>) {
        if self.rows.want(net, wish) {
            self.entered(net);
        }
    }

    /// Its row goes into the queue.
    fn entered(&mut self, net: NetId) {
        self.unwait(net);
        if !self.troubles.is_empty() {
            let prefix = self.view.prefix(net);
            if let Some(trouble) = self.troubles.get(&prefix) {
                self.retries.remove(&(trouble.retry, prefix));
            }
        }
        self.ready.push_back((net, self.now));
    }

    /// The row of a prefix, if it has one.
    fn row(&self, prefix: &IpNet) -> Option<&Row> {
        self.rows.get(self.view.find(prefix)?)
    }

    /// Every prefix that has a row, in order.
    fn ours(&self) -> Vec<NetId> {
        self.view.nets().filter(|net| self.rows.get(*net).is_some()).collect()
    }

    /// Whether this has to wait: somebody else undoes it again and again. Then it is told and tried later.
    fn pauses(&mut self, prefix: IpNet, row: &Row, operation: &Operation) -> bool {
        if row.undone {
            self.contests.undone(prefix, self.now);
        }
        let Some(trouble) = self.contests.paused(&prefix, operation.into(), self.now) else { return false };
        if row.undone {
            self.counters.refused(&trouble.refused);
        }
        self.put_off(prefix, trouble);
        true
    }

    /// The prefix is as wished.
    fn rest(&mut self, net: NetId, row: Row) {
        let prefix = self.view.prefix(net);
        self.forgive(prefix);
        let Some(wish) = self.rows.wish(&row) else {
            if self.rows.remove(net) {
                self.view.let_go(net);
            }
            return;
        };
        if wish.carries {
            self.tracker.carry(prefix, wish.gateways());
        }
        if (!row.fulfilled || row.undone)
            && let Some(row) = self.rows.get_mut(net)
        {
            row.fulfilled = true;
            row.undone = false;
        }
    }

    /// What was refused is not any more, or is the affair of its set.
    fn forgive(&mut self, prefix: IpNet) {
        if self.troubles.remove(&prefix).is_some() {
            self.news.verdict(prefix);
        }
    }

    fn refuse(&mut self, prefix: IpNet, refused: Refused, now: Instant) {
        let refused = self.explained(prefix, refused, now);
        self.counters.refused(&refused);
        let trouble = Trouble::next(self.troubles.get(&prefix), refused, now);
        self.put_off(prefix, trouble);
    }

    fn put_off(&mut self, prefix: IpNet, trouble: Trouble) {
        self.retries.insert((trouble.retry, prefix));
        self.troubles.insert(prefix, trouble);
        self.news.verdict(prefix);
    }

    fn tick(&mut self, now: Instant) {
        self.now = self.now.max(now);
    }

    fn sweep(&mut self, sweep: Sweep, released: Vec<NetId>) {
        self.news.swept(sweep);
        self.release(released);
        if !sweep.held {
            self.sets.sweep(&self.view, Ticket(self.last_ticket));
        }
    }

    fn release(&mut self, released: Vec<NetId>) {
        for net in released {
            self.look_at(net);
        }
    }
}

/// Places the queue keeps for those to come when it is empty: it may have held every prefix there is.
const SPARE: usize = 1024;

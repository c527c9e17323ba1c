//! What whoever runs a table sees of it: numbers, pages, refusals; against a reconciler driven by hand.

use std::time::Duration;

use fib_sync::{
    Config, Gauges, Hop, Instant, KernelForwarding, KernelRoute, Listing, NotReconfigured, Operation, Output,
    Owner, Place, Reconciler, Refused, Route, Seen, Standing, Ticket,
};
use ipnet::IpNet;

#[test]
fn every_prefix_of_ours_is_counted_once() {
    let mut table = Table::over([ours(prefix(0)), ours(prefix(1))]);
    assert_eq!(table.gauges(), Gauges { adopted: 2, ..idle() });
    for number in 1..=4 {
        table.reconciler.want(prefix(number), Some(Route::blackhole()));
    }
    assert_eq!(table.gauges(), Gauges { adopted: 1, pending: 4, backlog: 4, ..idle() });
    let asked = table.outputs();
    assert_eq!(asked.len(), 3, "one is as wished already");
    let flying = Gauges { adopted: 1, installed: 1, pending: 3, in_flight: 3, ..idle() };
    assert_eq!(table.gauges(), flying);
    table.answer(&asked[0], Ok(()));
    table.answer(&asked[1], Ok(()));
    table.answer(&asked[2], Err(Refused::Exhausted { text: "enough".into() }));
    assert_eq!(table.outputs(), []);
    assert_eq!(table.gauges(), Gauges { adopted: 1, installed: 3, diverged: 1, ..idle() });
    let counters = table.reconciler.metrics().counters;
    assert_eq!((counters.done, counters.created, counters.refused), (2, 2, 1));
    assert_eq!(counters.refusals.into_iter().collect::<Vec<_>>(), [("exhausted", 1)]);
}

#[test]
fn latency_runs_from_the_first_wish_to_the_answer_that_meets_the_last() {
    let mut table = Table::over([]);
    table.reconciler.want(prefix(1), Some(Route::blackhole()));
    table.pass(Duration::from_millis(3));
    table.reconciler.want(prefix(1), Some(Route::new(fib_sync::Forwarding::Unreachable)));
    table.pass(Duration::from_millis(4));
    let asked = table.outputs();
    table.pass(Duration::from_millis(40));
    table.answer(&asked[0], Ok(()));
    let latency = table.reconciler.metrics().counters.latency;
    assert_eq!((latency.count(), latency.sum()), (1, Duration::from_millis(47)));
}

#[test]
fn pages_together_are_the_whole_list() {
    let mut table = Table::over((0..10).map(|number| ours(prefix(number))));
    for number in 5..20 {
        table.reconciler.want(prefix(number), Some(Route::blackhole()));
    }
    table.outputs();
    let whole = table.reconciler.snapshot().routes;
    assert_eq!(whole.len(), 20);
    for most in [0, 1, 3, 20, 21] {
        assert_eq!(table.listed(Listing::All, most), whole, "{most} at a time");
    }
    let differing: Vec<IpNet> =
        table.listed(Listing::Differing, 7).iter().map(|route| route.prefix).collect();
    assert_eq!(differing.len(), 15, "adopted ones and those on their way");
    assert!(!differing.contains(&prefix(7)));
}

#[test]
fn a_refusal_says_since_when_how_often_and_when_it_is_tried_again() {
    let mut table = Table::over([]);
    let refused = Refused::Exhausted { text: "enough".into() };
    table.reconciler.want(prefix(1), Some(Route::blackhole()));
    for _ in 0..3 {
        let asked = table.outputs();
        table.answer(&asked[0], Err(refused.clone()));
        table.pass(Duration::from_millis(1));
        let again = table.reconciler.poll_timeout().expect("a retry is planned");
        table.pass(again.since(table.now));
    }
    let asked = table.outputs();
    let retry = table.only().retry.expect("it is refused");
    assert_eq!((retry.times, retry.next), (3, None), "it is being tried");
    assert_eq!(retry.since, Duration::from_millis(250 + 500 + 1000));
    table.answer(&asked[0], Err(refused.clone()));
    table.pass(Duration::from_millis(500));
    let route = table.only();
    assert_eq!(route.standing, Standing::Diverged(refused));
    assert_eq!(route.retry.and_then(|retry| retry.next), Some(Duration::from_millis(1500)));
}

#[test]
fn a_foreign_route_of_the_same_prefix_is_shown_by_who_is_found_first() {
    let metric = |metric| KernelRoute { protocol: 4, metric, ..ours(prefix(1)) };
    let owner = |metric| Some(Owner { protocol: 4, metric });
    let mut table = Table::over([ours(prefix(1)), metric(9)]);
    assert_eq!((table.only().hidden_by, table.only().hides), (owner(9), None));
    table.see(Seen::Removed(metric(9)));
    table.see(Seen::Added { route: metric(99), place: Place::Last });
    assert_eq!((table.only().hidden_by, table.only().hides), (None, owner(99)));
    table.see(Seen::Added { route: metric(METRIC), place: Place::First });
    assert_eq!((table.only().hidden_by, table.only().hides), (owner(METRIC), owner(99)));
}

#[test]
fn wishes_are_taken_while_an_audit_reads_and_written_after_it() {
    let mut table = Table::over([ours(prefix(0))]);
    table.reconciler.want(prefix(0), Some(Route::blackhole()));
    assert_eq!(table.outputs(), []);
    table.pass(Duration::from_secs(600));
    assert_eq!(table.outputs(), [Output::Read], "an audit is due");
    table.reconciler.want(prefix(1), Some(Route::blackhole()));
    assert_eq!(table.outputs(), [], "nothing is written while it reads");
    assert_eq!(table.gauges().pending, 1);
    table.see(Seen::Complete);
    let asked = table.outputs();
    assert_eq!(asked.len(), 2, "the wish, and what the audit found missing: {asked:?}");
    let counters = table.reconciler.metrics().counters;
    assert_eq!((counters.dumps, counters.audits, counters.drift), (2, 1, 1));
}

#[test]
fn another_metric_is_written_before_the_old_one_goes() {
    let mut table = Table::over([]);
    table.reconciler.want(prefix(1), Some(Route::blackhole()));
    table.reconciler.want(prefix(2), Some(Route::blackhole().at(7)));
    table.outputs().iter().for_each(|asked| table.answer(asked, Ok(())));
    table.outputs();
    assert_eq!(table.reconciler.reconfigure(Config::new(254, 12, 60)), Ok(()));
    let asked = table.outputs();
    let [Output::Apply(_, Operation::Create(route))] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((route.prefix, route.metric), (prefix(1), 60));
    table.answer(&asked[0], Ok(()));
    let asked = table.outputs();
    let [Output::Apply(_, Operation::Remove(route))] = asked.as_slice() else { panic!("{asked:?}") };
    assert_eq!((route.prefix, route.metric), (prefix(1), METRIC));
    assert_eq!(
        table.reconciler.page(Listing::All, None, 1).routes[0].wished,
        Some(Route::blackhole().at(60))
    );
}

#[test]
fn more_hops_are_taken_up_where_the_limit_rises_and_left_out_where_it_falls() {
    let hops = |count: u8| (1..=count).map(|last| Hop::via([10, 0, 0, last].into()));
    let limit = |multipath| Config { multipath, ..Config::new(254, 12, METRIC) };
    let mut table = Table::over([]);
    table.reconciler.want(prefix(1), Some(Route::unicast(hops(20))));
    let written = |table: &mut Table| {
        let asked = table.outputs();
        let (_, operation) = applied(&asked[0]);
        let hops = operation.route().hops().len();
        table.answer(&asked[0], Ok(()));
        assert_eq!(table.outputs(), []);
        hops
    };
    assert_eq!(written(&mut table), 16);
    assert_eq!(table.reconciler.reconfigure(limit(32)), Ok(()));
    assert_eq!(written(&mut table), 20);
    assert_eq!(table.reconciler.reconfigure(limit(1)), Ok(()));
    assert_eq!(written(&mut table), 1);
}

#[test]
fn metrics_that_become_ours_bring_their_routes_with_them() {
    let mut table = Table::over([ours(prefix(1))]);
    let narrow = Config { metrics: 60..=70, ..Config::new(254, 12, 60) };
    assert_eq!(table.reconciler.reconfigure(narrow), Ok(()));
    assert_eq!(table.gauges(), Gauges { foreign: 1, ..idle() });
    assert_eq!(table.reconciler.reconfigure(Config::new(254, 12, METRIC)), Ok(()));
    assert_eq!(table.gauges(), Gauges { adopted: 1, ..idle() });
}

#[test]
fn another_table_or_protocol_is_refused_and_changes_nothing() {
    let mut table = Table::over([]);
    let change =
        |table: &mut Table, number, protocol| table.reconciler.reconfigure(Config::new(number, protocol, 60));
    assert_eq!(change(&mut table, 255, 12), Err(NotReconfigured::Table));
    assert_eq!(change(&mut table, 254, 80), Err(NotReconfigured::Protocol));
    table.reconciler.want(prefix(1), Some(Route::blackhole()));
    assert_eq!(table.only().wished, Some(Route::blackhole().at(METRIC)));
}

const METRIC: u32 = 50;

/// A reconciler, and the time.
struct Table {
    reconciler: Reconciler,
    now: Instant,
}

impl Table {
    /// One that has read `held`.
    fn over(held: impl IntoIterator<Item = KernelRoute>) -> Self {
        let reconciler = Reconciler::new(Config::new(254, 12, METRIC));
        let mut table = Self { reconciler, now: Instant::from_micros(1) };
        assert_eq!(table.outputs(), [Output::Read]);
        held.into_iter().for_each(|route| table.see(Seen::Listed(route)));
        table.see(Seen::Complete);
        table
    }

    fn see(&mut self, seen: Seen) {
        self.reconciler.observe(seen, self.now);
    }

    fn outputs(&mut self) -> Vec<Output> {
        std::iter::from_fn(|| self.reconciler.poll_output(self.now)).collect()
    }

    /// Answers, and says what the kernel would say of it where the answer does not.
    fn answer(&mut self, asked: &Output, answer: Result<(), Refused>) {
        let (ticket, operation) = applied(asked);
        if answer.is_ok() && !operation.is_plain() {
            let place = match operation {
                Operation::Replace(_) => Place::Instead,
                Operation::Create(_) | Operation::Remove(_) => Place::First,
            };
            let route = operation.route().clone();
            let removes = matches!(operation, Operation::Remove(_));
            self.see(if removes { Seen::Removed(route) } else { Seen::Added { route, place } });
        }
        self.reconciler.done(ticket, answer, self.now);
    }

    fn pass(&mut self, time: Duration) {
        self.now = self.now + time;
        self.reconciler.handle_timeout(self.now);
    }

    fn gauges(&self) -> Gauges {
        self.reconciler.metrics().gauges
    }

    fn only(&self) -> fib_sync::SnapshotRoute {
        let routes = self.reconciler.snapshot().routes;
        assert_eq!(routes.len(), 1, "{routes:?}");
        routes.into_iter().next().expect("there is one")
    }

    fn listed(&self, which: Listing, most: usize) -> Vec<fib_sync::SnapshotRoute> {
        let (mut listed, mut after) = (Vec::new(), None);
        loop {
            let page = self.reconciler.page(which, after, most);
            assert!(page.routes.len() <= most.max(1));
            listed.extend(page.routes);
            after = page.next;
            if after.is_none() {
                return listed;
            }
        }
    }
}

fn applied(asked: &Output) -> (Ticket, &Operation) {
    match asked {
        Output::Apply(ticket, operation) => (*ticket, operation),
        other => panic!("{other:?} is no operation on a route"),
    }
}

fn idle() -> Gauges {
    Gauges { in_flight_limit: 512, ..Gauges::default() }
}

fn prefix(number: u8) -> IpNet {
    format!("192.0.2.{number}/32").parse().expect("a prefix")
}

/// A blackhole as the kernel holds one of ours.
fn ours(prefix: IpNet) -> KernelRoute {
    KernelRoute {
        prefix,
        metric: METRIC,
        protocol: 12,
        scope: 0,
        forwarding: KernelForwarding::Blackhole,
        source: None,
        object: None,
    }
}

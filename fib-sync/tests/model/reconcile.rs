//! The reconciler against the kernel in memory: whatever happens on the way, kernel equals wishes at the end, and
//! nobody else's route was touched at any step.

use std::net::Ipv4Addr;
use std::time::Duration;

use crate::world::{FOREIGN, METRIC, OURS, World, address, foreign, link, meddle, set_up};
use fib_sync::model::{How, Spoilt};
use fib_sync::{
    Address, Config, Event, Hop, KernelForwarding, KernelHop, KernelRoute, Link, Operation, Refused, Route,
    SetId, Sweep,
};
use ipnet::{IpNet, Ipv4Net};
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Want(usize, Option<usize>),
    Meddle(usize, u32, How),
    Unmeddle(usize, u32),
    /// Somebody removes a route of ours.
    Sabotage(usize),
    Link(u32, bool),
    Carrier(u32, bool),
    /// An interface loses this address.
    Unaddress(u32, bool),
    Remake(u32),
    Rename(u32),
    Kill,
    Refuse(Refused),
    Overrun,
    Spoil(Spoilt),
    Work(usize),
    Hear(usize),
    Pass(u64),
    Settle,
}

fn step() -> impl Strategy<Value = Step> {
    let how = prop_oneof![Just(How::Exclusive), Just(How::Replace), Just(How::Append), Just(How::Prepend)];
    let metric = prop_oneof![3 => Just(METRIC), 1 => Just(METRIC - 1), 1 => Just(METRIC + 1)];
    let refused = prop_oneof![
        Just(Refused::Exhausted { text: String::new() }),
        Just(Refused::Denied { text: String::new() }),
        Just(Refused::Other { errno: 16, text: String::new() }),
    ];
    prop_oneof![
        8 => (0..PREFIXES.len(), proptest::option::of(0..ROUTES)).prop_map(|(p, r)| Step::Want(p, r)),
        2 => (0..PREFIXES.len(), metric.clone(), how).prop_map(|(p, m, how)| Step::Meddle(p, m, how)),
        1 => (0..PREFIXES.len(), metric).prop_map(|(p, m)| Step::Unmeddle(p, m)),
        1 => (0..PREFIXES.len()).prop_map(Step::Sabotage),
        1 => (1..=2_u32, any::<bool>()).prop_map(|(index, up)| Step::Link(index, up)),
        1 => refused.prop_map(Step::Refuse),
        1 => Just(Step::Overrun),
        1 => prop_oneof![Just(Spoilt::Interrupted), Just(Spoilt::Failed)].prop_map(Step::Spoil),
        1 => (1..=2_u32, any::<bool>()).prop_map(|(nth, running)| Step::Carrier(nth, running)),
        1 => (1..=2_u32, any::<bool>()).prop_map(|(nth, ipv4)| Step::Unaddress(nth, ipv4)),
        1 => (1..=2_u32).prop_map(Step::Remake),
        1 => (1..=2_u32).prop_map(Step::Rename),
        1 => Just(Step::Kill),
        6 => (1..4_usize).prop_map(Step::Work),
        6 => (1..8_usize).prop_map(Step::Hear),
        2 => (0..3_000_u64).prop_map(Step::Pass),
        1 => Just(Step::Settle),
    ]
}

fn take(world: &mut World, step: Step) {
    match step {
        Step::Want(at, route) => world.want(prefix(at), route.map(|route| wish(at, route))),
        Step::Meddle(at, metric, how) => {
            meddle(&mut world.kernel, foreign(prefix(at), metric, gateway(at, 2, 9)), how);
        }
        Step::Unmeddle(at, metric) => {
            let _ = world.kernel.delete(&prefix(at), metric, Some(FOREIGN));
        }
        Step::Sabotage(at) => {
            let _ = world.kernel.delete(&prefix(at), METRIC, Some(OURS));
        }
        Step::Link(nth, up) => change(world, nth, |link| Link { up, running: up, ..link }),
        Step::Carrier(nth, running) => {
            change(world, nth, |link| Link { running: link.up && running, ..link });
        }
        Step::Rename(nth) => change(world, nth, |link| Link { name: format!("other{nth}").into(), ..link }),
        Step::Unaddress(nth, ipv4) => {
            let fits = |held: &&Address| held.interface % 10 == nth && held.local.is_ipv4() == ipv4;
            let gone: Vec<Address> = world.kernel.addresses().filter(fits).cloned().collect();
            gone.iter().for_each(|gone| world.kernel.remove_address(gone));
        }
        Step::Remake(nth) => {
            let old = index(world, nth);
            world.kernel.remove_link(old);
            world.kernel.set_link(link(old + 10, true));
        }
        Step::Kill => world.kill(),
        Step::Refuse(refused) => world.kernel.refuse_next(refused),
        Step::Overrun => world.overrun(),
        Step::Spoil(spoilt) => world.kernel.spoil_next_reading(spoilt),
        Step::Work(most) => world.work(most),
        Step::Hear(most) => world.hear(most),
        Step::Pass(millis) => world.pass(Duration::from_millis(millis)),
        Step::Settle => world.settle(),
    }
}

/// The index of the first or second interface: made again it has another one.
fn index(world: &World, nth: u32) -> u32 {
    world.kernel.links().map(|link| link.index).find(|index| index % 10 == nth).unwrap_or(nth)
}

fn change(world: &mut World, nth: u32, change: impl FnOnce(Link) -> Link) {
    let index = index(world, nth);
    let link = world.kernel.links().find(|link| link.index == index).cloned();
    if let Some(link) = link {
        world.kernel.set_link(change(link));
    }
}

/// Whether somebody else changes what an operation of ours in the air is about: who was first, nobody says, so it
/// has to be read again.
fn clashes_with(step: &Step, world: &World) -> bool {
    match step {
        Step::Meddle(at, metric, _) | Step::Unmeddle(at, metric) => world.is_flying(&prefix(*at), *metric),
        Step::Sabotage(at) => world.is_flying(&prefix(*at), METRIC),
        Step::Link(nth, false) => {
            let interface = index(world, *nth);
            world.flies_over(interface) || splits(world, interface, false)
        }
        Step::Remake(nth) => {
            let interface = index(world, *nth);
            world.flies_over(interface) || splits(world, interface, true)
        }
        _ => false,
    }
}

/// Whether an IPv6 route loses one of several paths with this interface: whose the others are, nothing shows. While it
/// is only down, none goes before the last, and then one after the other.
fn splits(world: &World, interface: u32, deleted: bool) -> bool {
    let is_up = |index| world.kernel.links().any(|link| link.index == index && link.up);
    let goes = |hop: &KernelHop| hop.interface == interface || (!deleted && !is_up(hop.interface));
    let several = |route: &KernelRoute| route.prefix.network().is_ipv6() && route.hops().len() > 1;
    world.kernel.routes().filter(several).any(|route| {
        let mut hops = route.hops().iter();
        if deleted { hops.any(goes) } else { hops.all(goes) }
    })
}

/// Whatever was in the way is so no longer.
fn mend(world: &mut World) {
    world.kernel.stop_faults();
    set_up(&mut world.kernel);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: cases(), failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_kernel_equals_the_wishes_whatever_happened(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in steps {
            take(&mut world, step);
            world.check_numbers();
        }
        mend(&mut world);
        world.settle();
        world.reconciler.sweep_anyway();
        world.wait_long();
        world.check_wishes();
        world.check_numbers();
    }

    #[test]
    fn events_and_answers_keep_the_view_exact(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::without_audit();
        world.settle_down();
        let mut clashes = 0;
        for step in steps {
            // Whether a hop died with an IPv4 address that went earlier, nothing shows: that is read again.
            let read_again = matches!(step, Step::Overrun | Step::Spoil(_) | Step::Kill | Step::Unaddress(_, true));
            if !read_again {
                clashes += u64::from(clashes_with(&step, &world));
                take(&mut world, step);
            }
        }
        mend(&mut world);
        world.settle();
        world.reconciler.sweep_anyway();
        for _ in 0..3 {
            world.settle_down();
            world.pass(Duration::from_secs(61));
        }
        world.settle_down();
        world.check_wishes();
        clashes += world.blind;
        let dumps = world.reconciler.snapshot().counters.dumps;
        prop_assert!(dumps <= 1 + clashes, "{dumps} readings for {clashes} clashes");
    }

    #[test]
    fn a_restart_at_any_instant_is_harmless(
        before in prop::collection::vec(step(), 1..60),
        after in prop::collection::vec(step(), 1..60),
    ) {
        let mut world = World::new();
        for step in before {
            take(&mut world, step);
        }
        let mut kernel = world.kernel;
        while kernel.next_said().is_some() {}
        let mut world = World::around(kernel);
        for step in after {
            take(&mut world, step);
        }
        mend(&mut world);
        for at in 0..PREFIXES.len() {
            world.want(prefix(at), Some(wish(at, 0)));
        }
        world.settle();
        world.wait_long();
        world.check_wishes();
    }
}

#[test]
fn wishes_coalesce_while_one_operation_is_on_its_way() {
    let mut world = World::new();
    world.settle_down();
    world.want(prefix(0), Some(wish(0, 0)));
    world.work(1);
    for route in [1, 2, 0, 1, 2, 0, 1, 2, 0, 1] {
        world.want(prefix(0), Some(wish(0, route)));
    }
    world.settle_down();
    assert_eq!(world.operations.len(), 2, "{:?}", world.operations);
    world.check_wishes();
}

#[test]
fn no_more_operations_are_in_flight_than_allowed() {
    let config = Config { in_flight: 3, next_hop_objects: true, ..Config::new(254, OURS, METRIC) };
    let mut world = World::configured(World::new().kernel, config);
    world.settle_down();
    let hop = |last: u8| Hop::via(Ipv4Addr::new(10, 0, 1, last).into()).over("eth1");
    world.want_set(SetId(0), Some(vec![hop(2), hop(3)]));
    world.want_set(SetId(1), Some(vec![hop(2)]));
    for last in 0..20 {
        let prefix = IpNet::from(Ipv4Net::new_assert(Ipv4Addr::new(192, 0, 2, last), 32));
        world.want(prefix, Some(Route::unicast([hop(2)])));
    }
    let mut done = 0;
    while !world.is_idle() {
        world.work(usize::MAX);
        let asked = world.operations.len() + world.arranged.len();
        assert!((1..=3).contains(&(asked - done)), "{} at once", asked - done);
        done = asked;
        world.hear(usize::MAX);
    }
    assert_eq!(done, 20 + 5);
    world.check_wishes();
}

#[test]
fn a_wish_that_is_met_already_costs_nothing() {
    let mut world = World::new();
    world.settle_down();
    world.want(prefix(0), Some(wish(0, 0)));
    world.settle_down();
    let mut again = World::around(world.kernel);
    again.want(prefix(0), Some(wish(0, 0)));
    again.settle();
    again.settle_down();
    assert_eq!(again.operations, []);
    assert!(again.events.contains(&Event::Swept(Sweep { adopted: 1, stale: 0, held: false })));
}

#[test]
fn a_change_of_metric_writes_before_it_removes() {
    let mut world = World::new();
    world.settle_down();
    world.want(prefix(0), Some(wish(0, 0)));
    world.settle_down();
    world.operations.clear();
    world.want(prefix(0), Some(wish(0, 0).at(7)));
    world.settle_down();
    assert!(
        matches!(&world.operations[..], [Operation::Create(new), Operation::Remove(old)]
            if new.metric == 7 && old.metric == METRIC),
        "{:?}",
        world.operations
    );
}

#[test]
fn a_refusal_is_told_once_and_retried_with_growing_pauses() {
    let mut world = World::new();
    world.settle_down();
    for _ in 0..5 {
        world.kernel.refuse_next(Refused::Exhausted { text: "no room".into() });
    }
    world.want(prefix(0), Some(wish(0, 0)));
    world.settle_down();
    let mut tries = vec![world.operations.len()];
    for _ in 0..8 {
        world.pass(Duration::from_secs(1));
        world.settle_down();
        tries.push(world.operations.len());
    }
    assert_eq!(tries, [1, 2, 3, 4, 4, 5, 5, 5, 5], "tries, second by second");
    world.wait_long();
    let told: Vec<&Event> = world
        .events
        .iter()
        .filter(|event| matches!(event, Event::Diverged { .. } | Event::Healed { .. }))
        .collect();
    assert!(matches!(told[..], [Event::Diverged { .. }, Event::Healed { .. }]), "{told:?}");
}

#[test]
fn a_removal_that_is_refused_is_not_the_end_of_leaving() {
    let mut world = World::new();
    world.want(prefix(0), Some(wish(0, 0)));
    world.settle_down();
    world.kernel.refuse_next(Refused::Exhausted { text: "no room".into() });
    world.leave();
    world.settle_down();
    assert!(world.reconciler.is_quiet() && !world.reconciler.is_gone(), "it is tried again");
    world.pass(Duration::from_secs(1));
    world.settle_down();
    assert!(world.reconciler.is_gone() && world.ours(&prefix(0)).is_empty());
}

/// What the kernel said to an earlier wish is no reason to put off the one that came meanwhile.
#[test]
fn a_wish_does_not_wait_because_the_one_before_was_refused() {
    let mut world = World::new();
    world.settle_down();
    world.kernel.refuse_next(Refused::Exhausted { text: "no room".into() });
    world.want(prefix(0), Some(wish(0, 0)));
    world.work(1);
    world.want(prefix(0), Some(Route::blackhole()));
    world.settle_down();
    world.check_wishes();
    assert!(!world.events.iter().any(|event| matches!(event, Event::Diverged { .. })), "{:?}", world.events);
}

#[test]
fn late_wishes_release_a_sweep_that_was_held() {
    let mut world = World::new();
    for at in 0..4 {
        let mut route = foreign(prefix(at), METRIC, gateway(at, 1, 2));
        route.protocol = OURS;
        meddle(&mut world.kernel, route, How::Exclusive);
    }
    while world.kernel.next_said().is_some() {}
    world.settle();
    world.settle_down();
    assert!(world.events.contains(&Event::Swept(Sweep { adopted: 4, stale: 4, held: true })));
    assert_eq!(world.operations, []);
    for at in 0..3 {
        world.want(prefix(at), Some(wish(at, 0)));
        world.settle_down();
        world.pass(Duration::from_secs(8));
        world.settle_down();
        assert!(world.ours(&prefix(3)).len() == 1, "more wishes may follow");
    }
    world.pass(Duration::from_secs(8));
    world.settle_down();
    assert!(world.events.contains(&Event::Swept(Sweep { adopted: 4, stale: 1, held: false })));
    assert!(world.ours(&prefix(3)).is_empty());
    assert_eq!(world.ours(&prefix(0)).len(), 1);
}

#[test]
fn an_unknown_interface_is_waited_for() {
    let mut world = World::new();
    world.settle_down();
    let hop = Hop::via("10.0.7.2".parse().unwrap()).over("eth7");
    world.want(prefix(0), Some(Route::unicast([hop])));
    world.settle_down();
    assert_eq!(world.operations, []);
    world.kernel.set_link(link(7, true));
    world.kernel.add_address(address(7, "10.0.7.1/24"));
    world.settle_down();
    world.pass(Duration::from_secs(1));
    world.settle_down();
    world.check_wishes();
}

#[test]
fn leaving_removes_everything_of_ours_and_nothing_else() {
    let mut world = World::new();
    meddle(&mut world.kernel, foreign(prefix(0), 1, gateway(0, 1, 9)), How::Exclusive);
    let mut adopted = foreign(prefix(1), METRIC, gateway(1, 1, 2));
    adopted.protocol = OURS;
    meddle(&mut world.kernel, adopted, How::Exclusive);
    while world.kernel.next_said().is_some() {}
    let before = world.foreign();
    world.want(prefix(0), Some(wish(0, 0)));
    world.settle_down();
    world.leave();
    world.settle_down();
    assert_eq!(world.reconciler.installed(), 0);
    assert_eq!(world.kernel.routes().collect::<Vec<_>>(), before);
}

#[test]
fn a_list_is_believed_before_the_events_that_came_before_it() {
    let mut world = World::new();
    meddle(&mut world.kernel, foreign(prefix(0), METRIC, gateway(0, 1, 9)), How::Exclusive);
    while world.kernel.next_said().is_some() {}
    // Ours, left behind by an earlier run, stands behind the foreign one. Its event is heard first.
    let mut route = foreign(prefix(0), METRIC, gateway(0, 1, 2));
    route.protocol = OURS;
    meddle(&mut world.kernel, route, How::Append);
    world.want(prefix(0), Some(wish(0, 2)));
    world.settle_down();
    let removed = |operation: &Operation| matches!(operation, Operation::Remove(_));
    assert!(
        world.operations.iter().all(removed),
        "a replacement takes the first of the key, which is foreign"
    );
}

#[test]
fn an_ipv6_source_address_that_is_removed_is_missed_without_a_word_from_the_kernel() {
    let mut world = World::without_audit();
    let source = "fd00:1::1".parse().expect("an address");
    world.want(prefix(3), Some(wish(3, 3).at(METRIC).from(source)));
    world.settle_down();
    world.kernel.remove_address(&address(1, "fd00:1::1/64"));
    world.hear(usize::MAX);
    world.settle_down();
    let refused =
        |event: &Event| matches!(event, Event::Diverged { refused: Refused::NoSuchSource { .. }, .. });
    assert!(world.events.iter().any(refused), "{:?}", world.events);
    assert_eq!(world.ours(&prefix(3)).len(), 1, "it goes on forwarding");
    set_up(&mut world.kernel);
    world.wait_long();
    world.check_wishes();
}

#[test]
fn the_model_merges_an_appended_ipv6_route_into_the_one_that_is_there() {
    let mut world = World::new();
    let at = 3;
    meddle(&mut world.kernel, foreign(prefix(at), METRIC, gateway(at, 1, 2)), How::Exclusive);
    meddle(&mut world.kernel, foreign(prefix(at), METRIC, gateway(at, 2, 2)), How::Append);
    let [route] = &world.kernel.routes_of(&prefix(at))[..] else { panic!("one route") };
    assert!(matches!(&route.forwarding, KernelForwarding::Unicast(hops) if hops.len() == 2));
}

const PREFIXES: [&str; 5] =
    ["192.0.2.0/24", "198.51.100.0/24", "203.0.113.7/32", "2001:db8::/32", "2001:db8:1::1/128"];
const ROUTES: usize = 7;

fn prefix(at: usize) -> IpNet {
    PREFIXES[at].parse().expect("a prefix")
}

/// A gateway of the prefix's family on link `link`.
fn gateway(at: usize, link: u32, host: u32) -> &'static str {
    let text = if prefix(at).network().is_ipv4() {
        format!("10.0.{link}.{host}")
    } else {
        format!("fd00:{link}::{host}")
    };
    text.leak()
}

fn wish(at: usize, route: usize) -> Route {
    let via = |link, host| Hop::via(gateway(at, link, host).parse().expect("an address"));
    match route {
        0 => Route::unicast([via(1, 2)]),
        1 => Route::unicast([via(1, 3), via(2, 3)]),
        2 => Route::blackhole(),
        3 => Route::unicast([via(2, 4)]).at(METRIC + 1),
        // Interfaces are named: what the kernel makes of these, the answer says.
        4 => Route::unicast([via(1, 2).over("eth1")]),
        5 => Route::unicast([via(1, 3).over("eth1"), via(2, 3).over("eth2").weighing(3)]),
        _ => Route::unicast([via(2, 4).over("eth2")]).at(METRIC + 1),
    }
}

/// Thousands of schedules; `PROPTEST_CASES` asks for another number of each kind.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|text| text.parse().ok()).unwrap_or(1000)
}

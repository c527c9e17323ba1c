//! Sets of hops that routes share, with and without next-hop objects, against the kernel in memory.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::world::{FOREIGN, METRIC, OURS, World, foreign, link, meddle, set_up};
use fib_sync::model::How;
use fib_sync::{
    Config, Event, Hop, KernelHop, KernelObject, Link, Member, ObjectContent, ObjectOperation, Refused,
    Route, SetId,
};
use ipnet::IpNet;
use proptest::prelude::*;

#[derive(Clone, Debug)]
enum Step {
    Route(usize, Option<usize>),
    Set(u32, Option<usize>),
    Inline(usize),
    Meddle(usize),
    /// Somebody removes the object of ours with this place among them.
    Sabotage(usize),
    /// Somebody takes a number of ours.
    Squat(u32),
    Link(u32, bool, bool),
    Refuse(Refused),
    Overrun,
    Work(usize),
    Hear(usize),
    Pass(u64),
    Settle,
    Restart,
}

fn step() -> impl Strategy<Value = Step> {
    let refused = prop_oneof![
        Just(Refused::Exhausted { text: String::new() }),
        Just(Refused::NoSuchNextHop { text: String::new() }),
    ];
    prop_oneof![
        6 => (0..PREFIXES.len(), proptest::option::of(0..2_usize)).prop_map(|(p, s)| Step::Route(p, s)),
        6 => (0..4_u32, proptest::option::of(0..SETS)).prop_map(|(set, hops)| Step::Set(set, hops)),
        1 => (0..PREFIXES.len()).prop_map(Step::Inline),
        1 => (0..PREFIXES.len()).prop_map(Step::Meddle),
        1 => (0..9_usize).prop_map(Step::Sabotage),
        1 => (0..6_u32).prop_map(Step::Squat),
        2 => (1..=2_u32, any::<bool>(), any::<bool>()).prop_map(|(i, up, on)| Step::Link(i, up, on)),
        1 => refused.prop_map(Step::Refuse),
        1 => Just(Step::Overrun),
        6 => (1..4_usize).prop_map(Step::Work),
        6 => (1..8_usize).prop_map(Step::Hear),
        2 => (0..3_000_u64).prop_map(Step::Pass),
        1 => Just(Step::Settle),
        1 => Just(Step::Restart),
    ]
}

fn take(world: &mut World, step: Step, config: &Config) {
    match step {
        // A prefix goes through the sets of its family only.
        Step::Route(at, which) => {
            let route = which.map(|which| Route::through(set_of(at, which)));
            let defined = route.is_none() || world.sets.contains_key(&set_of(at, which.unwrap_or_default()));
            if defined {
                world.want(prefix(at), route);
            }
        }
        Step::Set(set, Some(hops)) => world.want_set(SetId(set), Some(hops_of(set, hops))),
        Step::Set(set, None) => {
            for prefix in world.through(SetId(set)) {
                world.want(prefix, None);
            }
            world.want_set(SetId(set), None);
        }
        Step::Inline(at) => world.want(prefix(at), Some(Route::unicast(hops_of(u32::from(at >= V6) * 2, 0)))),
        Step::Meddle(at) => {
            let gateway = if at >= V6 { "fd00:2::9" } else { "10.0.2.9" };
            meddle(&mut world.kernel, foreign(prefix(at), METRIC, gateway), How::Exclusive);
        }
        Step::Sabotage(at) => {
            let ours: Vec<u32> =
                world.kernel.objects().filter(|o| o.protocol == OURS).map(|o| o.id).collect();
            if let Some(id) = ours.get(at) {
                let _ = world.kernel.delete_object(*id);
            }
        }
        Step::Squat(offset) => {
            let content =
                ObjectContent::Hop(KernelHop { gateway: None, interface: 2, onlink: false, weight: 1 });
            let id = config.next_hop_ids.start() + offset;
            let _ = world.kernel.create_object(KernelObject { id, protocol: FOREIGN, content });
        }
        Step::Link(index, up, running) => {
            world.kernel.set_link(Link { running: up && running, ..link(index, up) });
        }
        Step::Refuse(refused) => world.kernel.refuse_next(refused),
        Step::Overrun => world.overrun(),
        Step::Work(most) => world.work(most),
        Step::Hear(most) => world.hear(most),
        Step::Pass(millis) => world.pass(Duration::from_millis(millis)),
        Step::Settle => world.reconciler.settle(),
        Step::Restart => restart(world, config.clone()),
    }
}

/// The same kernel, a new start, the same wishes.
fn restart(world: &mut World, config: Config) {
    let mut kernel = world.kernel.clone();
    while kernel.next_said().is_some() {}
    let mut fresh = World::configured(kernel, config);
    for (set, hops) in world.sets.clone() {
        fresh.want_set(set, Some(hops));
    }
    for (prefix, wish) in world.wishes() {
        fresh.want(prefix, wish);
    }
    *world = fresh;
}

fn mend(world: &mut World) {
    world.kernel.stop_faults();
    set_up(&mut world.kernel);
    world.reconciler.settle();
    world.reconciler.sweep_anyway();
}

/// Each set that is wished has a group and a member for each hop, and nothing else of ours is there.
pub(crate) fn check_objects(world: &World) {
    let ours: Vec<&KernelObject> = world.kernel.objects().filter(|o| o.protocol == OURS).collect();
    let groups = ours.iter().filter(|object| object.hop().is_none()).count();
    assert_eq!(groups, world.sets.len(), "{ours:#?} for {:#?}", world.sets);
    let hops: usize = world.sets.values().map(|hops| hops.len()).sum();
    assert_eq!(ours.len() - groups, hops, "{ours:#?} for {:#?}", world.sets);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn objects_carry_the_sets_whatever_happened(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::configured(World::new().kernel, with_objects());
        for step in steps {
            take(&mut world, step, &with_objects());
            world.check_numbers();
        }
        mend(&mut world);
        world.wait_long();
        world.check_wishes();
        world.check_numbers();
        check_objects(&world);
        for prefix in (0..4).flat_map(|set| world.through(SetId(set))) {
            for route in world.ours(&prefix) {
                prop_assert!(route.object.is_some(), "{:?}", route);
            }
        }
    }

    #[test]
    fn without_objects_the_sets_are_written_out(steps in prop::collection::vec(step(), 1..120)) {
        let mut world = World::new();
        for step in steps {
            take(&mut world, step, &without_objects());
            world.check_numbers();
        }
        mend(&mut world);
        world.wait_long();
        world.check_wishes();
        prop_assert!(world.arranged.is_empty());
    }

    #[test]
    fn events_and_answers_keep_the_view_of_objects_exact(steps in prop::collection::vec(step(), 1..120)) {
        let config = Config { audit: Duration::from_secs(1 << 30), ..with_objects() };
        let mut world = World::configured(World::new().kernel, config.clone());
        world.settle_down();
        let mut clashes = 0;
        for step in steps {
            if !matches!(step, Step::Overrun | Step::Restart) {
                // Somebody else changes what an answer in the air is about: that is read again.
                clashes += u64::from(match &step {
                    Step::Meddle(at) => world.is_flying(&prefix(*at), METRIC),
                    Step::Link(index, false, _) => world.flies_over(*index),
                    _ => false,
                });
                take(&mut world, step, &config);
            }
        }
        mend(&mut world);
        for _ in 0..3 {
            world.settle_down();
            world.pass(Duration::from_secs(61));
        }
        world.settle_down();
        world.check_wishes();
        check_objects(&world);
        let dumps = world.reconciler.snapshot().counters.dumps;
        prop_assert!(dumps <= 1 + clashes + world.blind, "{dumps} readings for {clashes} clashes");
    }

    #[test]
    fn the_option_is_switched_by_a_restart_without_losing_a_route(
        steps in prop::collection::vec(step(), 1..60),
        objects in any::<bool>(),
    ) {
        let [before, after] = [objects, !objects].map(|on| Config { next_hop_objects: on, ..with_objects() });
        let mut world = World::configured(World::new().kernel, before.clone());
        for step in steps {
            take(&mut world, step, &before);
        }
        mend(&mut world);
        world.wait_long();
        restart(&mut world, after);
        mend(&mut world);
        world.settle_down();
        world.check_wishes();
        for operation in &world.operations {
            prop_assert!(!matches!(operation, fib_sync::Operation::Remove(_)), "{:?}", operation);
        }
    }
}

#[test]
fn a_hop_that_becomes_another_is_one_message() {
    let mut world = many_routes(with_objects());
    world.want_set(SetId(0), Some(hops_of(0, 1)));
    world.settle_down();
    world.check_wishes();
    assert!(world.operations.is_empty(), "{:?}", world.operations);
    assert!(
        matches!(world.arranged.as_slice(), [ObjectOperation::Replace(object)] if object.hop().is_some()),
        "{:#?}",
        world.arranged
    );
}

#[test]
fn a_hop_less_is_one_message_and_the_removal_of_the_hop() {
    let mut world = many_routes(with_objects());
    world.want_set(SetId(0), Some(hops_of(0, 2)));
    world.settle_down();
    world.arranged.clear();
    world.want_set(SetId(0), Some(hops_of(0, 0)));
    world.settle_down();
    world.check_wishes();
    assert!(world.operations.is_empty(), "{:?}", world.operations);
    assert!(
        matches!(world.arranged.as_slice(), [ObjectOperation::Replace(_), ObjectOperation::Remove(_)]),
        "{:#?}",
        world.arranged
    );
}

#[test]
fn without_objects_each_route_follows_its_set() {
    let mut world = many_routes(without_objects());
    world.want_set(SetId(0), Some(hops_of(0, 1)));
    world.settle_down();
    world.check_wishes();
    assert_eq!(world.operations.len(), 50);
}

#[test]
fn a_kernel_without_objects_is_told_of_once_and_done_without() {
    let mut world = World::configured(World::new().kernel, with_objects());
    world.settle_down();
    for at in 0..2 {
        world.want_set(SetId(at), Some(hops_of(at, 0)));
        world.want(prefix(at as usize), Some(Route::through(SetId(at))));
        world.kernel.refuse_next(Refused::Unsupported { text: String::new() });
    }
    world.settle_down();
    world.kernel.stop_faults();
    world.wait_long();
    world.check_wishes();
    let told = world.events.iter().filter(|event| matches!(event, Event::ObjectsUnsupported { .. })).count();
    assert_eq!((told, world.kernel.objects().count()), (1, 0));
}

#[test]
fn a_set_holds_the_hops_that_can_be_had_and_says_which_cannot() {
    let mut world = World::configured(World::new().kernel, with_objects());
    world.kernel.set_link(link(2, false));
    world.want_set(SetId(0), Some(hops_of(0, 2)));
    world.want(prefix(0), Some(Route::through(SetId(0))));
    world.settle_down();
    let gateways = |world: &World| world.ours(&prefix(0))[0].hops().len();
    assert_eq!(gateways(&world), 1);
    assert!(
        world.events.iter().any(|event| matches!(
            event,
            Event::SetDiverged { set: SetId(0), refused: Refused::NoDevice { .. } }
        )),
        "{:?}",
        world.events
    );
    world.kernel.set_link(link(2, true));
    world.wait_long();
    assert_eq!(gateways(&world), 2);
    assert!(world.events.contains(&Event::SetHealed { set: SetId(0) }));
}

#[test]
fn what_an_earlier_run_left_is_taken_over_by_its_hops() {
    let mut world = many_routes(with_objects());
    let objects: Vec<KernelObject> = world.kernel.objects().cloned().collect();
    restart(&mut world, with_objects());
    // Another number for the same hops.
    let again: Vec<IpNet> = world.through(SetId(0));
    world.want_set(SetId(7), Some(hops_of(0, 0)));
    for prefix in &again {
        world.want(*prefix, Some(Route::through(SetId(7))));
    }
    world.want_set(SetId(0), None);
    mend(&mut world);
    world.settle_down();
    world.check_wishes();
    assert!(world.operations.is_empty() && world.arranged.is_empty(), "{:#?}", world.arranged);
    assert_eq!(world.kernel.objects().cloned().collect::<Vec<_>>(), objects);
}

#[test]
fn a_route_shows_its_set_and_the_object_that_it_stands_on() {
    for (config, carried) in [(with_objects(), true), (without_objects(), false)] {
        let world = many_routes(config);
        let group = world.kernel.objects().find(|object| object.hop().is_none()).map(|object| object.id);
        assert_eq!(group.is_some(), carried);
        for route in world.reconciler.snapshot().routes {
            assert_eq!((route.set, route.object), (Some(SetId(0)), group));
        }
    }
}

#[test]
fn a_route_waits_for_its_set_without_a_word() {
    for config in [with_objects(), without_objects()] {
        let mut world = World::configured(World::new().kernel, config);
        world.want(prefix(0), Some(Route::through(SetId(0))));
        world.settle_down();
        assert!(world.operations.is_empty() && world.ours(&prefix(0)).is_empty());
        assert_eq!(world.reconciler.metrics().gauges.pending, 1);
        world.want_set(SetId(0), Some(hops_of(0, 0)));
        world.settle_down();
        world.check_wishes();
        world.check_numbers();
        assert!(
            !world.events.iter().any(|event| matches!(event, Event::Diverged { .. })),
            "{:?}",
            world.events
        );
    }
}

/// A wish that is repeated while it is being written still follows its set.
#[test]
fn a_set_that_changes_while_its_route_is_wished_again_is_followed() {
    let mut world = World::configured(World::new().kernel, without_objects());
    world.settle_down();
    world.want_set(SetId(0), Some(hops_of(0, 0)));
    world.want(prefix(0), Some(Route::through(SetId(0))));
    world.work(1);
    world.want(prefix(0), Some(Route::through(SetId(0))));
    world.want_set(SetId(0), Some(hops_of(0, 1)));
    world.settle_down();
    world.check_wishes();
}

#[test]
fn weights_are_those_of_the_group() {
    let mut world = World::configured(World::new().kernel, with_objects());
    let hops = hops_of(0, 2).into_iter().zip([3, 256]).map(|(hop, weight)| hop.weighing(weight)).collect();
    world.want_set(SetId(0), Some(hops));
    world.settle_down();
    let members: Vec<Member> = world.kernel.objects().flat_map(|object| object.members().to_vec()).collect();
    assert_eq!(members.iter().map(|member| member.weight).collect::<BTreeSet<_>>(), BTreeSet::from([3, 256]));
}

/// Fifty routes through one set, all written.
pub(crate) fn many_routes(config: Config) -> World {
    let mut world = World::configured(World::new().kernel, config);
    world.want_set(SetId(0), Some(hops_of(0, 0)));
    for last in 0..50 {
        let prefix = format!("198.51.100.{last}/32").parse().expect("a prefix");
        world.want(prefix, Some(Route::through(SetId(0))));
    }
    world.settle_down();
    world.check_wishes();
    world.operations.clear();
    world.arranged.clear();
    world
}

fn without_objects() -> Config {
    Config::new(254, OURS, METRIC)
}

pub(crate) fn with_objects() -> Config {
    Config { next_hop_objects: true, ..without_objects() }
}

/// The first of them, and the first of IPv6.
const PREFIXES: [&str; 6] = [
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.0/24",
    "2001:db8::/32",
    "2001:db8:1::/48",
    "2001:db8:2::/48",
];
const V6: usize = 3;

pub(crate) fn prefix(at: usize) -> IpNet {
    PREFIXES[at].parse().expect("a prefix")
}

/// Sets 0 and 1 are of IPv4, 2 and 3 of IPv6.
fn set_of(at: usize, which: usize) -> SetId {
    SetId(u32::try_from(which).expect("small") + if at >= V6 { 2 } else { 0 })
}

const SETS: usize = 4;

pub(crate) fn hops_of(set: u32, which: usize) -> Vec<Hop> {
    let hop = |link: u32, host: u32| {
        let gateway = if set < 2 { format!("10.0.{link}.{host}") } else { format!("fd00:{link}::{host}") };
        Hop::via(gateway.parse().expect("an address")).over(&format!("eth{link}"))
    };
    match which {
        0 => vec![hop(1, 2)],
        1 => vec![hop(2, 3)],
        2 => vec![hop(1, 2), hop(2, 2)],
        _ => vec![hop(1, 4).weighing(2), hop(1, 5), hop(2, 6)],
    }
}

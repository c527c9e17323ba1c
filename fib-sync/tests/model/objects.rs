//! When a next-hop object goes and comes back: never from under a route, and ever later where the kernel refuses.

use std::time::Duration;

use crate::sets::{check_objects, hops_of, many_routes, prefix, with_objects};
use crate::world::{World, foreign, meddle};
use fib_sync::model::How;
use fib_sync::{Config, Event, Refused, Route, SetId};

/// The kernel would remove the routes along with it.
#[test]
fn an_object_goes_after_the_routes_that_leave_it() {
    let mut world = many_routes(with_objects());
    let prefixes = world.through(SetId(0));
    for prefix in &prefixes {
        world.want(*prefix, Some(Route::unicast(hops_of(0, 0))));
    }
    world.want_set(SetId(0), None);
    while !world.is_idle() {
        world.work(1);
        world.hear(1);
        for prefix in &prefixes {
            assert_eq!(world.ours(prefix).len(), 1, "{prefix}");
        }
    }
    world.check_wishes();
    assert_eq!(world.kernel.objects().count(), 0);
}

/// Of an operation that is on its way nobody knows yet on what the route stands.
#[test]
fn an_object_goes_after_the_answers_to_what_may_put_a_route_on_it() {
    let mut world = World::configured(World::new().kernel, with_objects());
    let inline = || Some(Route::unicast(hops_of(0, 1)));
    world.want_set(SetId(0), Some(hops_of(0, 0)));
    world.want(prefix(0), inline());
    world.settle_down();
    world.want(prefix(0), Some(Route::through(SetId(0))));
    world.work(1);
    assert!(world.ours(&prefix(0))[0].object.is_some(), "the kernel did it and did not say so yet");
    world.want(prefix(0), inline());
    world.want_set(SetId(0), None);
    while !world.is_idle() {
        world.work(usize::MAX);
        assert_eq!(world.ours(&prefix(0)).len(), 1);
        world.hear(1);
    }
    world.check_wishes();
    assert_eq!(world.kernel.objects().count(), 0);
}

#[test]
fn an_object_that_others_stand_on_stays() {
    let mut world = many_routes(with_objects());
    let group = world.kernel.objects().find(|object| object.hop().is_none()).expect("a group").id;
    let mut strange = foreign("203.0.113.0/24".parse().expect("a prefix"), 7, "10.0.1.2");
    strange.object = Some(group);
    let prefix = strange.prefix;
    meddle(&mut world.kernel, strange, How::Exclusive);
    for prefix in world.through(SetId(0)) {
        world.want(prefix, None);
    }
    world.want_set(SetId(0), None);
    world.reconciler.settle();
    world.wait_long();
    assert_eq!((world.kernel.routes_of(&prefix).len(), world.kernel.objects().count()), (1, 2));
    world.kernel.delete(&prefix, 7, None).expect("it is there");
    world.wait_long();
    assert_eq!(world.kernel.objects().count(), 0);
}

#[test]
fn objects_that_somebody_removes_again_and_again_come_back_ever_later() {
    let mut world = many_routes(with_objects());
    let mut removed = 0;
    for _ in 0..60 {
        let group = world.kernel.objects().find(|object| object.hop().is_none()).map(|object| object.id);
        if let Some(group) = group {
            world.kernel.delete_object(group).expect("it is there");
            removed += 1;
        }
        world.settle_down();
        world.pass(Duration::from_secs(1));
        world.settle_down();
    }
    assert!((6..15).contains(&removed), "put back {removed} times in a minute");
    let contested = |event: &Event| {
        matches!(event, Event::SetDiverged { set: SetId(0), refused: Refused::Contested { .. } })
    };
    assert!(world.events.iter().any(contested), "{:?}", world.events);
    // Five times it is put back at once, then every time after a pause that is counted.
    assert_eq!(world.reconciler.counters().refusals.get("contested"), Some(&(removed - 5)));
    world.wait_long();
    world.check_wishes();
    check_objects(&world);
    assert!(world.events.contains(&Event::SetHealed { set: SetId(0) }));
}

/// With room for one operation nothing else comes between two attempts.
#[test]
fn the_removal_of_an_object_that_is_refused_is_asked_for_again_ever_later() {
    let mut world = many_routes(Config { in_flight: 1, ..with_objects() });
    for prefix in world.through(SetId(0)) {
        world.want(prefix, None);
    }
    world.settle_down();
    for _ in 0..3 {
        world.kernel.refuse_next(Refused::Exhausted { text: String::new() });
    }
    world.want_set(SetId(0), None);
    let mut pauses = Vec::new();
    while world.kernel.objects().count() > 0 {
        world.arranged.clear();
        for _ in 0..5 {
            world.work(usize::MAX);
            world.hear(usize::MAX);
        }
        pauses.push(world.arranged.len());
        world.pass(Duration::from_millis(200));
    }
    // 250 ms, 500 ms, 1 s; then the group goes, and its member.
    assert_eq!(pauses, [1, 0, 1, 0, 0, 1, 0, 0, 0, 0, 2]);
}

#[test]
fn an_object_whose_removal_is_refused_is_not_left_behind() {
    let mut world = many_routes(with_objects());
    for prefix in world.through(SetId(0)) {
        world.want(prefix, None);
    }
    world.settle_down();
    world.kernel.refuse_next(Refused::Exhausted { text: "no room".into() });
    world.leave();
    world.settle_down();
    assert!(world.reconciler.is_quiet() && !world.reconciler.is_gone(), "it is tried again");
    world.pass(Duration::from_secs(1));
    world.settle_down();
    assert!(world.reconciler.is_gone());
    assert_eq!(world.kernel.objects().count(), 0);
}

//! Events and answers that are lost: nothing is taken for said or done that was not heard.

use std::time::Duration;

use fib_sync::{Refused, Route};
use ipnet::IpNet;

use crate::world::{METRIC, OURS, World};

/// A route of ours stands, and nothing but events tells of it.
fn standing() -> (World, IpNet) {
    let mut world = World::without_audit();
    let prefix: IpNet = "192.0.2.0/24".parse().expect("a prefix");
    world.want(prefix, Some(Route::via("10.0.1.2".parse().expect("an address"))));
    world.settle_down();
    assert_eq!(world.ours(&prefix).len(), 1);
    (world, prefix)
}

#[test]
fn a_refusal_that_was_not_heard_is_no_yes() {
    let (mut world, prefix) = standing();
    world.kernel.refuse_next(Refused::Exhausted { text: "no room".into() });
    world.want(prefix, Some(Route::via("10.0.1.3".parse().expect("an address"))));
    world.work(1);
    world.overrun();
    world.settle_down();
    world.check_wishes();
}

#[test]
fn what_was_removed_unheard_is_written_again() {
    let (mut world, prefix) = standing();
    world.kernel.delete(&prefix, METRIC, Some(OURS)).expect("it is there");
    world.overrun();
    world.settle_down();
    world.check_wishes();
}

#[test]
fn a_reading_that_missed_something_counts_for_nothing() {
    for heard in 0..12 {
        let (mut world, prefix) = standing();
        world.pass(Duration::from_secs(2));
        world.overrun();
        world.work(1);
        world.hear(heard);
        world.kernel.delete(&prefix, METRIC, Some(OURS)).expect("it is there");
        world.overrun();
        world.settle_down();
        world.check_wishes();
    }
}

//! Whoever else writes to our prefixes: who gives way, and how often what they undo is done again.

use std::time::Duration;

use crate::world::{FOREIGN, METRIC, OURS, World, address, foreign, link, meddle, set_up};
use fib_sync::model::{How, Kernel};
use fib_sync::{Event, Meddled, Refused, Route};
use ipnet::IpNet;

/// A prefix of each family and two gateways for it.
const FAMILIES: [(&str, &str, &str); 2] =
    [("192.0.2.0/24", "10.0.1.2", "10.0.1.3"), ("2001:db8::/32", "fd00:1::2", "fd00:1::3")];

/// Our route to the prefix of this family stands.
fn standing((prefix, gateway, _): (&str, &str, &str)) -> (World, IpNet, Route) {
    let mut world = World::new();
    let prefix: IpNet = prefix.parse().unwrap();
    let wish = Route::via(gateway.parse().unwrap());
    world.want(prefix, Some(wish.clone()));
    world.settle_down();
    assert_eq!(world.ours(&prefix).len(), 1);
    (world, prefix, wish)
}

#[test]
fn an_earlier_form_of_ours_gives_way_to_the_foreign_route_that_is_in_the_way_of_the_new_one() {
    for family in FAMILIES {
        let (mut world, prefix, wish) = standing(family);
        meddle(&mut world.kernel, foreign(prefix, METRIC + 1, family.2), How::Exclusive);
        world.settle_down();
        assert_eq!(world.ours(&prefix).len(), 1, "another metric is another route");

        world.want(prefix, Some(wish.at(METRIC + 1)));
        world.settle_down();
        assert_eq!(world.ours(&prefix), [], "it would hide the foreign route");
        let refused = Refused::Exists { protocol: FOREIGN, metric: METRIC + 1 };
        assert!(world.events.contains(&Event::Diverged { prefix, refused }));

        world.kernel.delete(&prefix, METRIC + 1, Some(FOREIGN)).unwrap();
        world.settle_down();
        world.check_wishes();
        assert_eq!(world.ours(&prefix).len(), 1, "ours follows when the foreign one goes");
    }
}

#[test]
fn a_connected_prefix_that_appears_behind_ours_is_not_hidden() {
    let mut world = World::new();
    let prefix: IpNet = "fd00:9::/64".parse().expect("a prefix");
    world.want(prefix, Some(Route::via("fd00:1::2".parse().expect("an address"))));
    world.settle_down();
    assert_eq!(world.ours(&prefix).len(), 1);

    world.kernel.add_address(address(1, "fd00:9::1/64"));
    world.settle_down();
    assert_eq!(world.ours(&prefix), [], "the host would not reach its own link");
    let refused = Refused::Exists { protocol: 2, metric: 256 };
    assert!(world.events.contains(&Event::Diverged { prefix, refused }), "{:?}", world.events);

    world.kernel.remove_address(&address(1, "fd00:9::1/64"));
    world.wait_long();
    assert_eq!(world.ours(&prefix).len(), 1);
}

#[test]
fn an_earlier_form_of_ours_stays_where_the_kernel_refuses_the_new_one() {
    for family in FAMILIES {
        for metric in [METRIC, METRIC + 1] {
            let (mut world, prefix, _) = standing(family);
            let before = world.ours(&prefix);
            world.kernel.refuse_next(Refused::NoSuchNextHop { text: String::new() });
            world.want(prefix, Some(Route::via(family.2.parse().unwrap()).at(metric)));
            world.settle_down();
            assert!(world.diverged().contains(&prefix));
            assert_eq!(world.ours(&prefix), before);
        }
    }
}

/// Somebody removes our route whenever they see it, for so long. Gives how often it was written.
fn rob(world: &mut World, prefix: &IpNet, seconds: u64) -> usize {
    let before = world.operations.len();
    for _ in 0..seconds * 10 {
        for _ in 0..100 {
            let robbed = world.kernel.delete(prefix, METRIC, Some(OURS)).is_ok();
            world.settle_down();
            if !robbed && world.ours(prefix).is_empty() {
                break;
            }
        }
        world.pass(Duration::from_millis(100));
    }
    world.operations.len() - before
}

#[test]
fn what_is_undone_again_and_again_is_done_again_with_growing_pauses() {
    for family in FAMILIES {
        let (mut world, prefix, _) = standing(family);
        let (first, later) = (rob(&mut world, &prefix, 60), rob(&mut world, &prefix, 600));
        assert!((6..16).contains(&first) && (8..14).contains(&later), "{first} in a minute, {later} in ten");
        let told = |event: &&Event| {
            matches!(
                event,
                Event::Diverged { refused: Refused::Contested { meddled: Meddled::Removed, .. }, .. }
            )
        };
        assert!(world.events.iter().any(|event| told(&event)));
        let metrics = world.reconciler.metrics();
        assert!(metrics.counters.refusals["contested"] >= 10 && metrics.gauges.diverged == 1, "{metrics:?}");
        let shown = world.reconciler.snapshot().routes.remove(0);
        assert!(shown.retry.is_some_and(|retry| retry.times > 10), "{shown:?}");

        world.wait_long();
        world.check_wishes();
        assert_eq!(world.diverged().len(), 0);
        world.kernel.delete(&prefix, METRIC, Some(OURS)).unwrap();
        world.settle_down();
        assert_eq!(world.ours(&prefix).len(), 1, "after a quiet time it is undone at once");
    }
}

#[test]
fn another_wish_does_not_wait_for_the_end_of_a_fight() {
    for family in FAMILIES {
        let (mut world, prefix, _) = standing(family);
        rob(&mut world, &prefix, 60);
        assert_eq!(world.ours(&prefix), []);
        world.want(prefix, Some(Route::via(family.2.parse().unwrap())));
        world.settle_down();
        world.check_wishes();
        assert_eq!(world.ours(&prefix).len(), 1);

        // Nor where it comes while what was undone waits for its turn.
        world.kernel.delete(&prefix, METRIC, Some(OURS)).unwrap();
        world.hear(usize::MAX);
        world.want(prefix, Some(Route::blackhole()));
        world.settle_down();
        world.check_wishes();
        assert_eq!(world.ours(&prefix).len(), 1);
    }
}

/// What Felix does to the routes of another one that uses its protocol number, and the other way round.
#[test]
fn a_route_of_our_protocol_that_is_not_wished_is_removed_with_growing_pauses() {
    for (prefix, gateway, other) in FAMILIES {
        let (mut world, wished, wish) = standing((prefix, gateway, other));
        world.settle();
        world.want(wished, None);
        let mut stray = foreign(wished, METRIC, other);
        stray.protocol = OURS;
        for wish in [None, Some(wish)] {
            world.want(wished, wish.clone());
            world.settle_down();
            let before = world.operations.len();
            for _ in 0..600 {
                meddle(&mut world.kernel, stray.clone(), How::Replace);
                world.settle_down();
                world.pass(Duration::from_millis(100));
            }
            let done = world.operations.len() - before;
            assert!((5..20).contains(&done), "{done} times in a minute against {wish:?}");
            world.wait_long();
            world.check_wishes();
        }
    }
}

#[test]
fn an_interface_that_comes_and_goes_is_no_fight() {
    for family in FAMILIES {
        let (mut world, prefix, _) = standing(family);
        for _ in 0..20 {
            world.kernel.set_link(link(1, false));
            world.settle_down();
            set_up(&mut world.kernel);
            world.settle_down();
            world.pass(Duration::from_secs(1));
            world.settle_down();
            assert_eq!(world.ours(&prefix).len(), 1);
        }
        world.check_wishes();
    }
}

#[test]
fn only_the_last_state_of_a_foreign_route_is_told_and_the_lowest_metric_wins() {
    let mut world = World::new();
    let prefix: IpNet = "192.0.2.0/24".parse().unwrap();
    world.settle_down();
    world.events.clear();
    let write = |kernel: &mut Kernel, metric| {
        let mut route = foreign(prefix, metric, "10.0.1.9");
        route.protocol = 80;
        meddle(kernel, route, How::Exclusive);
    };
    for metric in [30, 20, 10] {
        write(&mut world.kernel, metric);
    }
    world.kernel.delete(&prefix, 10, None).unwrap();
    world.hear(usize::MAX);
    world.pass(Duration::ZERO);
    assert!(
        matches!(&world.events[..], [Event::Learned { route, .. }] if route.metric == 20),
        "{:?}",
        world.events
    );
    world.events.clear();
    write(&mut world.kernel, 10);
    world.kernel.delete(&prefix, 10, None).unwrap();
    world.hear(usize::MAX);
    world.pass(Duration::ZERO);
    assert_eq!(world.events, [], "it came and went while nobody listened");
}

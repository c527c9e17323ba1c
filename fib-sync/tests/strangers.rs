//! Whoever else writes to our prefixes: who gives way, and how often what they undo is done again.

#[allow(dead_code, reason = "each test binary uses its part")]
mod world;

use fib_sync::model::How;
use fib_sync::{Event, Refused, Route};
use ipnet::IpNet;
use world::{FOREIGN, METRIC, World, foreign, meddle};

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

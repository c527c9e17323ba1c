//! Wires fail, stall, are slow and come back.

use std::time::Duration;

use bgp_core::{Chance, Family};
use tests::sim::{NodeId, Shape};

use crate::scene::{MINUTE, SECOND, Scene};

#[test]
fn behind_a_partition_packets_go_as_soon_as_wires_do() {
    for seed in 0..5 {
        let mut scene = Scene::new(seed, Shape::Mesh, 5);
        let halves = || [0, 1].into_iter().flat_map(|a| [2, 3, 4].map(|b| (NodeId(a), NodeId(b))));
        halves().for_each(|(a, b)| scene.world.partition(a, b));
        scene.world.run_for(MINUTE);
        halves().for_each(|(a, b)| scene.world.heal(a, b));
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn a_wire_that_fails_every_few_seconds_is_not_noticed() {
    for seed in 0..5 {
        let mut scene = Scene::new(seed, Shape::Mesh, 4);
        for round in 0..60 {
            scene.world.reset_connections(NodeId(0), NodeId(1));
            scene.world.run_for(Duration::from_millis(100 + 150 * round));
        }
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn behind_an_interface_that_flaps_all_comes_back_at_once() {
    let mut scene = Scene::new(1, Shape::Mesh, 4);
    for _ in 0..10 {
        scene.world.set_link(NodeId(0), false);
        scene.world.run_for(2 * SECOND);
        scene.world.set_link(NodeId(0), true);
        scene.world.run_for(10 * SECOND);
    }
    for outage in scene.world.outages() {
        assert!(outage.from == NodeId(0), "others forward as before: {outage:?}");
        assert!(outage.lasted.is_some_and(|lasted| lasted < 3 * SECOND), "{outage:?}");
    }
    scene.check_end("up again");
}

#[test]
fn a_receiver_that_hears_late_loses_nothing() {
    for seed in 0..5 {
        let mut scene = Scene::new(seed, Shape::Reflected(1), 6);
        for _ in 0..10 {
            scene.world.stall(NodeId(0), NodeId(1), 40 * SECOND);
            scene.world.run_for(45 * SECOND);
        }
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn a_receiver_that_is_slow_loses_nothing_and_holds_up_nobody() {
    for seed in 0..5 {
        let mut scene = Scene::new(seed, Shape::Reflected(1), 6);
        scene.world.slow_down(NodeId(1), NodeId(0), 5 * MINUTE);
        for _ in 0..3 {
            scene.restart(NodeId(2), 5 * SECOND);
            scene.world.run_for(MINUTE);
        }
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn a_path_that_replaces_another_is_there_before_that_goes() {
    for seed in 0..5 {
        let mut scene = Scene::new(seed, Shape::Reflected(1), 4);
        scene.topology.set_add_path((NodeId(0), NodeId(1)), true);
        scene.reconfigure([NodeId(0), NodeId(1)]);
        scene.world.run_for(MINUTE);
        // With the session the identifiers of its paths change, and the reflector has both for a moment.
        for on in [true, false] {
            scene.world.slow_down(NodeId(1), NodeId(0), MINUTE);
            scene.topology.set_add_path((NodeId(0), NodeId(2)), on);
            scene.reconfigure([NodeId(0), NodeId(2)]);
            scene.world.run_for(2 * MINUTE);
        }
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn connections_that_collide_again_and_again_are_not_noticed() {
    for seed in 0..5 {
        let mut scene = Scene::new(seed, Shape::Mesh, 4);
        let mut chance = Chance::new(seed);
        for _ in 0..8 {
            for _ in 0..5 {
                // Both dial while the wire is held, so that both connections come up at once; sometimes what they
                // settle on is there for a moment, sometimes it is not.
                for (a, b) in scene.sessions() {
                    scene.world.reset_connections(a, b);
                    scene.world.stall(a, b, 7 * SECOND);
                }
                scene.world.run_for(7 * SECOND + Duration::from_millis(chance.draw() % 2000));
            }
            // Whose connections fail again and again is turned away for longer and longer.
            scene.world.run_for(2 * MINUTE);
        }
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn next_hop_objects_come_back_with_their_interface() {
    let mut scene = Scene::changed(1, Shape::Mesh, 4, |topology| {
        topology.families = Family::UNICAST.to_vec();
        topology.objects = true;
    });
    for _ in 0..5 {
        scene.world.set_link(NodeId(0), false);
        scene.world.run_for(2 * SECOND);
        scene.world.set_link(NodeId(0), true);
        scene.world.run_for(10 * SECOND);
    }
    assert!(scene.world.outages().all(|outage| outage.from == NodeId(0)), "others forward as before");
    scene.check_end("up again");
}

//! Daemons end and begin again.

use std::time::Duration;

use bgp_core::Family;
use bgp_core::speaker::Input;
use tests::sim::{Loss, NodeId, Shape, workload};

use crate::scene::{MINUTE, SECOND, Scene};

#[test]
fn a_rolling_restart_of_a_mesh_loses_nothing() {
    for (seed, size) in [(1, 3), (2, 5), (3, 10), (4, 24)] {
        let mut scene = Scene::new(seed, Shape::Mesh, size);
        for id in scene.nodes() {
            scene.restart(id, 5 * SECOND);
            scene.world.run_for(MINUTE);
        }
        scene.check(&format!("{size} hosts"));
    }
}

#[test]
fn a_rolling_restart_behind_reflectors_loses_nothing() {
    for (seed, reflectors, size) in [(1, 1, 4), (2, 2, 6), (3, 2, 50)] {
        let mut scene = Scene::new(seed, Shape::Reflected(reflectors), size);
        for id in scene.nodes().take(12) {
            scene.restart(id, 5 * SECOND);
            scene.world.run_for(MINUTE);
        }
        scene.check(&format!("{size} hosts"));
    }
}

#[test]
fn a_host_that_restarts_again_and_again_loses_nothing() {
    for seed in 0..10 {
        let mut scene = Scene::new(seed, Shape::Mesh, 4);
        for round in 0..6 {
            scene.restart(NodeId(0), 3 * SECOND);
            // From "nobody has been heard yet" to "the first decisions are complete".
            scene.world.run_for(Duration::from_millis(20 << (2 * round)));
        }
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn both_ends_of_a_session_may_restart_one_after_the_other() {
    for seed in 0..10 {
        let mut scene = Scene::new(seed, Shape::Mesh, 3);
        scene.restart(NodeId(0), 5 * SECOND);
        scene.world.run_for(35 * SECOND);
        scene.restart(NodeId(1), 5 * SECOND);
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn both_ends_of_a_session_may_restart_at_once() {
    for seed in 0..10 {
        let mut scene = Scene::new(seed, Shape::Mesh, 3);
        scene.world.crash(NodeId(0));
        scene.world.crash(NodeId(1));
        scene.world.run_for(3 * SECOND);
        scene.start(NodeId(0));
        scene.world.run_for(Duration::from_millis(seed * 700));
        scene.start(NodeId(1));
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn a_switch_that_restarts_goes_on_as_it_did_until_it_knows_better() {
    for seed in 0..10 {
        let mut scene = Scene::new(seed, Shape::Racks(2), 10);
        for id in scene.nodes() {
            scene.restart(id, 5 * SECOND);
            scene.world.run_for(MINUTE);
        }
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn a_kernel_that_forgot_everything_is_filled_again() {
    let mut scene = Scene::new(1, Shape::Mesh, 4);
    scene.world.wipe(NodeId(0));
    assert_eq!(
        scene.world.walk(NodeId(0), workload(Family::IPV4, NodeId(1))),
        Err(Loss::Unroutable(NodeId(0)))
    );
    scene.world.run_for(5 * SECOND);
    let config = scene.topology.config(NodeId(0));
    scene.world.restart(NodeId(0), config);
    scene.topology.originate(&mut scene.world, NodeId(0));
    scene.world.run_for(5 * MINUTE);
    scene.check_end("filled");
    assert!(scene.world.outages().all(|outage| outage.lasted.is_some()));
}

#[test]
fn a_rolling_upgrade_of_anything_loses_nothing() {
    let shapes = [(Shape::Mesh, 6), (Shape::Reflected(2), 8), (Shape::Racks(2), 10), (Shape::Mixed, 14)];
    for (seed, (shape, size)) in (1..).zip(shapes) {
        let mut scene = Scene::changed(seed, shape, size, |topology| {
            topology.families = Family::UNICAST.to_vec();
            topology.objects = true;
        });
        for id in scene.nodes() {
            scene.upgrade(id);
            scene.world.run_for(MINUTE);
        }
        scene.check(&format!("{shape:?}"));
    }
}

#[test]
fn a_new_configuration_during_a_restart_loses_nothing() {
    for seed in 0..10 {
        let mut scene = Scene::new(seed, Shape::Mesh, 4);
        scene.world.crash(NodeId(0));
        // Who comes back late is told that packets are still forwarded, whatever was configured meanwhile.
        scene.world.stall(NodeId(0), NodeId(1), 20 * SECOND);
        scene.world.run_for(3 * SECOND);
        scene.start(NodeId(0));
        scene.world.run_for(5 * SECOND);
        let config = scene.topology.config(NodeId(0));
        scene.world.input(NodeId(0), Input::Reconfigure(Box::new(config)));
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

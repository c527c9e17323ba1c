//! Reflectors go, for short, for long, for good.

use std::time::Duration;

use bgp_core::Chance;
use bgp_core::speaker::Input;
use tests::sim::{Loss, NodeId, Shape, Topology};

use crate::scene::{MINUTE, SECOND, Scene};

const REFLECTORS: [NodeId; 2] = [NodeId(0), NodeId(1)];

/// Both are gone for ten minutes.
fn without_reflectors(change: impl FnOnce(&mut Topology)) -> Scene {
    let mut scene = Scene::changed(1, Shape::Reflected(2), 6, change);
    for id in REFLECTORS {
        scene.world.crash(id);
    }
    scene.world.run_for(10 * MINUTE);
    scene
}

/// Both come back, one after the other.
fn with_reflectors_again(mut scene: Scene) {
    scene.world.check_nothing_lost("without reflectors");
    scene.start(REFLECTORS[0]);
    scene.world.run_for(2 * MINUTE);
    scene.start(REFLECTORS[1]);
    scene.world.run_for(5 * MINUTE);
    scene.check("with reflectors");
}

#[test]
fn headless_hosts_forward_for_ten_minutes_and_after() {
    with_reflectors_again(without_reflectors(|topology| topology.headless = 60 * MINUTE));
}

#[test]
fn hosts_with_long_lived_routes_forward_for_ten_minutes_and_after() {
    with_reflectors_again(without_reflectors(|topology| topology.long_lived = 60 * MINUTE));
}

#[test]
fn other_hosts_forward_for_the_restart_time_and_no_longer() {
    let mut scene = without_reflectors(|_| {});
    let first = scene.world.outages().next().expect("it ends");
    assert!(matches!(first.loss, Loss::Unroutable(_)), "{first:?}");
    let forwarded = first.began.as_micros() / 1_000_000;
    assert!((60 + 110..60 + 130).contains(&forwarded), "{first:?}");
    for id in REFLECTORS {
        scene.start(id);
    }
    scene.world.run_for(5 * MINUTE);
    scene.check_end("with reflectors");
}

#[test]
fn one_reflector_of_two_may_be_gone_for_ten_minutes() {
    let mut scene = Scene::new(1, Shape::Reflected(2), 8);
    scene.restart(NodeId(0), 10 * MINUTE);
    scene.world.run_for(5 * MINUTE);
    scene.check("it is back");
}

#[test]
fn one_reflector_of_two_may_leave_for_good_and_another_come() {
    for own_clusters in [false, true] {
        let mut scene =
            Scene::changed(1, Shape::Reflected(2), 6, |topology| topology.own_clusters = own_clusters);
        scene.world.input(REFLECTORS[0], Input::Drain);
        scene.world.run_until("it is drained", |world| world.node(REFLECTORS[0]).drained);
        scene.world.run_for(SECOND);
        scene.world.leave(REFLECTORS[0]);
        scene.world.run_for(10 * MINUTE);
        scene.world.check_nothing_lost("it has left");
        let config = scene.topology.config(REFLECTORS[0]);
        scene.world.restart(REFLECTORS[0], config);
        scene.world.run_for(5 * MINUTE);
        scene.check("another is there");
    }
}

#[test]
fn both_reflectors_may_be_upgraded_at_once() {
    for seed in 0..10 {
        let mut scene = Scene::new(seed, Shape::Reflected(2), 6);
        for id in REFLECTORS {
            scene.world.stop(id);
        }
        scene.world.run_for(Duration::from_millis(500 * (seed + 1)));
        for id in REFLECTORS {
            scene.start(id);
        }
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn reflectors_and_clients_may_restart_within_seconds_of_each_other() {
    for seed in 0..30 {
        let reflectors = 1 + (seed % 2) as u8;
        let mut scene = Scene::new(seed, Shape::Reflected(reflectors), reflectors + 4);
        let mut chance = Chance::new(seed);
        let mut nodes: Vec<_> = scene.nodes().take(usize::from(reflectors) + 2).collect();
        let apart = || Duration::from_millis(chance.draw() % 4_000);
        let mut pauses = std::iter::repeat_with(apart);
        for id in &nodes {
            scene.world.crash(*id);
            scene.world.run_for(pauses.next().unwrap_or_default());
        }
        let first = seed as usize % nodes.len();
        nodes.rotate_left(first);
        for id in &nodes {
            scene.start(*id);
            scene.world.run_for(pauses.next().unwrap_or_default());
        }
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

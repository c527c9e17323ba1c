//! Operators change what is configured.

use std::time::Duration;

use bgp_core::policy::Policy;
use bgp_core::speaker::{Admin, Input};
use bgp_core::{Chance, Family};
use tests::sim::{NodeId, Shape};

use crate::scene::{MINUTE, SECOND, Scene};

#[test]
fn a_configuration_that_changes_under_load_loses_nothing() {
    for seed in 0..5 {
        let mut scene = Scene::new(seed, Shape::Reflected(2), 8);
        let mut chance = Chance::new(seed);
        for round in 0..40 {
            let id = NodeId(chance.draw() as usize % 8);
            let mut config = scene.topology.config(id);
            for peer in &mut config.peers {
                peer.description = format!("round {round}").into();
                peer.export = (round % 2 == 0).then(|| vec![Policy::accept_all().into()]);
            }
            scene.world.input(id, Input::Reconfigure(Box::new(config)));
            let speaker = scene.world.node(id).speaker();
            let peer = speaker.view().peers()[0].id;
            let action = [Admin::RefreshIn, Admin::RefreshOut, Admin::Reset][round % 3].clone();
            scene.world.input(id, Input::Admin { peer, action });
            scene.world.run_for(Duration::from_millis(chance.draw() % 5_000));
        }
        for id in scene.nodes() {
            let config = scene.topology.config(id);
            scene.world.input(id, Input::Reconfigure(Box::new(config)));
        }
        scene.world.run_for(5 * MINUTE);
        scene.check(&format!("seed {seed}"));
    }
}

#[test]
fn another_export_policy_withdraws_nothing_that_stays() {
    let mut scene = Scene::new(1, Shape::Reflected(1), 5);
    let mut config = scene.topology.config(NodeId(0));
    for peer in &mut config.peers {
        peer.export = Some(vec![Policy::accept_all().into()]);
    }
    scene.world.input(NodeId(0), Input::Reconfigure(Box::new(config)));
    scene.world.run_for(MINUTE);
    scene.check("the same in other words");
}

#[test]
fn additional_paths_may_be_turned_on_and_off() {
    for (seed, shape) in [(1, Shape::Mesh), (2, Shape::Reflected(1)), (3, Shape::Reflected(2))] {
        for own_clusters in [false, true] {
            let mut scene = Scene::changed(seed, shape, 6, |topology| {
                topology.families = Family::UNICAST.to_vec();
                topology.own_clusters = own_clusters;
            });
            for round in 0..4 {
                for (a, b) in scene.sessions() {
                    scene.topology.set_add_path((a, b), round % 2 == 0);
                    scene.reconfigure([a, b]);
                    scene.world.run_for(2 * SECOND);
                }
                scene.world.run_for(MINUTE);
                scene.check(&format!("{shape:?}, round {round}"));
            }
        }
    }
}

#[test]
fn a_host_that_is_drained_and_stays_loses_nothing() {
    for seed in 0..5 {
        let mut scene = Scene::new(seed, Shape::Reflected(2), 8);
        for id in scene.nodes() {
            scene.world.input(id, Input::Drain);
            scene.world.run_for(Duration::from_millis(seed * 900));
            scene.world.input(id, Input::Undrain);
            scene.world.run_for(10 * SECOND);
        }
        scene.check(&format!("seed {seed}"));
    }
}

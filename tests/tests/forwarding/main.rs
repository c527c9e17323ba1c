//! What packets notice of restarts, losses and changes: every scenario says what may be lost, and that is
//! nothing, unless it says otherwise. After every step that changes a kernel or a wire, a packet of every
//! flow walks through the kernels.

use std::time::Duration;

use bgp_core::Chance;
use bgp_core::policy::Policy;
use bgp_core::speaker::{Admin, Input};
use tests::sim::{Loss, NodeId, Shape, Topology, World, workload};

const MINUTE: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);

/// A network that has converged and is watched.
struct Scene {
    world: World,
    topology: Topology,
}

impl Scene {
    fn new(seed: u64, shape: Shape, size: u8) -> Self {
        Self::with(seed, Topology::new(shape, size, &mut Chance::new(seed)))
    }

    fn with(seed: u64, topology: Topology) -> Self {
        let mut world = World::strict(seed);
        topology.build(&mut world);
        world.run_for(MINUTE);
        let flows = topology.flows(60, &mut Chance::new(seed));
        world.watch(flows);
        let scene = Self { world, topology };
        scene.check("converged");
        scene
    }

    fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..usize::from(self.topology.size)).map(NodeId)
    }

    fn start(&mut self, id: NodeId) {
        self.world.restart(id, self.topology.config_again(id));
        self.topology.originate(&mut self.world, id);
    }

    fn restart(&mut self, id: NodeId, down: Duration) {
        self.world.crash(id);
        self.world.run_for(down);
        self.start(id);
    }

    /// Everything is as it is to be, and nothing was lost.
    fn check(&self, context: &str) {
        self.world.check_nothing_lost(context);
        self.check_end(context);
    }

    /// Everything is as it is to be.
    fn check_end(&self, context: &str) {
        self.topology.check(&self.world, &Default::default(), context);
        self.world.check_tables(context);
        self.world.check_shadows(context);
    }
}

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

fn without_reflectors(headless: Duration) -> Scene {
    let mut topology = Topology::new(Shape::Reflected(2), 6, &mut Chance::new(1));
    topology.headless = headless;
    let mut scene = Scene::with(1, topology);
    for id in [NodeId(0), NodeId(1)] {
        scene.world.crash(id);
    }
    scene.world.run_for(10 * MINUTE);
    scene
}

#[test]
fn headless_hosts_forward_for_ten_minutes_and_after() {
    let mut scene = without_reflectors(60 * MINUTE);
    scene.world.check_nothing_lost("without reflectors");
    scene.start(NodeId(0));
    scene.world.run_for(2 * MINUTE);
    scene.start(NodeId(1));
    scene.world.run_for(5 * MINUTE);
    scene.check("with reflectors");
}

#[test]
fn other_hosts_forward_for_the_restart_time_and_no_longer() {
    let mut scene = without_reflectors(Duration::ZERO);
    let first = scene.world.outages().next().expect("it ends");
    assert!(matches!(first.loss, Loss::Unroutable(_)), "{first:?}");
    let forwarded = first.began.as_micros() / 1_000_000;
    assert!((60 + 110..60 + 130).contains(&forwarded), "{first:?}");
    for id in [NodeId(0), NodeId(1)] {
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
    assert_eq!(scene.world.walk(NodeId(0), workload(NodeId(1))), Err(Loss::Unroutable(NodeId(0))));
    scene.world.run_for(5 * SECOND);
    let config = scene.topology.config(NodeId(0));
    scene.world.restart(NodeId(0), config);
    scene.topology.originate(&mut scene.world, NodeId(0));
    scene.world.run_for(5 * MINUTE);
    scene.check_end("filled");
    assert!(scene.world.outages().all(|outage| outage.lasted.is_some()));
}

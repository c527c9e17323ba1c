//! A network that has converged and is watched, and what is done to it.

use std::time::Duration;

use bgp_core::Chance;
use bgp_core::speaker::Input;
use tests::sim::{NodeId, Shape, Topology, World};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const SECOND: Duration = Duration::from_secs(1);

/// A network that has converged and is watched.
pub(crate) struct Scene {
    pub(crate) world: World,
    pub(crate) topology: Topology,
}

impl Scene {
    pub(crate) fn new(seed: u64, shape: Shape, size: u8) -> Self {
        Self::changed(seed, shape, size, |_| {})
    }

    /// With a topology that differs from the plain one.
    pub(crate) fn changed(seed: u64, shape: Shape, size: u8, change: impl FnOnce(&mut Topology)) -> Self {
        let mut topology = Topology::new(shape, size, &mut Chance::new(seed));
        change(&mut topology);
        Self::with(seed, topology)
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

    pub(crate) fn nodes(&self) -> impl Iterator<Item = NodeId> + use<> {
        (0..usize::from(self.topology.size)).map(NodeId)
    }

    pub(crate) fn sessions(&self) -> Vec<(NodeId, NodeId)> {
        self.topology.sessions().collect()
    }

    pub(crate) fn start(&mut self, id: NodeId) {
        self.world.restart(id, self.topology.config_again(id));
        self.topology.originate(&mut self.world, id);
    }

    pub(crate) fn restart(&mut self, id: NodeId, down: Duration) {
        self.world.crash(id);
        self.world.run_for(down);
        self.start(id);
    }

    /// A new program in the place of the old one: it is told to stop, and the next begins.
    pub(crate) fn upgrade(&mut self, id: NodeId) {
        self.world.stop(id);
        self.world.run_for(2 * SECOND);
        self.start(id);
    }

    /// Each node reads what the topology says now.
    pub(crate) fn reconfigure(&mut self, ids: impl IntoIterator<Item = NodeId>) {
        for id in ids {
            let config = self.topology.config(id);
            self.world.input(id, Input::Reconfigure(Box::new(config)));
        }
    }

    /// Everything is as it is to be, and nothing was lost.
    pub(crate) fn check(&self, context: &str) {
        self.world.check_nothing_lost(context);
        self.check_end(context);
    }

    /// Everything is as it is to be.
    pub(crate) fn check_end(&self, context: &str) {
        self.topology.check(&self.world, &Default::default(), context);
        self.world.check_tables(context);
        self.world.check_shadows(context);
    }
}

//! How daemons end and begin again.

use std::collections::BTreeMap;

use bgp_core::speaker::{Config, ConnId, Input};

use super::world::Arrival;
use super::{NodeId, World};

impl World {
    /// A node loses its memory and its connections; its kernel keeps what it had.
    pub fn crash(&mut self, id: NodeId) {
        for (_, (peer, conn)) in self.go_down(id) {
            self.schedule(self.now, peer, Arrival::Input(Input::Closed { conn }));
        }
    }

    /// The same, and nobody is told: nothing of it answers any more.
    pub fn power_off(&mut self, id: NodeId) {
        self.go_down(id);
        self.nodes[id.0].is_off = true;
    }

    /// The same, and its kernel keeps nothing either.
    pub fn wipe(&mut self, id: NodeId) {
        self.go_down(id);
        self.nodes[id.0].kernel.clear();
        self.nodes[id.0].table.wipe();
        self.moved.insert(id);
    }

    /// A node ends in order, to come back: it closes its connections and says nothing, so that its peers keep
    /// its routes.
    pub fn stop(&mut self, id: NodeId) {
        self.input(id, Input::Stop { silently: true, text: String::new() });
        self.crash(id);
    }

    /// A node ends for good: its peers hear so, and its kernel loses what was its. It may have been
    /// [drained](Input::Drain) before.
    pub fn leave(&mut self, id: NodeId) {
        self.input(id, Input::Stop { silently: false, text: String::new() });
        self.wipe(id);
    }

    fn go_down(&mut self, id: NodeId) -> BTreeMap<ConnId, (NodeId, ConnId)> {
        self.excuse_all(id);
        let conns = self.nodes[id.0].go_down();
        self.wake(id);
        conns
    }

    /// A node that is down starts again.
    pub fn restart(&mut self, id: NodeId, config: Config) {
        let seed = self.draw();
        self.nodes[id.0].start(config, seed, self.now);
        self.excuse_all(id);
        self.drain(id);
        self.finish_step();
    }
}

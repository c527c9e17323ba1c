//! What goes wrong by itself: daemons, wires and interfaces.

use std::time::Duration;

use super::Storm;
use crate::sim::scene::blackhole;
use crate::sim::{NodeId, World};

impl Storm {
    /// Something happens; then time passes.
    pub(super) fn happen(&mut self) {
        let gentle = self.is_gentle();
        match self.below(if gentle { 20 } else { 30 }) {
            0 | 1 => self.originate(),
            2 => self.retract(),
            3 | 4 => self.end("crashes", World::crash, 8),
            5 => self.end("stops", World::stop, 8),
            6 => self.lose_connections(1),
            7 => self.lose_connections(if gentle { 4 } else { 20 }),
            8 => self.collide(if gentle { 3 } else { 8 }),
            9 => self.stall(if gentle { 20 } else { 200 }),
            10 => self.slow_down(if gentle { 30 } else { 200 }),
            11 | 12 => self.part(if gentle { 15 } else { 300 }),
            13 | 14 => self.administer(),
            15 | 16 => self.reconfigure(),
            17 => self.switch_add_path(),
            18 | 19 => self.drain(),
            20 | 21 => self.end("crashes", World::crash, 300),
            22 => self.end("stops", World::stop, 300),
            23 => self.end("loses everything", World::wipe, 100),
            24 => self.end("loses power", World::power_off, 300),
            25 => self.end("leaves", World::leave, 200),
            26 => self.unplug(),
            27 => self.split(),
            28 => self.refuse(),
            _ => self.remove_session(),
        }
        let most = [1, 2, 10, 60][self.below(4) as usize];
        let pause = self.time(most);
        self.pass(pause);
    }

    fn end(&mut self, word: &str, how: fn(&mut World, NodeId), most: u64) {
        let (id, time) = (self.node(), self.time(most));
        if self.is_up(id) && self.may_end() {
            self.note(format!("{id:?} {word} for {time:?}"));
            how(&mut self.world, id);
            self.down.insert(id, self.world.now() + time);
        }
    }

    /// It comes back with what is configured, and as far as its kernel kept them, with its routes.
    pub(super) fn start(&mut self, id: NodeId) {
        self.down.remove(&id);
        self.restarted = self.world.now();
        let preserved = self.world.node(id).table.ours().next().is_some();
        let forwards_nothing = self.topology.config(id).kernel_export.is_none();
        let config = match preserved || forwards_nothing {
            true => self.topology.config_again(id),
            false => self.topology.config(id),
        };
        self.world.restart(id, config);
        self.topology.originate(&mut self.world, id);
        let ours: Vec<_> = self.live.iter().filter(|(_, who)| who.contains(&id)).map(|(p, _)| *p).collect();
        for prefix in ours {
            self.world.input(id, blackhole(prefix));
        }
    }

    /// A link that flaps, or a middlebox that forgets.
    fn lose_connections(&mut self, times: u64) {
        let (a, b) = self.session();
        if !self.may_disturb((a, b), Duration::ZERO) {
            return;
        }
        self.note(format!("{a:?} and {b:?} lose their connections, {times} times"));
        for _ in 0..times {
            self.world.reset_connections(a, b);
            if times > 1 {
                let pause = self.time(2);
                self.pass(pause);
            }
        }
        self.calm.insert((a, b), self.world.now());
    }

    /// Both ends dial, and the wire lets both connections through at the same moment, again and again.
    fn collide(&mut self, times: u64) {
        let (a, b) = self.session();
        if !self.may_disturb((a, b), Duration::ZERO) {
            return;
        }
        self.note(format!("{a:?} and {b:?} collide"));
        for _ in 0..times {
            let held = Duration::from_millis(200 + self.below(8_000));
            self.world.reset_connections(a, b);
            self.world.stall(a, b, held);
            let after = Duration::from_millis(self.below(200));
            self.pass(held + after);
        }
        self.calm.insert((a, b), self.world.now());
    }

    fn stall(&mut self, most: u64) {
        let ((a, b), time) = (self.session(), self.time(most));
        if self.may_disturb((a, b), time) {
            self.note(format!("{a:?} and {b:?} stall for {time:?}"));
            self.world.stall(a, b, time);
        }
    }

    fn slow_down(&mut self, most: u64) {
        let ((a, b), time) = (self.session(), self.time(most));
        let (to, from) = if self.below(2) == 0 { (a, b) } else { (b, a) };
        if self.may_disturb((a, b), time) {
            self.note(format!("{to:?} reads slowly from {from:?} for {time:?}"));
            self.world.slow_down(to, from, time);
        }
    }

    fn part(&mut self, most: u64) {
        let (pair, time) = (self.session(), self.time(most));
        if self.may_disturb(pair, time) {
            self.note(format!("{:?} and {:?} part for {time:?}", pair.0, pair.1));
            self.cut_for(pair, time);
        }
    }

    /// Some cannot reach the others.
    fn split(&mut self) {
        let (time, salt) = (self.time(200), self.below(64));
        let side = |id: NodeId| (id.0 as u64 ^ salt).count_ones() % 2;
        self.note(format!("split for {time:?}, {salt}"));
        for a in self.topology.nodes() {
            for b in self.topology.nodes().filter(|b| a < *b && side(a) != side(*b)) {
                self.cut_for((a, b), time);
            }
        }
    }

    fn cut_for(&mut self, (a, b): (NodeId, NodeId), time: Duration) {
        if !self.cut.contains_key(&(a, b)) {
            self.world.partition(a, b);
            self.cut.insert((a, b), self.world.now() + time);
        }
    }

    fn unplug(&mut self) {
        let (id, time) = (self.node(), self.time(20));
        self.note(format!("{id:?} unplugged for {time:?}"));
        self.world.set_link(id, false);
        self.pass(time);
        self.world.set_link(id, true);
    }
}

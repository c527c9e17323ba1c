//! One step: the next arrival or deadline, everything that follows from it at once, and the checks.

use std::hash::Hash;
use std::time::Duration;

use bgp_core::Instant;
use bgp_core::speaker::{Input, Output, Speaker};

use super::world::Arrival;
use super::{NodeId, World};

impl World {
    /// Performs the next arrival or deadline that is not after `end`; whether there was one.
    pub(super) fn step(&mut self, end: Instant) -> bool {
        let arrival = self.arrivals.first_key_value().map(|((at, _), _)| *at);
        let deadline = self.deadlines.first().copied();
        let next = arrival.into_iter().chain(deadline.map(|(at, _)| at)).min();
        let Some(next) = next.filter(|next| *next <= end) else { return false };
        self.idle_steps = if next > self.now { 0 } else { self.idle_steps + 1 };
        assert!(self.idle_steps < ENDLESS, "seed {}: no end of work at {}", self.seed, self.now);
        self.now = self.now.max(next);
        match (arrival, deadline) {
            (Some(at), _) if at <= next => self.deliver(),
            (_, Some((_, id))) => self.wake_up(id),
            (_, None) => {}
        }
        self.finish_step();
        true
    }

    /// A timer of a node has run out.
    fn wake_up(&mut self, id: NodeId) {
        (self.now, id, "timer").hash(&mut self.trace);
        let node = &mut self.nodes[id.0];
        let now = node.clock.at(self.now);
        if let Some(speaker) = node.speaker.as_mut() {
            speaker.handle_timeout(now);
        }
        if node.table.poll_timeout().is_some_and(|at| at <= now) {
            self.turn(id);
        }
        self.drain(id);
    }

    fn deliver(&mut self) {
        let Some(((at, serial), (id, arrival))) = self.arrivals.pop_first() else { return };
        (at, serial, id).hash(&mut self.trace);
        match arrival {
            Arrival::Dial { peer, attempt, remote, local } => self.dial(id, peer, attempt, remote, local),
            Arrival::Input(input) => {
                match &input {
                    Input::Closed { conn } => self.forget(id, *conn),
                    Input::Received { conn, bytes } => {
                        bytes.hash(&mut self.trace);
                        if !self.node(id).conns.contains_key(conn) {
                            return self.refuse(id, *conn);
                        }
                    }
                    _ => {}
                }
                self.tell(id, input);
            }
            Arrival::Room(conn) => self.make_room(id, conn),
            Arrival::Turn => {
                self.nodes[id.0].table.scheduled = false;
                self.turn(id);
                self.drain(id);
            }
        }
    }

    /// Reconciler and kernel exchange a few words.
    fn turn(&mut self, id: NodeId) {
        let most = 1 << (self.draw() % 8);
        let node = &mut self.nodes[id.0];
        let now = node.clock.at(self.now);
        let turn = node.table.turn(most, now);
        (id, turn.asked).hash(&mut self.trace);
        for input in turn.inputs {
            if let Some(speaker) = node.speaker.as_mut() {
                speaker.handle(input, now);
            }
        }
    }

    pub(super) fn tell(&mut self, id: NodeId, input: Input) {
        let node = &mut self.nodes[id.0];
        node.stopping |= matches!(input, Input::Stop { .. });
        if let Some(speaker) = node.speaker.as_mut() {
            speaker.handle(input, node.clock.at(self.now));
        }
        self.drain(id);
    }

    /// Performs everything a node asks for.
    pub(super) fn drain(&mut self, id: NodeId) {
        while let Some(output) = self.nodes[id.0].speaker.as_mut().and_then(Speaker::poll_output) {
            self.perform(id, output);
        }
        self.check_causes(id);
        self.nodes[id.0].settle_table(self.now);
        let table = &mut self.nodes[id.0].table;
        if std::mem::take(&mut table.changed) {
            self.moved.insert(id);
        }
        if table.stirred && !table.scheduled && table.reconciler().is_some() {
            (table.stirred, table.scheduled) = (false, true);
            let at = self.now + Duration::from_micros(self.draw() % 1000);
            self.schedule(at, id, Arrival::Turn);
        }
        self.wake(id);
    }

    fn perform(&mut self, id: NodeId, output: Output) {
        match output {
            Output::Connect { peer, remote, local, .. } => {
                let attempt = self.serial();
                self.nodes[id.0].dialing.insert(peer, attempt);
                let at = self.now + self.latency();
                self.schedule(at, id, Arrival::Dial { peer, attempt, remote, local });
            }
            Output::AbandonConnect { peer } => {
                self.nodes[id.0].dialing.remove(&peer);
            }
            Output::Ready { conn } => self.transmit(id, conn),
            Output::Close { conn } => self.close(id, conn),
            Output::Fib(change) => self.nodes[id.0].wish(change),
            Output::FibSet(set) => self.nodes[id.0].wish_set(set),
            Output::FibSettled => {
                let node = &mut self.nodes[id.0];
                (node.settled, node.settling) = (true, true);
            }
            Output::Drained => self.nodes[id.0].drained = true,
            Output::Track { address, watch } => self.nodes[id.0].track(address, watch),
            Output::Event { event, .. } => {
                let node = &mut self.nodes[id.0];
                node.events.push(event);
                node.told_at.push(self.now);
            }
            _ => {}
        }
    }

    /// Notes when a node wants to be woken.
    pub(super) fn wake(&mut self, id: NodeId) {
        let at = self.nodes[id.0].poll_timeout(self.now);
        let before = match at {
            Some(at) => self.deadline_of.insert(id, at),
            None => self.deadline_of.remove(&id),
        };
        if before == at {
            return;
        }
        if let Some(before) = before {
            self.deadlines.remove(&(before, id));
        }
        self.deadlines.extend(at.map(|at| (at, id)));
    }

    /// Packets walk wherever they may go another way than before.
    pub(super) fn finish_step(&mut self) {
        let moved = std::mem::take(&mut self.moved);
        if !moved.is_empty() {
            self.look(moved);
        }
    }
}

/// More than anything takes that ends.
const ENDLESS: u32 = 1_000_000;

//! What operators do.

use std::time::Duration;

use bgp_core::policy::Policy;
use bgp_core::speaker::{Admin, Input};

use super::Storm;
use crate::sim::NodeId;

impl Storm {
    /// Somebody is at work on one session.
    pub(super) fn administer(&mut self) {
        let (a, b) = self.session();
        let action = match self.below(4) {
            0 if self.may_disturb((a, b), Duration::ZERO) => Admin::Reset,
            1 | 2 => Admin::RefreshIn,
            _ => Admin::RefreshOut,
        };
        let Some(speaker) = &self.world.node(a).speaker else { return };
        if let Some(peer) = speaker.peer_id(&format!("h{}", b.0 + 1)) {
            self.note(format!("{a:?} to {b:?}: {action:?}"));
            self.world.input(a, Input::Admin { peer, action });
        }
    }

    /// A new configuration that says the same in other words.
    pub(super) fn reconfigure(&mut self) {
        let id = self.node();
        let mut config = self.topology.config(id);
        let seconds = 30 + self.below(100);
        for peer in &mut config.peers {
            peer.description = format!("the {seconds}th").into();
            peer.connect_retry = Duration::from_secs(1 + seconds % 10);
            for policies in [&mut peer.import, &mut peer.export] {
                if policies.is_none() && seconds.is_multiple_of(2) {
                    *policies = Some(vec![Policy::accept_all().into()]);
                }
            }
        }
        self.note(format!("{id:?} is configured anew"));
        self.world.input(id, Input::Reconfigure(Box::new(config)));
    }

    /// Two hosts tell each other all paths from now on, or only the best.
    pub(super) fn switch_add_path(&mut self) {
        let sessions = self.topology.internal_sessions();
        if sessions.is_empty() {
            return;
        }
        let pair = sessions[self.below(sessions.len() as u64) as usize];
        if !self.may_disturb(pair, Duration::ZERO) {
            return;
        }
        let terms = self.topology.terms(pair);
        terms.add_path = !terms.add_path;
        let word = if terms.add_path { "on" } else { "off" };
        self.note(format!("{pair:?}: additional paths {word}"));
        self.configure(pair);
    }

    /// A host is about to leave and thinks better of it. Where packets pass through others, two of them may for a
    /// moment prefer each other to the host that steps aside.
    pub(super) fn drain(&mut self) {
        let id = self.node();
        if !self.is_up(id) || (self.is_gentle() && !self.topology.is_direct()) {
            return;
        }
        let time = self.time(10);
        self.note(format!("{id:?} is drained for {time:?}"));
        self.world.input(id, Input::Drain);
        self.pass(time);
        self.world.input(id, Input::Undrain);
    }

    /// Nothing that the other says is accepted for some time.
    pub(super) fn refuse(&mut self) {
        let (pair, time) = (self.session(), self.time(100));
        self.note(format!("{pair:?} refuse each other's routes for {time:?}"));
        self.topology.terms(pair).refused = true;
        self.configure(pair);
        self.pass(time);
        self.topology.terms(pair).refused = false;
        self.configure(pair);
    }

    /// Two hosts are no peers for some time.
    pub(super) fn remove_session(&mut self) {
        let (pair, time) = (self.session(), self.time(100));
        self.note(format!("{pair:?} are no peers for {time:?}"));
        self.topology.terms(pair).removed = true;
        self.configure(pair);
        self.pass(time);
        self.topology.terms(pair).removed = false;
        self.configure(pair);
    }

    /// Everybody is configured as the topology has it.
    pub(super) fn restore(&mut self) {
        for id in self.topology.nodes() {
            self.configure_one(id);
        }
    }

    fn configure(&mut self, (a, b): (NodeId, NodeId)) {
        self.configure_one(a);
        self.configure_one(b);
    }

    /// Whoever is down will read its configuration when it starts.
    fn configure_one(&mut self, id: NodeId) {
        if self.is_up(id) {
            let config = self.topology.config(id);
            self.world.input(id, Input::Reconfigure(Box::new(config)));
        }
    }
}

//! What the kernel says, and what follows from it for wishes, learned routes and tracked addresses.

use std::time::Duration;

use ipnet::IpNet;

use super::Reconciler;
use super::flying::Flying;
use super::row::Flight;
use crate::resync::End;
use crate::seen::{Seen, Ticket};
use crate::view::{Changes, Held, NetId, View};
use crate::{Instant, Link, Origin, Refused};

impl Reconciler {
    /// Takes in one thing the kernel said.
    pub fn observe(&mut self, seen: Seen, now: Instant) {
        self.tick(now);
        match seen {
            Seen::Complete => self.end(End::Complete, now),
            Seen::Interrupted => self.end(End::Interrupted, now),
            Seen::Failed => self.end(End::Failed, now),
            Seen::Overrun => self.overrun(now),
            Seen::Added { .. }
            | Seen::Removed(_)
            | Seen::Listed(_)
            | Seen::ListedAlike(_)
            | Seen::Link(_)
            | Seen::LinkGone(_)
            | Seen::Address(_)
            | Seen::AddressGone(_)
            | Seen::Object(_)
            | Seen::ObjectGone(_) => {
                if self.resync.is_reading() {
                    self.resync.observe(seen);
                } else if self.synced {
                    self.cast_doubt(&seen);
                    let mut changes = Changes::default();
                    self.view.apply(seen, &mut changes);
                    self.follow(changes, now);
                }
            }
        }
    }

    /// An answer in the air may be older or younger than what is seen now: it comes with the last of its batch.
    fn cast_doubt(&mut self, seen: &Seen) {
        match seen {
            Seen::Added { route, .. } | Seen::Removed(route) => {
                if let Some(net) = self.view.find(&route.prefix)
                    && let Some(flying) = self.flights.about(net)
                {
                    flying.meets(route.metric);
                }
            }
            Seen::Link(Link { index, up: false, .. }) | Seen::LinkGone(index) => {
                self.flights.iter_mut().for_each(|flying| flying.loses(*index, &self.view));
            }
            Seen::AddressGone(address) => {
                self.flights.iter_mut().for_each(|flying| flying.loses_address(address, &self.view));
            }
            _ => {}
        }
    }

    /// Answers are lost with the events: whatever was in flight is decided anew after the reading.
    fn overrun(&mut self, now: Instant) {
        self.counters.overruns += 1;
        self.news.overrun();
        self.resync.overrun(now);
        self.sets.overrun();
        let lost: Vec<Flying> = self.flights.drain().collect();
        for flying in lost {
            let net = flying.net;
            flying.called_off(&mut self.view);
            if let Some(row) = self.rows.get_mut(net) {
                row.flight = None;
                row.fulfilled = false;
            }
            self.look_at(net);
        }
    }

    fn end(&mut self, end: End, now: Instant) {
        self.counters.interrupted += u64::from(end == End::Interrupted);
        let Some(fresh) = self.resync.end(end, self.config.audit, now) else { return };
        let old = std::mem::replace(&mut self.view, fresh);
        self.renumber(&old);
        if self.synced {
            self.compare(&old, now);
        } else {
            self.adopt();
        }
        self.ready.extend(self.doubts.drain(..));
    }

    /// The new view numbers prefixes anew.
    fn renumber(&mut self, old: &View) {
        self.rows.renumber(old, &mut self.view);
        self.adoption.renumber(old, &mut self.view);
        let view = &self.view;
        let moves = |(net, _): &mut (NetId, Instant)| {
            let new = view.find(&old.prefix(*net));
            new.is_some_and(|new| {
                *net = new;
                true
            })
        };
        self.ready.retain_mut(moves);
        self.doubts.retain_mut(moves);
    }

    /// The first view: what is ours is adopted, everything else is news.
    fn adopt(&mut self) {
        let holds_ours = |routes: &[Held]| routes.iter().any(|route| self.config.owns(route));
        let ours: Vec<NetId> = self.view.nets_where(holds_ours).collect();
        self.adoption.adopted(ours.len());
        for net in &ours {
            if self.rows.get(*net).is_none() {
                self.found(*net);
            }
        }
        self.synced = true;
        self.sets.adopt(&self.view);
        self.learner.mark_all(&self.view, &self.config);
        self.tracker.mark_all();
        self.news.synced(ours.len());
        if self.settling {
            self.settle();
        }
    }

    /// A later reading: follow the differences, and count the wishes that were silently undone.
    fn compare(&mut self, old: &View, now: Instant) {
        let changes = self.view.changes_since(old);
        let ours = |view: &View, prefix: &IpNet| -> Vec<Held> {
            view.routes(prefix).iter().filter(|route| self.config.owns(route)).cloned().collect()
        };
        let undone = |prefix: &&IpNet| {
            self.row(prefix).is_some_and(|row| row.fulfilled) && ours(old, prefix) != ours(&self.view, prefix)
        };
        let drifted: Vec<IpNet> = changes.prefixes.iter().filter(undone).copied().collect();
        self.counters.drift += drifted.len() as u64;
        drifted.into_iter().for_each(|prefix| self.news.drift(prefix));
        self.follow(changes, now);
    }

    pub(super) fn follow(&mut self, changes: Changes, now: Instant) {
        let network_changed = changes.is_about_network();
        if !network_changed {
            self.sets.undone(&changes.objects, &self.view);
        }
        let waited = self.sets.objects_changed(&changes.objects, &self.view, Ticket(self.last_ticket));
        self.look_again(waited);
        for prefix in changes.prefixes {
            // The network is nobody who would do it again and again.
            self.prefix_changed(prefix, !network_changed);
        }
        for index in changes.renamed {
            self.interface_renamed(index);
        }
        for index in changes.interfaces {
            self.sets.interface_changed(index, &self.view);
            self.interface_changed(index);
        }
        if changes.vrfs {
            self.learner.mark_connected(&self.view);
            self.tracker.mark_all();
        }
        for prefix in changes.connected {
            self.learner.mark(prefix, Origin::Direct);
            self.tracker.mark(&prefix);
        }
        for address in changes.addresses {
            self.learner.mark_around(address, &self.view);
            self.tracker.mark_address(&address);
        }
        for name in changes.names {
            self.tracker.mark_name(&name);
        }
        if changes.unsure {
            self.resync.disown(changes.ownerless);
            self.resync.want(now);
        }
        let has_refused = !self.retries.is_empty() || self.sets.has_trouble();
        if network_changed && has_refused && self.nudge.is_none() {
            self.nudge = Some(now.max(self.nudged + BETWEEN_NUDGES));
        }
    }

    /// The routes of a prefix changed, or whose they are. `meddled`: by somebody else's hand.
    pub(super) fn prefix_changed(&mut self, prefix: IpNet, meddled: bool) {
        self.tracker.mark(&prefix);
        let net = self.view.find(&prefix);
        let routes = net.map_or(&[][..], |net| self.view.routes_at(net));
        self.learner.mark_routes(prefix, routes, &self.config);
        let is_ours = routes.iter().any(|route| self.config.owns(route));
        if let Some(net) = net
            && let Some(row) = self.rows.get_mut(net)
        {
            // An operation of ours on its way echoes here before its answer; `done` looks again.
            if row.flight.is_none() {
                row.undone |= meddled && row.fulfilled;
                row.fulfilled = false;
                self.look_at(net);
            }
        } else if let Some(net) = net {
            if is_ours {
                self.found(net);
                // Who changed it is noted.
                if let Some(row) = self.rows.get_mut(net) {
                    row.undone = meddled;
                }
            } else if self.adoption.decided(net, self.now) {
                self.view.let_go(net);
            }
        }
    }

    /// There is a route of ours that nobody wished for.
    fn found(&mut self, net: NetId) {
        self.view.keep_number(net);
        if self.adoption.found(net) {
            self.look_at(net);
        }
    }

    /// Routes are told with the names of their interfaces, and wished with them.
    fn interface_renamed(&mut self, index: u32) {
        let prefixes: Vec<IpNet> = self.view.prefixes_over(index).collect();
        for prefix in prefixes {
            self.learner.mark(prefix, Origin::Kernel);
            let Some(net) = self.view.find(&prefix) else { continue };
            if let Some(row) = self.rows.get_mut(net) {
                row.fulfilled = false;
                if row.flight == Some(Flight::Fulfils) {
                    row.flight = Some(Flight::Outdated);
                }
                self.look_at(net);
            }
        }
    }

    fn interface_changed(&mut self, index: u32) {
        for address in self.view.addresses_on(index) {
            self.learner.mark_address(address, &self.view);
            self.tracker.mark_address(&address.local);
            address.connected.iter().for_each(|prefix| self.tracker.mark(prefix));
        }
        self.tracker.mark_interface(index);
    }

    /// The kernel does not have what it was asked to remove.
    pub(super) fn forget(&mut self, net: NetId, metric: u32, now: Instant) {
        let mut changes = Changes::default();
        self.view.forget(net, self.config.protocol, metric, &mut changes);
        self.follow(changes, now);
    }

    /// While the view is in doubt, a second route of ours at a key that was written over is more likely one that
    /// vanished silently than a double. To remove it would remove the one just written.
    pub(super) fn replaced(&mut self, net: NetId, metric: u32) {
        if self.resync.is_wanted() {
            // What is forgotten wrongly the reading finds.
            let _ = self.view.forget_doubles(net, self.config.protocol, metric);
        }
    }

    /// The kernel says that the key is taken; by whom, the view knows. If it does not, it is read again.
    pub(super) fn explained(&mut self, prefix: IpNet, refused: Refused, now: Instant) -> Refused {
        let Refused::Exists { protocol: 0, metric } = refused else { return refused };
        let holder = self
            .view
            .routes(&prefix)
            .iter()
            .find(|route| route.metric == metric && !self.config.owns(route))
            .map(|route| route.protocol);
        if holder.is_none() {
            self.resync.want(now);
        }
        Refused::Exists { protocol: holder.unwrap_or_default(), metric }
    }
}

/// Refused wishes are tried again at most so often because an interface or address changed.
const BETWEEN_NUDGES: Duration = Duration::from_secs(1);

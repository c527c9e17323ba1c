//! A whole router: peers, RIB, policy and export put together, without I/O. Begin at [`Speaker`].
//!
//! [`Input`] is what can happen to it, [`Output`] what it asks for, [`Config`] what an operator says, [`View`] a look at
//! what it knows. Nothing here decides what a message means or which route is better; it asks whoever does.

mod begin;
mod config;
mod drain;
mod effect;
mod explain;
mod fib;
mod headless;
mod hops;
mod import;
mod input;
mod interface;
mod keep;
mod kept;
mod listing;
mod neighbour;
mod output;
mod perform;
mod place;
mod reconfigure;
mod rehearsal;
mod roster;
mod settle;
mod shifts;
mod status;
mod topology;
mod update;
mod view;

pub use crate::rib::{Reach, ResolvedHop};
pub use config::{Config, DynamicPeers, GracefulRestart};
pub use effect::{Difference, Effect, compare, differences};
pub use input::{Admin, ConnectError, Input};
pub use interface::Interface;
pub use output::{Author, Event, FibChange, FibHop, FibRoute, FibSet, FibSetId, Output};
pub use rehearsal::{Audience, Consequence, LookUp, Rehearsal, Said, Scene};
pub use topology::Flaw;
pub use view::{
    Amount, Beginning, Concern, Cursor, CursorError, ExplainStep, Explanation, GroupView, PathFilter,
    PathSource, PeerView, PrefixMatch, RouteCounts, RoutePage, RouteQuery, RouteView, RoutesOf, ShiftView,
    Summary, View,
};

use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

use bytes::Bytes;
use ipnet::IpNet;

use crate::export::Exporter;
use crate::rib::{LocalSource, NextHopMode, Rib, Route, Selection, Settings, Source, SourceId};
use crate::wire::{Nlri, Notification, PathId};
use crate::{Chance, Deadline, Family, Instant, RouterId, Timer};

use drain::Drain;
use fib::Fib;
use neighbour::Stay;
use roster::Roster;
use settle::Settle;
use topology::Topology;

/// Names a connection; chosen by the driver, never reused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ConnId(pub u64);

/// Names a peer; chosen by the speaker, stable for as long as the peer is configured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PeerId(pub u32);

/// An open connection.
#[derive(Debug)]
struct Carrier {
    /// Whose it is.
    peer: PeerId,
    /// The interface that has our end.
    interface: Arc<Interface>,
}

/// Most steps of queued RIB work, and most decisions, in one call: a few milliseconds, so that a
/// keepalive never waits longer than that.
const SLICE: usize = 4096;

/// Changes of best paths remembered for those who ask what happened: half a megabyte, and their routes.
const SHIFTS: usize = 8192;

/// A BGP speaker: everything but sockets, clock and kernel.
///
/// Hand it what happens with [`handle`](Self::handle) and [`handle_timeout`](Self::handle_timeout), in any
/// number; then drain [`poll_output`](Self::poll_output), pull octets for connections that are ready with
/// [`poll_transmit`](Self::poll_transmit) as fast as their sockets take them, and come back at
/// [`poll_timeout`](Self::poll_timeout) at the latest. `now` must not go backwards.
#[derive(Debug)]
pub struct Speaker {
    config: Config,
    topology: Topology,
    /// As the configuration has them.
    clusters: Vec<RouterId>,
    roster: Roster,
    conns: BTreeMap<ConnId, Carrier>,
    rib: Rib,
    locals: [SourceId; 3],
    exporter: Exporter,
    fib: Option<Fib>,
    settle: Settle,
    outputs: VecDeque<Output>,
    /// Times a best path changed, in the order of [`Family::UNICAST`].
    best_changes: [u64; 2],
    chance: Chance,
    /// The time of the last call, for what is pulled between two.
    now: Instant,
    /// The last slice ended before the work did.
    unfinished: bool,
    /// About to leave.
    drain: Option<Drain>,
    /// Stopping: nothing is accepted or started any more.
    stopping: bool,
}

impl Speaker {
    /// A speaker that begins to dial at once. The same seed and the same inputs give the same run.
    #[must_use]
    pub fn new(config: Config, seed: u64, now: Instant) -> Self {
        let mut chance = Chance::new(seed);
        let mut rib = Rib::new(rib_settings(&config), chance.draw());
        let locals = [LocalSource::Direct, LocalSource::Static, LocalSource::Kernel]
            .map(|local| rib.add_source(Source::Local(local)));
        let mut speaker = Self {
            fib: config.kernel_export.clone().map(|policies| Fib::new(policies, config.kernel_sets)),
            roster: Roster::default(),
            conns: BTreeMap::new(),
            rib,
            locals,
            exporter: Exporter::default(),
            settle: Settle::new(now),
            outputs: VecDeque::new(),
            best_changes: [0; 2],
            chance,
            now,
            unfinished: false,
            drain: None,
            stopping: false,
            topology: Topology::default(),
            clusters: config.clusters(),
            config,
        };
        if speaker.config.graceful_restart.forwarding_preserved {
            speaker.hold_back();
        }
        for peer in speaker.config.peers.clone() {
            speaker.add_peer(peer, now);
        }
        speaker.progress(now);
        speaker
    }

    /// How often the best path of any prefix changed since the start.
    #[must_use]
    pub fn best_changes(&self) -> u64 {
        self.best_changes.iter().sum()
    }

    /// Something happened. Never fails and never blocks; what a peer did wrong ends in a NOTIFICATION
    /// and an event.
    pub fn handle(&mut self, input: Input, now: Instant) {
        self.now = now;
        match input {
            Input::Connected { conn, peer, local, remote, interface } => {
                if self.roster.contains(peer) {
                    self.conns.insert(conn, Carrier { peer, interface: interface.into() });
                    self.with_peer(peer, now, |peer| peer.connected(conn, local, remote, now));
                } else {
                    self.outputs.push_back(Output::Close { conn });
                }
            }
            Input::ConnectFailed { peer, error } => {
                if error == ConnectError::Refused {
                    self.settle.refuse(peer);
                }
                self.with_peer(peer, now, |peer| peer.connect_failed(error, now));
            }
            Input::Accepted { conn, local, remote, interface } => {
                self.accept(conn, local, remote, interface.into(), now);
            }
            Input::Received { conn, bytes } => self.received(conn, &bytes, now),
            Input::Closed { conn } => {
                self.with_conn(conn, now, |peer| peer.closed(conn, now));
                if let Some(carrier) = self.conns.remove(&conn) {
                    self.drop_if_gone(carrier.peer);
                }
            }
            Input::Originate { prefix, source, route } => self.originate(prefix, source, route, now),
            Input::Retract { prefix, source } => self.rib.withdraw(self.local(source), own(prefix)),
            Input::NextHop { address, reach } => self.rib.next_hop(address, reach),
            // Nothing begins any more.
            Input::Admin { .. } | Input::Reconfigure(_) if self.stopping => {}
            Input::Admin { peer, action } => self.administer(peer, action, now),
            Input::Reconfigure(config) => self.reconfigure(*config, now),
            Input::Drain => self.drain(true),
            Input::Undrain => self.drain(false),
            Input::Stop { silently, text } => self.stop(silently, &text, now),
        }
        self.progress(now);
    }

    /// Time passed. Early or repeated calls are harmless.
    pub fn handle_timeout(&mut self, now: Instant) {
        self.now = now;
        while let Some(peer) = self.roster.due(now) {
            self.lose_patience(peer, now);
            self.with_peer(peer, now, |peer| peer.handle_timeout(now));
        }
        self.progress(now);
    }

    /// The next thing to do or to tell.
    pub fn poll_output(&mut self) -> Option<Output> {
        self.outputs.pop_front()
    }

    /// The next octets for a connection: whole messages. `None` until the next [`Output::Ready`].
    pub fn poll_transmit(&mut self, conn: ConnId) -> Option<Bytes> {
        let id = self.conns.get(&conn)?.peer;
        let neighbour = self.roster.get_mut(id)?;
        if let Some(bytes) = neighbour.peer.poll_transmit(conn) {
            self.roster.reindex(id);
            return Some(bytes);
        }
        if neighbour.live.as_ref()?.conn != conn {
            return None;
        }
        let Some(portion) = self.exporter.pull(id, &mut self.rib) else {
            self.unfinished |= self.exporter.has_work(id) || self.drain == Some(Drain::Telling);
            return None;
        };
        neighbour.peer.updated(conn, portion.messages.into(), self.now);
        self.roster.reindex(id);
        Some(portion.octets)
    }

    /// When to call [`handle_timeout`](Self::handle_timeout) next, and what for.
    #[must_use]
    pub fn poll_timeout(&self) -> Option<Deadline> {
        if self.unfinished {
            return Some(Deadline { at: self.now, timer: Timer::Work });
        }
        self.settles_at().into_iter().chain(self.roster.next_deadline()).min()
    }

    /// Draws a number for something that happens outside of the speaker and is to be put in order with its events and
    /// with changes of best paths, which are numbered in one row.
    pub fn next_number(&mut self) -> u64 {
        self.rib.next_number()
    }

    /// A look at everything, without touching anything.
    #[must_use]
    pub const fn view(&self) -> View<'_> {
        View { speaker: self }
    }

    /// The id of a peer by its configured name.
    #[must_use]
    pub fn peer_id(&self, name: &str) -> Option<PeerId> {
        self.roster.by_name(name)
    }

    /// Whether every connection has been closed after [`Input::Stop`].
    #[must_use]
    pub fn is_stopped(&self) -> bool {
        self.stopping && self.conns.is_empty()
    }

    const fn local(&self, source: LocalSource) -> SourceId {
        match source {
            LocalSource::Direct => self.locals[0],
            LocalSource::Static => self.locals[1],
            LocalSource::Kernel => self.locals[2],
        }
    }

    fn originate(&mut self, prefix: IpNet, source: LocalSource, route: Route, now: Instant) {
        let route = self.rib.intern(&route);
        self.rib.announce(self.local(source), own(prefix), route.clone(), Ok(route), now);
    }

    /// A neighbour that is leaving is not to be called back: its name may be another's by now.
    fn administer(&mut self, id: PeerId, action: Admin, now: Instant) {
        if self.roster.get(id).is_none_or(|neighbour| neighbour.stay == Stay::Leaving) {
            return;
        }
        match action {
            Admin::Enable => self.with_peer(id, now, |peer| peer.start(now)),
            Admin::Disable { text } => {
                self.with_peer(id, now, |peer| peer.stop(Notification::shutdown(&text), now));
                self.give_up(id, |_| true);
            }
            Admin::Reset => self.with_peer(id, now, |peer| peer.reset(Notification::reset(""), now)),
            Admin::RefreshIn => self.ask_again(id, now),
            Admin::RefreshOut => {
                for family in self.config_families(id) {
                    self.exporter.refresh(id, family);
                }
            }
        }
    }

    fn stop(&mut self, silently: bool, text: &str, now: Instant) {
        self.stopping = true;
        for id in self.roster.ids() {
            self.with_peer(id, now, |peer| match silently {
                true => peer.vanish(now),
                false => peer.stop(Notification::shutdown(text), now),
            });
        }
    }

    /// One slice of everything that may take long, then what follows from it.
    fn progress(&mut self, now: Instant) {
        self.exporter.advance(now);
        self.rib.date(now);
        let mut more = self.rib.work(SLICE);
        more |= self.reimport_slice();
        more |= self.decide_slice();
        while let Some((address, watch)) = self.rib.poll_track() {
            self.outputs.push_back(Output::Track { address, watch });
        }
        self.unfinished = more;
        if !more {
            self.settle(now);
        }
        self.announce_ready();
        if !more {
            self.check_topology(now);
            self.tell_drained();
        }
    }

    fn decide_slice(&mut self) -> bool {
        for _ in 0..SLICE {
            let Some(change) = self.rib.poll_change() else { return false };
            let [ipv4, ipv6] = &mut self.best_changes;
            *(if change.family == Family::IPV4 { ipv4 } else { ipv6 }) += u64::from(change.best_changed);
            self.exporter.changed(&change);
            let Some(fib) = self.fib.as_mut() else { continue };
            let wish = fib.decide(&change, &mut self.rib);
            self.outputs.extend(std::iter::from_fn(|| fib.hops.poll()).map(Output::FibSet));
            self.outputs.extend(wish.map(Output::Fib));
            self.outputs.extend(std::iter::from_fn(|| fib.hops.poll_left()).map(Output::FibSet));
        }
        true
    }

    fn announce_ready(&mut self) {
        while let Some(id) = self.exporter.poll_ready() {
            let live = self.roster.get(id).and_then(|neighbour| neighbour.live.as_ref());
            if let Some(live) = live {
                self.outputs.push_back(Output::Ready { conn: live.conn });
            }
        }
    }
}

/// A destination of our own: no path identifier.
const fn own(prefix: IpNet) -> Nlri {
    Nlri { path_id: PathId(0), prefix }
}

fn rib_settings(config: &Config) -> Settings {
    let next_hops = if config.kernel_export.is_some() { NextHopMode::Tracked } else { NextHopMode::Assumed };
    Settings { selection: Selection::default(), multipath: config.multipath, next_hops, shifts: SHIFTS }
}

//! Rehearsals: what another configuration would make of the routes there are, found out by those who would do it.
//!
//! A rehearsal is taken from a speaker and then played elsewhere, so that nobody waits for it. Each [`Scene`], some
//! prefixes with all their paths, is played twice, as things are and as they would be: import judges, a RIB
//! decides, an exporter fills the Adj-RIB-Out of everybody, the kernel's policies make wishes. What differs in
//! the end is the answer. Of sessions that would start anew it is assumed that they come back as they were and say the
//! same again; of neighbours that come or move nothing is known, and nothing is said.

mod cast;
mod scene;

pub use scene::Scene;

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::Family;
use crate::rib::{Accepted, LocalSource, NetId, Reach, Rib, Route, Source, SourceId};
use crate::speaker::{Config, Cursor, FibRoute, PeerId, View};

use cast::{Cast, Performance};
use scene::Net;

/// A change of configuration that can be played through without a speaker.
#[derive(Debug)]
pub struct Rehearsal {
    before: Cast,
    after: Cast,
    /// Who may be told something different for another reason than different paths.
    concerned: BTreeSet<PeerId>,
    /// Every path may fare differently, because what judges or compares them all does.
    everything: bool,
    static_source: SourceId,
    /// Routes of our own that come, change or go, as long as their prefix was in no scene.
    origins: BTreeMap<IpNet, Option<Route>>,
}

/// Says how an address is reached by now; `None`: not at all.
pub trait LookUp: FnMut(IpAddr) -> Option<Reach> {}

impl<F: FnMut(IpAddr) -> Option<Reach>> LookUp for F {}

/// Whom a difference is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Audience {
    /// A peer, by name.
    Peer(Arc<str>),
    /// The kernel's table.
    Kernel,
}

/// What is said of a prefix, to a peer or to the kernel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Said {
    /// Told to a peer, after policy and rewriting.
    Told(Arc<Route>),
    /// Wished of the kernel.
    Wished(FibRoute),
}

/// One prefix of which another thing would be said.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Consequence {
    /// To whom.
    pub to: Audience,
    /// The prefix.
    pub prefix: IpNet,
    /// What is said now, in no order; empty for nothing.
    pub before: Vec<Said>,
    /// What would be said.
    pub after: Vec<Said>,
}

impl View<'_> {
    /// A rehearsal of `config`, and of routes of our own that come, change (`Some`) or go (`None`) with it.
    #[must_use]
    pub fn rehearse(&self, config: &Config, origins: BTreeMap<IpNet, Option<Route>>) -> Rehearsal {
        let speaker = self.speaker;
        let (before, after) = (Cast::now(speaker), Cast::then(speaker, config));
        let everything = before.judges_unlike(&after);
        let concerned = after.players_unlike(&before);
        let static_source = speaker.local(LocalSource::Static);
        Rehearsal { before, after, concerned, everything, static_source, origins }
    }
}

impl Rehearsal {
    /// What would differ of the prefixes of a scene. `look_up` says how next hops are reached that nobody watches yet.
    pub fn play(&mut self, scene: &Scene, look_up: &mut dyn LookUp) -> Vec<Consequence> {
        let mut then = Performance::new(&self.after, scene);
        let mut moved = BTreeSet::new();
        for net in &scene.nets {
            let origin = self.origins.remove(&net.prefix);
            if self.stage(net, origin, &mut then) || self.everything {
                moved.insert(net.prefix);
            }
        }
        if moved.is_empty() && self.concerned.is_empty() {
            return Vec::new();
        }
        let mut now = Performance::new(&self.before, scene);
        for path in scene.nets.iter().flat_map(|net| net.paths.iter().map(move |path| (net.prefix, path))) {
            let (prefix, path) = path;
            now.announce(prefix, path, path.accepted.clone());
        }
        let nets = scene.nets.iter().map(|net| net.prefix);
        self.compare(nets, &moved, now.end(look_up), then.end(look_up))
    }

    /// What would differ of prefixes that were in no scene: those of routes of our own that nobody else has.
    pub fn finish(mut self, look_up: &mut dyn LookUp) -> Vec<Consequence> {
        let origins = std::mem::take(&mut self.origins);
        let scene = Scene::default();
        let (now, mut then) = (Performance::new(&self.before, &scene), Performance::new(&self.after, &scene));
        for (prefix, route) in &origins {
            if let Some(route) = route {
                then.originate(self.static_source, *prefix, route);
            }
        }
        let nets: BTreeSet<IpNet> = origins.into_keys().collect();
        self.compare(nets.iter().copied(), &nets, now.end(look_up), then.end(look_up))
    }

    /// Puts a net on stage as it would be; whether any of its paths fares differently.
    fn stage(&self, net: &Net, origin: Option<Option<Route>>, then: &mut Performance<'_>) -> bool {
        let mut moved = false;
        for path in &net.paths {
            if path.source == self.static_source && origin.is_some() {
                continue;
            }
            let judged = then.judge(net.prefix, path);
            moved |= !judged.as_ref().is_some_and(|judged| same(judged, &path.accepted));
            if let Some(accepted) = judged {
                then.announce(net.prefix, path, accepted);
            }
        }
        if let Some(Some(route)) = &origin {
            then.originate(self.static_source, net.prefix, route);
        }
        moved || origin.is_some()
    }

    fn compare(
        &self,
        nets: impl Iterator<Item = IpNet>,
        moved: &BTreeSet<IpNet>,
        now: Outcome<'_>,
        then: Outcome<'_>,
    ) -> Vec<Consequence> {
        let mut consequences = Vec::new();
        for prefix in nets {
            let has_moved = moved.contains(&prefix);
            let told = self.before.players().filter(|(id, _)| has_moved || self.concerned.contains(id));
            for (id, name) in told {
                let to = Audience::Peer(Arc::clone(name));
                consequences.extend(differing(to, prefix, now.told(id, prefix), then.told(id, prefix)));
            }
            if has_moved || self.before.wishes_unlike(&self.after) {
                consequences.extend(differing(
                    Audience::Kernel,
                    prefix,
                    now.wished(prefix),
                    then.wished(prefix),
                ));
            }
        }
        consequences
    }
}

/// How a scene ended.
struct Outcome<'a> {
    cast: &'a Cast,
    rib: Rib,
    exporter: crate::export::Exporter,
    fib: Option<super::Fib>,
}

impl Outcome<'_> {
    fn net(&self, prefix: IpNet) -> Option<(Family, NetId)> {
        let family = Family::of(&prefix);
        Some((family, self.rib.table(family)?.lookup(&prefix)?))
    }

    fn told(&self, peer: PeerId, prefix: IpNet) -> Vec<Said> {
        if !self.cast.listens(peer) {
            return Vec::new();
        }
        let said = self
            .net(prefix)
            .into_iter()
            .flat_map(|(family, net)| self.exporter.advertised(peer, family, net, &self.rib));
        said.map(|said| Said::Told(said.route)).collect()
    }

    fn wished(&self, prefix: IpNet) -> Vec<Said> {
        let wish = self.fib.as_ref().zip(self.net(prefix));
        wish.and_then(|(fib, (family, net))| fib.wished(family, net)).map(Said::Wished).into_iter().collect()
    }
}

fn differing(to: Audience, prefix: IpNet, before: Vec<Said>, after: Vec<Said>) -> Option<Consequence> {
    let alike = before.len() == after.len() && before.iter().all(|said| after.contains(said));
    (!alike).then_some(Consequence { to, prefix, before, after })
}

fn same(one: &Accepted, other: &Accepted) -> bool {
    match (one, other) {
        (Ok(one), Ok(other)) => one == other,
        (Err(one), Err(other)) => one == other,
        (Ok(_), Err(_)) | (Err(_), Ok(_)) => false,
    }
}

impl Scene {
    /// Where the next one begins; `None` at the end.
    #[must_use]
    pub const fn next(&self) -> Option<Cursor> {
        self.next
    }
}

/// Whether a source is a peer's.
const fn peer_of(source: &Source) -> Option<PeerId> {
    match source {
        Source::Bgp(peer) => Some(peer.peer),
        Source::Local(_) => None,
    }
}

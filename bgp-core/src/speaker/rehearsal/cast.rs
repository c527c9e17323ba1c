//! Who plays: a configuration, the sessions there are, and what they make of a scene.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use ipnet::IpNet;

use crate::export::{Exporter, Target};
use crate::peer::PeerConfig;
use crate::policy::{self, Policy};
use crate::rib::{Accepted, Reimport, Rib, Route, Settings, Source, SourceId};
use crate::speaker::fib::Fib;
use crate::speaker::keep::judged;
use crate::speaker::neighbour::{Live, Neighbour, Standing, Stay};
use crate::speaker::reconfigure::moves;
use crate::speaker::{Config, PeerId, Speaker, rib_settings};
use crate::wire::{Nlri, PathId};
use crate::{Asn, Family, Instant, RouterId};

use super::scene::{Path, Scene};
use super::{LookUp, Outcome, peer_of};

/// A configuration and those who live by it.
#[derive(Debug)]
pub(super) struct Cast {
    asn: Asn,
    clusters: Vec<RouterId>,
    settings: Settings,
    kernel: Option<Vec<Arc<Policy>>>,
    leaving: bool,
    players: BTreeMap<PeerId, Player>,
    /// Whoever says something, in the order in which they were registered.
    sources: Vec<(SourceId, Source)>,
}

/// A neighbour that is there before and after.
#[derive(Debug)]
struct Player {
    config: PeerConfig,
    live: Option<Live>,
    /// Families of which what was not told again is long-lived stale.
    aging: BTreeSet<Family>,
}

impl Player {
    fn standing(&self, id: PeerId) -> Option<Standing<'_>> {
        Some(Standing { id, config: &self.config, live: self.live.as_ref()? })
    }

    /// The families of its session that its configuration has.
    fn families(&self) -> impl Iterator<Item = Family> {
        let agreed = self.live.iter().flat_map(|live| live.negotiated.families().iter().copied());
        agreed.filter(|family| self.config.families.contains(family))
    }
}

impl Cast {
    /// As things are.
    pub(super) fn now(speaker: &Speaker) -> Self {
        Self::of(speaker, &speaker.config, |neighbour| Some(neighbour.config().clone()))
    }

    /// As they would be by another configuration.
    pub(super) fn then(speaker: &Speaker, config: &Config) -> Self {
        let named: BTreeMap<&Arc<str>, &PeerConfig> =
            config.peers.iter().map(|peer| (&peer.name, peer)).collect();
        Self::of(speaker, config, |neighbour| {
            let was = neighbour.config();
            let address = was.remote.ip();
            let of_range = || config.range_of(address).filter(|_| neighbour.stay == Stay::Accepted);
            let named = named.get(&was.name).map(|peer| (*peer).clone());
            let becomes = named.or_else(|| Some(of_range()?.peer(address)))?;
            let ends = was.enabled && !becomes.enabled || moves(was, &becomes);
            (!ends).then_some(becomes)
        })
    }

    fn of(speaker: &Speaker, config: &Config, becomes: impl Fn(&Neighbour) -> Option<PeerConfig>) -> Self {
        let stays = speaker.roster.iter().filter(|neighbour| neighbour.stay != Stay::Leaving);
        let player = |neighbour: &Neighbour| {
            let aging = Family::UNICAST.into_iter().filter(|family| neighbour.ages(*family)).collect();
            Some((neighbour.id, Player { config: becomes(neighbour)?, live: neighbour.live.clone(), aging }))
        };
        let players: BTreeMap<PeerId, Player> = stays.filter_map(player).collect();
        let peers = speaker.roster.iter().filter_map(|neighbour| neighbour.source);
        let mut sources: Vec<SourceId> = speaker.locals.into_iter().chain(peers).collect();
        sources.sort_unstable();
        let as_source = |id: SourceId| {
            let source = *speaker.rib.source(id)?;
            let Some(peer) = peer_of(&source) else { return Some((id, source)) };
            let player = players.get(&peer)?;
            Some((id, player.standing(peer).map_or(source, |standing| Source::Bgp(standing.source()))))
        };
        let sources = sources.into_iter().filter_map(as_source).collect();
        Self {
            asn: config.asn,
            clusters: config.clusters(),
            settings: rib_settings(config),
            kernel: config.kernel_export.clone(),
            leaving: speaker.drain.is_some(),
            players,
            sources,
        }
    }

    /// Whether a path may fare differently whoever it is from.
    pub(super) fn judges_unlike(&self, other: &Self) -> bool {
        self.settings != other.settings || self.sources != other.sources
    }

    /// Whether the kernel's policies decide differently.
    pub(super) fn wishes_unlike(&self, other: &Self) -> bool {
        !policy::decide_alike(self.kernel.as_deref(), other.kernel.as_deref())
    }

    /// Those who are told things by other rules than in `other`, and those who are in one of the two only.
    pub(super) fn players_unlike(&self, other: &Self) -> BTreeSet<PeerId> {
        let ids: BTreeSet<PeerId> = self.players.keys().chain(other.players.keys()).copied().collect();
        let targets = |cast: &Self, id: PeerId| -> Option<Vec<(Family, Target)>> {
            let player = cast.players.get(&id)?;
            let target = player.standing(id)?.target(cast.leaving);
            Some(player.families().map(|family| (family, target.clone())).collect())
        };
        let alike = |id: PeerId| match (targets(self, id), targets(other, id)) {
            (Some(ours), Some(theirs)) => {
                let same =
                    |(a, b): (&(Family, Target), &(Family, Target))| a.0 == b.0 && a.1.says_like(&b.1, a.0);
                ours.len() == theirs.len() && ours.iter().zip(&theirs).all(same)
            }
            (ours, theirs) => ours.is_none() && theirs.is_none(),
        };
        ids.into_iter().filter(|id| !alike(*id)).collect()
    }

    /// Everybody, with their names.
    pub(super) fn players(&self) -> impl Iterator<Item = (PeerId, &Arc<str>)> {
        self.players.iter().map(|(id, player)| (*id, &player.config.name))
    }

    /// Whether somebody is told anything at all.
    pub(super) fn listens(&self, id: PeerId) -> bool {
        self.players.get(&id).is_some_and(|player| player.live.is_some())
    }
}

/// A scene being played.
pub(super) struct Performance<'a> {
    cast: &'a Cast,
    scene: &'a Scene,
    rib: Rib,
    /// What the speaker calls a source, and what this RIB does.
    sources: BTreeMap<SourceId, (SourceId, Source)>,
}

/// No peer can aim at the hash tables of a RIB that it never hears of.
const SEED: u64 = 0;

impl<'a> Performance<'a> {
    pub(super) fn new(cast: &'a Cast, scene: &'a Scene) -> Self {
        let mut rib = Rib::new(cast.settings, SEED);
        let register = |(id, source): &(SourceId, Source)| (*id, (rib.add_source(*source), *source));
        let sources = cast.sources.iter().map(register).collect();
        Self { cast, scene, rib, sources }
    }

    /// What this cast makes of a path; `None` where nobody says it any more.
    pub(super) fn judge(&mut self, prefix: IpNet, path: &Path) -> Option<Accepted> {
        let (source, known) = self.sources.get(&path.source)?;
        let Some(peer) = peer_of(known) else { return Some(path.accepted.clone()) };
        let player = self.cast.players.get(&peer)?;
        let family = Family::of(&prefix);
        if !player.config.families.contains(&family) {
            return None;
        }
        let standing = player.standing(peer);
        let importer = standing.map(|standing| standing.importer(self.cast.asn, &self.cast.clusters));
        let nlri = Nlri { path_id: path.path_id, prefix };
        let (received, accepted) = (Arc::clone(&path.received), path.accepted.clone());
        let again = Reimport { source: *source, nlri, received, accepted, stale: path.stale };
        judged(importer, &again, path.stale && player.aging.contains(&family), &mut self.rib)
    }

    pub(super) fn announce(&mut self, prefix: IpNet, path: &Path, accepted: Accepted) {
        let Some((source, _)) = self.sources.get(&path.source) else { return };
        let received = self.rib.intern(&path.received.route());
        let accepted = accepted.map(|route| self.rib.intern(&route.route()));
        let nlri = Nlri { path_id: path.path_id, prefix };
        self.rib.announce(*source, nlri, received, accepted, path.since);
    }

    pub(super) fn originate(&mut self, source: SourceId, prefix: IpNet, route: &Route) {
        let Some((source, _)) = self.sources.get(&source) else { return };
        let route = self.rib.intern(route);
        let nlri = Nlri { path_id: PathId(0), prefix };
        self.rib.announce(*source, nlri, Arc::clone(&route), Ok(route), Instant::ZERO);
    }

    /// Everything is decided and said.
    pub(super) fn end(self, look_up: &mut dyn LookUp) -> Outcome<'a> {
        let Self { cast, scene, mut rib, .. } = self;
        while let Some((address, _)) = rib.poll_track() {
            let reach = scene.reach.get(&address).cloned().or_else(|| look_up(address));
            rib.next_hop(address, reach);
        }
        while rib.work(usize::MAX) {}
        let mut exporter = Exporter::default();
        for (id, player) in &cast.players {
            exporter.introduce(*id, Arc::clone(&player.config.name));
        }
        for (id, player) in &cast.players {
            let Some(standing) = player.standing(*id) else { continue };
            let target = standing.target(cast.leaving);
            player.families().for_each(|family| exporter.join(*id, family, &target, &mut rib));
        }
        let mut fib = cast.kernel.clone().map(|policies| Fib::new(policies, false));
        while let Some(change) = rib.poll_change() {
            exporter.changed(&change);
            if let Some(fib) = &mut fib {
                fib.decide(&change, &mut rib);
            }
        }
        exporter.say_everything(&mut rib);
        Outcome { cast, rib, exporter, fib }
    }
}

//! Routes that wait to be announced again: over a restart of the peer, or during a refresh.
//!
//! Both are marks on the peer's routes in the RIB. Here is when a mark is set, when what still wears it
//! goes, and that neither waits for ever for a peer that does not end what it began.

use crate::rib::{Accepted, Interned, Mark, Reimport, Rib, Route, Source, SourceId};
use crate::session::Down;
use crate::speaker::{Event, PeerId, Speaker};
use crate::wire::{Community, RefreshKind, RouteRefresh};
use crate::{Family, Instant};

use super::import::Importer;
use super::kept::{Kept, PATIENCE};
use super::neighbour::{Live, Neighbour};

impl Speaker {
    /// The routes of a session that ended: gone, except those of families whose forwarding a restarting
    /// peer promised to preserve ([RFC 4724 §4.2](https://www.rfc-editor.org/rfc/rfc4724#section-4.2)).
    pub(super) fn forget_or_keep(&mut self, id: PeerId, live: &Live, down: &Down, now: Instant) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(source) = neighbour.source else { return };
        if self.stopping {
            neighbour.kept.clear();
            self.rib.source_down(source);
            return;
        }
        let mut before = std::mem::take(&mut neighbour.kept);
        for &family in live.negotiated.families() {
            let mut earlier = before.remove(&family);
            if let Some(earlier) = earlier.take_if(|earlier| earlier.is_exhausted(&live.negotiated, now)) {
                self.sweep_kept(id, family, &earlier, "the session was lost again before the peer told them");
            }
            let over = Kept::over(&live.negotiated, family, earlier, down, now);
            let is_missed = !is_our_wish(down) && self.rib.counts(source, family).received > 0;
            let age = self.freezes(id, family).filter(|_| is_missed);
            let frozen = age.map(|age| Kept::frozen(now, age));
            match over.filter(|_| !live.spent.contains(&family)).or(frozen) {
                Some(kept) => self.keep(id, source, family, kept),
                None => self.rib.clear(source, family),
            }
        }
        self.tell_headless(id);
    }

    fn keep(&mut self, id: PeerId, source: SourceId, family: Family, kept: Kept) {
        self.rib.mark(source, family, Mark::Restart);
        if kept.is_long_lived() {
            self.rib.reimport(source, family);
        }
        if let Some(neighbour) = self.roster.get_mut(id) {
            neighbour.kept.insert(family, kept);
        }
        self.tell_kept(id, family, &kept);
    }

    /// Says that routes wait for their peer; what is headless is told by itself.
    fn tell_kept(&mut self, id: PeerId, family: Family, kept: &Kept) {
        if let Some(peer) = self.roster.get(id).map(Neighbour::name).filter(|_| !kept.is_frozen()) {
            let (until, long_lived) = (kept.until(), kept.is_long_lived());
            self.tell(Event::Kept { peer, family, until, long_lived });
        }
    }

    /// Ends a wait: what the peer has not told again goes.
    fn sweep_kept(&mut self, id: PeerId, family: Family, kept: &Kept, reason: &'static str) {
        let Some(neighbour) = self.roster.get(id) else { return };
        let (peer, source) = (neighbour.name(), neighbour.source);
        if let Some(source) = source {
            self.rib.sweep(source, family, Mark::Restart);
        }
        if !kept.is_frozen() {
            self.tell(Event::Swept { peer, family, reason });
        }
    }

    /// The peer is back: what it did not preserve goes now, the rest at its End-of-RIB.
    pub(super) fn resume_kept(&mut self, id: PeerId, now: Instant) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(live) = neighbour.live.as_ref() else { return };
        let mut lost = Vec::new();
        for (family, kept) in std::mem::take(&mut neighbour.kept) {
            match kept.resume(&live.negotiated, family, now) {
                Some(kept) => drop(neighbour.kept.insert(family, kept)),
                None => lost.push((family, kept)),
            }
        }
        for (family, kept) in lost {
            self.sweep_kept(id, family, &kept, "the peer is back and did not preserve them");
        }
    }

    /// Nobody is waited for any more where `ends` says so: what was kept goes.
    pub(super) fn give_up(&mut self, id: PeerId, ends: impl Fn(Family) -> bool) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let given_up: Vec<_> = neighbour.kept.extract_if(.., |family, _| ends(*family)).collect();
        for (family, kept) in given_up {
            self.sweep_kept(id, family, &kept, "nobody waits for the peer any more");
        }
    }

    /// Sweeps what was waited for long enough: for a peer to return, for it to end what it began.
    pub(super) fn lose_patience(&mut self, id: PeerId, now: Instant) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(source) = neighbour.source else { return };
        let over: Vec<_> = neighbour.kept.extract_if(.., |_, kept| kept.until() <= now).collect();
        for (family, kept) in over {
            self.end_of_wait(id, source, family, kept, now);
        }
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(live) = neighbour.live.as_mut() else { return };
        for (family, _) in live.refreshing.extract_if(.., |_, until| *until <= now) {
            self.rib.sweep(source, family, Mark::Refresh);
        }
    }

    /// What was kept had its time: what comes after it, or its end.
    fn end_of_wait(&mut self, id: PeerId, source: SourceId, family: Family, kept: Kept, now: Instant) {
        let frozen = || {
            let is_empty = self.rib.counts(source, family).received == 0;
            let age = self.freezes(id, family).filter(|_| !kept.is_frozen() && !is_empty)?;
            Some(Kept::frozen(kept.lost(), age)).filter(|frozen| frozen.until() > now)
        };
        let next = kept.expire().or_else(frozen);
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        if let Some(next) = next {
            neighbour.kept.insert(family, next);
            self.rib.reimport(source, family);
            self.tell_kept(id, family, &next);
            self.tell_headless(id);
            return;
        }
        self.sweep_kept(id, family, &kept, "the peer has not told them in time");
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        if let Some(live) = neighbour.live.as_mut() {
            if kept.is_long_lived() {
                live.spent.insert(family);
            }
            self.thaw(id, family);
        }
    }

    /// Judges a path again: by import where there is a session, and by its age.
    pub(super) fn judge_again(&mut self, path: Reimport) {
        let Self { roster, rib, config, clusters, .. } = self;
        let peer = rib.source(path.source).and_then(Source::peer).map(|peer| peer.peer);
        let Some(neighbour) = peer.and_then(|id| roster.get(id)) else { return };
        let family = Family::of(&path.nlri.prefix);
        let ages = path.stale && neighbour.ages(family);
        let importer = neighbour.importer(config.asn, clusters);
        match judged(importer, &path, ages, rib) {
            Some(accepted) => rib.judge(path.source, path.nlri, accepted),
            None => rib.withdraw(path.source, path.nlri),
        }
    }

    /// What a ROUTE-REFRESH does ([RFC 7313 §4](https://www.rfc-editor.org/rfc/rfc7313#section-4)).
    pub(super) fn refreshed(&mut self, id: PeerId, refresh: RouteRefresh, now: Instant) {
        let complete = self.is_complete(id, refresh.family);
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let (Some(source), Some(live)) = (neighbour.source, neighbour.live.as_mut()) else { return };
        match refresh.kind {
            RefreshKind::Request => {
                self.exporter.refresh(id, refresh.family);
            }
            RefreshKind::Begin if complete => {
                live.refreshing.insert(refresh.family, now + PATIENCE);
                self.rib.mark(source, refresh.family, Mark::Refresh);
            }
            // Before its End-of-RIB a peer is still telling everything for the first time.
            RefreshKind::Begin => {}
            RefreshKind::End => {
                live.refreshing.remove(&refresh.family);
                self.rib.sweep(source, refresh.family, Mark::Refresh);
            }
            RefreshKind::Unknown(_) => {}
        }
    }

    /// Whether a peer that promised End-of-RIB has sent it.
    fn is_complete(&self, id: PeerId, family: Family) -> bool {
        let live = self.roster.get(id).and_then(|neighbour| neighbour.live.as_ref());
        live.is_some_and(|live| live.negotiated.restart.is_none() || live.complete.contains(&family))
    }
}

/// What becomes of a path that is judged again: by import where there is a session, and by its age where what was kept
/// of it `ages`. `None`: it must not grow old.
pub(super) fn judged(
    importer: Option<Importer<'_>>,
    path: &Reimport,
    ages: bool,
    rib: &mut Rib,
) -> Option<Accepted> {
    let judged = match importer {
        Some(importer) => {
            let route = path.received.route();
            let checked = importer.check(&route, &path.received, rib);
            importer.judge(path.nlri.prefix, &checked, rib)
        }
        None => path.accepted.clone(),
    };
    match judged {
        _ if ages && forbids_age(&path.received, &judged) => None,
        Ok(route) if ages => Some(Ok(rib.intern(&age(route.route())))),
        judged => Some(judged),
    }
}

/// Whether we ended the session for good, so that nobody may miss what it told.
fn is_our_wish(down: &Down) -> bool {
    matches!(down, Down::Sent(notification) if notification.is_for_good() || notification.is_hard_reset())
}

/// Whether a route must not become long-lived stale, by the peer's word or by policy's.
fn forbids_age(received: &Interned, judged: &Accepted) -> bool {
    let says_so = |route: &Interned| route.route().attributes.communities.contains(&Community::NO_LLGR);
    says_so(received) || judged.as_ref().is_ok_and(|route| says_so(route))
}

/// A route as long-lived stale ([RFC 9494 §4.2](https://www.rfc-editor.org/rfc/rfc9494#section-4.2)).
fn age(mut route: Route) -> Route {
    let communities = &mut route.attributes.communities;
    if !communities.contains(&Community::LLGR_STALE) {
        *communities = communities.iter().copied().chain([Community::LLGR_STALE]).collect();
    }
    route
}

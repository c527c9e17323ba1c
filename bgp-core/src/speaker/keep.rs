//! Routes that wait to be announced again: over a restart of the peer, or during a refresh.
//!
//! Both are marks on the peer's routes in the RIB. Here is when a mark is set, when what still wears it
//! goes, and that neither waits for ever for a peer that does not end what it began.

use crate::Family;
use crate::Instant;
use crate::rib::Mark;
use crate::session::Down;
use crate::speaker::{PeerId, Speaker};
use crate::wire::{RefreshKind, RouteRefresh};

use super::kept::{Kept, PATIENCE};
use super::neighbour::Live;

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
        for family in live.negotiated.families() {
            let mut earlier = neighbour.kept.remove(family);
            if earlier.take_if(|earlier| earlier.is_exhausted(&live.negotiated, now)).is_some() {
                self.rib.sweep(source, *family, Mark::Restart);
            }
            match Kept::over(&live.negotiated, *family, earlier.as_ref(), down, now) {
                Some(kept) => {
                    neighbour.kept.insert(*family, kept);
                    self.rib.mark(source, *family, Mark::Restart);
                }
                None => self.rib.clear(source, *family),
            }
        }
    }

    /// The peer is back: what it did not preserve goes now, the rest at its End-of-RIB.
    pub(super) fn resume_kept(&mut self, id: PeerId, now: Instant) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let (Some(source), Some(live)) = (neighbour.source, neighbour.live.as_ref()) else { return };
        for (family, kept) in std::mem::take(&mut neighbour.kept) {
            match kept.resume(&live.negotiated, family, now) {
                Some(kept) => drop(neighbour.kept.insert(family, kept)),
                None => self.rib.sweep(source, family, Mark::Restart),
            }
        }
    }

    /// Nobody is waited for any more where `ends` says so: what was kept goes.
    pub(super) fn give_up(&mut self, id: PeerId, ends: impl Fn(Family) -> bool) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(source) = neighbour.source else { return };
        for (family, _) in neighbour.kept.extract_if(.., |family, _| ends(*family)) {
            self.rib.sweep(source, family, Mark::Restart);
        }
    }

    /// Sweeps what was waited for long enough: for a peer to return, for it to end what it began.
    pub(super) fn lose_patience(&mut self, id: PeerId, now: Instant) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(source) = neighbour.source else { return };
        for (family, _) in neighbour.kept.extract_if(.., |_, kept| kept.until() <= now) {
            self.rib.sweep(source, family, Mark::Restart);
        }
        let Some(live) = neighbour.live.as_mut() else { return };
        for (family, _) in live.refreshing.extract_if(.., |_, until| *until <= now) {
            self.rib.sweep(source, family, Mark::Refresh);
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

//! Routes that wait to be announced again: over a restart of the peer, or during a refresh.
//!
//! Both are marks on the peer's routes in the RIB. Here is when a mark is set, when what still wears it
//! goes, and that neither waits for ever for a peer that does not end what it began.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::rib::Mark;
use crate::session::Down;
use crate::speaker::{PeerId, Speaker};
use crate::wire::{RefreshKind, RouteRefresh};
use crate::{Family, Instant};

use super::neighbour::{Kept, Live};

/// How long a peer that is there may take to tell its routes again: the upper bound that
/// [RFC 8538 §4.1](https://www.rfc-editor.org/rfc/rfc8538#section-4.1) asks for, with its default.
const PATIENCE: Duration = Duration::from_secs(180);

impl Speaker {
    /// The routes of a session that ended: gone, except those of families whose forwarding a restarting
    /// peer promised to preserve ([RFC 4724 §4.2](https://www.rfc-editor.org/rfc/rfc4724#section-4.2)).
    pub(super) fn forget_or_keep(&mut self, id: PeerId, live: &Live, down: &Down, now: Instant) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(source) = neighbour.source else { return };
        let restart = live.negotiated.restart.as_ref().filter(|_| *down == Down::Lost);
        let promised: BTreeSet<Family> =
            restart.iter().flat_map(|restart| &restart.families).map(|family| family.family).collect();
        if promised.is_empty() || self.stopping {
            neighbour.kept = None;
            self.rib.source_down(source);
            return;
        }
        let restart_time =
            restart.map_or(Duration::ZERO, |restart| Duration::from_secs(restart.restart_time.into()));
        for family in live.negotiated.families() {
            match promised.contains(family) {
                true => {
                    // What an earlier restart left unconfirmed had its chance: RFC 4724 §4.2.
                    self.rib.sweep(source, *family, Mark::Restart);
                    self.rib.mark(source, *family, Mark::Restart);
                }
                false => self.rib.clear(source, *family),
            }
        }
        neighbour.kept = Some(Kept { families: promised, until: now + restart_time });
    }

    /// The peer is back: what it did not preserve goes now, the rest at its End-of-RIB.
    pub(super) fn resume_kept(&mut self, id: PeerId, now: Instant) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let (Some(source), Some(live)) = (neighbour.source, neighbour.live.as_ref()) else { return };
        let Some(kept) = neighbour.kept.as_mut() else { return };
        let restart = live.negotiated.restart.as_ref();
        let preserved = |family: Family| {
            let listed = restart.and_then(|restart| restart.families.iter().find(|one| one.family == family));
            listed.is_some_and(|one| one.forwarding_preserved) && live.negotiated.families().contains(&family)
        };
        let lost: Vec<Family> = kept.families.iter().copied().filter(|family| !preserved(*family)).collect();
        for family in lost {
            kept.families.remove(&family);
            self.rib.sweep(source, family, Mark::Restart);
        }
        kept.until = now + PATIENCE;
        neighbour.kept.take_if(|kept| kept.families.is_empty());
    }

    /// Sweeps what was waited for long enough: for a peer to return, for it to end what it began.
    pub(super) fn lose_patience(&mut self, id: PeerId, now: Instant) {
        let Some(neighbour) = self.roster.get_mut(id) else { return };
        let Some(source) = neighbour.source else { return };
        if let Some(kept) = neighbour.kept.take_if(|kept| kept.until <= now) {
            for family in kept.families {
                self.rib.sweep(source, family, Mark::Restart);
            }
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

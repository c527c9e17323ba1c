//! The beginning: what is held back after a start, and what follows when it need not be any more.
//!
//! When that is, [`settle`](super::settle) says.

use crate::peer::PeerConfig;
use crate::rib::SourceId;
use crate::session::GracefulOffer;
use crate::speaker::{Output, PeerId, Speaker};
use crate::wire::{GracefulFamily, LongLivedFamily};
use crate::{Deadline, Family, Instant, Timer};

use super::settle::{Around, Milestone};

impl Speaker {
    /// After a restart nothing is told before it can be told right
    /// ([RFC 4724 §4.1](https://www.rfc-editor.org/rfc/rfc4724#section-4.1)).
    pub(super) fn hold_back(&mut self) {
        for family in Family::UNICAST {
            self.exporter.hold_back(family);
            if let Some(fib) = &mut self.fib {
                fib.hold_back(family);
            }
        }
    }

    /// Does what need not wait any longer.
    pub(super) fn settle(&mut self, now: Instant) {
        while let Some(milestone) = self.poll_milestone(now) {
            match milestone {
                Milestone::Announce(family) => self.announce_family(family),
                Milestone::Conclude(family) => self.conclude(family),
            }
        }
        for family in Family::UNICAST {
            let is_told = self.settle.has_reached(Milestone::Announce(family));
            if is_told && !self.settle.has_reached(Milestone::Conclude(family)) {
                self.conclude_early(family, now);
            }
        }
    }

    /// When to look again whether something need not wait any longer.
    pub(super) fn settles_at(&self) -> Option<Deadline> {
        let at = self.settle.waits_until(self.around(), self.now)?;
        Some(Deadline { at, timer: Timer::Restart })
    }

    pub(super) fn around(&self) -> Around<'_> {
        Around { roster: &self.roster, config: &self.config, unresolved: self.rib.awaits_next_hops() }
    }

    fn poll_milestone(&mut self, now: Instant) -> Option<Milestone> {
        let unresolved = self.rib.awaits_next_hops();
        self.settle.poll(Around { roster: &self.roster, config: &self.config, unresolved }, now)
    }

    fn announce_family(&mut self, family: Family) {
        self.exporter.let_go(family);
        let wishes = self.fib.as_mut().map(|fib| fib.let_go(family, &self.rib));
        self.outputs.extend(wishes.into_iter().flatten().map(Output::Fib));
    }

    /// After the last family later OPENs no longer speak of a restart, and the kernel is swept.
    fn conclude(&mut self, family: Family) {
        self.exporter.conclude(family);
        if !self.settle.is_over() {
            return;
        }
        for id in self.roster.ids() {
            self.renew_offer(id);
        }
        self.outputs.push_back(Output::FibSettled);
    }

    /// Concludes a family towards peers that nobody would tell more.
    fn conclude_early(&mut self, family: Family, now: Instant) {
        let missing = self.settle.missing(family, self.around(), now);
        if missing.spares_nobody() {
            return;
        }
        let is_spared = |id: &_| self.roster.get(*id).is_some_and(|neighbour| missing.spares(neighbour));
        let spared: Vec<_> = self.exporter.unconcluded(family).filter(is_spared).collect();
        for id in spared {
            self.exporter.conclude_for(id, family);
        }
    }

    /// What an OPEN to a peer says about graceful restart: R until the first decisions are complete, F where
    /// what it was told is forwarded. That is so after a start that found it forwarded, when all is decided
    /// anew, and for whom this speaker itself has told it: for such a one there is a `source`.
    pub(super) fn graceful_offer(
        &self,
        config: &PeerConfig,
        source: Option<SourceId>,
    ) -> Option<GracefulOffer> {
        let settings = &self.config.graceful_restart;
        let settled = self.settle.is_over();
        let forwarding_preserved = settled || settings.forwarding_preserved || source.is_some();
        let families = config.families.iter().map(|&family| GracefulFamily { family, forwarding_preserved });
        let stale_time = u32::try_from(settings.long_lived.as_secs()).unwrap_or(u32::MAX);
        let long_lived = config.families.iter().filter(|_| stale_time > 0).map(|&family| LongLivedFamily {
            family,
            forwarding_preserved,
            stale_time,
        });
        (settings.enabled && config.graceful_restart).then(|| GracefulOffer {
            restarted: !settled,
            notification: settings.notification,
            restart_time: u16::try_from(settings.restart_time.as_secs()).unwrap_or(u16::MAX),
            families: families.collect(),
            long_lived: long_lived.collect(),
        })
    }

    /// Later OPENs to a peer say what is true now.
    pub(super) fn renew_offer(&mut self, id: PeerId) {
        let Some(neighbour) = self.roster.get(id) else { return };
        let offer = self.graceful_offer(neighbour.config(), neighbour.source);
        if let Some(neighbour) = self.roster.get_mut(id) {
            neighbour.peer.offer(offer);
        }
    }
}

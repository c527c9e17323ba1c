//! Headless: all peers of a kind are gone, and what they told last is better than nothing.
//!
//! The RFC's version: routes go with the session, unless both ends agreed that it may restart
//! ([RFC 4271 §8.2.2], [RFC 4724 §4.2]).
//! Ours: where the operator says so, the routes of a family that the *last* peer of a kind told stay for a
//! time, marked stale, whatever was agreed and however it went: a cluster whose reflectors are all shut down
//! forwards as it did. The first End-of-RIB from any peer of the kind ends it, for all of them.
//!
//! [RFC 4271 §8.2.2]: https://www.rfc-editor.org/rfc/rfc4271#section-8.2.2
//! [RFC 4724 §4.2]: https://www.rfc-editor.org/rfc/rfc4724#section-4.2

use std::time::Duration;

use crate::rib::Mark;
use crate::speaker::{Event, PeerId, Speaker};
use crate::{Family, Instant};

use super::kept::Kept;
use super::neighbour::{Live, Neighbour, Stay};

impl Speaker {
    /// For how long a peer's routes of a family are kept now that it is gone: not at all while another of its
    /// kind is there, who tells what there is. Who speaks another family tells nothing of this one: where each
    /// family has sessions of its own, all but the last of them would lose their routes.
    pub(super) fn freezes(&self, id: PeerId, family: Family) -> Option<Duration> {
        let neighbour = self.roster.get(id)?;
        let config = neighbour.config();
        let wanted = !config.headless.is_zero() && config.enabled && neighbour.stay != Stay::Leaving;
        let tells = |live: &Live| live.negotiated.families().contains(&family);
        let is_alone = || !self.of_a_kind(neighbour).any(|other| other.live.as_ref().is_some_and(tells));
        (wanted && is_alone()).then_some(config.headless)
    }

    /// Says that routes of a peer are kept because there is nobody else.
    pub(super) fn tell_headless(&mut self, id: PeerId) {
        let Some(neighbour) = self.roster.get(id) else { return };
        let frozen = neighbour.kept.values().filter(|kept| kept.is_frozen());
        if let Some(until) = frozen.map(Kept::until).max() {
            self.tell(Event::Headless { peer: neighbour.name(), until });
        }
    }

    /// A peer that is there has told everything of a family, or had the time to: nothing is kept any more
    /// for want of somebody of its kind.
    pub(super) fn thaw(&mut self, id: PeerId, family: Family) {
        let Some(neighbour) = self.roster.get(id) else { return };
        if neighbour.config().headless.is_zero() {
            return;
        }
        let is_frozen = |other: &&Neighbour| other.kept.get(&family).is_some_and(Kept::is_frozen);
        let frozen: Vec<PeerId> = self.of_a_kind(neighbour).filter(is_frozen).map(|other| other.id).collect();
        for id in frozen {
            let Some(neighbour) = self.roster.get_mut(id) else { continue };
            neighbour.kept.remove(&family);
            let (peer, source) = (neighbour.name(), neighbour.source);
            if let Some(source) = source {
                self.rib.sweep(source, family, Mark::Restart);
            }
            self.tell(Event::Thawed { peer, family });
            self.roster.reindex(id);
            self.drop_if_gone(id);
        }
    }

    /// Since when routes are kept although all that could tell them are gone.
    pub(super) fn headless_since(&self) -> Option<Instant> {
        let kept = self.roster.iter().flat_map(|neighbour| neighbour.kept.values());
        kept.filter(|kept| kept.is_frozen()).map(Kept::lost).min()
    }

    /// The peers that tell the same: internal or external, and with a time to be headless.
    fn of_a_kind(&self, like: &Neighbour) -> impl Iterator<Item = &Neighbour> {
        let internal = like.is_internal();
        self.roster
            .iter()
            .filter(move |other| !other.config().headless.is_zero() && other.is_internal() == internal)
    }
}

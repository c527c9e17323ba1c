//! Voices: sources as they were when they were heard, so that what was said of a route can be said again,
//! octet for octet, whatever has become of its source since.

use std::collections::HashMap;

use crate::export::audience::Audience;
use crate::rib::{Seeded, Source, SourceId};

/// Names a voice in a group for as long as something is said with it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(super) struct VoiceId(u32);

impl VoiceId {
    /// The voice of this number, which is below 2^30.
    pub(super) const fn new(number: u32) -> Self {
        Self(number)
    }

    /// Below 2^30: there are fewer voices than routes.
    pub(super) const fn number(self) -> u32 {
        self.0
    }

    const fn at(self) -> usize {
        self.0 as usize
    }
}

/// A source as it was when it was heard.
#[derive(Clone, Copy, Debug)]
pub(super) struct Voice {
    pub(super) id: SourceId,
    pub(super) source: Source,
    /// Paths said with it.
    count: u64,
}

impl Voice {
    /// Who may hear it.
    pub(super) fn audience(&self) -> Audience {
        Audience::of(&self.source)
    }
}

/// The voices of a group.
#[derive(Debug)]
pub(super) struct Voices {
    /// `None` where a number is free.
    voices: Vec<Option<Voice>>,
    free: Vec<VoiceId>,
    /// The latest of each source.
    latest: HashMap<SourceId, VoiceId, Seeded>,
    /// With which nothing was said when they were last looked at.
    idle: Vec<VoiceId>,
}

impl Default for Voices {
    fn default() -> Self {
        // Sources are numbered by us, so the seed need not be secret.
        let latest = HashMap::with_hasher(Seeded::new(0));
        Self { voices: Vec::new(), free: Vec::new(), latest, idle: Vec::new() }
    }
}

impl Voices {
    /// The voice of `source`, which is what is known of `id` now.
    pub(super) fn of(&mut self, id: SourceId, source: &Source) -> VoiceId {
        if let Some(latest) = self.latest.get(&id)
            && self.get(*latest).is_some_and(|voice| voice.source == *source)
        {
            return *latest;
        }
        let voice = Some(Voice { id, source: *source, count: 0 });
        let name = match self.free.pop() {
            Some(name) => {
                self.voices[name.at()] = voice;
                name
            }
            None => {
                self.voices.push(voice);
                VoiceId(u32::try_from(self.voices.len() - 1).expect("there are fewer voices than routes"))
            }
        };
        self.latest.insert(id, name);
        self.idle.push(name);
        name
    }

    pub(super) fn get(&self, name: VoiceId) -> Option<&Voice> {
        self.voices.get(name.at())?.as_ref()
    }

    /// One more path is said with it.
    pub(super) fn enter(&mut self, name: VoiceId) {
        if let Some(Some(voice)) = self.voices.get_mut(name.at()) {
            voice.count += 1;
        }
    }

    /// One path less.
    pub(super) fn leave(&mut self, name: VoiceId) {
        if let Some(Some(voice)) = self.voices.get_mut(name.at()) {
            voice.count -= 1;
            if voice.count == 0 {
                self.idle.push(name);
            }
        }
    }

    /// Forgets voices with which nothing is said, so that their numbers come to mean others.
    pub(super) fn tidy(&mut self) {
        while let Some(name) = self.idle.pop() {
            let Some(voice) = self.get(name).filter(|voice| voice.count == 0) else { continue };
            let id = voice.id;
            if self.latest.get(&id) == Some(&name) {
                self.latest.remove(&id);
            }
            self.voices[name.at()] = None;
            self.free.push(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::RouterId;
    use crate::export::testing::{peer, source};
    use crate::rib::{PeerSource, Rib, Settings};
    use crate::wire::PeerKind;

    #[test]
    fn a_source_that_changed_speaks_with_another_voice() {
        let mut rib = Rib::new(Settings::default(), 0);
        let mut voices = Voices::default();
        let before = source(1, PeerKind::Internal);
        let id = rib.add_source(before);
        let first = voices.of(id, &before);
        voices.enter(first);
        assert_eq!(voices.of(id, &before), first);
        let other = RouterId([7, 7, 7, 7].into());
        let after = Source::Bgp(PeerSource { router_id: other, ..peer(1, PeerKind::Internal) });
        let second = voices.of(id, &after);
        assert_ne!(first, second);
        assert_eq!(voices.get(first).map(|voice| voice.source), Some(before));
    }

    #[test]
    fn a_voice_goes_with_the_last_path_said_with_it() {
        let mut rib = Rib::new(Settings::default(), 0);
        let mut voices = Voices::default();
        let source = source(1, PeerKind::Internal);
        let id = rib.add_source(source);
        let name = voices.of(id, &source);
        voices.enter(name);
        voices.tidy();
        assert!(voices.get(name).is_some());
        voices.leave(name);
        assert!(voices.get(name).is_some(), "it lives until the batch is over");
        voices.tidy();
        assert!(voices.get(name).is_none() && voices.latest.is_empty());
    }
}

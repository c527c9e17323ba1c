//! The difference between what was said of a prefix and what is to be said, and who has to hear it.

use crate::export::adj_rib_out::Said;
use crate::export::audience::Audience;
use crate::export::sent::SentId;
use crate::wire::PathId;

/// One thing to say about one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) path_id: PathId,
    pub(super) audience: Audience,
    /// `None` withdraws it.
    pub(super) sent: Option<SentId>,
}

/// A path that was said or is to be said, as those who hear it see it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Heard {
    pub(super) path_id: PathId,
    /// Never `Only`.
    pub(super) audience: Audience,
    pub(super) sent: SentId,
}

/// Says what has to be said so that everybody who heard `before` knows `now`, given how others hear a path.
pub(super) fn difference(
    before: &[Said],
    now: &[Said],
    mut heard: impl FnMut(&Said) -> Option<Heard>,
    mut say: impl FnMut(Word),
) {
    for old in before {
        match now.iter().find(|new| new.path_id == old.path_id) {
            Some(new) if new.is_made_of(old) => {}
            new => {
                let Some(old) = heard(old) else { continue };
                match new.and_then(&mut heard) {
                    None => say(Word { path_id: old.path_id, audience: old.audience, sent: None }),
                    Some(new) => replace(&old, &new, &mut say),
                }
            }
        }
    }
    for new in now {
        if !before.iter().any(|old| old.path_id == new.path_id)
            && let Some(new) = heard(new)
        {
            say(new.word(new.audience));
        }
    }
}

/// What is heard alike is not said again; a peer from which the new route comes loses the old one.
fn replace(old: &Heard, new: &Heard, say: &mut impl FnMut(Word)) {
    let moved = old.audience != new.audience;
    if let (true, Audience::Except(peer)) = (moved, new.audience) {
        say(Word { path_id: old.path_id, audience: Audience::Only(peer), sent: None });
    }
    if old.sent != new.sent {
        say(new.word(new.audience));
    } else if let (true, Audience::Except(peer)) = (moved, old.audience) {
        say(new.word(Audience::Only(peer)));
    }
}

impl Heard {
    /// The announcement of this path.
    pub(super) fn word(&self, audience: Audience) -> Word {
        Word { path_id: self.path_id, audience, sent: Some(self.sent) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Family;
    use crate::export::adj_rib_out::Form;
    use crate::export::key::Key;
    use crate::export::sent::{Catalogue, Sent};
    use crate::export::testing::{internal, route, source};
    use crate::export::voice::Voices;
    use crate::rib::{Rib, Settings};
    use crate::speaker::PeerId;
    use crate::wire::PeerKind;

    const ANN: PeerId = PeerId(1);
    const BOB: PeerId = PeerId(2);

    /// Two sources that say things, and a group that hears them.
    struct Scene {
        rib: Rib,
        voices: Voices,
        key: Key,
        sent: Catalogue,
    }

    impl Scene {
        fn new() -> Self {
            let rib = Rib::new(Settings::default(), 0);
            let key = Key::of(&internal(), Family::IPV4);
            Self { rib, voices: Voices::default(), key, sent: Catalogue::default() }
        }

        fn said(&mut self, path_id: u32, from: PeerId, way: u8) -> Said {
            let source = source(u8::try_from(from.0).expect("small"), PeerKind::Internal);
            let id = self.rib.add_source(source);
            let voice = self.voices.of(id, &source);
            let route = self.rib.intern(&route(way, &[])).id();
            self.rib.hold_route(route);
            Said { path_id: PathId(path_id), voice, route, form: Form::Final }
        }

        fn heard(&mut self, said: &Said) -> Heard {
            let sent = Sent::of(&self.key, &self.rib.route(said.route).route()).expect("it fits");
            let sent = self.sent.enter(sent);
            let audience = self.voices.get(said.voice).expect("just made").audience();
            Heard { path_id: said.path_id, audience, sent }
        }

        fn words(&mut self, before: &[Said], now: &[Said]) -> Vec<Word> {
            let mut words = Vec::new();
            difference(before, now, |said| Some(self.heard(said)), |word| words.push(word));
            words
        }
    }

    fn withdrawal(path_id: u32, audience: Audience) -> Word {
        Word { path_id: PathId(path_id), audience, sent: None }
    }

    #[test]
    fn what_did_not_change_is_not_said() {
        let mut scene = Scene::new();
        let (before, now) = (scene.said(0, ANN, 1), scene.said(0, ANN, 1));
        assert_eq!(scene.words(&[before], &[now]), []);
    }

    #[test]
    fn a_new_path_from_the_same_peer_replaces_the_old_one() {
        let mut scene = Scene::new();
        let (before, now) = (scene.said(0, ANN, 1), scene.said(0, ANN, 2));
        let expected = [scene.heard(&now).word(Audience::Except(ANN))];
        assert_eq!(scene.words(&[before], &[now]), expected);
    }

    #[test]
    fn a_winner_that_moves_to_a_member_is_withdrawn_from_it_alone() {
        let mut scene = Scene::new();
        let (before, now) = (scene.said(0, ANN, 1), scene.said(0, BOB, 2));
        let announcement = scene.heard(&now).word(Audience::Except(BOB));
        assert_eq!(scene.words(&[before], &[now]), [withdrawal(0, Audience::Only(BOB)), announcement]);
    }

    #[test]
    fn an_equal_route_from_elsewhere_is_news_only_to_the_two_it_moves_between() {
        let mut scene = Scene::new();
        let (before, now) = (scene.said(0, ANN, 1), scene.said(0, BOB, 1));
        let announcement = scene.heard(&now).word(Audience::Only(ANN));
        assert_eq!(scene.words(&[before], &[now]), [withdrawal(0, Audience::Only(BOB)), announcement]);
    }

    #[test]
    fn each_path_is_withdrawn_by_its_own_identifier() {
        let mut scene = Scene::new();
        let (first, second, third) = (scene.said(1, ANN, 1), scene.said(2, BOB, 2), scene.said(3, ANN, 3));
        let announcement = scene.heard(&third).word(Audience::Except(ANN));
        let words = scene.words(&[first, second], &[second, third]);
        assert_eq!(words, [withdrawal(1, Audience::Except(ANN)), announcement]);
    }
}

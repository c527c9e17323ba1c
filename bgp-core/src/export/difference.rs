//! The difference between what was said of a prefix and what is to be said, and who has to hear it.

use std::sync::Arc;

use crate::export::adj_rib_out::Said;
use crate::export::audience::Audience;
use crate::rib::Interned;
use crate::wire::PathId;

/// One thing to say about one path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Word {
    pub(super) path_id: PathId,
    pub(super) audience: Audience,
    /// `None` withdraws it.
    pub(super) route: Option<Arc<Interned>>,
}

/// Says what has to be said so that everybody who heard `before` knows `now`.
pub(super) fn difference(before: &[Said], now: &[Said], mut say: impl FnMut(Word)) {
    for old in before {
        match now.iter().find(|new| new.path_id == old.path_id) {
            None => say(Word { path_id: old.path_id, audience: old.audience, route: None }),
            Some(new) => replace(old, new, &mut say),
        }
    }
    for new in now {
        if !before.iter().any(|old| old.path_id == new.path_id) {
            say(new.word(new.audience));
        }
    }
}

/// Equal routes are not said again; a peer from which the new route comes loses the old one.
fn replace(old: &Said, new: &Said, say: &mut impl FnMut(Word)) {
    let moved = old.audience != new.audience;
    if let (true, Audience::Except(peer)) = (moved, new.audience) {
        say(Word { path_id: old.path_id, audience: Audience::Only(peer), route: None });
    }
    if old.route != new.route {
        say(new.word(new.audience));
    } else if let (true, Audience::Except(peer)) = (moved, old.audience) {
        say(new.word(Audience::Only(peer)));
    }
}

impl Said {
    /// The announcement of this path.
    pub(super) fn word(&self, audience: Audience) -> Word {
        Word { path_id: self.path_id, audience, route: Some(Arc::clone(&self.route)) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::export::testing::{route, source};
    use crate::rib::{Rib, Settings, SourceId};
    use crate::speaker::PeerId;
    use crate::wire::PeerKind;

    const ANN: PeerId = PeerId(1);
    const BOB: PeerId = PeerId(2);

    fn some_source() -> SourceId {
        Rib::new(Settings::default(), 0).add_source(source(1, PeerKind::Internal))
    }

    fn said(path_id: u32, from: PeerId, way: u8) -> Said {
        let route = Rib::new(Settings::default(), 0).intern(&route(way, &[]));
        Said { path_id: PathId(path_id), source: some_source(), audience: Audience::Except(from), route }
    }

    fn words(before: &[Said], now: &[Said]) -> Vec<Word> {
        let mut words = Vec::new();
        difference(before, now, |word| words.push(word));
        words
    }

    fn withdrawal(path_id: u32, audience: Audience) -> Word {
        Word { path_id: PathId(path_id), audience, route: None }
    }

    #[test]
    fn what_did_not_change_is_not_said() {
        assert_eq!(words(&[said(0, ANN, 1)], &[said(0, ANN, 1)]), []);
    }

    #[test]
    fn a_new_path_from_the_same_peer_replaces_the_old_one() {
        let now = said(0, ANN, 2);
        let expected = [now.word(Audience::Except(ANN))];
        assert_eq!(words(&[said(0, ANN, 1)], &[now]), expected);
    }

    #[test]
    fn a_winner_that_moves_to_a_member_is_withdrawn_from_it_alone() {
        let now = said(0, BOB, 2);
        let expected = [withdrawal(0, Audience::Only(BOB)), now.word(Audience::Except(BOB))];
        assert_eq!(words(&[said(0, ANN, 1)], &[now]), expected);
    }

    #[test]
    fn an_equal_route_from_elsewhere_is_news_only_to_the_two_it_moves_between() {
        let now = said(0, BOB, 1);
        let expected = [withdrawal(0, Audience::Only(BOB)), now.word(Audience::Only(ANN))];
        assert_eq!(words(&[said(0, ANN, 1)], &[now]), expected);
    }

    #[test]
    fn each_path_is_withdrawn_by_its_own_identifier() {
        let before = [said(1, ANN, 1), said(2, BOB, 2)];
        let now = [said(2, BOB, 2), said(3, ANN, 3)];
        let words = words(&before, &now);
        assert_eq!(words, [withdrawal(1, Audience::Except(ANN)), now[1].word(Audience::Except(ANN))]);
    }
}

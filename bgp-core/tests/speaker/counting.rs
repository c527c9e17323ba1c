//! What is counted since the start.

use bgp_core::speaker::{Input, Summary};

use crate::script::{Stage, THEIRS, config, peer};

#[test]
fn whoever_leaves_takes_no_count_along() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS), peer(3, THEIRS)]));
    let (gone, _stays) = (stage.establish(2, THEIRS, None), stage.establish(3, THEIRS, None));
    let before = stage.speaker.view().summary();
    assert_eq!((before.peers, before.sessions), (2, 2));
    stage.input(Input::Reconfigure(Box::new(config(vec![peer(3, THEIRS)]))));
    stage.lose(gone);
    let Summary { peers, sessions, messages, .. } = stage.speaker.view().summary();
    assert_eq!((peers, sessions), (1, 2));
    assert_eq!((messages.received.opens, messages.sent.opens), (2, 2));
    assert!(messages.received.total() >= before.messages.received.total(), "a counter never goes back");
}

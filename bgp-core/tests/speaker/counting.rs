//! What is counted: since the start, and since a session began.

use bgp_core::Family;
use bgp_core::peer::PeerConfig;
use bgp_core::rib::ImportTally;
use bgp_core::speaker::{Input, RouteCounts, Summary};

use crate::script::{Stage, THEIRS, config, end_of_rib, peer, update};
use crate::speaking::{BLOCK, OTHER, external, graceful};

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

/// What is counted of the IPv4 routes of the first peer.
fn counted(stage: &Stage) -> RouteCounts {
    let peers = stage.speaker.view().peers();
    let routes =
        peers.first().and_then(|peer| peer.routes.iter().find(|(family, _)| *family == Family::IPV4));
    routes.expect("a peer of that family").1
}

/// Paths outlive the session where a restart was agreed; what the session said does not.
#[test]
fn a_session_counts_from_its_own_beginning() {
    let mut stage = Stage::new(config(vec![PeerConfig { multihop: true, ..peer(2, THEIRS) }]));
    let conn = stage.establish(2, THEIRS, Some(&graceful()));
    stage.say(conn, &update(&[], &external(), &[BLOCK, OTHER]));
    let first = counted(&stage);
    assert_eq!(first.import, ImportTally { accepted: 2, ..ImportTally::default() });
    stage.lose(conn);
    let conn = stage.establish(2, THEIRS, Some(&graceful()));
    let kept = counted(&stage);
    assert_eq!((kept.received, kept.best, kept.import), (2, 2, ImportTally::default()));
    stage.say(conn, &[update(&[], &external(), &[BLOCK]), end_of_rib()].concat());
    stage.say(conn, &update(&[OTHER], &[], &[]));
    let after = counted(&stage);
    let said = ImportTally { ignored: 1, withdrawals: 1, gone: 1, missed: 1, ..ImportTally::default() };
    assert_eq!(
        (after.received, after.best, after.import),
        (1, 1, said),
        "one is swept before it is withdrawn"
    );
}

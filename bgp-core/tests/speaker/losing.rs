//! What becomes of routes when a session is lost, over restarts of either side.

use crate::script::{
    Graceful, Stage, THEIRS, attribute, config, end_of_rib, host, message, net, open, peer, update,
};
use crate::speaking::{BLOCK, OTHER, external, graceful};
use bgp_core::peer::PeerConfig;
use bgp_core::speaker::{Admin, Author, ConnId, Event, Input, RoutesOf};
use bgp_core::wire::{Capability, Message};
use bgp_core::{Asn, Family};

/// 2001:db8:1::/48 by way of 2001:db8::1.
const MP_REACH: &[u8] =
    &[0, 2, 1, 16, 0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 48, 0x20, 1, 0xd, 0xb8, 0, 1];

/// Host 2 announced [`BLOCK`] and an IPv6 prefix, and then its connection was lost.
fn lost(graceful: &Graceful) -> Stage {
    let mut stage = Stage::new(config(vec![PeerConfig { multihop: true, ..peer(2, THEIRS) }]));
    let conn = stage.establish(2, THEIRS, Some(graceful));
    let v6 = [&[attribute(0x80, 14, MP_REACH)], &external()[..2]].concat();
    stage.say(conn, &[update(&[], &external(), &[BLOCK, OTHER]), update(&[], &v6, &[])].concat());
    assert_eq!(stage.kernel.len(), 3);
    stage.lose(conn);
    stage
}

#[test]
fn a_lost_session_keeps_the_families_that_were_promised() {
    let stage = lost(&Graceful { families: vec![(Family::IPV4, true)], ..graceful() });
    assert_eq!(stage.kernel.len(), 2, "IPv6 was not");
    assert!(stage.routes(RoutesOf::All).iter().all(|route| route.stale));
}

#[test]
fn a_peer_that_does_not_return_in_time_is_forgotten() {
    let mut stage = lost(&graceful());
    stage.wait(59, &[]);
    assert_eq!(stage.kernel.len(), 3);
    stage.wait(2, &[]);
    assert!(stage.kernel.is_empty());
}

/// What was told about sessions and what outlives them, in order.
fn told(stage: &Stage) -> Vec<(&'static str, Option<Family>)> {
    let word = |event: &Event| match event {
        Event::Established { .. } => Some(("up", None)),
        Event::Down { established: true, .. } => Some(("down", None)),
        Event::Kept { family, .. } => Some(("kept", Some(*family))),
        Event::Swept { family, reason, .. } => Some((*reason, Some(*family))),
        _ => None,
    };
    stage.events.iter().filter_map(word).collect()
}

#[test]
fn a_restart_is_told_from_its_beginning_to_its_end() {
    let begun = [("up", None), ("down", None), ("kept", Some(Family::IPV4)), ("kept", Some(Family::IPV6))];
    let ended = |reason| [(reason, Some(Family::IPV4)), (reason, Some(Family::IPV6))];
    let mut stage = lost(&graceful());
    assert_eq!(told(&stage), begun);
    stage.wait(61, &[]);
    assert_eq!(told(&stage)[4..], ended("the peer has not told them in time"));
    let mut stage = lost(&graceful());
    let conn = stage.establish(2, THEIRS, Some(&graceful()));
    stage.say(conn, &end_of_rib());
    let whole = ("the peer is back and has told all its routes", Some(Family::IPV4));
    assert_eq!(told(&stage)[4..], [("up", None), whole]);
    let mut stage = lost(&graceful());
    stage.establish(2, THEIRS, None);
    let lost = ended("the peer is back and did not preserve them");
    assert_eq!(told(&stage)[4..], [&[("up", None)][..], &lost].concat());
}

#[test]
fn a_peer_that_returns_without_its_forwarding_is_forgotten() {
    let without = |families| Some(Graceful { restarted: true, families, ..graceful() });
    for (again, left) in [
        (None, 0),
        (without(vec![]), 0),
        (without(vec![(Family::IPV4, false), (Family::IPV6, false)]), 0),
        (without(vec![(Family::IPV4, true), (Family::IPV6, false)]), 2),
        (without(vec![(Family::IPV6, true)]), 1),
    ] {
        let mut stage = lost(&graceful());
        stage.establish(2, THEIRS, again.as_ref());
        assert_eq!(stage.kernel.len(), left, "{again:?}");
    }
}

#[test]
fn a_family_that_a_peer_has_no_more_is_forgotten_whatever_it_promises() {
    let mut stage = lost(&graceful());
    let conn = stage.dial(2);
    let mut words = open(2, THEIRS, Some(&graceful()));
    words.capabilities.retain(|capability| *capability != Capability::Multiprotocol(Family::IPV6));
    stage.introduce(conn, &words);
    assert_eq!(stage.state(2), "Established");
    assert_eq!(stage.kernel.len(), 2, "it has no IPv6");
}

#[test]
fn the_end_of_rib_sweeps_what_a_restart_left() {
    let mut stage = lost(&graceful());
    let conn = stage.establish(2, THEIRS, Some(&graceful()));
    stage.say(conn, &update(&[], &external(), &[OTHER]));
    assert_eq!(stage.kernel.len(), 3);
    stage.say(conn, &end_of_rib());
    assert_eq!(stage.kernel.len(), 2, "the IPv6 prefix waits for its own");
    assert!(!stage.kernel.contains(&net(BLOCK)));
}

#[test]
fn a_second_loss_sweeps_what_the_first_left() {
    let mut stage = lost(&graceful());
    let conn = stage.establish(2, THEIRS, Some(&graceful()));
    stage.say(conn, &update(&[], &external(), &[OTHER]));
    stage.lose(conn);
    assert_eq!(stage.kernel.iter().copied().collect::<Vec<_>>(), [net(OTHER)]);
}

#[test]
fn stale_routes_do_not_wait_for_ever_for_the_end_of_rib() {
    let mut stage = lost(&graceful());
    stage.wait(50, &[]);
    let conn = stage.establish(2, THEIRS, Some(&graceful()));
    stage.wait(170, &[conn]);
    assert_eq!(stage.kernel.len(), 3, "the peer is back and has its time to tell");
    stage.wait(20, &[conn]);
    assert!(stage.kernel.is_empty());
}

#[test]
fn a_notification_takes_the_routes_along() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, Some(&graceful()));
    stage.say(conn, &update(&[], &external(), &[BLOCK]));
    stage.say(conn, &message(3, &[6, 4]));
    assert!(stage.kernel.is_empty());
    assert!(stage.is_closed(conn));
}

/// The same, where a NOTIFICATION need not be the end.
fn lenient() -> Graceful {
    Graceful { notification: true, ..graceful() }
}

/// Something that ends a session.
type End = fn(&mut Stage, ConnId);

/// Host 2 announced [`BLOCK`], and then this happened.
fn after(graceful: &Graceful, end: impl FnOnce(&mut Stage, ConnId)) -> Stage {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, Some(graceful));
    stage.say(conn, &update(&[], &external(), &[BLOCK]));
    assert_eq!(stage.kernel.len(), 1);
    end(&mut stage, conn);
    assert!(stage.is_closed(conn));
    stage
}

fn administer(stage: &mut Stage, action: Admin) {
    let peer = stage.speaker.peer_id("h2").expect("it is configured");
    stage.input(Input::Admin { peer, action });
}

#[test]
fn a_notification_that_both_can_take_so_keeps_the_routes() {
    let ends: [(&str, End); 5] = [
        ("the peer was reset", |stage, conn| stage.say(conn, &message(3, &[6, 4]))),
        ("the peer's hold timer expired", |stage, conn| stage.say(conn, &message(3, &[4, 0]))),
        ("our hold timer expired", |stage, _| stage.wait(100, &[])),
        ("we were reset", |stage, _| administer(stage, Admin::Reset)),
        ("the peer said nonsense", |stage, conn| stage.say(conn, &message(9, &[]))),
    ];
    for (what, end) in ends {
        let stage = after(&lenient(), end);
        assert_eq!(stage.kernel.len(), 1, "{what}");
        assert!(stage.routes(RoutesOf::All).iter().all(|route| route.stale), "{what}");
        assert!(after(&graceful(), end).kernel.is_empty(), "{what}, and it has no N bit");
    }
}

#[test]
fn a_hard_reset_takes_the_routes_along() {
    for inner in [&[][..], &[6], &[6, 4], &[6, 2, 3, b'b', b'y', b'e']] {
        let stage = after(&lenient(), |stage, conn| {
            stage.say(conn, &message(3, &[&[6, 9], inner].concat()));
        });
        assert!(stage.kernel.is_empty(), "{inner:?}");
    }
}

#[test]
fn who_is_sent_away_for_good_is_told_so() {
    let disable = |stage: &mut Stage, conn| {
        administer(stage, Admin::Disable { text: "bye".to_owned() });
        let heard = stage.heard(conn);
        let [Message::Notification(farewell)] = &heard[..] else { panic!("one NOTIFICATION: {heard:?}") };
        stage.events.push(Event::Down {
            peer: "farewell".into(),
            reason: farewell.to_string(),
            established: true,
            author: Author::Us,
            notification: Some((farewell.code.octet(), farewell.subcode)),
        });
    };
    for (who, told) in [
        (lenient(), "6/9 cease, hard reset for 6/2 cease, administrative shutdown: \"bye\""),
        (graceful(), "6/2 cease, administrative shutdown: \"bye\""),
    ] {
        let stage = after(&who, disable);
        assert!(stage.kernel.is_empty());
        let Some(Event::Down { reason, .. }) = stage.events.last() else { panic!("its farewell") };
        assert_eq!(reason, told);
    }
}

#[test]
fn consecutive_losses_are_forgiven_where_both_can_but_not_for_ever() {
    let mut stage = after(&lenient(), Stage::lose);
    let mut spared = 0;
    while stage.kernel.contains(&net(BLOCK)) {
        let conn = stage.establish(2, THEIRS, Some(&lenient()));
        stage.wait(61, &[conn]);
        stage.lose(conn);
        spared += 1;
        assert!(spared < 10, "it goes at last");
    }
    assert_eq!(spared, 4, "four minutes after the first loss");
}

#[test]
fn what_an_operator_removes_is_not_waited_for() {
    let lost = || after(&lenient(), Stage::lose);
    let mut stage = lost();
    administer(&mut stage, Admin::Disable { text: String::new() });
    assert!(stage.kernel.is_empty(), "the peer is disabled");
    for peers in [
        vec![],
        vec![PeerConfig { enabled: false, ..peer(2, THEIRS) }],
        vec![PeerConfig { families: vec![Family::IPV6], ..peer(2, THEIRS) }],
    ] {
        let mut stage = lost();
        stage.input(Input::Reconfigure(Box::new(config(peers.clone()))));
        assert!(stage.kernel.is_empty(), "{peers:?}");
    }
}

#[test]
fn another_peer_under_the_same_name_is_not_waited_for() {
    let mut moved = peer(2, THEIRS);
    moved.remote.set_ip(host(7));
    let stage = after(&lenient(), |stage, _| stage.input(Input::Reconfigure(Box::new(config(vec![moved])))));
    assert!(stage.kernel.is_empty());
}

#[test]
fn a_peer_that_restarted_unnoticed_begins_anew() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let old = stage.establish(2, THEIRS, Some(&graceful()));
    stage.say(old, &update(&[], &external(), &[BLOCK]));
    let new = stage.establish(2, THEIRS, Some(&Graceful { restarted: true, ..graceful() }));
    assert!(stage.is_closed(old) && !stage.is_closed(new));
    let heard = stage.heard(old);
    assert!(!heard.iter().any(|message| matches!(message, Message::Notification(_))), "{heard:?}");
    assert_eq!(stage.kernel.len(), 1, "its routes are kept meanwhile");
    stage.say(new, &end_of_rib());
    assert!(stage.kernel.is_empty());
}

fn announces(messages: &[Message]) -> bool {
    messages.iter().any(|message| matches!(message, Message::Update(update) if !update.announced.is_empty()))
}

#[test]
fn after_a_restart_nobody_is_told_before_everybody_has_told_us() {
    let mut ours = config(vec![peer(2, THEIRS), peer(3, Asn(65003))]);
    ours.graceful_restart.forwarding_preserved = true;
    let mut stage = Stage::new(ours);
    let conn = stage.dial(2);
    let first = stage.heard(conn);
    let Some(Message::Open(open)) = first.first() else { panic!("an OPEN: {first:?}") };
    let restarted =
        |capability: &Capability| matches!(capability, Capability::GracefulRestart { restarted: true, .. });
    assert!(open.capabilities.iter().any(restarted), "R");
    stage.lose(conn);

    let teller = stage.establish(2, THEIRS, Some(&graceful()));
    let listener = stage.establish(3, Asn(65003), None);
    stage.say(teller, &update(&[], &external(), &[BLOCK]));
    stage.wait(60, &[teller, listener]);
    let heard = stage.heard(listener);
    assert!(!announces(&heard) && !stage.swept, "it still waits for the first peer's End-of-RIB: {heard:?}");
    assert!(stage.wishes.is_empty(), "the kernel has what our predecessor left");

    let ends = |message| match message {
        Message::Update(update) => update.end_of_rib(),
        _ => None,
    };
    stage.say(teller, &end_of_rib());
    stage.wait(1, &[teller, listener]);
    let heard = stage.heard(listener);
    assert!(announces(&heard), "one family does not wait for the other: {heard:?}");
    assert_eq!(stage.kernel.len(), 1);
    assert_eq!(heard.into_iter().filter_map(ends).collect::<Vec<_>>(), [Family::IPV4]);
    assert!(!stage.swept);
    stage.say(teller, &update(&[], &[attribute(0x80, 15, &[0, 2, 1])], &[]));
    stage.wait(1, &[teller, listener]);
    let heard = stage.heard(listener);
    assert_eq!(heard.into_iter().filter_map(ends).collect::<Vec<_>>(), [Family::IPV6]);
    assert!(stage.swept);
}

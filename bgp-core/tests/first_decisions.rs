//! After a restart: who is waited for, and for how long.

mod script;

use std::time::Duration;

use bgp_core::peer::PeerConfig;
use bgp_core::wire::{Message, RefreshKind};
use bgp_core::{Asn, Family};
use script::{Graceful, Stage, attribute, config, end_of_rib, peer, refresh, update};

/// As many peers as one reflector has in a cluster of middling size.
const PEERS: u8 = 200;

fn asn(n: u8) -> Asn {
    Asn(65000 + u32::from(n))
}

/// A restarted speaker, for whose peers two minutes would be time enough.
fn restarted(peers: Vec<PeerConfig>) -> Stage {
    let mut ours = config(peers);
    ours.graceful_restart.forwarding_preserved = true;
    ours.graceful_restart.max_wait = Duration::from_secs(120);
    Stage::new(ours)
}

fn graceful(restarted: bool) -> Graceful {
    let families = Family::UNICAST.map(|family| (family, true)).to_vec();
    Graceful { restarted, notification: true, time: 120, families, long_lived: (0, Vec::new()) }
}

/// End-of-RIB of both families.
fn everything_told() -> Vec<u8> {
    [end_of_rib(), update(&[], &[attribute(0x80, 15, &[0, 2, 1])], &[])].concat()
}

#[test]
fn one_dead_peer_of_two_hundred_costs_first_contact() {
    let mut stage = restarted((2..2 + PEERS).map(|n| peer(n, asn(n))).collect());
    let mut alive = Vec::new();
    for n in 3..2 + PEERS {
        let conn = stage.establish(n, asn(n), Some(&graceful(false)));
        stage.say(conn, &everything_told());
        alive.push(conn);
    }
    stage.wait(9, &alive);
    assert!(!stage.swept, "the last one may still come");
    stage.wait(2, &alive);
    assert!(stage.swept);
}

#[test]
fn with_everybody_there_nobody_waits() {
    let mut stage = restarted(vec![peer(2, asn(2)), peer(3, asn(3))]);
    for n in [2, 3] {
        assert!(!stage.swept);
        let conn = stage.establish(n, asn(n), Some(&graceful(false)));
        stage.say(conn, &everything_told());
    }
    assert!(stage.swept);
}

#[test]
fn who_restarts_too_is_told_before_it_tells() {
    let mut stage = restarted(vec![peer(2, asn(2))]);
    let conn = stage.dial(2);
    stage.open(conn, 2, asn(2), Some(&graceful(true)));
    let ends =
        |message: &Message| matches!(message, Message::Update(update) if update.end_of_rib().is_some());
    assert_eq!(stage.heard(conn).iter().filter(|message| ends(message)).count(), 2);
    assert!(!stage.swept, "but the kernel waits for what it will tell");
    stage.say(conn, &everything_told());
    assert!(stage.swept);
}

#[test]
fn a_refresh_asked_for_before_our_end_of_rib_is_answered_after_it() {
    let mut stage = restarted(vec![peer(2, asn(2)), peer(3, asn(3))]);
    let conn = stage.establish(2, asn(2), Some(&graceful(false)));
    stage.say(conn, &refresh(0));
    stage.say(conn, &everything_told());
    stage.wait(9, &[conn]);
    assert!(stage.heard(conn).is_empty() && !stage.swept, "host 3 may still come");
    stage.wait(2, &[conn]);
    let mark = |message: Message| match message {
        Message::Update(update) => update.end_of_rib().filter(|family| *family == Family::IPV4).map(|_| None),
        Message::RouteRefresh(refresh) => Some(Some(refresh.kind)),
        _ => None,
    };
    let marks: Vec<_> = stage.heard(conn).into_iter().filter_map(mark).collect();
    assert_eq!(marks, [None, Some(RefreshKind::Begin), Some(RefreshKind::End)]);
}

#[test]
fn a_peer_that_never_ends_is_waited_for_two_minutes() {
    let mut stage = restarted(vec![peer(2, asn(2))]);
    let conn = stage.establish(2, asn(2), Some(&graceful(false)));
    stage.wait(119, &[conn]);
    assert!(!stage.swept);
    stage.wait(2, &[conn]);
    assert!(stage.swept);
}

#[test]
fn a_family_that_a_peer_does_not_have_is_not_waited_for() {
    let only_v4 = PeerConfig { families: vec![Family::IPV4], ..peer(2, asn(2)) };
    let mut stage = restarted(vec![only_v4]);
    let conn = stage.establish(2, asn(2), Some(&graceful(false)));
    stage.say(conn, &end_of_rib());
    assert!(stage.swept);
}

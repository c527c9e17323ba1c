//! Refreshes and restarts in each other's way, RFC 7313 and RFC 4724: neither may end what the other began.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::script::{Graceful, Stage, THEIRS, config, end_of_rib, host, net, peer, refresh, update, usual};
use bgp_core::Family;
use bgp_core::speaker::ConnId;
use ipnet::IpNet;

const REPEATED: &str = "198.51.100.0/24";
const FORGOTTEN: &str = "203.0.113.0/24";

/// Seconds that a peer may be away.
const RESTART_TIME: u16 = 60;

/// What a peer promises: nothing, to return soon, to return some day.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Promise {
    Nothing,
    Soon,
    SomeDay,
}

impl Promise {
    fn graceful(self) -> Option<Graceful> {
        let families: Vec<_> = Family::UNICAST.into_iter().map(|family| (family, true)).collect();
        let long_lived = if self == Self::SomeDay { (3600, families.clone()) } else { (0, Vec::new()) };
        let soon =
            Graceful { restarted: false, notification: true, time: RESTART_TIME, families, long_lived };
        (self != Self::Nothing).then_some(soon)
    }
}

/// A peer that told two routes, began to tell them again and was lost after the first.
fn lost_in_the_middle(promise: Promise) -> Stage {
    let mut ours = config(vec![peer(2, THEIRS)]);
    ours.graceful_restart.long_lived = Duration::from_secs(3600);
    let mut stage = Stage::new(ours);
    let conn = stage.establish(2, THEIRS, promise.graceful().as_ref());
    say(&mut stage, conn, &[REPEATED, FORGOTTEN]);
    stage.say(conn, &[end_of_rib(), refresh(1)].concat());
    say(&mut stage, conn, &[REPEATED]);
    stage.lose(conn);
    stage
}

fn say(stage: &mut Stage, conn: ConnId, routes: &[&str]) {
    stage.say(conn, &update(&[], &usual(&[THEIRS], host(2), false), routes));
}

fn nets(of: &[&str]) -> BTreeSet<IpNet> {
    of.iter().map(|text| net(text)).collect()
}

/// It comes back, after the time it promised to be back in where it promised some day.
fn back(promise: Promise, stage: &mut Stage) -> ConnId {
    let away = if promise == Promise::SomeDay { 2 * u64::from(RESTART_TIME) } else { 10 };
    stage.sleep(Duration::from_secs(away));
    stage.establish(2, THEIRS, promise.graceful().as_ref())
}

#[test]
fn a_refresh_ends_with_its_session_and_takes_nothing_along() {
    for promise in [Promise::Soon, Promise::SomeDay] {
        let mut stage = lost_in_the_middle(promise);
        assert_eq!(stage.kernel, nets(&[REPEATED, FORGOTTEN]), "{promise:?}");
        let conn = back(promise, &mut stage);
        stage.say(conn, &refresh(2));
        assert_eq!(stage.kernel, nets(&[REPEATED, FORGOTTEN]), "{promise:?}: the end of nothing");
        say(&mut stage, conn, &[REPEATED]);
        stage.say(conn, &end_of_rib());
        assert_eq!(stage.kernel, nets(&[REPEATED]), "{promise:?}");
    }
    assert!(lost_in_the_middle(Promise::Nothing).kernel.is_empty());
}

#[test]
fn a_refresh_within_a_restart_ends_nothing_of_it() {
    for promise in [Promise::Soon, Promise::SomeDay] {
        let mut stage = lost_in_the_middle(promise);
        let conn = back(promise, &mut stage);
        stage.say(conn, &refresh(1));
        say(&mut stage, conn, &[REPEATED]);
        stage.say(conn, &refresh(2));
        assert_eq!(stage.kernel, nets(&[REPEATED, FORGOTTEN]), "{promise:?}: before End-of-RIB it is none");
        stage.lose(conn);
        let conn = back(promise, &mut stage);
        assert_eq!(stage.kernel, nets(&[REPEATED, FORGOTTEN]), "{promise:?}");
        say(&mut stage, conn, &[REPEATED]);
        stage.say(conn, &end_of_rib());
        assert_eq!(stage.kernel, nets(&[REPEATED]), "{promise:?}");
        stage.say(conn, &[refresh(1), refresh(2)].concat());
        assert!(stage.kernel.is_empty(), "{promise:?}: after it, it is one");
    }
}

#[test]
fn one_that_begins_anew_within_a_refresh_has_its_time_again() {
    let mut stage = lost_in_the_middle(Promise::Nothing);
    let conn = back(Promise::Nothing, &mut stage);
    say(&mut stage, conn, &[REPEATED, FORGOTTEN]);
    stage.say(conn, &refresh(1));
    stage.wait(100, &[conn]);
    say(&mut stage, conn, &[REPEATED]);
    stage.say(conn, &refresh(1));
    stage.wait(100, &[conn]);
    assert_eq!(stage.kernel, nets(&[REPEATED, FORGOTTEN]), "the first would be over by now");
    stage.wait(100, &[conn]);
    assert!(stage.kernel.is_empty(), "neither was repeated after the second");
}

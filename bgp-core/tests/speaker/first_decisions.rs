//! After a restart: who is waited for, and for how long.

use std::time::Duration;

use crate::script::{
    Graceful, OURS, Stage, attribute, config, end_of_rib, host, net, peer, refresh, update, usual,
};
use bgp_core::peer::PeerConfig;
use bgp_core::rib::{Forwarding, KernelHint, LocalSource, Route};
use bgp_core::speaker::{Admin, ConnId, ConnectError, DynamicPeers, Input, Reach, ResolvedHop};
use bgp_core::wire::{Attributes, Capability, Message, RefreshKind};
use bgp_core::{Asn, Family};

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

/// What host `n` announces.
fn announcement(n: u8, asn: Asn) -> Vec<u8> {
    let as_path = if asn == OURS { vec![] } else { vec![asn] };
    update(&[], &usual(&as_path, host(n), asn == OURS), &[&block(n)])
}

fn block(n: u8) -> String {
    format!("10.{n}.0.0/16")
}

/// How many routes and how many ends of them a listener heard since the last time.
fn told(stage: &mut Stage, conn: ConnId) -> (usize, usize) {
    let updates = stage.heard(conn).into_iter().filter_map(|message| match message {
        Message::Update(update) => Some(update),
        _ => None,
    });
    updates.fold((0, 0), |(routes, ends), update| {
        (routes + update.announced.len(), ends + usize::from(update.end_of_rib().is_some()))
    })
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
fn a_new_configuration_changes_nothing_about_how_we_started() {
    let mut stage = restarted(vec![peer(2, asn(2)), peer(3, asn(3))]);
    // Read from a file, which knows nothing about our start.
    stage.input(Input::Reconfigure(Box::new(config(vec![peer(2, asn(2)), peer(3, asn(3))]))));
    let conn = stage.dial(3);
    let heard = stage.heard(conn);
    let Some(Message::Open(open)) = heard.first() else { panic!("an OPEN: {heard:?}") };
    let forwarded = |capability: &Capability| match capability {
        Capability::GracefulRestart { restarted: true, families, .. } => {
            !families.is_empty() && families.iter().all(|family| family.forwarding_preserved)
        }
        _ => false,
    };
    assert!(open.capabilities.iter().any(forwarded), "{open:?}");
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
    assert_eq!(told(&mut stage, conn), (0, 2), "two that wait for each other would wait for nothing");
    assert!(!stage.swept, "but the kernel waits for what it will tell");
    stage.say(conn, &everything_told());
    assert!(stage.swept);
}

/// Host 2 and a listener have told everything; host 3 restarts as well, and has not.
fn with_one_who_restarts(restart: &Graceful) -> (Stage, [ConnId; 2]) {
    let mut stage = restarted(vec![peer(2, asn(2)), peer(3, asn(3)), peer(4, asn(4))]);
    let teller = stage.establish(2, asn(2), Some(&graceful(false)));
    stage.say(teller, &[announcement(2, asn(2)), everything_told()].concat());
    let listener = stage.establish(4, asn(4), Some(&graceful(false)));
    stage.say(listener, &everything_told());
    let late = stage.dial(3);
    stage.open(late, 3, asn(3), Some(restart));
    assert_eq!(told(&mut stage, late), (1, 2), "of the others' routes it is told all");
    assert_eq!(told(&mut stage, listener), (1, 0), "more may come");
    (stage, [listener, late])
}

#[test]
fn what_one_who_restarts_has_to_tell_comes_before_our_end_of_rib() {
    let (mut stage, [listener, late]) = with_one_who_restarts(&graceful(true));
    stage.say(late, &announcement(3, asn(3)));
    assert_eq!(told(&mut stage, listener), (1, 0));
    assert!(!stage.swept);
    stage.say(late, &everything_told());
    assert_eq!(told(&mut stage, listener), (0, 2));
    assert!(stage.swept);
}

#[test]
fn one_who_restarts_and_tells_nothing_costs_first_contact() {
    let (mut stage, conns @ [listener, _]) = with_one_who_restarts(&graceful(true));
    stage.wait(9, &conns);
    assert_eq!(told(&mut stage, listener), (0, 0));
    stage.wait(2, &conns);
    assert_eq!(told(&mut stage, listener), (0, 2));
    assert!(stage.swept);
}

#[test]
fn one_whose_restart_is_over_sooner_costs_that() {
    let (mut stage, conns @ [listener, _]) = with_one_who_restarts(&Graceful { time: 4, ..graceful(true) });
    stage.wait(3, &conns);
    assert_eq!(told(&mut stage, listener), (0, 0));
    stage.wait(2, &conns);
    assert_eq!(told(&mut stage, listener), (0, 2));
}

#[test]
fn nobody_waits_for_those_whose_routes_it_is_not_told() {
    let client = |n| PeerConfig { client: true, ..peer(n, OURS) };
    let mut stage = restarted(vec![peer(2, OURS), client(3), peer(4, OURS)]);
    let mut conns = Vec::new();
    for n in [2, 3] {
        let conn = stage.establish(n, OURS, Some(&graceful(false)));
        stage.say(conn, &[announcement(n, OURS), everything_told()].concat());
        conns.push(conn);
    }
    let late = stage.dial(4);
    stage.open(late, 4, OURS, Some(&graceful(true)));
    assert_eq!(told(&mut stage, conns[0]), (1, 2), "of what host 4 says it is told nothing");
    assert_eq!(told(&mut stage, conns[1]), (1, 0), "a client is told what host 4 says");
    assert_eq!(told(&mut stage, late), (1, 2));
}

#[test]
fn a_peer_whose_host_refuses_us_costs_nothing() {
    let dialed = PeerConfig { passive: false, ..peer(3, asn(3)) };
    let mut stage = restarted(vec![peer(2, asn(2)), dialed, peer(4, asn(4))]);
    let teller = stage.establish(2, asn(2), Some(&graceful(false)));
    stage.say(teller, &[announcement(2, asn(2)), everything_told()].concat());
    let listener = stage.establish(4, asn(4), Some(&graceful(false)));
    stage.say(listener, &everything_told());
    let h3 = stage.speaker.peer_id("h3").expect("it is configured");
    let error = ConnectError::Other("no route to host".to_owned());
    stage.input(Input::ConnectFailed { peer: h3, error });
    assert!(told(&mut stage, listener) == (0, 0) && stage.kernel.is_empty(), "it may be on its way");
    stage.input(Input::ConnectFailed { peer: h3, error: ConnectError::Refused });
    assert_eq!(told(&mut stage, listener), (1, 0), "but what it told our predecessor is not dropped");
    assert!(stage.kernel.contains(&net(&block(2))) && !stage.swept);
    let late = stage.dial(3);
    stage.open(late, 3, asn(3), Some(&graceful(false)));
    assert_eq!(told(&mut stage, late), (1, 2), "when it comes it is told");
    stage.say(late, &[announcement(3, asn(3)), everything_told()].concat());
    assert_eq!(told(&mut stage, listener), (1, 2));
    assert!(stage.swept);
}

/// Ourselves with somebody who told a route and a listener, and a range from which others may come.
fn with_a_range(programs_kernel: bool) -> (Stage, ConnId) {
    let mut ours = config(vec![peer(2, asn(2)), peer(3, asn(3))]);
    ours.graceful_restart.forwarding_preserved = true;
    ours.kernel_export = ours.kernel_export.filter(|_| programs_kernel);
    let template = peer(9, asn(9));
    ours.dynamic_peers = vec![DynamicPeers { prefix: net("198.51.100.0/24"), limit: 10, template }];
    let mut stage = Stage::new(ours);
    let teller = stage.establish(2, asn(2), Some(&graceful(false)));
    stage.say(teller, &[announcement(2, asn(2)), everything_told()].concat());
    let listener = stage.dial(3);
    stage.open(listener, 3, asn(3), Some(&graceful(false)));
    stage.say(listener, &everything_told());
    (stage, listener)
}

#[test]
fn where_anybody_may_come_routes_are_told_and_only_their_end_waits() {
    let (mut stage, listener) = with_a_range(false);
    assert_eq!(told(&mut stage, listener), (1, 0));
    stage.wait(9, &[listener]);
    assert_eq!(told(&mut stage, listener), (0, 0));
    stage.wait(2, &[listener]);
    assert_eq!(told(&mut stage, listener), (0, 2));
}

#[test]
fn a_kernel_stays_as_it_was_while_anybody_may_come() {
    let (mut stage, listener) = with_a_range(true);
    assert!(told(&mut stage, listener) == (0, 0) && stage.kernel.is_empty());
    stage.wait(11, &[listener]);
    assert_eq!(told(&mut stage, listener), (1, 2));
    assert!(stage.kernel.contains(&net(&block(2))) && stage.swept);
}

#[test]
fn what_we_are_told_by_our_operator_is_written_at_once_and_the_rest_after_first_contact() {
    let mut stage = restarted(vec![peer(2, asn(2)), peer(3, asn(3))]);
    let route = Route {
        attributes: Attributes::default(),
        forwarding: Forwarding::Blackhole,
        interface: None,
        kernel: KernelHint::default(),
    };
    stage.input(Input::Originate { prefix: net("10.1.0.0/16"), source: LocalSource::Static, route });
    assert!(stage.kernel.contains(&net("10.1.0.0/16")));
    let teller = stage.establish(2, asn(2), Some(&graceful(false)));
    stage.say(teller, &[announcement(2, asn(2)), everything_told()].concat());
    stage.wait(9, &[teller]);
    assert_eq!(stage.kernel.len(), 1, "host 3 may know a better way");
    stage.wait(2, &[teller]);
    assert!(stage.kernel.contains(&net(&block(2))) && stage.swept);
}

/// What our OPEN says: R, and F of both families.
fn said(stage: &mut Stage, conn: ConnId) -> (bool, bool) {
    let capabilities = stage.heard(conn).into_iter().find_map(|message| match message {
        Message::Open(open) => Some(open.capabilities),
        _ => None,
    });
    let restart = capabilities.into_iter().flatten().find_map(|capability| match capability {
        Capability::GracefulRestart { restarted, families, .. } => Some((restarted, families)),
        _ => None,
    });
    let (restarted, families) = restart.expect("we announce graceful restart");
    let preserved = families.iter().all(|family| family.forwarding_preserved);
    assert!(preserved || families.iter().all(|family| !family.forwarding_preserved));
    (restarted, preserved)
}

#[test]
fn the_flags_tell_the_truth_from_the_first_start_on() {
    for preserved in [false, true] {
        let mut ours = config(vec![peer(2, asn(2)), peer(3, asn(3)), peer(4, asn(4))]);
        ours.graceful_restart.forwarding_preserved = preserved;
        let mut stage = Stage::new(ours);
        let connect = |stage: &mut Stage, n| {
            let peer = stage.speaker.peer_id(&format!("h{n}")).expect("it is configured");
            stage.input(Input::Admin { peer, action: Admin::Enable });
            let conn = stage.dial(n);
            stage.open(conn, n, asn(n), Some(&graceful(false)));
            (conn, said(stage, conn))
        };
        let (conn, flags) = connect(&mut stage, 2);
        assert_eq!(flags, (true, preserved), "what our predecessor told may have gone with its kernel");
        stage.lose(conn);
        let (conn, flags) = connect(&mut stage, 2);
        assert_eq!(flags, (true, true), "what we told ourselves is forwarded over a lost connection");
        let (other, flags) = connect(&mut stage, 3);
        assert_eq!(flags, (true, preserved));
        [conn, other].into_iter().for_each(|conn| stage.say(conn, &everything_told()));
        stage.wait(11, &[conn, other]);
        assert!(stage.swept);
        stage.lose(conn);
        assert_eq!(connect(&mut stage, 2).1, (false, true), "a reconnection is no restart");
        assert_eq!(connect(&mut stage, 4).1, (false, true));
    }
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
fn who_promised_nothing_has_its_time_to_tell() {
    let mut stage = restarted(vec![peer(2, asn(2))]);
    stage.wait(5, &[]);
    let conn = stage.establish(2, asn(2), None);
    stage.wait(9, &[conn]);
    assert!(!stage.swept, "it may still be telling");
    stage.wait(2, &[conn]);
    assert!(stage.swept);
}

#[test]
fn next_hops_are_looked_up_before_anything_is_decided() {
    let mut stage = restarted(vec![peer(2, asn(2)), peer(3, asn(3))]);
    stage.knows_no_way = true;
    let [teller, listener] = [2, 3].map(|n| stage.establish(n, asn(n), Some(&graceful(false))));
    stage.say(teller, &[announcement(2, asn(2)), everything_told()].concat());
    stage.say(listener, &everything_told());
    stage.wait(20, &[teller, listener]);
    assert_eq!((told(&mut stage, listener), stage.swept), ((0, 0), false), "it only seems unreachable");
    let hops = vec![ResolvedHop { gateway: None, interface: "eth0".into() }];
    stage.input(Input::NextHop { address: host(2), reach: Some(Reach { metric: 0, hops }) });
    stage.sleep(Duration::ZERO);
    assert_eq!((told(&mut stage, listener), stage.swept), ((1, 2), true));
}

#[test]
fn a_family_that_a_peer_does_not_have_is_not_waited_for() {
    let only_v4 = PeerConfig { families: vec![Family::IPV4], ..peer(2, asn(2)) };
    let mut stage = restarted(vec![only_v4]);
    let conn = stage.establish(2, asn(2), Some(&graceful(false)));
    stage.say(conn, &end_of_rib());
    assert!(stage.swept);
}

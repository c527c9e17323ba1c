//! Clients of a reflector that come from a range: those that come back, and those that stop reading.

use std::time::Duration;

use crate::script::{Graceful, OURS, Stage, config, end_of_rib, host, net, peer, update, usual};
use bgp_core::Family;
use bgp_core::speaker::{Config, ConnId, DynamicPeers, Event, RoutesOf};
use bgp_core::wire::Message;

const BLOCK: &str = "198.51.100.0/24";

/// A reflector without a kernel: host 2 is named, everybody else of the subnet is a client.
fn reflector() -> Stage {
    let mut template = peer(0, OURS);
    template.client = true;
    let range = DynamicPeers { prefix: net("192.0.2.0/24"), limit: 10, template };
    let mut ours = Config { dynamic_peers: vec![range], kernel_export: None, ..config(vec![peer(2, OURS)]) };
    ours.graceful_restart.first_contact = Duration::ZERO;
    Stage::new(ours)
}

fn come(stage: &mut Stage, n: u8, graceful: Option<&Graceful>) -> ConnId {
    let conn = stage.dial(n);
    stage.introduce(conn, &crate::script::open(n, OURS, graceful));
    stage.heard(conn);
    conn
}

fn announcement(n: u8, block: &str) -> Vec<u8> {
    update(&[], &usual(&[], host(n), true), &[block])
}

/// How often a prefix was announced and withdrawn to a listener since the last time.
fn told(stage: &mut Stage, conn: ConnId) -> (usize, usize) {
    let (mut announced, mut withdrawn) = (0, 0);
    for message in stage.heard(conn) {
        if let Message::Update(update) = message {
            announced += update.announced.len();
            withdrawn += update.withdrawn.len();
        }
    }
    (announced, withdrawn)
}

#[test]
fn a_client_that_returns_from_another_port_finds_its_routes_where_they_were() {
    let restarting = Graceful {
        restarted: true,
        notification: false,
        time: 60,
        families: vec![(Family::IPV4, true)],
        long_lived: (0, vec![]),
    };
    let mut stage = reflector();
    let listener = come(&mut stage, 2, None);
    let before = come(&mut stage, 7, Some(&restarting));
    stage.say(before, &announcement(7, BLOCK));
    assert_eq!(told(&mut stage, listener), (1, 0));
    stage.lose(before);
    stage.wait(20, &[listener]);
    assert_eq!(stage.routes(RoutesOf::All).iter().filter(|route| route.stale).count(), 1);

    stage.port += 1;
    let after = come(&mut stage, 7, Some(&restarting));
    stage.say(after, &announcement(7, BLOCK));
    stage.say(after, &end_of_rib());
    stage.wait(60, &[listener, after]);
    assert_eq!(told(&mut stage, listener), (0, 0), "nothing has changed for anybody");
    let fresh: Vec<bool> = stage.routes(RoutesOf::All).iter().map(|route| route.stale).collect();
    assert_eq!(fresh, [false]);
}

#[test]
fn a_client_that_stops_reading_is_detached_after_a_minute_and_dropped_by_the_send_hold_timer() {
    let mut stage = reflector();
    let [teller, listener, deaf] = [2, 3, 4].map(|n| come(&mut stage, n, None));
    stage.slow.insert(deaf);
    let all = [teller, listener, deaf];
    let group = |stage: &Stage| {
        let groups = stage.speaker.view().groups();
        let clients = groups.into_iter().find(|group| group.family == Family::IPV4 && group.members == 2);
        clients.map(|group| (group.backlog > 0, group.detached.len()))
    };
    stage.say(teller, &announcement(2, BLOCK));
    assert_eq!(told(&mut stage, listener), (1, 0));
    assert_eq!(group(&stage), Some((true, 0)), "kept for who has not read it");
    stage.wait(65, &all);
    assert_eq!(group(&stage), Some((false, 1)), "kept no longer");

    // What changes meanwhile reaches everybody else.
    stage.say(teller, &update(&[BLOCK], &[], &[]));
    assert_eq!(told(&mut stage, listener), (0, 1));
    stage.wait(480 - 65 - 10, &all);
    assert!(!stage.is_closed(deaf), "not yet eight minutes");
    stage.wait(20, &all);
    assert!(stage.is_closed(deaf) && !stage.is_closed(listener));
    let why = stage.events.iter().rev().find_map(|event| match event {
        Event::Down { reason, .. } => Some(reason.clone()),
        _ => None,
    });
    assert_eq!(why.as_deref(), Some("we sent 8/0 send hold timer expired"));
}

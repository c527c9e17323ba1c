//! What restarts, resets, partitions and departures cost the others.

use std::time::Duration;

use bgp_core::rib::LocalSource;
use bgp_core::speaker::{Admin, Event, FibRoute, Input, RoutesOf};
use tests::sim::scene::{block, config, host, net, peer};
use tests::sim::{NodeId, World};

use super::{accept_all, count, mesh, of_client, reflected_by, reflector, reflector_of_a_range};

#[test]
fn a_cluster_outlives_its_reflectors_shut_down_for_good() {
    let mut world = World::new(20);
    let mut config = reflector();
    let (reflector, clients) = reflected_by(&mut world, config.clone());
    for (index, client) in clients.iter().enumerate() {
        let mut own = of_client(u8::try_from(index).expect("a few") + 2);
        own.peers[0].headless = Duration::from_secs(3600);
        world.input(*client, Input::Reconfigure(Box::new(own)));
        world.input(*client, block(&format!("10.244.{index}.0/26")));
    }
    let complete =
        |world: &World, count| clients.iter().all(|client| world.node(*client).kernel.len() == count);
    world.run_until("every client has every block", |world| complete(world, 3));
    world.input(reflector, Input::Stop { silently: false, text: "for good".to_owned() });
    for _ in 0..600 {
        world.run_for(Duration::from_secs(1));
        assert!(complete(&world, 3), "at {}", world.now());
    }
    world.input(clients[2], Input::Retract { prefix: net("10.244.2.0/26"), source: LocalSource::Static });
    world.crash(reflector);
    config.graceful_restart.forwarding_preserved = true;
    world.restart(reflector, config);
    world.run_until("what went meanwhile is gone", |world| complete(world, 2));
    world.run_for(Duration::from_secs(60));
    assert!(complete(&world, 2), "and nothing else");
}

#[test]
fn a_reflector_may_be_away_for_ten_minutes() {
    let mut world = World::new(18);
    let mut config = reflector();
    config.graceful_restart.long_lived = Duration::from_secs(3600);
    config.graceful_restart.forwarding_preserved = true;
    let (reflector, clients) = reflected_by(&mut world, config.clone());
    for (index, client) in clients.iter().enumerate() {
        world.input(*client, block(&format!("10.244.{index}.0/26")));
    }
    let complete =
        |world: &World, count| clients.iter().all(|client| world.node(*client).kernel.len() == count);
    world.run_until("every client has every block", |world| complete(world, 3));
    world.run_for(Duration::from_secs(60));
    world.power_off(reflector);
    for _ in 0..600 {
        world.run_for(Duration::from_secs(1));
        assert!(complete(&world, 3), "at {}", world.now());
    }
    let stale = world.node(clients[0]).received_from("h1");
    assert!(stale.iter().all(|route| route.stale), "{stale:?}");
    world.input(clients[2], Input::Retract { prefix: net("10.244.2.0/26"), source: LocalSource::Static });
    world.restart(reflector, config);
    world.run_until("what went meanwhile is gone", |world| complete(world, 2));
    world.run_for(Duration::from_secs(60));
    assert!(complete(&world, 2));
    assert!(!world.node(clients[0]).received_from("h1").iter().any(|route| route.stale));
}

#[test]
fn a_reflector_of_a_range_restarts_with_a_client_and_tells_what_is_new_at_once() {
    let mut world = World::new(21);
    let mut config = reflector_of_a_range(10);
    // Longer than anything takes here.
    config.graceful_restart.first_contact = Duration::from_secs(100);
    config.graceful_restart.forwarding_preserved = true;
    let (reflector, clients) = reflected_by(&mut world, config.clone());
    for (index, client) in clients.iter().enumerate() {
        world.input(*client, block(&format!("10.244.{index}.0/26")));
    }
    let complete = |world: &World, clients: &[NodeId], count| {
        clients.iter().all(|client| world.node(*client).kernel.len() == count)
    };
    world.run_until("every client has every block", |world| complete(world, &clients, 3));
    world.run_for(Duration::from_secs(200));
    world.crash(reflector);
    world.crash(clients[0]);
    world.run_for(Duration::from_secs(2));
    world.restart(reflector, config);
    world.input(clients[2], block("10.244.3.0/26"));
    for round in 0..600 {
        if round == 200 {
            let mut again = of_client(2);
            again.graceful_restart.forwarding_preserved = true;
            world.restart(clients[0], again);
            world.input(clients[0], block("10.244.0.0/26"));
        }
        world.run_for(Duration::from_millis(100));
        for client in &clients[1..] {
            let holds =
                |index| world.node(*client).kernel.contains_key(&net(&format!("10.244.{index}.0/26")));
            assert!((0..3).all(holds), "at {}", world.now());
        }
    }
    assert!(complete(&world, &clients, 4), "long before first_contact");
    assert!(!world.node(reflector).settled);
    world.run_for(Duration::from_secs(120));
    assert!(complete(&world, &clients, 4) && world.node(reflector).settled);
}

#[test]
fn a_crashed_peer_is_forgotten_when_its_time_is_over() {
    let mut world = World::new(5);
    let nodes = mesh(&mut world, 2);
    world.input(nodes[0], block("10.244.0.0/26"));
    world.run_until("the block is across", |world| world.node(nodes[1]).kernel.len() == 1);
    world.crash(nodes[0]);
    world.run_for(Duration::from_secs(600));
    assert!(world.node(nodes[1]).kernel.is_empty());
}

/// Host 1 restarts after ending like this, with this much of its forwarding preserved; whether host 2 ever
/// lost its block on the way, looking every five milliseconds.
fn restart_is_noticed(forwarding_preserved: bool, crashes: usize, end: impl Fn(&mut World, NodeId)) -> bool {
    let mut world = World::new(13);
    let nodes = mesh(&mut world, 2);
    world.input(nodes[0], block("10.244.0.0/26"));
    world.run_until("the block is across", |world| world.node(nodes[1]).kernel.len() == 1);
    world.run_for(Duration::from_secs(60));
    let mut noticed = false;
    let mut look = |world: &mut World, seconds: usize| {
        for _ in 0..200 * seconds {
            world.run_for(Duration::from_millis(5));
            noticed |= world.node(nodes[1]).kernel.is_empty();
        }
    };
    for _ in 0..crashes {
        end(&mut world, nodes[0]);
        look(&mut world, 5);
        let mut again = config(64512, 1);
        again.peers = vec![peer(&again, 2, 64512)];
        again.graceful_restart.forwarding_preserved = forwarding_preserved;
        world.restart(nodes[0], again);
        world.input(nodes[0], block("10.244.0.0/26"));
        look(&mut world, 60);
    }
    assert_eq!(world.node(nodes[1]).kernel.len(), 1, "it is there in the end");
    noticed
}

#[test]
fn a_restart_that_preserves_forwarding_is_not_noticed() {
    assert!(!restart_is_noticed(true, 1, World::crash));
    assert!(!restart_is_noticed(true, 3, World::crash), "nor are three");
}

#[test]
fn a_peer_that_dials_again_replaces_the_session_it_forgot() {
    assert!(!restart_is_noticed(true, 1, World::power_off));
    let mut world = World::new(15);
    let nodes = mesh(&mut world, 2);
    world.run_until("the session is up", |world| world.node(nodes[1]).state("h1") == "Established");
    world.power_off(nodes[0]);
    world.run_for(Duration::from_secs(2));
    let mut again = config(64512, 1);
    again.peers = vec![peer(&again, 2, 64512)];
    world.restart(nodes[0], again);
    world.run_for(Duration::from_secs(2));
    assert_eq!(world.node(nodes[0]).state("h2"), "Established", "long before the hold timer");
    assert_eq!(world.node(nodes[1]).state("h1"), "Established");
}

#[test]
fn a_restart_that_lost_its_forwarding_is_not_hidden() {
    assert!(restart_is_noticed(false, 1, World::crash));
}

#[test]
fn a_reconnection_without_a_restart_is_not_noticed() {
    let mut world = World::new(14);
    let nodes = mesh(&mut world, 2);
    world.input(nodes[0], block("10.244.0.0/26"));
    world.run_until("the block is across", |world| world.node(nodes[1]).kernel.len() == 1);
    world.run_for(Duration::from_secs(60));
    world.partition(nodes[0], nodes[1]);
    world.run_for(Duration::from_secs(1));
    assert_ne!(world.node(nodes[1]).state("h1"), "Established");
    world.heal(nodes[0], nodes[1]);
    for _ in 0..600 {
        world.run_for(Duration::from_millis(100));
        assert_eq!(world.node(nodes[1]).kernel.len(), 1);
    }
    assert_eq!(world.node(nodes[1]).state("h1"), "Established");
}

#[test]
fn a_reset_session_is_not_noticed() {
    let mut world = World::new(17);
    let nodes = mesh(&mut world, 2);
    world.input(nodes[0], block("10.244.0.0/26"));
    world.run_until("the block is across", |world| world.node(nodes[1]).kernel.len() == 1);
    world.run_for(Duration::from_secs(60));
    let peer = world.node(nodes[0]).speaker().peer_id("h2").expect("it is configured");
    world.input(nodes[0], Input::Admin { peer, action: Admin::Reset });
    for _ in 0..600 {
        world.run_for(Duration::from_millis(100));
        assert_eq!(world.node(nodes[1]).kernel.len(), 1);
    }
    assert_eq!(count(&world, nodes[1], |event| matches!(event, Event::Established { .. })), 2);
    world.input(nodes[0], Input::Admin { peer, action: Admin::Disable { text: String::new() } });
    world.run_until("for good is for good", |world| world.node(nodes[1]).kernel.is_empty());
}

#[test]
fn traffic_leaves_before_its_way_does() {
    let mut world = World::new(19);
    let border = [1, 2].map(|n| {
        let mut config = config(64512, n);
        config.peers = vec![peer(&config, 3, 65003), peer(&config, 4, 64512)];
        (config.peers[0].import, config.peers[0].export) = (accept_all(), accept_all());
        world.add(&[host(n)], config)
    });
    let [outside, inside] = [(3, 65003), (4, 64512)].map(|(n, asn)| {
        let mut config = config(asn, n);
        config.peers = [1, 2].map(|n| peer(&config, n, 64512)).to_vec();
        for peer in config.peers.iter_mut().filter(|_| asn != 64512) {
            (peer.import, peer.export) = (accept_all(), accept_all());
        }
        config.multipath = 1;
        world.add(&[host(n)], config)
    });
    for node in border {
        world.input(node, block("10.244.0.0/26"));
    }
    let via = |world: &World, node, n| {
        let route = world.node(node).kernel.get(&net("10.244.0.0/26"));
        matches!(route, Some(FibRoute::Forward { hops, .. }) if hops[0].gateway == Some(host(n)))
    };
    world.run_until("traffic passes host 1", |world| via(world, outside, 1) && via(world, inside, 1));
    world.run_for(Duration::from_secs(60));
    world.input(border[0], Input::Drain);
    world.run_until("everybody was told", |world| world.node(border[0]).drained);
    world.run_until("it passes host 2", |world| via(world, outside, 2) && via(world, inside, 2));
    assert_eq!(world.node(outside).state("h1"), "Established", "before the session goes");
    world.input(border[0], Input::Stop { silently: false, text: String::new() });
    for _ in 0..600 {
        world.run_for(Duration::from_millis(100));
        assert!(via(&world, outside, 2) && via(&world, inside, 2));
    }
    assert_eq!(world.node(outside).routes(RoutesOf::All).len(), 1, "nothing stale is left");
}

#[test]
fn a_partition_heals() {
    let mut world = World::new(6);
    let nodes = mesh(&mut world, 3);
    for (index, node) in nodes.iter().enumerate() {
        world.input(*node, block(&format!("10.244.{index}.0/26")));
    }
    let full = |world: &World| nodes.iter().all(|node| world.node(*node).kernel.len() == 3);
    world.run_until("converged", full);
    world.partition(nodes[0], nodes[1]);
    world.run_for(Duration::from_secs(600));
    assert!(!full(&world));
    world.heal(nodes[0], nodes[1]);
    world.run_until("converged again", full);
}

#[test]
fn a_stopping_speaker_begins_nothing_any_more() {
    let mut world = World::new(16);
    let nodes = mesh(&mut world, 2);
    world.run_until("the session is up", |world| world.node(nodes[0]).state("h2") == "Established");
    world.input(nodes[0], Input::Stop { silently: false, text: "bye".to_owned() });
    let peer_id = world.node(nodes[0]).speaker().peer_id("h2").expect("it is configured");
    world.input(nodes[0], Input::Admin { peer: peer_id, action: Admin::Enable });
    let mut again = config(64512, 1);
    again.peers = vec![peer(&again, 2, 64512), peer(&again, 3, 64512)];
    world.input(nodes[0], Input::Reconfigure(Box::new(again)));
    world.run_for(Duration::from_secs(300));
    assert!(world.node(nodes[0]).speaker().is_stopped());
    let told = |event: &Event| matches!(event, Event::Down { reason, .. } if reason.contains("bye"));
    assert_eq!(count(&world, nodes[1], told), 1, "{:?}", world.node(nodes[1]).events);
}

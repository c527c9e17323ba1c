//! Networks of reflectors in virtual time: nothing they tell each other outlives its origin.

use std::collections::BTreeSet;
use std::net::IpAddr;
use std::time::Duration;

use bgp_core::peer::AddPathSend;
use bgp_core::rib::{Forwarding, LocalSource};
use bgp_core::speaker::{Admin, Flaw, Input, RoutesOf};
use bgp_core::wire::AddPathMode;
use bgp_core::{Chance, RouterId};
use tests::sim::scene::{block, config, host, net, peer};
use tests::sim::{NodeId, World};

const BLOCK: &str = "10.244.0.0/26";

/// Both reflectors, hosts 1 and 2, and their clients, hosts 3 to 5, each with a session to either.
struct Redundant {
    reflectors: Vec<NodeId>,
    clients: Vec<NodeId>,
}

fn redundant(world: &mut World, one_cluster: bool) -> Redundant {
    let reflectors = [(1, 2), (2, 1)].map(|(own, other)| {
        let mut config = config(64512, own);
        config.kernel_export = None;
        config.peers = (3..=5).map(|n| peer(&config, n, 64512)).collect();
        for client in &mut config.peers {
            (client.client, client.passive) = (true, true);
        }
        config.peers.push(peer(&config, other, 64512));
        if one_cluster {
            config.peers.iter_mut().for_each(|peer| peer.cluster_id = RouterId([10, 0, 0, 100].into()));
        }
        world.add(&[host(own)], config)
    });
    let clients = (3..=5).map(|own| {
        let mut config = config(64512, own);
        config.peers = vec![peer(&config, 1, 64512), peer(&config, 2, 64512)];
        world.add(&[host(own)], config)
    });
    Redundant { clients: clients.collect(), reflectors: reflectors.into() }
}

fn retract(prefix: &str) -> Input {
    Input::Retract { prefix: net(prefix), source: LocalSource::Static }
}

/// Every order of two originations and, after each, its withdrawal.
const ORDERS: [[(usize, bool); 4]; 6] = [
    [(0, true), (1, true), (0, false), (1, false)],
    [(0, true), (1, true), (1, false), (0, false)],
    [(0, true), (0, false), (1, true), (1, false)],
    [(1, true), (0, true), (0, false), (1, false)],
    [(1, true), (0, true), (1, false), (0, false)],
    [(1, true), (1, false), (0, true), (0, false)],
];

#[test]
fn redundant_reflectors_keep_no_route_alive_between_them() {
    for one_cluster in [true, false] {
        for (index, order) in ORDERS.iter().enumerate() {
            for seed in 0..8 {
                let context = format!("one cluster: {one_cluster}, order {index}, seed {seed}");
                let mut world = World::new(seed);
                let mut pauses = Chance::new(seed);
                let Redundant { reflectors, clients } = redundant(&mut world, one_cluster);
                world.run_for(Duration::from_secs(30));
                for (client, originates) in order {
                    let input = if *originates { block(BLOCK) } else { retract(BLOCK) };
                    world.input(clients[*client], input);
                    // From "while the last is still on its way" to "long after".
                    world.run_for(Duration::from_millis(pauses.draw() % 60));
                    if seed == 0 {
                        world.run_for(Duration::from_secs(5));
                        world.check_shadows(&context);
                    }
                }
                world.run_for(Duration::from_secs(60));
                for node in reflectors.iter().chain(&clients) {
                    let node = world.node(*node);
                    assert!(node.kernel.is_empty(), "{context}");
                    assert_eq!(node.routes(RoutesOf::All), [], "{context}");
                }
                world.check_shadows(&context);
            }
        }
    }
}

/// What a reflector says is wrong around it.
fn flaws(world: &World, reflector: NodeId) -> Vec<Flaw> {
    world.node(reflector).speaker().view().summary().flaws
}

#[test]
fn a_reflector_notices_what_a_sibling_does_not_have() {
    for one_cluster in [true, false] {
        let mut world = World::new(1);
        let Redundant { reflectors, clients } = redundant(&mut world, one_cluster);
        world.run_for(Duration::from_secs(30));
        for (client, prefix) in clients.iter().zip(["10.244.3.0/26", "10.244.4.0/26", "10.244.5.0/26"]) {
            world.input(*client, block(prefix));
        }
        world.run_for(Duration::from_secs(300));
        assert!(reflectors.iter().all(|it| flaws(&world, *it).is_empty()), "each has all clients");

        let administer = |world: &mut World, action| {
            let peer = world.node(reflectors[1]).speaker().peer_id("h5").expect("a client");
            world.input(reflectors[1], Input::Admin { peer, action });
            world.run_for(Duration::from_secs(300));
        };
        administer(&mut world, Admin::Disable { text: String::new() });
        let absent = Flaw::NotReflected { sibling: "h2".into(), client: "h5".into(), others: 0 };
        assert_eq!(flaws(&world, reflectors[0]), [absent], "one cluster: {one_cluster}");
        let refused = Flaw::SharedCluster {
            sibling: "h1".into(),
            cluster: RouterId([10, 0, 0, 100].into()),
            originator: RouterId([10, 0, 0, 5].into()),
            routes: 1,
        };
        let expected: &[Flaw] = if one_cluster { &[refused] } else { &[] };
        assert_eq!(flaws(&world, reflectors[1]), expected);

        administer(&mut world, Admin::Enable);
        assert!(reflectors.iter().all(|it| flaws(&world, *it).is_empty()), "it is back");
    }
}

/// A reflector, host 1, that sends its clients, hosts 2 to 5, this many paths.
fn add_path(world: &mut World, send: AddPathSend) -> Vec<NodeId> {
    let mut reflector = config(64512, 1);
    reflector.kernel_export = None;
    reflector.peers = (2..=5).map(|n| peer(&reflector, n, 64512)).collect();
    for client in &mut reflector.peers {
        (client.client, client.passive) = (true, true);
        (client.add_path, client.add_path_send) = (Some(AddPathMode::Both), send);
    }
    world.add(&[host(1)], reflector);
    let clients = (2..=5).map(|own| {
        let mut config = config(64512, own);
        let mut reflector = peer(&config, 1, 64512);
        reflector.add_path = Some(AddPathMode::Both);
        config.peers = vec![reflector];
        world.add(&[host(own)], config)
    });
    clients.collect()
}

/// By whom the block can be reached, as one client was told.
fn told(world: &World, client: NodeId) -> BTreeSet<IpAddr> {
    let routes = world.node(client).received_from("h1");
    let hosts: BTreeSet<IpAddr> = routes
        .iter()
        .filter_map(|view| match view.route.forwarding {
            Forwarding::Via(next_hop) => Some(next_hop.address()),
            _ => None,
        })
        .collect();
    assert_eq!(hosts.len(), routes.len(), "no path twice");
    hosts
}

/// Clients originate a block one after the other and withdraw it again; `check` sees what each is told
/// of the others, and how many those are.
fn with_more_and_fewer_paths(send: AddPathSend, check: impl Fn(&BTreeSet<IpAddr>, &BTreeSet<IpAddr>, &str)) {
    for seed in 0..20 {
        let mut world = World::new(seed);
        let mut chance = Chance::new(seed);
        let clients = add_path(&mut world, send);
        world.run_for(Duration::from_secs(30));
        let mut live = BTreeSet::new();
        for step in 0..24 {
            let index = chance.draw() as usize % clients.len();
            let origin = clients[index];
            let input = if live.insert(index) { block(BLOCK) } else { retract(BLOCK) };
            if matches!(input, Input::Retract { .. }) {
                live.remove(&index);
            }
            world.input(origin, input);
            world.run_for(Duration::from_millis(chance.draw() % 30));
            if step % 3 != 0 {
                continue;
            }
            world.run_for(Duration::from_secs(5));
            let context = format!("{send:?}, seed {seed}, step {step}, live {live:?}");
            world.check_shadows(&context);
            for (own, client) in clients.iter().enumerate() {
                let others = live.iter().filter(|index| **index != own).map(|index| host(*index as u8 + 2));
                check(&told(&world, *client), &others.collect(), &context);
                assert_eq!(world.node(*client).kernel.is_empty(), live.is_empty(), "{context}");
            }
        }
    }
}

#[test]
fn with_all_paths_everybody_knows_every_other_origin() {
    with_more_and_fewer_paths(AddPathSend::All, |told, others, context| {
        assert_eq!(told, others, "{context}")
    });
}

#[test]
fn with_paths_of_equal_cost_an_anycast_address_keeps_every_host_behind_it() {
    with_more_and_fewer_paths(AddPathSend::Ecmp, |told, others, context| {
        assert_eq!(told, others, "{context}")
    });
}

#[test]
fn with_two_paths_one_origin_may_fail() {
    with_more_and_fewer_paths(AddPathSend::Best(2), |told, others, context| {
        assert!(told.is_subset(others), "{told:?} of {others:?}: {context}");
        assert_eq!(told.is_empty(), others.is_empty(), "{context}");
        assert!(told.len() <= 2, "{context}");
    });
}

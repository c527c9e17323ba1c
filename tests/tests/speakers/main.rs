//! Whole speakers in virtual time: what they agree on, what they tell each other, what survives.

mod restarts;

use std::net::{IpAddr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use bgp_core::peer::{AfterLimit, MaxPrefixes, NextHopRule, PrefixLimit};
use bgp_core::policy::Policy;
use bgp_core::rib::{Forwarding, LocalSource};
use bgp_core::speaker::{Concern, Config, DynamicPeers, Event, FibRoute, Input, RouteView, RoutesOf};
use bgp_core::{Family, RouterId};
use tests::sim::scene::{block, config, host, net, peer};
use tests::sim::{NodeId, World};

/// Hosts 1 to `n` of one AS, every pair connected.
fn mesh(world: &mut World, n: u8) -> Vec<NodeId> {
    let add = |own: u8| {
        let mut config = config(64512, own);
        config.peers =
            (1..=n).filter(|other| *other != own).map(|other| peer(&config, other, 64512)).collect();
        world.add(&[host(own)], config)
    };
    (1..=n).map(add).collect()
}

/// Two hosts of two ASes with these policies in both directions.
fn border(world: &mut World, policies: Option<Vec<Arc<Policy>>>) -> [NodeId; 2] {
    [(64512, 1, 65001, 2), (65001, 2, 64512, 1)].map(|(asn, own, other_asn, other)| {
        let mut config = config(asn, own);
        let mut neighbour = peer(&config, other, other_asn);
        (neighbour.import, neighbour.export) = (policies.clone(), policies.clone());
        config.peers = vec![neighbour];
        world.add(&[host(own)], config)
    })
}

fn accept_all() -> Option<Vec<Arc<Policy>>> {
    Some(vec![Arc::new(Policy::accept_all())])
}

fn reject_all() -> Option<Vec<Arc<Policy>>> {
    Some(vec![Arc::new(Policy::reject_all())])
}

/// At a quiet point what each end says it sent is what the other end says it received.
fn assert_both_ends_agree(world: &World, a: (NodeId, &str), b: (NodeId, &str)) {
    let keys = |routes: &[RouteView]| -> Vec<_> {
        routes.iter().map(|route| (route.prefix, route.path_id)).collect()
    };
    for ((from, from_name), (to, to_name)) in [(a, b), (b, a)] {
        let sent = world.node(from).sent_to(to_name);
        let received = world.node(to).received_from(from_name);
        assert_eq!(keys(&sent), keys(&received), "{from_name} to {to_name}");
    }
}

fn count(world: &World, node: NodeId, wanted: impl Fn(&Event) -> bool) -> usize {
    world.node(node).events.iter().filter(|event| wanted(event)).count()
}

#[test]
fn a_mesh_exchanges_its_blocks_and_programs_them() {
    for seed in 0..50 {
        let mut world = World::new(seed);
        let nodes = mesh(&mut world, 3);
        for (index, node) in nodes.iter().enumerate() {
            world.input(*node, block(&format!("10.244.{index}.0/26")));
        }
        let full = |world: &World| nodes.iter().all(|node| world.node(*node).kernel.len() == 3);
        world.run_until("every node has every block", full);
        world.run_for(Duration::from_secs(300));
        assert!(full(&world), "seed {seed}");
        for node in &nodes {
            assert!(world.node(*node).settled, "seed {seed}");
            let ups = count(&world, *node, |event| matches!(event, Event::Established { .. }));
            assert_eq!(ups, 2, "seed {seed}: one session a pair, once: {:?}", world.node(*node).events);
        }
        assert!(matches!(world.node(nodes[0]).kernel[&net("10.244.0.0/26")], FibRoute::Blackhole));
        let FibRoute::Forward { hops, .. } = &world.node(nodes[0]).kernel[&net("10.244.1.0/26")] else {
            panic!("the other block is forwarded to");
        };
        assert_eq!(hops[0].gateway, Some(host(2)));
        assert_both_ends_agree(&world, (nodes[0], "h1"), (nodes[1], "h2"));
        assert_both_ends_agree(&world, (nodes[1], "h2"), (nodes[2], "h3"));
    }
}

#[test]
fn a_seed_is_a_run() {
    let trace = |seed| {
        let mut world = World::new(seed);
        let nodes = mesh(&mut world, 4);
        world.input(nodes[0], block("10.244.0.0/26"));
        world.run_for(Duration::from_secs(600));
        nodes.iter().flat_map(|node| world.node(*node).events.clone()).collect::<Vec<_>>()
    };
    assert_eq!(trace(7), trace(7));
}

#[test]
fn a_withdrawn_block_leaves_every_kernel() {
    let mut world = World::new(1);
    let nodes = mesh(&mut world, 3);
    world.input(nodes[0], block("10.244.0.0/26"));
    world
        .run_until("the block is everywhere", |world| nodes.iter().all(|n| world.node(*n).kernel.len() == 1));
    world.input(nodes[0], Input::Retract { prefix: net("10.244.0.0/26"), source: LocalSource::Static });
    world.run_until("the block is nowhere", |world| nodes.iter().all(|n| world.node(*n).kernel.is_empty()));
}

#[test]
fn without_a_policy_an_external_session_says_nothing() {
    let mut world = World::new(2);
    let [a, b] = border(&mut world, None);
    world.input(a, block("10.244.0.0/26"));
    world.run_until("the session is up", |world| world.node(b).state("h1") == "Established");
    world.run_for(Duration::from_secs(60));
    assert!(world.node(a).sent_to("h2").is_empty());
    assert!(world.node(b).kernel.is_empty());
}

#[test]
fn across_a_border_the_path_grows_and_local_preference_stays_behind() {
    let mut world = World::new(3);
    let [a, b] = border(&mut world, accept_all());
    world.input(a, block("10.244.0.0/26"));
    world.run_until("the route is across", |world| world.node(b).kernel.len() == 1);
    let received = world.node(b).received_from("h1");
    assert_eq!(received[0].route.attributes.as_path.to_string(), "64512");
    assert_eq!(received[0].route.attributes.local_preference, None);
    assert!(received[0].best);
}

/// Host 1 reflects between hosts 2 to 4.
fn reflected(world: &mut World) -> (NodeId, Vec<NodeId>) {
    reflected_by(world, reflector())
}

fn reflector() -> Config {
    let mut reflector = config(64512, 1);
    reflector.kernel_export = None;
    reflector.peers = (2..=4).map(|n| peer(&reflector, n, 64512)).collect();
    for client in &mut reflector.peers {
        (client.client, client.passive) = (true, true);
    }
    reflector
}

/// The same, with clients that nobody named, so many at most.
fn reflector_of_a_range(limit: u32) -> Config {
    let mut reflector = config(64512, 1);
    reflector.kernel_export = None;
    let mut template = peer(&reflector, 0, 64512);
    template.client = true;
    reflector.dynamic_peers = vec![DynamicPeers { prefix: net("10.0.0.0/24"), limit, template }];
    reflector
}

fn reflected_by(world: &mut World, reflector: Config) -> (NodeId, Vec<NodeId>) {
    let long_lived = reflector.graceful_restart.long_lived;
    let reflector = world.add(&[host(1)], reflector);
    let clients = (2..=4).map(|n| {
        let mut config = of_client(n);
        config.graceful_restart.long_lived = long_lived;
        world.add(&[host(n)], config)
    });
    (reflector, clients.collect())
}

/// The configuration of client `n`.
fn of_client(n: u8) -> Config {
    let mut config = config(64512, n);
    config.peers = vec![peer(&config, 1, 64512)];
    config
}

#[test]
fn a_reflector_stamps_what_it_reflects_and_returns_nothing() {
    let mut world = World::new(4);
    let (reflector, clients) = reflected(&mut world);
    for (index, client) in clients.iter().enumerate() {
        world.input(*client, block(&format!("10.244.{index}.0/26")));
    }
    world.run_until("every client has every block", |world| {
        clients.iter().all(|client| world.node(*client).kernel.len() == 3)
    });
    let received = world.node(clients[0]).received_from("h1");
    assert_eq!(received.len(), 2, "nothing comes back to its originator");
    for route in &received {
        assert!(route.route.attributes.originator_id.is_some());
        assert_eq!(&*route.route.attributes.cluster_list, [RouterId([10, 0, 0, 1].into())]);
        assert_eq!(route.route.attributes.local_preference, Some(100));
    }
    assert!(world.node(reflector).kernel.is_empty());
}

#[test]
fn a_changed_export_policy_withdraws_without_a_reset() {
    let mut world = World::new(7);
    let [a, b] = border(&mut world, accept_all());
    world.input(a, block("10.244.0.0/26"));
    world.run_until("the route is across", |world| world.node(b).kernel.len() == 1);
    let mut changed = config(64512, 1);
    let mut neighbour = peer(&changed, 2, 65001);
    (neighbour.import, neighbour.export) = (accept_all(), reject_all());
    changed.peers = vec![neighbour];
    world.input(a, Input::Reconfigure(Box::new(changed)));
    world.run_until("the route is gone", |world| world.node(b).kernel.is_empty());
    assert_eq!(count(&world, b, |event| matches!(event, Event::Established { .. })), 1, "the session stayed");
}

#[test]
fn a_changed_import_policy_asks_nobody() {
    let mut world = World::new(8);
    let [a, b] = border(&mut world, accept_all());
    world.input(a, block("10.244.0.0/26"));
    world.run_until("the route is across", |world| world.node(b).kernel.len() == 1);
    let reconfigure = |world: &mut World, import| {
        let mut changed = config(65001, 2);
        let mut neighbour = peer(&changed, 1, 64512);
        (neighbour.import, neighbour.export) = (import, accept_all());
        changed.peers = vec![neighbour];
        world.input(b, Input::Reconfigure(Box::new(changed)));
    };
    reconfigure(&mut world, reject_all());
    world.run_until("the route is refused", |world| world.node(b).kernel.is_empty());
    assert_eq!(world.node(b).routes(RoutesOf::Rejected).len(), 1, "and remembered");
    reconfigure(&mut world, accept_all());
    world.run_until("the route is back", |world| world.node(b).kernel.len() == 1);
}

#[test]
fn a_removed_peer_takes_its_routes_along() {
    let mut world = World::new(9);
    let nodes = mesh(&mut world, 3);
    world.input(nodes[0], block("10.244.0.0/26"));
    world
        .run_until("the block is everywhere", |world| nodes.iter().all(|n| world.node(*n).kernel.len() == 1));
    let mut changed = config(64512, 2);
    changed.peers = vec![peer(&changed, 3, 64512)];
    world.input(nodes[1], Input::Reconfigure(Box::new(changed)));
    world.run_until("the route is gone", |world| world.node(nodes[1]).kernel.is_empty());
    assert_eq!(world.node(nodes[1]).state("h3"), "Established");
    assert_eq!(world.node(nodes[1]).speaker().peer_id("h1"), None);
}

/// Two hosts, the second of which takes at most two prefixes from the first, which has three.
fn limited(action: AfterLimit) -> (World, NodeId, NodeId) {
    let mut world = World::new(10);
    let nodes = mesh(&mut world, 2);
    let mut changed = config(64512, 2);
    let mut neighbour = peer(&changed, 1, 64512);
    let limits = vec![PrefixLimit { family: Family::IPV4, maximum: 2 }];
    neighbour.max_prefixes = Some(MaxPrefixes { limits, action });
    changed.peers = vec![neighbour];
    world.input(nodes[1], Input::Reconfigure(Box::new(changed)));
    for index in 0..3 {
        world.input(nodes[0], block(&format!("10.244.{index}.0/26")));
    }
    (world, nodes[0], nodes[1])
}

#[test]
fn above_its_limit_a_peer_is_heard_no_further() {
    let (mut world, _, b) = limited(AfterLimit::Drop);
    world.run_for(Duration::from_secs(60));
    assert_eq!(world.node(b).kernel.len(), 2);
    assert_eq!(count(&world, b, |event| matches!(event, Event::PrefixLimit { .. })), 1);
}

#[test]
fn above_its_limit_a_peer_is_paused_and_told() {
    let (mut world, a, b) = limited(AfterLimit::Restart(Some(Duration::from_secs(300))));
    world.run_for(Duration::from_secs(60));
    assert!(world.node(b).kernel.is_empty());
    let told = count(
        &world,
        a,
        |event| matches!(event, Event::Down { reason, .. } if reason.to_lowercase().contains("maximum number of prefixes")),
    );
    assert_eq!(told, 1, "{:?}", world.node(a).events);
    world.input(a, Input::Retract { prefix: net("10.244.0.0/26"), source: LocalSource::Static });
    world.run_until("it is heard again", |world| world.node(b).kernel.len() == 2);
}

#[test]
fn clients_from_a_range_come_and_go() {
    let mut world = World::new(11);
    let reflector = world.add(&[host(1)], reflector_of_a_range(2));
    let clients: Vec<NodeId> = (2..=4)
        .map(|n| {
            let mut config = config(64512, n);
            config.peers = vec![peer(&config, 1, 64512)];
            world.add(&[host(n)], config)
        })
        .collect();
    world.run_for(Duration::from_secs(30));
    let summary = |world: &World| world.node(reflector).speaker().view().summary();
    assert_eq!(summary(&world).established, 2, "the limit holds");
    assert!(count(&world, reflector, |event| matches!(event, Event::Refused { .. })) > 0);
    for client in &clients {
        world.crash(*client);
    }
    world.run_for(Duration::from_secs(300));
    assert_eq!(summary(&world).peers, 0, "nobody is remembered for ever");
}

/// 2001:db8::`n`.
fn host6(n: u8) -> IpAddr {
    IpAddr::V6(Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, u16::from(n)))
}

/// Two hosts with addresses of both families and a session between those of one; what the second has
/// received of a block of each family.
fn both_families_over(address_of: fn(u8) -> IpAddr, ours: Vec<IpAddr>) -> Vec<RouteView> {
    let mut world = World::new(15);
    let nodes = [(1, 2), (2, 1)].map(|(own, other)| {
        let mut config = config(64512, own);
        let mut neighbour = peer(&config, other, 64512);
        neighbour.remote.set_ip(address_of(other));
        neighbour.next_hop_addresses = if own == 1 { ours.clone() } else { Vec::new() };
        config.peers = vec![neighbour];
        world.add(&[host(own), host6(own)], config)
    });
    world.input(nodes[0], block("10.244.0.0/26"));
    world.input(nodes[0], block("2001:db8:1::/122"));
    world.run_until("both blocks are across", |world| world.node(nodes[1]).kernel.len() == 2);
    assert_both_ends_agree(&world, (nodes[0], "h1"), (nodes[1], "h2"));
    world.node(nodes[1]).received_from("h1")
}

fn next_hops(routes: &[RouteView]) -> Vec<IpAddr> {
    let next_hop = |route: &RouteView| match route.route.forwarding {
        Forwarding::Via(next_hop) => Some(next_hop.address()),
        _ => None,
    };
    routes.iter().filter_map(next_hop).collect()
}

#[test]
fn a_session_of_either_family_carries_both() {
    for address_of in [host, host6] {
        let routes = both_families_over(address_of, Vec::new());
        assert_eq!(next_hops(&routes), [host(1), host6(1)]);
    }
}

#[test]
fn a_next_hop_of_the_operators_choice_is_said() {
    let routes = both_families_over(host, vec![host6(99)]);
    assert_eq!(next_hops(&routes), [host(1), host6(99)]);
}

/// Host 1 between hosts 2 and 3, all of other ASes and on one subnet; the next hop that host 3 is told
/// for a block of host 2.
fn next_hop_past(rule: NextHopRule) -> Vec<IpAddr> {
    let mut world = World::new(16);
    let hosts = [
        (64512, 1, vec![(65002, 2), (65003, 3)]),
        (65002, 2, vec![(64512, 1)]),
        (65003, 3, vec![(64512, 1)]),
    ];
    let nodes = hosts.map(|(asn, own, others)| {
        let mut config = config(asn, own);
        config.peers = others.iter().map(|(asn, other)| peer(&config, *other, *asn)).collect();
        for peer in &mut config.peers {
            (peer.multihop, peer.next_hop) = (false, rule);
            (peer.import, peer.export) = (accept_all(), accept_all());
        }
        world.add(&[host(own)], config)
    });
    world.input(nodes[1], block("10.244.0.0/26"));
    world.run_until("the block is across", |world| world.node(nodes[2]).kernel.len() == 1);
    next_hops(&world.node(nodes[2]).received_from("h1"))
}

#[test]
fn on_a_shared_subnet_nobody_stands_in_the_way() {
    assert_eq!(next_hop_past(NextHopRule::Auto), [host(2)]);
    assert_eq!(next_hop_past(NextHopRule::Own), [host(1)]);
}

#[test]
fn explain_names_the_rule_and_the_step() {
    let mut world = World::new(12);
    let [a, b] = border(&mut world, accept_all());
    world.input(a, block("10.244.0.0/26"));
    world.run_until("the route is across", |world| world.node(b).kernel.len() == 1);
    let told = world
        .node(b)
        .speaker()
        .view()
        .explain(net("10.244.0.0/26"), Concern::Everything)
        .expect("it is known");
    assert_eq!(told.candidates.len(), 1);
    let stages: Vec<_> = told.steps.iter().map(|step| (step.stage, step.passed)).collect();
    assert!(stages.contains(&("import", true)), "{:?}", told.steps);
    assert!(stages.contains(&("kernel", true)), "{:?}", told.steps);
    assert!(told.steps.iter().any(|step| step.reason.contains("accept-all")), "{:?}", told.steps);
}

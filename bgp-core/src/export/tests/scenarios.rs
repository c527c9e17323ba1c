//! Single situations, told step by step.

use std::time::Duration;

use ipnet::IpNet;

use super::world::World;
use crate::Family;
use crate::export::testing::{client, external, internal, route};
use crate::export::{Gate, Target};
use crate::speaker::PeerId;

fn prefix(number: u8) -> IpNet {
    format!("10.0.{number}.0/24").parse().expect("a prefix")
}

/// A world in which the external peer 9 has announced so many prefixes.
fn world(prefixes: u8) -> (World, PeerId) {
    let mut world = World::new(1 << 20);
    let origin = world.add(9, external());
    (0..prefixes).for_each(|number| world.announce(origin, prefix(number), 0, route(9, &[65009])));
    world.decide(usize::MAX);
    (world, origin)
}

/// Pulls until End-of-RIB of IPv4 was heard; how many routes were held by then.
fn held_at_end_of_rib(world: &mut World, peer: PeerId) -> usize {
    loop {
        world.pull(peer);
        let shadow = world.neighbours[&peer].shadow.as_ref().expect("a session");
        if shadow.ends_of_rib.contains_key(&Family::IPV4) {
            return shadow.routes.len();
        }
    }
}

#[test]
fn end_of_rib_follows_everything_known_at_the_start() {
    let (mut world, _) = world(40);
    let (first, second) = (world.add(1, internal()), world.add(2, internal()));
    world.join(first);
    world.pull(first);
    world.join(second);
    assert_eq!(held_at_end_of_rib(&mut world, second), 40);
    assert_eq!(held_at_end_of_rib(&mut world, first), 40);
}

/// What a peer was not told because of a rule, because of policy, and what it was told.
fn tally(world: &World, peer: PeerId) -> (u64, u64, u64) {
    let tally = world.exporter.tally(peer, Family::IPV4);
    (tally.rejected, tally.filtered, tally.announced)
}

#[test]
fn who_joins_late_counts_what_is_kept_from_it_as_who_was_there_first() {
    let (mut world, _) = world(4);
    let other = world.add(8, internal());
    (10..15).for_each(|number| world.announce(other, prefix(number), 0, route(8, &[65009])));
    let [first, second] = [1, 2].map(|number| world.add(number, internal()));
    let closed = world.add(3, Target { export: None, ..external() });
    [first, closed].into_iter().for_each(|peer| world.join(peer));
    world.settle();
    world.join(second);
    world.settle();
    assert_eq!(
        [first, second].map(|peer| tally(&world, peer)),
        [(5, 0, 4); 2],
        "internal routes go no further"
    );
    assert_eq!(tally(&world, closed), (0, 9, 0));
    world.announce(other, prefix(10), 0, route(8, &[65009, 65010]));
    world.withdraw(other, prefix(11), 0);
    world.settle();
    assert_eq!([first, second].map(|peer| tally(&world, peer)), [(6, 0, 4); 2]);
    assert_eq!(world.exporter.tally(second, Family::IPV4).lost, 1);
    assert_eq!((tally(&world, closed), world.exporter.tally(closed, Family::IPV4).lost), ((0, 10, 0), 1));
}

#[test]
fn what_comes_from_a_peer_is_kept_from_it_by_a_rule() {
    let (mut world, origin) = world(4);
    let origin_like = world.add(7, external());
    [origin, origin_like].into_iter().for_each(|peer| world.join(peer));
    world.settle();
    assert_eq!((tally(&world, origin), tally(&world, origin_like)), ((4, 0, 0), (0, 0, 4)));
    world.exporter.refresh(origin, Family::IPV4);
    world.settle();
    assert_eq!(tally(&world, origin), (8, 0, 0), "who asks again is looked at again");
    world.retarget(origin_like, Target { export: None, ..external() });
    world.settle();
    assert_eq!(tally(&world, origin_like), (0, 4, 4));
    assert_eq!(world.exporter.tally(origin_like, Family::IPV4).withdrawn, 4);
    world.check();
}

#[test]
fn a_walk_ends_although_the_table_never_rests() {
    let (mut world, origin) = world(40);
    let (first, second) = (world.add(1, internal()), world.add(2, internal()));
    world.join(first);
    world.settle();
    world.join(second);
    for round in 1..200 {
        (0..20).for_each(|number| world.announce(origin, prefix(number), 0, route(9, &[65009, round])));
        world.decide(usize::MAX);
        world.pull(second);
        world.pull(second);
    }
    let shadow = world.neighbours[&second].shadow.as_ref().expect("a session");
    assert_eq!(shadow.ends_of_rib.get(&Family::IPV4), Some(&1));
}

#[test]
fn members_of_a_group_are_sent_the_same_octets_not_copies() {
    let (mut world, _) = world(3);
    let peers = [1, 2, 3].map(|number| world.add(number, client()));
    peers.iter().for_each(|peer| world.join(*peer));
    assert_eq!(world.exporter.groups(), 2);
    let places: Vec<_> = peers
        .iter()
        .map(|peer| {
            let octets = std::iter::from_fn(|| world.exporter.pull(*peer, &mut world.rib));
            octets.map(|portion| portion.octets.as_ptr()).next()
        })
        .collect();
    assert!(places.iter().all(|place| place.is_some() && *place == places[0]), "{places:?}");
}

#[test]
fn sessions_that_come_up_together_are_told_every_route_once() {
    let (mut world, _) = world(40);
    let peers = [1, 2, 3].map(|number| world.add(number, client()));
    peers.iter().for_each(|peer| world.join(*peer));
    world.settle();
    for peer in peers {
        let shadow = world.neighbours[&peer].shadow.as_ref().expect("a session");
        assert_eq!((shadow.announcements, shadow.routes.len()), (40, 40));
    }
}

#[test]
fn a_thousand_that_join_at_once_cost_one_walk() {
    let (mut world, _) = world(200);
    let first = world.add(1, internal());
    world.join(first);
    world.settle();
    let before = world.exporter.encoded();
    let crowd: Vec<PeerId> = (1000..2000).map(PeerId).collect();
    for peer in &crowd {
        world.exporter.join(*peer, Family::IPV4, &internal(), &mut world.rib);
    }
    let mut octets = vec![0; crowd.len()];
    while crowd.iter().any(|peer| world.exporter.has_work(*peer)) {
        // Each at its own pace, so that they are all over the table.
        for (index, peer) in crowd.iter().enumerate() {
            let pulls = std::iter::from_fn(|| world.exporter.pull(*peer, &mut world.rib));
            octets[index] += pulls.take(1 + index % 7).map(|portion| portion.octets.len()).sum::<usize>();
        }
    }
    assert!(octets.iter().all(|heard| *heard == octets[0]), "{octets:?}");
    // End-of-RIB is the rest.
    let walk = world.exporter.encoded() - before;
    assert!(walk > 0 && walk < octets[0] as u64, "{walk} octets encoded, {} heard", octets[0]);
}

#[test]
fn a_peer_is_named_once_for_any_number_of_changes() {
    let (mut world, origin) = world(1);
    let peer = world.add(1, internal());
    world.join(peer);
    world.settle();
    for round in 1..5 {
        world.announce(origin, prefix(0), 0, route(9, &[65009, round]));
        world.decide(usize::MAX);
    }
    assert_eq!(world.exporter.poll_ready(), Some(peer));
    assert_eq!(world.exporter.poll_ready(), None);
    assert!(world.pull(peer));
    assert!(!world.pull(peer), "five changes of one prefix are one announcement");
}

#[test]
fn a_change_that_does_not_reach_the_octets_is_not_sent() {
    let (mut world, origin) = world(1);
    let neighbour = world.add(1, external());
    world.join(neighbour);
    world.settle();
    let mut preferred = route(9, &[65009]);
    preferred.attributes.local_preference = Some(500);
    world.announce(origin, prefix(0), 0, preferred);
    world.decide(usize::MAX);
    assert!(!world.pull(neighbour));
}

#[test]
fn nothing_is_said_while_a_family_is_held_back() {
    let (mut world, _) = world(3);
    let peer = world.add(1, internal());
    world.exporter.hold_back(Family::IPV4);
    world.exporter.hold_back(Family::IPV6);
    world.join(peer);
    world.settle();
    let ends = |world: &World| world.neighbours[&peer].shadow.as_ref().map(|shadow| shadow.ends_of_rib.len());
    assert_eq!(ends(&world), Some(0));
    for family in Family::UNICAST {
        world.exporter.let_go(family);
        world.exporter.conclude(family);
    }
    world.settle();
    assert_eq!(ends(&world), Some(2));
    world.check();
}

#[test]
fn end_of_rib_may_wait_longer_and_comes_after_what_was_learned_meanwhile() {
    let (mut world, origin) = world(3);
    let mut target = internal();
    target.dialect.enhanced_route_refresh = true;
    let peers = [1, 2].map(|number| world.add(number, target.clone()));
    Family::UNICAST.into_iter().for_each(|family| world.exporter.hold_back(family));
    peers.iter().for_each(|peer| world.join(*peer));
    Family::UNICAST.into_iter().for_each(|family| world.exporter.let_go(family));
    world.settle();
    let heard = |world: &World, peer| {
        let shadow = world.neighbours[&peer].shadow.as_ref().expect("a session");
        (shadow.routes.len(), shadow.ends_of_rib.len(), shadow.refreshes)
    };
    assert_eq!(heard(&world, peers[0]), (3, 0, 0));
    world.announce(origin, prefix(3), 0, route(9, &[65009]));
    assert!(world.exporter.refresh(peers[0], Family::IPV4), "to be answered after End-of-RIB");
    // To another group and back.
    world.retarget(peers[0], Target { client: true, ..target.clone() });
    world.settle();
    world.retarget(peers[0], target);
    world.settle();
    assert_eq!(heard(&world, peers[0]), (4, 0, 0));
    Family::UNICAST.into_iter().for_each(|family| world.exporter.conclude_for(peers[0], family));
    world.settle();
    assert_eq!([heard(&world, peers[0]), heard(&world, peers[1])], [(4, 2, 1), (4, 0, 0)]);
    Family::UNICAST.into_iter().for_each(|family| world.exporter.conclude(family));
    world.settle();
    world.check();
}

#[test]
fn what_comes_before_a_family_is_complete_comes_before_its_end_of_rib() {
    let (mut world, origin) = world(1);
    let peer = world.add(1, internal());
    world.exporter.hold_back(Family::IPV4);
    world.join(peer);
    world.exporter.let_go(Family::IPV4);
    (1..40).for_each(|number| world.announce(origin, prefix(number), 0, route(9, &[65009])));
    world.decide(usize::MAX);
    world.exporter.conclude(Family::IPV4);
    assert_eq!(held_at_end_of_rib(&mut world, peer), 40);
}

#[test]
fn a_refresh_says_everything_again_between_its_marks() {
    let (mut world, _) = world(10);
    let mut target = internal();
    target.dialect.enhanced_route_refresh = true;
    let peer = world.add(1, target);
    world.join(peer);
    world.settle();
    assert!(world.exporter.refresh(peer, Family::IPV4));
    world.settle();
    world.check();
    let shadow = world.neighbours[&peer].shadow.as_ref().expect("a session");
    assert_eq!((shadow.refreshes, shadow.routes.len()), (1, 10));
}

#[test]
fn a_member_that_never_reads_costs_a_bounded_journal() {
    let mut world = World::new(10_000);
    let origin = world.add(9, external());
    let (quick, stuck) = (world.add(1, internal()), world.add(2, internal()));
    world.join(quick);
    world.join(stuck);
    for round in 1..500 {
        (0..20).for_each(|number| world.announce(origin, prefix(number), 0, route(9, &[65009, round])));
        world.decide(usize::MAX);
        while world.pull(quick) {}
        assert!(world.exporter.backlog() <= 10_000);
    }
    world.withdraw(origin, prefix(0), 0);
    world.settle();
    world.check();
}

#[test]
fn what_a_member_does_not_read_in_time_is_kept_no_longer() {
    let mut world = World::new(usize::MAX);
    let origin = world.add(9, external());
    let (quick, stuck) = (world.add(1, internal()), world.add(2, internal()));
    world.wait(seconds(100));
    world.join(quick);
    world.join(stuck);
    world.settle();
    (0..20).for_each(|number| world.announce(origin, prefix(number), 0, route(9, &[65009])));
    world.decide(usize::MAX);
    while world.pull(quick) {}
    let detached =
        |world: &World| world.exporter.pictures().flat_map(|group| group.detached).collect::<Vec<_>>();
    world.wait(seconds(55));
    assert!(world.exporter.backlog() > 0 && detached(&world).is_empty());
    world.wait(seconds(10));
    assert_eq!((world.exporter.backlog(), detached(&world)), (0, vec![stuck]));
    world.withdraw(origin, prefix(0), 0);
    world.settle();
    world.check();
    assert_eq!(detached(&world), []);
}

#[test]
fn a_group_formed_late_forgets_nothing_early() {
    let mut world = World::new(usize::MAX);
    let origin = world.add(9, external());
    world.announce(origin, prefix(0), 0, route(9, &[65009]));
    world.decide(usize::MAX);
    let (quick, slow) = (world.add(1, internal()), world.add(2, internal()));
    world.wait(seconds(1000));
    world.join(quick);
    world.join(slow);
    while world.pull(quick) {}
    world.wait(seconds(1));
    assert!(world.exporter.backlog() > 0, "said a second ago");
}

fn seconds(count: u64) -> Duration {
    Duration::from_secs(count)
}

#[test]
fn a_withdrawal_is_not_sent_to_who_never_had_the_route() {
    let (mut world, origin) = world(1);
    let peer = world.add(1, external());
    world.join(origin);
    world.join(peer);
    world.settle();
    world.withdraw(origin, prefix(0), 0);
    world.settle();
    let idle = |peer| world.neighbours[&peer].shadow.as_ref().map(|shadow| shadow.idle_withdrawals);
    assert_eq!((idle(origin), idle(peer)), (Some(0), Some(0)));
}

#[test]
fn an_explanation_names_the_gate_that_decided() {
    let (mut world, origin) = world(1);
    let rival = world.add(8, external());
    world.announce(rival, prefix(0), 0, route(8, &[65008, 65008]));
    world.decide(usize::MAX);
    let peer = world.add(1, internal());
    world.join(peer);
    world.join(origin);
    world.settle();
    let net = world.rib.table(Family::IPV4).and_then(|table| table.lookup(&prefix(0))).expect("a net");
    let decisive = |peer| -> Vec<Option<Gate>> {
        let verdict = world.exporter.verdict(peer, Family::IPV4, net, &world.rib);
        verdict.into_iter().map(|mut passage| passage.gates.pop()).collect()
    };
    assert_eq!(decisive(peer), [Some(Gate::Sent), Some(Gate::NotBest)]);
    assert_eq!(decisive(origin), [Some(Gate::SplitHorizon), Some(Gate::NotBest)]);
}

#[test]
fn attributes_that_fit_no_message_are_not_sent_and_withdraw_what_was() {
    let (mut world, origin) = world(1);
    let peer = world.add(1, internal());
    world.join(peer);
    world.settle();
    let long: Vec<u32> = (1..1100).collect();
    world.announce(origin, prefix(0), 0, route(9, &long));
    world.settle();
    assert_eq!(world.exporter.count(peer, Family::IPV4), 0);
    let held = world.neighbours[&peer].shadow.as_ref().map(|shadow| shadow.routes.len());
    assert_eq!(held, Some(0));
}

//! After any sequence of changes, joins, leaves and pulls at any pace, every peer holds exactly what
//! it alone would have been told.

use std::time::Duration;

use ipnet::IpNet;
use proptest::prelude::*;

use super::world::World;
use crate::Family;
use crate::export::testing::{client, external, internal, route};
use crate::export::{OwnAddresses, Target};
use crate::peer::{AddPathSend, NextHopRule};
use crate::policy::{Action, Condition, Disposition, Policy, PrefixRange, Rule, Set};
use crate::rib::{Forwarding, Route};
use crate::speaker::PeerId;
use crate::wire::{Community, Dialect, NextHop};

const PEERS: u8 = 10;

#[derive(Clone, Debug)]
enum Step {
    Announce { peer: u8, prefix: u8, path_id: u32, way: Way },
    Withdraw { peer: u8, prefix: u8, path_id: u32 },
    Down { peer: u8 },
    Rename { peer: u8, name: u8 },
    Join { peer: u8 },
    Leave { peer: u8 },
    Refresh { peer: u8 },
    Retarget { peer: u8, mood: u8 },
    Decide { most: usize },
    Pull { peer: u8, most: usize },
    HoldBack,
    LetGo,
    Conclude { peer: u8 },
    Wait { seconds: u64 },
    Settle,
}

#[derive(Clone, Debug)]
struct Way {
    preference: u32,
    length: usize,
    med: Option<u32>,
    no_export: bool,
}

fn any_way() -> impl Strategy<Value = Way> {
    (100..103u32, 1..3usize, prop::option::of(0..2u32), prop::bool::weighted(0.2))
        .prop_map(|(preference, length, med, no_export)| Way { preference, length, med, no_export })
}

fn any_step() -> impl Strategy<Value = Step> {
    let peer = || 1..=PEERS;
    let prefix = || 0..12u8;
    prop_oneof![
        8 => (peer(), prefix(), 0..2u32, any_way())
            .prop_map(|(peer, prefix, path_id, way)| Step::Announce { peer, prefix, path_id, way }),
        4 => (peer(), prefix(), 0..2u32)
            .prop_map(|(peer, prefix, path_id)| Step::Withdraw { peer, prefix, path_id }),
        1 => peer().prop_map(|peer| Step::Down { peer }),
        2 => (peer(), 0..2u8).prop_map(|(peer, name)| Step::Rename { peer, name }),
        4 => peer().prop_map(|peer| Step::Join { peer }),
        1 => peer().prop_map(|peer| Step::Leave { peer }),
        1 => peer().prop_map(|peer| Step::Refresh { peer }),
        2 => (peer(), 0..6u8).prop_map(|(peer, mood)| Step::Retarget { peer, mood }),
        4 => (1..6usize).prop_map(|most| Step::Decide { most }),
        8 => (peer(), 1..4usize).prop_map(|(peer, most)| Step::Pull { peer, most }),
        1 => Just(Step::HoldBack),
        1 => Just(Step::LetGo),
        1 => peer().prop_map(|peer| Step::Conclude { peer }),
        2 => (1..70u64).prop_map(|seconds| Step::Wait { seconds }),
        1 => Just(Step::Settle),
    ]
}

fn prefix(number: u8) -> IpNet {
    let text = match number % 3 {
        0 => format!("2001:db8:{number}::/48"),
        _ => format!("10.0.{number}.0/24"),
    };
    text.parse().expect("a prefix")
}

fn way(peer: u8, family: Family, way: &Way) -> Route {
    let path: Vec<u32> = std::iter::repeat_n(65000 + u32::from(peer), way.length).collect();
    let mut route = route(peer, &path);
    route.attributes.local_preference = Some(way.preference);
    route.attributes.med = way.med;
    if way.no_export {
        route.attributes.communities = Box::new([Community::NO_EXPORT]);
    }
    if family == Family::IPV6 {
        let global = format!("2001:db8:ffff::{peer}").parse().expect("an address");
        route.forwarding = Forwarding::Via(NextHop::V6 { global, link_local: None });
    }
    route
}

fn target(peer: u8) -> Target {
    let add_path = |target: Target, send| {
        let mut target = Target { add_path_send: send, ..target };
        target.dialect.add_path_send = Family::UNICAST.to_vec();
        target
    };
    let target = match peer {
        1 | 2 => client(),
        3 | 4 => internal(),
        5 | 6 => external(),
        7 => add_path(client(), AddPathSend::All),
        8 => add_path(client(), AddPathSend::Best(2)),
        9 => add_path(client(), AddPathSend::Ecmp),
        _ => Target { client_to_client: false, ..client() },
    };
    let v6 = Some("2001:db8::1".parse().expect("an address"));
    Target {
        name: format!("peer{peer}").into(),
        own: OwnAddresses { v6, ..target.own },
        dialect: Dialect { enhanced_route_refresh: peer.is_multiple_of(2), ..target.dialect },
        ..target
    }
}

/// What a reconfiguration makes of a target.
fn in_mood(peer: u8, mood: u8) -> Target {
    let target = target(peer);
    let policy = |conditions, set, disposition| {
        let action = Action { set, disposition };
        let rule = Rule { name: "rule".into(), place: "file:1".into(), conditions, action };
        Some(vec![
            Policy {
                name: "policy".into(),
                place: "test:9".into(),
                rules: vec![rule],
                default: Disposition::Accept,
            }
            .into(),
        ])
    };
    match mood {
        0 => target,
        1 => Target { next_hop: NextHopRule::Own, ..target },
        2 => {
            Target { export: policy(vec![Condition::Med(1)], Set::default(), Disposition::Reject), ..target }
        }
        3 => {
            let set = Set { med: Some(8), ..Set::default() };
            Target { export: policy(vec![within(&[0, 2])], set, Disposition::Accept), ..target }
        }
        4 => {
            let outside = Condition::Not(vec![within(&[1])]);
            Target { export: policy(vec![outside], Set::default(), Disposition::Reject), ..target }
        }
        _ => {
            let named = Condition::LearnedFrom(vec!["peer[1-4]".parse().expect("a glob")]);
            let set = Set { med: Some(7), ..Set::default() };
            Target { export: policy(vec![named], set, Disposition::Accept), ..target }
        }
    }
}

fn within(numbers: &[u8]) -> Condition {
    let range = |number: &u8| PrefixRange { min: 0, max: 128, prefix: prefix(*number) };
    Condition::Prefix(numbers.iter().map(range).collect())
}

fn act(world: &mut World, step: Step) {
    let id = |peer: u8| PeerId(u32::from(peer));
    let is_up = |world: &World, peer: u8| world.neighbours[&id(peer)].shadow.is_some();
    match step {
        Step::Announce { peer, prefix: number, path_id, way: chosen } => {
            let prefix = prefix(number);
            world.announce(id(peer), prefix, path_id, way(peer, Family::of(&prefix), &chosen));
        }
        Step::Withdraw { peer, prefix: number, path_id } => world.withdraw(id(peer), prefix(number), path_id),
        Step::Down { peer } => world.rib.source_down(world.neighbours[&id(peer)].source),
        Step::Rename { peer, name } => world.rename(id(peer), name),
        Step::Join { peer } => world.join(id(peer)),
        Step::Leave { peer } => world.leave(id(peer)),
        Step::Refresh { peer } => {
            for family in Family::UNICAST {
                world.exporter.refresh(id(peer), family);
            }
        }
        Step::Retarget { peer, mood } if is_up(world, peer) => world.retarget(id(peer), in_mood(peer, mood)),
        Step::Retarget { .. } => {}
        Step::Decide { most } => world.decide(most),
        Step::Pull { peer, most } => {
            for _ in 0..most {
                world.pull(id(peer));
            }
        }
        Step::HoldBack => world.exporter.hold_back(Family::IPV4),
        Step::LetGo => world.exporter.let_go(Family::IPV4),
        Step::Conclude { peer } => world.exporter.conclude_for(id(peer), Family::IPV4),
        Step::Wait { seconds } => world.wait(Duration::from_secs(seconds)),
        Step::Settle => {
            world.exporter.let_go(Family::IPV4);
            world.exporter.conclude(Family::IPV4);
            world.settle();
            world.check();
        }
    }
}

fn run(journal_limit: usize, steps: Vec<Step>) -> World {
    let mut world = World::new(journal_limit);
    for peer in 1..=PEERS {
        world.add(peer, target(peer));
    }
    steps.into_iter().for_each(|step| act(&mut world, step));
    act(&mut world, Step::Settle);
    world
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    #[test]
    fn every_peer_holds_what_it_alone_would_have_been_told(
        steps in prop::collection::vec(any_step(), 1..120),
    ) {
        run(1 << 20, steps);
    }

    #[test]
    fn members_left_far_behind_catch_up(steps in prop::collection::vec(any_step(), 1..120)) {
        run(300, steps);
    }

    #[test]
    fn nothing_is_left_when_everybody_is_gone(steps in prop::collection::vec(any_step(), 1..60)) {
        let mut world = run(300, steps);
        for peer in 1..=PEERS {
            world.leave(PeerId(u32::from(peer)));
            world.rib.source_down(world.neighbours[&PeerId(u32::from(peer))].source);
        }
        world.settle();
        world.decide(usize::MAX);
        prop_assert_eq!(world.exporter.groups(), 0);
        prop_assert_eq!(world.rib.routes_held(), 0);
        for family in Family::UNICAST {
            prop_assert_eq!(world.rib.table(family).map(|table| table.len()), Some(0));
        }
    }
}

//! Sessions that go on in another group, step by step.

use std::sync::Arc;

use super::world::World;
use crate::export::Target;
use crate::export::testing::{client, external, route};
use crate::peer::NextHopRule;
use crate::policy::{Action, Condition, Disposition, Policy, Rule};

#[test]
fn a_withdrawal_unread_in_the_old_group_is_heard_in_the_new_one() {
    let mut world = World::new(1 << 20);
    let prefix = "10.0.0.0/24".parse().expect("a prefix");
    let origin = world.add(9, external());
    let (quick, slow) = (world.add(1, client()), world.add(2, client()));
    world.announce(origin, prefix, 0, route(9, &[65009]));
    world.join(quick);
    world.join(slow);
    world.settle();
    world.withdraw(origin, prefix, 0);
    world.decide(usize::MAX);
    assert!(world.pull(quick), "the withdrawal is in the journal of the group");
    world.retarget(slow, Target { next_hop: NextHopRule::Own, ..client() });
    world.settle();
    world.check();
}

#[test]
fn a_crowd_that_moves_is_told_what_changes_in_octets_made_once() {
    let mut world = World::new(1 << 20);
    let origin = world.add(9, external());
    for number in 0..200 {
        let prefix = format!("10.0.{number}.0/24").parse().expect("a prefix");
        let med = (number % 2 == 0).then_some(1);
        let mut route = route(9, &[65009]);
        route.attributes.med = med;
        world.announce(origin, prefix, 0, route);
    }
    let crowd: Vec<_> = (10..60).map(|number| world.add(number, client())).collect();
    crowd.iter().for_each(|peer| world.join(*peer));
    world.settle();
    let first = world.exporter.encoded();
    let choosy = Target { export: rejecting(Condition::Med(1)), next_hop: NextHopRule::Own, ..client() };
    crowd.iter().for_each(|peer| world.retarget(*peer, choosy.clone()));
    world.settle();
    world.check();
    let held = crowd.iter().map(|peer| world.neighbours[peer].shadow.as_ref().map(|it| it.routes.len()));
    assert!(held.clone().all(|held| held == Some(100)), "{:?}", held.collect::<Vec<_>>());
    // What goes and what stays is said to everybody at once; the group it was said to before is gone with its count.
    let moved = world.exporter.encoded();
    assert!(moved < first, "{moved} octets for a crowd that moved, {first} for one that joined");
}

#[test]
fn members_that_move_one_after_the_other_part_with_what_goes_by_then() {
    let mut world = World::new(1 << 20);
    let prefix = "10.0.0.0/24".parse().expect("a prefix");
    let origin = world.add(9, external());
    let (quick, slow) = (world.add(1, client()), world.add(2, client()));
    let mut marked = route(9, &[65009]);
    marked.attributes.med = Some(1);
    world.announce(origin, prefix, 0, marked);
    [quick, slow].iter().for_each(|peer| world.join(*peer));
    world.settle();
    let choosy = Target { export: rejecting(Condition::Med(1)), ..client() };
    [quick, slow].iter().for_each(|peer| world.retarget(*peer, choosy.clone()));
    while world.pull(quick) {}
    world.announce(origin, prefix, 0, route(9, &[65009]));
    world.settle();
    world.check();
}

fn rejecting(condition: Condition) -> Option<Vec<Arc<Policy>>> {
    let action = Action::only(Disposition::Reject);
    let rule = Rule { name: "rule".into(), place: "file:1".into(), conditions: vec![condition], action };
    let name = "policy".into();
    Some(vec![
        Policy { name, place: "test:9".into(), rules: vec![rule], default: Disposition::Accept }.into(),
    ])
}

//! Sessions that go on in another group, step by step.

use super::world::World;
use crate::export::Target;
use crate::export::testing::{client, external, route};
use crate::peer::NextHopRule;

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

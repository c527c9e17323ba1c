//! What is a change of a net and what is not, and how it is told.

use super::{OTHER, net};
use crate::Family;
use crate::rib::testing::{Bench, GATEWAY, nlri, peer, prefix, route_via, route_with_med};
use crate::rib::{Ineligible, PeerSource, Settings, Source};
use crate::wire::Attributes;

#[test]
fn many_changes_of_a_net_are_one_decision() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    for med in 0..10 {
        bench.announce(source, nlri(1), route_with_med(med));
    }
    assert_eq!(bench.settle().len(), 1);
}

#[test]
fn the_same_announcement_again_is_no_change() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.settle();
    bench.announce(source, nlri(1), route_with_med(1));
    assert_eq!(bench.settle(), []);
}

#[test]
fn an_equally_good_but_different_route_is_a_change() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_via(GATEWAY, Attributes::default()));
    bench.settle();
    bench.announce(source, nlri(1), route_via(OTHER, Attributes::default()));
    let changes = bench.settle();
    assert!(changes.iter().any(|change| change.best_changed), "{changes:?}");
}

#[test]
fn a_better_rank_of_the_same_route_is_no_change() {
    let mut bench = Bench::new(Settings::default());
    let (one, two) = (bench.internal(1), bench.internal(2));
    bench.announce(one, nlri(1), route_with_med(1));
    bench.announce(two, nlri(1), route_with_med(1));
    bench.settle();
    bench.rib.withdraw(two, nlri(1));
    let changes = bench.settle();
    assert_eq!(changes.iter().map(|change| change.best_changed).collect::<Vec<_>>(), [false]);
}

#[test]
fn an_ineligible_announcement_replaces_the_eligible_one() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.settle();
    bench.refuse(source, nlri(1), route_with_med(2), Ineligible::ClusterLoop);
    bench.settle();
    assert_eq!(bench.best(&prefix(1)), None);
    bench.rib.withdraw(source, nlri(1));
    assert_eq!(net(&bench, prefix(1)), None);
}

#[test]
fn a_held_net_keeps_its_id_and_its_prefix() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.settle();
    let id = net(&bench, prefix(1)).expect("announced");
    bench.rib.hold(Family::IPV4, id);
    bench.rib.withdraw(source, nlri(1));
    bench.settle();
    bench.announce(source, nlri(2), route_with_med(1));
    bench.settle();
    assert_eq!(net(&bench, prefix(1)), Some(id));
    assert_ne!(net(&bench, prefix(2)), Some(id));
    bench.rib.release(Family::IPV4, id);
    assert_eq!(net(&bench, prefix(1)), None);
    bench.announce(source, nlri(3), route_with_med(1));
    assert_eq!(net(&bench, prefix(3)), Some(id), "dense: the free id is used again");
}

#[test]
fn a_removal_can_still_be_looked_up_when_it_is_told() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.settle();
    bench.rib.withdraw(source, nlri(1));
    let change = bench.rib.poll_change().expect("the best went");
    assert!(change.best_changed);
    bench.rib.hold(Family::IPV4, change.net);
    bench.rib.release(Family::IPV4, change.net);
    assert_eq!(bench.rib.table(Family::IPV4).and_then(|table| table.prefix(change.net)), Some(prefix(1)));
    assert_eq!(bench.rib.poll_change(), None);
    assert_eq!(net(&bench, prefix(1)), None);
}

#[test]
fn what_came_and_went_before_anybody_looked_is_not_told() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.rib.withdraw(source, nlri(1));
    assert_eq!(bench.settle(), []);
    assert_eq!(net(&bench, prefix(1)), None);
}

#[test]
fn news_about_the_source_of_the_best_path_is_a_change() {
    let mut bench = Bench::new(Settings::default());
    let (one, two) = (bench.internal(1), bench.internal(2));
    bench.announce(one, nlri(1), route_with_med(1));
    bench.announce(two, nlri(1), route_with_med(1));
    bench.settle();
    let client = |host| Source::Bgp(PeerSource { client: true, ..peer(host) });
    bench.rib.update_source(two, client(2));
    assert!(bench.settle().iter().all(|change| !change.best_changed));
    bench.rib.update_source(one, client(1));
    assert!(bench.settle().iter().any(|change| change.best_changed));
}

#[test]
fn the_same_route_from_another_source_is_a_change() {
    let mut bench = Bench::new(Settings::default());
    let (one, two) = (bench.internal(1), bench.internal(2));
    bench.announce(one, nlri(1), route_with_med(1));
    bench.settle();
    bench.rib.withdraw(one, nlri(1));
    bench.announce(two, nlri(1), route_with_med(1));
    assert!(bench.settle().iter().any(|change| change.best_changed));
}

#[test]
fn a_net_told_once_is_queued_once_even_if_its_id_is_new() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.refuse(source, nlri(1), route_with_med(1), Ineligible::Policy);
    bench.rib.withdraw(source, nlri(1));
    bench.announce(source, nlri(2), route_with_med(1));
    assert_eq!(bench.settle().len(), 1);
}

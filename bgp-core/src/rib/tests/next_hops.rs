//! Which next hops are watched, and what follows from what is known of them.

use std::collections::BTreeSet;
use std::net::Ipv6Addr;
use std::sync::Arc;

use super::{OTHER, many};
use crate::Instant;
use crate::rib::testing::{Bench, GATEWAY, nlri, prefix, reach, route_via, route_with_med};
use crate::rib::{Forwarding, Ineligible, NextHopMode, Reach, ResolvedHop, Settings};
use crate::wire::{Attributes, NextHop};

#[test]
fn a_change_of_cost_touches_each_net_behind_the_next_hop_once_and_no_other() {
    const BEHIND: u32 = 100_000;
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    let behind = bench.rib.intern(&route_with_med(0));
    let elsewhere = bench.rib.intern(&route_via(OTHER, Attributes::default()));
    for n in 0..BEHIND + 1000 {
        let route = if n < BEHIND { &behind } else { &elsewhere };
        bench.rib.announce(source, many(n), Arc::clone(route), Ok(Arc::clone(route)), Instant::ZERO);
    }
    bench.settle();

    bench.rib.next_hop(GATEWAY.into(), reach(11));
    let mut steps = 1;
    while bench.rib.work(1) {
        steps += 1;
    }
    let changes: Vec<_> = std::iter::from_fn(|| bench.rib.poll_change()).collect();
    let nets: BTreeSet<_> = changes.iter().map(|change| change.net).collect();
    assert_eq!((changes.len(), nets.len()), (BEHIND as usize, BEHIND as usize));
    assert_eq!(steps, BEHIND + 1, "one step each, and one to see that there is no more");
    assert!(changes.iter().all(|change| !change.best_changed), "a cost is no change of route");
}

#[test]
fn a_next_hop_is_watched_while_an_accepted_path_needs_it() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.refuse(source, nlri(1), route_via(OTHER, Attributes::default()), Ineligible::Policy);
    bench.announce(source, nlri(2), route_with_med(1));
    bench.announce(source, nlri(3), route_with_med(2));
    assert_eq!(bench.rib.poll_track(), Some((GATEWAY.into(), true)));
    assert_eq!(bench.rib.poll_track(), None);
    bench.rib.withdraw(source, nlri(2));
    assert_eq!(bench.rib.poll_track(), None);
    bench.rib.withdraw(source, nlri(3));
    bench.announce(source, nlri(3), route_with_med(3));
    assert_eq!(bench.rib.poll_track(), None, "gone and back again between two looks");
    bench.rib.withdraw(source, nlri(3));
    assert_eq!(bench.rib.poll_track(), Some((GATEWAY.into(), false)));
}

#[test]
fn nothing_is_watched_where_next_hops_are_assumed() {
    let mut bench = Bench::new(Settings { next_hops: NextHopMode::Assumed, ..Settings::default() });
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    assert_eq!(bench.rib.poll_track(), None);
    bench.settle();
    assert_eq!(bench.best(&prefix(1)), Some(source));
    bench.rib.reconfigure(Settings::default());
    while bench.rib.work(1) {}
    assert_eq!(bench.rib.poll_track(), Some((GATEWAY.into(), true)));
}

#[test]
fn what_was_known_of_a_next_hop_is_void_once_it_is_not_watched() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    let route = bench.announce(source, nlri(1), route_with_med(1));
    bench.settle();
    bench.rib.reconfigure(Settings { next_hops: NextHopMode::Assumed, ..Settings::default() });
    assert_eq!(bench.rib.poll_track(), Some((GATEWAY.into(), false)));
    bench.rib.reconfigure(Settings::default());
    assert_eq!(bench.rib.poll_track(), Some((GATEWAY.into(), true)));
    assert_eq!(bench.rib.resolve(&route.route()), None);
}

#[test]
fn hops_are_resolved_with_every_gateway_filled_in() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    let route = bench.announce(source, nlri(1), route_with_med(1));
    bench.settle();
    let hop = |gateway, interface: &str| ResolvedHop { gateway, interface: interface.into() };
    let hops = vec![hop(None, "eth0"), hop(Some(OTHER.into()), "eth1")];
    bench.rib.next_hop(GATEWAY.into(), Some(Reach { metric: 0, hops }));
    let expected = vec![hop(Some(GATEWAY.into()), "eth0"), hop(Some(OTHER.into()), "eth1")];
    assert_eq!(bench.rib.resolve(&route.route()), Some(expected));
    bench.rib.next_hop(GATEWAY.into(), None);
    assert_eq!(bench.rib.resolve(&route.route()), None);
}

#[test]
fn a_link_local_next_hop_on_a_known_interface_needs_no_watch() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    let global: Ipv6Addr = "fe80::1".parse().expect("an address");
    let mut route = route_with_med(1);
    route.forwarding = Forwarding::Via(NextHop::V6 { global, link_local: None });
    route.interface = Some("eth0".into());
    let route = bench.announce(source, nlri(1), route);
    assert_eq!(bench.rib.poll_track(), None);
    bench.settle();
    assert_eq!(bench.best(&prefix(1)), Some(source));
    let expected = ResolvedHop { gateway: Some(global.into()), interface: "eth0".into() };
    assert_eq!(bench.rib.resolve(&route.route()), Some(vec![expected]));
}

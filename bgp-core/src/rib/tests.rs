//! Claims about the RIB as a whole.

use std::collections::BTreeSet;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use crate::rib::testing::{Bench, GATEWAY, nlri, peer, prefix, reach, route_via, route_with_med};
use crate::rib::{
    Forwarding, Ineligible, Mark, NetId, NextHopMode, PeerSource, Reach, ResolvedHop, Settings, Source,
    Verdict,
};
use crate::wire::{Attributes, NextHop, Nlri, PathId};
use crate::{Family, Instant};

const OTHER: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 99);

fn net(bench: &Bench, of: IpNet) -> Option<NetId> {
    bench.rib.table(Family::of(&of))?.lookup(&of)
}

/// The `n`th of many prefixes.
fn many(n: u32) -> Nlri {
    let address = IpAddr::V4(Ipv4Addr::from_bits(0x0a00_0000 | n << 8));
    Nlri { path_id: PathId(0), prefix: IpNet::new(address, 24).expect("24 is a length") }
}

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
fn a_peer_that_returns_during_the_sweep_keeps_what_it_announces() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    for n in 0..10 {
        bench.announce(source, nlri(n), route_with_med(1));
    }
    bench.settle();
    bench.rib.source_down(source);
    bench.rib.work(3);
    bench.announce(source, nlri(4), route_with_med(1));
    bench.settle();
    assert_eq!(bench.rib.counts(source, Family::IPV4).received, 1);
    assert_eq!(bench.best(&prefix(4)), Some(source));
}

#[test]
fn a_stale_path_stays_in_use_until_swept() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.announce(source, nlri(2), route_with_med(1));
    bench.settle();
    bench.rib.mark(source, Family::IPV4, Mark::Restart);
    bench.announce(source, nlri(2), route_with_med(1));
    assert_eq!(bench.settle(), [], "neither the mark nor the same route again is a change");
    let stale =
        |n| bench.rib.paths(Family::IPV4, net(&bench, prefix(n)).expect("kept")).any(|path| path.stale);
    assert!(stale(1) && !stale(2));
    bench.rib.sweep(source, Family::IPV4, Mark::Restart);
    bench.settle();
    assert_eq!((bench.best(&prefix(1)), bench.best(&prefix(2))), (None, Some(source)));
}

#[test]
fn every_path_of_a_prefix_is_swept() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    for id in 0..8 {
        bench.announce(source, Nlri { path_id: PathId(id), prefix: prefix(1) }, route_with_med(id));
    }
    bench.rib.mark(source, Family::IPV4, Mark::Restart);
    bench.rib.sweep(source, Family::IPV4, Mark::Restart);
    bench.settle();
    assert_eq!(net(&bench, prefix(1)), None);
}

#[test]
fn refreshes_without_end_do_not_confuse_what_is_stale() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.rib.mark(source, Family::IPV4, Mark::Restart);
    bench.announce(source, nlri(2), route_with_med(1));
    for _ in 0..200_000 {
        bench.rib.mark(source, Family::IPV4, Mark::Refresh);
    }
    bench.announce(source, nlri(3), route_with_med(1));
    bench.rib.sweep(source, Family::IPV4, Mark::Restart);
    bench.settle();
    let there = |bench: &Bench| (1..4).map(|n| bench.best(&prefix(n)).is_some()).collect::<Vec<_>>();
    assert_eq!(there(&bench), [false, true, true]);
    bench.rib.sweep(source, Family::IPV4, Mark::Refresh);
    bench.settle();
    assert_eq!(there(&bench), [false, false, true]);
}

#[test]
fn a_new_import_policy_needs_no_refresh() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.refuse(source, nlri(1), route_with_med(1), Ineligible::Policy);
    bench.announce(source, nlri(2), route_with_med(2));
    bench.settle();
    bench.rib.reimport(source, Family::IPV4);
    while let Some(path) = bench.rib.poll_reimport() {
        let accepted = match path.received.med() {
            Some(1) => Ok(Arc::clone(&path.received)),
            _ => Err(Ineligible::Policy),
        };
        bench.rib.judge(path.source, path.nlri, accepted);
    }
    bench.settle();
    assert_eq!((bench.best(&prefix(1)), bench.best(&prefix(2))), (Some(source), None));
    assert_eq!(bench.rib.counts(source, Family::IPV4).accepted, 1);
}

#[test]
fn imports_asked_of_a_source_that_went_are_not_those_of_the_next() {
    let mut bench = Bench::new(Settings::default());
    let gone = bench.internal(1);
    bench.rib.reimport(gone, Family::IPV4);
    bench.rib.remove_source(gone);
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.rib.reimport(source, Family::IPV4);
    assert_eq!(bench.rib.poll_reimport().map(|path| path.source), Some(source));
    assert!(bench.rib.poll_reimport().is_none());
}

#[test]
fn eligible_paths_are_those_that_are_accepted_and_reachable() {
    let mut bench = Bench::new(Settings::default());
    let (one, two, three) = (bench.internal(1), bench.internal(2), bench.internal(3));
    bench.announce(one, nlri(1), route_with_med(1));
    bench.announce(two, nlri(1), route_via(OTHER, Attributes::default()));
    bench.refuse(three, nlri(1), route_with_med(1), Ineligible::Policy);
    bench.settle();
    bench.rib.next_hop(OTHER.into(), None);
    let net = net(&bench, prefix(1)).expect("announced");
    let eligible: Vec<_> = bench.rib.eligible(Family::IPV4, net).map(|path| path.source).collect();
    assert_eq!(eligible, [one]);
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
fn a_removed_source_is_forgotten_once_its_paths_are() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.settle();
    bench.rib.remove_source(source);
    assert!(bench.rib.source(source).is_some());
    bench.announce(source, nlri(2), route_with_med(1));
    bench.settle();
    assert_eq!(
        (bench.rib.source(source), net(&bench, prefix(1)), net(&bench, prefix(2))),
        (None, None, None)
    );
    assert_ne!(bench.internal(2), source, "nor does its name come to mean the next");
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
fn a_path_gone_during_the_walk_costs_no_other_its_decision() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    for n in 0..10 {
        bench.announce(source, nlri(n), route_with_med(1));
    }
    bench.settle();
    bench.rib.next_hop(GATEWAY.into(), reach(11));
    bench.rib.work(1);
    for n in 3..10 {
        bench.rib.withdraw(source, nlri(n));
    }
    let touched: BTreeSet<_> = bench.settle().iter().map(|change| change.prefix).collect();
    assert!((0..3).all(|n| touched.contains(&prefix(n))), "{touched:?}");
}

#[test]
fn a_lost_peer_does_not_hold_up_a_moved_next_hop() {
    let mut bench = Bench::new(Settings::default());
    let (one, two) = (bench.internal(1), bench.internal(2));
    for n in 0..100 {
        bench.announce(one, nlri(n), route_via(OTHER, Attributes::default()));
    }
    bench.announce(two, nlri(200), route_with_med(1));
    bench.settle();
    bench.rib.source_down(one);
    bench.rib.next_hop(GATEWAY.into(), None);
    for _ in 0..2 {
        bench.rib.work(10);
    }
    while bench.rib.poll_change().is_some() {}
    assert_eq!(bench.best(&prefix(200)), None);
    assert!(bench.rib.counts(one, Family::IPV4).received > 0);
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

#[test]
fn a_limit_counts_paths_and_never_stops_a_replacement() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.refuse(source, nlri(2), route_with_med(1), Ineligible::Policy);
    assert_eq!(bench.rib.verdict(source, nlri(3), 3), Verdict::Within);
    assert_eq!(bench.rib.verdict(source, nlri(3), 2), Verdict::Above { count: 3, maximum: 2 });
    assert_eq!(bench.rib.verdict(source, nlri(2), 2), Verdict::Within);
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

#[test]
fn prefixes_are_found_by_match_cover_and_containment() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    let parse = |text: &str| text.parse::<IpNet>().expect("a prefix");
    for text in ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.2.0.0/16"] {
        bench.announce(source, Nlri { path_id: PathId(0), prefix: parse(text) }, route_with_med(1));
    }
    let table = bench.rib.table(Family::IPV4).expect("unicast");
    let longest =
        table.longest_match(IpAddr::V4(Ipv4Addr::new(10, 1, 3, 1))).and_then(|net| table.prefix(net));
    assert_eq!(longest, Some(parse("10.1.0.0/16")));
    let covering: Vec<_> = table.covering(&parse("10.1.0.0/16")).map(|(_, prefix)| prefix).collect();
    assert_eq!(covering, [parse("10.0.0.0/8"), parse("10.1.0.0/16")]);
    let longer: Vec<_> = table.longer(&parse("10.1.0.0/16")).map(|(_, prefix)| prefix).collect();
    assert_eq!(longer, [parse("10.1.0.0/16"), parse("10.1.2.0/24")]);
}

#[test]
fn a_path_remembers_when_its_content_came() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    let at = |seconds| Instant::ZERO + Duration::from_secs(seconds);
    let (one, two) = (bench.rib.intern(&route_with_med(1)), bench.rib.intern(&route_with_med(2)));
    let since = |bench: &Bench| {
        let mut paths = bench.rib.paths(Family::IPV4, net(bench, prefix(1)).expect("announced"));
        paths.next().expect("one path").since
    };
    bench.rib.announce(source, nlri(1), Arc::clone(&one), Ok(Arc::clone(&one)), at(5));
    bench.rib.announce(source, nlri(1), Arc::clone(&one), Ok(one), at(6));
    assert_eq!(since(&bench), at(5));
    bench.rib.announce(source, nlri(1), Arc::clone(&two), Ok(two), at(7));
    assert_eq!(since(&bench), at(7));
}

#[test]
fn the_identifier_to_send_is_stable_and_never_zero() {
    let mut bench = Bench::new(Settings::default());
    let (one, two) = (bench.internal(1), bench.internal(2));
    bench.announce(one, nlri(1), route_with_med(1));
    bench.announce(two, nlri(1), route_with_med(1));
    let ids = |bench: &Bench| {
        let paths = bench.rib.paths(Family::IPV4, net(bench, prefix(1)).expect("announced"));
        paths.map(|path| (path.source, path.slot.send_id())).collect::<BTreeSet<_>>()
    };
    let before = ids(&bench);
    assert_eq!(before.iter().map(|(_, id)| *id).collect::<BTreeSet<_>>().len(), 2);
    assert!(before.iter().all(|(_, id)| *id != PathId(0)));
    bench.announce(two, nlri(1), route_with_med(0));
    bench.settle();
    assert_eq!(ids(&bench), before);
}

#[test]
fn routes_that_nobody_has_any_more_are_forgotten_in_passing() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    for n in 0..200 {
        bench.announce(source, nlri(n), route_with_med(n.into()));
    }
    bench.settle();
    assert_eq!(bench.rib.distinct_routes(), 200);
    bench.rib.source_down(source);
    bench.settle();
    let left = bench.rib.distinct_routes();
    assert!(left <= 50, "{left} left after as many deaths as there were routes");
    for _ in 0..left {
        bench.announce(source, nlri(1), route_with_med(1));
    }
    assert_eq!(bench.rib.distinct_routes(), 1);
}

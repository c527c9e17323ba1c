//! Sources that come, go, refresh and are swept, and what becomes of their paths.

use std::collections::BTreeSet;
use std::sync::Arc;

use super::{OTHER, net};
use crate::rib::testing::{Bench, GATEWAY, nlri, prefix, reach, route_via, route_with_med};
use crate::rib::{ImportTally, Ineligible, Mark, Settings};
use crate::wire::{Attributes, Nlri, PathId};
use crate::{Family, Instant};

#[test]
fn what_a_source_says_is_counted_by_what_comes_of_it() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.announce(source, nlri(1), route_with_med(1));
    bench.announce(source, nlri(1), route_with_med(2));
    bench.refuse(source, nlri(2), route_with_med(1), Ineligible::AsLoop);
    bench.refuse(source, nlri(1), route_with_med(2), Ineligible::Policy);
    for known in [nlri(1), nlri(2), nlri(3)] {
        bench.rib.withdraw(source, known);
    }
    bench.announce(source, nlri(4), route_with_med(1));
    bench.rib.withdraw(source, nlri(4));
    bench.rib.ignore(source, nlri(5));
    let counted = bench.rib.tally(source, Family::IPV4);
    let expected =
        ImportTally { rejected: 1, filtered: 1, ignored: 2, accepted: 3, withdrawals: 4, gone: 2, missed: 4 };
    assert_eq!((counted, counted.announcements()), (expected, 7));
    assert_eq!(bench.rib.tally(source, Family::IPV6), ImportTally::default());
    bench.rib.restart_tally(source);
    assert_eq!(bench.rib.tally(source, Family::IPV4), ImportTally::default());
}

#[test]
fn prefixes_of_one_message_are_counted_each_by_what_was_there() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.announce(source, nlri(2), route_with_med(2));
    bench.refuse(source, nlri(3), route_with_med(1), Ineligible::Policy);
    bench.rib.restart_tally(source);
    let told = [nlri(1), nlri(2), nlri(3), nlri(4), nlri(4)];
    let route = bench.rib.intern(&route_with_med(1));
    bench.rib.announce_all(source, &told, &route, &Ok(Arc::clone(&route)), Instant::ZERO);
    let taken = ImportTally { ignored: 2, accepted: 3, ..ImportTally::default() };
    assert_eq!(bench.rib.tally(source, Family::IPV4), taken, "the first is known, the last is said twice");
    let told = [nlri(1), nlri(5)];
    bench.rib.announce_all(source, &told, &route, &Err(Ineligible::AsLoop), Instant::ZERO);
    let refused = ImportTally { rejected: 2, gone: 1, missed: 1, ..taken };
    assert_eq!(bench.rib.tally(source, Family::IPV4), refused);
}

#[test]
fn a_source_has_as_many_best_paths_as_it_wins_prefixes() {
    let mut bench = Bench::new(Settings::default());
    let (one, two) = (bench.internal(1), bench.internal(2));
    let best = |bench: &Bench| [one, two].map(|source| bench.rib.counts(source, Family::IPV4).best);
    for number in 1..=3 {
        bench.announce(one, nlri(number), route_with_med(1));
    }
    bench.announce(two, nlri(1), route_with_med(0));
    bench.settle();
    assert_eq!(best(&bench), [2, 1], "the lower MED wins");
    bench.rib.withdraw(two, nlri(1));
    bench.refuse(one, nlri(2), route_with_med(1), Ineligible::Policy);
    bench.settle();
    assert_eq!(best(&bench), [2, 0]);
    bench.rib.remove_source(one);
    let another = bench.internal(3);
    bench.announce(another, nlri(3), route_with_med(1));
    bench.settle();
    assert_eq!(bench.rib.counts(another, Family::IPV4).best, 1);
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

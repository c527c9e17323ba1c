//! What is remembered of changes of best paths.

use std::collections::BTreeMap;
use std::time::Duration;

use proptest::prelude::*;

use super::OTHER;
use crate::Instant;
use crate::rib::testing::{Bench, GATEWAY, nlri, prefix, route_via, route_with_med};
use crate::rib::{Ineligible, RouteId, Settings, Shift, SourceId, Step, Why};
use crate::wire::{Attributes, Community};

fn remembering(shifts: usize) -> Bench {
    Bench::new(Settings { shifts, ..Settings::default() })
}

fn whys(bench: &Bench) -> Vec<Why> {
    bench.rib.shifts_after(0).map(|shift| shift.why).collect()
}

/// The same two attributes with a local preference.
fn preferred(local_preference: u32) -> Attributes {
    Attributes { local_preference: Some(local_preference), ..Attributes::default() }
}

#[test]
fn every_change_of_a_best_path_has_its_reason() {
    let mut bench = remembering(100);
    let (one, two) = (bench.internal(1), bench.internal(2));
    let via = |hop, preference| route_via(hop, preferred(preference));
    bench.announce(one, nlri(1), via(GATEWAY, 100));
    bench.settle();
    bench.announce(one, nlri(1), via(GATEWAY, 101));
    bench.settle();
    bench.announce(two, nlri(1), via(OTHER, 200));
    bench.settle();
    bench.rib.next_hop(OTHER.into(), None);
    bench.settle();
    bench.refuse(one, nlri(1), via(GATEWAY, 101), Ineligible::ClusterLoop);
    bench.settle();
    bench.announce(one, nlri(1), via(GATEWAY, 102));
    bench.settle();
    bench.rib.withdraw(one, nlri(1));
    bench.settle();
    let expected = [
        Why::Found,
        Why::Renewed,
        Why::Beaten(Step::LocalPreference),
        Why::Unreachable,
        Why::Refused(Ineligible::ClusterLoop),
        Why::Found,
        Why::Gone,
    ];
    assert_eq!(whys(&bench), expected);
    let last = bench.rib.shifts_after(0).next_back().expect("there are some");
    assert_eq!(
        (last.prefix, last.before().map(|(source, _)| source), last.after()),
        (prefix(1), Some(one), None)
    );
}

#[test]
fn a_path_that_is_gone_did_not_lose_where_another_source_has_its_place() {
    let mut bench = remembering(100);
    let [one, two, three] = [1, 2, 3].map(|host| bench.internal(host));
    let with = |preference| route_via(GATEWAY, preferred(preference));
    bench.announce(one, nlri(1), with(200));
    bench.announce(two, nlri(1), with(150));
    bench.settle();
    bench.rib.withdraw(one, nlri(1));
    bench.announce(three, nlri(1), with(100));
    bench.settle();
    assert_eq!(bench.best(&prefix(1)), Some(two));
    assert_eq!(whys(&bench), [Why::Found, Why::Gone]);
}

#[test]
fn what_does_not_change_the_best_path_is_not_remembered() {
    let mut bench = remembering(100);
    let (one, two) = (bench.internal(1), bench.internal(2));
    bench.announce(one, nlri(1), route_with_med(1));
    bench.settle();
    bench.announce(two, nlri(1), route_with_med(1));
    bench.settle();
    bench.rib.withdraw(two, nlri(1));
    bench.settle();
    assert_eq!(whys(&bench), [Why::Found]);
}

#[test]
fn a_shift_is_dated_and_numbered_in_one_row_with_what_else_happens() {
    let mut bench = remembering(100);
    let source = bench.internal(1);
    let before = bench.rib.next_number();
    bench.announce(source, nlri(1), route_with_med(1));
    let now = Instant::ZERO + Duration::from_secs(7);
    bench.rib.date(now);
    bench.settle();
    assert_eq!(bench.rib.next_number(), before + 2);
    let shifts: Vec<_> = bench.rib.shifts_after(0).map(|shift| (shift.number, shift.at)).collect();
    assert_eq!(shifts, [(before + 1, now)]);
}

#[test]
fn no_more_are_kept_than_asked_for_and_no_route_longer_than_its_shift() {
    let mut bench = remembering(3);
    let source = bench.internal(1);
    for med in 0..50 {
        bench.announce(source, nlri(1), route_with_med(med));
        bench.settle();
    }
    let numbers: Vec<u64> = bench.rib.shifts_after(0).map(|shift| shift.number).collect();
    assert_eq!((numbers, bench.rib.shifts_forgotten()), (vec![48, 49, 50], 47));
    // Six by shifts, one by the path.
    assert_eq!(bench.rib.routes_held(), 7);
}

#[test]
fn long_routes_make_fewer_shifts() {
    let mut bench = remembering(100_000);
    let source = bench.internal(1);
    let communities: Vec<Community> = (0..60_000).map(Community).collect();
    for med in 0..40 {
        let attributes =
            Attributes { med: Some(med), communities: communities.clone().into(), ..Attributes::default() };
        bench.announce(source, nlri(1), route_via(GATEWAY, attributes));
        bench.settle();
    }
    // Each names two routes of 240 thousand octets, and four million are kept.
    assert_eq!(bench.rib.shifts_after(0).count(), 8);
}

proptest! {
    /// What a shift says was best is what the one before it said is; what the last says is best is.
    #[test]
    fn shifts_of_a_prefix_follow_from_each_other(
        steps in prop::collection::vec((0..3_usize, 0..3_u8, 0..4_u32, any::<bool>()), 0..60),
        most in 0..20_usize,
    ) {
        let mut bench = remembering(most);
        let sources = [1, 2, 3].map(|host| bench.internal(host));
        let mut last: BTreeMap<_, Option<(SourceId, RouteId)>> = BTreeMap::new();
        let mut seen = 0;
        for (source, n, med, settles) in steps {
            match med {
                0 => bench.rib.withdraw(sources[source], nlri(n)),
                med => drop(bench.announce(sources[source], nlri(n), route_with_med(med))),
            }
            if settles {
                bench.settle();
            }
            let fresh: Vec<Shift> = bench.rib.shifts_after(seen).cloned().collect();
            if bench.rib.shifts_forgotten() > seen {
                last.clear();
            }
            for shift in fresh {
                if let Some(before) = last.insert(shift.prefix, shift.after()) {
                    prop_assert_eq!(shift.before(), before);
                }
                prop_assert!(shift.before().is_some() || shift.after().is_some());
            }
            prop_assert!(bench.rib.shifts_after(0).count() <= most);
            seen = bench.rib.numbered();
            if bench.rib.shifts_forgotten() == 0 && settles && most > 0 {
                for n in 0..3 {
                    let told = last.get(&prefix(n)).copied().flatten().map(|(source, _)| source);
                    prop_assert_eq!(bench.best(&prefix(n)), told);
                }
            }
        }
    }
}

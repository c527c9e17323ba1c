//! What is kept of a path, counted, found and forgotten.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use ipnet::IpNet;

use super::{OTHER, net};
use crate::rib::testing::{Bench, nlri, prefix, route_via, route_with_med};
use crate::rib::{Ineligible, Settings, Verdict};
use crate::wire::{Attributes, Nlri, PathId};
use crate::{Family, Instant};

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
fn a_route_is_held_by_number_for_as_long_as_a_path_says_it() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    bench.announce(source, nlri(1), route_with_med(1));
    bench.settle();
    assert_eq!(bench.rib.routes_held(), 1);
    let (received, rewritten) = (bench.rib.intern(&route_with_med(2)), bench.rib.intern(&route_with_med(3)));
    bench.rib.announce(source, nlri(1), received, Ok(rewritten), Instant::ZERO);
    assert_eq!(bench.rib.routes_held(), 3, "received, rewritten, and what was told before");
    bench.settle();
    assert_eq!(bench.rib.routes_held(), 2);
    bench.refuse(source, nlri(1), route_with_med(2), Ineligible::Policy);
    bench.settle();
    assert_eq!(bench.rib.routes_held(), 1);
    bench.rib.withdraw(source, nlri(1));
    bench.settle();
    assert_eq!(bench.rib.routes_held(), 0);
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
fn prefixes_are_found_by_what_they_cover() {
    let mut bench = Bench::new(Settings::default());
    let source = bench.internal(1);
    let parse = |text: &str| text.parse::<IpNet>().expect("a prefix");
    for text in ["10.0.0.0/8", "10.1.0.0/16", "10.1.2.0/24", "10.2.0.0/16"] {
        bench.announce(source, Nlri { path_id: PathId(0), prefix: parse(text) }, route_with_med(1));
    }
    let table = bench.rib.table(Family::IPV4).expect("unicast");
    let covering: Vec<_> = table.covering(&parse("10.1.0.0/16")).map(|(_, prefix)| prefix).collect();
    assert_eq!(covering, [parse("10.0.0.0/8"), parse("10.1.0.0/16")]);
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
    for _ in 0..100 {
        bench.announce(source, nlri(1), route_with_med(1));
    }
    assert_eq!(bench.rib.distinct_routes(), 1);
}

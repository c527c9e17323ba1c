//! One test per rung: the winner is ahead at that rung, behind at the next, and equal before.

use super::*;
use crate::Family;
use crate::rib::testing::{Bench, GATEWAY, as_path, nlri, peer, prefix, reach, route_via};
use crate::rib::{LocalSource, PeerSource, Settings};
use crate::wire::{Attributes, Community, Nlri};

/// One side of a comparison.
#[derive(Clone)]
struct Side {
    source: Source,
    attributes: Attributes,
    next_hop: Ipv4Addr,
    path_id: PathId,
}

const FAR: Ipv4Addr = Ipv4Addr::new(192, 0, 2, 77);

/// An internal peer's route over 64496, of middling quality.
fn side(host: u8) -> Side {
    let attributes = Attributes {
        as_path: as_path(&[64496, 64497]),
        origin: Origin::Egp,
        med: Some(50),
        local_preference: Some(100),
        cluster_list: Box::new([RouterId::from(1)]),
        ..Attributes::default()
    };
    Side { source: Source::Bgp(peer(host)), attributes, next_hop: GATEWAY, path_id: PathId(0) }
}

fn external(host: u8) -> Source {
    Source::Bgp(PeerSource { kind: PeerKind::External, ..peer(host) })
}

/// What became of each side, asked in both orders of arrival.
fn outcomes(settings: Settings, sides: &[Side]) -> Vec<Outcome> {
    let forward = outcomes_in_order(settings, sides, &(0..sides.len()).collect::<Vec<_>>());
    let backward = outcomes_in_order(settings, sides, &(0..sides.len()).rev().collect::<Vec<_>>());
    assert_eq!(forward, backward, "the order of arrival decided");
    forward
}

fn outcomes_in_order(settings: Settings, sides: &[Side], order: &[usize]) -> Vec<Outcome> {
    let mut bench = Bench::new(settings);
    let mut sources: Vec<(Source, SourceId)> = Vec::new();
    for side in sides {
        if !sources.iter().any(|(source, _)| *source == side.source) {
            sources.push((side.source, bench.rib.add_source(side.source)));
        }
    }
    let id = |side: &Side| sources.iter().find(|(source, _)| *source == side.source).expect("just added").1;
    for &at in order {
        let side = &sides[at];
        let nlri = Nlri { path_id: side.path_id, prefix: prefix(1) };
        bench.announce(id(side), nlri, route_via(side.next_hop, side.attributes.clone()));
    }
    bench.settle();
    bench.rib.next_hop(FAR.into(), reach(20));
    bench.settle();
    let net = bench.rib.table(Family::IPV4).and_then(|table| table.lookup(&prefix(1))).expect("a net");
    let explained = bench.rib.explain(Family::IPV4, net);
    let of = |side: &Side| {
        let found = explained.iter().find(|it| it.path.source == id(side) && it.path.path_id == side.path_id);
        found.expect("announced").outcome
    };
    let outcomes: Vec<_> = sides.iter().map(of).collect();
    let best = outcomes.iter().position(|outcome| *outcome == Outcome::Best).map(|at| id(&sides[at]));
    assert_eq!(best, bench.best(&prefix(1)), "explanation and decision differ");
    outcomes
}

/// `winner` beats `loser` at `step`.
fn beats(winner: Side, loser: Side, step: Step) {
    assert_eq!(outcomes(Settings::default(), &[winner, loser]), [Outcome::Best, Outcome::Beaten(step)]);
}

fn choosing(selection: Selection) -> Settings {
    Settings { selection, ..Settings::default() }
}

fn long_lived(mut side: Side) -> Side {
    side.attributes.communities = Box::new([Community::LLGR_STALE]);
    side
}

#[test]
fn sources_are_preferred_direct_static_bgp_kernel() {
    let local = |source| Side { source: Source::Local(source), ..side(1) };
    let ladder =
        [local(LocalSource::Direct), local(LocalSource::Static), side(1), local(LocalSource::Kernel)];
    for pair in ladder.windows(2) {
        // Even where the loser is better at the next rung.
        beats(long_lived(pair[0].clone()), pair[1].clone(), Step::SourcePreference);
    }
}

#[test]
fn long_lived_stale_routes_lose_to_all_others() {
    let mut stale = long_lived(side(1));
    stale.attributes.local_preference = Some(4000);
    beats(side(2), stale, Step::LongLivedStale);
}

#[test]
fn the_higher_local_preference_wins() {
    let mut winner = side(2);
    winner.attributes.local_preference = Some(101);
    winner.attributes.as_path = as_path(&[64496, 64496, 64496]);
    beats(winner, side(1), Step::LocalPreference);
}

#[test]
fn a_missing_local_preference_is_one_hundred() {
    let (mut winner, mut loser) = (side(2), side(1));
    winner.attributes.local_preference = None;
    loser.attributes.local_preference = Some(99);
    beats(winner, loser, Step::LocalPreference);
}

#[test]
fn the_shorter_as_path_wins() {
    let mut winner = side(2);
    winner.attributes.as_path = as_path(&[64496]);
    winner.attributes.origin = Origin::Incomplete;
    beats(winner, side(1), Step::AsPathLength);
}

#[test]
fn the_lower_origin_wins() {
    let mut winner = side(2);
    winner.attributes.origin = Origin::Igp;
    winner.attributes.med = Some(51);
    beats(winner, side(1), Step::Origin);
}

#[test]
fn the_lower_med_wins_within_a_neighbour_as() {
    let mut loser = side(1);
    loser.attributes.med = Some(51);
    loser.source = external(1);
    beats(side(2), loser, Step::Med);
}

#[test]
fn med_says_nothing_between_neighbour_ases_unless_asked() {
    let mut other = side(1);
    other.attributes.med = Some(51);
    other.attributes.as_path = as_path(&[64499, 64497]);
    let sides = [side(2), other];
    assert_eq!(outcomes(Settings::default(), &sides), [Outcome::Beaten(Step::RouterId), Outcome::Best]);
    let always = choosing(Selection { always_compare_med: true, ..Selection::default() });
    assert_eq!(outcomes(always, &sides), [Outcome::Best, Outcome::Beaten(Step::Med)]);
}

#[test]
fn a_missing_med_is_the_best_or_on_request_the_worst() {
    let mut without = side(2);
    without.attributes.med = None;
    let sides = [without, side(1)];
    assert_eq!(outcomes(Settings::default(), &sides), [Outcome::Best, Outcome::Beaten(Step::Med)]);
    let worst = choosing(Selection { missing_med_as_worst: true, ..Selection::default() });
    assert_eq!(outcomes(worst, &sides), [Outcome::Beaten(Step::Med), Outcome::Best]);
}

#[test]
fn med_removes_a_route_even_if_its_better_falls_later() {
    // The classic triangle: A beats B by MED, B beats C and C beats A by router id.
    let (mut a, mut b, mut c) = (side(3), side(1), side(2));
    a.attributes.med = Some(1);
    b.attributes.med = Some(2);
    c.attributes.as_path = as_path(&[64499, 64497]);
    c.attributes.med = Some(3);
    let expected = [Outcome::Beaten(Step::RouterId), Outcome::Beaten(Step::Med), Outcome::Best];
    assert_eq!(outcomes(Settings::default(), &[a, b, c]), expected);
}

#[test]
fn an_external_route_beats_an_internal_one() {
    let winner = Side { source: external(2), next_hop: FAR, ..side(2) };
    beats(winner, side(1), Step::External);
}

#[test]
fn another_member_as_of_the_confederation_counts_as_internal() {
    let confederation = Source::Bgp(PeerSource { kind: PeerKind::Confederation, ..peer(2) });
    beats(side(1), Side { source: confederation, ..side(2) }, Step::RouterId);
}

#[test]
fn the_nearer_next_hop_wins() {
    beats(side(2), Side { next_hop: FAR, ..side(1) }, Step::InteriorCost);
}

#[test]
fn the_lower_router_id_wins() {
    let mut winner = side(1);
    winner.attributes.cluster_list = Box::new([RouterId::from(1), RouterId::from(2)]);
    beats(winner, side(2), Step::RouterId);
}

#[test]
fn originator_id_stands_in_for_the_router_id() {
    let mut winner = side(2);
    winner.attributes.originator_id = Some(RouterId::from(1));
    beats(winner, side(1), Step::RouterId);
}

#[test]
fn the_shorter_cluster_list_wins() {
    let (mut winner, mut loser) = (side(2), side(1));
    winner.attributes.originator_id = Some(RouterId::from(1));
    winner.attributes.cluster_list = Box::default();
    loser.attributes.originator_id = Some(RouterId::from(1));
    beats(winner, loser, Step::ClusterListLength);
}

#[test]
fn the_lower_peer_address_wins() {
    let at = |host| Source::Bgp(PeerSource { router_id: RouterId::from(9), ..peer(host) });
    let winner = Side { source: at(1), path_id: PathId(8), ..side(1) };
    beats(winner, Side { source: at(2), path_id: PathId(7), ..side(2) }, Step::PeerAddress);
}

#[test]
fn the_lower_path_id_of_a_peer_wins() {
    beats(Side { path_id: PathId(1), ..side(1) }, Side { path_id: PathId(2), ..side(1) }, Step::PathId);
}

#[test]
fn sources_alike_in_all_else_are_told_apart_by_their_registration() {
    let same = |cluster: u32| Source::Bgp(PeerSource { cluster_id: RouterId::from(cluster), ..peer(1) });
    beats(Side { source: same(9), ..side(1) }, Side { source: same(8), ..side(1) }, Step::SourceId);
}

#[test]
fn what_ties_down_to_the_cost_shares_the_traffic() {
    let mut other_as = side(3);
    other_as.attributes.as_path = as_path(&[64499, 64497]);
    let far = Side { next_hop: FAR, ..side(4) };
    let sides = [side(2), other_as, side(1), far];
    let two = Settings { multipath: 2, ..Settings::default() };
    let by_id = Step::RouterId;
    let far_off = Outcome::Beaten(Step::InteriorCost);
    let expected = [Outcome::Multipath(by_id), Outcome::Beaten(by_id), Outcome::Best, far_off];
    assert_eq!(outcomes(two, &sides), expected);
    let many = Settings { multipath: 9, ..Settings::default() };
    let expected = [Outcome::Multipath(by_id), Outcome::Multipath(by_id), Outcome::Best, far_off];
    assert_eq!(outcomes(many, &sides), expected);
}

#[test]
fn local_routes_share_no_traffic() {
    let local = |id| Side { source: Source::Local(LocalSource::Static), path_id: PathId(id), ..side(1) };
    let many = Settings { multipath: 9, ..Settings::default() };
    assert_eq!(outcomes(many, &[local(1), local(2)]), [Outcome::Best, Outcome::Beaten(Step::PathId)]);
}

#[test]
fn an_ineligible_or_unreachable_route_is_no_candidate() {
    let mut bench = Bench::new(Settings::default());
    let (one, two, three) = (bench.internal(1), bench.internal(2), bench.internal(3));
    bench.refuse(one, nlri(1), route_via(GATEWAY, Attributes::default()), Ineligible::ClusterLoop);
    bench.announce(two, nlri(1), route_via(FAR, Attributes::default()));
    bench.announce(three, nlri(1), route_via(GATEWAY, Attributes::default()));
    bench.settle();
    bench.rib.next_hop(FAR.into(), None);
    bench.settle();
    assert_eq!(bench.best(&prefix(1)), Some(three));
    let net = bench.rib.table(Family::IPV4).and_then(|table| table.lookup(&prefix(1))).expect("a net");
    let mut explained: Vec<_> =
        bench.rib.explain(Family::IPV4, net).iter().map(|it| (it.path.source, it.outcome)).collect();
    explained.sort();
    let expected = [
        (one, Outcome::Ineligible(Ineligible::ClusterLoop)),
        (two, Outcome::Unreachable),
        (three, Outcome::Best),
    ];
    assert_eq!(explained, expected);
}

#[test]
fn ranking_repeats_the_decision_among_those_that_remain() {
    let mut bench = Bench::new(Settings::default());
    let sources = [bench.internal(3), bench.internal(1), bench.internal(2)];
    for (at, source) in sources.into_iter().enumerate() {
        let local_preference = Some(if at == 0 { 200 } else { 100 });
        let attributes = Attributes { local_preference, ..Attributes::default() };
        bench.announce(source, nlri(1), route_via(GATEWAY, attributes));
    }
    bench.settle();
    let net = bench.rib.table(Family::IPV4).and_then(|table| table.lookup(&prefix(1))).expect("a net");
    let ranked =
        |most| bench.rib.ranked(Family::IPV4, net, most).iter().map(|it| it.source).collect::<Vec<_>>();
    assert_eq!(ranked(9), sources);
    assert_eq!(ranked(2), sources[..2]);
}

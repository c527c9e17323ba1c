//! Pages of routes, as operators ask for them.

use std::time::Duration;

use crate::drafts::{draft, stage, words};
use crate::script::{Stage, THEIRS, config, host, message, net, open, peer, update, usual};
use bgp_core::peer::PeerConfig;
use bgp_core::speaker::{
    Cursor, CursorError, PathFilter, PathSource, PrefixMatch, RouteQuery, RouteView, RoutesOf,
};
use bgp_core::wire::Community;
use bgp_core::wire::{AddPathMode, Capability};
use bgp_core::{Asn, Family};
use proptest::prelude::*;

/// What is asked for may lie beyond the slice of the table that one call looks at.
#[test]
fn a_page_ends_where_a_slice_does() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, None);
    let prefixes: Vec<String> = (0..6000).map(|n| format!("10.{}.{}.0/24", n / 256, n % 256)).collect();
    for part in prefixes.chunks(500) {
        let part: Vec<&str> = part.iter().map(String::as_str).collect();
        stage.say(conn, &update(&[], &usual(&[THEIRS], host(2), false), &part));
    }
    let query = RouteQuery { prefixes: PrefixMatch::Longer(net("10.23.100.0/24")), ..RouteQuery::default() };
    let view = stage.speaker.view();
    let first = view.routes(&query, None, 1000);
    assert!(first.routes.is_empty() && first.next.is_some(), "it is not among the first few thousand");
    let second = view.routes(&query, first.next, 1000);
    assert_eq!(second.routes.len(), 1);
    assert_eq!(second.next, None);
    let (few, next) = view.accepted(Family::IPV4, None);
    assert!((1..6000).contains(&few.paths) && next.is_some(), "{few:?}");
    let (more, next) = view.accepted(Family::IPV4, next);
    assert_eq!((few.paths + more.paths, few.nets + more.nets, next), (6000, 6000, None));
}

#[test]
fn a_place_in_a_listing_survives_as_text() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, None);
    stage.say(conn, &update(&[], &usual(&[THEIRS], host(2), false), &["10.0.0.0/24", "10.0.1.0/24"]));
    let view = stage.speaker.view();
    let page = view.routes(&RouteQuery::default(), None, 1);
    let place = page.next.expect("there is more");
    let read: Cursor = place.to_string().parse().expect("its own text");
    assert_eq!(read, place);
    let rest = view.routes(&RouteQuery::default(), Some(read), 1000);
    assert_eq!((rest.routes.len(), rest.next), (1, None));
    for strange in ["", "ipv4", "ipv4-", "ipv4--1", "ipv9-1", "ipv4-1x"] {
        assert_eq!(strange.parse::<Cursor>(), Err(CursorError), "{strange:?}");
    }
    let far: Cursor = "ipv6-99999999999".parse().expect("a place behind everything");
    assert!(view.routes(&RouteQuery::default(), Some(far), 1).routes.is_empty());
}

/// A peer says two paths of 198.51.100.0/24, the worse one later.
#[test]
fn what_was_sent_is_as_old_as_the_path_it_was_made_from() {
    let asn = Asn(65003);
    let several = PeerConfig { add_path: Some(AddPathMode::Receive), ..peer(2, THEIRS) };
    let mut stage = Stage::new(config(vec![several, peer(3, asn)]));
    let mut teller = open(2, THEIRS, None);
    teller.capabilities.push(Capability::AddPath(vec![(Family::IPV4, AddPathMode::Send)]));
    let conn = stage.dial(2);
    stage.introduce(conn, &teller);
    let listener = stage.establish(3, asn, None);
    stage.wait(11, &[conn, listener]);
    let mut said = Vec::new();
    for (path_id, as_path) in [(1, &[THEIRS][..]), (2, &[THEIRS, THEIRS])] {
        stage.sleep(Duration::from_secs(1));
        said.push(stage.now);
        let attributes = usual(as_path, host(2), false).concat();
        let length = u8::try_from(attributes.len()).expect("short ones");
        let nlri = [0, 0, 0, path_id, 24, 198, 51, 100];
        stage.say(conn, &message(2, &[&[0, 0, 0, length], &attributes[..], &nlri].concat()));
    }
    assert_eq!(stage.routes(RoutesOf::All).len(), 2);
    let peer = stage.speaker.peer_id("h3").expect("it is configured");
    let sent = stage.routes(RoutesOf::Out(peer));
    assert_eq!(sent.iter().map(|route| route.since).collect::<Vec<_>>(), said[..1]);
}

proptest! {
    /// A filter takes from a listing what is not as asked for, and nothing else.
    #[test]
    fn a_filtered_listing_is_the_listing_filtered(
        draft in draft(),
        words in words(),
        from in prop::option::of(2..4u8),
        with_community: bool,
        origin in prop::option::of(prop_oneof![Just(THEIRS), Just(Asn(65003)), Just(Asn(65009))]),
    ) {
        let stage = stage(&draft, &words);
        let from = from.and_then(|n| Some((format!("h{n}"), stage.speaker.peer_id(&format!("h{n}"))?)));
        let community = with_community.then(|| "65535:*".parse().expect("a pattern"));
        let filter =
            PathFilter { from: from.as_ref().map(|(_, id)| *id), community, origin_asn: origin, since: None };
        let admits = |view: &RouteView| {
            let attributes = &view.route.attributes;
            let name = |name: &str| matches!(&view.source, PathSource::Peer(peer) if **peer == *name);
            from.as_ref().is_none_or(|(peer, _)| name(peer))
                && (!with_community || attributes.communities.contains(&Community::NO_EXPORT))
                && origin.is_none_or(|asn| attributes.as_path.origin_asn() == Some(asn))
        };
        let out = stage.speaker.peer_id("h5").map(RoutesOf::Out);
        for of in [RoutesOf::All, RoutesOf::Best, RoutesOf::Rejected].into_iter().chain(out) {
            let expected: Vec<RouteView> = stage.routes(of.clone()).into_iter().filter(admits).collect();
            let query = RouteQuery { of, filter: filter.clone(), ..RouteQuery::default() };
            prop_assert_eq!(stage.speaker.view().routes(&query, None, usize::MAX).routes, expected);
        }
    }
}

proptest! {
    #[test]
    fn what_import_accepts_is_counted_as_it_is_listed(draft in draft(), words in words()) {
        let stage = stage(&draft, &words);
        let view = stage.speaker.view();
        let listed: Vec<RouteView> =
            stage.routes(RoutesOf::All).into_iter().filter(|route| !route.refused).collect();
        let (mut paths, mut nets) = (0, 0);
        for family in Family::UNICAST {
            let (amount, next) = view.accepted(family, None);
            prop_assert_eq!(next, None);
            paths += amount.paths;
            nets += amount.nets;
        }
        let prefixes = listed.chunk_by(|one, other| one.prefix == other.prefix).count();
        prop_assert_eq!((paths, nets), (listed.len() as u64, prefixes as u64));
    }
}

#[test]
fn what_has_changed_lately_can_be_asked_for() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, None);
    let attributes = usual(&[THEIRS], host(2), false);
    stage.say(conn, &update(&[], &attributes, &["10.0.0.0/24"]));
    stage.wait(20, &[conn]);
    let since = Some(stage.now);
    stage.say(conn, &update(&[], &attributes, &["10.0.1.0/24"]));
    let query = RouteQuery { filter: PathFilter { since, ..PathFilter::default() }, ..RouteQuery::default() };
    let found = stage.speaker.view().routes(&query, None, 10).routes;
    assert_eq!(found.iter().map(|route| route.prefix).collect::<Vec<_>>(), [net("10.0.1.0/24")]);
}

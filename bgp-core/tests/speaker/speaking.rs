//! The rows of the table that only a whole speaker can judge: what becomes of routes, not of messages.

use crate::script::{
    Graceful, OURS, Stage, THEIRS, attribute, config, end_of_rib, host, net, peer, refresh, update, usual,
};
use bgp_core::peer::{AfterLimit, MaxPrefixes, PeerConfig, PrefixLimit};
use bgp_core::policy::{Action, Condition, Disposition, Policy, PrefixRange, Rule};
use bgp_core::speaker::{Event, RoutesOf};
use bgp_core::wire::{Community, Message, RefreshKind, Role};
use bgp_core::{Asn, Family};

pub(crate) const BLOCK: &str = "198.51.100.0/24";
pub(crate) const OTHER: &str = "203.0.113.0/24";

/// A speaker with one external peer, host 2, that says this about [`BLOCK`].
fn told(peer: PeerConfig, attributes: &[Vec<u8>]) -> Stage {
    let asn = if peer.asn == bgp_core::peer::PeerAsn::Exactly(OURS) { OURS } else { THEIRS };
    let mut stage = Stage::new(config(vec![peer]));
    let conn = stage.establish(2, asn, None);
    stage.say(conn, &update(&[], attributes, &[BLOCK]));
    assert_eq!(stage.state(2), "Established", "it is no error");
    assert_eq!(stage.routes(RoutesOf::All).len(), 1, "it is remembered");
    stage
}

pub(crate) fn external() -> Vec<Vec<u8>> {
    usual(&[THEIRS], host(2), false)
}

fn internal_with(more: Vec<u8>) -> Vec<Vec<u8>> {
    [usual(&[], host(2), true), vec![more]].concat()
}

#[test]
fn our_own_as_in_the_path_keeps_a_route_out() {
    let looped = usual(&[THEIRS, OURS], host(2), false);
    let stage = told(peer(2, THEIRS), &looped);
    assert_eq!(stage.refusal(), "our AS is in the AS path");
    assert!(stage.kernel.is_empty());
    let allowed = PeerConfig { allow_own_as: 1, ..peer(2, THEIRS) };
    assert_eq!(told(allowed, &looped).kernel.len(), 1);
}

#[test]
fn an_ignored_announcement_still_replaces_the_earlier_one() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, None);
    stage.say(conn, &update(&[], &external(), &[BLOCK]));
    assert_eq!(stage.kernel.len(), 1);
    stage.say(conn, &update(&[], &usual(&[THEIRS, OURS], host(2), false), &[BLOCK]));
    assert!(stage.kernel.is_empty(), "the peer does not have the earlier one any more");
    stage.say(conn, &update(&[BLOCK], &[], &[]));
    assert!(stage.routes(RoutesOf::All).is_empty());
}

#[test]
fn a_policy_that_asks_for_the_prefix_judges_each_of_an_update() {
    let range = PrefixRange { min: 0, max: 32, prefix: net(OTHER) };
    let conditions = vec![Condition::Prefix([range].into_iter().collect())];
    let action = Action::only(Disposition::Reject);
    let rule = Rule { name: "rule".into(), place: "file:1".into(), conditions, action };
    let policy = Policy {
        name: "policy".into(),
        place: "test:9".into(),
        rules: vec![rule],
        default: Disposition::Accept,
    };
    let choosy = PeerConfig { import: Some(vec![policy.into()]), ..peer(2, THEIRS) };
    for announced in [[BLOCK, OTHER], [OTHER, BLOCK]] {
        let mut stage = Stage::new(config(vec![choosy.clone()]));
        let conn = stage.establish(2, THEIRS, None);
        stage.say(conn, &update(&[], &external(), &announced));
        assert_eq!(stage.kernel.iter().copied().collect::<Vec<_>>(), [net(BLOCK)], "{announced:?}");
    }
}

#[test]
fn a_broken_announcement_withdraws_the_earlier_one() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, None);
    stage.say(conn, &update(&[], &external(), &[BLOCK, OTHER]));
    let mut broken = external();
    broken[0] = attribute(0x40, 1, &[9]);
    stage.say(conn, &update(&[], &broken, &[BLOCK]));
    assert_eq!(stage.state(2), "Established");
    assert_eq!(stage.kernel.iter().copied().collect::<Vec<_>>(), [net(OTHER)]);
    assert!(stage.events.iter().any(|event| matches!(event, Event::Fault { .. })), "and it is told");
}

#[test]
fn a_next_hop_that_is_ours_is_not_usable() {
    let stage = told(peer(2, THEIRS), &usual(&[THEIRS], host(1), false));
    assert_eq!(stage.refusal(), "the next hop is not usable");
}

#[test]
fn one_hop_away_the_next_hop_is_on_the_link() {
    let elsewhere = usual(&[THEIRS], [198, 18, 0, 1].into(), false);
    let stage = told(peer(2, THEIRS), &elsewhere);
    assert_eq!(stage.refusal(), "the next hop is not on the link to the peer");
    for next_hop in [host(2), host(99)] {
        assert_eq!(told(peer(2, THEIRS), &usual(&[THEIRS], next_hop, false)).kernel.len(), 1, "{next_hop}");
    }
    let multihop = PeerConfig { multihop: true, ..peer(2, THEIRS) };
    assert_eq!(told(multihop, &elsewhere).kernel.len(), 1, "where it may be further away");
}

#[test]
fn a_route_over_a_link_about_to_go_down_steps_aside() {
    let leaving = attribute(0xc0, 8, &Community::GRACEFUL_SHUTDOWN.0.to_be_bytes());
    let from_outside = told(peer(2, THEIRS), &[external(), vec![leaving.clone()]].concat());
    let from_inside = told(peer(2, OURS), &internal_with(leaving));
    for (stage, preference) in [(from_outside, 0), (from_inside, 100)] {
        let [route] = &stage.routes(RoutesOf::Best)[..] else { panic!("the only route is used") };
        assert_eq!(route.route.attributes.local_preference, Some(preference));
        assert_eq!(
            *route.route.attributes.communities,
            [Community::GRACEFUL_SHUTDOWN],
            "others learn it too"
        );
    }
}

#[test]
fn what_we_originated_does_not_come_back() {
    let stage = told(peer(2, OURS), &internal_with(attribute(0x80, 9, &[192, 0, 2, 1])));
    assert_eq!(stage.refusal(), "we originated it");
}

#[test]
fn what_passed_our_cluster_does_not_come_back() {
    let stage = told(peer(2, OURS), &internal_with(attribute(0x80, 10, &[192, 0, 2, 77, 192, 0, 2, 1])));
    assert_eq!(stage.refusal(), "our cluster is in the cluster list");
}

#[test]
fn above_its_limit_a_peer_is_heard_no_further() {
    let limits = vec![PrefixLimit { family: Family::IPV4, maximum: 1 }];
    for (action, kept) in [(AfterLimit::Drop, 1), (AfterLimit::Warn, 2), (AfterLimit::Restart(None), 0)] {
        let limits = MaxPrefixes { limits: limits.clone(), action };
        let mut stage =
            Stage::new(config(vec![PeerConfig { max_prefixes: Some(limits), ..peer(2, THEIRS) }]));
        let conn = stage.establish(2, THEIRS, None);
        stage.say(conn, &update(&[], &external(), &[BLOCK, OTHER]));
        assert_eq!(stage.kernel.len(), kept, "{action:?}");
        assert_eq!(stage.is_closed(conn), kept == 0);
        let passed = |event: &Event| matches!(event, Event::PrefixLimit { count: 2, maximum: 1, .. });
        assert!(stage.events.iter().any(passed), "{:?}", stage.events);
    }
}

/// What host 2 said with this OTC, where our role towards it is `role`.
fn told_with_otc(role: Role, otc: Option<Asn>) -> Stage {
    let mut attributes = external();
    attributes.extend(otc.map(|otc| attribute(0xc0, 35, &otc.0.to_be_bytes())));
    told(PeerConfig { role: Some(role), ..peer(2, THEIRS) }, &attributes)
}

#[test]
fn otc_from_below_is_a_leak() {
    for role in [Role::Provider, Role::RouteServer] {
        assert_eq!(told_with_otc(role, Some(THEIRS)).refusal(), "route leak", "{role:?}");
        assert_eq!(told_with_otc(role, None).kernel.len(), 1, "{role:?}");
    }
}

#[test]
fn otc_from_beside_us_is_the_peers_own_or_a_leak() {
    assert_eq!(told_with_otc(Role::Peer, Some(Asn(65999))).refusal(), "route leak");
    assert_eq!(told_with_otc(Role::Peer, Some(THEIRS)).kernel.len(), 1);
}

#[test]
fn what_comes_from_above_or_beside_us_without_otc_gets_it() {
    for role in [Role::Customer, Role::RouteServerClient, Role::Peer] {
        let stage = told_with_otc(role, None);
        let [route] = &stage.routes(RoutesOf::Best)[..] else { panic!("{role:?}: one best path") };
        assert_eq!(route.route.attributes.otc, Some(THEIRS), "{role:?}");
    }
}

/// Graceful restart with both families preserved.
pub(crate) fn graceful() -> Graceful {
    let families = Family::UNICAST.into_iter().map(|family| (family, true)).collect();
    Graceful { restarted: false, notification: false, time: 60, families, long_lived: (0, Vec::new()) }
}

#[test]
fn a_refresh_begun_before_the_end_of_rib_is_ignored() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, Some(&graceful()));
    stage.say(conn, &update(&[], &external(), &[BLOCK]));
    stage.say(conn, &[refresh(1), refresh(2)].concat());
    assert_eq!(stage.kernel.len(), 1);
    stage.say(conn, &[end_of_rib(), refresh(1), refresh(2)].concat());
    assert!(stage.kernel.is_empty(), "after it, it counts");
}

#[test]
fn the_end_of_a_refresh_that_did_not_begin_is_ignored() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, None);
    stage.say(conn, &update(&[], &external(), &[BLOCK]));
    stage.say(conn, &refresh(2));
    assert_eq!(stage.kernel.len(), 1);
}

#[test]
fn a_refresh_sweeps_what_it_did_not_repeat() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, None);
    stage.say(conn, &update(&[], &external(), &[BLOCK, OTHER]));
    stage.say(conn, &refresh(1));
    stage.say(conn, &update(&[], &external(), &[OTHER]));
    assert_eq!(stage.kernel.len(), 2, "nothing goes before the end");
    stage.say(conn, &refresh(2));
    assert_eq!(stage.kernel.iter().copied().collect::<Vec<_>>(), [net(OTHER)]);
}

#[test]
fn a_refresh_that_does_not_end_is_ended() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, None);
    stage.say(conn, &[update(&[], &external(), &[BLOCK]), refresh(1)].concat());
    stage.wait(170, &[conn]);
    assert_eq!(stage.kernel.len(), 1);
    stage.wait(20, &[conn]);
    assert!(stage.kernel.is_empty());
}

#[test]
fn requests_in_a_row_are_answered_once() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.establish(2, THEIRS, None);
    stage.wait(1, &[conn]);
    stage.heard(conn);
    stage.say(conn, &refresh(0).repeat(100));
    let begun = |message: &Message| match message {
        Message::RouteRefresh(refresh) => refresh.kind == RefreshKind::Begin,
        _ => false,
    };
    assert_eq!(stage.heard(conn).iter().filter(|message| begun(message)).count(), 1);
}

#[test]
fn a_stranger_is_shown_the_door() {
    let mut stage = Stage::new(config(vec![peer(2, THEIRS)]));
    let conn = stage.dial(9);
    assert!(stage.is_closed(conn));
    assert!(stage.heard(conn).is_empty());
    assert!(stage.events.iter().any(|event| matches!(event, Event::Refused { .. })));
}

//! Every condition, every change, lists, defaults, and what holds for all policies.

use std::borrow::Cow;
use std::sync::Arc;

use ipnet::IpNet;
use proptest::prelude::*;

use super::*;
use crate::rib::{Forwarding, KernelHint, Route};
use crate::wire::{AsPath, Attributes, Community, NextHop, Origin};
use crate::{Asn, Family};

const NODE: Neighbour<'_> = Neighbour { name: "node02", internal: true };
const TOR: Neighbour<'_> = Neighbour { name: "tor-a", internal: false };

fn route() -> Route {
    Route {
        attributes: Attributes {
            as_path: AsPath::from_sequence(&[Asn(65001), Asn(65002)]),
            med: Some(7),
            communities: [Community(64512 << 16 | 100)].into(),
            ..Attributes::default()
        },
        forwarding: Forwarding::Via(NextHop::V4([192, 168, 56, 102].into())),
        interface: Some("eth0".into()),
        kernel: KernelHint::default(),
    }
}

fn subject(route: &Route) -> Subject<'_> {
    let prefix = net("10.244.140.64/26");
    Subject { prefix, route, source: SourceKind::Bgp, peer: Some(TOR), learned_from: Some(NODE) }
}

fn net(text: &str) -> IpNet {
    text.parse().expect("a prefix")
}

fn globs(text: &str) -> Vec<Glob> {
    vec![text.parse().expect("a pattern")]
}

fn pattern(text: &str) -> CommunityPattern {
    text.parse().expect("a pattern")
}

fn rule(conditions: Vec<Condition>, set: Set, disposition: Disposition) -> Rule {
    Rule { name: "rule".into(), place: "file:1".into(), conditions, action: Action { set, disposition } }
}

fn policy(rules: Vec<Rule>, default: Disposition) -> Arc<Policy> {
    Arc::new(Policy { name: "policy".into(), place: "test:9".into(), rules, default })
}

/// The verdict of the one rule "if `condition`, accept" on [`subject`].
fn holds(condition: Condition) -> bool {
    let route = route();
    let accept = rule(vec![condition], Set::default(), Disposition::Accept);
    evaluate(&[policy(vec![accept], Disposition::Reject)], &subject(&route)).is_accept()
}

/// What [`route`] becomes by `set`.
fn changed(set: Set) -> Route {
    let route = route();
    let change = rule(vec![], set, Disposition::Accept);
    match evaluate(&[policy(vec![change], Disposition::Reject)], &subject(&route)) {
        Verdict::Accept { route, .. } => route.into_owned(),
        Verdict::Reject { by } => panic!("rejected by {by:?}"),
    }
}

#[test]
fn conditions_hold_where_they_should() {
    let set = |range| Condition::Prefix([range].into_iter().collect());
    for condition in [
        set(PrefixRange::or_longer(net("10.244.0.0/16"))),
        Condition::Source(vec![SourceKind::Static, SourceKind::Bgp]),
        Condition::Peer(globs("tor-*")),
        Condition::PeerIsInternal(false),
        Condition::LearnedFrom(globs("node*")),
        Condition::Interface(globs("eth?")),
        Condition::Community(vec![pattern("64512:*")]),
        Condition::AsPathPrefix(vec![Asn(65001)]),
        Condition::AsPathLength { min: 0, max: 2 },
        Condition::OriginAsn(vec![Asn(65002)]),
        Condition::NextHop(vec![net("192.168.56.0/24")]),
        Condition::LocalPreference(100),
        Condition::Med(7),
        Condition::Family(Family::IPV4),
        Condition::Not(vec![Condition::Med(7), Condition::LocalPreference(1)]),
    ] {
        assert!(holds(condition.clone()), "{condition:?}");
        assert!(!holds(Condition::Not(vec![condition.clone()])), "not {condition:?}");
    }
}

#[test]
fn conditions_fail_where_they_should() {
    for condition in [
        Condition::Prefix([PrefixRange::exact(net("10.244.0.0/16"))].into_iter().collect()),
        Condition::Source(vec![SourceKind::Kernel, SourceKind::Direct]),
        Condition::Peer(globs("node*")),
        Condition::PeerIsInternal(true),
        Condition::LearnedFrom(globs("tor*")),
        Condition::Interface(globs("cali*")),
        Condition::Community(vec![pattern("64512:1:*"), pattern("rt:*:*")]),
        Condition::AsPathPrefix(vec![Asn(65002)]),
        Condition::AsPathLength { min: 3, max: u32::MAX },
        Condition::OriginAsn(vec![Asn(65001)]),
        Condition::NextHop(vec![net("192.168.57.0/24"), net("::/0")]),
        Condition::LocalPreference(0),
        Condition::Med(0),
        Condition::Family(Family::IPV6),
        Condition::Not(vec![]),
    ] {
        assert!(!holds(condition.clone()), "{condition:?}");
    }
}

#[test]
fn a_local_route_has_no_peer_next_hop_or_interface() {
    let route = Route { forwarding: Forwarding::Blackhole, interface: None, ..route() };
    let subject = Subject { source: SourceKind::Static, peer: None, learned_from: None, ..subject(&route) };
    for condition in [
        Condition::Peer(globs("*")),
        Condition::PeerIsInternal(false),
        Condition::PeerIsInternal(true),
        Condition::LearnedFrom(globs("*")),
        Condition::Interface(globs("*")),
        Condition::NextHop(vec![net("0.0.0.0/0")]),
    ] {
        assert!(!condition.holds(&subject, &route), "{condition:?}");
    }
}

#[test]
fn changes_reach_their_attribute() {
    let set = Set {
        local_preference: Some(200),
        med: Some(0),
        next_hop: Some(NextHopAction::Address("2001:db8::1".parse().expect("an address"))),
        origin: Some(Origin::Incomplete),
        add_communities: vec![Community(1), Community(1)],
        remove_communities: vec![pattern("64512:*")],
        prepend: vec![Asn(64512), Asn(64512)],
        metric: Some(1024),
        tunnel: Some("tunl0".into()),
        source_address: Some([192, 168, 56, 101].into()),
        ..Set::default()
    };
    let global = "2001:db8::1".parse().expect("an address");
    let expected = Route {
        attributes: Attributes {
            origin: Origin::Incomplete,
            as_path: AsPath::from_sequence(&[Asn(64512), Asn(64512), Asn(65001), Asn(65002)]),
            local_preference: Some(200),
            med: Some(0),
            communities: [Community(1)].into(),
            ..Attributes::default()
        },
        forwarding: Forwarding::Via(NextHop::V6 { global, link_local: None }),
        interface: Some("eth0".into()),
        kernel: KernelHint {
            metric: Some(1024),
            tunnel: Some("tunl0".into()),
            source_address: Some([192, 168, 56, 101].into()),
        },
    };
    assert_eq!(changed(set), expected);
}

#[test]
fn our_own_address_as_next_hop_is_left_to_the_session() {
    let original = route();
    let own = Set { next_hop: Some(NextHopAction::Own), ..Set::default() };
    let verdict_of = |set| {
        let rules = vec![rule(vec![], set, Disposition::Accept)];
        evaluate(&[policy(rules, Disposition::Reject)], &subject(&original))
    };
    match verdict_of(own) {
        Verdict::Accept { route, next_hop, .. } => {
            assert_eq!(next_hop, Some(NextHopAction::Own));
            assert_eq!(*route, original);
        }
        Verdict::Reject { by } => panic!("rejected by {by:?}"),
    }
}

#[test]
fn a_med_that_a_rule_set_is_ours_even_where_it_was_the_same() {
    let mut original = route();
    original.attributes.med = Some(50);
    let sets_med = |set| {
        let rules = vec![rule(vec![], set, Disposition::Accept)];
        let policies = [policy(rules, Disposition::Reject)];
        matches!(evaluate(&policies, &subject(&original)), Verdict::Accept { sets_med: true, .. })
    };
    assert!(sets_med(Set { med: Some(50), ..Set::default() }));
    assert!(!sets_med(Set { local_preference: Some(50), ..Set::default() }));
}

#[test]
fn a_community_that_is_there_is_not_added_again() {
    let set = Set { add_communities: vec![Community(64512 << 16 | 100)], ..Set::default() };
    assert_eq!(changed(set), route());
}

#[test]
fn an_accepted_route_that_nothing_changed_is_borrowed() {
    let route = route();
    let verdict = evaluate(&[Arc::new(Policy::accept_all())], &subject(&route));
    assert!(matches!(verdict, Verdict::Accept { route: Cow::Borrowed(_), next_hop: None, .. }));
}

#[test]
fn the_first_decisive_rule_wins() {
    let route = route();
    let rules = vec![
        rule(vec![Condition::Med(0)], Set::default(), Disposition::Reject),
        rule(vec![Condition::Med(7)], Set::default(), Disposition::Accept),
        rule(vec![], Set::default(), Disposition::Reject),
    ];
    let verdict = evaluate(&[policy(rules, Disposition::Reject)], &subject(&route));
    assert!(verdict.is_accept());
    assert_eq!(verdict.by(), Decided::Rule { policy: 0, rule: 1 });
}

#[test]
fn a_rule_that_passes_on_has_changed_what_the_next_one_sees() {
    let route = route();
    let rules = vec![
        rule(vec![], Set { med: Some(9), ..Set::default() }, Disposition::Next),
        rule(vec![Condition::Med(9)], Set { med: Some(10), ..Set::default() }, Disposition::Next),
    ];
    let policies = [policy(rules, Disposition::Next), Arc::new(Policy::accept_all())];
    match evaluate(&policies, &subject(&route)) {
        Verdict::Accept { route, by, .. } => {
            assert_eq!(route.attributes.med, Some(10));
            assert_eq!(by, Decided::Default { policy: 1 });
        }
        Verdict::Reject { by } => panic!("rejected by {by:?}"),
    }
}

#[test]
fn the_end_of_the_list_rejects() {
    let route = route();
    let verdict = evaluate(&[policy(vec![], Disposition::Next)], &subject(&route));
    assert_eq!(verdict, Verdict::Reject { by: Decided::EndOfList });
    assert_eq!(evaluate(&[], &subject(&route)), Verdict::Reject { by: Decided::EndOfList });
}

#[test]
fn without_a_policy_external_peers_get_and_give_nothing() {
    let route = route();
    let rejected = Verdict::Reject { by: Decided::Unconfigured };
    assert_eq!(evaluate_session(None, &subject(&route)), rejected);
    for peer in [Some(NODE), None] {
        let verdict = evaluate_session(None, &Subject { peer, ..subject(&route) });
        assert!(verdict.is_accept());
        assert!(!verdict.by().explain(&[]).contains("RFC 8212"), "which is about external peers");
    }
    let accept = [Arc::new(Policy::accept_all())];
    assert!(evaluate_session(Some(&accept), &subject(&route)).is_accept());
}

#[test]
fn a_recording_tells_which_condition_failed() {
    let route = route();
    let rules = vec![
        rule(vec![Condition::Med(7), Condition::Med(0)], Set::default(), Disposition::Reject),
        rule(vec![], Set::default(), Disposition::Accept),
    ];
    let mut steps: Vec<Step> = Vec::new();
    let policies = [policy(rules, Disposition::Reject)];
    let verdict = evaluate_recorded(&policies, &subject(&route), &mut steps);
    let expected = [Step { policy: 0, rule: 0, failed: Some(1) }, Step { policy: 0, rule: 1, failed: None }];
    assert_eq!(steps, expected);
    assert_eq!(verdict.by().explain(&policies), "policy policy, rule rule (file:1)");
}

#[test]
fn an_account_names_what_a_negation_excludes() {
    let route = route();
    let excluded =
        Condition::Not(vec![Condition::Family(Family::IPV4), Condition::Not(vec![Condition::Med(8)])]);
    let rules = vec![rule(vec![excluded], Set::default(), Disposition::Accept)];
    let policies = [policy(rules, Disposition::Reject)];
    let mut steps: Vec<Step> = Vec::new();
    let by = evaluate_recorded(&policies, &subject(&route), &mut steps).by();
    let expected = "policy policy, rule rule (file:1) does not match: not { family, not { med } }";
    assert_eq!(Account::of(&policies, &steps, by).tried, [expected]);
}

#[test]
fn only_questions_about_the_peer_split_what_peers_share() {
    let asks = |condition| {
        policy(vec![rule(vec![condition], Set::default(), Disposition::Accept)], Disposition::Reject)
            .asks_for_peer()
    };
    assert!(asks(Condition::Peer(globs("tor*"))));
    assert!(asks(Condition::Not(vec![Condition::Peer(globs("tor*"))])));
    assert!(!asks(Condition::PeerIsInternal(true)));
    assert!(!asks(Condition::LearnedFrom(globs("tor*"))));
}

#[test]
fn only_questions_about_the_prefix_are_asked_for_each() {
    let asks = |condition| {
        policy(vec![rule(vec![condition], Set::default(), Disposition::Accept)], Disposition::Reject)
            .asks_for_prefix()
    };
    let range = PrefixRange { min: 0, max: 32, prefix: "10.0.0.0/8".parse().expect("a prefix") };
    let within = || Condition::Prefix([range].into_iter().collect());
    assert!(asks(within()));
    assert!(asks(Condition::Not(vec![Condition::Med(1), within()])));
    assert!(!asks(Condition::Family(Family::IPV4)), "all prefixes of an UPDATE's field are of one");
    assert!(!asks(Condition::Med(1)));
}

fn any_condition() -> impl Strategy<Value = Condition> {
    let leaf = prop_oneof![
        (0..9u32).prop_map(Condition::Med),
        any::<bool>().prop_map(Condition::PeerIsInternal),
        Just(Condition::Community(vec![pattern("64512:*")])),
        Just(Condition::AsPathPrefix(vec![Asn(65001)])),
    ];
    leaf.prop_recursive(2, 8, 3, |inner| prop::collection::vec(inner, 0..3).prop_map(Condition::Not))
}

fn any_disposition() -> impl Strategy<Value = Disposition> {
    prop_oneof![Just(Disposition::Accept), Just(Disposition::Reject), Just(Disposition::Next)]
}

fn any_rule() -> impl Strategy<Value = Rule> {
    let set =
        (prop::option::of(0..9u32), any::<bool>(), any::<bool>()).prop_map(|(med, scrub, prepend)| Set {
            med,
            remove_communities: scrub.then(|| pattern("*")).into_iter().collect(),
            prepend: prepend.then_some(Asn(65001)).into_iter().collect(),
            ..Set::default()
        });
    (prop::collection::vec(any_condition(), 0..3), set, any_disposition())
        .prop_map(|(conditions, set, disposition)| rule(conditions, set, disposition))
}

fn any_policies() -> impl Strategy<Value = Vec<Arc<Policy>>> {
    let one = (prop::collection::vec(any_rule(), 0..5), any_disposition());
    prop::collection::vec(one.prop_map(|(rules, default)| policy(rules, default)), 0..4)
}

proptest! {
    #[test]
    fn listening_changes_nothing(policies in any_policies()) {
        let route = route();
        let mut steps: Vec<Step> = Vec::new();
        let heard = evaluate_recorded(&policies, &subject(&route), &mut steps);
        prop_assert_eq!(&heard, &evaluate(&policies, &subject(&route)));
        if let Decided::Rule { policy, rule } = heard.by() {
            prop_assert_eq!(steps.last(), Some(&Step { policy, rule, failed: None }));
        }
    }

    #[test]
    fn what_a_rejecting_rule_sets_matters_to_nobody(policies in any_policies()) {
        let bare: Vec<Arc<Policy>> = policies.iter().map(|policy| {
            let mut policy = Policy::clone(policy);
            for rule in &mut policy.rules {
                if rule.action.disposition == Disposition::Reject {
                    rule.action.set = Set::default();
                }
            }
            Arc::new(policy)
        }).collect();
        let route = route();
        prop_assert_eq!(evaluate(&policies, &subject(&route)), evaluate(&bare, &subject(&route)));
    }
}

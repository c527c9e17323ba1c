//! What another configuration does to routes that are there: they are judged anew, towards the kernel too, without a
//! word on the wire but the difference.

use std::sync::Arc;

use crate::script::{Stage, THEIRS, config, host, net, open, peer, update, usual};
use bgp_core::peer::{AfterLimit, MaxPrefixes, PeerConfig, PrefixLimit};
use bgp_core::policy::{Action, Disposition, Policy, Rule};
use bgp_core::speaker::{
    Admin, Concern, Config, ConnId, DynamicPeers, Effect, FibRoute, Input, compare, differences,
};
use bgp_core::wire::{Message, RefreshKind};
use bgp_core::{Asn, Family};
use ipnet::IpNet;

const BLOCK: &str = "198.51.100.0/24";
const OTHERS: Asn = Asn(65003);

fn ours() -> Config {
    config(vec![peer(2, THEIRS), peer(3, OTHERS)])
}

fn reject_all() -> Vec<Arc<Policy>> {
    vec![Arc::new(Policy::reject_all())]
}

/// Host 2 has announced [`BLOCK`], and host 3 has heard of it.
fn spread() -> (Stage, [ConnId; 2]) {
    let mut stage = Stage::new(ours());
    let [teller, listener] = [(2, THEIRS), (3, OTHERS)].map(|(n, asn)| stage.establish(n, asn, None));
    stage.say(teller, &update(&[], &usual(&[THEIRS], host(2), false), &[BLOCK]));
    stage.heard(teller);
    stage.heard(listener);
    assert_eq!(stage.kernel.len(), 1);
    (stage, [teller, listener])
}

fn reconfigure(stage: &mut Stage, config: Config) {
    stage.input(Input::Reconfigure(Box::new(config)));
}

/// What a peer was told since the last time: what was announced, and what was withdrawn. Nothing else was said.
fn told(stage: &mut Stage, conn: ConnId) -> (Vec<IpNet>, Vec<IpNet>) {
    assert!(!stage.is_closed(conn), "the session goes on");
    let (mut announced, mut withdrawn) = (Vec::new(), Vec::new());
    for message in stage.heard(conn) {
        let Message::Update(update) = message else { panic!("{message:?}") };
        announced.extend(update.announced.iter().map(|nlri| nlri.prefix));
        withdrawn.extend(update.withdrawn.iter().map(|nlri| nlri.prefix));
    }
    (announced, withdrawn)
}

#[test]
fn another_import_policy_asks_nobody() {
    let (mut stage, [teller, listener]) = spread();
    let deaf = PeerConfig { import: Some(reject_all()), ..peer(2, THEIRS) };
    reconfigure(&mut stage, config(vec![deaf, peer(3, OTHERS)]));
    assert!(stage.kernel.is_empty());
    assert_eq!(told(&mut stage, listener), (vec![], vec![net(BLOCK)]));
    reconfigure(&mut stage, ours());
    assert_eq!(stage.kernel.len(), 1);
    assert_eq!(told(&mut stage, listener), (vec![net(BLOCK)], vec![]));
    assert_eq!(told(&mut stage, teller), (vec![], vec![]), "what it said is remembered");
}

/// An operator's word counts until the configuration says something else of the peer.
#[test]
fn who_runs_at_an_operators_wish_is_changed_like_any_other() {
    let disabled = |change: PeerConfig| config(vec![PeerConfig { enabled: false, ..change }]);
    let mut stage = Stage::new(disabled(peer(2, THEIRS)));
    let id = stage.speaker.peer_id("h2").expect("it is configured");
    stage.input(Input::Admin { peer: id, action: Admin::Enable });
    let conn = stage.establish(2, THEIRS, None);
    stage.wait(11, &[conn]);
    stage.say(conn, &update(&[], &usual(&[THEIRS], host(2), false), &[BLOCK]));
    assert_eq!(stage.kernel.len(), 1);
    reconfigure(&mut stage, disabled(PeerConfig { import: Some(reject_all()), ..peer(2, THEIRS) }));
    assert!(stage.kernel.is_empty());
    assert!(!stage.is_closed(conn));
    reconfigure(&mut stage, disabled(peer(2, OTHERS)));
    assert!(stage.is_closed(conn), "it is another neighbour");
}

#[test]
fn another_export_policy_takes_back_what_it_rejects() {
    let (mut stage, [_, listener]) = spread();
    let mute = PeerConfig { export: Some(reject_all()), ..peer(3, OTHERS) };
    reconfigure(&mut stage, config(vec![peer(2, THEIRS), mute]));
    assert_eq!(told(&mut stage, listener), (vec![], vec![net(BLOCK)]));
    reconfigure(&mut stage, ours());
    assert_eq!(told(&mut stage, listener), (vec![net(BLOCK)], vec![]));
    assert_eq!(stage.kernel.len(), 1);
}

/// A range is not asked for once, when somebody comes from it: its clients are its clients.
#[test]
fn another_policy_of_a_range_reaches_those_who_have_come() {
    let ranged = |template: PeerConfig| {
        let range = DynamicPeers { prefix: net("192.0.2.0/24"), limit: 10, template };
        Config { dynamic_peers: vec![range], ..config(vec![peer(2, THEIRS)]) }
    };
    let mut stage = Stage::new(ranged(peer(9, OTHERS)));
    let teller = stage.establish(2, THEIRS, None);
    let listener = stage.dial(3);
    stage.introduce(listener, &open(3, OTHERS, None));
    stage.wait(11, &[teller, listener]);
    stage.say(teller, &update(&[], &usual(&[THEIRS], host(2), false), &[BLOCK]));
    stage.heard(teller);
    stage.heard(listener);
    reconfigure(&mut stage, ranged(PeerConfig { export: Some(reject_all()), ..peer(9, OTHERS) }));
    assert_eq!(told(&mut stage, listener), (vec![], vec![net(BLOCK)]));
    reconfigure(&mut stage, ranged(peer(9, OTHERS)));
    assert_eq!(told(&mut stage, listener), (vec![net(BLOCK)], vec![]));
}

#[test]
fn another_kernel_policy_removes_what_it_rejects() {
    let (mut stage, [_, listener]) = spread();
    reconfigure(&mut stage, Config { kernel_export: Some(reject_all()), ..ours() });
    assert!(stage.kernel.is_empty());
    assert_eq!(told(&mut stage, listener), (vec![], vec![]), "peers are not concerned");
    reconfigure(&mut stage, ours());
    assert_eq!(stage.kernel.len(), 1);
}

#[test]
fn another_number_of_paths_counts_for_what_is_there() {
    let (mut stage, [_, other]) = spread();
    stage.say(other, &update(&[], &usual(&[OTHERS], host(3), false), &[BLOCK]));
    for multipath in [2, 1] {
        reconfigure(&mut stage, Config { multipath, ..ours() });
        let wish = stage.wishes.last().and_then(|change| change.route.as_ref());
        let Some(FibRoute::Forward { hops, .. }) = wish else { panic!("a way: {wish:?}") };
        assert_eq!(hops.len(), usize::from(multipath));
    }
}

/// Routes above a limit were not kept: only the peer can say them again.
#[test]
fn a_raised_limit_asks_for_what_was_dropped() {
    let limited = |maximum| {
        let limits = vec![PrefixLimit { family: Family::IPV4, maximum }];
        let max_prefixes = Some(MaxPrefixes { limits, action: AfterLimit::Drop });
        config(vec![PeerConfig { max_prefixes, ..peer(2, THEIRS) }, peer(3, OTHERS)])
    };
    let mut stage = Stage::new(limited(1));
    let [teller, listener] = [(2, THEIRS), (3, OTHERS)].map(|(n, asn)| stage.establish(n, asn, None));
    let everything = update(&[], &usual(&[THEIRS], host(2), false), &[BLOCK, "203.0.113.0/24"]);
    stage.say(teller, &everything);
    stage.heard(teller);
    assert_eq!(told(&mut stage, listener).0.len(), 1, "the other is dropped");
    reconfigure(&mut stage, limited(2));
    let asked = stage.heard(teller);
    let is_request = |message: &Message| matches!(message, Message::RouteRefresh(refresh) if refresh.kind == RefreshKind::Request);
    assert!(asked.iter().any(is_request), "{asked:?}");
    stage.say(teller, &everything);
    assert_eq!(told(&mut stage, listener), (vec![net("203.0.113.0/24")], vec![]));
}

/// A line added to a file moves every rule below it.
#[test]
fn a_rule_that_only_moved_disturbs_nobody() {
    let at = |place: &str| {
        let action = Action::only(Disposition::Accept);
        let rule = Rule { name: "all".into(), place: place.into(), conditions: Vec::new(), action };
        let policy = Policy {
            name: "p".into(),
            place: "test:9".into(),
            rules: vec![rule],
            default: Disposition::Reject,
        };
        Some(vec![Arc::new(policy)])
    };
    let placed = |place| PeerConfig { import: at(place), export: at(place), ..peer(3, OTHERS) };
    assert_eq!(compare(&placed("a:1"), &placed("a:2")), Effect::Nothing);
    let mut stage = Stage::new(config(vec![peer(2, THEIRS), placed("a:1")]));
    let [teller, listener] = [(2, THEIRS), (3, OTHERS)].map(|(n, asn)| stage.establish(n, asn, None));
    stage.say(teller, &update(&[], &usual(&[THEIRS], host(2), false), &[BLOCK]));
    stage.heard(teller);
    stage.heard(listener);
    reconfigure(&mut stage, config(vec![peer(2, THEIRS), placed("a:2")]));
    assert_eq!(told(&mut stage, listener), (vec![], vec![]));
    let explained = stage.speaker.view().explain(net(BLOCK), Concern::Everything).expect("it is there");
    let reasons: Vec<&str> = explained.steps.iter().map(|step| step.reason.as_str()).collect();
    assert!(reasons.iter().any(|reason| reason.contains("a:2")), "the line of now: {reasons:?}");
    assert!(!reasons.iter().any(|reason| reason.contains("a:1")), "and no other: {reasons:?}");
}

#[test]
fn a_change_costs_as_much_as_its_costliest_field() {
    let old = peer(2, THEIRS);
    let effect = |new: &PeerConfig| compare(&old, new);
    let described = PeerConfig { description: "rack 4".into(), ..old.clone() };
    assert_eq!(effect(&described), Effect::Nothing);
    let filtered = PeerConfig { import: Some(reject_all()), ..described };
    assert_eq!(effect(&filtered), Effect::Policy);
    let mute = PeerConfig { families: vec![Family::IPV6], ..filtered };
    assert_eq!(effect(&mute), Effect::Reopen);
    let disabled = PeerConfig { enabled: false, ..mute };
    assert_eq!(effect(&disabled), Effect::Reset, "its session ends");
    let fields: Vec<&str> = differences(&old, &disabled).iter().map(|one| one.field).collect();
    assert_eq!(fields, ["description", "enabled", "families", "import"]);
}

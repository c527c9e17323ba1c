//! What another configuration does to routes that are there: they are judged anew, towards the kernel too, without a
//! word on the wire but the difference.

use std::sync::Arc;

use crate::script::{Stage, THEIRS, config, host, net, open, peer, update, usual};
use bgp_core::Asn;
use bgp_core::peer::PeerConfig;
use bgp_core::policy::Policy;
use bgp_core::speaker::{Config, ConnId, DynamicPeers, FibRoute, Input};
use bgp_core::wire::Message;
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

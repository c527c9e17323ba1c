//! Headless: the routes of the last peer of a kind, where the operator says so.

use std::time::Duration;

use crate::script::{
    Graceful, OURS, Stage, THEIRS, config, end_of_rib, host, message, net, peer, update, usual,
};
use bgp_core::Family;
use bgp_core::peer::PeerConfig;
use bgp_core::speaker::{Admin, Config, ConnId, Event, Input};

const BLOCK: &str = "198.51.100.0/24";
const OTHER: &str = "203.0.113.0/24";

/// Two reflectors, 2 and 3, and an external peer, 4: each of the reflectors may be the last for ten minutes.
fn ours() -> Config {
    let reflector = |n| PeerConfig { headless: Duration::from_secs(600), ..peer(n, OURS) };
    config(vec![reflector(2), reflector(3), peer(4, THEIRS)])
}

fn tells(n: u8, announced: &[&str]) -> Vec<u8> {
    update(&[], &usual(&[THEIRS], host(n), true), announced)
}

/// Both reflectors told [`BLOCK`], the first one [`OTHER`] too, and then the second one hung up for good.
fn one_left() -> (Stage, ConnId) {
    let mut stage = Stage::new(ours());
    let [first, second] = [2, 3].map(|n| stage.establish(n, OURS, None));
    stage.say(first, &tells(2, &[BLOCK, OTHER]));
    stage.say(second, &tells(3, &[BLOCK]));
    stage.say(second, &message(3, &[6, 2]));
    (stage, first)
}

/// Neither is left.
fn headless() -> Stage {
    let (mut stage, first) = one_left();
    assert_eq!(since(&stage), None);
    stage.say(first, &message(3, &[6, 2]));
    assert_eq!(stage.kernel.len(), 2, "it forwards as it did");
    assert_eq!(since(&stage), Some(0));
    stage
}

/// For how long, as the status has it.
fn since(stage: &Stage) -> Option<u64> {
    let since = stage.speaker.view().summary().headless;
    since.map(|since| stage.now.since(since).as_secs())
}

fn administer(stage: &mut Stage, peer: &str, action: Admin) {
    let peer = stage.speaker.peer_id(peer).expect("it is configured");
    stage.input(Input::Admin { peer, action });
}

#[test]
fn the_last_of_a_kind_is_missed_for_as_long_as_the_operator_says() {
    let mut stage = headless();
    assert!(
        stage.events.iter().any(|event| matches!(event, Event::Headless { peer, .. } if &**peer == "h2"))
    );
    stage.wait(598, &[]);
    assert_eq!((stage.kernel.len(), since(&stage)), (2, Some(598)));
    stage.wait(2, &[]);
    assert_eq!((stage.kernel.len(), since(&stage)), (0, None));
}

#[test]
fn it_is_no_loss_while_another_is_there() {
    let mut stage = Stage::new(ours());
    let [first, second] = [2, 3].map(|n| stage.establish(n, OURS, None));
    stage.say(first, &tells(2, &[BLOCK, OTHER]));
    stage.say(second, &tells(3, &[BLOCK]));
    stage.lose(first);
    assert_eq!(stage.kernel.iter().copied().collect::<Vec<_>>(), [net(BLOCK)]);
}

#[test]
fn a_session_of_the_other_family_is_no_substitute() {
    let mut config = ours();
    config.peers[0].families = vec![Family::IPV4];
    config.peers[1].families = vec![Family::IPV6];
    let mut stage = Stage::new(config);
    let [first, _second] = [2, 3].map(|n| stage.establish(n, OURS, None));
    stage.say(first, &tells(2, &[BLOCK]));
    stage.say(first, &message(3, &[6, 2]));
    assert_eq!((stage.kernel.len(), since(&stage)), (1, Some(0)), "nobody is left who tells IPv4");
}

#[test]
fn a_peer_of_another_kind_is_no_substitute_and_not_kept() {
    let (mut stage, first) = one_left();
    let outside = stage.establish(4, THEIRS, None);
    stage.say(outside, &update(&[], &usual(&[THEIRS], host(4), false), &["192.0.2.128/25"]));
    stage.lose(first);
    assert_eq!(stage.kernel.len(), 3);
    stage.lose(outside);
    assert_eq!(stage.kernel.len(), 2);
}

#[test]
fn kinds_are_missed_apart() {
    let mut ours = ours();
    ours.peers[2].headless = Duration::from_secs(600);
    let mut stage = Stage::new(ours);
    let [inside, outside] = [(2, OURS), (4, THEIRS)].map(|(n, asn)| stage.establish(n, asn, None));
    stage.say(inside, &tells(2, &[BLOCK]));
    stage.lose(inside);
    assert_eq!(stage.kernel.len(), 1, "the other does not tell the same");
    stage.say(outside, &end_of_rib());
    assert_eq!(stage.kernel.len(), 1);
}

#[test]
fn whoever_comes_back_first_ends_it_by_its_end_of_rib() {
    for n in [2, 3] {
        let mut stage = headless();
        stage.wait(100, &[]);
        let back = stage.establish(n, OURS, None);
        stage.say(back, &tells(n, &[OTHER]));
        assert_eq!(stage.kernel.len(), 2, "host {n} has not told everything yet");
        stage.say(back, &end_of_rib());
        assert_eq!(stage.kernel.iter().copied().collect::<Vec<_>>(), [net(OTHER)], "host {n}");
        stage.wait(1, &[back]);
        assert!(stage.events.iter().any(|event| matches!(event, Event::Thawed { .. })) || n == 2);
    }
}

#[test]
fn who_is_back_but_never_ends_is_not_waited_for_for_ever() {
    let mut stage = headless();
    let back = stage.establish(2, OURS, None);
    stage.say(back, &tells(2, &[OTHER]));
    stage.wait(178, &[back]);
    assert_eq!(stage.kernel.len(), 2);
    stage.wait(3, &[back]);
    assert_eq!(stage.kernel.len(), 1);
}

#[test]
fn it_begins_where_graceful_restart_ends() {
    let (mut stage, first) = one_left();
    stage.say(first, &message(3, &[6, 2]));
    let families = vec![(Family::IPV4, true)];
    let graceful =
        Graceful { restarted: false, notification: true, time: 60, families, long_lived: (0, vec![]) };
    let back = stage.establish(3, OURS, Some(&graceful));
    stage.say(back, &[tells(3, &[BLOCK]), end_of_rib()].concat());
    stage.lose(back);
    assert_eq!((stage.kernel.len(), since(&stage)), (1, None));
    stage.wait(61, &[]);
    assert_eq!((stage.kernel.len(), since(&stage)), (1, Some(61)), "its restart time counts");
    stage.wait(537, &[]);
    assert_eq!(stage.kernel.len(), 1);
    stage.wait(3, &[]);
    assert!(stage.kernel.is_empty());
}

#[test]
fn what_we_end_ourselves_is_not_missed() {
    let (mut stage, _) = one_left();
    administer(&mut stage, "h2", Admin::Disable { text: String::new() });
    assert!(stage.kernel.is_empty());
    let mut stage = headless();
    administer(&mut stage, "h2", Admin::Disable { text: String::new() });
    assert!(stage.kernel.is_empty());
    let mut stage = headless();
    let mut less = ours();
    less.peers.remove(0);
    stage.input(Input::Reconfigure(Box::new(less)));
    assert!(stage.kernel.is_empty());
}

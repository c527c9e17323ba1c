//! Leaving for good, RFC 8326: traffic is asked away before the sessions go.

use std::time::Duration;

use crate::script::{Graceful, OURS, Stage, THEIRS, config, host, net, peer, update, usual};
use bgp_core::Asn;
use bgp_core::speaker::{ConnId, Input};
use bgp_core::wire::{Attributes, Cease, Community, ErrorCode, Message};

const BLOCK: &str = "198.51.100.0/24";

/// Host 2 announced [`BLOCK`], an external and an internal listener heard of it.
fn spread() -> (Stage, [ConnId; 3]) {
    let peers = vec![peer(2, THEIRS), peer(3, Asn(65003)), peer(4, OURS)];
    let mut stage = Stage::new(config(peers));
    let knowing = Graceful {
        restarted: false,
        notification: true,
        time: 60,
        families: vec![],
        long_lived: (0, vec![]),
    };
    let teller = stage.establish(2, THEIRS, None);
    let outside = stage.establish(3, Asn(65003), None);
    let inside = stage.establish(4, OURS, Some(&knowing));
    stage.say(teller, &update(&[], &usual(&[THEIRS], host(2), false), &[BLOCK]));
    for listener in [outside, inside] {
        let attributes = told(&mut stage, listener).expect("it heard");
        assert!(attributes.communities.is_empty());
    }
    (stage, [teller, outside, inside])
}

/// What a listener heard last of [`BLOCK`].
fn told(stage: &mut Stage, conn: ConnId) -> Option<Attributes> {
    let told = |message| match message {
        Message::Update(update) if update.announced.iter().any(|nlri| nlri.prefix == net(BLOCK)) => {
            update.attributes
        }
        _ => None,
    };
    stage.heard(conn).into_iter().filter_map(told).next_back()
}

#[test]
fn everybody_is_asked_to_prefer_others_and_asked_back() {
    let (mut stage, [_, outside, inside]) = spread();
    stage.input(Input::Drain);
    stage.sleep(Duration::ZERO);
    assert!(stage.drained);
    for (listener, preference) in [(outside, None), (inside, Some(0))] {
        let attributes = told(&mut stage, listener).expect("it is told again");
        assert_eq!(*attributes.communities, [Community::GRACEFUL_SHUTDOWN]);
        assert_eq!(attributes.local_preference, preference);
    }
    assert!(stage.speaker.view().summary().draining);
    stage.input(Input::Undrain);
    for (listener, preference) in [(outside, None), (inside, Some(100))] {
        let attributes = told(&mut stage, listener).expect("it is told again");
        assert!(attributes.communities.is_empty());
        assert_eq!(attributes.local_preference, preference);
    }
}

#[test]
fn who_comes_meanwhile_is_told_so_at_once() {
    let (mut stage, [_, outside, _]) = spread();
    stage.input(Input::Drain);
    stage.lose(outside);
    let again = stage.dial(3);
    stage.open(again, 3, Asn(65003), None);
    let attributes = told(&mut stage, again).expect("it is told");
    assert_eq!(*attributes.communities, [Community::GRACEFUL_SHUTDOWN]);
}

#[test]
fn a_slow_listener_is_waited_for() {
    let (mut stage, [_, outside, _]) = spread();
    stage.slow.insert(outside);
    stage.input(Input::Drain);
    stage.sleep(Duration::from_secs(5));
    assert!(!stage.drained, "it does not read");
    stage.slow.clear();
    stage.pull(outside);
    stage.sleep(Duration::ZERO);
    assert!(stage.drained);
}

#[test]
fn afterwards_it_goes_for_good() {
    let (mut stage, [_, outside, inside]) = spread();
    stage.input(Input::Drain);
    stage.heard(outside);
    stage.heard(inside);
    stage.input(Input::Stop { silently: false, text: "moving".to_owned() });
    for (listener, subcode) in [(outside, Cease::AdministrativeShutdown), (inside, Cease::HardReset)] {
        let heard = stage.heard(listener);
        let [Message::Notification(farewell)] = &heard[..] else { panic!("one NOTIFICATION: {heard:?}") };
        assert_eq!((farewell.code, farewell.subcode), (ErrorCode::Cease, subcode.octet()));
        assert!(farewell.to_string().contains("moving"), "{farewell}");
    }
}

#[test]
fn who_will_be_back_goes_without_a_word() {
    let (mut stage, [_, outside, inside]) = spread();
    stage.input(Input::Stop { silently: true, text: String::new() });
    for listener in [outside, inside] {
        assert!(stage.is_closed(listener));
        assert_eq!(stage.heard(listener), [], "a NOTIFICATION would take our routes along");
    }
}

//! Leaving for good: what peers hear first and last, what `drain` says, and how it ends.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::host::Host;

const BLOCK: &str = "10.1.0.0/24";

/// A host with a block, and a peer that knows it.
fn neighbours() -> (Host, Host) {
    let (mut a, mut b) = (Host::new(), Host::new());
    let block = format!("[[originate]]\nprefix = \"{BLOCK}\"\nkind = \"announce\"\n");
    a.run(&format!("{block}{}", b.as_peer("b", &a, "")));
    b.run(&a.as_peer("a", &b, ""));
    assert_eq!(b.until_route(BLOCK)["communities"], json!([]));
    (a, b)
}

/// Waits until the peer has heard how much the block is to be preferred, and why.
fn until_preferred(b: &Host, preference: u32, communities: &serde_json::Value) {
    b.until("the block is told again", || {
        let route = b.route(BLOCK).unwrap_or_default();
        route["local_preference"] == preference && route["communities"] == *communities
    });
}

/// The session ended for good, and the block went with it.
fn assert_forgotten(b: &Host) {
    b.until("the session is gone", || b.peer("a", "state") != "Established");
    b.until("the block is gone", || b.route(BLOCK).is_none());
    let reason = b.peer("a", "last_error");
    assert!(reason.as_str().is_some_and(|reason| reason.contains("drained")), "{reason}");
    assert!(b.log().contains("hard reset"), "{}", b.log());
}

#[test]
fn a_drained_daemon_asks_traffic_away_then_leaves_and_whoever_waits_sees_its_end() {
    let (mut a, b) = neighbours();
    assert_eq!(a.json(&["status"])["draining"], json!(null));
    let waited = std::thread::scope(|scope| {
        let waiting = scope.spawn(|| a.ask(&["drain", "--wait", "--timeout", "60s"]));
        until_preferred(&b, 0, &json!(["graceful-shutdown"]));
        assert_eq!(b.peer("a", "state"), "Established", "first it is told, then it ends");
        waiting.join().expect("it ends")
    });
    assert_eq!(waited.status.code(), Some(0), "{waited:?}\n{}", a.log());
    assert!(!a.path("control.sock").exists());
    assert_eq!(a.wait().code(), Some(0));
    assert_forgotten(&b);
}

#[test]
fn a_drain_can_be_undone() {
    let (a, b) = neighbours();
    assert_eq!(a.ask(&["drain", "--undo"]).status.code(), Some(1), "there is none");
    assert_eq!(a.ask(&["drain", "--timeout", "600"]).status.code(), Some(0));
    let draining = a.json(&["status"])["draining"].clone();
    assert!(draining["remaining"].as_u64().is_some_and(|seconds| seconds <= 600), "{draining}");
    let shown = String::from_utf8_lossy(&a.ask(&["status"]).stdout).into_owned();
    assert!(shown.contains("Draining"), "{shown}");
    assert_eq!(a.ask(&["drain", "--undo"]).status.code(), Some(0));
    assert_eq!(a.json(&["status"])["draining"], json!(null));
    until_preferred(&b, 100, &json!([]));
    assert_eq!(b.peer("a", "state"), "Established");
}

#[test]
fn a_signal_during_a_drain_makes_it_leave_for_good_at_once() {
    let (mut a, b) = neighbours();
    assert!(a.ask(&["drain", "--timeout", "600"]).status.success());
    a.signal(Signal::SIGTERM);
    assert_eq!(a.wait().code(), Some(0));
    assert_forgotten(&b);
}

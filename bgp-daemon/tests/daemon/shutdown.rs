//! Leaving: what peers hear, and what stays behind.

use crate::host::Host;
use nix::sys::signal::Signal;

fn stop_one_of_two(graceful: bool) -> Host {
    let (mut a, mut b) = (Host::new(), Host::new());
    let restart = format!("[graceful_restart]\nenabled = {graceful}\n");
    let block = "[[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n";
    a.run(&format!("{restart}{block}{}", b.as_peer("b", &a, "")));
    b.run(&format!("{restart}{}", a.as_peer("a", &b, "")));
    b.until_route("10.1.0.0/24");
    a.signal(Signal::SIGTERM);
    assert_eq!(a.wait().code(), Some(0));
    assert!(!a.path("control.sock").exists());
    b.until("the session is gone", || b.peer("a", "state") != "Established");
    b
}

#[test]
fn a_daemon_that_will_restart_leaves_without_a_word() {
    let b = stop_one_of_two(true);
    assert!(!b.log().contains("cease"), "{}", b.log());
}

#[test]
fn a_daemon_without_graceful_restart_says_goodbye_and_its_routes_go() {
    let b = stop_one_of_two(false);
    let reason = b.peer("a", "last_error");
    assert!(reason.as_str().is_some_and(|reason| reason.contains("administrative shutdown")), "{reason}");
    assert_eq!(b.route("10.1.0.0/24"), None);
}

#[test]
fn a_peer_is_told_the_operators_words() {
    let (mut a, mut b) = (Host::new(), Host::new());
    let (to_b, to_a) = (b.as_peer("b", &a, ""), a.as_peer("a", &b, ""));
    a.run(&to_b);
    b.run(&to_a);
    b.until_established("a");
    assert!(a.ask(&["peer", "b", "disable", "--text", "back at noon"]).status.success());
    let told = || b.peer("a", "last_error").as_str().is_some_and(|reason| reason.contains("back at noon"));
    b.until("the words arrive", told);
}

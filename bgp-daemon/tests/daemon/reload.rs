//! Changing a running daemon: what is not touched is not disturbed.

use nix::sys::signal::Signal;
use serde_json::json;

use crate::host::Host;

const BLOCK: &str = "[[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n";
const OTHER: &str = "[[originate]]\nprefix = \"10.2.0.0/24\"\nkind = \"announce\"\n";

#[test]
fn a_reload_adds_and_removes_peers_and_routes_without_touching_the_rest() {
    let [mut a, mut b, mut c] = [Host::new(), Host::new(), Host::new()];
    a.run(&format!("{}{BLOCK}", b.as_peer("b", &a, "")));
    b.run(&a.as_peer("a", &b, ""));
    c.run(&a.as_peer("a", &c, ""));
    a.until_established("b");
    b.until_route("10.1.0.0/24");
    let messages = |host: &Host| host.log().matches("session.up").count();
    a.configure(&format!("{}{}{BLOCK}{OTHER}", b.as_peer("b", &a, ""), c.as_peer("c", &a, "")));
    assert!(a.ask(&["reload"]).status.success());
    c.until_route("10.2.0.0/24");
    b.until_route("10.2.0.0/24");
    a.configure(&format!("{}{OTHER}", b.as_peer("b", &a, "")));
    a.signal(Signal::SIGHUP);
    a.until("the peer is gone", || a.json(&["peers"]).as_array().is_some_and(|peers| peers.len() == 1));
    b.until("the route is gone", || b.route("10.1.0.0/24").is_none());
    c.until("the session is gone", || c.peer("a", "state") != "Established");
    assert_eq!(messages(&b), 1, "the session with b lived through it:\n{}", b.log());
    assert_eq!(a.json(&["status"])["generation"], json!(3));
}

#[test]
fn a_changed_key_resets_its_own_session_only() {
    let [mut a, mut b, mut c] = [Host::new(), Host::new(), Host::new()];
    let key = a.path("key");
    std::fs::write(&key, "a secret").expect("a writable file");
    let keyed = format!("password_file = \"{}\"", key.display());
    let configure = |b_more: &str| format!("{}{}", b.as_peer("b", &a, b_more), c.as_peer("c", &a, ""));
    let (before, after) = (configure(""), configure(&keyed));
    let (plain, to_c, signed) = (a.as_peer("a", &b, ""), a.as_peer("a", &c, ""), a.as_peer("a", &b, &keyed));
    a.run(&before);
    b.run(&plain);
    c.run(&to_c);
    a.until_established("b");
    a.until_established("c");
    b.configure(&signed);
    a.configure(&after);
    assert!(b.ask(&["reload"]).status.success());
    assert!(a.ask(&["reload"]).status.success());
    b.until("a second session", || b.log().matches("session.up").count() > 1);
    a.until_established("b");
    assert_eq!(c.log().matches("session.up").count(), 1, "c was not touched:\n{}", c.log());
}

#[test]
fn a_file_with_an_error_changes_nothing_and_says_why() {
    let mut host = Host::new();
    host.run(BLOCK);
    host.configure("colour = \"red\"\n");
    let reload = host.ask(&["reload"]);
    assert_eq!(reload.status.code(), Some(5));
    let message = String::from_utf8_lossy(&reload.stderr).into_owned();
    assert!(message.contains("unknown key `colour`") && message.contains('^'), "{message}");
    assert!(host.route("10.1.0.0/24").is_some());
    let status = host.json(&["status"]);
    assert_eq!(status["generation"], json!(1));
    assert!(status["config_error"].as_str().is_some_and(|error| error.contains("colour")), "{status}");
}

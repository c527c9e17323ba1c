//! Sessions that do not come up, over real sockets: `explain peer` names what fails.

use std::fs;

use serde_json::{Value, json};

use crate::host::{Host, address};

/// Waits until the layer is the one expected; what is said then.
fn explained(host: &Host, peer: &str, layer: &str) -> Value {
    let told = || host.json(&["explain", "peer", peer]);
    host.until(layer, || told()["layer"] == json!(layer));
    assert_eq!(host.ask(&["explain", "peer", peer]).status.code(), Some(1), "it is down");
    told()
}

fn hints(told: &Value) -> String {
    told["hints"].to_string()
}

fn peer(address: impl ToString, more: &str) -> String {
    let address = address.to_string();
    format!("[[peer]]\nname = \"p\"\naddress = \"{address}\"\nasn = 64512\nconnect_retry = \"1s\"\n{more}\n")
}

#[test]
fn nobody_listens_there() {
    let mut host = Host::new();
    host.run(&peer(address(), ""));
    let told = explained(&host, "p", "refused");
    assert_eq!(told["reason"], json!("connection refused"));
    host.until("a next attempt", || host.json(&["explain", "peer", "p"])["next_attempt"].is_string());
    let text = String::from_utf8_lossy(&host.ask(&["explain", "peer", "p"]).stdout).into_owned();
    assert!(text.contains("Fails          refused") && text.contains("does not run"), "{text}");
}

/// The kernel has no way for TCP to a broadcast address.
#[test]
fn there_is_no_way() {
    let mut host = Host::new();
    host.run(&peer("127.255.255.255", ""));
    assert!(hints(&explained(&host, "p", "route")).contains("ip route get"));
}

#[test]
fn only_one_side_has_a_key() {
    let [mut a, mut b] = [Host::new(), Host::new()];
    let key = a.path("key");
    fs::write(&key, "a secret\n").expect("a writable file");
    a.run(&b.as_peer("b", &a, &format!("password_file = \"{}\"", key.display())));
    b.run(&a.as_peer("a", &b, "passive = true"));
    let told = explained(&a, "b", "unanswered");
    assert!(hints(&told).contains("we sign with a TCP MD5 key"), "{told}");
    let told = b.json(&["explain", "peer", "a"]);
    assert_eq!(told["reason"], json!("we wait for the peer to call, and it has not yet"));
}

#[test]
fn the_other_side_does_not_know_us() {
    let [mut a, mut b] = [Host::new(), Host::new()];
    b.run("");
    a.run(&b.as_peer("b", &a, ""));
    assert!(hints(&explained(&a, "b", "closed")).contains("does not expect us"));
}

#[test]
fn the_configurations_do_not_fit() {
    let [mut a, mut b] = [Host::new(), Host::new()];
    a.run(&b.as_peer("b", &a, "").replace("asn = 64512", "asn = 65001\nimport = \"accept-all\""));
    b.run(&a.as_peer("a", &b, ""));
    for (host, peer) in [(&a, "b"), (&b, "a")] {
        let reason = explained(host, peer, "open")["reason"].to_string();
        assert!(reason.contains("bad peer AS"), "the subcode by its name: {reason}");
    }
}

#[test]
fn an_operator_stopped_it() {
    let [mut a, mut b] = [Host::new(), Host::new()];
    a.run(&b.as_peer("b", &a, ""));
    b.run(&a.as_peer("a", &b, ""));
    a.until_established("b");
    assert_eq!(a.ask(&["explain", "peer", "b"]).status.code(), Some(0), "it is up");
    assert_eq!(a.json(&["explain", "peer", "b"])["layer"], Value::Null);
    assert!(a.ask(&["peer", "b", "disable"]).status.success());
    let told = explained(&a, "b", "administrative");
    assert_eq!(told["next_attempt"], Value::Null, "nobody will try");
    explained(&b, "a", "administrative");
    assert_eq!(a.ask(&["explain", "peer", "nobody"]).status.code(), Some(1));
    assert_eq!(a.ask(&["explain", "10.0.0.0/8", "b"]).status.code(), Some(2));
    let nobody = a.ask(&["explain", "peer"]);
    assert_eq!((nobody.status.code(), &*nobody.stderr), (Some(2), b"error: name a peer\n".as_slice()));
}

#[test]
fn what_failed_before_a_change_is_not_the_reason_after_it() {
    let mut host = Host::new();
    host.run(&peer("127.255.255.255", ""));
    explained(&host, "p", "route");
    host.configure(&peer(address(), "passive = true"));
    assert!(host.ask(&["reload"]).status.success());
    let told = host.json(&["explain", "peer", "p"]);
    assert_eq!(told["reason"], json!("we wait for the peer to call, and it has not yet"));
    assert_eq!(told["layer"], Value::Null);
}

#[test]
fn a_peer_that_is_disabled_is_down_for_that_whatever_ended_it_before() {
    let [mut a, mut b] = [Host::new(), Host::new()];
    a.run(&b.as_peer("b", &a, "max_prefixes = { ipv4 = 1, action = \"restart\" }"));
    let routes = "[[originate]]\nprefix = \"10.1.0.0/24\"\n[[originate]]\nprefix = \"10.2.0.0/24\"\n";
    b.run(&format!("{}{routes}", a.as_peer("a", &b, "")));
    let told = explained(&a, "b", "limit");
    assert!(hints(&told).contains("caracal peer b enable"), "{told}");
    a.configure(&b.as_peer("b", &a, "enabled = false"));
    assert!(a.ask(&["reload"]).status.success());
    let told = explained(&a, "b", "administrative");
    assert_eq!(told["reason"], json!("it is disabled in the configuration"));
    assert!(hints(&told).contains("enabled = false"), "{told}");
}

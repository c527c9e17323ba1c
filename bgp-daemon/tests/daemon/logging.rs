//! How much is logged, asked and changed at run time: of everything, and of one peer.

use serde_json::{Value, json};

use crate::host::Host;

/// Two peers that nobody answers for, tried every second.
fn host() -> Host {
    let mut host = Host::new();
    let peer = |name: &str, last: u8| {
        format!(
            "[[peer]]\nname = \"{name}\"\naddress = \"127.255.255.{last}\"\nasn = 64512\nconnect_retry = \"1s\"\n"
        )
    };
    host.run(&(peer("leaf", 255) + &peer("spine", 254)));
    host
}

/// The lines of changes of state of a peer, from an octet of the log on.
fn changes_of(host: &Host, peer: &str, from: usize) -> usize {
    let log = host.log();
    let lines = log[from..].lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["event"] == "peer.state" && line["peer"] == peer).count()
}

/// Waits until the state of a peer has changed.
fn until_changed(host: &Host, peer: &str) {
    let before = host.peer(peer, "since");
    host.until(peer, || host.peer(peer, "since") != before);
}

#[track_caller]
fn order(host: &Host, words: &[&str]) {
    let output = host.ask(&[&["log"], words].concat());
    assert!(output.status.success() && output.stdout.is_empty(), "{words:?}: {output:?}");
}

#[test]
fn one_peer_is_louder_than_all_others() {
    let host = host();
    order(&host, &["level", "info"]);
    let quiet = host.log().len();
    order(&host, &["level", "leaf=debug"]);
    host.until("the peer is heard", || changes_of(&host, "leaf", quiet) >= 2);
    until_changed(&host, "spine");
    assert_eq!(changes_of(&host, "spine", quiet), 0, "{}", host.log());
    let held = json!([{ "peer": null, "level": "info" }, { "peer": "leaf", "level": "debug" }]);
    assert_eq!(host.json(&["log", "level"]), held);

    // By its address, and back.
    order(&host, &["127.255.255.254=debug"]);
    order(&host, &["level", "leaf=default"]);
    let held = json!([{ "peer": null, "level": "info" }, { "peer": "spine", "level": "debug" }]);
    assert_eq!(host.json(&["log"]), held);
    let other = host.log().len();
    host.until("the other is heard", || changes_of(&host, "spine", other) >= 2);
    until_changed(&host, "leaf");
    assert_eq!(changes_of(&host, "leaf", other), 0, "{}", host.log());
}

#[test]
fn every_message_of_one_peer_can_be_seen() {
    let (mut here, mut there) = (Host::new(), Host::new());
    there.run(&here.as_peer("here", &there, "hold_time = \"3s\"\n"));
    here.run(&there.as_peer("there", &here, "hold_time = \"3s\"\n"));
    here.until_established("there");
    order(&here, &["level", "info"]);
    order(&here, &["level", "there=trace"]);
    here.until("a message is seen", || {
        here.log()
            .lines()
            .any(|line| line.contains("\"peer\":\"there\"") && line.contains("Message(Keepalive"))
    });
}

#[test]
fn what_is_no_level_changes_nothing() {
    let host = host();
    for (words, code, hint) in [
        (["level", "debgu"].as_slice(), 2, "error, warn, info"),
        (&["=loud="], 2, "error, warn, info"),
        (&["leaf=loud"], 2, "default to take it back"),
        (&["nobody=debug"], 1, "there is no peer \"nobody\""),
        (&["level", "info,leaf=debug"], 2, "directives such as"),
        (&["debug", "info"], 2, "log level LEVEL"),
    ] {
        let output = host.ask(&[&["log"], words].concat());
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(code), "{words:?}: {said}");
        assert!(said.contains(hint), "{words:?}: {said}");
    }
    assert_eq!(host.json(&["log"]), json!([{ "peer": null, "level": "debug" }]));
    order(&host, &["level", "info,fib_sync=trace"]);
    assert_eq!(host.json(&["log"])[0]["level"], "fib_sync=trace,info");
    order(&host, &["level", "default"]);
    assert_eq!(host.json(&["log"])[0]["level"], "debug", "as the configuration says");
}

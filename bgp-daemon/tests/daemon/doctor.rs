//! `doctor`, as an operator runs it: on this machine, with a daemon and without one.

use std::fs;
use std::net::TcpListener;

use serde_json::{Value, json};

use crate::host::{Host, PORT};

/// What was found about `check`.
fn found(host: &Host, words: &[&str], check: &str) -> Value {
    let all = host.json(&[&["doctor"], words].concat());
    let findings = all.as_array().expect("an array").iter();
    let mut about = findings.filter(|finding| finding["check"] == json!(check));
    about.next().cloned().unwrap_or_else(|| panic!("nothing about {check} in {all:#}"))
}

#[test]
fn a_daemon_and_its_port_are_found() {
    let mut host = Host::new();
    host.run("");
    assert_eq!(found(&host, &[], "control_socket")["standing"], json!("ok"));
    assert_eq!(found(&host, &[], "port")["seen"], json!(format!("the daemon listens on TCP port {PORT}")));
    assert_ne!(found(&host, &[], "configuration")["standing"], json!("error"));
    assert_eq!(found(&host, &[], "configuration_in_force")["standing"], json!("ok"));
    assert_eq!(
        host.ask(&["doctor"]).status.code(),
        Some(0),
        "{}",
        String::from_utf8_lossy(&host.ask(&["doctor"]).stdout)
    );
    let config = host.path("caracal.toml");
    let text = fs::read_to_string(&config).expect("a file");
    fs::write(&config, text + "# another\n").expect("a writable file");
    assert_eq!(
        found(&host, &[], "configuration_in_force")["standing"],
        json!("warning"),
        "the file is newer"
    );
}

#[test]
fn a_session_that_is_down_is_an_error_with_a_way_on() {
    let mut host = Host::new();
    host.run("[[peer]]\nname = \"p\"\naddress = \"127.255.255.255\"\nasn = 64512\n");
    let sessions = found(&host, &[], "sessions");
    assert_eq!(sessions["standing"], json!("error"));
    assert_eq!(sessions["repair"], json!("caracal explain peer p"));
    assert_eq!(host.ask(&["doctor"]).status.code(), Some(1));
    let text = String::from_utf8_lossy(&host.ask(&["doctor"]).stdout).into_owned();
    assert!(text.contains("$ caracal explain peer p") && text.contains("errors 1, "), "{text}");
}

/// Whoever has the port is named by process and program: here it is this test.
#[test]
fn whoever_has_the_port_is_named() {
    let host = Host::new();
    host.configure("");
    let config = host.path("caracal.toml");
    let words = ["--config", config.to_str().expect("a path")];
    assert_eq!(found(&host, &words, "port")["standing"], json!("ok"), "nobody has it");
    let _taken = TcpListener::bind((host.address, PORT)).expect("a free address");
    let port = found(&host, &words, "port");
    assert_eq!(port["standing"], json!("error"), "{port}");
    assert!(port["seen"].to_string().contains(&format!("process {}", std::process::id())), "{port}");
    assert_eq!(found(&host, &words, "control_socket")["standing"], json!("unknown"), "no daemon runs");
    fs::write(&config, "asn = \n").expect("a writable file");
    assert_eq!(found(&host, &words, "configuration")["standing"], json!("error"));
}

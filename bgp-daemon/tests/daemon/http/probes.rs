//! `/livez`, `/readyz` and `wait ready`.

use serde_json::{Value, json};

use super::serving;
use super::web::{get, get_with, section};
use crate::host::Host;

const JSON: &str = "Accept: application/json\r\n";

fn rungs(readiness: &Value) -> Vec<(String, bool)> {
    let rungs = readiness["rungs"].as_array().cloned().unwrap_or_default();
    let rung = |rung: &Value| (rung["name"].as_str().unwrap_or_default().to_owned(), rung["passed"] == true);
    rungs.iter().map(rung).collect()
}

#[test]
fn a_daemon_without_peers_is_alive_and_ready() {
    let host = serving("[graceful_restart]\nfirst_contact = \"0s\"\n");
    let alive = get(&host, "/livez");
    assert_eq!(alive.status, 200);
    assert!(alive.body.starts_with("alive\n[+] speaker: "), "{}", alive.body);
    assert_eq!(get_with(&host, "/livez", JSON).json()["alive"], json!(true));
    host.until("it is ready", || get(&host, "/readyz").status == 200);
    let ready = get_with(&host, "/readyz", JSON).json();
    let expected = ["configured", "sessions", "end-of-rib", "rib"].map(|name| (name.to_owned(), true));
    assert_eq!(rungs(&ready), expected, "and nothing is said of a kernel that is left alone");
}

#[test]
fn a_daemon_whose_peers_are_missing_says_which() {
    let absent = "[[peer]]\nname = \"absent\"\naddress = \"192.0.2.1\"\nasn = 64512\n";
    let host = serving(&format!("[graceful_restart]\nfirst_contact = \"1h\"\n{absent}"));
    let ready = get(&host, "/readyz");
    assert_eq!(ready.status, 503);
    assert!(ready.body.contains("[-] sessions: 0 of 1 configured peers are Established"), "{}", ready.body);
    assert!(ready.body.contains("[-] rib: first decisions wait for absent"), "{}", ready.body);
    let output = host.ask(&["wait", "ready", "--timeout", "0.01"]);
    assert_eq!(output.status.code(), Some(6));
    let ladder = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(ladder.contains("no   sessions"), "{ladder}");
}

#[test]
fn a_session_makes_it_ready() {
    let (mut a, mut b) = (Host::new(), Host::new());
    let first = |host: &Host, peer: &str| format!("{}{peer}", section(host));
    let (to_b, to_a) = (first(&a, &b.as_peer("b", &a, "")), first(&b, &a.as_peer("a", &b, "")));
    assert_eq!(a.ask(&["wait", "ready", "--timeout", "0.01"]).status.code(), Some(3), "nobody is there yet");
    a.run(&to_b);
    b.run(&to_a);
    let output = a.ask(&["wait", "ready", "--timeout", "60", "-o", "json"]);
    assert_eq!(output.status.code(), Some(0), "{output:?}; the log:\n{}", a.log());
    let told: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(told["ready"], json!(true));
    assert_eq!(get(&a, "/readyz").status, 200);
}

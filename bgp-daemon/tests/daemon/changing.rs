//! Changes on trial, confirmed and undone, and what is on disk meanwhile.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::{Value, json};

use crate::host::Host;

const BLOCK: &str = "[[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n";
const OTHER: &str = "[[originate]]\nprefix = \"10.2.0.0/24\"\nkind = \"announce\"\n";

/// Writes a configuration beside the one in force.
fn draft(host: &Host, more: &str) -> PathBuf {
    let (file, draft) = (host.path("caracal.toml"), host.path("new.toml"));
    let before = fs::read(&file).expect("a configuration");
    host.configure(more);
    fs::rename(&file, &draft).expect("a writable folder");
    fs::write(&file, before).expect("a writable folder");
    draft
}

fn apply(host: &Host, draft: &Path, more: &[&str]) -> Output {
    let draft = draft.to_str().expect("a readable path");
    host.ask(&[&["apply", draft], more].concat())
}

fn text_of(host: &Host) -> String {
    fs::read_to_string(host.path("caracal.toml")).expect("a configuration")
}

fn status(host: &Host, field: &str) -> Value {
    host.json(&["status"])[field].clone()
}

fn error_of(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn a_change_that_nobody_confirms_is_undone() {
    let mut host = Host::new();
    host.run(BLOCK);
    let (text, digest) = (text_of(&host), status(&host, "digest"));
    let draft = draft(&host, OTHER);
    assert!(apply(&host, &draft, &["--confirm", "1s"]).status.success());
    host.until("the routes of before are back", || host.route("10.2.0.0/24").is_none());
    assert!(host.route("10.1.0.0/24").is_some());
    assert_eq!(status(&host, "digest"), digest);
    assert_eq!(status(&host, "generation"), json!(3), "there and back");
    assert_eq!(status(&host, "unconfirmed"), Value::Null);
    assert_eq!(text_of(&host), text);
    assert!(host.log().contains("config.expired"));
    assert_eq!(host.ask(&["confirm"]).status.code(), Some(1), "it is too late");
}

#[test]
fn a_daemon_that_dies_during_a_trial_comes_back_with_the_old_file() {
    let mut host = Host::new();
    host.run(BLOCK);
    let text = text_of(&host);
    let draft = draft(&host, OTHER);
    assert!(apply(&host, &draft, &["--confirm", "600"]).status.success());
    host.until_route("10.2.0.0/24");
    assert_eq!(text_of(&host), text, "nobody has confirmed it");
    host.signal(nix::sys::signal::Signal::SIGKILL);
    host.wait();
    host.start();
    assert!(host.route("10.2.0.0/24").is_none());
    assert!(host.route("10.1.0.0/24").is_some());
    assert!(host.log().contains("config.unconfirmed"), "it says so: {}", host.log());
    assert!(!host.path("caracal.toml.unconfirmed").exists());
}

#[test]
fn what_is_confirmed_is_the_file_and_can_still_be_undone() {
    let mut host = Host::new();
    host.run(BLOCK);
    let old = text_of(&host);
    let draft = draft(&host, OTHER);
    let new = fs::read_to_string(&draft).expect("a draft");
    assert!(apply(&host, &draft, &["--confirm", "600"]).status.success());
    assert!(status(&host, "unconfirmed").as_u64().is_some_and(|seconds| seconds <= 600));
    fs::write(&draft, "nonsense").expect("a writable folder");
    assert!(host.ask(&["confirm"]).status.success());
    assert_eq!(status(&host, "unconfirmed"), Value::Null);
    assert_eq!(text_of(&host), new, "what was on trial, whatever became of the draft");
    let sum = Command::new("sha256sum").arg(host.path("caracal.toml")).output().expect("coreutils");
    let sum = String::from_utf8_lossy(&sum.stdout).into_owned();
    assert_eq!(sum.split(' ').next(), status(&host, "digest").as_str());
    assert!(host.ask(&["undo"]).status.success());
    assert_eq!(text_of(&host), old);
    assert!(host.route("10.1.0.0/24").is_some() && host.route("10.2.0.0/24").is_none());
    assert_eq!(host.ask(&["undo"]).status.code(), Some(1), "one step back, no more");
    assert!(host.ask(&["reload"]).status.success());
}

#[test]
fn a_trial_can_be_ended_and_nothing_begins_during_one() {
    let mut host = Host::new();
    host.run(BLOCK);
    let draft = draft(&host, OTHER);
    assert!(apply(&host, &draft, &["--confirm", "600"]).status.success());
    for words in [vec!["reload"], vec!["apply", draft.to_str().expect("a readable path")]] {
        assert_eq!(host.ask(&words).status.code(), Some(4), "{words:?}");
    }
    assert!(host.ask(&["undo"]).status.success());
    assert!(host.route("10.1.0.0/24").is_some() && host.route("10.2.0.0/24").is_none());
    assert!(!host.path("caracal.toml.unconfirmed").exists());
    assert!(host.ask(&["reload"]).status.success());
}

#[test]
fn a_reload_can_be_undone_while_the_file_stays() {
    let mut host = Host::new();
    host.run(BLOCK);
    host.configure(OTHER);
    assert!(host.ask(&["reload"]).status.success());
    let undone = host.ask(&["undo"]);
    assert!(undone.status.success());
    assert!(String::from_utf8_lossy(&undone.stdout).contains("still says what was undone"), "{undone:?}");
    assert!(host.route("10.1.0.0/24").is_some() && host.route("10.2.0.0/24").is_none());
    let draft = draft(&host, BLOCK);
    let refused = apply(&host, &draft, &["--confirm", "600"]);
    assert_eq!(refused.status.code(), Some(4), "there would be nothing to come back to");
    assert!(error_of(&refused).contains("is not what is in force"), "{refused:?}");
}

#[test]
fn what_costs_more_than_allowed_is_refused_with_a_code_of_its_own() {
    let mut host = Host::new();
    let peer = "[[peer]]\nname = \"p\"\naddress = \"127.0.0.9\"\nasn = 64512\npassive = true\n";
    host.run(peer);
    let slower = draft(&host, &format!("{peer}hold_time = \"30s\"\n"));
    let path = slower.to_str().expect("a readable path");
    let changes = host.json(&["diff", path]);
    assert_eq!(changes[0]["name"], json!("p"));
    assert_eq!(changes[0]["effect"], json!("reopen"));
    assert_eq!(changes[0]["fields"], json!(["hold_time"]));
    assert_eq!(host.ask(&["diff", path, "--exit-code"]).status.code(), Some(1));
    let refused = apply(&host, &slower, &["--max-effect", "refresh"]);
    assert_eq!(refused.status.code(), Some(7));
    assert!(error_of(&refused).contains("peer p: reopen"), "{refused:?}");
    assert_eq!(status(&host, "generation"), json!(1));
    assert!(apply(&host, &slower, &["--max-effect", "reopen"]).status.success());
    assert_eq!(host.json(&["diff", path]), json!([]), "it is in force");
    host.configure(peer);
    assert_eq!(host.ask(&["reload", "--max-effect", "refresh"]).status.code(), Some(7));
}

#[test]
fn a_draft_with_an_error_changes_nothing_and_is_shown_with_a_caret() {
    let mut host = Host::new();
    host.run(BLOCK);
    let draft = draft(&host, "colour = \"red\"\n");
    for verb in ["apply", "diff"] {
        let output = host.ask(&[verb, draft.to_str().expect("a readable path")]);
        assert_eq!(output.status.code(), Some(5), "{verb}");
        let text = error_of(&output);
        assert!(text.contains("new.toml:3:1") && text.contains("| ^^^^^^"), "{text}");
    }
    assert_eq!(status(&host, "generation"), json!(1));
    assert_eq!(status(&host, "config_error"), Value::Null, "nothing is wrong with the daemon's own file");
    assert_eq!(host.ask(&["apply", "/nonexistent"]).status.code(), Some(5));
}

/// What a peer is sent, by prefix.
fn sent(host: &Host, peer: &str) -> BTreeMap<String, Value> {
    let routes = host.json(&["routes", "--out", peer]);
    let entry = |route: &Value| {
        let prefix = route["prefix"].as_str().expect("a prefix").to_owned();
        (prefix, json!([route["next_hop"], route["communities"], route["med"]]))
    };
    routes.as_array().expect("a list").iter().map(entry).collect()
}

#[test]
fn what_diff_says_of_routes_is_what_then_happens() {
    let [mut a, mut b] = [Host::new(), Host::new()];
    let policy = |rules: &str| {
        let policy = format!("[[policy]]\nname = \"p\"\ndefault = \"reject\"\nrules = [{rules}]\n");
        format!(
            "{}{policy}{BLOCK}{OTHER}",
            b.as_peer("b", &a, "").replace("\"elsewhere\"", "[\"p\", \"elsewhere\"]")
        )
    };
    let pass = |prefix: &str, set: &str| {
        format!(
            "{{ match = {{ prefix = [\"{prefix}\"] }}, action = \"accept\", set = {{ next_hop = \"192.0.2.1\", {set} }} }},"
        )
    };
    let old = policy(&[pass("10.1.0.0/24", "med = 1"), pass("10.2.0.0/24", "med = 1")].concat());
    let third = OTHER.replace("10.2", "10.3");
    let new = policy(&[pass("10.1.0.0/24", "med = 2"), pass("10.3.0.0/24", "med = 1")].concat()) + &third;
    a.run(&old);
    b.run(&a.as_peer("a", &b, ""));
    b.until_route("10.2.0.0/24");
    let draft = draft(&a, &new);
    let path = draft.to_str().expect("a readable path");
    let before = sent(&a, "b");
    let told = a.json(&["diff", path, "--routes"]);
    let told: BTreeMap<(Option<&str>, &str), &str> = told
        .as_array()
        .expect("a list")
        .iter()
        .map(|one| {
            (
                (one["peer"].as_str(), one["prefix"].as_str().expect("one")),
                one["change"].as_str().expect("one"),
            )
        })
        .collect();
    let table = String::from_utf8_lossy(&a.ask(&["diff", path, "--routes"]).stdout).into_owned();
    assert!(table.contains("b: gains 1, loses 1, changes 1"), "{table}");
    assert!(apply(&a, &draft, &["--max-effect", "policy"]).status.success());
    b.until_route("10.3.0.0/24");
    b.until("the withdrawal", || b.route("10.2.0.0/24").is_none());
    let after = sent(&a, "b");
    let prefixes: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let happened = prefixes.into_iter().filter_map(|prefix| {
        let change = match (before.get(prefix), after.get(prefix)) {
            (None, _) => "added",
            (_, None) => "removed",
            (before, after) if before == after => return None,
            (Some(_), Some(_)) => "changed",
        };
        Some(((Some("b"), prefix.as_str()), change))
    });
    assert_eq!(told, happened.collect());
    assert_eq!(told.len(), 3);
    assert_eq!(b.log().matches("session.up").count(), 1, "no session was touched");
}

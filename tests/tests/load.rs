//! The load generator, small: every kind of scenario with every daemon that can play it. What a run finds out about
//! routes, sessions and latencies is checked by the generator itself, which fails where a listener misses anything.

use std::process::Command;

use serde_json::Value;
use tests::programs;

/// The lines that the generator prints, one for each run.
fn play(words: &str) -> Vec<Value> {
    programs::build().expect("the daemons build");
    let output = Command::new(env!("CARGO_BIN_EXE_load"))
        .args(["run", "--json"])
        .args(words.split_whitespace())
        .output()
        .expect("the generator runs");
    let words = format!("{words}: {}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{words}");
    let text = String::from_utf8(output.stdout).expect("text");
    let lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    for line in &lines {
        assert_eq!(line["lost_sessions"], 0, "{line}");
    }
    lines
}

#[test]
fn everybody_reflects_a_table_a_change_and_a_loss() {
    let lines = play("c100 --routes 1000 --clients 4 caracal bird frr openbgpd gobgp");
    for line in &lines {
        assert_eq!(line["phases"].as_array().map(Vec::len), Some(3), "{line}");
    }
    assert_eq!(lines.len(), 5);
}

#[test]
fn everybody_passes_on_the_best_of_external_feeds() {
    let lines = play("b --routes 500 --clients 2 caracal bird frr openbgpd");
    assert_eq!(lines.len(), 4);
}

#[test]
fn all_paths_reach_those_who_want_them() {
    for line in play("p --routes 500 --clients 2 caracal bird frr") {
        assert!(line["announcements_per_prefix"].as_f64() >= Some(3.0), "{line}");
    }
}

#[test]
fn a_cluster_forms_at_once() {
    assert_eq!(play("burst500 --clients 20 caracal frr broadcaster").len(), 3);
}

#[test]
fn keepalives_keep_sessions_while_every_route_changes_all_the_time() {
    let lines = play("cold5000 --clients 40 --hold 3 caracal broadcaster");
    for line in &lines {
        assert!(line["phases"][1]["seconds"].as_f64() >= Some(9.0), "{line}");
    }
    assert_eq!(lines.len(), 2);
}

#[test]
fn flaps_are_followed_among_other_changes() {
    for line in play("busy --routes 500 --clients 4 caracal bird") {
        assert!(line["latencies"][0]["p50"].as_f64() > Some(0.0), "{line}");
    }
}

#[test]
fn a_client_that_reads_no_more_holds_nobody_up() {
    assert_eq!(play("i --routes 1000 --clients 4 caracal").len(), 1);
}

#[test]
fn a_changed_policy_reaches_clients_that_a_range_let_in() {
    assert_eq!(play("h --routes 500 --clients 4 caracal bird").len(), 2);
}

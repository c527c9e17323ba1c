//! Whoever follows a page sees what it prints.

use std::env;
use std::process::Command;

use tests::programs::{self, prove};
use tests::sandbox;

use crate::page::root;
use crate::shell::follow;

#[test]
fn a_network_engineer_gets_a_node_below_two_switches() {
    prove(|| follow("docs/quick-start-network.md"));
}

#[test]
fn a_platform_engineer_replaces_bird() {
    prove(|| follow("docs/quick-start-platform.md"));
}

#[test]
fn a_switch_helps_a_node_through_its_restart() {
    prove(|| follow("docs/tor.md"));
}

#[test]
fn a_rust_developer_runs_a_speaker_against_bird() {
    if !sandbox::is_inside() {
        // As the other pages do: a cargo that builds for one of them would keep the reader's waiting.
        programs::build().expect("the daemons build");
        build_examples();
    }
    sandbox::test(|| follow("docs/quick-start-rust.md"));
}

/// Builds what the reader's cargo would, which may take longer than a command may.
fn build_examples() {
    let mut cargo = Command::new(env::var_os("CARGO").expect("cargo runs tests"));
    cargo.current_dir(root()).args(["build", "--quiet", "-p", "bgp-core", "--examples"]);
    assert!(cargo.status().expect("cargo starts").success(), "the examples build");
}

//! Changes that cannot be made, or not be taken back: nothing is left half-way.

use std::fs;
use std::net::TcpListener;
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::host::{Host, PORT, address};

const BLOCK: &str = "[[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n";

fn status(host: &Host, field: &str) -> Value {
    host.json(&["status"])[field].clone()
}

/// The configuration of a host with one part of its text replaced, in a file beside it.
fn draft(host: &Host, from: &str, to: &str) -> PathBuf {
    let text = fs::read_to_string(host.path("caracal.toml")).expect("a configuration");
    assert!(text.contains(from), "{text}");
    let draft = host.path("new.toml");
    fs::write(&draft, text.replace(from, to)).expect("a writable folder");
    draft
}

#[test]
fn a_change_that_cannot_be_kept_is_taken_back() {
    let mut host = Host::new();
    host.run(BLOCK);
    let digest = status(&host, "digest");
    let draft = draft(&host, "10.1.0.0/24", "10.2.0.0/24");
    // Where the text of before is to be left there is something in the way.
    fs::create_dir(host.path("caracal.toml.previous")).expect("a writable folder");
    let refused = host.ask(&["apply", draft.to_str().expect("a readable path")]);
    assert_eq!(refused.status.code(), Some(4), "{refused:?}");
    assert!(host.route("10.1.0.0/24").is_some() && host.route("10.2.0.0/24").is_none());
    assert_eq!(status(&host, "digest"), digest, "what is in force is what the file says");
    assert!(!host.path("caracal.toml.unconfirmed").exists());
}

#[test]
fn what_cannot_be_taken_back_now_is_taken_back_later() {
    let mut host = Host::new();
    host.run(BLOCK);
    let digest = status(&host, "digest");
    let draft = draft(&host, &host.address.to_string(), &address().to_string());
    let draft = draft.to_str().expect("a readable path");
    // On a busy machine the trial may be over before the address it left has been taken.
    let taken = loop {
        assert!(host.ask(&["apply", draft, "--confirm", "2"]).status.success());
        match TcpListener::bind((host.address, PORT)) {
            Ok(listener) => break listener,
            Err(_) => host.until("the trial is over", || status(&host, "unconfirmed").is_null()),
        }
    };
    host.until("it has been tried", || host.log().contains("config.stuck"));
    assert!(status(&host, "unconfirmed").is_u64(), "it still is on trial");
    assert_eq!(host.ask(&["undo"]).status.code(), Some(4));
    drop(taken);
    host.until("it is taken back", || status(&host, "unconfirmed").is_null());
    assert_eq!(status(&host, "digest"), digest);
    assert!(host.ask(&["reload"]).status.success(), "the trial is over");
}

#[test]
fn a_file_that_somebody_else_changed_is_not_put_back() {
    let mut host = Host::new();
    host.run(BLOCK);
    let old = status(&host, "digest");
    let draft = draft(&host, "10.1.0.0/24", "10.2.0.0/24");
    assert!(host.ask(&["apply", draft.to_str().expect("a readable path")]).status.success());
    fs::write(host.path("caracal.toml"), "# by hand\n").expect("a writable file");
    let undone = host.ask(&["undo"]);
    assert!(undone.status.success(), "{undone:?}");
    assert!(String::from_utf8_lossy(&undone.stdout).contains("changed by somebody else"), "{undone:?}");
    assert_eq!(status(&host, "digest"), old);
    assert_eq!(fs::read_to_string(host.path("caracal.toml")).expect("a file"), "# by hand\n");
}

#[test]
fn what_was_refused_during_a_trial_is_over_with_it() {
    let mut host = Host::new();
    host.run(BLOCK);
    let draft = draft(&host, "10.1.0.0/24", "10.2.0.0/24");
    let applied = host.ask(&[
        "apply",
        draft.to_str().expect("a readable path"),
        "--confirm",
        "1000000000",
        "-o",
        "json",
    ]);
    let applied: Value = serde_json::from_slice(&applied.stdout).expect("JSON");
    assert_eq!(applied["unconfirmed"], json!(7 * 86_400), "no trial is longer: {applied}");
    assert_eq!(host.ask(&["reload"]).status.code(), Some(4));
    assert!(status(&host, "config_error").is_string());
    assert!(host.ask(&["confirm"]).status.success());
    assert_eq!(status(&host, "config_error"), Value::Null);
}

//! The command line's contract: exit codes, errors with a caret, output forms.

use std::os::unix::net::UnixStream;
use std::process::Command;

use serde_json::{Value, json};

use crate::host::{CARACAL, Host};

#[test]
fn an_invalid_file_is_shown_with_a_caret() {
    let host = Host::new();
    host.configure("[[peer]]\naddress = \"192.0.2.1\"\nprot = 179\nasn = 64512\n");
    for verb in [["check"].as_slice(), &["run", "--config"]] {
        let output =
            Command::new(CARACAL).args(verb).arg(host.path("caracal.toml")).output().expect("it runs");
        assert_eq!(output.status.code(), Some(5), "{verb:?}");
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(text.contains("unknown key `prot`"), "{text}");
        assert!(text.contains("| ^^^^") && text.contains("did you mean `port`?"), "{text}");
    }
}

#[test]
fn a_valid_file_is_summed_up() {
    let host = Host::new();
    host.configure("");
    let output = Command::new(CARACAL).arg("check").arg(host.path("caracal.toml")).output().expect("it runs");
    assert!(output.status.success());
    assert!(String::from_utf8_lossy(&output.stdout).contains("is valid: AS 64512"), "{output:?}");
}

#[test]
fn a_file_is_judged_in_json_too() {
    let host = Host::new();
    host.configure("[[peer]]\naddress = \"192.0.2.1\"\nprot = 179\nasn = 64512\n");
    let verdict = host.json(&["check", &host.path("caracal.toml").display().to_string()]);
    assert_eq!(verdict["valid"], false);
    let problems = verdict["problems"].as_array().expect("a list");
    let problem = problems.iter().find(|problem| problem["severity"] == "error").expect("an error");
    assert_eq!((&problem["column"], &problem["hint"]), (&json!(1), &json!("did you mean `port`?")));
    assert!(problem["line"].is_u64() && problem["file"].is_string(), "{problem}");
    host.configure("");
    let verdict = host.json(&["check", &host.path("caracal.toml").display().to_string()]);
    assert_eq!((&verdict["valid"], &verdict["asn"]), (&json!(true), &json!(64512)), "{verdict}");
}

#[test]
fn whoever_asks_for_one_prefix_and_gets_none_is_told_what_else_to_ask() {
    let mut host = Host::new();
    host.run("[[originate]]\nprefix = \"10.1.0.0/16\"\nkind = \"announce\"\n");
    host.until_route("10.1.0.0/16");
    let said = |words: &[&str]| {
        let output = host.ask(&[&["routes"], words].concat());
        assert!(output.status.success(), "{output:?}");
        String::from_utf8_lossy(&output.stderr).into_owned()
    };
    assert!(said(&["10.1.2.0/24"]).starts_with("no such route is for exactly 10.1.2.0/24: --covering"));
    for words in
        [&["10.1.0.0/16"][..], &["10.1.2.0/24", "--covering"], &["10.1.2.3"], &["10.1.2.0/24", "-o", "json"]]
    {
        assert_eq!(said(words), "", "{words:?}");
    }
}

#[test]
fn every_way_to_fail_has_its_exit_code() {
    let mut host = Host::new();
    assert_eq!(host.ask(&["peers"]).status.code(), Some(3), "nobody is there");
    host.run("");
    assert_eq!(host.ask(&["nonsense"]).status.code(), Some(2), "no such verb");
    assert_eq!(host.ask(&["status", "--timeout", "5sss"]).status.code(), Some(2), "no span of time");
    assert_eq!(host.ask(&["routes", "10.0.0.1/8"]).status.code(), Some(2), "host bits");
    assert_eq!(host.ask(&["peer", "nobody"]).status.code(), Some(1), "no such peer");
    assert_eq!(host.ask(&["explain", "10.0.0.0/8"]).status.code(), Some(1), "no such route");
    assert_eq!(host.ask(&["kernel"]).status.code(), Some(4), "the kernel is off");
    assert_eq!(host.ask(&["peers"]).status.code(), Some(0));
}

#[test]
fn a_second_daemon_does_not_take_the_socket_of_the_first() {
    let mut host = Host::new();
    host.run("");
    let mut second = Command::new(CARACAL);
    let output = second.arg("run").arg("--config").arg(host.path("caracal.toml")).output().expect("it runs");
    assert_eq!(output.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&output.stderr).contains("another daemon answers"), "{output:?}");
    assert!(host.ask(&["status"]).status.success());
}

#[test]
fn lists_come_as_a_table_an_array_or_lines() {
    let mut host = Host::new();
    host.run(
        "[[originate]]\nprefix = \"10.2.0.0/24\"\nkind = \"announce\"\n\
         [[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n",
    );
    let prefix = |route: &Value| route["prefix"].clone();
    let array = host.json(&["routes"]);
    let sorted: Vec<Value> = array.as_array().expect("an array").iter().map(prefix).collect();
    assert_eq!(sorted, [json!("10.1.0.0/24"), json!("10.2.0.0/24")]);
    let lines = host.ask(&["routes", "-o", "ndjson"]);
    let lines: Vec<Value> = String::from_utf8_lossy(&lines.stdout)
        .lines()
        .map(|line| serde_json::from_str(line).expect("each line is an object"))
        .collect();
    assert_eq!(lines.len(), 2);
    let table = String::from_utf8_lossy(&host.ask(&["routes"]).stdout).into_owned();
    assert!(table.starts_with("PREFIX") && table.contains("10.1.0.0/24  *"), "{table}");
    assert!(!table.contains('\x1b'), "no colours in a pipe");
}

#[test]
fn routes_are_found_by_prefix_and_by_address() {
    let mut host = Host::new();
    host.run(
        "[[originate]]\nprefix = \"10.1.0.0/16\"\nkind = \"announce\"\n\
         [[originate]]\nprefix = \"10.1.2.0/24\"\nkind = \"announce\"\n",
    );
    let count =
        |words: &[&str]| host.json(&[["routes"].as_slice(), words].concat()).as_array().map_or(0, Vec::len);
    assert_eq!(count(&["10.1.0.0/16"]), 1);
    assert_eq!(count(&["10.1.0.0/16", "--longer"]), 2);
    assert_eq!(count(&["10.1.2.0/24", "--covering"]), 2);
    assert_eq!(count(&["10.1.2.3"]), 2);
    assert_eq!(count(&["10.1.3.3"]), 1);
    assert_eq!(count(&["--family", "ipv6"]), 0);
    assert_eq!(host.json(&["explain", "10.1.2.3"])["prefix"], json!("10.1.2.0/24"));
}

#[test]
fn a_client_that_says_nothing_keeps_nobody_waiting() {
    let mut host = Host::new();
    host.run("");
    let idle: Vec<UnixStream> = (0..32)
        .map(|_| UnixStream::connect(host.path("control.sock")).expect("the daemon listens"))
        .collect();
    assert!(host.ask(&["status"]).status.success());
    drop(idle);
}

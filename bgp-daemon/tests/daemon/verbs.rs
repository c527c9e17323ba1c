//! Every verb: examples in its help, every form of answer, colour only where somebody watches.

use std::process::Command;

use serde_json::Value;

use crate::host::{CARACAL, Host};
use crate::terminal::Terminal;

/// Verbs that read, and a line with which a small daemon answers.
const READING: &[&[&str]] = &[
    &["status"],
    &["peers"],
    &["peer", "p"],
    &["routes"],
    &["explain", "10.1.0.0/24"],
    &["explain", "peer", "p"],
    &["wait", "ready", "--timeout", "0.1"],
    &["doctor"],
];

fn host() -> Host {
    let mut host = Host::new();
    host.run(
        "[[peer]]\nname = \"p\"\naddress = \"127.255.255.255\"\nasn = 64512\n\
         [[originate]]\nprefix = \"10.1.0.0/24\"\nkind = \"announce\"\n",
    );
    host
}

/// Verbs as the help lists them.
fn verbs() -> Vec<String> {
    let output = Command::new(CARACAL).arg("--help").output().expect("it runs");
    let help = String::from_utf8(output.stdout).expect("text");
    let listed = help.lines().skip_while(|line| *line != "Commands:").skip(1);
    // What goes on in the next line is indented further.
    let listed = listed.take_while(|line| !line.is_empty()).filter_map(|line| line.strip_prefix("  "));
    let verbs = listed.filter(|line| !line.starts_with(' ')).filter_map(|line| line.split(' ').next());
    verbs.filter(|verb| *verb != "help").map(str::to_owned).collect()
}

#[test]
fn every_verb_shows_examples() {
    let verbs = verbs();
    assert!(verbs.len() > 15, "{verbs:?}");
    for verb in verbs {
        let output = Command::new(CARACAL).args([&verb, "--help"]).output().expect("it runs");
        let help = String::from_utf8_lossy(&output.stdout).into_owned();
        assert!(output.status.success() && help.contains(&format!("Examples:\n  caracal {verb}")), "{help}");
        assert!(help.contains("--output"), "{help}");
    }
}

#[test]
fn every_reading_verb_answers_in_every_form() {
    let host = host();
    for words in READING {
        let said = |form: &str| {
            let output = host.ask(&[words, ["-o", form].as_slice()].concat());
            assert!(!matches!(output.status.code(), None | Some(2..=5)), "{words:?} -o {form}: {output:?}");
            String::from_utf8(output.stdout).expect("text")
        };
        for form in ["table", "wide"] {
            let text = said(form);
            assert!(!text.trim().is_empty() && !text.contains('\x1b'), "{words:?} -o {form}: {text:?}");
            assert!(serde_json::from_str::<Value>(&text).is_err(), "{words:?} -o {form} is for people");
        }
        serde_json::from_str::<Value>(&said("json")).unwrap_or_else(|error| panic!("{words:?}: {error}"));
        for line in said("ndjson").lines() {
            let value: Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{words:?}: {error} in {line}"));
            assert!(value.is_object(), "{words:?}: {line}");
        }
    }
}

#[test]
fn colours_are_for_terminals_and_for_those_who_like_them() {
    let host = host();
    let shown = |no_colour: bool| {
        let mut command = Command::new(CARACAL);
        command.args(["peers", "--socket"]).arg(host.path("control.sock")).env_remove("NO_COLOR");
        if no_colour {
            command.env("NO_COLOR", "1");
        }
        let mut terminal = Terminal::run(&command);
        assert!(terminal.wait().success());
        terminal.until("127.255.255.255");
        terminal.shown()
    };
    assert!(shown(false).contains("\x1b["), "a terminal is shown colours");
    assert!(!shown(true).contains("\x1b["), "NO_COLOR asks for none");
}

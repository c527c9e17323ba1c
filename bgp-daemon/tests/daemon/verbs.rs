//! Every verb: examples in its help, every form of answer, colour only where somebody watches.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::host::{CARACAL, Host};
use crate::terminal::Terminal;

/// Verbs that read, and a line with which a small daemon answers; FILE is its configuration.
const READING: &[&[&str]] = &[
    &["status"],
    &["peers"],
    &["peer", "tor-a"],
    &["routes"],
    &["explain", "10.244.1.0/26"],
    &["explain", "peer", "tor-a"],
    &["history"],
    &["log", "level"],
    &["wait", "ready", "--timeout", "0.1"],
    &["doctor"],
    &["bundle", "FILE.tar.gz"],
    &["check", "FILE"],
    &["diff", "FILE"],
    &["diff", "FILE", "FILE"],
    &["diff", "FILE", "--routes"],
    &["reload"],
    &["apply", "FILE"],
];

/// Verbs whose answers are seen elsewhere, and where.
const ELSEWHERE: &[(&str, &str)] = &[
    ("kernel", "tests/tests/hosts/kernel.rs: it needs a kernel's table"),
    ("top", "top.rs: it needs a terminal"),
    ("undo", "changing.rs: there is one step back, no more"),
    ("watch", "history.rs: lines for people are for terminals alone"),
];

/// Verbs that do something and say nothing about it.
const SILENT: &[&str] = &["run", "completion", "confirm", "drain"];

fn host() -> Host {
    let mut host = Host::new();
    host.run(
        "[[peer]]\nname = \"tor-a\"\naddress = \"127.255.255.255\"\nasn = 64512\nconnect_retry = \"1s\"\n\
         [[peer]]\nname = \"tor-b\"\naddress = \"127.255.255.254\"\nasn = 64512\n\
         [[originate]]\nprefix = \"10.244.1.0/26\"\nkind = \"announce\"\n",
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

fn help(verb: &str) -> String {
    let output = Command::new(CARACAL).args([verb, "--help"]).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[test]
fn no_verb_is_forgotten() {
    for verb in verbs() {
        let reads = READING.iter().any(|words| words[0] == verb);
        let told = [reads, ELSEWHERE.iter().any(|(other, _)| *other == verb), SILENT.contains(&&*verb)];
        assert_eq!(told.into_iter().filter(|it| *it).count(), 1, "is `{verb}` in one of the lists above?");
    }
}

/// The examples of a verb's help, up to comment, pipe and file, as they stand there.
fn examples(verb: &str) -> Vec<String> {
    let help = help(verb);
    assert!(help.contains(&format!("Examples:\n  caracal {verb}")) && help.contains("--output"), "{help}");
    let lines = help.lines().skip_while(|line| *line != "Examples:").skip(1);
    let lines = lines.take_while(|line| line.starts_with("  "));
    let lines = lines.map(|line| line.trim().trim_start_matches("sudo "));
    // What is said of one may go on in the next line, where clap was built to wrap help.
    let lines = lines.filter(|line| line.starts_with("caracal"));
    lines.map(|line| line.split("  ").next().unwrap_or_default().to_owned()).collect()
}

/// Runs a line in the folder of `host` until it has written something or ended, as `head -n 1` would have it.
fn follow(host: &Host, line: &str) -> (Option<i32>, String) {
    let ours = line.split(['|', '>']).next().unwrap_or_default();
    // Files that packages install, and times that nobody wants to wait for.
    let ours = ours.replace("/etc/caracal/", "").replace("60s", "1s");
    let mut command = Command::new("bash");
    let programs = Path::new(CARACAL).parent().expect("a folder").display().to_string();
    let path = env::var("PATH").unwrap_or_default();
    command.args(["-c", &format!("exec {ours}")]).current_dir(host.path("")).stdin(Stdio::null());
    command.env("PATH", format!("{programs}:{path}")).env("CARACAL_SOCKET", host.path("control.sock"));
    let mut process = command.stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().expect("bash");
    let mut first = String::new();
    let stdout = process.stdout.take().expect("a pipe");
    BufReader::new(stdout).read_line(&mut first).expect("text");
    let output = process.wait_with_output().expect("it ends");
    (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
}

#[test]
fn every_example_can_be_followed_and_stopped_after_a_line() {
    let host = host();
    for copy in ["old.toml", "new.toml"] {
        fs::copy(host.path("caracal.toml"), host.path(copy)).expect("a writable folder");
    }
    let mut verbs = verbs();
    assert!(verbs.len() > 15, "{verbs:?}");
    // That ends the daemon; and of its examples the first one.
    verbs.sort_by_key(|verb| verb == "drain");
    for verb in verbs {
        for example in examples(&verb).iter().rev() {
            let (code, said) = follow(&host, example);
            // Done, not so, refused (there is no kernel's table), too late.
            let expected: &[i32] = match example.as_str() {
                example if example.starts_with("caracal top") && !example.contains("-o") => &[2],
                _ => &[0, 1, 4, 6],
            };
            assert!(code.is_some_and(|code| expected.contains(&code)), "{example}: {code:?} {said}");
            assert!(!said.contains("panicked"), "{example}: {said}");
        }
    }
}

#[test]
fn every_reading_verb_answers_in_every_form() {
    let host = host();
    for words in READING {
        let file = host.path("caracal.toml").display().to_string();
        let words: Vec<String> = words.iter().map(|word| word.replace("FILE", &file)).collect();
        let said = |form: &str| {
            let words: Vec<&str> = words.iter().map(String::as_str).chain(["-o", form]).collect();
            let output = host.ask(&words);
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

//! `top` in a real terminal: drawn, sorted, resized, left, and the terminal as it was.

use std::process::Command;

use nix::sys::signal::Signal;

use crate::host::{CARACAL, Host};
use crate::terminal::Terminal;

/// What puts the shell's screen back.
const LEAVE: &str = "\x1b[?1049l";

fn host() -> Host {
    let mut host = Host::new();
    host.run(
        "[[peer]]\nname = \"tor-a\"\naddress = \"127.255.255.255\"\nasn = 64512\n\
         [[peer]]\nname = \"tor-b\"\naddress = \"127.255.255.254\"\nasn = 64512\n",
    );
    host
}

fn top(host: &Host) -> Terminal {
    let mut command = Command::new(CARACAL);
    command.arg("top").arg("--every").arg("0.2").arg("--socket").arg(host.path("control.sock"));
    let terminal = Terminal::run(&command);
    terminal.until("tor-b");
    assert!(!terminal.is_ordinary(), "keys are read one by one");
    terminal
}

#[test]
fn it_is_drawn_sorted_resized_and_left() {
    let host = host();
    let mut terminal = top(&host);
    assert!(terminal.shown().contains("router"), "{}", terminal.shown());
    terminal.clear();
    terminal.write("m");
    // What it is sorted by stands in brackets; only what changes is drawn anew.
    terminal.until("[m ");
    terminal.clear();
    terminal.resize(60, 12);
    terminal.until("tor-b");
    terminal.write("q");
    assert!(terminal.wait().success());
    terminal.until(LEAVE);
    assert!(terminal.is_ordinary());
}

#[test]
fn a_signal_leaves_the_terminal_as_it_was() {
    for signal in [Signal::SIGTERM, Signal::SIGHUP, Signal::SIGINT] {
        let host = host();
        let mut terminal = top(&host);
        terminal.signal(signal);
        assert!(terminal.wait().success(), "{signal}");
        terminal.until(LEAVE);
        assert!(terminal.is_ordinary(), "{signal}");
    }
}

#[test]
fn a_daemon_that_goes_away_is_said() {
    let mut host = host();
    let mut terminal = top(&host);
    host.signal(Signal::SIGTERM);
    host.wait();
    terminal.until_holds("it has gone", |shown| {
        shown.contains("the daemon has ended") || shown.contains("cannot reach the daemon")
    });
    terminal.write("\x03");
    assert!(terminal.wait().success());
    assert!(terminal.is_ordinary());
}

#[test]
fn without_a_terminal_it_is_json_or_nothing() {
    let host = host();
    let output = host.ask(&["top"]);
    assert_eq!(output.status.code(), Some(2), "{output:?}");
    assert!(String::from_utf8_lossy(&output.stderr).contains("-o ndjson"), "{output:?}");
    let picture = host.json(&["top", "--every", "0.1"]);
    assert_eq!(picture["peers"][0]["name"], "tor-a", "{picture:#}");
}

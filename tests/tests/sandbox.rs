//! What runs in a sandbox ends with it.

use std::io::{BufRead, BufReader, Read};
use std::process::{Command, Stdio};

/// Everything in the sandbox shares the pipe, so its end is the end of the last process there.
#[test]
fn killing_the_outer_process_ends_everything_inside() {
    let mut outer = Command::new(env!("CARGO_BIN_EXE_sandbox"))
        .args(["sh", "-c", "sleep 1000 & setsid sleep 1001 & echo up; wait"])
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .spawn()
        .expect("the sandbox starts");
    let mut output = BufReader::new(outer.stdout.take().expect("a pipe"));
    let mut line = String::new();
    output.read_line(&mut line).expect("a line");
    assert_eq!(line, "up\n");
    outer.kill().expect("SIGKILL");
    output.read_to_string(&mut line).expect("the end of the pipe");
    outer.wait().expect("an end");
}

#[test]
fn the_commands_failure_is_the_sandboxs_failure() {
    let run = |command| Command::new(env!("CARGO_BIN_EXE_sandbox")).arg(command).status().expect("it starts");
    assert!(run("true").success());
    assert!(!run("false").success());
}

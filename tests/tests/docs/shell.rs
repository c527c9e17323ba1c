//! A reader who does what a page says: types every line behind a `$` into one shell, and compares what comes.
//!
//! A block `console` is typed, and what stands below a command is what it prints; `[..]` stands for any text in a
//! line, a line `...` for any lines. `console settles` types a command again until it prints that: what it asks for
//! happens elsewhere. A block with `file=NAME` behind its fence is written to that file first. A command may
//! fail only where the next one is `echo $?`.

use std::env;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::os::unix::fs::symlink;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::Duration;

use tests::programs::program;
use tests::sandbox::SCRATCH;
use tests::wait;

use crate::page::{Block, Page, root};

/// How long a command may take, and how long what it asks for may take to happen.
const PATIENCE: Duration = Duration::from_secs(60);
/// What the shell says after each command, before its exit code.
const MARK: &str = "\u{1}done ";

/// Does what the page at `path` says, in a sandbox of this process.
///
/// # Panics
///
/// If a command prints something else.
pub(crate) fn follow(path: &str) {
    let page = Page::read(path);
    let mut shell = Shell::start();
    let mut typed = 0;
    for block in &page.blocks {
        if let Some(file) = block.file() {
            shell.write(file, &block.text);
        }
        if block.language == "console" {
            typed += shell.follow(&page, block);
        }
    }
    assert!(typed > 0, "{path} has nothing to type");
}

/// A shell and what it prints.
struct Shell {
    child: Child,
    input: ChildStdin,
    lines: Receiver<String>,
    /// How the last command ended.
    code: i32,
}

/// A command of a page and what it is to print.
struct Step<'b> {
    line: usize,
    command: &'b str,
    expected: Vec<&'b str>,
}

impl Shell {
    fn start() -> Self {
        let home = format!("{SCRATCH}/reader");
        fs::create_dir_all(&home).expect("a folder of the sandbox");
        // The reader has cloned the repository, as what quick starts call it.
        symlink(root(), format!("{home}/caracal")).expect("a link in the sandbox");
        let mut command = Command::new("/bin/bash");
        command
            .args(["--noprofile", "--norc"])
            .current_dir(&home)
            .env("HOME", &home)
            .envs(programs_and_crates());
        command.env("LC_ALL", "C").env("TZ", "UTC").env("TERM", "dumb");
        for variable in ["RUST_LOG", "CARACAL_SOCKET", "CARGO_MANIFEST_DIR"] {
            command.env_remove(variable);
        }
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().expect("bash starts");
        let mut input = child.stdin.take().expect("it is a pipe");
        writeln!(input, "exec 2>&1").expect("bash reads");
        let (sender, lines) = channel();
        let output = BufReader::new(child.stdout.take().expect("it is a pipe"));
        thread::spawn(move || {
            let mut lines = output.split(b'\n').map_while(Result::ok);
            lines.all(|line| sender.send(String::from_utf8_lossy(&line).into_owned()).is_ok())
        });
        Self { child, input, lines, code: 0 }
    }

    fn write(&mut self, file: &str, text: &str) {
        let (printed, code) = self.run(&format!("cat > {file} << 'END_OF_FILE'\n{text}END_OF_FILE"));
        assert_eq!((printed.as_slice(), code), (&[][..], 0), "{file} cannot be written");
    }

    /// Types what a block says; returns how many commands that were.
    fn follow(&mut self, page: &Page, block: &Block) -> usize {
        let steps = steps(block);
        let mut steps = steps.iter().peekable();
        let mut typed = 0;
        while let Some(step) = steps.next() {
            let may_fail = steps.peek().is_some_and(|next| next.command == "echo $?");
            let look = |shell: &mut Self| shell.step(step, may_fail);
            let done = match block.is("settles") {
                true => wait::until("what the page says", PATIENCE, || look(self))
                    .map_err(|failure| failure.to_string()),
                false => look(self),
            };
            done.unwrap_or_else(|why| panic!("{}: $ {}\n{why}", page.at(step.line), step.command));
            typed += 1;
        }
        typed
    }

    /// Types one command; the error is what it printed instead.
    fn step(&mut self, step: &Step<'_>, may_fail: bool) -> Result<(), String> {
        let (printed, code) = self.run(step.command);
        let lines: Vec<&str> = printed.iter().map(|line| line.trim_end()).collect();
        if !matches(&step.expected, &lines) {
            return Err(format!("expected:\n{}\nprinted:\n{}", step.expected.join("\n"), lines.join("\n")));
        }
        if code == 0 || may_fail {
            Ok(())
        } else {
            Err(format!("it exits with {code}\n{}", lines.join("\n")))
        }
    }

    /// Runs a command; what it printed and its exit code.
    fn run(&mut self, command: &str) -> (Vec<String>, i32) {
        // Nothing to read for it, and `$?` as the reader would see it.
        let code = self.code;
        writeln!(self.input, "(exit {code})\n{{\n{command}\n}} < /dev/null\nprintf '\\n{MARK}%s\\n' $?")
            .expect("bash reads");
        let mut printed = Vec::new();
        loop {
            let line = self.lines.recv_timeout(PATIENCE);
            let line =
                line.unwrap_or_else(|_| panic!("{command} does not end; it printed\n{}", printed.join("\n")));
            if let Some(code) = line.strip_prefix(MARK) {
                self.code = code.parse().expect("an exit code");
                // The line feed before the mark is ours.
                if printed.last().is_some_and(String::is_empty) {
                    printed.pop();
                }
                return (printed, self.code);
            }
            printed.push(line);
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        // It fails only where the shell has ended, which is what is wanted.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Where a shell with another home finds programs, ours first, and what cargo keeps at home.
fn programs_and_crates() -> [(&'static str, String); 3] {
    let folder = |file: PathBuf| file.parent().expect("a file is in a folder").display().to_string();
    let home = env::var("HOME").unwrap_or_default();
    let kept = |variable: &str, usual: &str| env::var(variable).unwrap_or_else(|_| format!("{home}/{usual}"));
    let mut path = folder(program("caracal"));
    path.extend(env::var_os("CARGO").map(|cargo| format!(":{}", folder(cargo.into()))));
    path += ":/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
    [
        ("PATH", path),
        ("CARGO_HOME", kept("CARGO_HOME", ".cargo")),
        ("RUSTUP_HOME", kept("RUSTUP_HOME", ".rustup")),
    ]
}

/// The commands of a block.
fn steps(block: &Block) -> Vec<Step<'_>> {
    let mut steps: Vec<Step<'_>> = Vec::new();
    for (line, text) in block.lines() {
        match (text.strip_prefix("$ "), steps.last_mut()) {
            (Some(command), _) => steps.push(Step { line, command, expected: Vec::new() }),
            (None, Some(step)) => step.expected.push(text.trim_end()),
            (None, None) => panic!("line {line} is the output of no command"),
        }
    }
    steps
}

/// Whether lines are as expected.
fn matches(expected: &[&str], printed: &[&str]) -> bool {
    match expected.split_first() {
        None => printed.is_empty(),
        Some((&"...", rest)) => (0..=printed.len()).any(|skipped| matches(rest, &printed[skipped..])),
        Some((line, rest)) => {
            printed.split_first().is_some_and(|(first, others)| is_like(line, first) && matches(rest, others))
        }
    }
}

/// Whether a line is as expected.
fn is_like(expected: &str, line: &str) -> bool {
    match expected.split_once("[..]") {
        None => expected == line,
        Some((head, tail)) => line.strip_prefix(head).is_some_and(|rest| {
            rest.char_indices().map(|(at, _)| at).chain([rest.len()]).any(|at| is_like(tail, &rest[at..]))
        }),
    }
}

#[test]
fn wildcards_stand_for_text_and_for_lines() {
    assert!(is_like("up [..] (since [..])", "up 3s (since noon)"));
    assert!(!is_like("up [..] (since [..])", "up 3s"));
    assert!(is_like("[..]", ""));
    assert!(matches(&["a", "...", "b"], &["a", "b"]));
    assert!(matches(&["a", "...", "b"], &["a", "x", "y", "b"]));
    assert!(!matches(&["a", "...", "b"], &["a", "x"]));
    assert!(!matches(&["a"], &["a", "b"]));
    assert!(!matches(&["a"], &[]));
}

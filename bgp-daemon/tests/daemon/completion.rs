//! Completion in real shells: a tab is typed, and the name of a peer appears.

use std::env;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use tempfile::TempDir;

use crate::host::{CARACAL, Host};
use crate::terminal::Terminal;

/// How long a shell on a busy machine may take for one tab.
const PATIENCE: Duration = Duration::from_secs(60);

/// A shell that somebody types into, with a home of its own.
struct Shell {
    terminal: Terminal,
    _home: TempDir,
}

impl Shell {
    /// Starts `program`, a shell of Debian's package of the same name, and has it read `setup`.
    fn start(program: &str, words: &[&str], setup: &str, socket: &Path) -> Self {
        let file = Path::new("/usr/bin").join(program);
        assert!(file.exists(), "no {}, of Debian's {program}; tests/peers installs it", file.display());
        let home = tempfile::tempdir().expect("a folder");
        let programs = Path::new(CARACAL).parent().expect("a folder").display().to_string();
        let path = env::var("PATH").unwrap_or_default();
        let mut command = Command::new(file);
        command.args(words).env("PATH", format!("{programs}:{path}")).env("CARACAL_SOCKET", socket);
        // Lines are drawn anew, not patched.
        command.env("HOME", home.path()).env("PS1", "ready> ").env("TERM", "dumb");
        let mut terminal = Terminal::run(&command);
        terminal.until("ready> ");
        terminal.write(&format!("{setup}; echo so''urced\n"));
        terminal.until("sourced\r\n");
        Self { terminal, _home: home }
    }

    fn bash(socket: &Path) -> Self {
        let setup = "bind 'set enable-bracketed-paste off'; source <(caracal completion bash)";
        Self::start("bash", &["--norc", "--noprofile", "-i"], setup, socket)
    }

    fn zsh(socket: &Path) -> Self {
        let setup = "autoload -U compinit; compinit -u -D; source <(caracal completion zsh)";
        Self::start("zsh", &["-f", "-i"], setup, socket)
    }

    fn fish(socket: &Path) -> Self {
        let prompt = "function fish_prompt; echo -n 'ready> '; end";
        let setup = "caracal completion fish | source";
        Self::start("fish", &["--no-config", "-i", "-C", prompt], setup, socket)
    }

    /// Types `line` and a tab until `word` appears, again where the daemon was too slow for the shell.
    fn complete(&mut self, line: &str, word: &str) {
        let deadline = Instant::now() + PATIENCE;
        let terminal = &mut self.terminal;
        terminal.clear();
        terminal.write(line);
        while !terminal.shown().contains(word) {
            assert!(Instant::now() < deadline, "{word:?} never came after {line:?}: {:?}", terminal.shown());
            terminal.write("\t");
            sleep(Duration::from_millis(200));
        }
        // Another line.
        terminal.write("\x15");
    }
}

/// A daemon whose peers have names of every kind.
fn host() -> Host {
    let mut host = Host::new();
    let peer = |name: &str, address: &str| {
        format!("[[peer]]\nname = \"{name}\"\naddress = \"{address}\"\nasn = 64512\n")
    };
    let peers = [
        peer("leaf-one", "127.255.255.255"),
        peer("spine-two", "127.255.255.254"),
        peer("2001:db8::1", "2001:db8::1"),
        peer("2001:db8::2", "2001:db8::2"),
        peer("fe80::1%lo", "fe80::1%lo"),
        peer("::5", "::5"),
    ];
    let route = |prefix: &str| format!("[[originate]]\nprefix = \"{prefix}\"\nkind = \"announce\"\n");
    host.run(
        &(peers.concat() + &route("10.244.1.0/24") + &route("10.244.2.0/24") + &route("2001:db8:7::/48")),
    );
    host
}

/// What every shell completes; it has the words that are typed to itself in the first.
fn completes(mut shell: Shell) {
    for (line, word) in [
        ("caracal stat", "caracal status"),
        ("caracal peer sp", "caracal peer spine-two"),
        ("caracal explain peer le", "caracal explain peer leaf-one"),
        ("caracal routes --out sp", "caracal routes --out spine-two"),
        ("caracal routes --out=sp", "caracal routes --out=spine-two"),
        ("caracal peers -o ndj", "caracal peers -o ndjson"),
        ("caracal watch leaf-one sp", "caracal watch leaf-one spine-two"),
        // A colon ends a word of bash, and a percent sign is quoted by fish.
        ("caracal peer 2001:", "caracal peer 2001:db8::"),
        ("caracal peer fe80:", "caracal peer fe80::1"),
        ("caracal peer ::", "caracal peer ::5"),
        ("caracal peer 2001:db8::2 disa", "caracal peer 2001:db8::2 disable"),
        ("caracal peer fe80::1%lo disa", "caracal peer fe80::1%lo disable"),
        ("caracal peer \"fe80:", "caracal peer \"fe80::1%lo\""),
        ("caracal peer 'sp", "caracal peer 'spine-two'"),
        ("caracal log level leaf", "caracal log level leaf-one="),
        ("caracal log level 2001:db8::1=tra", "caracal log level 2001:db8::1=trace"),
        ("caracal explain 10.244.2", "caracal explain 10.244.2.0/24"),
        ("caracal routes 2001:db8:", "caracal routes 2001:db8:7::/48"),
        ("caracal history pe", "caracal history peer"),
    ] {
        shell.complete(line, word);
    }
}

#[test]
fn bash_completes_verbs_options_peers_and_prefixes() {
    let host = host();
    completes(Shell::bash(&host.path("control.sock")));
}

#[test]
fn zsh_completes_verbs_options_peers_and_prefixes() {
    let host = host();
    completes(Shell::zsh(&host.path("control.sock")));
}

#[test]
fn fish_completes_verbs_options_peers_and_prefixes() {
    let host = host();
    completes(Shell::fish(&host.path("control.sock")));
}

/// As a package installs it, zsh reads the script when it is first needed.
#[test]
fn the_first_tab_is_answered_in_zsh() {
    let folder = tempfile::tempdir().expect("a folder");
    let script = Command::new(CARACAL).args(["completion", "zsh"]).output().expect("it runs").stdout;
    fs::write(folder.path().join("_caracal"), script).expect("a writable folder");
    let setup = format!("fpath=({} $fpath); autoload -U compinit; compinit -u -D", folder.path().display());
    let nobody = folder.path().join("nobody.sock");
    let mut shell = Shell::start("zsh", &["-f", "-i"], &setup, &nobody);
    shell.terminal.write("caracal stat\t");
    shell.terminal.until("caracal status");
}

/// What is completed is one word, with blanks in it too, and what a shell would expand stays as it is.
#[test]
fn bash_quotes_what_it_would_not_take_for_one_word() {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("my $HOME.toml"), "").expect("a writable folder");
    let mut shell = Shell::bash(&folder.path().join("nobody.sock"));
    let start = folder.path().join("my").display().to_string();
    shell.complete(&format!("caracal check {start}"), &format!("caracal check {start}\\ \\$HOME.toml"));
}

/// A daemon that accepts and says nothing does not hold up whoever types.
#[test]
fn a_daemon_that_is_stuck_costs_a_moment() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("stuck.sock");
    let _listener = std::os::unix::net::UnixListener::bind(&socket).expect("a socket");
    let ask = |socket: &Path| {
        let mut command = Command::new(CARACAL);
        command.args(["--", "caracal", "peer", ""]).env("CARACAL_SOCKET", socket);
        command.env("CARACAL_COMPLETE", "bash").env("_CLAP_COMPLETE_INDEX", "2").env("_CLAP_IFS", "\n");
        let began = Instant::now();
        let output = command.output().expect("it runs");
        assert!(output.status.success(), "{output:?}");
        (began.elapsed(), String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let (stuck, names) = ask(&socket);
    assert!(!names.contains("stuck"), "{names}");
    // Beside what the same costs without a daemon: three times its patience at most.
    let (nobody, _) = ask(&folder.path().join("nobody.sock"));
    assert!(stuck < nobody * 3 + Duration::from_secs(2), "{stuck:?} beside {nobody:?}");
}

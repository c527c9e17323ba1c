//! Completion in a real bash: a tab is typed, and the name of a peer appears.

use std::env;
use std::path::Path;
use std::process::Command;
use std::thread::sleep;
use std::time::{Duration, Instant};

use crate::host::{CARACAL, Host};
use crate::terminal::Terminal;

/// How long a shell on a busy machine may take for one tab.
const PATIENCE: Duration = Duration::from_secs(60);

fn shell(socket: &Path) -> Terminal {
    let programs = Path::new(CARACAL).parent().expect("a folder").display().to_string();
    let path = env::var("PATH").unwrap_or_default();
    let mut command = Command::new("bash");
    command.args(["--norc", "--noprofile", "-i"]);
    command.env("PATH", format!("{programs}:{path}")).env("CARACAL_SOCKET", socket).env("PS1", "ready> ");
    let mut terminal = Terminal::run(&command);
    terminal.until("ready> ");
    terminal
        .write("bind 'set enable-bracketed-paste off'; source <(caracal completion bash); echo so''urced\n");
    terminal.until("sourced\r\n");
    terminal
}

/// Types `line` and a tab until `word` appears, again where the daemon was too slow for the shell.
fn complete(terminal: &mut Terminal, line: &str, word: &str) {
    let deadline = Instant::now() + PATIENCE;
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

#[test]
fn a_tab_completes_verbs_and_the_names_of_peers() {
    let mut host = Host::new();
    let peer = |name: &str, last: u8| {
        format!("[[peer]]\nname = \"{name}\"\naddress = \"127.255.255.{last}\"\nasn = 64512\n")
    };
    host.run(&(peer("leaf-one", 255) + &peer("spine-two", 254)));
    let mut terminal = shell(&host.path("control.sock"));
    complete(&mut terminal, "caracal pee", "caracal peer");
    complete(&mut terminal, "caracal peer sp", "caracal peer spine-two");
    complete(&mut terminal, "caracal explain peer le", "caracal explain peer leaf-one");
    complete(&mut terminal, "caracal routes --out sp", "caracal routes --out spine-two");
    complete(&mut terminal, "caracal peers -o ndj", "caracal peers -o ndjson");
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

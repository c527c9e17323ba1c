//! Shell completion: the script a shell reads once, and the answers it asks for at every tab.

use std::env;
use std::ffi::{OsStr, OsString};
use std::io;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap::ValueEnum;
use clap_complete::engine::CompletionCandidate;
use clap_complete::env::{CompleteEnv, Shells};
use serde::Deserialize;

use super::arguments::{SOCKET, command};
use super::client::Client;
use crate::api::Verb;
use crate::config::Role;

/// Set by the scripts: the shell asks.
const VARIABLE: &str = "CARACAL_COMPLETE";

/// How long somebody who has hit the tab key waits for a daemon that is busy.
const PATIENCE: Duration = Duration::from_millis(300);

/// Shells that there is a script for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum Shell {
    /// The Bourne-again shell
    Bash,
    /// The Z shell
    Zsh,
    /// The friendly interactive shell
    Fish,
}

impl Shell {
    const fn name(self) -> &'static str {
        match self {
            Self::Bash => "bash",
            Self::Zsh => "zsh",
            Self::Fish => "fish",
        }
    }
}

/// Answers a shell and ends the process, where it is a shell that asks.
pub(super) fn answer(role: Role) {
    CompleteEnv::with_factory(|| command(role)).var(VARIABLE).complete();
}

/// Writes the script for a shell. It calls the program by its name, wherever that is then.
pub(super) fn script(shell: Shell, role: Role, out: &mut dyn io::Write) -> io::Result<()> {
    let shells = Shells::builtins();
    let program = role.program();
    match shells.completer(shell.name()) {
        Some(writer) => writer.write_registration(VARIABLE, program, program, program, out),
        None => Err(io::Error::new(io::ErrorKind::Unsupported, shell.name())),
    }
}

/// The names of the daemon's peers that begin with `current`; none where it does not say them in time.
pub(super) fn peers(current: &OsStr) -> Vec<CompletionCandidate> {
    #[derive(Deserialize)]
    struct Named {
        name: String,
    }
    let client = Client { socket: socket(env::args_os()), timeout: PATIENCE };
    let (tell, told) = mpsc::sync_channel(1);
    // The thread ends with the process, whatever it waits for.
    thread::spawn(move || {
        let peers = client.open().and_then(|mut line| line.list::<Named>(Verb::Peers));
        let _ = tell.send(peers);
    });
    let Ok(Ok(peers)) = told.recv_timeout(PATIENCE) else { return Vec::new() };
    let start = current.to_string_lossy();
    let mut names: Vec<String> =
        peers.into_iter().map(|peer| peer.name).filter(|name| name.starts_with(&*start)).collect();
    names.sort();
    names.into_iter().map(CompletionCandidate::new).collect()
}

/// The socket of the line that is being typed, which stands among our own arguments.
fn socket(words: impl Iterator<Item = OsString>) -> PathBuf {
    let words: Vec<OsString> = words.collect();
    let beside = words.windows(2).find(|pair| pair[0] == "--socket").map(|pair| pair[1].clone());
    let within = || words.iter().find_map(|word| Some(word.to_str()?.strip_prefix("--socket=")?.into()));
    let said = beside.or_else(within).or_else(|| env::var_os("CARACAL_SOCKET"));
    said.map_or_else(|| SOCKET.into(), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_is_typed_says_which_daemon() {
        let socket = |line: &str| socket(line.split(' ').map(OsString::from));
        assert_eq!(socket("caracal -- caracal peer --socket /a/b x"), PathBuf::from("/a/b"));
        assert_eq!(socket("caracal -- caracal --socket=/c peer"), PathBuf::from("/c"));
    }

    #[test]
    fn every_shell_has_a_script() {
        for shell in Shell::value_variants() {
            for role in [Role::Node, Role::Reflector] {
                let mut written = Vec::new();
                script(*shell, role, &mut written).expect("memory takes everything");
                let text = String::from_utf8(written).expect("text");
                assert!(text.contains(VARIABLE) && text.contains(role.program()), "{text}");
            }
        }
    }
}

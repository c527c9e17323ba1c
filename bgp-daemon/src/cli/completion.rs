//! Shell completion: the script a shell reads once, and the answers it asks for at every tab.

mod candidates;

use std::env;
use std::ffi::OsString;
use std::io;
use std::process;

use clap::ValueEnum;
use clap_complete::env::{CompleteEnv, Shells};

pub(super) use self::candidates::{levels, peers, prefixes, subjects};
use super::arguments::command;
use crate::config::Role;

/// Set by the scripts: the shell asks.
const VARIABLE: &str = "CARACAL_COMPLETE";

/// Ours for bash: that of `clap_complete` hands on words that bash has cut at colons.
const BASH: &str = include_str!("completion/caracal.bash");

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

/// Answers a shell and ends the process, where it is a shell that asks.
pub(super) fn answer(role: Role) {
    let here = env::current_dir().ok();
    let completer = CompleteEnv::with_factory(|| command(role)).var(VARIABLE);
    match completer.try_complete(words(), here.as_deref()) {
        Ok(true) => process::exit(0),
        Ok(false) => {}
        Err(error) => error.exit(),
    }
}

/// Our own arguments, the line that is typed among them, without the quotes that somebody has opened or put around a word.
fn words() -> impl Iterator<Item = OsString> {
    env::args_os().map(|word| match word.into_string() {
        Ok(word) => word.replace(['"', '\'', '\\'], "").into(),
        Err(word) => word,
    })
}

/// Writes the script for a shell. It calls the program by its name, wherever that is then.
pub(super) fn script(shell: Shell, role: Role, out: &mut dyn io::Write) -> io::Result<()> {
    let program = role.program();
    let function = program.replace('-', "_");
    match shell {
        Shell::Bash => {
            let text = BASH.replace("FUNCTION", &function).replace("VARIABLE", VARIABLE);
            out.write_all(text.replace("PROGRAM", program).as_bytes())
        }
        Shell::Zsh => {
            registration("zsh", program, out)?;
            // Found on `fpath` it is read at the first tab, which it has to answer.
            writeln!(out, "[[ $funcstack[1] != _{program} ]] || _clap_dynamic_completer_{function} \"$@\"")
        }
        Shell::Fish => registration("fish", program, out),
    }
}

/// What `clap_complete` has for a shell.
fn registration(shell: &str, program: &str, out: &mut dyn io::Write) -> io::Result<()> {
    let shells = Shells::builtins();
    let writer = shells.completer(shell).ok_or(io::ErrorKind::Unsupported)?;
    writer.write_registration(VARIABLE, program, program, program, out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shell_has_a_script() {
        for shell in Shell::value_variants() {
            for role in [Role::Node, Role::Reflector] {
                let mut written = Vec::new();
                script(*shell, role, &mut written).expect("memory takes everything");
                let text = String::from_utf8(written).expect("text");
                assert!(text.contains(VARIABLE) && text.contains(role.program()), "{text}");
                assert!(!text.contains("PROGRAM") && !text.contains("FUNCTION"), "{text}");
            }
        }
    }
}

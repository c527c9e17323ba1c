//! `bird -R -s SOCKET -d -c FILE`: the daemon, with BIRD's options.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use super::super::offline;
use super::options::Options;
use crate::config::{self, Loaded, Role};
use crate::role::Program;

/// Where the configuration is unless `-c` says.
const FILE: &str = "/etc/caracal/caracal.toml";

const USAGE: &str = "\
Usage: bird [-c FILE] [-s SOCKET] [-p] [-P FILE] [-R] [-d] [-f] [--version]

This is caracal under BIRD's name.
  -c FILE    the configuration, in caracal's language
  -s SOCKET  answer BIRD's protocol for IPv4 there, for IPv6 where the file says, else at bird6.ctl beside it
  -p         only say whether the configuration is valid
  -P FILE    write the number of the process to FILE
  -R, -d, -f, -l  change nothing: a restart is always graceful, and the daemon stays in the foreground";

/// What both daemons can be told.
pub(super) struct Orders {
    pub(super) file: PathBuf,
    pub(super) socket: Option<PathBuf>,
    only_check: bool,
    pid_file: Option<PathBuf>,
}

impl Orders {
    /// Reads the options; an exit code where they ask for nothing more.
    pub(super) fn read(
        arguments: impl IntoIterator<Item = OsString>,
    ) -> Result<Result<Self, ExitCode>, String> {
        let options = Options::read(arguments, "Rdflhp", "csPDugb")?;
        if options.has('h') || options.words.iter().any(|word| word == "help") {
            println!("{USAGE}");
            return Ok(Err(ExitCode::SUCCESS));
        }
        if options.words.iter().any(|word| word == "version") {
            eprintln!("BIRD version v1.6.8-caracal-{}", env!("CARGO_PKG_VERSION"));
            return Ok(Err(ExitCode::SUCCESS));
        }
        if let Some(word) = options.words.first() {
            return Err(format!("unrecognized option '--{word}'"));
        }
        if !options.rest.is_empty() {
            return Err(format!("unexpected argument '{}'", options.line()));
        }
        if options.has('u') || options.has('g') {
            return Err(
                "-u and -g are not supported: let the service manager choose user and group".to_owned()
            );
        }
        Ok(Ok(Self {
            file: options.value('c').map_or_else(|| FILE.into(), Into::into),
            socket: options.value('s').map(Into::into),
            only_check: options.has('p'),
            pid_file: options.value('P').map(Into::into),
        }))
    }

    /// Reads the configuration; what is wrong with it is told on the standard error.
    pub(super) fn load(&self) -> Result<(Loaded, Program), String> {
        let program = Program { role: Role::Node, bird: self.socket.clone() };
        match config::load(&self.file) {
            Ok(loaded) => {
                eprint!("{}", config::render(&loaded.warnings));
                let settings = loaded.settings.forced(&program);
                Ok((Loaded { settings, ..loaded }, program))
            }
            Err(_) if is_birds(&self.file) => Err(format!(
                "{} is a configuration of BIRD. This is caracal under BIRD's name, which reads its own language: \
                 docs/bird.md says how one becomes the other",
                self.file.display()
            )),
            Err(diagnostics) => Err(config::render(&diagnostics)),
        }
    }

    /// Whether only the configuration was to be checked.
    pub(super) const fn only_check(&self) -> bool {
        self.only_check
    }
}

/// Runs the daemon.
pub(super) fn main(arguments: impl IntoIterator<Item = OsString>) -> Result<ExitCode, String> {
    let orders = match Orders::read(arguments)? {
        Ok(orders) => orders,
        Err(done) => return Ok(done),
    };
    let (loaded, program) = orders.load()?;
    if orders.only_check() {
        return Ok(ExitCode::SUCCESS);
    }
    if let Some(file) = &orders.pid_file {
        fs::write(file, format!("{}\n", std::process::id()))
            .map_err(|error| format!("cannot write {}: {error}", file.display()))?;
    }
    Ok(offline::serve(program, &orders.file, loaded).into())
}

/// Whether a file that is not ours is a BIRD's.
fn is_birds(file: &Path) -> bool {
    const WORDS: &[&str] =
        &["protocol", "template", "filter", "function", "router", "define", "include", "log"];
    let text = fs::read_to_string(file).unwrap_or_default();
    text.lines().any(|line| {
        let first = line.split_whitespace().next().unwrap_or_default();
        let line = line.split('#').next().unwrap_or_default().trim_end();
        WORDS.contains(&first) && line.ends_with([';', '{', '}'])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_birds_configuration_is_known() {
        let folder = tempfile::tempdir().expect("a folder");
        let is = |text: &str| {
            let file = folder.path().join("f");
            fs::write(&file, text).expect("a file");
            is_birds(&file)
        };
        assert!(is("# made by confd\nrouter id 10.0.0.1;\nprotocol kernel {\n  learn;\n}\n"));
        assert!(is("include \"bird_aggr.cfg\";\n"));
        assert!(!is("asn = 64512\n[log]\nlevel = \"info\"\n"));
        assert!(!is_birds(&folder.path().join("nothing")));
    }
}

//! `doctor`: puts together what is to be examined, and prints what was found.

use std::io;
use std::path::{Path, PathBuf};

use super::client::{Client, ClientError, Line};
use super::exit::Exit;
use super::show::Screen;
use super::table::Tone;
use crate::api::{Finding, Refusal, Standing, Verb};
use crate::config::{self, Diagnostic, Loaded, Role, ThisHost};
use crate::doctor::{Case, Environment, Root, Running, examine};

/// Where a configuration is looked for when nobody says where it is.
const USUAL: &str = "/etc/caracal/caracal.toml";

/// Examines the host and prints what was found; with 1 where something does not work.
pub(super) fn run(
    role: Role,
    client: &Client,
    config: Option<PathBuf>,
    screen: &mut Screen<'_>,
) -> Result<Exit, ClientError> {
    let found = examine(&case(role, client, config));
    screen.values(&found, print)?;
    let is_bad = found.iter().any(|finding| finding.standing == Standing::Error);
    Ok(if is_bad { Exit::Not } else { Exit::Done })
}

/// What is examined: the host, the daemon that answers, and `config`, or else the daemon's own.
pub(super) fn case(role: Role, client: &Client, config: Option<PathBuf>) -> Case {
    let root = Root::default();
    let daemon = client.open().and_then(|mut line| running(&mut line));
    let told = daemon.as_ref().ok().map(|running| PathBuf::from(&running.status.config));
    let usual = || Some(PathBuf::from(USUAL)).filter(|path| path.exists());
    let id = daemon.as_ref().ok().and_then(|running| running.id);
    let read = |path: PathBuf| {
        let loaded = load(&root, role, &path, id);
        (path, loaded)
    };
    Case {
        program: role.program(),
        role,
        config: config.or(told).or_else(usual).map(read),
        socket: client.socket.clone(),
        daemon: daemon.map_err(|error| (kind(&error), error.to_string())),
        root,
    }
}

/// Reads a configuration as the daemon of process `id` would.
fn load(root: &Root, role: Role, path: &Path, id: Option<u32>) -> Result<Loaded, Vec<Diagnostic>> {
    let loaded = match id.and_then(|id| Environment::of(root, id)) {
        Some(host) => config::load_on(path, &host),
        None => config::load_on(path, &ThisHost),
    };
    loaded.map(|loaded| Loaded { settings: loaded.settings.forced(&role.into()), ..loaded })
}

fn running(line: &mut Line<'_>) -> Result<Running, ClientError> {
    let kernel = match line.one(Verb::KernelSummary) {
        Ok(kernel) => Some(kernel),
        // The kernel is not programmed.
        Err(ClientError::Refused(Refusal { .. })) => None,
        Err(error) => return Err(error),
    };
    Ok(Running {
        id: line.process(),
        status: line.one(Verb::Status)?,
        peers: line.list(Verb::Peers)?,
        kernel,
    })
}

fn kind(error: &ClientError) -> io::ErrorKind {
    match error {
        ClientError::Unreachable { source, .. } => source.kind(),
        ClientError::Timeout(_) => io::ErrorKind::TimedOut,
        _ => io::ErrorKind::Other,
    }
}

fn print(found: &[Finding], screen: &mut Screen<'_>) -> io::Result<()> {
    let width = found.iter().map(|finding| finding.check.len()).max().unwrap_or_default();
    let indent = " ".repeat(width + 11);
    for Finding { check, standing, seen, why, repair } in found {
        let (word, tone) = standing_word(*standing);
        let word = screen.colour.paint(&format!("{word:<7}"), tone);
        writeln!(screen.out, "{word}  {check:<width$}  {}", plain(seen))?;
        if !why.is_empty() {
            writeln!(screen.out, "{indent}{}", screen.colour.paint(why, Tone::Dim))?;
        }
        if let Some(repair) = repair {
            writeln!(screen.out, "{indent}$ {}", plain(repair))?;
        }
    }
    let count = |standing| found.iter().filter(|finding| finding.standing == standing).count();
    let (errors, warnings) = (count(Standing::Error), count(Standing::Warning));
    let (unseen, well) = (count(Standing::Unknown), count(Standing::Ok));
    writeln!(screen.out, "\nerrors {errors}, warnings {warnings}, not seen {unseen}, ok {well}")
}

const fn standing_word(standing: Standing) -> (&'static str, Tone) {
    match standing {
        Standing::Ok => ("ok", Tone::Good),
        Standing::Unknown => ("unknown", Tone::Dim),
        Standing::Warning => ("warning", Tone::Fair),
        Standing::Error => ("error", Tone::Bad),
    }
}

/// Without what a terminal would obey: names of processes and interfaces are anybody's.
fn plain(text: &str) -> String {
    text.chars().filter(|character| !character.is_control()).collect()
}

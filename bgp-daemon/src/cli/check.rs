//! Whether a configuration is valid: its errors with a caret for people, and the verdict.

use std::io;
use std::path::Path;

use serde::Serialize;

use super::client::ClientError;
use super::exit::Exit;
use super::show::Screen;
use crate::config::{self, Diagnostic, Loaded, Role, Settings};
use crate::quantity::quantity;

/// What is said of a file.
#[derive(Debug, Serialize)]
struct Verdict<'a> {
    file: String,
    valid: bool,
    /// What is in it; nothing of a file that is not valid.
    #[serde(flatten)]
    sum: Option<Sum>,
    problems: Vec<Problem<'a>>,
}

/// What is in a file.
#[derive(Debug, Serialize)]
struct Sum {
    asn: u32,
    router_id: String,
    peers: usize,
    ranges: usize,
    originate: usize,
}

/// An error, or a warning.
#[derive(Debug, Serialize)]
struct Problem<'a> {
    severity: &'static str,
    message: &'a str,
    file: Option<String>,
    line: Option<usize>,
    column: Option<usize>,
    hint: Option<&'a str>,
}

/// Says whether the file at `path` is valid for `role`. What is wrong goes to standard error for people, whatever the form.
pub(super) fn run(role: Role, path: &Path, screen: &mut Screen<'_>) -> Result<Exit, ClientError> {
    let read = config::load(path);
    let (sum, found) = match &read {
        Ok(Loaded { settings, warnings, .. }) => {
            (Some(Sum::from(&settings.clone().forced(&role.into()))), warnings)
        }
        Err(errors) => (None, errors),
    };
    eprint!("{}", config::render(found));
    let exit = if sum.is_some() { Exit::Done } else { Exit::Configuration };
    let problems = found.iter().map(Problem::from).collect();
    let verdict = Verdict { file: path.display().to_string(), valid: sum.is_some(), sum, problems };
    print(&verdict, screen)?;
    Ok(exit)
}

fn print(verdict: &Verdict<'_>, screen: &mut Screen<'_>) -> io::Result<()> {
    if !screen.is_for_people() {
        return writeln!(screen.out, "{}", serde_json::to_string(verdict)?);
    }
    let Some(Sum { asn, router_id, peers, ranges, originate }) = &verdict.sum else { return Ok(()) };
    let peers = quantity(*peers, "peer", "peers");
    let ranges = quantity(*ranges, "range", "ranges");
    let routes = quantity(*originate, "route", "routes");
    writeln!(
        screen.out,
        "{} is valid: AS {asn}, router id {router_id}, {peers}, {ranges}, {routes} of our own",
        verdict.file
    )
}

impl From<&Settings> for Sum {
    fn from(settings: &Settings) -> Self {
        let core = &settings.core;
        Self {
            asn: core.asn.0,
            router_id: core.router_id.to_string(),
            peers: core.peers.len(),
            ranges: core.dynamic_peers.len(),
            originate: settings.originate.len(),
        }
    }
}

impl<'a> From<&'a Diagnostic> for Problem<'a> {
    fn from(diagnostic: &'a Diagnostic) -> Self {
        let place = diagnostic.location.as_ref();
        Self {
            severity: diagnostic.severity.as_str(),
            message: &diagnostic.message,
            file: place.map(|place| place.file.display().to_string()),
            line: place.map(|place| place.line),
            column: place.map(|place| place.column),
            hint: diagnostic.hint.as_deref(),
        }
    }
}

//! Verbs that change what is in force, take it back, or say what a change would do.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::arguments::{Change, Global};
use super::client::{Client, ClientError};
use super::exit::Exit;
use super::show::Screen;
use super::table::{Align, Cell, Table, Tone};
use super::{consequences, diff, drain};
use crate::api::{Draft, Effect, LogLevel, Reloaded, Verb};
use crate::config::Role;

/// Carries out `verb`; diffs, which only say what a change would do, are among them.
pub(super) fn carry_out(
    verb: Change,
    role: Role,
    global: &Global,
    screen: &mut Screen<'_>,
) -> Result<Exit, ClientError> {
    let client = &global.client();
    match verb {
        Change::Diff { file, new, routes, exit_code } => {
            let effect = match new {
                Some(new) => diff::of_files(role, &file, &new, screen)?,
                None if routes => Some(consequences::print(client, &file, screen)?),
                None => Some(diff::of_daemon(client, &file, screen)?),
            };
            return Ok(effect.map_or(Exit::Configuration, |effect| diff::verdict(effect, exit_code)));
        }
        Change::Reload { max_effect } => {
            let max_effect = max_effect.map(Into::into);
            screen.one(client, Verb::Reload { max_effect }, reloaded)?;
        }
        Change::Apply { file, confirm, max_effect } => {
            apply(client, &file, confirm, max_effect.map(Into::into), screen)?;
        }
        Change::Confirm => client.ask(Verb::Confirm, |_| Ok(()))?,
        Change::Undo => {
            screen.one(client, Verb::Undo, reloaded)?;
        }
        Change::Drain { undo: true, .. } => return drain::undo(client),
        Change::Drain { wait: true, .. } => return drain::see_off(client, global.limit()),
        Change::Drain { .. } => return drain::begin(client, global.limit()),
        Change::Log(log) => match log.order().map_err(ClientError::Refused)? {
            Some(level) => client.ask(Verb::Log { level: Some(level) }, |_| Ok(()))?,
            None => {
                screen.list(client, Verb::Log { level: None }, |it: &LogLevel| it.peer.clone(), levels)?;
            }
        },
    }
    Ok(Exit::Done)
}

/// The file, read with the rights of whoever asks; `-` is the standard input.
pub(super) fn draft(file: &Path) -> Result<Draft, ClientError> {
    let (name, text) = match file.to_str() {
        Some("-") => ("standard input".into(), io::read_to_string(io::stdin())),
        _ => (file.display().to_string(), std::fs::read_to_string(file)),
    };
    let text = text.map_err(|error| ClientError::Unreadable { file: name.clone(), error })?;
    Ok(Draft { file: name, text })
}

/// Puts a file in force, for good or until it is confirmed.
fn apply(
    client: &Client,
    file: &Path,
    confirm: Option<Duration>,
    max_effect: Option<Effect>,
    screen: &mut Screen<'_>,
) -> Result<(), ClientError> {
    let confirm = confirm.map(|limit| limit.as_secs_f64().ceil() as u64);
    screen.one(client, Verb::Apply { draft: draft(file)?, confirm, max_effect }, reloaded)?;
    Ok(())
}

/// Prints how much is logged.
fn levels(levels: &[LogLevel], screen: &mut Screen<'_>) -> io::Result<()> {
    let mut table = Table::new(&[("PEER", Align::Left), ("LEVEL", Align::Left)]);
    let rest = if levels.len() > 1 { "everything else" } else { "everything" };
    for LogLevel { peer, level } in levels {
        let peer = peer.as_ref().map_or_else(|| Cell::new(rest, Tone::Dim), Cell::from);
        table.row(vec![peer, level.into()]);
    }
    table.write(screen.out, screen.colour)
}

/// Prints what a change did.
fn reloaded(reloaded: &Reloaded, screen: &mut Screen<'_>) -> io::Result<()> {
    let Reloaded { generation, digest, unconfirmed, warnings } = reloaded;
    writeln!(screen.out, "generation {generation} is in force, digest {digest}")?;
    if let Some(seconds) = unconfirmed {
        let text = format!("it is undone in {seconds} s unless it is confirmed with `confirm`");
        writeln!(screen.out, "{}", screen.colour.paint(&text, Tone::Fair))?;
    }
    for warning in warnings {
        writeln!(screen.out, "{}", screen.colour.paint(warning, Tone::Fair))?;
    }
    Ok(())
}

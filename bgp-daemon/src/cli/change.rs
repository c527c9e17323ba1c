//! Verbs that change what is in force, and take it back.

use std::io;
use std::path::Path;
use std::time::Duration;

use super::client::{Client, ClientError};
use super::show::Screen;
use super::table::Tone;
use crate::api::{Draft, Effect, Reloaded, Verb};

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
pub(super) fn apply(
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

/// Prints what a change did.
pub(super) fn reloaded(reloaded: &Reloaded, screen: &mut Screen<'_>) -> io::Result<()> {
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

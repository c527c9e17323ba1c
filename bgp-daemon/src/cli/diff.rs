//! What going from one configuration to another would disturb.

use std::io;
use std::path::Path;

use super::change::draft;
use super::client::{Client, ClientError};
use super::exit::Exit;
use super::offline::load;
use super::show::Screen;
use super::table::{Align, Cell, Table, Tone};
use crate::api::{Change, ChangeKind, Draft, Effect, Verb};
use crate::change::{effect, plan};
use crate::config::Role;

/// Prints what going from one file to the other costs, or nothing where one is invalid, which has been said then.
pub(super) fn of_files(
    role: Role,
    old: &Path,
    new: &Path,
    screen: &mut Screen<'_>,
) -> Result<Option<Effect>, ClientError> {
    let (Some(old), Some(new)) = (load(role, old), load(role, new)) else { return Ok(None) };
    let changes = plan(&old.settings, &new.settings);
    screen.values(&changes, table)?;
    Ok(Some(effect(&changes)))
}

/// Prints what putting a file in force in a running daemon costs.
pub(super) fn of_daemon(
    client: &Client,
    file: &Path,
    screen: &mut Screen<'_>,
) -> Result<Effect, ClientError> {
    let changes = ask(client, &draft(file)?)?;
    screen.values(&changes, table)?;
    Ok(effect(&changes))
}

/// Every difference to what is in force, by kind and name.
pub(super) fn ask(client: &Client, draft: &Draft) -> Result<Vec<Change>, ClientError> {
    let mut changes: Vec<Change> = Vec::new();
    client.ask(Verb::Diff(draft.clone()), |item| {
        changes
            .push(serde_json::from_str(item.get()).map_err(|error| ClientError::Garbled(error.to_string()))?);
        Ok(())
    })?;
    changes.sort_by(|a, b| (&a.what, &a.name).cmp(&(&b.what, &b.name)));
    Ok(changes)
}

/// How a diff ends: with a code of its own where asked for and a session ends or a restart is needed.
pub(super) fn verdict(effect: Effect, exit_code: bool) -> Exit {
    if exit_code && effect >= Effect::Reopen { Exit::Not } else { Exit::Done }
}

/// Prints the differences for people.
pub(super) fn table(changes: &[Change], screen: &mut Screen<'_>) -> io::Result<()> {
    if changes.is_empty() {
        return writeln!(screen.out, "nothing changes");
    }
    let titles = ["WHAT", "NAME", "CHANGE", "EFFECT", "BECAUSE OF"].map(|title| (title, Align::Left));
    let mut table = Table::new(&titles);
    for change in changes {
        let (kind, tone) = match change.change {
            ChangeKind::Added => ("added", Tone::Good),
            ChangeKind::Removed => ("removed", Tone::Bad),
            ChangeKind::Changed => ("changed", Tone::Plain),
        };
        let effect = Cell::new(change.effect.as_str(), tone_of(change.effect));
        let because = change.fields.join(", ");
        let what = change.what.as_str();
        table.row(vec![what.into(), (&change.name).into(), Cell::new(kind, tone), effect, because.into()]);
    }
    table.write(screen.out, screen.colour)
}

const fn tone_of(effect: Effect) -> Tone {
    match effect {
        Effect::None => Tone::Dim,
        Effect::Policy | Effect::Refresh => Tone::Plain,
        Effect::Reopen | Effect::Restart => Tone::Fair,
        Effect::Reset => Tone::Bad,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_lost_sessions_and_restarts_count_and_only_where_asked_for() {
        assert_eq!(verdict(Effect::Refresh, true), Exit::Done);
        assert_eq!(verdict(Effect::Reopen, true), Exit::Not);
        assert_eq!(verdict(Effect::Restart, false), Exit::Done);
    }
}

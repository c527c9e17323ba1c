//! What another configuration would make of the routes there are.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;

use super::change::draft;
use super::client::{Client, ClientError};
use super::diff::{self, ask};
use super::show::Screen;
use super::table::{Align, Cell, Table, Tone};
use crate::api::{ChangeKind, Consequence, Effect, Verb};
use crate::change::effect;

/// Prints every prefix of which something else would be said, and for people what else would change; what that costs.
pub(super) fn print(client: &Client, file: &Path, screen: &mut Screen<'_>) -> Result<Effect, ClientError> {
    let draft = draft(file)?;
    let changes = ask(client, &draft)?;
    if screen.is_for_people() {
        diff::table(&changes, screen)?;
        writeln!(screen.out)?;
    }
    let order = |one: &Consequence| (one.peer.is_none(), one.peer.clone(), one.prefix.clone());
    screen.list(client, Verb::DiffRoutes(draft), order, table)?;
    Ok(effect(&changes))
}

fn table(consequences: &[Consequence], screen: &mut Screen<'_>) -> io::Result<()> {
    if consequences.is_empty() {
        return writeln!(screen.out, "nobody hears anything else");
    }
    let titles = ["TO", "PREFIX", "CHANGE", "BEFORE", "AFTER"].map(|title| (title, Align::Left));
    let mut table = Table::new(&titles);
    let mut totals: BTreeMap<(bool, &str), [usize; 3]> = BTreeMap::new();
    for one in consequences {
        let to = one.peer.as_deref().unwrap_or("the kernel");
        let (word, tone, place) = match one.change {
            ChangeKind::Added => ("gains", Tone::Good, 0),
            ChangeKind::Removed => ("loses", Tone::Bad, 1),
            ChangeKind::Changed => ("changes", Tone::Fair, 2),
        };
        totals.entry((one.peer.is_none(), to)).or_default()[place] += 1;
        let (before, after) = (one.before.join("; "), one.after.join("; "));
        table.row(vec![to.into(), (&one.prefix).into(), Cell::new(word, tone), before.into(), after.into()]);
    }
    table.write(screen.out, screen.colour)?;
    writeln!(screen.out)?;
    totals.iter().try_for_each(|((_, to), [gains, losses, changes])| {
        writeln!(screen.out, "{to}: gains {gains}, loses {losses}, changes {changes}")
    })
}

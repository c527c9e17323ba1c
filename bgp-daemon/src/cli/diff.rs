//! What going from one configuration to another would disturb.

use std::collections::BTreeMap;
use std::io;
use std::path::Path;
use std::sync::Arc;

use bgp_core::peer::PeerConfig;
use bgp_core::speaker::{Effect, Input, compare};
use serde::Serialize;

use super::client::ClientError;
use super::offline::load;
use super::show::Screen;
use super::table::{Align, Cell, Table, Tone};
use crate::config::{Role, Settings};
use crate::reload::{kernel_changes, origins, unchangeable};
use crate::transport::SocketTable;

/// One difference.
#[derive(Debug, PartialEq, Eq, Serialize)]
struct Change {
    /// `peer`, `route` or `setting`.
    what: &'static str,
    /// Which one.
    name: String,
    /// What happens.
    effect: Happens,
}

/// What a reload makes of a difference.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Happens {
    /// It begins.
    Added,
    /// It ends.
    Removed,
    /// Its session is reset.
    Reset,
    /// It changes without disturbing a session.
    Updated,
    /// Nothing, until the daemon is started again.
    Restart,
}

/// Prints the differences; whether they end a session or need a restart, or nothing where a file is
/// invalid, which has been said then.
pub(super) fn print(
    role: Role,
    old: &Path,
    new: &Path,
    screen: &mut Screen<'_>,
) -> Result<Option<bool>, ClientError> {
    let (Some(old), Some(new)) = (load(role, old), load(role, new)) else { return Ok(None) };
    let changes = changes(&old, &new);
    screen.values(&changes, table)?;
    let disturbs = |change: &Change| match change.effect {
        Happens::Reset | Happens::Restart => true,
        Happens::Removed => change.what == "peer",
        Happens::Added | Happens::Updated => false,
    };
    Ok(Some(changes.iter().any(disturbs)))
}

fn changes(old: &Settings, new: &Settings) -> Vec<Change> {
    let mut changes = peers(old, new);
    changes.extend(origins(&old.originate, &new.originate).into_iter().filter_map(route));
    let update = |name: &str| Change { what: "setting", name: name.to_owned(), effect: Happens::Updated };
    // A kernel that is left alone, or about to be, has nothing to change.
    if old.kernel.enabled && new.kernel.enabled {
        changes.extend(kernel_changes(old, new).into_iter().map(update));
    }
    let restart = |name| Change { what: "setting", name, effect: Happens::Restart };
    changes.extend(unchangeable(old, new).into_iter().map(restart));
    changes
}

fn peers(old: &Settings, new: &Settings) -> Vec<Change> {
    let identity = (old.core.asn, old.core.router_id) != (new.core.asn, new.core.router_id);
    let sockets = (SocketTable::new(old.sockets.clone()), SocketTable::new(new.sockets.clone()));
    let (before, after) = (by_name(old), by_name(new));
    let gone = before.keys().filter(|name| !after.contains_key(*name)).map(|name| (name, Happens::Removed));
    let there = after.iter().filter_map(|(name, peer)| {
        let Some(was) = before.get(name) else { return Some((name, Happens::Added)) };
        let rewired = sockets.0.named(name) != sockets.1.named(name);
        match compare(was, peer) {
            _ if identity || rewired => Some((name, Happens::Reset)),
            Effect::Reset => Some((name, Happens::Reset)),
            Effect::Policy => Some((name, Happens::Updated)),
            Effect::Nothing if was != peer => Some((name, Happens::Updated)),
            Effect::Nothing => None,
        }
    });
    let change =
        |(name, effect): (&Arc<str>, Happens)| Change { what: "peer", name: name.to_string(), effect };
    gone.chain(there).map(change).collect()
}

fn by_name(settings: &Settings) -> BTreeMap<Arc<str>, &PeerConfig> {
    settings.core.peers.iter().map(|peer| (Arc::clone(&peer.name), peer)).collect()
}

fn route(input: Input) -> Option<Change> {
    let (prefix, effect) = match input {
        Input::Originate { prefix, .. } => (prefix, Happens::Updated),
        Input::Retract { prefix, .. } => (prefix, Happens::Removed),
        _ => return None,
    };
    Some(Change { what: "route", name: prefix.to_string(), effect })
}

fn table(changes: &[Change], screen: &mut Screen<'_>) -> io::Result<()> {
    if changes.is_empty() {
        return writeln!(screen.out, "nothing changes");
    }
    let mut table = Table::new(&[("WHAT", Align::Left), ("EFFECT", Align::Left), ("NAME", Align::Left)]);
    for change in changes {
        let (word, tone) = match change.effect {
            Happens::Added => ("added", Tone::Good),
            Happens::Removed => ("removed", Tone::Bad),
            Happens::Reset => ("reset", Tone::Bad),
            Happens::Updated => ("updated", Tone::Plain),
            Happens::Restart => ("needs a restart", Tone::Fair),
        };
        table.row(vec![change.what.into(), Cell::new(word, tone), (&change.name).into()]);
    }
    table.write(screen.out, screen.colour)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ThisHost, load_text};

    fn settings(peers: &str) -> Settings {
        let text = format!("asn = 64512\nrouter_id = \"192.0.2.1\"\n{peers}");
        load_text(Path::new("test.toml"), &text, &ThisHost).expect("a valid text").settings
    }

    const A: &str = "[[peer]]\nname = \"a\"\naddress = \"192.0.2.2\"\nasn = 64512\n";
    const B: &str = "[[peer]]\nname = \"b\"\naddress = \"192.0.2.3\"\nasn = 64512\n";

    fn effects(old: &str, new: &str) -> Vec<(String, Happens)> {
        let changes = changes(&settings(old), &settings(new));
        changes.into_iter().map(|change| (change.name, change.effect)).collect()
    }

    #[test]
    fn peers_come_and_go() {
        assert_eq!(effects(A, B), [("a".to_owned(), Happens::Removed), ("b".to_owned(), Happens::Added)]);
        assert_eq!(effects(A, A), []);
    }

    #[test]
    fn only_what_the_peer_was_told_costs_the_session() {
        let effect = |line: &str| effects(A, &format!("{A}{line}")).first().map(|(_, effect)| *effect);
        assert_eq!(effect("hold_time = \"30s\""), Some(Happens::Reset));
        assert_eq!(effect("ttl_security = 1"), Some(Happens::Reset));
        assert_eq!(effect("import = \"reject-all\""), Some(Happens::Updated));
        assert_eq!(effect("description = \"rack 4\""), Some(Happens::Updated));
    }

    #[test]
    fn what_changes_about_the_kernels_table_is_said() {
        let effect = |line: &str| effects("", &format!("[kernel]\n{line}\n"));
        let updated = |name: &str| [(name.to_owned(), Happens::Updated)];
        assert_eq!(effect("metric = 7"), updated("[kernel] metric: our routes move to another one"));
        assert_eq!(effect("multipath = 4"), updated("[kernel] multipath"));
        assert_eq!(effect("export = \"reject-all\""), updated("[kernel] export"));
        assert_eq!(effect("learn = false"), updated("[kernel] what is learned"));
        assert_eq!(effect("sweep_limit = 0.25"), updated("[kernel] sweep_limit"));
        assert_eq!(effect("metric = 0"), []);
        for line in ["table = 100", "protocol = 186"] {
            assert!(matches!(*effect(line), [(_, Happens::Restart)]), "{line}");
        }
    }

    #[test]
    fn what_needs_a_restart_is_said() {
        let changes = effects("", "[kernel]\nenabled = false\n");
        assert_eq!(changes.len(), 1);
        assert_eq!(changes[0].1, Happens::Restart);
    }
}

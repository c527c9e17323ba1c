//! The daemon as a whole, for people.

use std::io;

use super::show::Screen;
use super::table::{Tone, age};
use crate::api::{Group, Status, TableTotals};
use crate::quantity::quantity;

/// Prints one screen.
pub(super) fn full(status: &Status, screen: &mut Screen<'_>) -> io::Result<()> {
    let peers = status.peers;
    let tone = if peers.missing() == 0 { Tone::Good } else { Tone::Bad };
    let mut lines = vec![
        ("Role", format!("{} AS {} router id {}", status.role, status.asn, status.router_id), Tone::Plain),
        ("Version", status.version.clone(), Tone::Plain),
        ("Up", format!("{} (since {})", age(status.uptime), status.started), Tone::Plain),
        ("Configuration", configuration(status), Tone::Plain),
        ("Digest", status.digest.clone(), Tone::Dim),
        ("Listening", status.listening.join(" "), Tone::Plain),
        ("Peers", peers.in_words(), tone),
    ];
    for (family, totals) in &status.routes {
        let text = format!("{family}: {}", table(*totals));
        lines.push(("Routes", text, Tone::Plain));
    }
    lines.extend(status.groups.iter().map(|group| ("Update group", self::group(group), tone_of(group))));
    if let Some(kernel) = status.kernel {
        let tone = if kernel.differing == 0 { Tone::Plain } else { Tone::Bad };
        let text = format!(
            "{} installed, {} differing, {} foreign",
            kernel.installed, kernel.differing, kernel.foreign
        );
        lines.push(("Kernel", text, tone));
    }
    if !status.settled {
        lines.push(("Restart", "initial routes are still arriving".to_owned(), Tone::Fair));
    }
    if let Some(seconds) = status.headless {
        let text = format!("routes of peers that are all gone are kept, for {} by now", age(seconds));
        lines.push(("Headless", text, Tone::Bad));
    }
    if let Some(draining) = &status.draining {
        let told = if draining.told { "every peer has been told" } else { "peers are being told" };
        let text = format!("since {}, {told}, leaves within {} s", draining.since, draining.remaining);
        lines.push(("Draining", text, Tone::Fair));
    }
    lines.extend(status.topology.iter().map(|flaw| ("Topology", flaw.clone(), Tone::Bad)));
    if let Some(seconds) = status.unconfirmed {
        lines.push(("Unconfirmed", format!("the last change is undone in {seconds} s"), Tone::Fair));
    }
    if let Some(error) = &status.config_error {
        lines.push(("Refused", error.lines().next().unwrap_or_default().to_owned(), Tone::Bad));
    }
    for (key, value, tone) in lines {
        let key = screen.colour.paint(&format!("{key:<14}"), Tone::Dim);
        writeln!(screen.out, "{key} {}", screen.colour.paint(&value, tone))?;
    }
    Ok(())
}

/// What a table holds.
pub(super) fn table(totals: TableTotals) -> String {
    let prefixes = quantity(totals.prefixes, "prefix", "prefixes");
    format!("{prefixes}, {}", quantity(totals.paths, "path", "paths"))
}

/// An update group, but for who is detached from it.
pub(super) fn members(group: &Group) -> String {
    let Group { family, members, routes, backlog, .. } = group;
    let members = quantity(*members, "member", "members");
    let routes = quantity(*routes, "route", "routes");
    format!("{family}: {members}, {routes}, {} to be read", quantity(*backlog, "octet", "octets"))
}

fn group(group: &Group) -> String {
    let text = members(group);
    match &group.detached[..] {
        [] => text,
        detached => format!("{text}; detached: {}", detached.join(" ")),
    }
}

fn tone_of(group: &Group) -> Tone {
    if group.detached.is_empty() { Tone::Plain } else { Tone::Fair }
}

fn configuration(status: &Status) -> String {
    format!("{} (generation {}, {})", status.config, status.generation, status.configured)
}

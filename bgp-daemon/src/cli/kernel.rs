//! The kernel's table for people.

use std::io;

use ipnet::IpNet;

use super::routes::{optional, prefix};
use super::show::Screen;
use super::table::{Align, Cell, Table, Tone};
use crate::api::{KernelOwner, KernelRoute, KernelSummary, Latency};
use crate::quantity::quantity;

/// The kernel's routes are listed by prefix.
pub(super) fn order(route: &KernelRoute) -> Option<IpNet> {
    prefix(&route.prefix)
}

/// Prints the kernel's routes.
pub(super) fn table(routes: &[KernelRoute], screen: &mut Screen<'_>) -> io::Result<()> {
    use Align::{Left, Right};
    let mut columns = vec![("PREFIX", Left), ("STANDING", Left), ("WISHED", Left), ("KERNEL", Left)];
    if screen.is_wide() {
        columns.extend([
            ("SET", Right),
            ("OBJECT", Right),
            ("KIND", Left),
            ("SINCE", Left),
            ("TIMES", Right),
            ("NEXT ATTEMPT", Left),
        ]);
    }
    columns.push(("REASON", Left));
    let mut table = Table::new(&columns);
    for route in routes {
        table.row(row(route, screen.is_wide()));
    }
    table.write(screen.out, screen.colour)
}

fn row(route: &KernelRoute, wide: bool) -> Vec<Cell> {
    let tone = match &*route.standing {
        "installed" => Tone::Good,
        "diverged" => Tone::Bad,
        _ => Tone::Fair,
    };
    let same = route.wished == route.installed;
    let installed = if same { Some("as wished") } else { route.installed.as_deref() };
    let mut row = vec![
        (&route.prefix).into(),
        Cell::new(&route.standing, tone),
        optional(route.wished.as_ref()),
        Cell::new(installed.unwrap_or("nothing"), if same { Tone::Dim } else { Tone::Plain }),
    ];
    if wide {
        row.push(optional(route.set));
        row.push(optional(route.next_hop_object));
        row.push(optional(route.kind.as_ref()));
        row.push(optional(route.since.as_ref()));
        row.push(optional(Some(route.refusals).filter(|times| *times > 0)));
        row.push(optional(route.next_attempt.as_ref()));
    }
    row.push(reason(route));
    row
}

/// Why it is not as wished, or what else the prefix holds.
fn reason(route: &KernelRoute) -> Cell {
    match (&route.reason, &route.hidden_by, &route.hides) {
        (Some(reason), ..) => Cell::new(reason, Tone::Bad),
        (None, Some(owner), _) => Cell::new(&format!("hidden by {}", owned(owner)), Tone::Fair),
        (None, None, Some(owner)) => Cell::new(&format!("before {}", owned(owner)), Tone::Dim),
        (None, None, None) => Cell::default(),
    }
}

fn owned(owner: &KernelOwner) -> String {
    let protocol = owner.name.as_deref().map_or_else(|| owner.protocol.to_string(), str::to_owned);
    format!("a route of protocol {protocol}, metric {}", owner.metric)
}

/// Prints one line below the routes, and one more where the brake holds.
pub(super) fn totals(summary: &KernelSummary, screen: &mut Screen<'_>) -> io::Result<()> {
    writeln!(screen.out, "\n{}", counted(summary))?;
    match held(summary) {
        Some(held) => writeln!(screen.out, "{}", screen.colour.paint(&held, Tone::Fair)),
        None => Ok(()),
    }
}

fn counted(summary: &KernelSummary) -> String {
    let routes = summary.routes;
    format!(
        "{} installed, {} adopted, {} pending, {} diverged; {} of others, {} learned",
        routes.installed, routes.adopted, routes.pending, routes.diverged, routes.foreign, routes.learned
    )
}

fn held(summary: &KernelSummary) -> Option<String> {
    summary.held.map(|stale| {
        format!(
            "{} kept that nobody announces, found at start: too many to go at once (--sweep-anyway removes them)",
            quantity(stale, "route", "routes")
        )
    })
}

/// Prints the numbers.
pub(super) fn summary(summary: &KernelSummary, screen: &mut Screen<'_>) -> io::Result<()> {
    let refusals: Vec<String> =
        summary.refusals.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let refused = if refusals.is_empty() { String::new() } else { format!(" ({})", refusals.join(", ")) };
    let operations = format!(
        "{} created, {} replaced, {} removed, {} refused{refused}",
        summary.created, summary.replaced, summary.removed, summary.refused
    );
    let readings = format!(
        "{} ({}), {} interrupted, {}, {} had drifted",
        summary.dumps,
        quantity(summary.audits, "audit", "audits"),
        summary.interrupted,
        quantity(summary.overruns, "overrun", "overruns"),
        quantity(summary.drift, "route", "routes")
    );
    let waiting = format!(
        "{}; {} of at most {} operations in flight",
        quantity(summary.backlog, "prefix", "prefixes"),
        summary.in_flight,
        summary.in_flight_limit
    );
    let mut lines = vec![("Routes", counted(summary))];
    lines.extend(held(summary).map(|held| ("Sweep", held)));
    lines.extend([("Waiting", waiting), ("Operations", operations), ("Readings", readings)]);
    lines.push(("Latency", latency(&summary.latency)));
    for (key, value) in lines {
        writeln!(screen.out, "{} {value}", screen.colour.paint(&format!("{key:<14}"), Tone::Dim))?;
    }
    Ok(())
}

/// The bounds below which half, nearly all and all lie.
fn latency(latency: &Latency) -> String {
    let bound = |percent: u64| {
        let mut below = 0;
        let bucket = latency.buckets.iter().find(|bucket| {
            below += bucket.count;
            below > 0 && below * 100 >= latency.count * percent
        });
        match bucket.and_then(|bucket| bucket.most_us) {
            Some(micros) if micros < 1000 => format!("{micros} us"),
            Some(micros) if micros < 1_000_000 => format!("{} ms", micros as f64 / 1000.0),
            Some(micros) => format!("{} s", micros as f64 / 1_000_000.0),
            None => "more".to_owned(),
        }
    };
    if latency.count == 0 {
        return "nothing has been written".to_owned();
    }
    format!("half below {}, 99 % below {}, all below {}", bound(50), bound(99), bound(100))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;
    use crate::api::{Bucket, KernelTotals};
    use crate::cli::arguments::Output;
    use crate::cli::table::Colour;

    fn printed(output: Output, print: impl FnOnce(&mut Screen<'_>) -> io::Result<()>) -> Vec<String> {
        let mut out = Vec::new();
        print(&mut Screen { output, colour: Colour::Off, out: &mut out }).expect("memory takes everything");
        String::from_utf8(out).expect("text").lines().map(str::to_owned).collect()
    }

    fn owner() -> KernelOwner {
        KernelOwner { protocol: 4, name: Some("static".into()), metric: 9 }
    }

    fn routes() -> [KernelRoute; 3] {
        let wished = || Some("via 10.0.0.2".to_owned());
        let installed = KernelRoute {
            prefix: "10.1.0.0/24".into(),
            standing: "installed".into(),
            wished: wished(),
            installed: wished(),
            hidden_by: Some(owner()),
            ..KernelRoute::default()
        };
        let diverged = KernelRoute {
            prefix: "10.2.0.0/24".into(),
            standing: "diverged".into(),
            wished: wished(),
            set: Some(3),
            next_hop_object: Some(1_000_007),
            reason: Some("no such next hop: No route to host".into()),
            kind: Some("no-such-next-hop".into()),
            since: Some("2026-01-01T00:00:00Z".into()),
            refusals: 7,
            next_attempt: Some("2026-01-01T00:01:00Z".into()),
            ..KernelRoute::default()
        };
        let adopted = KernelRoute {
            prefix: "10.3.0.0/24".into(),
            standing: "adopted".into(),
            installed: Some("blackhole".into()),
            ..KernelRoute::default()
        };
        [installed, diverged, adopted]
    }

    #[test]
    fn a_route_says_what_is_wished_what_is_there_and_why() {
        let lines = printed(Output::Table, |screen| table(&routes(), screen));
        let expected = [
            "PREFIX       STANDING   WISHED        KERNEL     REASON",
            "10.1.0.0/24  installed  via 10.0.0.2  as wished  hidden by a route of protocol static, metric 9",
            "10.2.0.0/24  diverged   via 10.0.0.2  nothing    no such next hop: No route to host",
            "10.3.0.0/24  adopted                  blackhole",
        ];
        assert_eq!(lines, expected);
    }

    #[test]
    fn wide_says_since_when_and_until_when() {
        let lines = printed(Output::Wide, |screen| table(&routes()[1..2], screen));
        let cells = "3  1000007  no-such-next-hop  2026-01-01T00:00:00Z      7  2026-01-01T00:01:00Z  no such next hop";
        assert!(lines[1].contains(cells), "{lines:#?}");
    }

    #[test]
    fn the_numbers_fit_on_a_screen() {
        let numbers = KernelSummary {
            held: Some(9),
            routes: KernelTotals { installed: 3, adopted: 9, diverged: 1, ..KernelTotals::default() },
            created: 3,
            refused: 2,
            refusals: BTreeMap::from([("exists".to_owned(), 2)]),
            latency: Latency {
                count: 3,
                sum_us: 900,
                buckets: vec![
                    Bucket { most_us: Some(500), count: 2 },
                    Bucket { most_us: Some(2500), count: 1 },
                    Bucket::default(),
                ],
            },
            ..KernelSummary::default()
        };
        let lines = printed(Output::Table, |screen| summary(&numbers, screen)).join("\n");
        for words in [
            "3 installed, 9 adopted, 0 pending, 1 diverged",
            "9 routes kept that nobody announces, found at start",
            "--sweep-anyway",
            "3 created, 0 replaced, 0 removed, 2 refused (2 exists)",
            "half below 500 us, 99 % below 2.5 ms, all below 2.5 ms",
        ] {
            assert!(lines.contains(words), "{words:?} is not in\n{lines}");
        }
        let below = printed(Output::Table, |screen| totals(&numbers, screen));
        assert_eq!(below.len(), 3, "{below:#?}");
    }
}

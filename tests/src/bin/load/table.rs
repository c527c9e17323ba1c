//! Runs one after the other, and the lines they make.

use tests::failure::Failure;
use tests::load::daemon::Which::{self, Bird, Broadcaster, Caracal, Frr, Openbgpd};

use crate::figures::{Figures, Phase};
use crate::scenario::Scenario::{self, *};
use crate::scenario::Size;

/// Every scenario with those that finish it in time: a quarter of an hour in all on two cores.
const ALL: &[(Scenario, &[Which])] = &[
    (A, &[Caracal, Bird, Broadcaster]),
    (B, &[Caracal, Bird]),
    (C100, &[Caracal, Bird, Frr, Broadcaster]),
    (C500, &[Caracal, Bird, Frr, Broadcaster]),
    (D500, &[Caracal, Bird, Openbgpd, Broadcaster]),
    (D1000, &[Caracal, Bird, Openbgpd, Broadcaster]),
    (Burst500, &[Caracal, Broadcaster]),
    (Burst1000, &[Caracal, Broadcaster]),
    (Cold5000, &[Caracal]),
    (E, &[Caracal, Bird, Frr, Broadcaster]),
    (Busy, &[Caracal, Bird, Frr, Broadcaster]),
    (F, &[Caracal, Bird]),
    (P, &[Caracal, Bird, Frr]),
    (G, &[Caracal, Bird, Openbgpd]),
    (H, &[Caracal, Frr]),
    (I, &[Caracal]),
];

/// All of it, in order.
pub(crate) fn all() -> impl Iterator<Item = (Scenario, Which)> {
    ALL.iter().flat_map(|(scenario, daemons)| daemons.iter().map(|which| (*scenario, *which)))
}

/// Plays every run and prints each when it is over; one that fails is printed too, and does not stop the rest.
pub(crate) fn play(
    runs: impl Iterator<Item = (Scenario, Which)>,
    size: &Size,
    json: bool,
) -> Result<(), Failure> {
    let mut failed = 0;
    if !json {
        println!("{HEAD}");
    }
    for (scenario, which) in runs {
        match scenario.play(which, size) {
            Ok(figures) if json => println!("{}", serde_json::to_string(&figures).unwrap_or_default()),
            Ok(figures) => println!("{}", lines(&figures)),
            Err(failure) => {
                failed += 1;
                println!("| {scenario} | {which} | failed | | | | | | | | |");
                eprintln!("{scenario}, {which}: {failure}");
            }
        }
    }
    if failed == 0 { Ok(()) } else { Err(Failure::new("play everything", format!("{failed} runs failed"))) }
}

const HEAD: &str = "\
| scenario | daemon | what | seconds | daemon CPU s | crowd CPU s | peak MiB | sessions up s | NLRI/prefix | MB | lost |
|---|---|---|--:|--:|--:|--:|--:|--:|--:|--:|";

/// A line for each phase; what holds for the whole run stands in the first.
fn lines(figures: &Figures) -> String {
    let Figures { scenario, daemon, .. } = figures;
    let line = |(number, phase): (usize, &Phase)| {
        let Phase { what, seconds, cpu_seconds, crowd_cpu_seconds } = phase;
        let whole = if number > 0 {
            "| | | | |".to_owned()
        } else {
            format!(
                "{:.0} | {:.2} | {:.2} | {:.0} | {} |",
                figures.peak_mebibytes,
                figures.sessions_seconds,
                figures.announcements_per_prefix,
                figures.octets as f64 / 1e6,
                figures.lost_sessions
            )
        };
        format!(
            "| {scenario} | {daemon} | {what} | {seconds:.3} | {cpu_seconds:.3} | {crowd_cpu_seconds:.3} | {whole}"
        )
    };
    let mut lines: Vec<String> = figures.phases.iter().enumerate().map(line).collect();
    let latency = figures.latencies.iter().map(|latency| {
        let (p50, p99) = (latency.p50, latency.p99);
        format!(
            "| {scenario} | {daemon} | {}: p50 {p50:.2} ms, p99 {p99:.2} ms | | | | | | | | |",
            latency.what
        )
    });
    lines.extend(latency);
    lines.extend(
        figures.remark.iter().map(|remark| format!("| {scenario} | {daemon} | {remark} | | | | | | | | |")),
    );
    lines.join("\n")
}

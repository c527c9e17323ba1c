//! What restarts cost: the same scenarios with our daemons, with others' in our place, and with both.
//!
//! ```sh
//! cargo run --release -p tests --bin upheaval -- caracal bird frr caracal+bird
//! ```
//!
//! It makes a cluster in network namespaces of its own; nothing of the machine is touched.

use std::process::{Command, ExitCode};
use std::time::Duration;

use clap::Parser;
use tests::cluster::Restarts;
use tests::failure::{Doing, Failure};
use tests::upheaval::{Outcome, Scenario, Shape, Stage};
use tests::{programs, sandbox};

/// Ends and restarts daemons of a cluster of three hosts and two reflectors while every pod sends every other one
/// echo requests, a thousand a second from each, and prints what became of them. Needs root.
#[derive(Debug, Parser)]
struct Arguments {
    /// Whose daemons: caracal, bird or frr, or two joined by a plus, the hosts' and the reflectors'.
    #[arg(required = true)]
    shapes: Vec<Shape>,

    /// How many seconds both reflectors are away.
    #[arg(long, default_value_t = 60)]
    away: u64,

    /// How many seconds reflectors promise to be away at most.
    #[arg(long, default_value_t = 20)]
    restart_time: u64,

    /// How many seconds a recovery may take.
    #[arg(long, default_value_t = 300)]
    patience: u64,

    /// Play one shape in a sandbox, and print its rows only.
    #[arg(long, hide = true)]
    alone: bool,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if arguments.alone {
        return sandbox::within(|_| Failure::told(play(arguments.shapes[0], &arguments)));
    }
    Failure::told(programs::build().and_then(|()| each_by_itself(&arguments)))
}

/// Each shape gets a sandbox of its own; one that fails does not keep the others from being played.
fn each_by_itself(arguments: &Arguments) -> Result<(), Failure> {
    println!("| daemons | what happens | sent | lost | longest gap, ms | DELROUTE | recovered, s |");
    println!("|---|---|--:|--:|--:|--:|--:|");
    let mut failed = Vec::new();
    for shape in &arguments.shapes {
        let program = std::env::current_exe().doing("find this program's file")?;
        let mut command = Command::new(program);
        command.args([shape.to_string(), "--alone".to_owned()]);
        for (option, value) in [
            ("--away", arguments.away),
            ("--restart-time", arguments.restart_time),
            ("--patience", arguments.patience),
        ] {
            command.args([option.to_owned(), value.to_string()]);
        }
        if !command.status().doing("start this program again")?.success() {
            failed.push(shape.to_string());
        }
    }
    match failed[..] {
        [] => Ok(()),
        _ => Err(Failure::new("play every scenario", format!("not all of {}", failed.join(", ")))),
    }
}

fn play(shape: Shape, arguments: &Arguments) -> Result<(), Failure> {
    let restarts =
        Restarts { time: Duration::from_secs(arguments.restart_time), stale: Duration::from_secs(3600) };
    let mut stage = Stage::set(shape, restarts, Duration::from_secs(arguments.patience))?;
    for scenario in Scenario::all(Duration::from_secs(arguments.away)) {
        println!("{}", row(shape, &scenario, &stage.play(&scenario)?));
    }
    Ok(())
}

fn row(shape: Shape, scenario: &Scenario, outcome: &Outcome) -> String {
    format!(
        "| {shape} | {} | {} | {} | {:.0} | {} | {:.1} |",
        scenario.name,
        outcome.sent,
        outcome.lost,
        outcome.gap.as_secs_f64() * 1e3,
        outcome.removed.len(),
        outcome.recovery.as_secs_f64()
    )
}

//! The load generator: scenarios of a route reflector's life, played to one daemon after the other.
//!
//! ```sh
//! cargo run --release -p tests --bin load -- run c100 caracal bird frr broadcaster
//! cargo run --release -p tests --bin load -- table        # all of docs/benchmarks.md, "As a reflector"
//! ```
//!
//! It makes a network namespace of its own; nothing of the machine is touched.

mod cluster;
mod figures;
mod flaps;
mod policy;
mod scenario;
mod scene;
mod spread;
mod table;

use std::fs;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tests::failure::{Doing, Failure};
use tests::load::daemon::{Which, broadcast};
use tests::load::network;
use tests::{mrt_lines, programs, sandbox};

use scenario::{Scenario, Size};

/// Loads BGP daemons and measures what that costs them.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// One scenario, with some daemons by turns.
    Run {
        scenario: Scenario,
        #[arg(default_values_t = [Which::Caracal, Which::Bird])]
        daemons: Vec<Which>,
        #[command(flatten)]
        size: Size,
        /// How often each.
        #[arg(long, default_value_t = 1)]
        rounds: u32,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// Every scenario, with those daemons that finish it in time.
    Table {
        #[command(flatten)]
        size: Size,
        /// One JSON object a line.
        #[arg(long)]
        json: bool,
    },
    /// An MRT file as `bgpdump -m` prints it.
    Dump { file: PathBuf },
    /// The process that is the floor.
    #[command(hide = true)]
    Broadcaster { file: PathBuf },
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let What::Broadcaster { file } = &arguments.what {
        return Failure::told(broadcast(file));
    }
    if let What::Dump { file } = &arguments.what {
        return Failure::told(dump(file));
    }
    if !sandbox::is_inside()
        && let Err(failure) = programs::build()
    {
        return Failure::told(Err(failure));
    }
    sandbox::within(|_| Failure::told(measure(&arguments.what)))
}

fn measure(what: &What) -> Result<(), Failure> {
    network::allow_files(10_000)?;
    network::prepare()?;
    match what {
        What::Run { scenario, daemons, size, rounds, json } => {
            let runs = (0..*rounds).flat_map(|_| daemons.iter().map(|which| (*scenario, *which)));
            table::play(runs, size, *json)
        }
        What::Table { size, json } => table::play(table::all(), size, *json),
        What::Dump { .. } | What::Broadcaster { .. } => Ok(()),
    }
}

fn dump(file: &Path) -> Result<(), Failure> {
    let octets = fs::read(file).doing_with(|| format!("read {}", file.display()))?;
    let mut out = BufWriter::new(io::stdout().lock());
    for line in mrt_lines::lines(&octets)? {
        writeln!(out, "{line}").doing("print")?;
    }
    Ok(())
}

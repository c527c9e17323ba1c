//! One of fifty peers is switched off: how long a start takes all the same, beside BIRD 2.
//!
//! ```sh
//! cargo run --release -p tests --bin quorum -- caracal bird      # BIRD waits four minutes, twice
//! ```
//!
//! It makes network namespaces of its own; nothing of the machine is touched.

mod rack;
mod subject;

use std::process::ExitCode;
use std::thread;
use std::time::{Duration, Instant};

use clap::Parser;
use tests::failure::Failure;
use tests::kernel::Ip;
use tests::upheaval::Make;
use tests::{programs, sandbox};

use rack::{ALIVE, Dead, Rack, block};
use subject::Subject;

/// Starts a daemon with fifty peers of which one is not there, cold and after a crash, and prints how long it takes
/// to write routes and to be ready. Needs root.
#[derive(Debug, Parser)]
struct Arguments {
    /// Whose daemons: caracal, bird.
    #[arg(required = true)]
    makes: Vec<Make>,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let built = if sandbox::is_inside() { Ok(()) } else { programs::build() };
    match built {
        Ok(()) => sandbox::within(|_| Failure::told(all(&arguments))),
        refused => Failure::told(refused),
    }
}

fn all(arguments: &Arguments) -> Result<(), Failure> {
    println!("| daemon | the 50th peer | start | first route, s | all routes, s | ready, s |");
    println!("|---|---|---|--:|--:|--:|");
    for dead in [Dead::Nobody, Dead::Refusing, Dead::Silent] {
        for &make in &arguments.makes {
            one(make, dead)?;
        }
    }
    Ok(())
}

/// A cold start, a crash, a start that finds routes in the kernel and a new one at every peer.
fn one(make: Make, dead: Dead) -> Result<(), Failure> {
    let mut rack = Rack::build(&format!("{make}-{}", dead.word()))?;
    rack.start()?;
    let mut subject = Subject::new(make, dead, &rack)?;
    for (generation, how) in ["cold", "after kill -9"].into_iter().enumerate() {
        rack.announce(generation)?;
        let times = measure(&mut subject, &rack, generation)?;
        println!(
            "| {make} | {} | {how} | {:.2} | {:.2} | {:.2} |",
            dead.words(),
            times.first.as_secs_f64(),
            times.all.as_secs_f64(),
            times.ready.as_secs_f64()
        );
        subject.kill();
    }
    Ok(())
}

/// Since the start of the process.
struct Times {
    /// The first route of a peer that was not there before is in the kernel.
    first: Duration,
    /// Those of all peers are.
    all: Duration,
    /// The daemon waits for nobody any more.
    ready: Duration,
}

fn measure(subject: &mut Subject, rack: &Rack, generation: usize) -> Result<Times, Failure> {
    let start = Instant::now();
    subject.start(rack)?;
    let [mut first, mut all, mut ready] = [None; 3];
    loop {
        let table = rack.subject().kernel(|kernel| kernel.routes(Ip::V4))?;
        let is_there = |n: &usize| table.iter().any(|line| line.starts_with(&block(generation, *n)));
        let there = (1..=ALIVE).filter(is_there).count();
        let now = start.elapsed();
        first = first.or_else(|| (there > 0).then_some(now));
        all = all.or_else(|| (there == ALIVE).then_some(now));
        ready = ready.or_else(|| subject.is_ready(rack).then(|| start.elapsed()));
        if let (Some(first), Some(all), Some(ready)) = (first, all, ready) {
            return Ok(Times { first, all, ready });
        }
        if now > LIMIT {
            return Err(Failure::new("see the daemon start", subject.last_words()));
        }
        thread::sleep(PERIOD);
    }
}

/// How often is looked.
const PERIOD: Duration = Duration::from_millis(10);
/// More than BIRD waits.
const LIMIT: Duration = Duration::from_secs(400);

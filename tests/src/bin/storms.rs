//! Runs many storms: `storms [--from N] [--seeds N] [--weather gentle|rough] [--threads N]`; every seed is one run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use clap::{Parser, ValueEnum};
use tests::sim::{Storm, Weather};

#[derive(Parser)]
#[command(about = "Random networks in random weather, in virtual time")]
struct Arguments {
    /// The first seed.
    #[arg(long, default_value_t = 0)]
    from: u64,
    /// How many seeds.
    #[arg(long, default_value_t = 1000)]
    seeds: u64,
    /// How bad it gets; both without.
    #[arg(long)]
    weather: Option<Which>,
    /// How many run at a time.
    #[arg(long, default_value_t = 1)]
    threads: usize,
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Gentle,
    Rough,
}

/// What came of some storms.
#[derive(Default)]
struct Outcome {
    storms: u64,
    /// Virtual speaker-hours.
    hours: f64,
    cpu: Duration,
    failed: Vec<(u64, Weather)>,
}

fn main() -> ExitCode {
    let Arguments { from, seeds, weather, threads } = Arguments::parse();
    let weathers = match weather {
        None => vec![Weather::Gentle, Weather::Rough],
        Some(Which::Gentle) => vec![Weather::Gentle],
        Some(Which::Rough) => vec![Weather::Rough],
    };
    let (next, end) = (AtomicU64::new(from), from.saturating_add(seeds));
    let outcomes = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(|| run(&next, end, &weathers))).collect();
        threads.into_iter().map(|thread| thread.join().unwrap_or_default()).collect()
    });
    report(seeds, outcomes)
}

/// Runs one seed after the other until there are none left.
fn run(next: &AtomicU64, end: u64, weathers: &[Weather]) -> Outcome {
    let mut outcome = Outcome::default();
    loop {
        let seed = next.fetch_add(1, Ordering::Relaxed);
        if seed >= end {
            break;
        }
        for weather in weathers {
            outcome.storms += 1;
            match catch_unwind(AssertUnwindSafe(|| Storm::new(seed, *weather).run())) {
                Ok(hours) => outcome.hours += hours,
                Err(_) => outcome.failed.push((seed, *weather)),
            }
        }
    }
    outcome.cpu = cpu_time();
    outcome
}

fn report(seeds: u64, outcomes: Vec<Outcome>) -> ExitCode {
    let mut all = Outcome::default();
    for Outcome { storms, hours, cpu, failed } in outcomes {
        all.storms += storms;
        all.hours += hours;
        all.cpu += cpu;
        all.failed.extend(failed);
    }
    let Outcome { storms, hours, cpu, mut failed } = all;
    let rate = hours / cpu.as_secs_f64();
    println!(
        "{seeds} seeds, {storms} storms, {hours:.0} virtual speaker-hours, {:.1} CPU seconds: {rate:.0} in one",
        cpu.as_secs_f64()
    );
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    failed.sort_by_key(|(seed, _)| *seed);
    println!("{} failed: {failed:?}", failed.len());
    ExitCode::FAILURE
}

/// What this thread has used.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|first| first.parse().ok());
    nanos.map_or(Duration::MAX, Duration::from_nanos)
}

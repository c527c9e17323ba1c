//! Runs many storms: `storms [--from N] [--seeds N] [--weather gentle|rough]`; every seed is one run.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::process::ExitCode;
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
}

#[derive(Clone, Copy, ValueEnum)]
enum Which {
    Gentle,
    Rough,
}

fn main() -> ExitCode {
    let Arguments { from, seeds, weather } = Arguments::parse();
    let weathers = match weather {
        None => vec![Weather::Gentle, Weather::Rough],
        Some(Which::Gentle) => vec![Weather::Gentle],
        Some(Which::Rough) => vec![Weather::Rough],
    };
    let (mut hours, mut failed) = (0.0, Vec::new());
    for seed in from..from.saturating_add(seeds) {
        for weather in &weathers {
            match catch_unwind(AssertUnwindSafe(|| Storm::new(seed, *weather).run())) {
                Ok(run) => hours += run,
                Err(_) => failed.push((seed, *weather)),
            }
        }
    }
    let cpu = cpu_time().as_secs_f64();
    println!("{seeds} seeds, {hours:.0} virtual speaker-hours, {cpu:.1} s, {:.0} in a second", hours / cpu);
    if failed.is_empty() {
        return ExitCode::SUCCESS;
    }
    println!("failed: {failed:?}");
    ExitCode::FAILURE
}

/// What this thread has used.
fn cpu_time() -> Duration {
    let stat = std::fs::read_to_string("/proc/self/schedstat").unwrap_or_default();
    let nanos = stat.split(' ').next().and_then(|first| first.parse().ok());
    nanos.map_or(Duration::MAX, Duration::from_nanos)
}

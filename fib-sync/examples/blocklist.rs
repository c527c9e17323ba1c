//! Drops packets to a list of prefixes: one prefix a line on standard input, `-` in front takes one back.
//!
//! Run as root: `printf '192.0.2.0/24\n2001:db8::/32\n' | cargo run -p fib-sync --example blocklist`.
//! It ends with its input and takes its routes along; killed, it leaves them, and the next run adopts them:
//! what the next list still holds is not even touched, the rest is swept.

use fib_sync::{Config, Event, Events, Handle, Route, Share, Stopped};
use tokio::io::{AsyncBufReadExt, BufReader, stdin};

/// Table main, a protocol number nobody else uses, behind every other route of the same prefix.
fn config() -> Config {
    Config { learn: false, direct: false, sweep_limit: Share::ALL, ..Config::new(254, 77, 4000) }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (table, events) = fib_sync::start(config())?;
    let reporter = tokio::spawn(report(events));
    let mut lines = BufReader::new(stdin()).lines();
    while let Some(line) = lines.next_line().await? {
        if let Err(error) = obey(&table, line.trim()).await {
            eprintln!("{line}: {error}");
        }
    }
    table.settle().await?;
    for route in table.snapshot().await?.routes {
        println!("{}: {:?}", route.prefix, route.standing);
    }
    table.remove_all().await?;
    reporter.await?;
    Ok(())
}

async fn obey(table: &Handle, line: &str) -> Result<(), Box<dyn std::error::Error>> {
    let wished: Result<(), Stopped> = match line.strip_prefix('-') {
        Some(prefix) => table.want(prefix.trim().parse()?, None).await,
        None => table.want(line.parse()?, Some(Route::blackhole())).await,
    };
    Ok(wished?)
}

async fn report(mut events: Events) {
    while let Some(event) = events.next().await {
        match event {
            Event::Diverged { prefix, refused } => eprintln!("{prefix} is not blocked: {refused}"),
            Event::Synced { adopted } => eprintln!("{adopted} prefixes were blocked already"),
            other => eprintln!("{other:?}"),
        }
    }
}

//! Keeps a main table with fib-sync alone: `keeper FORMS STRAYS` wishes, one after the other, thousands of routes in
//! each of the forms, and as many strays beside them; it says what it has done and ends.
//!
//! What a form means and who is to receive the packets is known to the test of the flood.

use std::process::ExitCode;

use fib_sync::{Config, Event, Share};
use tests::blocks::{self, Form};

#[tokio::main(flavor = "current_thread")]
async fn main() -> ExitCode {
    let words: Vec<usize> = std::env::args().skip(1).filter_map(|word| word.parse().ok()).collect();
    let Some((strays, forms)) = words.split_last() else {
        eprintln!("usage: keeper FORM... STRAYS");
        return ExitCode::from(2);
    };
    match keep(forms, *strays).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("error: {error}");
            ExitCode::FAILURE
        }
    }
}

async fn keep(forms: &[usize], strays: usize) -> Result<(), Box<dyn std::error::Error>> {
    let config = Config { learn: false, sweep_limit: Share::ALL, ..Config::new(254, 12, 50) };
    let (table, mut events) = fib_sync::start(config)?;
    for form in forms {
        for prefix in blocks::all() {
            table.want(prefix, Some(Form::of(*form).route(&prefix))).await?;
        }
        for prefix in blocks::strays(strays) {
            table.want(prefix, Some(fib_sync::Route::blackhole())).await?;
        }
    }
    table.settle().await?;
    while let Some(event) = events.next().await {
        if let Event::Swept(sweep) = event {
            println!("{sweep:?}");
            break;
        }
    }
    table.stop().await?;
    Ok(())
}

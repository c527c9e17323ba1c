//! What the kernel's table costs: the same routes written by a bare loop, by fib-sync, by `ip -batch` and by BIRD.
//!
//! ```sh
//! cargo run --release -p tests --bin fib -- routes --routes 100000
//! cargo run --release -p tests --bin fib -- restart --routes 100000
//! cargo run --release -p tests --bin fib -- idle
//! ```
//!
//! It makes a network namespace of its own; nothing of the machine is touched.

mod bare;
mod bird;
mod idle;
mod iproute;
mod monitor;
mod network;
mod report;
mod restart;
mod routes;
mod synchroniser;
mod workload;

use std::process::ExitCode;

use clap::{Parser, Subcommand};
use tests::failure::Failure;
use tests::sandbox;

/// Measures how fast routes get into the kernel, out of it, and over a restart.
#[derive(Debug, Parser)]
struct Arguments {
    #[command(subcommand)]
    what: What,
}

#[derive(Debug, Subcommand)]
enum What {
    /// Install, dump, replace and delete routes, by several hands in turn.
    Routes(routes::Arguments),
    /// Kill what keeps the table, start it again, and watch.
    Restart(restart::Arguments),
    /// Follow a table in which little happens, beside BIRD.
    Idle(idle::Arguments),
    /// The process that follows.
    #[command(hide = true)]
    Follower,
    /// The process that is killed.
    #[command(hide = true)]
    Victim(restart::VictimArguments),
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    if let What::Victim(victim) = &arguments.what {
        return Failure::told(restart::victim(victim));
    }
    if let What::Follower = arguments.what {
        return Failure::told(idle::follow());
    }
    sandbox::within(|_| {
        Failure::told(network::prepare().and_then(|()| match &arguments.what {
            What::Routes(arguments) => routes::run(arguments),
            What::Restart(arguments) => restart::run(arguments),
            What::Idle(arguments) => idle::run(arguments),
            What::Follower | What::Victim(_) => Ok(()),
        }))
    })
}

//! `cargo lab`: a three-node cluster in network namespaces, routed by Caracal, checked to the line.

mod convergence;
mod keep;
mod mixed;
mod options;
mod programs;
mod reading;
mod report;
mod speaker;

use std::process::ExitCode;

use clap::Parser;
use tests::cluster::{Setup, Wiring, build};
use tests::failure::Failure;
use tests::sandbox::{self, Inside};

use crate::options::Options;
use crate::programs::Programs;
use crate::speaker::Speaker;

fn main() -> ExitCode {
    let options = Options::parse();
    let programs = if sandbox::is_inside() { Programs::find() } else { Programs::prepare(&options) };
    match programs {
        Ok(programs) => sandbox::within(|inside| run(&options, &programs, inside)),
        Err(failure) => fail(&failure),
    }
}

fn run(options: &Options, programs: &Programs, inside: Inside) -> ExitCode {
    match lab(options, programs, inside) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(failure) => fail(&failure),
    }
}

/// Builds the cluster, lets it converge, shows and judges it.
fn lab(options: &Options, programs: &Programs, inside: Inside) -> Result<bool, Failure> {
    let setup = options.setup();
    println!("{}", report::headline(&setup));
    let wiring = build(&setup)?;
    let mut speakers = speaker::start_all(&setup, &wiring, programs, options)?;
    let converged = convergence::watch(&setup, &wiring, &mut speakers, options);
    let all_right = show(&setup, &wiring, &speakers, options)?;
    match &converged {
        Ok(time) => println!("converged {:.1} s after the daemons were started", time.as_secs_f32()),
        Err(failure) => {
            for speaker in &speakers {
                println!("\n== log of {} ==\n{}", speaker.name(), speaker.last_words());
            }
            eprintln!("error: {failure}");
        }
    }
    let right = all_right && converged.is_ok();
    println!("{}", if right { "Everything is as it should be." } else { "NOT as it should be; see above." });
    if options.keep {
        keep::wait(&setup, &speakers, programs, inside);
    }
    Ok(right)
}

/// Prints everything there is to see, and says whether all of it is right.
fn show(setup: &Setup, wiring: &Wiring, speakers: &[Speaker], options: &Options) -> Result<bool, Failure> {
    let mut right = true;
    for (which, place) in wiring.hosts.iter().enumerate() {
        right &= report::host(setup, which, place, &speakers[which], options)?;
    }
    for speaker in &speakers[wiring.hosts.len()..] {
        right &= report::sessions(speaker);
    }
    right &= report::pings(setup, wiring)?;
    Ok(right)
}

fn fail(failure: &Failure) -> ExitCode {
    eprintln!("error: {failure}");
    ExitCode::FAILURE
}

//! Runs one command in namespaces of its own that vanish with it: `sandbox COMMAND [ARGUMENTS]`.

use std::process::{Command, ExitCode};

use tests::sandbox;

fn main() -> ExitCode {
    sandbox::within(|_| {
        let mut words = std::env::args_os().skip(1);
        let Some(command) = words.next() else {
            eprintln!("usage: sandbox COMMAND [ARGUMENTS]");
            return ExitCode::from(2);
        };
        match Command::new(&command).args(words).status() {
            Ok(status) if status.success() => ExitCode::SUCCESS,
            Ok(_) => ExitCode::FAILURE,
            Err(error) => {
                eprintln!("error: start {}: {error}", command.display());
                ExitCode::FAILURE
            }
        }
    })
}

//! The `caracal-rr` binary.

use std::process::ExitCode;

use bgp_daemon::config::Role;

fn main() -> ExitCode {
    bgp_daemon::cli::main(Role::Reflector)
}

//! The `caracal` binary.

use std::process::ExitCode;

use bgp_daemon::config::Role;

fn main() -> ExitCode {
    bgp_daemon::cli::main(Role::Node)
}

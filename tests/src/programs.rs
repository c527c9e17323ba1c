//! The programs under test, built before the first test needs them.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use crate::failure::{Doing, Failure};
use crate::sandbox;

/// Runs a test body in a sandbox, with the daemons up to date.
///
/// # Panics
///
/// If the daemons do not build, and where [`sandbox::test`] does.
pub fn prove<F: FnOnce()>(body: F) {
    if !sandbox::is_inside() {
        static BUILT: OnceLock<()> = OnceLock::new();
        BUILT.get_or_init(|| build().expect("the daemons build"));
    }
    sandbox::test(body);
}

/// Where a daemon's program is: beside this one, tests being one folder further down.
///
/// # Panics
///
/// If this program has no file.
pub fn program(name: &str) -> PathBuf {
    let executable = env::current_exe().expect("a running program has an executable");
    let folder = executable.parent().expect("a file is in a folder");
    let folder = if folder.ends_with("deps") { folder.parent().unwrap_or(folder) } else { folder };
    folder.join(name)
}

/// Brings `caracal` and `caracal-rr` up to date. Cargo builds only the programs of the package that is tested;
/// these belong to others.
pub fn build() -> Result<(), Failure> {
    // Without cargo's word this is a copy without sources, to be taken as it is.
    let Some(cargo) = env::var_os("CARGO") else { return Ok(()) };
    let mut command = Command::new(cargo);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["build", "--quiet", "-p", "bgp-daemon", "-p", "rr", "--bins"]);
    if program("").ends_with("release") {
        command.arg("--release");
    }
    let status = command.status().doing("run cargo")?;
    if status.success() { Ok(()) } else { Err(Failure::new("build the daemons", status)) }
}

//! The programs under test, built before the first test needs them.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::OnceLock;

use tests::sandbox;

/// Runs a test body in a sandbox, with the daemons up to date.
pub(crate) fn prove<F: FnOnce()>(body: F) {
    if !sandbox::is_inside() {
        static BUILT: OnceLock<()> = OnceLock::new();
        BUILT.get_or_init(build);
    }
    sandbox::test(body);
}

/// Where a daemon's program is: beside the folder of the test executables.
pub(crate) fn program(name: &str) -> PathBuf {
    let executable = env::current_exe().expect("a running test has an executable");
    let folder = executable.parent().and_then(|deps| deps.parent()).expect("tests run from target/*/deps");
    folder.join(name)
}

/// Cargo builds only the programs of the package that is tested; these belong to others.
fn build() {
    // Without cargo's word this is a copy without sources, to be taken as it is.
    let Some(cargo) = env::var_os("CARGO") else { return };
    let mut command = Command::new(cargo);
    command.current_dir(env!("CARGO_MANIFEST_DIR"));
    command.args(["build", "--quiet", "-p", "bgp-daemon", "-p", "rr", "--bins"]);
    if program("").ends_with("release") {
        command.arg("--release");
    }
    let status = command.status().expect("cargo starts");
    assert!(status.success(), "the daemons cannot be built: {status}");
}

//! The container image, built without an engine and run from nothing but what is in it.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tests::failure::{Doing, Failure};
use tests::programs;
use tests::sandbox::SCRATCH;
use tests::wait::until;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// A container of the image, in a storage that vanishes with the sandbox.
struct Container(String);

fn buildah(words: &[&str]) -> Command {
    let folder = |name: &str| Path::new(SCRATCH).join(name);
    let mut command = Command::new("buildah");
    command.arg("--root").arg(folder("storage")).arg("--runroot").arg(folder("state"));
    command.args(["--storage-driver", "vfs"]).args(words).stdin(Stdio::null());
    command
}

/// What a program says, which has to succeed.
fn said(command: &mut Command) -> Result<String, Failure> {
    let output = command.output().doing_with(|| format!("run {command:?} (tests/peers installs buildah)"))?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned();
    if output.status.success() { Ok(text) } else { Err(Failure::new(format!("run {command:?}"), text)) }
}

impl Container {
    /// Builds the image with the profile under test.
    fn build() -> Result<Self, Failure> {
        let profile = if programs::program("").ends_with("release") { "release" } else { "dev" };
        let mut build = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/container/build"));
        let archive = said(build.args(["--profile", profile, "--out", SCRATCH]))?;
        let archive = archive.lines().last().unwrap_or_default();
        said(&mut buildah(&["from", "--quiet", &format!("oci-archive:{archive}")])).map(Self)
    }

    /// Runs a program in it, as its user.
    fn run(&self, words: &[&str]) -> Command {
        buildah(&[&["run", "--isolation", "chroot", &self.0, "--"][..], words].concat())
    }
}

#[test]
fn an_image_holds_all_that_a_daemon_needs() {
    programs::prove(|| {
        let container = Container::build().expect("an image");
        let version = said(&mut container.run(&["/usr/bin/caracal", "--version"])).expect("a version");
        assert_eq!(version, concat!("caracal ", env!("CARGO_PKG_VERSION")));
        for (program, file) in [("caracal", "caracal.toml"), ("caracal-rr", "caracal-rr.toml")] {
            let (program, file) = (format!("/usr/bin/{program}"), format!("/etc/caracal/{file}"));
            let told = said(&mut container.run(&[&program, "check", &file])).expect("it is valid");
            assert!(told.contains("is valid"), "{told}");
        }
        let mut start = container.run(&["/usr/bin/caracal", "run", "--config", "/etc/caracal/caracal.toml"]);
        let mut daemon = start.spawn().expect("a daemon");
        let status = until("a daemon that answers", PATIENCE, || {
            said(&mut container.run(&["/usr/bin/caracal", "status"]))
        });
        assert!(status.expect("it answers").contains("AS 64512"));
        let refused = said(&mut container.run(&["/bin/birdcl", "-s", "/run/caracal/none", "show", "status"]));
        assert!(refused.expect_err("nobody is there").to_string().contains("/run/caracal/none"));
        daemon.kill().expect("it still runs");
        daemon.wait().expect("it has ended");
    });
}

//! The container image, built without an engine and run from nothing but what is in it.

use std::fs::{self, Permissions};
use std::io::{self, Read as _, Write as _};
use std::net::TcpStream;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::Duration;

use tests::failure::{Doing, Failure};
use tests::netns::Netns;
use tests::process::Daemon;
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
    /// Builds the image with the profile under test, for a container without a capability.
    fn build() -> Result<Self, Failure> {
        let profile = if programs::program("").ends_with("release") { "release" } else { "dev" };
        let mut build = Command::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/container/build"));
        // What it leaves behind where it is killed vanishes with the sandbox.
        build.args(["--profile", profile, "--out", SCRATCH]).env("TMPDIR", SCRATCH);
        let archive = said(&mut build)?;
        let archive = archive.lines().last().unwrap_or_default();
        said(&mut buildah(&["from", "--quiet", "--cap-drop", "all", &format!("oci-archive:{archive}")]))
            .map(Self)
    }

    /// Runs a program in it, as its user.
    fn run(&self, words: &[&str]) -> Command {
        self.run_as(&[], words)
    }

    /// Runs a program in it as `options` say.
    fn run_as(&self, options: &[&str], words: &[&str]) -> Command {
        buildah(&[&["run", "--isolation", "chroot"][..], options, &[&self.0, "--"], words].concat())
    }
}

/// A daemon in a container, in a network of its own, with the volumes of its manifest: a folder of `deploy/kubernetes` is
/// its configuration. Returns when `done` says that it does what it is to do.
fn as_a_pod(
    container: &Container,
    (program, folder): (&str, &str),
    options: &[&str],
    done: impl Fn(&Netns) -> Result<(), Failure>,
) -> Result<(), Failure> {
    let place = Netns::create(folder)?;
    let config = format!("{}/../deploy/kubernetes/{folder}:/etc/caracal:ro", env!("CARGO_MANIFEST_DIR"));
    let (run, calico) = (volume(folder, "/run/caracal", 0o777)?, volume(folder, "/var/run/calico", 0o755)?);
    let volumes = ["--volume", &config, "--volume", &run, "--volume", &calico, "--env", "NODE_IP=192.0.2.21"];
    let words = [program, "run", "--config", "/etc/caracal/caracal.toml"];
    let mut command = container.run_as(&[options, &volumes].concat(), &words);
    let mut daemon = Daemon::start(folder, &mut command, &place, &Path::new(SCRATCH).join(folder))?;
    until("the pod's work", PATIENCE, || {
        daemon.check()?;
        done(&place).map_err(|failure| Failure::new(daemon.last_words(), failure))
    })
}

/// An empty folder of the host, seen in a container as `at`. A kubelet lets everybody write to an emptyDir, and root to a
/// hostPath.
fn volume(pod: &str, at: &str, mode: u32) -> Result<String, Failure> {
    let folder = Path::new(SCRATCH).join(format!("{pod}{}", at.replace('/', "-")));
    fs::create_dir(&folder).doing("make a folder")?;
    fs::set_permissions(&folder, Permissions::from_mode(mode)).doing("give a folder away")?;
    Ok(format!("{}:{at}", folder.display()))
}

/// Asks for a page as a probe does.
fn probe(place: &Netns, port: u16, path: &str) -> Result<(), Failure> {
    let ask = || {
        let mut stream = TcpStream::connect(("127.0.0.1", port))?;
        stream.write_all(
            format!("GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n").as_bytes(),
        )?;
        let mut answer = String::new();
        stream.read_to_string(&mut answer)?;
        Ok::<_, io::Error>(answer)
    };
    let answer = place.run(ask)?.doing("ask the web server")?;
    if answer.starts_with("HTTP/1.1 200 ") {
        Ok(())
    } else {
        Err(Failure::new(format!("get {path}"), answer))
    }
}

/// One image for all that is proved of it: to make it takes longer than the proofs.
#[test]
fn an_image_holds_all_that_a_daemon_needs_and_a_pod_no_more_than_its_manifest_gives() {
    programs::prove(|| {
        let container = Container::build().expect("an image");
        its_programs_run(&container);
        its_pods_work(&container);
    });
}

fn its_pods_work(container: &Container) {
    let node = ["--user", "0", "--cap-add", "CAP_NET_ADMIN", "--cap-add", "CAP_NET_BIND_SERVICE"];
    as_a_pod(container, ("/usr/bin/caracal", "node"), &node, |place| probe(place, 9470, "/readyz"))
        .expect("a node that is ready");
    as_a_pod(container, ("/usr/bin/caracal-rr", "reflector"), &[], |place| probe(place, 9471, "/readyz"))
        .expect("a reflector that is ready");
}

fn its_programs_run(container: &Container) {
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
}

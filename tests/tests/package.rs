//! The Debian package and its units, as an operator meets them: made, judged by lintian and systemd-analyze, then
//! installed, run, upgraded, removed and purged in a machine with a real systemd.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use tests::failure::{Doing, Failure};
use tests::machine::Machine;
use tests::programs;
use tests::sandbox::SCRATCH;
use tests::wait::until;

/// How long anything may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const FILE: &str = "/etc/caracal/caracal.toml";

/// What systemd-analyze may find exposed, of 100. What is left: addresses are not filtered, and routes may be changed.
const EXPOSURE: &str = "--threshold=20";

/// Runs a program of this system, which has to succeed; what it says.
fn tool(program: &str, package: &str, words: &[&str]) -> Result<String, Failure> {
    let mut command = Command::new(program);
    // What a program leaves behind that is killed vanishes with the sandbox.
    command.args(words).env("DPKG_DEB_COMPRESSOR_LEVEL", "0").env("TMPDIR", SCRATCH);
    let output = command.output().doing_with(|| format!("run {program} (Debian's package {package})"))?;
    let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).trim().to_owned();
    if output.status.success() {
        Ok(text)
    } else {
        Err(Failure::new(format!("run {program} {words:?}"), text))
    }
}

/// Makes the package from the programs under test.
fn package(revision: &str) -> Result<PathBuf, Failure> {
    let build = concat!(env!("CARGO_MANIFEST_DIR"), "/../deploy/debian/build");
    let programs = programs::program("");
    let programs = programs.to_str().ok_or_else(|| Failure::new("name a folder", "not in UTF-8"))?;
    let words = ["--programs", programs, "--revision", revision, "--out", SCRATCH];
    tool(build, "dpkg-dev", &words).map(PathBuf::from)
}

/// Brings a package into the machine and installs it; what dpkg says.
fn install(machine: &Machine, package: &Path) -> Result<String, Failure> {
    fs::copy(package, machine.path("/tmp/caracal.deb")).doing("copy a package")?;
    machine.ask(&["dpkg", "--install", "/tmp/caracal.deb"])
}

/// A property of a unit.
fn property(machine: &Machine, unit: &str, name: &str) -> Result<String, Failure> {
    machine.ask(&["systemctl", "show", "--value", "--property", name, unit])
}

#[test]
fn lintian_finds_nothing_to_warn_of() {
    programs::prove(|| {
        let package = package("1").expect("a package");
        let package = package.to_str().expect("a name in UTF-8");
        let words = ["--allow-root", "--fail-on", "error,warning", "--info", package];
        let told = tool("lintian", "lintian", &words).expect("nothing to warn of");
        assert!(!told.contains("W: ") && !told.contains("E: "), "{told}");
    });
}

#[test]
fn a_package_is_installed_run_upgraded_and_removed() {
    programs::prove(|| {
        let machine = Machine::boot().expect("a machine");
        install(&machine, &package("1").expect("a package")).expect("it installs");
        units_are_sound(&machine).expect("sound units");
        installing_starts_nothing(&machine).expect("nothing starts");
        a_node_runs(&machine).expect("it runs");
        a_stuck_daemon_is_started_again(&machine).expect("it comes back");
        a_change_is_tried_and_taken_back(&machine).expect("changes are written");
        an_upgrade_restarts_nothing(&machine).expect("it goes on");
        a_reflector_takes_its_place(&machine).expect("it runs");
        nothing_stays_behind(&machine).expect("all is gone");
    });
}

fn units_are_sound(machine: &Machine) -> Result<(), Failure> {
    let units = ["caracal.service", "caracal-rr.service"];
    let told = machine.ask(&[&["systemd-analyze", "verify", "--man=no"][..], &units].concat())?;
    assert_eq!(told, "", "systemd-analyze verify");
    for unit in units {
        machine.ask(&["systemd-analyze", "security", "--no-pager", EXPOSURE, unit])?;
    }
    Ok(())
}

fn installing_starts_nothing(machine: &Machine) -> Result<(), Failure> {
    for unit in ["caracal", "caracal-rr"] {
        assert_eq!(property(machine, unit, "ActiveState")?, "inactive");
        assert_eq!(property(machine, unit, "UnitFileState")?, "disabled");
        let told = machine.ask(&[unit, "check", &format!("/etc/caracal/{unit}.toml")])?;
        assert!(told.contains("is valid") && !told.contains("warning"), "{told}");
    }
    machine.ask(&["systemctl", "start", "caracal"])?;
    let listening = machine.ask(&["ss", "--listening", "--tcp", "--no-header"])?;
    assert_eq!(listening, "", "the configuration of the package listens nowhere");
    machine.ask(&["systemctl", "stop", "caracal"]).map(drop)
}

/// The route that is in the kernel as long as the daemon wishes for it.
fn route(machine: &Machine) -> Result<String, Failure> {
    machine.ask(&["ip", "route", "show", "proto", "bird"])
}

fn a_node_runs(machine: &Machine) -> Result<(), Failure> {
    let text = fs::read_to_string(machine.path(FILE)).doing("read a configuration")?;
    let text = text
        .replace("enabled = false", "enabled = true")
        .replace("addresses = []", "addresses = [\"0.0.0.0\"]");
    let text = format!("{text}\n[[originate]]\nprefix = \"10.244.1.0/24\"\n");
    fs::write(machine.path(FILE), &text).doing("write a configuration")?;
    machine.ask(&["systemctl", "start", "caracal"])?;
    until("a route", PATIENCE, || match route(machine)?.as_str() {
        "blackhole 10.244.1.0/24" => Ok(()),
        other => Err(Failure::new("see a route", other)),
    })?;
    let listening = machine.ask(&["ss", "--listening", "--tcp", "--numeric", "--no-header"])?;
    assert!(listening.contains("0.0.0.0:179"), "{listening}");
    assert_eq!(
        machine.ask(&["stat", "--format", "%U:%G %a", "/run/caracal/caracal.sock"])?,
        "caracal:caracal 660"
    );

    fs::write(machine.path(FILE), format!("{text}peers = 3\n")).doing("write a configuration")?;
    assert!(machine.ask(&["systemctl", "reload", "caracal"]).is_err(), "a mistake was taken");
    assert_eq!(property(machine, "caracal", "ActiveState")?, "active");
    fs::write(machine.path(FILE), format!("{text}med = 7\n")).doing("write a configuration")?;
    machine.ask(&["systemctl", "reload", "caracal"])?;
    assert!(machine.ask(&["caracal", "status"])?.contains("generation 2"), "the file was read again");

    machine.ask(&["systemctl", "restart", "caracal"])?;
    machine.ask(&["systemctl", "stop", "caracal"])?;
    assert_eq!(route(machine)?, "blackhole 10.244.1.0/24", "stopping leaves routes for whoever comes next");
    machine.ask(&["systemctl", "start", "caracal"]).map(drop)
}

fn a_stuck_daemon_is_started_again(machine: &Machine) -> Result<(), Failure> {
    let place = machine.path("/run/systemd/system/caracal.service.d");
    fs::create_dir_all(&place).doing("make a folder")?;
    fs::write(place.join("impatient.conf"), "[Service]\nWatchdogSec=4\n").doing("write a drop-in")?;
    machine.ask(&["systemctl", "daemon-reload"])?;
    machine.ask(&["systemctl", "restart", "caracal"])?;
    let first = property(machine, "caracal", "MainPID")?;
    machine.ask(&["kill", "-STOP", &first])?;
    until("another process", PATIENCE, || {
        let now = property(machine, "caracal", "NRestarts")?;
        let state = property(machine, "caracal", "ActiveState")?;
        if now != "0" && state == "active" { Ok(()) } else { Err(Failure::new("be restarted", state)) }
    })?;
    assert_ne!(property(machine, "caracal", "MainPID")?, first);
    fs::remove_dir_all(&place).doing("remove a drop-in")?;
    machine.ask(&["systemctl", "daemon-reload"])?;
    machine.ask(&["systemctl", "restart", "caracal"]).map(drop)
}

fn a_change_is_tried_and_taken_back(machine: &Machine) -> Result<(), Failure> {
    let old = fs::read_to_string(machine.path(FILE)).doing("read a configuration")?;
    fs::write(machine.path("/tmp/draft.toml"), old.replace("med = 7", "med = 8")).doing("write a draft")?;
    machine.ask(&["caracal", "apply", "/tmp/draft.toml", "--confirm", "60s"])?;
    machine.ask(&["caracal", "confirm"])?;
    assert!(machine.ask(&["cat", FILE])?.contains("med = 8"), "what was confirmed is on disk");
    machine.ask(&["caracal", "undo"])?;
    assert!(machine.ask(&["cat", FILE])?.contains("med = 7"), "and what was undone is not");
    Ok(())
}

fn an_upgrade_restarts_nothing(machine: &Machine) -> Result<(), Failure> {
    let process = property(machine, "caracal", "MainPID")?;
    let told = install(machine, &package("2")?)?;
    assert!(told.contains("caracal goes on as version ") && told.contains("-1 until"), "{told}");
    assert_eq!(property(machine, "caracal", "MainPID")?, process);
    assert!(machine.ask(&["cat", FILE])?.contains("med = 7"), "the operator's file stays");
    assert!(machine.ask(&["caracal", "status"])?.contains("AS 64512"), "new words, old daemon");
    Ok(())
}

fn a_reflector_takes_its_place(machine: &Machine) -> Result<(), Failure> {
    machine.ask(&["systemctl", "start", "caracal-rr"])?;
    assert_eq!(property(machine, "caracal", "ActiveState")?, "inactive", "one of them has port 179");
    machine.ask(&["caracal-rr", "status"])?;
    machine.ask(&["systemctl", "reload", "caracal-rr"]).map(drop)
}

fn nothing_stays_behind(machine: &Machine) -> Result<(), Failure> {
    machine.ask(&["systemctl", "enable", "caracal"])?;
    machine.ask(&["dpkg", "--remove", "caracal"])?;
    // 1: it has looked, and there is none.
    assert_eq!(machine.run(&["pgrep", "caracal"])?.status.code(), Some(1), "removing ends the daemons");
    assert!(machine.path(FILE).exists(), "removing leaves the configuration");
    machine.ask(&["dpkg", "--purge", "caracal"])?;
    let left = machine.ask(&["find", "/etc", "/usr/share", "/lib/systemd", "/run", "-path", "*caracal*"])?;
    assert_eq!(left, "", "purging leaves nothing");
    Ok(())
}

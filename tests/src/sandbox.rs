//! A process tree that leaves nothing behind.
//!
//! The program starts itself again as process 1 of a new PID namespace, with mount and network namespaces
//! of its own (and a user namespace where it is not root). When the outer process ends, by whatever signal,
//! process 1 is killed by its parent-death signal, and with process 1 the kernel kills every process of the
//! namespace; the network namespaces and mounts go with the last of them.

use std::fs;
use std::io::{self, Read, Write};
use std::path::PathBuf;
use std::process::{Command, ExitCode, Stdio};
use std::thread;

use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl::set_pdeathsig;
use nix::sys::signal::Signal;
use nix::unistd::{getegid, geteuid};

use crate::failure::{Doing, Failure};

/// The environment variable that marks process 1.
const MARK: &str = "CARACAL_LAB_SANDBOX";

/// Where the sandbox's own scratch files live: on a file system that vanishes with it.
pub const SCRATCH: &str = "/run/caracal";

/// What is known about the sandbox from inside.
#[derive(Clone, Copy, Debug)]
pub struct Inside {
    /// Process 1 of the sandbox as the machine outside numbers it.
    pub outer_pid: u32,
    /// Whether the sandbox has a user namespace of its own.
    pub own_users: bool,
}

/// Runs `body` inside a sandbox and returns its exit code.
///
/// Call it first thing in `main`, while the process has one thread: the process starts itself again, with
/// the same arguments, and only that second run calls `body`.
pub fn within(body: impl FnOnce(Inside) -> ExitCode) -> ExitCode {
    let done = match std::env::var(MARK) {
        Ok(users) => settle_in(users == "own").map(body),
        Err(_) => start_again(),
    };
    done.unwrap_or_else(|failure| {
        eprintln!("error: {failure}");
        ExitCode::FAILURE
    })
}

/// Whether this process runs inside a sandbox.
pub fn is_inside() -> bool {
    std::env::var_os(MARK).is_some()
}

/// Runs a test body inside a sandbox of its own, by running the test's executable again for this one test.
///
/// # Panics
///
/// If the body panics, or if neither root nor user namespaces are to be had: a proof that could not be
/// made is not a proof.
pub fn test<F: FnOnce()>(body: F) {
    run_test(std::any::type_name::<F>(), body);
}

/// As [`test`], for a body that another one wraps: `closure` is the type name of the closure in the test itself.
///
/// # Panics
///
/// As [`test`].
pub(crate) fn run_test(closure: &str, body: impl FnOnce()) {
    if is_inside() {
        return body();
    }
    let path = closure.trim_end_matches("::{{closure}}");
    let name = path.split_once("::").map_or(path, |(_, name)| name);
    let executable = std::env::current_exe().expect("a running test has an executable");
    let output = Command::new(program())
        .arg(executable)
        .args([name, "--exact", "--nocapture", "--include-ignored", "--test-threads=1"])
        .stdin(Stdio::null())
        .output()
        .expect("the sandbox program is built with the tests");
    let text =
        format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    print!("{text}");
    assert!(text.contains("1 passed") && output.status.success(), "{name} failed inside its sandbox");
}

/// The `sandbox` program, beside the test executables' folder.
fn program() -> PathBuf {
    let executable = std::env::current_exe().expect("a running test has an executable");
    let folder = executable.parent().and_then(|deps| deps.parent()).expect("tests run from target/*/deps");
    folder.join("sandbox")
}

/// The outer half: new namespaces for the children, then this program once more as their process 1.
fn start_again() -> Result<ExitCode, Failure> {
    let own_users = separate()?;
    let executable = std::env::current_exe().doing("find this program's file")?;
    let mut child = Command::new(executable)
        .args(std::env::args_os().skip(1))
        .env(MARK, if own_users { "own" } else { "shared" })
        .stdin(Stdio::piped())
        .spawn()
        .doing("start this program again inside its namespaces")?;
    // Held open, never written again: its end tells process 1 that we are gone, also if we die
    // before it could ask for the parent-death signal.
    let mut lifeline =
        child.stdin.take().ok_or_else(|| Failure::new("keep a line to process 1", "no pipe"))?;
    lifeline.write_all(&child.id().to_be_bytes()).doing("tell process 1 its number")?;
    let status = child.wait().doing("wait for process 1")?;
    let code = status.code().and_then(|code| u8::try_from(code).ok());
    Ok(code.map_or(ExitCode::FAILURE, ExitCode::from))
}

/// Leaves the machine's namespaces; true when that took a user namespace.
fn separate() -> Result<bool, Failure> {
    let wanted = CloneFlags::CLONE_NEWNET | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWPID;
    if unshare(wanted).is_ok() {
        return Ok(false);
    }
    let (user, group) = (geteuid(), getegid());
    let hint = "create namespaces (this needs root, or user namespaces for ordinary users: \
                see the sysctls kernel.unprivileged_userns_clone, user.max_user_namespaces and \
                kernel.apparmor_restrict_unprivileged_userns)";
    unshare(CloneFlags::CLONE_NEWUSER).doing(hint)?;
    fs::write("/proc/self/setgroups", "deny").doing(hint)?;
    fs::write("/proc/self/uid_map", format!("0 {user} 1")).doing(hint)?;
    fs::write("/proc/self/gid_map", format!("0 {group} 1")).doing(hint)?;
    unshare(wanted).doing(hint)?;
    Ok(true)
}

/// The inner half, as process 1.
fn settle_in(own_users: bool) -> Result<Inside, Failure> {
    set_pdeathsig(Signal::SIGKILL).doing("ask to die with the parent")?;
    let mut number = [0; 4];
    io::stdin().read_exact(&mut number).doing("hear from the parent")?;
    thread::spawn(|| {
        let _ended = io::copy(&mut io::stdin(), &mut io::sink());
        std::process::exit(1);
    });
    let nothing = None::<&str>;
    mount(nothing, "/", nothing, MsFlags::MS_REC | MsFlags::MS_PRIVATE, nothing)
        .doing("make mounts private")?;
    mount(Some("proc"), "/proc", Some("proc"), MsFlags::empty(), nothing).doing("mount /proc")?;
    // Where daemons leave files behind: FRR keeps notes for after a crash in /var/tmp.
    for folder in ["/run", "/var/tmp"] {
        mount(Some("tmpfs"), folder, Some("tmpfs"), MsFlags::empty(), Some("mode=0755"))
            .doing_with(|| format!("mount {folder}"))?;
    }
    for folder in [SCRATCH, crate::netns::NAMES] {
        fs::create_dir_all(folder).doing_with(|| format!("create {folder}"))?;
    }
    Ok(Inside { outer_pid: u32::from_be_bytes(number), own_users })
}

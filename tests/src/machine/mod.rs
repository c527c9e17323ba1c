//! A Debian of its own inside the sandbox: this system's files, copied on write, and a real systemd as process 1.

mod group;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::time::Duration;

use self::group::Group;
use crate::failure::{Doing, Failure};
use crate::sandbox::SCRATCH;
use crate::wait::until;

/// How long it may take to start on a busy host.
const PATIENCE: Duration = Duration::from_secs(60);

/// A machine, which takes root to make; dropping it ends all of its processes. Its network is a namespace with nothing but loopback.
#[derive(Debug)]
pub struct Machine {
    /// Keeps the machine's process 1 and takes it along.
    keeper: Child,
    /// Process 1, as the sandbox numbers it.
    first: String,
    /// Where its processes are counted; dropped after they have been killed.
    _group: Group,
}

impl Machine {
    /// Starts one and waits until its systemd obeys.
    pub fn boot() -> Result<Self, Failure> {
        let folder = Path::new(SCRATCH).join("machine");
        let group = Group::make()?;
        let keeper = Command::new("sh")
            .args(["-c", "echo $$ > \"$0\" && exec unshare \"$@\""])
            .arg(group.members())
            .args(["--pid", "--fork", "--kill-child", "--mount", "--net", "--cgroup", "--ipc", "--uts", "--"])
            .args(["sh", "-c", include_str!("boot.sh"), "boot"])
            .arg(folder)
            .stdin(Stdio::null())
            .spawn()
            .doing("start a machine with unshare(1)")?;
        let mut machine = Self { keeper, first: String::new(), _group: group };
        machine.first = until("a first process", PATIENCE, || machine.child())?;
        until("systemd", PATIENCE, || machine.ask(&["systemctl", "list-jobs"]))?;
        Ok(machine)
    }

    /// Where a file of the machine is for us.
    pub fn path(&self, path: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{}/root{path}", self.first))
    }

    /// Runs a program there.
    pub fn run(&self, words: &[&str]) -> Result<Output, Failure> {
        let mut command = Command::new("nsenter");
        command.args(["--target", &self.first, "--all", "--"]).args(words).stdin(Stdio::null());
        command.env("LC_ALL", "C.UTF-8").env("DEBIAN_FRONTEND", "noninteractive");
        command.output().doing_with(|| format!("run {words:?} in a machine with nsenter(1)"))
    }

    /// What a program there has to say, which has to succeed.
    pub fn ask(&self, words: &[&str]) -> Result<String, Failure> {
        let output = self.run(words)?;
        let text = [output.stdout, output.stderr].concat();
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        if output.status.success() { Ok(text) } else { Err(Failure::new(format!("run {words:?}"), text)) }
    }

    /// The process that the keeper started.
    fn child(&mut self) -> Result<String, Failure> {
        let keeper = self.keeper.id();
        if let Some(status) = self.keeper.try_wait().doing("look after a machine")? {
            return Err(Failure::new("keep a machine running (this needs root)", status));
        }
        let children = fs::read_to_string(format!("/proc/{keeper}/task/{keeper}/children"));
        let first = children.doing("list processes")?.trim().to_owned();
        if first.is_empty() {
            Err(Failure::new("see a first process", "there is none yet"))
        } else {
            Ok(first)
        }
    }
}

impl Drop for Machine {
    fn drop(&mut self) {
        // Both fail only for a process that has already ended, which is what is wanted.
        let _gone = self.keeper.kill();
        let _reaped = self.keeper.wait();
    }
}

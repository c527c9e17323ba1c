//! Daemons that run inside a namespace and write to a file.

use std::fs::{self, File};
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::failure::{Doing, Failure};
use crate::netns::Netns;
use crate::wait;

/// A running daemon; dropping it kills it.
#[derive(Debug)]
pub struct Daemon {
    name: String,
    child: Child,
    log: PathBuf,
}

impl Daemon {
    /// Starts `command` in `place`, its output going to `log`.
    pub fn start(name: &str, command: &mut Command, place: &Netns, log: &Path) -> Result<Self, Failure> {
        let child = place.spawn(quiet(command, log)?)?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned() })
    }

    /// As [`Self::start`], in the namespace of this program.
    pub fn start_here(name: &str, command: &mut Command, log: &Path) -> Result<Self, Failure> {
        let child = quiet(command, log)?.spawn().doing_with(|| format!("start {name}"))?;
        Ok(Self { name: name.to_owned(), child, log: log.to_owned() })
    }

    /// What it has written so far.
    pub fn log(&self) -> String {
        fs::read(&self.log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default()
    }

    /// The end of its log.
    pub fn last_words(&self) -> String {
        let log = self.log();
        let lines: Vec<&str> = log.lines().collect();
        let last = lines[lines.len().saturating_sub(LOG_LINES)..].iter();
        last.map(|line| line.chars().take(LINE_LENGTH).collect()).collect::<Vec<String>>().join("\n")
    }

    /// The process, as numbered inside the sandbox.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// An error with the end of the log if the daemon no longer runs.
    pub fn check(&mut self) -> Result<(), Failure> {
        let ended = self.child.try_wait().doing_with(|| format!("look after {}", self.name))?;
        let Some(status) = ended else { return Ok(()) };
        let how = match status.signal() {
            Some(signal) => format!("killed by signal {signal}"),
            None => format!("ended with code {}", status.code().unwrap_or_default()),
        };
        Err(Failure::new(format!("keep {} running", self.name), format!("{how}\n{}", self.last_words())))
    }

    /// Sends a signal.
    pub fn signal(&self, signal: Signal) -> Result<(), Failure> {
        let pid = i32::try_from(self.child.id()).doing("number a process")?;
        kill(Pid::from_raw(pid), signal).doing_with(|| format!("send {signal} to {}", self.name))
    }

    /// Asks it to end and waits until it has.
    pub fn terminate(self, limit: Duration) -> Result<(), Failure> {
        self.signal(Signal::SIGTERM)?;
        self.end(limit).map(drop)
    }

    /// Waits until it has ended.
    pub fn end(mut self, limit: Duration) -> Result<ExitStatus, Failure> {
        wait::until(&format!("{} to end", self.name), limit, || match self.child.try_wait() {
            Ok(Some(status)) => Ok(status),
            Ok(None) => Err("still running".to_owned()),
            Err(error) => Err(error.to_string()),
        })
    }
}

impl Drop for Daemon {
    fn drop(&mut self) {
        // Both fail only for a process that has already ended, which is what is wanted.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

/// Lets a command read nothing and write to `log`.
fn quiet<'a>(command: &'a mut Command, log: &Path) -> Result<&'a mut Command, Failure> {
    let file = File::create(log).doing_with(|| format!("create {}", log.display()))?;
    let both = file.try_clone().doing("share a log file")?;
    Ok(command.stdin(Stdio::null()).stdout(file).stderr(both))
}

/// How much of a daemon's log a failure shows.
const LOG_LINES: usize = 20;
/// How much of a line.
const LINE_LENGTH: usize = 300;

//! The daemons that can be loaded, with configurations that mean the same.
//!
//! Each listens on [`DAEMON`](super::network::DAEMON), dials nobody, takes everything, tells everything to those
//! who shall hear, and leaves the kernel's routes alone.

mod bird;
mod broadcaster;
mod caracal;
mod frr;
mod gobgp;
mod openbgpd;

use std::fmt;
use std::fs::{self, File, Permissions};
use std::io::ErrorKind;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use bgp_core::Asn;

pub use broadcaster::broadcast;

use super::mark::Passage;
use super::network::PORT;
use super::usage::Usage;
use crate::failure::{Doing, Failure};
use crate::{sandbox, wait};

/// The daemon's AS.
pub const ASN: Asn = Asn(64512);
/// The number in front of the communities that policies add.
pub const TAGS: u16 = 64511;

/// A daemon.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum Which {
    /// This project's reflector, from the same target folder.
    Caracal,
    /// Debian's bird2.
    Bird,
    /// Debian's FRR, its start timer turned down from 1 s to 10 ms.
    Frr,
    /// Debian's OpenBGPD.
    Openbgpd,
    /// Debian's GoBGP.
    Gobgp,
    /// No daemon: sends everybody the octets that came from somebody else. The floor.
    Broadcaster,
}

impl fmt::Display for Which {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Caracal => "caracal",
            Self::Bird => "bird",
            Self::Frr => "frr",
            Self::Openbgpd => "openbgpd",
            Self::Gobgp => "gobgp",
            Self::Broadcaster => "broadcaster",
        })
    }
}

/// What a daemon is told.
#[derive(Clone, Debug)]
pub struct Setup {
    /// What it is to its peers.
    pub passage: Passage,
    /// Its peers.
    pub peers: Vec<Neighbour>,
    /// Listeners are told all paths.
    pub add_path: bool,
    /// The second half of a community that listeners shall find on every route.
    pub tag: Option<u16>,
    /// Hold time, seconds.
    pub hold_time: u16,
}

/// A peer of the daemon.
#[derive(Clone, Copy, Debug)]
pub struct Neighbour {
    /// Its address.
    pub address: Ipv4Addr,
    /// Its AS.
    pub asn: Asn,
    /// It is told routes.
    pub listens: bool,
}

impl Setup {
    fn reflects(&self) -> bool {
        self.passage == Passage::Reflected
    }
}

/// A running daemon; dropping it kills it.
#[derive(Debug)]
pub struct Running {
    which: Which,
    child: Child,
    folder: PathBuf,
}

impl Running {
    /// Starts a daemon and waits until it listens and has come to rest.
    ///
    /// # Errors
    /// When it does not start, or ends at once.
    pub fn start(which: Which, setup: &Setup) -> Result<Self, Failure> {
        let folder = PathBuf::from(sandbox::SCRATCH).join(which.to_string());
        fs::create_dir_all(&folder).doing("create a folder")?;
        write_configuration(which, setup, &folder)?;
        let mut command = command(which, &folder);
        let log = File::create(folder.join("log")).doing("create a log file")?;
        let both = log.try_clone().doing("share a log file")?;
        let program = command.get_program().display().to_string();
        let child = command.stdin(Stdio::null()).stdout(log).stderr(both).spawn();
        let child = child.map_err(|error| match error.kind() {
            ErrorKind::NotFound => Failure::new(format!("start {program}"), "not installed: run tests/peers"),
            _ => Failure::new(format!("start {program}"), error),
        })?;
        let running = Self { which, child, folder };
        wait::until(&format!("{which} to listen"), PATIENCE, || running.listens())?;
        running.rest(PATIENCE)?;
        Ok(running)
    }

    /// What it has used.
    ///
    /// # Errors
    /// With the end of its log, when it runs no more.
    pub fn usage(&self) -> Result<Usage, Failure> {
        Usage::of(self.child.id())
            .map_err(|error| Failure::new(format!("keep {} running: {error}", self.which), self.last_words()))
    }

    /// Waits until it uses less than a twentieth of a processor.
    ///
    /// # Errors
    /// When it never does.
    pub fn rest(&self, patience: Duration) -> Result<(), Failure> {
        wait::until(&format!("{} to come to rest", self.which), patience, || {
            let (start, before) = (Instant::now(), self.usage()?.cpu);
            std::thread::sleep(GLANCE);
            let share = (self.usage()?.cpu - before).as_secs_f64() / start.elapsed().as_secs_f64();
            if share < 0.05 {
                Ok(())
            } else {
                Err(Failure::new("find it at rest", format!("{share:.2} of a core")))
            }
        })
    }

    /// Gives it another configuration while it runs.
    ///
    /// # Errors
    /// When it cannot be told.
    pub fn reconfigure(&self, setup: &Setup) -> Result<(), Failure> {
        write_configuration(self.which, setup, &self.folder)?;
        let mut command = match self.which {
            Which::Caracal => caracal::reload(&self.folder),
            Which::Bird => bird::reload(&self.folder),
            Which::Frr => frr::reload(&self.folder, setup),
            Which::Openbgpd => openbgpd::reload(&self.folder),
            Which::Gobgp | Which::Broadcaster => {
                return Err(Failure::new(format!("reconfigure {}", self.which), "it has no way for that"));
            }
        };
        let output = command.output().doing("run a client")?;
        if output.status.success() {
            return Ok(());
        }
        Err(Failure::new(format!("reconfigure {}", self.which), String::from_utf8_lossy(&output.stderr)))
    }

    /// The end of its log.
    #[must_use]
    pub fn last_words(&self) -> String {
        let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
        let lines: Vec<&str> = log.lines().collect();
        lines[lines.len().saturating_sub(10)..].join("\n")
    }

    fn listens(&self) -> Result<(), Failure> {
        self.usage()?;
        let text = fs::read_to_string("/proc/net/tcp").doing("read /proc/net/tcp")?;
        let wanted = format!(":{PORT:04X} ");
        let listening = |line: &str| {
            let fields: Vec<&str> = line.split_whitespace().collect();
            matches!(fields[..], [_, local, _, "0A", ..] if format!("{local} ").ends_with(&wanted))
        };
        if text.lines().any(listening) {
            Ok(())
        } else {
            Err(Failure::new("find it listening", self.last_words()))
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // These fail only where there is nothing left to do.
        let _ = self.child.kill();
        let _ = self.child.wait();
        let _ = fs::remove_dir_all(&self.folder);
    }
}

fn write_configuration(which: Which, setup: &Setup, folder: &Path) -> Result<(), Failure> {
    let text = match which {
        Which::Caracal => caracal::configuration(setup, folder),
        Which::Bird => bird::configuration(setup),
        Which::Frr => frr::configuration(setup),
        Which::Openbgpd => openbgpd::configuration(setup, folder),
        Which::Gobgp => gobgp::configuration(setup),
        Which::Broadcaster => broadcaster::configuration(setup),
    };
    let file = folder.join(FILE);
    fs::write(&file, text).doing("write a configuration")?;
    // OpenBGPD reads no file that others could.
    fs::set_permissions(&file, Permissions::from_mode(0o600)).doing("hide a configuration")
}

fn command(which: Which, folder: &Path) -> Command {
    match which {
        Which::Caracal => caracal::command(folder),
        Which::Bird => bird::command(folder),
        Which::Frr => frr::command(folder),
        Which::Openbgpd => openbgpd::command(folder),
        Which::Gobgp => gobgp::command(folder),
        Which::Broadcaster => broadcaster::command(folder),
    }
}

/// The configuration's name in its folder.
const FILE: &str = "configuration";
/// How long starting may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// For how long a daemon is looked at to see whether it works.
const GLANCE: Duration = Duration::from_millis(100);
const WRITABLE: &str = "writing to a string cannot fail";

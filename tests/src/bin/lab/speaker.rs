//! The daemon of a host, and what it says about its sessions.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tests::cluster::{Seat, Setup, Wiring, caracal_toml, open_reflector_toml, socket};
use tests::failure::{Doing, Failure};
use tests::netns::Netns;
use tests::process::Daemon;
use tests::sandbox::SCRATCH;

use crate::mixed;
use crate::options::Options;
use crate::programs::Programs;

/// A host's speaker.
#[derive(Debug)]
pub(crate) enum Speaker {
    /// Ours, with a control socket.
    Caracal {
        /// The host.
        name: String,
        /// The program, which is also its own client.
        program: PathBuf,
        /// The process.
        daemon: Daemon,
        /// How many sessions it must have.
        sessions: usize,
    },
    /// Somebody else's.
    Foreign(mixed::Foreign),
}

/// What a daemon says of its sessions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Sessions {
    /// How many are Established.
    pub(crate) established: usize,
    /// How many there should be.
    pub(crate) wanted: usize,
}

/// Starts the speaker of every host, reflectors last.
pub(crate) fn start_all(
    setup: &Setup,
    wiring: &Wiring,
    programs: &Programs,
    options: &Options,
) -> Result<Vec<Speaker>, Failure> {
    let mut speakers = Vec::new();
    for (which, place) in wiring.hosts.iter().enumerate() {
        let speaker = match options.mixed.then(|| mixed::Foreign::start(setup, which, place)).flatten() {
            Some(foreign) => Speaker::Foreign(foreign?),
            None => {
                let text = caracal_toml(setup, Seat::Host(which));
                let sessions = text.matches("[[peer]]").count();
                Speaker::caracal(place, programs.caracal(), &text, sessions)?
            }
        };
        speakers.push(speaker);
    }
    for (number, place) in wiring.reflectors.iter().enumerate() {
        let text = open_reflector_toml(setup, Seat::Reflector(number));
        speakers.push(Speaker::caracal(place, programs.reflector(), &text, 2 * setup.hosts.len())?);
    }
    Ok(speakers)
}

impl Speaker {
    fn caracal(place: &Netns, program: PathBuf, text: &str, sessions: usize) -> Result<Self, Failure> {
        let name = place.name().to_owned();
        let file = format!("{SCRATCH}/{name}.toml");
        fs::write(&file, text).doing_with(|| format!("write {file}"))?;
        let log = PathBuf::from(format!("{SCRATCH}/{name}.log"));
        let daemon =
            Daemon::start(&name, Command::new(&program).args(["run", "--config", &file]), place, &log)?;
        Ok(Self::Caracal { name, program, daemon, sessions })
    }

    /// The host it runs on.
    pub(crate) fn name(&self) -> &str {
        match self {
            Self::Caracal { name, .. } => name,
            Self::Foreign(foreign) => foreign.name(),
        }
    }

    /// Its process, as numbered inside the sandbox.
    pub(crate) fn pid(&self) -> u32 {
        match self {
            Self::Caracal { daemon, .. } => daemon.pid(),
            Self::Foreign(foreign) => foreign.pid(),
        }
    }

    /// An error if it has died.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        match self {
            Self::Caracal { daemon, .. } => daemon.check(),
            Self::Foreign(foreign) => foreign.check(),
        }
    }

    /// Whether its host's table is its own work to the line.
    pub(crate) fn is_exact(&self) -> bool {
        match self {
            Self::Caracal { .. } => true,
            Self::Foreign(foreign) => foreign.is_exact(),
        }
    }

    /// Its session table, for people.
    pub(crate) fn session_table(&self) -> Result<String, Failure> {
        match self {
            Self::Caracal { .. } => self.ask(&["peers"]),
            Self::Foreign(foreign) => foreign.session_table(),
        }
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        match self {
            Self::Caracal { daemon, .. } => daemon.last_words(),
            Self::Foreign(foreign) => foreign.last_words(),
        }
    }

    /// How many sessions it must have. A foreign daemon's are seen from the other side.
    pub(crate) fn wanted(&self) -> usize {
        match self {
            Self::Caracal { sessions, .. } => *sessions,
            Self::Foreign(_) => 0,
        }
    }

    /// How many of its sessions stand.
    pub(crate) fn sessions(&self) -> Result<Sessions, Failure> {
        if self.wanted() == 0 {
            return Ok(Sessions { established: 0, wanted: 0 });
        }
        let text = self.ask(&["peers", "-o", "json"])?;
        let peers: Vec<Value> = serde_json::from_str(&text).doing("read the session table")?;
        let established = peers.iter().filter(|peer| peer["state"] == "Established").count();
        Ok(Sessions { established, wanted: self.wanted() })
    }

    fn ask(&self, question: &[&str]) -> Result<String, Failure> {
        let Self::Caracal { name, program, .. } = self else {
            return Err(Failure::new("ask a foreign daemon", "it speaks another language"));
        };
        answer(Command::new(program).args(question).arg("--socket").arg(socket(name)))
    }
}

/// What a command prints, if it succeeds.
pub(crate) fn answer(command: &mut Command) -> Result<String, Failure> {
    let program = command.get_program().display().to_string();
    let output = command.output().doing_with(|| format!("run {program}"))?;
    if !output.status.success() {
        let why = String::from_utf8_lossy(&output.stderr).trim().to_owned();
        return Err(Failure::new(format!("ask {program}"), format!("{}: {why}", output.status)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

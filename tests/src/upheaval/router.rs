//! A machine of the cluster whose daemon ends and begins again.

use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::{fs, mem};

use super::shape::Make;
use super::whole;
use crate::cluster::{Seat, Setup, bird_conf, bird_socket, caracal_toml, start_bgpd, start_frr_beside_bgpd};
use crate::failure::{Doing, Failure};
use crate::netns::Netns;
use crate::process::Daemon;
use crate::programs::program;
use crate::sandbox::SCRATCH;

/// A speaker and what runs beside it.
#[derive(Debug)]
pub struct Router {
    seat: Seat,
    make: Make,
    place: Arc<Netns>,
    sessions: usize,
    speaker: Option<Daemon>,
    started: Starts,
    /// What stays when the speaker ends.
    _beside: Vec<Daemon>,
}

/// Whether the next start is the first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Starts {
    First,
    Again,
}

impl Router {
    /// Writes its configuration and starts what the speaker needs, but not the speaker.
    pub fn new(setup: &Setup, seat: Seat, make: Make, place: Arc<Netns>) -> Result<Self, Failure> {
        let file = file(&place);
        let beside = match make {
            Make::Caracal => fs::write(&file, caracal_toml(setup, seat)).map(|()| Vec::new()),
            Make::Bird => fs::write(&file, bird_conf(setup, seat)).map(|()| Vec::new()),
            Make::Frr => Ok(start_frr_beside_bgpd(setup, seat, &place)?),
        };
        let beside = beside.doing_with(|| format!("write {}", file.display()))?;
        let sessions = setup.neighbours(seat).len();
        Ok(Self { seat, make, place, sessions, speaker: None, started: Starts::First, _beside: beside })
    }

    /// Starts the speaker.
    pub fn start(&mut self) -> Result<(), Failure> {
        let name = self.place.name().to_owned();
        let again = mem::replace(&mut self.started, Starts::Again) == Starts::Again;
        let log = PathBuf::from(format!("{SCRATCH}/{name}.log"));
        let mut command = match self.make {
            Make::Caracal => self.caracal(),
            Make::Bird => bird(&self.place, again),
            Make::Frr => {
                self.speaker = Some(start_bgpd(self.seat, &self.place)?);
                return Ok(());
            }
        };
        self.speaker = Some(Daemon::start(&name, &mut command, &self.place, &log)?);
        Ok(())
    }

    fn caracal(&self) -> Command {
        let name = match self.seat {
            Seat::Host(_) => "caracal",
            Seat::Reflector(_) => "caracal-rr",
        };
        let mut command = Command::new(program(name));
        command.args(["run", "--config"]).arg(file(&self.place)).env_remove("RUST_LOG");
        command
    }

    /// Ends the speaker without letting it say a word.
    pub fn kill(&mut self) {
        self.speaker = None;
    }

    /// Ends the speaker in good order.
    pub fn terminate(&mut self) -> Result<(), Failure> {
        self.speaker.take().map_or(Ok(()), |speaker| speaker.terminate(PATIENCE))
    }

    /// An error unless it has all its sessions, has recovered, and holds nothing of before any more.
    pub fn check(&mut self) -> Result<(), Failure> {
        self.speaker.as_mut().map_or(Ok(()), Daemon::check)?;
        let name = self.place.name();
        let seen = match self.make {
            Make::Caracal => whole::caracal(name, self.sessions),
            Make::Bird => whole::bird(name, self.sessions),
            Make::Frr => whole::frr(name, self.sessions),
        };
        seen.map_err(|failure| Failure::new(format!("on {name}"), failure))
    }

    /// The end of the speaker's log.
    pub fn last_words(&self) -> String {
        self.speaker.as_ref().map(Daemon::last_words).unwrap_or_default()
    }

    /// The machine.
    pub fn place(&self) -> &Arc<Netns> {
        &self.place
    }
}

fn file(place: &Netns) -> PathBuf {
    PathBuf::from(format!("{SCRATCH}/{}.conf", place.name()))
}

/// Only with `-R` does BIRD look for what it has left, so its service file has to say whether it is a restart.
fn bird(place: &Netns, again: bool) -> Command {
    let mut command = Command::new("/usr/sbin/bird");
    command.arg("-f").args(again.then_some("-R")).arg("-c").arg(file(place));
    command.arg("-s").arg(bird_socket(place.name()));
    command
}

/// How long a daemon may take to end.
const PATIENCE: Duration = Duration::from_secs(60);

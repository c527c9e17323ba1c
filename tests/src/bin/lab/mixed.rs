//! Other people's daemons on two of the hosts: Debian's FRR on master, its BIRD 2 on node02.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tests::cluster::{Seat, Setup, bird_conf, bird_socket, frr_folder, start_bgpd, start_frr_beside_bgpd};
use tests::failure::{Doing, Failure};
use tests::netns::Netns;
use tests::process::Daemon;
use tests::sandbox::SCRATCH;

use crate::speaker::answer;

/// A daemon that is not ours, or several that make one router.
#[derive(Debug)]
pub(crate) struct Foreign {
    name: String,
    make: Make,
    speaker: Daemon,
    others: Vec<Daemon>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Make {
    Bird,
    Frr,
}

/// An error naming the packages that are missing.
pub(crate) fn check() -> Result<(), Failure> {
    let needed = [(BIRD, "bird2"), (FRR_FOLDER, "frr")];
    let missing: Vec<&str> =
        needed.iter().filter(|(path, _)| !Path::new(path).exists()).map(|(_, package)| *package).collect();
    if missing.is_empty() {
        return Ok(());
    }
    let packages = missing.join(" ");
    let advice =
        format!("not installed; `apt-get install {packages}`, or tests/peers, which starts no service");
    Err(Failure::new(format!("run other daemons ({packages})"), advice))
}

impl Foreign {
    /// Starts the foreign daemon of a host, if it has one.
    pub(crate) fn start(setup: &Setup, which: usize, place: &Netns) -> Option<Result<Self, Failure>> {
        match setup.hosts[which].name {
            "node02" => Some(bird(setup, which, place)),
            "master" => Some(frr(setup, which, place)),
            _ => None,
        }
    }

    /// The host it runs on.
    pub(crate) fn name(&self) -> &str {
        &self.name
    }

    /// The end of its log.
    pub(crate) fn last_words(&self) -> String {
        self.speaker.last_words()
    }

    /// The process that speaks BGP.
    pub(crate) fn pid(&self) -> u32 {
        self.speaker.pid()
    }

    /// An error if it has died.
    pub(crate) fn check(&mut self) -> Result<(), Failure> {
        self.speaker.check()?;
        self.others.iter_mut().try_for_each(Daemon::check)
    }

    /// BIRD's routes are what ours pretend to be; FRR writes its own protocol and metric.
    pub(crate) fn is_exact(&self) -> bool {
        self.make == Make::Bird
    }

    /// Its session table.
    pub(crate) fn session_table(&self) -> Result<String, Failure> {
        match self.make {
            Make::Bird => {
                let socket = bird_socket(&self.name);
                answer(Command::new("/usr/sbin/birdc").arg("-s").arg(socket).args(["show", "protocols"]))
            }
            Make::Frr => answer(Command::new("/usr/bin/vtysh").args([
                "--vty_socket",
                &frr_folder(&self.name).display().to_string(),
                "-c",
                "show bgp summary",
            ])),
        }
    }
}

fn bird(setup: &Setup, which: usize, place: &Netns) -> Result<Foreign, Failure> {
    let (file, log) =
        (format!("{SCRATCH}/bird.conf"), PathBuf::from(format!("{SCRATCH}/{}.log", place.name())));
    fs::write(&file, bird_conf(setup, Seat::Host(which))).doing_with(|| format!("write {file}"))?;
    let mut command = Command::new(BIRD);
    command.args(["-f", "-c", &file, "-s"]).arg(bird_socket(place.name()));
    let daemon = Daemon::start(place.name(), &mut command, place, &log)?;
    Ok(Foreign { name: place.name().to_owned(), make: Make::Bird, speaker: daemon, others: Vec::new() })
}

fn frr(setup: &Setup, which: usize, place: &Netns) -> Result<Foreign, Failure> {
    let seat = Seat::Host(which);
    let others = start_frr_beside_bgpd(setup, seat, place)?;
    let speaker = start_bgpd(seat, place)?;
    Ok(Foreign { name: place.name().to_owned(), make: Make::Frr, speaker, others })
}

const BIRD: &str = "/usr/sbin/bird";
const FRR_FOLDER: &str = "/usr/lib/frr";

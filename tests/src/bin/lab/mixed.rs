//! Other people's daemons on two of the hosts: Debian's FRR on master, its BIRD 2 on node02.

use std::fmt::Write;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use nix::unistd::{User, chown};
use tests::cluster::Setup;
use tests::failure::{Doing, Failure};
use tests::kernel::Ip;
use tests::netns::Netns;
use tests::process::Daemon;
use tests::sandbox::SCRATCH;
use tests::wait;

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
                answer(Command::new("/usr/sbin/birdc").args(["-s", BIRD_SOCKET, "show", "protocols"]))
            }
            Make::Frr => answer(Command::new("/usr/bin/vtysh").args([
                "--vty_socket",
                &frr_folder().display().to_string(),
                "-c",
                "show bgp summary",
            ])),
        }
    }
}

fn bird(setup: &Setup, which: usize, place: &Netns) -> Result<Foreign, Failure> {
    let file = format!("{SCRATCH}/bird.conf");
    fs::write(&file, bird_conf(setup, which)).doing_with(|| format!("write {file}"))?;
    let log = PathBuf::from(format!("{SCRATCH}/{}.log", place.name()));
    let mut command = Command::new(BIRD);
    command.args(["-f", "-c", &file, "-s", BIRD_SOCKET]);
    let daemon = Daemon::start(place.name(), &mut command, place, &log)?;
    Ok(Foreign { name: place.name().to_owned(), make: Make::Bird, speaker: daemon, others: Vec::new() })
}

/// What Calico's templates make of BIRD, in BIRD 2's words.
fn bird_conf(setup: &Setup, which: usize) -> String {
    let own = &setup.hosts[which];
    let metric = setup.metric;
    let mut text = format!(
        "\
log stderr all;
router id {};
protocol device {{}}
protocol direct {{ interface -\"cali*\", \"*\"; ipv4; ipv6; }}
filter to_kernel {{ if source = RTS_DEVICE then reject; accept; }}
",
        own.v4
    );
    for (ip, family) in [(Ip::V4, "ipv4"), (Ip::V6, "ipv6")] {
        let block = own.block(ip);
        write!(
            text,
            "
protocol kernel kernel_{family} {{ learn; persist; metric {metric}; {family} {{ import all; export filter to_kernel; }}; }}
protocol static static_{family} {{ {family}; route {block} blackhole; }}
filter own_{family} {{ if net = {block} then accept; reject; }}
"
        )
        .expect("writing to a string cannot fail");
        for (number, other) in setup.others(which).enumerate() {
            let (theirs, ours) = (other.address(ip).to_string(), own.address(ip).to_string());
            let passive = if theirs > ours { "on" } else { "off" };
            write!(
                text,
                "
protocol bgp mesh_{family}_{number} {{
  description \"{}\";
  local {ours} as 64512;
  neighbor {theirs} as 64512;
  multihop;
  passive {passive};
  connect retry time 1;
  connect delay time 1;
  {family} {{ import all; export filter own_{family}; gateway recursive; add paths on; }};
}}
",
                other.name
            )
            .expect("writing to a string cannot fail");
        }
    }
    text
}

fn frr(setup: &Setup, which: usize, place: &Netns) -> Result<Foreign, Failure> {
    let folder = frr_folder();
    fs::create_dir_all(&folder).doing_with(|| format!("create {}", folder.display()))?;
    let user = User::from_name("frr").doing("look up the user frr")?;
    let user = user.ok_or_else(|| Failure::new("look up the user frr", "no such user"))?;
    chown(&folder, Some(user.uid), Some(user.gid)).doing(
        "give FRR its folder (its daemons change users, so this needs root, not only user namespaces)",
    )?;
    let file = folder.join("frr.conf");
    fs::write(&file, frr_conf(setup, which)).doing_with(|| format!("write {}", file.display()))?;
    let start = |program: &str| {
        let log = PathBuf::from(format!("{SCRATCH}/{}-{program}.log", place.name()));
        let mut command = Command::new(Path::new(FRR_FOLDER).join(program));
        command.args(["-P", "0", "--log", "stdout", "-f"]).arg(&file);
        command.arg("-i").arg(folder.join(format!("{program}.pid")));
        command.arg("-z").arg(folder.join("zserv.api")).arg("--vty_socket").arg(&folder);
        Daemon::start(program, &mut command, place, &log)
    };
    let zebra = start("zebra")?;
    wait::until("zebra to listen", ZEBRA_LIMIT, || {
        if folder.join("zserv.api").exists() { Ok(()) } else { Err("no socket yet") }
    })?;
    let others = vec![zebra, start("staticd")?];
    Ok(Foreign { name: place.name().to_owned(), make: Make::Frr, speaker: start("bgpd")?, others })
}

fn frr_conf(setup: &Setup, which: usize) -> String {
    let own = &setup.hosts[which];
    let mut neighbors = String::new();
    let mut families = String::new();
    for (ip, family) in [(Ip::V4, "ipv4"), (Ip::V6, "ipv6")] {
        let mut active = String::new();
        for other in setup.others(which) {
            let (theirs, ours) = (other.address(ip).to_string(), own.address(ip).to_string());
            let passive = if theirs > ours { format!(" neighbor {theirs} passive\n") } else { String::new() };
            write!(
                neighbors,
                " neighbor {theirs} remote-as 64512\n neighbor {theirs} update-source {ours}\n{passive} \
                  neighbor {theirs} timers connect 1\n"
            )
            .expect("writing to a string cannot fail");
            writeln!(active, "  neighbor {theirs} activate").expect("writing to a string cannot fail");
        }
        write!(
            families,
            " address-family {family} unicast\n  network {}\n{active} exit-address-family\n",
            own.block(ip)
        )
        .expect("writing to a string cannot fail");
    }
    format!(
        "\
hostname {name}
ip route {block4} blackhole
ipv6 route {block6} blackhole
router bgp 64512
 bgp router-id {v4}
 no bgp default ipv4-unicast
{neighbors}{families}",
        name = own.name,
        block4 = own.block4,
        block6 = own.block6,
        v4 = own.v4,
    )
}

fn frr_folder() -> PathBuf {
    Path::new(SCRATCH).join("frr")
}

/// Zebra opens its socket within a moment; on a busy machine a moment is long.
const ZEBRA_LIMIT: Duration = Duration::from_secs(10);
const BIRD: &str = "/usr/sbin/bird";
const BIRD_SOCKET: &str = "/run/caracal/bird.ctl";
const FRR_FOLDER: &str = "/usr/lib/frr";

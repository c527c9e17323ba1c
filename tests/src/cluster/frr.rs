//! The configuration of FRR in the cluster, and how its daemons are started.

use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;
use std::{fs, io};

use nix::unistd::{User, chown};

use super::neighbours::{Neighbour, Seat};
use super::topology::{ASN, Setup};
use crate::failure::{Doing, Failure};
use crate::kernel::Ip;
use crate::netns::Netns;
use crate::process::Daemon;
use crate::sandbox::SCRATCH;
use crate::wait;

/// Where FRR's daemons of a host meet and answer; `name` is the host's.
pub fn frr_folder(name: &str) -> PathBuf {
    Path::new(SCRATCH).join(format!("frr-{name}"))
}

/// What stays of FRR when bgpd goes: on a host zebra, which writes to the kernel, and staticd, which has the
/// block; on a reflector nothing.
pub fn start_frr_beside_bgpd(setup: &Setup, seat: Seat, place: &Netns) -> Result<Vec<Daemon>, Failure> {
    let folder = frr_folder(place.name());
    prepare(&folder).doing_with(|| format!("create {}", folder.display()))?;
    let user = User::from_name("frr").doing("look up the user frr")?;
    let user = user.ok_or_else(|| Failure::new("look up the user frr", "no such user"))?;
    chown(&folder, Some(user.uid), Some(user.gid)).doing(
        "give FRR its folder (its daemons change users, so this needs root, not only user namespaces)",
    )?;
    let file = folder.join("frr.conf");
    fs::write(&file, conf(setup, seat)).doing_with(|| format!("write {}", file.display()))?;
    if let Seat::Reflector(_) = seat {
        return Ok(Vec::new());
    }
    let zebra = start(place, "zebra", &[])?;
    wait::until("zebra to listen", ZEBRA_LIMIT, || {
        if folder.join("zserv.api").exists() { Ok(()) } else { Err("no socket yet") }
    })?;
    Ok(vec![zebra, start(place, "staticd", &[])?])
}

/// Starts what speaks BGP.
pub fn start_bgpd(seat: Seat, place: &Netns) -> Result<Daemon, Failure> {
    match seat {
        Seat::Host(_) => start(place, "bgpd", &[]),
        Seat::Reflector(_) => start(place, "bgpd", &["--no_zebra"]),
    }
}

fn prepare(folder: &Path) -> io::Result<()> {
    match fs::create_dir(folder) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        done => done,
    }
}

fn start(place: &Netns, program: &str, options: &[&str]) -> Result<Daemon, Failure> {
    let folder = frr_folder(place.name());
    let log = PathBuf::from(format!("{SCRATCH}/{}-{program}.log", place.name()));
    let mut command = Command::new(Path::new("/usr/lib/frr").join(program));
    command.args(["-P", "0", "--log", "stdout", "-f"]).arg(folder.join("frr.conf"));
    command.arg("-i").arg(folder.join(format!("{program}.pid")));
    command.arg("-z").arg(folder.join("zserv.api")).arg("--vty_socket").arg(&folder);
    Daemon::start(program, command.args(options), place, &log)
}

fn conf(setup: &Setup, seat: Seat) -> String {
    let name = setup.name(seat);
    let mut text = format!("hostname {name}\n");
    if let Seat::Host(which) = seat {
        let host = &setup.hosts[which];
        write!(text, "ip route {} blackhole\nipv6 route {} blackhole\n", host.block4, host.block6)
            .expect(WRITABLE);
    }
    write!(
        text,
        "router bgp {ASN}\n bgp router-id {}\n bgp log-neighbor-changes\n no bgp default ipv4-unicast\n{}",
        setup.router_id(seat),
        restarts(setup, seat)
    )
    .expect(WRITABLE);
    let neighbours = setup.neighbours(seat);
    neighbours.iter().for_each(|neighbour| text.push_str(&session(neighbour)));
    for ip in Ip::BOTH {
        let active: String = neighbours.iter().filter(|neighbour| neighbour.ip == ip).map(activate).collect();
        let network = match seat {
            Seat::Host(which) => format!("  network {}\n", setup.hosts[which].block(ip)),
            Seat::Reflector(_) => String::new(),
        };
        write!(text, " address-family {} unicast\n{network}{active} exit-address-family\n", ip.name())
            .expect(WRITABLE);
    }
    text
}

/// What bgpd promises of itself.
fn restarts(setup: &Setup, seat: Seat) -> String {
    let Some(restarts) = setup.restarts else { return String::new() };
    let promised = match seat {
        Seat::Host(_) => String::new(),
        Seat::Reflector(_) => format!(" bgp graceful-restart restart-time {}\n", restarts.time.as_secs()),
    };
    format!(
        " bgp graceful-restart\n bgp graceful-restart preserve-fw-state\n{promised} \
         bgp long-lived-graceful-restart stale-time {}\n",
        restarts.stale.as_secs()
    )
}

fn session(neighbour: &Neighbour) -> String {
    let Neighbour { theirs, ours, passive, .. } = neighbour;
    let passive = if *passive { format!(" neighbor {theirs} passive\n") } else { String::new() };
    format!(
        " neighbor {theirs} remote-as {ASN}\n neighbor {theirs} update-source {ours}\n{passive} \
         neighbor {theirs} timers connect 1\n"
    )
}

fn activate(neighbour: &Neighbour) -> String {
    let theirs = neighbour.theirs;
    let client = match neighbour.client {
        true => format!("  neighbor {theirs} route-reflector-client\n"),
        false => String::new(),
    };
    format!("  neighbor {theirs} activate\n{client}")
}

/// Zebra opens its socket within a moment; on a busy machine a moment is long.
const ZEBRA_LIMIT: Duration = Duration::from_secs(10);
const WRITABLE: &str = "writing to a string cannot fail";

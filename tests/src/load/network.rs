//! Where daemon and crowd meet: a network namespace in which a whole /15 is local.
//!
//! One link is connected to it, so that a daemon which looks up next hops finds them; all packets take the
//! loopback device, which costs the least.

use std::net::Ipv4Addr;
use std::process::Command;
use std::time::Duration;

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::failure::{Doing, Failure};
use crate::wait;

/// The daemon's address.
pub const DAEMON: Ipv4Addr = Ipv4Addr::new(198, 18, 0, 1);
/// The port it listens on.
pub const PORT: u16 = 179;
/// All addresses there are.
pub const NETWORK: &str = "198.18.0.0/15";

/// The address of the `number`-th of the crowd.
#[must_use]
pub fn address(number: usize) -> Ipv4Addr {
    Ipv4Addr::from_bits(Ipv4Addr::new(198, 18, 1, 0).to_bits() + 1 + number as u32)
}

/// Lays the link and the addresses, inside a sandbox.
///
/// # Errors
/// What the kernel refuses.
pub fn prepare() -> Result<(), Failure> {
    for words in [
        "link set lo up",
        "link add load0 type veth peer name load1",
        &format!("addr add {DAEMON}/15 dev load0"),
        "link set load1 up",
        "link set load0 up",
        &format!("route add local {NETWORK} dev lo"),
    ] {
        ip(words)?;
    }
    let up = || match ip("link show load0") {
        Ok(text) if text.contains("state UP") => Ok(()),
        Ok(text) => Err(text),
        Err(failure) => Err(failure.to_string()),
    };
    wait::until("the carrier", Duration::from_secs(10), up)
}

/// Makes room for so many open files, for this process and those it starts.
///
/// # Errors
/// Where the system does not allow that many; the words say what to raise.
pub fn allow_files(count: u64) -> Result<(), Failure> {
    let (soft, hard) = getrlimit(Resource::RLIMIT_NOFILE).doing("read the limit of open files")?;
    if soft >= count {
        return Ok(());
    }
    setrlimit(Resource::RLIMIT_NOFILE, count, hard.max(count))
        .doing_with(|| format!("raise the limit of open files from {hard} to {count} (see `ulimit -Hn`)"))
}

fn ip(words: &str) -> Result<String, Failure> {
    let output = Command::new("ip").args(words.split_whitespace()).output().doing("run ip")?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Failure::new(format!("ip {words}"), String::from_utf8_lossy(&output.stderr)))
}

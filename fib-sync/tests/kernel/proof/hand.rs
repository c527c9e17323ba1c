//! Somebody else's hand: the same commands in the namespace under test and in its twin, where nobody keeps a table.
//!
//! The twin is the oracle for routes of others. Whatever the kernel itself does to them it does in both.

use std::fs::File;
use std::process::{Command, Stdio};

use nix::sched::{CloneFlags, setns, unshare};

use crate::namespace::{ip_batch, routes};

/// Two namespaces alike.
pub(crate) struct Twins {
    real: File,
    twin: File,
}

impl Twins {
    /// Leaves the calling thread in the one under test.
    pub(crate) fn new() -> Self {
        let twin = fresh();
        let twins = Self { real: fresh(), twin };
        twins.both(|| ip_batch(NETWORK));
        twins.repair();
        twins
    }

    /// Everything as at the start, but for routes: what is there already stays.
    pub(crate) fn repair(&self) {
        self.both(|| ip_batch(REPAIR));
        self.both(|| {
            while LINKS.iter().any(|link| !shown(link).contains("LOWER_UP")) {
                std::thread::yield_now();
            }
        });
    }

    /// Does it in both namespaces, in the one under test first.
    pub(crate) fn both<T>(&self, mut work: impl FnMut() -> T) -> (T, T) {
        (work(), self.in_twin(work))
    }

    /// Does it in the twin alone.
    pub(crate) fn in_twin<T>(&self, work: impl FnOnce() -> T) -> T {
        setns(&self.twin, CloneFlags::CLONE_NEWNET).expect("a namespace of ours");
        let done = work();
        setns(&self.real, CloneFlags::CLONE_NEWNET).expect("a namespace of ours");
        done
    }
}

/// Runs `ip` with these words; true: the kernel did it.
pub(crate) fn tried(words: &str) -> bool {
    let mut command = Command::new("ip");
    command.args(words.split_whitespace()).stderr(Stdio::null());
    command.status().expect("needs iproute2").success()
}

fn fresh() -> File {
    unshare(CloneFlags::CLONE_NEWNET).expect("needs the right to make network namespaces");
    File::open("/proc/thread-self/ns/net").expect("proc is mounted")
}

fn shown(link: &str) -> String {
    let output = Command::new("ip").args(["-o", "link", "show", link]).output().expect("needs iproute2");
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// The routes of the main table that fit, but those of the kernel itself. The kernel's order of routes is kept, that of
/// the members of a multipath route is not.
pub(crate) fn table(fits: impl Fn(&str) -> bool) -> Vec<String> {
    let lines = [routes("-4 -o route show table main"), routes("-6 -o route show table main")].concat();
    let canonical = |line: &String| {
        let mut parts: Vec<&str> = line.split("\\\t").map(str::trim).collect();
        parts[1..].sort_unstable();
        parts.join(" | ")
    };
    lines.iter().filter(|line| !line.contains("proto kernel") && fits(line)).map(canonical).collect()
}

pub(crate) const LINKS: [&str; 2] = ["up0", "spare0"];

const NETWORK: &str = "\
link set lo up
link add up0 type veth peer name far0
";

/// Every line may fail: what it asks for may be there.
const REPAIR: &str = "\
link set spare9 name spare0
link add spare0 type veth peer name away0
link set up0 up
link set far0 up
link set spare0 up
link set away0 up
addr add 10.0.0.1/24 dev up0
addr add 10.0.1.1/24 dev spare0
addr add fd00::1/64 dev up0 nodad
addr add fd00:1::1/64 dev spare0 nodad
";

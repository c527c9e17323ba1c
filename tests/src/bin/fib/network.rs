//! The namespace's one link, and who counts what is in its table.

use std::process::Command;
use std::time::Duration;

use tests::failure::{Doing, Failure};
use tests::kernel::Ip;
use tests::wait;

/// Both ends of a pair in this namespace, with an address of each family on one.
pub(crate) fn prepare() -> Result<(), Failure> {
    for words in [
        "link set lo up",
        "link add up0 type veth peer name far0",
        "addr add 10.0.0.1/24 dev up0",
        "addr add fd00::1/64 dev up0 nodad",
        "link set far0 up",
        "link set up0 up",
    ] {
        ip(words)?;
    }
    wait::until("the carrier", PATIENCE, || match ip("link show up0") {
        Ok(text) if text.contains("state UP") => Ok(()),
        Ok(text) => Err(text),
        Err(failure) => Err(failure.to_string()),
    })
}

/// Runs `ip` with these words.
pub(crate) fn ip(words: &str) -> Result<String, Failure> {
    let output = Command::new("ip").args(words.split_whitespace()).output().doing("run ip")?;
    if output.status.success() {
        return Ok(String::from_utf8_lossy(&output.stdout).into_owned());
    }
    Err(Failure::new(format!("ip {words}"), String::from_utf8_lossy(&output.stderr)))
}

/// How many routes the kernel counts, cheaply and without its routing lock: what is looked at while others write.
pub(crate) fn count(family: Ip) -> Result<u64, Failure> {
    match family {
        Ip::V4 => prefixes_of_main(),
        Ip::V6 => {
            let text = std::fs::read_to_string("/proc/net/rt6_stats").doing("read rt6_stats")?;
            let entries = text.split_whitespace().nth(RT6_ENTRIES).unwrap_or_default();
            u64::from_str_radix(entries, 16).doing("read rt6_stats")
        }
    }
}

/// Where local routes stand in the same trie, it is shown twice.
fn prefixes_of_main() -> Result<u64, Failure> {
    let text = std::fs::read_to_string("/proc/net/fib_triestat").doing("read fib_triestat")?;
    let main = text.lines().skip_while(|line| !line.starts_with("Main:"));
    let count = main.into_iter().find_map(|line| line.trim().strip_prefix("Prefixes:"));
    count.unwrap_or_default().trim().parse().doing("read fib_triestat")
}

/// `fib_rt_entries` of `struct rt6_statistics` as it is printed.
const RT6_ENTRIES: usize = 3;
/// How long anything may take that is not measured.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

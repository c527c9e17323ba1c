//! What a process has used, by the kernel's account.

use std::fs;
use std::io;
use std::time::Duration;

/// CPU time and peak memory of a process.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// User and system time.
    pub cpu: Duration,
    /// Peak resident memory, octets.
    pub peak_memory: u64,
}

/// Clock ticks a second in `/proc`, fixed by the kernel's interface on Linux.
const TICKS: u64 = 100;

impl Usage {
    /// Reads the account of a process.
    ///
    /// # Errors
    /// When it is gone or its account cannot be understood.
    pub fn of(pid: u32) -> io::Result<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat"))?;
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let odd = || io::Error::other(format!("/proc/{pid} is not understood"));
        let after_name = stat.rsplit_once(") ").ok_or_else(odd)?.1;
        let field = |index: usize| after_name.split(' ').nth(index).and_then(|text| text.parse::<u64>().ok());
        let ticks = field(11).zip(field(12)).map(|(user, system)| user + system).ok_or_else(odd)?;
        let peak = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).ok_or_else(odd)?;
        let kibibytes: u64 = peak.trim().trim_end_matches(" kB").parse().map_err(|_| odd())?;
        Ok(Self { cpu: Duration::from_millis(ticks * 1000 / TICKS), peak_memory: kibibytes * 1024 })
    }
}

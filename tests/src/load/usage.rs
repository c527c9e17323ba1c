//! What processes have used, by the kernel's account.

use std::fs;
use std::io;
use std::time::Duration;

/// CPU time and peak memory of a process and its children.
#[derive(Clone, Copy, Debug, Default)]
pub struct Usage {
    /// User and system time.
    pub cpu: Duration,
    /// Peak resident memory, octets.
    pub peak_memory: u64,
    /// Resident memory now, octets.
    pub memory: u64,
}

impl Usage {
    /// Reads the account of a process and of all that came of it and still run.
    ///
    /// # Errors
    /// When it is gone or its account cannot be understood.
    pub fn of(pid: u32) -> io::Result<Self> {
        let mut usage = Self::of_one(pid)?;
        for child in children(pid)? {
            let child = Self::of(child)?;
            usage.cpu += child.cpu;
            usage.peak_memory += child.peak_memory;
            usage.memory += child.memory;
        }
        Ok(usage)
    }

    /// What this thread has used.
    ///
    /// # Errors
    /// When its account cannot be understood.
    pub fn of_this_thread() -> io::Result<Duration> {
        on_processor("/proc/thread-self/schedstat")
    }

    fn of_one(pid: u32) -> io::Result<Self> {
        let status = fs::read_to_string(format!("/proc/{pid}/status"))?;
        let octets = |name: &str| {
            let found = status.lines().find_map(|line| line.strip_prefix(name));
            let kibibytes = found.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
            kibibytes.map(|number| number * 1024).ok_or_else(|| odd(&format!("/proc/{pid}/status")))
        };
        let mut cpu = Duration::ZERO;
        for thread in fs::read_dir(format!("/proc/{pid}/task"))? {
            // A thread may end between listing and reading.
            cpu += on_processor(&thread?.path().join("schedstat").display().to_string()).unwrap_or_default();
        }
        Ok(Self { cpu, peak_memory: octets("VmHWM:")?, memory: octets("VmRSS:")? })
    }
}

/// The first number is nanoseconds.
fn on_processor(file: &str) -> io::Result<Duration> {
    let text = fs::read_to_string(file)?;
    let nanoseconds = text.split(' ').next().and_then(|first| first.parse().ok());
    nanoseconds.map(Duration::from_nanos).ok_or_else(|| odd(file))
}

fn children(pid: u32) -> io::Result<Vec<u32>> {
    let text = fs::read_to_string(format!("/proc/{pid}/task/{pid}/children"))?;
    text.split_whitespace().map(|child| child.parse().map_err(|_| odd("a list of children"))).collect()
}

fn odd(file: &str) -> io::Error {
    io::Error::other(format!("{file} is not understood"))
}

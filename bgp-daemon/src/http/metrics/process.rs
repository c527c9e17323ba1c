//! What the kernel knows about this process.

use std::fs;

use nix::sys::resource::{Resource, getrlimit};
use nix::unistd::{SysconfVar, sysconf};

use super::page::Page;
use super::table::{
    PROCESS_CPU, PROCESS_DESCRIPTORS, PROCESS_DESCRIPTORS_MOST, PROCESS_RESIDENT, PROCESS_START,
    PROCESS_VIRTUAL,
};

/// Tells what is known; what cannot be read is left out.
pub(super) fn tell(page: &mut Page) {
    if let (Some(stat), Some(tick)) = (Stat::read(), constant(SysconfVar::CLK_TCK)) {
        page.tell(&PROCESS_CPU, &[], stat.ticks as f64 / tick);
        if let Some(boot) = boot() {
            page.tell(&PROCESS_START, &[], boot as f64 + stat.started as f64 / tick);
        }
        if let Some(size) = constant(SysconfVar::PAGE_SIZE) {
            page.tell(&PROCESS_RESIDENT, &[], stat.resident as f64 * size);
        }
        page.tell(&PROCESS_VIRTUAL, &[], stat.virtual_octets);
    }
    if let Ok(open) = fs::read_dir("/proc/self/fd") {
        page.tell(&PROCESS_DESCRIPTORS, &[], open.count());
    }
    if let Ok((most, _)) = getrlimit(Resource::RLIMIT_NOFILE) {
        page.tell(&PROCESS_DESCRIPTORS_MOST, &[], most);
    }
}

/// `/proc/self/stat`, as far as it is told.
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    /// In user and kernel mode.
    ticks: u64,
    /// After boot, in ticks.
    started: u64,
    virtual_octets: u64,
    /// In pages.
    resident: u64,
}

impl Stat {
    fn read() -> Option<Self> {
        Self::parse(&fs::read_to_string("/proc/self/stat").ok()?)
    }

    /// Fields are counted from the state, which follows the name of the program in parentheses.
    fn parse(text: &str) -> Option<Self> {
        let (_, rest) = text.rsplit_once(')')?;
        let fields: Vec<&str> = rest.split_whitespace().collect();
        let field = |number: usize| fields.get(number)?.parse::<u64>().ok();
        let ticks = field(11)? + field(12)?;
        Some(Self { ticks, started: field(19)?, virtual_octets: field(20)?, resident: field(21)? })
    }
}

/// When the host started, in seconds since 1970.
fn boot() -> Option<u64> {
    let stat = fs::read_to_string("/proc/stat").ok()?;
    stat.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()
}

fn constant(of: SysconfVar) -> Option<f64> {
    sysconf(of).ok().flatten().map(|value| value as f64)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_with_blanks_and_parentheses_moves_no_field() {
        let text =
            "7 (a ) b) S 1 7 7 0 -1 4194304 1 0 0 0 30 12 0 0 20 0 4 0 555 8192 33 18446744073709551615 1";
        let expected = Stat { ticks: 42, started: 555, virtual_octets: 8192, resident: 33 };
        assert_eq!(Stat::parse(text), Some(expected));
        assert_eq!(Stat::parse("7 (short) S 1"), None);
        assert!(Stat::read().is_some_and(|stat| stat.resident > 0), "of this very process");
    }
}

//! What `/proc` tells about processes: names, capabilities, limits, sockets, services.

use super::root::Root;

/// A process of the host.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Process {
    pub(super) id: u32,
    /// The kernel's name for it, at most 15 characters.
    pub(super) name: String,
}

/// Every process that can be seen.
pub(super) fn all(root: &Root) -> Vec<Process> {
    let ids = root.names("/proc").into_iter().filter_map(|name| name.parse().ok());
    ids.filter_map(|id| process(root, id)).collect()
}

/// Whether the host's processes are among these: whoever is in a container may see its own only. The first namespace
/// of processes has the same number everywhere (`PROC_PID_INIT_INO` of `linux/proc_ns.h`).
pub(super) fn are_of_host(root: &Root) -> bool {
    root.link("/proc/self/ns/pid").map_or(true, |namespace| namespace == "pid:[4026531836]")
}

/// The process of a number.
pub(super) fn process(root: &Root, id: u32) -> Option<Process> {
    let name = root.text(&format!("/proc/{id}/comm")).ok()?;
    Some(Process { id, name: name.trim().to_owned() })
}

impl Process {
    /// It has this socket open.
    pub(super) fn holds(&self, root: &Root, socket: &str) -> bool {
        let folder = format!("/proc/{}/fd", self.id);
        let open = root.names(&folder);
        open.iter().any(|number| root.link(&format!("{folder}/{number}")).is_ok_and(|it| it == socket))
    }

    /// Whether its network is that of process `other`; `None` where we may not see it.
    pub(super) fn shares_network(&self, root: &Root, other: u32) -> Option<bool> {
        self.shares(root, other, "ns/net")
    }

    /// Whether it runs the same program as process `other`, by whatever name; `None` where we may not see it.
    pub(super) fn shares_program(&self, root: &Root, other: u32) -> Option<bool> {
        self.shares(root, other, "exe")
    }

    fn shares(&self, root: &Root, other: u32, what: &str) -> Option<bool> {
        let link = |id: u32| root.link(&format!("/proc/{id}/{what}")).ok();
        Some(link(self.id)? == link(other)?)
    }

    /// The systemd service that it is a part of.
    pub(super) fn service(&self, root: &Root) -> Option<String> {
        let groups = root.text(&format!("/proc/{}/cgroup", self.id)).ok()?;
        let paths = groups.lines().filter_map(|line| line.rsplit(':').next());
        let services = paths.filter_map(|path| path.rsplit('/').find(|part| part.ends_with(".service")));
        services.map(str::to_owned).next()
    }

    /// The command that ends it.
    pub(super) fn end(&self, root: &Root) -> String {
        match self.service(root) {
            Some(service) => format!("systemctl disable --now {service}"),
            None => format!("kill {}", self.id),
        }
    }
}

/// A line of `/proc/PID/status`.
pub(super) fn status_field(root: &Root, id: u32, name: &str) -> Option<String> {
    let text = root.text(&format!("/proc/{id}/status")).ok()?;
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'))?;
    Some(value.trim().to_owned())
}

/// How many files a process may have open: the soft limit and the hard one, `u64::MAX` for no limit.
pub(super) fn open_files(root: &Root, id: u32) -> Option<(u64, u64)> {
    let text = root.text(&format!("/proc/{id}/limits")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Max open files"))?;
    let mut words = line.split_whitespace().map(|word| match word {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    });
    Some((words.next()??, words.next()??))
}

/// When it began by the clock as it is set now, in seconds since 1970.
pub(super) fn began(root: &Root, id: u32) -> Option<u64> {
    let stat = root.text(&format!("/proc/{id}/stat")).ok()?;
    // The name, which may hold anything, ends with the last parenthesis; the 22nd field is the time.
    let ticks: u64 = stat.rsplit(')').next()?.split_whitespace().nth(19)?.parse().ok()?;
    let boot = root.text("/proc/stat").ok()?;
    let boot: u64 = boot.lines().find_map(|line| line.strip_prefix("btime "))?.trim().parse().ok()?;
    boot.checked_add(ticks / TICKS)
}

/// Ticks in a second as `/proc` counts them (`USER_HZ`), on every architecture of Linux that Rust knows.
const TICKS: u64 = 100;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::root::fixture::Fixture;

    #[test]
    fn a_process_is_read_however_it_is_called() {
        let host = Fixture::new(&[
            ("/proc/stat", "cpu 1 2\nbtime 1700000000\n"),
            ("/proc/7/comm", "odd) name\n"),
            ("/proc/7/stat", "7 (odd) name) S 1 7 7 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 12345 0 0\n"),
            (
                "/proc/7/limits",
                "Limit  Soft  Hard\nMax open files            1024                 unlimited            files\n",
            ),
            ("/proc/7/cgroup", "0::/system.slice/bird.service\n"),
        ]);
        let root = host.root();
        let odd = process(&root, 7).expect("it is there");
        assert_eq!(all(&root), std::slice::from_ref(&odd));
        assert_eq!(odd.name, "odd) name");
        assert_eq!(began(&root, 7), Some(1_700_000_123));
        assert_eq!(open_files(&root, 7), Some((1024, u64::MAX)));
        assert_eq!(odd.end(&root), "systemctl disable --now bird.service");
    }

    #[test]
    fn this_process_can_be_read_too() {
        let (root, id) = (Root::default(), std::process::id());
        assert!(began(&root, id).is_some() && open_files(&root, id).is_some());
        assert!(status_field(&root, id, "CapEff").is_some_and(|mask| u64::from_str_radix(&mask, 16).is_ok()));
    }
}

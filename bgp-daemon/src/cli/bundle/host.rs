//! Files of the host that say what it is and how it does. No process's environment is among them.

use std::fmt::Write as _;

use super::archive::Archive;
use crate::doctor::Root;

/// Files of the host.
const FILES: &[&str] = &[
    "/proc/version",
    "/proc/uptime",
    "/proc/loadavg",
    "/proc/meminfo",
    "/proc/net/dev",
    "/proc/net/route",
    "/proc/net/snmp",
    "/proc/net/sockstat",
    "/proc/net/sockstat6",
    "/proc/net/netstat",
    "/proc/net/softnet_stat",
    "/etc/os-release",
    "/etc/iproute2/rt_protos",
    "/etc/systemd/networkd.conf",
    "/etc/NetworkManager/NetworkManager.conf",
];

/// Files of the daemon's process.
const OF_PROCESS: &[&str] = &["status", "limits", "cgroup", "stat", "sched", "net/tcp", "net/tcp6"];

/// Folders of sysctls whose files are gathered in one.
const SYSCTLS: &[&str] = &[
    "/proc/sys/net/core",
    "/proc/sys/net/ipv4",
    "/proc/sys/net/ipv4/conf/all",
    "/proc/sys/net/ipv6/conf/all",
];

/// What this host calls itself, as a part of a file's name.
pub(super) fn name(root: &Root) -> String {
    let name = root.text("/proc/sys/kernel/hostname").unwrap_or_default();
    let plain = |character: &char| character.is_ascii_alphanumeric() || "-.".contains(*character);
    let name: String = name.trim().chars().filter(plain).collect();
    if name.is_empty() { "host".to_owned() } else { name }
}

/// Adds the host's files, and those of process `id`, which is the daemon.
pub(super) fn gather(root: &Root, id: Option<u32>, archive: &mut Archive) {
    let versions = format!("{} {}\n", env!("CARGO_PKG_NAME"), env!("CARGO_PKG_VERSION"));
    archive.add("version.txt", "this program", Ok::<_, String>(versions));
    for path in FILES {
        archive.add(path.trim_start_matches('/'), "of the host", root.text(path));
    }
    match id {
        Some(id) => OF_PROCESS.iter().for_each(|name| {
            archive.add(
                format!("proc/daemon/{name}"),
                "of the daemon's process",
                root.text(&format!("/proc/{id}/{name}")),
            );
        }),
        None => archive.add(
            "proc/daemon",
            "",
            Err::<String, _>("no daemon answers, or it is in another container"),
        ),
    }
    archive.add("sysctl.txt", "settings of the kernel's network", sysctls(root));
}

/// The kernel keeps keys among its settings: `stable_secret` of IPv6, `tcp_fastopen_key`.
fn is_secret(name: &str) -> bool {
    name.contains("secret") || name.contains("key")
}

fn sysctls(root: &Root) -> Result<String, String> {
    let mut lines = String::new();
    for folder in SYSCTLS {
        for name in root.names(folder).into_iter().filter(|name| !is_secret(name)) {
            // Some can only be written, or are folders.
            if let Ok(value) = root.text(&format!("{folder}/{name}")) {
                let key = format!("{folder}/{name}");
                let key = key.trim_start_matches("/proc/sys/").replace('/', ".");
                let _ = writeln!(lines, "{key} = {}", value.trim());
            }
        }
    }
    if lines.is_empty() { Err("/proc/sys cannot be read".to_owned()) } else { Ok(lines) }
}

//! Another routing daemon on this host that writes kernel routes under our protocol number.

use super::Scene;
use super::process::{self, Process};
use crate::api::Finding;

const CHECK: &str = "route_protocol";
const WHY: &str = "routes of the kernel belong to whoever's protocol number they carry: two daemons with one number \
    remove each other's";

/// Programs that write routes, and the protocol their routes carry (`/etc/iproute2/rt_protos`).
const WRITERS: &[(&str, &[u8])] = &[
    ("bird", &[12]),
    ("bird6", &[12]),
    ("zebra", &[11, 186, 187, 188, 189, 190, 191, 192, 193, 194, 195, 196, 197, 198]),
    ("keepalived", &[18]),
    ("babeld", &[42]),
    ("ovn-controller", &[84]),
    ("caracal", &[12]),
];

/// Looks for one in the daemon's network, or in ours where none is seen. One that may be, where more cannot be seen without privileges, is not held to be one.
pub(super) fn look(scene: &Scene<'_>) -> Option<Finding> {
    let protocol = scene.needs.kernel?;
    let root = scene.root;
    let writes = |process: &Process| {
        WRITERS.iter().any(|(name, protocols)| *name == process.name && protocols.contains(&protocol))
    };
    let others: Vec<(Process, Option<bool>)> = process::all(root)
        .into_iter()
        .filter(|process| !is_ours(scene, process) && writes(process))
        .map(|process| (is_rival(scene, &process), process))
        .filter_map(|(is_rival, process)| (is_rival != Some(false)).then_some((process, is_rival)))
        .collect();
    let worst = others.iter().find(|(_, is_rival)| is_rival.is_some()).or_else(|| others.first());
    let repair = |other: &Process| format!("{}    # or another `protocol` in [kernel]", other.end(root));
    Some(match worst {
        None => {
            Finding::ok(CHECK, format!("no other daemon is known to write routes of protocol {protocol}"))
        }
        Some((other, Some(_))) => {
            let seen =
                format!("{} (process {}) writes routes of protocol {protocol} too", other.name, other.id);
            Finding::error(CHECK, seen, WHY).repair(repair(other))
        }
        Some((other, None)) => {
            let Process { name, id } = other;
            let seen = format!("{name} (process {id}) may write routes of protocol {protocol} here too");
            Finding::unknown(CHECK, seen, WHY).repair(format!("sudo {} doctor", scene.program))
        }
    })
}

/// Ourselves, the daemon, or what belongs to it: under BIRD's names it is two processes, of which `bird6` only waits
/// beside `bird`. Where the process that answers is not known, one of our program may be it.
fn is_ours(scene: &Scene<'_>, process: &Process) -> bool {
    if Some(process.id) == scene.daemon || process.id == scene.this {
        return true;
    }
    let runs_ours = || process.shares_program(scene.root, scene.this) == Some(true);
    let is_the_one = || scene.daemon.is_none() && scene.listening.is_some();
    match process.name.as_str() {
        "bird6" => runs_ours(),
        "bird" => is_the_one() && runs_ours(),
        _ => false,
    }
}

/// Whether it is a daemon in the same network; `None` where we may not see that.
fn is_rival(scene: &Scene<'_>, process: &Process) -> Option<bool> {
    // Other commands of ours may run beside this one.
    if process.name == "caracal" && !serves(scene, process) {
        return Some(false);
    }
    process.shares_network(scene.root, scene.daemon.unwrap_or(scene.this))
}

/// Its command line says that it is a daemon.
fn serves(scene: &Scene<'_>, process: &Process) -> bool {
    let words = scene.root.text(&format!("/proc/{}/cmdline", process.id)).unwrap_or_default();
    words.split('\0').any(|word| word == "run")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Standing;
    use crate::doctor::root::fixture::Fixture;

    fn standing(host: &Fixture, scene: impl FnOnce(Scene<'_>) -> Option<Finding>) -> Option<Standing> {
        let root = host.root();
        scene(Scene::bare(&root)).map(|finding| finding.standing)
    }

    /// This process, and one of a name in the same network.
    fn in_one_network(name: &str) -> Fixture {
        let host = Fixture::new(&[("/proc/77/comm", &format!("{name}\n"))]);
        for id in [1, 77] {
            host.link(&format!("/proc/{id}/ns/net"), "net:[1]");
        }
        host
    }

    #[test]
    fn who_writes_with_our_number_is_found() {
        let host = in_one_network("bird");
        assert_eq!(standing(&host, |scene| look(&scene)), Some(Standing::Error));
        let other_protocol = |mut scene: Scene<'_>| {
            scene.needs.kernel = Some(99);
            look(&scene)
        };
        assert_eq!(standing(&host, other_protocol), Some(Standing::Ok));
        let ourselves = |scene: Scene<'_>| look(&Scene { daemon: Some(77), ..scene });
        assert_eq!(standing(&host, ourselves), Some(Standing::Ok), "we are bird ourselves there");
        let host = Fixture::new(&[("/proc/77/comm", "bird\n")]);
        host.link("/proc/77/ns/net", "net:[2]");
        host.link("/proc/1/ns/net", "net:[1]");
        assert_eq!(standing(&host, |scene| look(&scene)), Some(Standing::Ok), "it is in another network");
    }

    #[test]
    fn who_cannot_be_looked_into_is_no_error() {
        let host = Fixture::new(&[("/proc/77/comm", "bird\n")]);
        host.link("/proc/1/ns/net", "net:[1]");
        let root = host.root();
        let finding = look(&Scene::bare(&root)).expect("the kernel is programmed");
        assert_eq!(finding.standing, Standing::Unknown);
        assert_eq!(finding.repair.as_deref(), Some("sudo caracal doctor"));
        // One that can be seen to be a rival counts more.
        host.write("/proc/88/comm", "bird\n");
        host.link("/proc/88/ns/net", "net:[1]");
        let finding = look(&Scene::bare(&root)).expect("the kernel is programmed");
        assert!(finding.standing == Standing::Error && finding.seen.contains("process 88"), "{finding:?}");
    }

    #[test]
    fn our_own_daemon_under_birds_names_is_no_rival() {
        let host = in_one_network("bird6");
        host.link("/proc/1/exe", "/usr/bin/caracal");
        assert_eq!(standing(&host, |scene| look(&scene)), Some(Standing::Error), "a BIRD for IPv6");
        host.link("/proc/77/exe", "/usr/bin/caracal");
        assert_eq!(standing(&host, |scene| look(&scene)), Some(Standing::Ok), "it waits beside bird");
        host.write("/proc/77/comm", "bird\n");
        assert_eq!(
            standing(&host, |scene| look(&scene)),
            Some(Standing::Error),
            "a daemon, and none answers"
        );
        let answers = |scene: Scene<'_>| look(&Scene { listening: Some(Vec::new()), ..scene });
        assert_eq!(standing(&host, answers), Some(Standing::Ok), "it may be the one that answers");
        host.link("/proc/5/ns/net", "net:[1]");
        let other = |scene: Scene<'_>| look(&Scene { listening: Some(Vec::new()), daemon: Some(5), ..scene });
        assert_eq!(standing(&host, other), Some(Standing::Error), "another one answers");
    }

    #[test]
    fn a_command_of_ours_is_no_daemon() {
        let host = in_one_network("caracal");
        host.write("/proc/77/cmdline", "caracal\0top\0");
        assert_eq!(standing(&host, |scene| look(&scene)), Some(Standing::Ok));
        host.write("/proc/77/cmdline", "caracal\0run\0--config\0x\0");
        assert_eq!(standing(&host, |scene| look(&scene)), Some(Standing::Error));
    }
}

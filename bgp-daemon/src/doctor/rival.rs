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

/// Looks for one in our network.
pub(super) fn look(scene: &Scene<'_>) -> Option<Finding> {
    let protocol = scene.needs.kernel?;
    let Scene { root, daemon, this, .. } = *scene;
    let is_ours = |process: &Process| Some(process.id) == daemon || process.id == this;
    let writes = |process: &Process| {
        WRITERS.iter().any(|(name, protocols)| *name == process.name && protocols.contains(&protocol))
    };
    let mut others = process::all(root).into_iter().filter(|process| !is_ours(process) && writes(process));
    // Other commands of ours may run beside this one, which is no daemon.
    let is_daemon = |process: &Process| process.name != "caracal" || serves(scene, process);
    let other = others.find(|process| is_daemon(process) && process.shares_network(root, this));
    Some(match other {
        None => {
            Finding::ok(CHECK, format!("no other daemon is known to write routes of protocol {protocol}"))
        }
        Some(other) => {
            let seen =
                format!("{} (process {}) writes routes of protocol {protocol} too", other.name, other.id);
            Finding::error(CHECK, seen, WHY)
                .repair(format!("{}    # or another `protocol` in [kernel]", other.end(root)))
        }
    })
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

    #[test]
    fn who_writes_with_our_number_is_found() {
        let host = Fixture::new(&[("/proc/77/comm", "bird\n")]);
        assert_eq!(standing(&host, |scene| look(&scene)), Some(Standing::Error));
        let other_protocol = |mut scene: Scene<'_>| {
            scene.needs.kernel = Some(99);
            look(&scene)
        };
        assert_eq!(standing(&host, other_protocol), Some(Standing::Ok));
        let ourselves = |scene: Scene<'_>| look(&Scene { daemon: Some(77), ..scene });
        assert_eq!(standing(&host, ourselves), Some(Standing::Ok), "we are bird ourselves there");
        host.link("/proc/77/ns/net", "net:[2]");
        host.link("/proc/1/ns/net", "net:[1]");
        assert_eq!(standing(&host, |scene| look(&scene)), Some(Standing::Ok), "it is in another network");
    }

    #[test]
    fn a_command_of_ours_is_no_daemon() {
        let host = Fixture::new(&[("/proc/77/comm", "caracal\n"), ("/proc/77/cmdline", "caracal\0top\0")]);
        assert_eq!(standing(&host, |scene| look(&scene)), Some(Standing::Ok));
        host.write("/proc/77/cmdline", "caracal\0run\0--config\0x\0");
        assert_eq!(standing(&host, |scene| look(&scene)), Some(Standing::Error));
    }
}

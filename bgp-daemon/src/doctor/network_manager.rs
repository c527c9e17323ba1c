//! NetworkManager, which takes charge of interfaces that it is not told to leave alone.

use super::Scene;
use super::drop_ins::DropIns;
use super::process;
use crate::api::Finding;

/// Where it looks for its configuration (`man NetworkManager.conf`).
const FOLDERS: [&str; 3] = ["/etc/NetworkManager", "/run/NetworkManager", "/usr/lib/NetworkManager"];

/// Interfaces of a container network, as their names begin.
const WORKLOADS: [&str; 3] = ["cali", "tunl", "vxlan.calico"];

const CHECK: &str = "network_manager";
const WHY: &str =
    "NetworkManager may take down or renumber the interfaces that routes of workloads go through";

/// Looks at what it is told about interfaces of workloads, where it runs and there are any.
pub(super) fn look(scene: &Scene<'_>) -> Option<Finding> {
    scene.needs.kernel?;
    if !process::all(scene.root).iter().any(|process| process.name == "NetworkManager") {
        return None;
    }
    let interfaces = scene.root.names("/sys/class/net");
    let prefixes: Vec<&str> = WORKLOADS
        .into_iter()
        .filter(|prefix| interfaces.iter().any(|interface| interface.starts_with(prefix)))
        .collect();
    if prefixes.is_empty() {
        return Some(Finding::ok(CHECK, "NetworkManager runs, and there are no interfaces of workloads"));
    }
    let told = DropIns::read(scene.root, &FOLDERS, "NetworkManager.conf", "conf.d");
    let unmanaged = told.value("keyfile", "unmanaged-devices").map_or("", |(value, _)| value);
    let left = |prefix: &&str| unmanaged.contains(&format!("interface-name:{prefix}"));
    let managed: Vec<&str> = prefixes.into_iter().filter(|prefix| !left(prefix)).collect();
    if managed.is_empty() {
        return Some(Finding::ok(CHECK, "NetworkManager leaves the interfaces of workloads alone"));
    }
    let seen = format!("NetworkManager runs and is not told to leave {} alone", managed.join("*, ") + "*");
    let names = WORKLOADS.map(|prefix| format!("interface-name:{prefix}*")).join(";");
    // Added to what other files say, which a later one would take the place of.
    Some(Finding::warning(CHECK, seen, WHY).repair(format!(
        "printf '[keyfile]\\nunmanaged-devices+={names}\\n' > /etc/NetworkManager/conf.d/90-caracal.conf && \
         systemctl reload NetworkManager"
    )))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Standing;
    use crate::doctor::root::fixture::Fixture;

    #[test]
    fn it_matters_where_there_are_workloads() {
        let host = Fixture::new(&[("/sys/class/net/eth0/mtu", "1500\n")]);
        let root = host.root();
        let scene = Scene::bare(&root);
        let standing = || look(&scene).map(|finding| finding.standing);
        assert_eq!(standing(), None, "it does not run");
        host.write("/proc/8/comm", "NetworkManager\n");
        assert_eq!(standing(), Some(Standing::Ok));
        host.write("/sys/class/net/cali0a1b/mtu", "1500\n");
        host.write("/sys/class/net/tunl0/mtu", "1480\n");
        assert_eq!(standing(), Some(Standing::Warning));
        let told = "[keyfile]\nunmanaged-devices=interface-name:cali*\n";
        host.write("/etc/NetworkManager/conf.d/calico.conf", told);
        let seen = look(&scene).expect("it runs").seen;
        assert!(seen.contains("leave tunl* alone"), "{seen}");
        let repair = look(&scene).and_then(|finding| finding.repair);
        assert!(repair.is_some_and(|it| it.contains("unmanaged-devices+=")), "what is told stays told");
        host.write(
            "/etc/NetworkManager/conf.d/calico.conf",
            &told.replace("cali*", "cali*;interface-name:tunl*"),
        );
        assert_eq!(standing(), Some(Standing::Ok));
    }
}

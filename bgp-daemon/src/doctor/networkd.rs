//! systemd-networkd, which removes routes that it did not write itself unless it is told not to.

use super::Scene;
use super::drop_ins::DropIns;
use super::process;
use crate::api::Finding;

/// Where it looks for its configuration (`man networkd.conf`).
const FOLDERS: [&str; 4] = ["/etc/systemd", "/run/systemd", "/usr/local/lib/systemd", "/usr/lib/systemd"];

/// A key of `[Network]`; absent it is `yes`.
const KEYS: [(&str, &str, &str); 2] = [
    (
        "networkd_routes",
        "ManageForeignRoutes",
        "systemd-networkd removes our routes when it sets up an interface again; they come back, and packets are lost \
         meanwhile",
    ),
    (
        "networkd_rules",
        "ManageForeignRoutingPolicyRules",
        "systemd-networkd removes rules of other programs, such as those by which a routing table of ours is looked up",
    ),
];

/// Looks at what it is told, where it runs and we write routes.
pub(super) fn look(scene: &Scene<'_>) -> Vec<Finding> {
    if scene.needs.kernel.is_none() {
        return Vec::new();
    }
    // Names of processes are cut after 15 characters.
    let runs = process::all(scene.root)
        .iter()
        .any(|process| "systemd-networkd".starts_with(&process.name) && process.name.len() == 15);
    if !runs {
        return vec![match process::are_of_host(scene.root) {
            true => Finding::ok("networkd", "systemd-networkd does not run"),
            false => {
                let seen = "whether systemd-networkd runs cannot be seen from this container";
                Finding::unknown("networkd", seen, KEYS[0].2)
            }
        }];
    }
    let told = DropIns::read(scene.root, &FOLDERS, "networkd.conf", "networkd.conf.d");
    KEYS.iter().map(|&(check, key, why)| of_key(&told, check, key, why)).collect()
}

fn of_key(told: &DropIns, check: &'static str, key: &str, why: &'static str) -> Finding {
    let value = told.value("Network", key);
    if let Some((value, file)) = value
        && is_no(value)
    {
        return Finding::ok(check, format!("{key}={value} in {file}"));
    }
    let seen = match value {
        Some((value, file)) => format!("systemd-networkd runs with {key}={value} in {file}"),
        None => format!("systemd-networkd runs with {key}=yes, which it is unless said otherwise"),
    };
    let file = "/etc/systemd/networkd.conf.d/90-caracal.conf";
    let keys = KEYS.map(|(_, key, _)| format!("{key}=no\\n")).concat();
    Finding::warning(check, seen, why).repair(format!(
        "mkdir -p {folder} && printf '[Network]\\n{keys}' > {file} && systemctl restart systemd-networkd",
        folder = "/etc/systemd/networkd.conf.d"
    ))
}

/// What systemd takes for false.
fn is_no(value: &str) -> bool {
    ["no", "n", "false", "f", "off", "0"].iter().any(|no| value.eq_ignore_ascii_case(no))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Standing;
    use crate::doctor::root::fixture::Fixture;

    #[test]
    fn what_it_is_told_in_a_drop_in_counts() {
        let host = Fixture::new(&[("/proc/5/comm", "systemd-network\n")]);
        let root = host.root();
        let scene = Scene::bare(&root);
        let standings = || look(&scene).iter().map(|finding| finding.standing).collect::<Vec<_>>();
        assert_eq!(standings(), [Standing::Warning, Standing::Warning], "it does unless told not to");
        host.write("/etc/systemd/networkd.conf", "[Network]\nManageForeignRoutes=yes\n");
        host.write("/run/systemd/networkd.conf.d/10-x.conf", "[Network]\nManageForeignRoutes=No\n");
        assert_eq!(standings(), [Standing::Ok, Standing::Warning]);
        host.write(
            "/etc/systemd/networkd.conf.d/20-y.conf",
            "[DHCPv4]\nManageForeignRoutes=yes\n[Network]\nManageForeignRoutingPolicyRules=off\n",
        );
        assert_eq!(standings(), [Standing::Ok, Standing::Ok], "{:#?}", look(&scene));
    }

    #[test]
    fn where_it_does_not_run_nothing_is_asked_of_it() {
        let host = Fixture::new(&[("/proc/5/comm", "systemd\n"), ("/proc/6/comm", "systemd-resolve\n")]);
        let root = host.root();
        let found = look(&Scene::bare(&root));
        assert_eq!(found.len(), 1);
        assert_eq!(found[0].standing, Standing::Ok);
    }

    #[test]
    fn a_container_does_not_see_it() {
        let host = Fixture::new(&[]);
        host.link("/proc/self/ns/pid", "pid:[4026532201]");
        let root = host.root();
        assert_eq!(look(&Scene::bare(&root))[0].standing, Standing::Unknown);
        let host = Fixture::new(&[]);
        host.link("/proc/self/ns/pid", "pid:[4026531836]");
        let root = host.root();
        assert_eq!(look(&Scene::bare(&root))[0].standing, Standing::Ok);
    }
}

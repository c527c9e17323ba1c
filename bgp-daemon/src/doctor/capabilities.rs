//! What the kernel lets us do.

use super::Scene;
use super::network;
use super::process::status_field;
use crate::api::{Finding, Standing};

const CHECK: &str = "capabilities";

/// A capability: its number in `linux/capability.h` and its name.
struct Capability {
    bit: u32,
    name: &'static str,
    why: &'static str,
}

const NET_BIND_SERVICE: Capability = Capability {
    bit: 10,
    name: "CAP_NET_BIND_SERVICE",
    why: "a port below net.ipv4.ip_unprivileged_port_start cannot be listened on without it",
};

const NET_ADMIN: Capability =
    Capability { bit: 12, name: "CAP_NET_ADMIN", why: "no route can be written to the kernel without it" };

/// Looks at those of the daemon, or at our own where none runs.
pub(super) fn look(scene: &Scene<'_>) -> Vec<Finding> {
    let Scene { root, needs, program, daemon, this, .. } = scene;
    let privileged = match network::elsewhere(scene) {
        // Its network may let anybody have any port; whether it listens is seen.
        Some(_) => 0,
        None => root.number("/proc/sys/net/ipv4/ip_unprivileged_port_start").unwrap_or(1024),
    };
    let mut needed = Vec::new();
    needed.extend(needs.port.filter(|port| u64::from(*port) < privileged).map(|_| NET_BIND_SERVICE));
    needed.extend(needs.kernel.map(|_| NET_ADMIN));
    if needed.is_empty() {
        return vec![Finding::ok(CHECK, "none is needed")];
    }
    let (who, id) = match daemon {
        Some(id) => ("the daemon", *id),
        None => ("this command", *this),
    };
    let mask = status_field(root, id, "CapEff").and_then(|mask| u64::from_str_radix(&mask, 16).ok());
    let Some(mask) = mask else {
        let why = "without the right ones ports and routes are refused";
        return vec![Finding::unknown(CHECK, format!("those of {who} (process {id}) cannot be read"), why)];
    };
    let repair = match daemon {
        Some(_) => Repair::Unit { program },
        None => Repair::File { program, needed: names(&needed).join(",").to_lowercase() },
    };
    let (held, missing): (Vec<Capability>, Vec<Capability>) =
        needed.into_iter().partition(|capability| mask >> capability.bit & 1 == 1);
    let ok = (!held.is_empty()).then(|| Finding::ok(CHECK, format!("{who} has {}", names(&held).join(", "))));
    ok.into_iter().chain(missing.iter().map(|capability| lacking(capability, who, &repair))).collect()
}

fn names(capabilities: &[Capability]) -> Vec<&'static str> {
    capabilities.iter().map(|capability| capability.name).collect()
}

/// Where capabilities are given.
enum Repair<'a> {
    /// To a daemon that runs: in its unit, where one is added to the others.
    Unit { program: &'a str },
    /// To one that does not run yet: in its file, where all that are needed are named, because the last command counts.
    File { program: &'a str, needed: String },
}

/// Whether a daemon that does not run yet will have what this command lacks, nobody knows.
fn lacking(Capability { name, why, .. }: &Capability, who: &str, repair: &Repair<'_>) -> Finding {
    let finding = Finding::error(CHECK, format!("{who} does not have {name}"), why);
    match repair {
        Repair::Unit { program } => finding.repair(format!(
            "systemctl edit {program}    # [Service] AmbientCapabilities={name}; in Kubernetes: securityContext.capabilities.add"
        )),
        Repair::File { program, needed } => Finding { standing: Standing::Warning, ..finding }
            .repair(format!("setcap {needed}=ep \"$(command -v {program})\"    # or run it as root")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::root::fixture::Fixture;

    #[test]
    fn what_is_missing_is_named_one_by_one() {
        let host = Fixture::new(&[("/proc/9/status", "Name:\tcaracal\nCapEff:\t0000000000000400\n")]);
        let root = host.root();
        let found = look(&Scene { daemon: Some(9), ..Scene::bare(&root) });
        let standings: Vec<Standing> = found.iter().map(|finding| finding.standing).collect();
        assert_eq!(standings, [Standing::Ok, Standing::Error], "{found:#?}");
        assert_eq!(found[1].seen, "the daemon does not have CAP_NET_ADMIN");
        assert!(
            found[1].repair.as_deref().is_some_and(|it| it.contains("AmbientCapabilities=CAP_NET_ADMIN"))
        );
    }

    #[test]
    fn an_unprivileged_port_needs_none() {
        let host = Fixture::new(&[("/proc/sys/net/ipv4/ip_unprivileged_port_start", "100\n")]);
        let root = host.root();
        let mut scene = Scene::bare(&root);
        scene.needs.kernel = None;
        assert_eq!(look(&scene)[0].standing, Standing::Ok);
        scene.needs.kernel = Some(12);
        assert_eq!(look(&scene)[0].standing, Standing::Unknown, "its status is not there");
    }

    #[test]
    fn a_daemon_that_does_not_run_may_be_given_more() {
        let host = Fixture::new(&[("/proc/1/status", "CapEff:\t0\n")]);
        let root = host.root();
        let found = look(&Scene::bare(&root));
        assert!(found.iter().all(|finding| finding.standing == Standing::Warning), "{found:#?}");
        assert_eq!(found.len(), 2);
        let all = "setcap cap_net_bind_service,cap_net_admin=ep \"$(command -v caracal)\"";
        let repairs_all = |finding: &Finding| finding.repair.as_deref().is_some_and(|it| it.starts_with(all));
        assert!(found.iter().all(repairs_all), "setcap forgets what it was told before: {found:#?}");
    }
}

//! Whether what is seen of the network here is what the daemon sees: sysctls below `/proc/sys/net` are those of whoever
//! reads them, and no path leads to those of another process.

use super::Scene;
use super::process;
use crate::api::Finding;

/// A word about a daemon whose sysctls cannot be read from here, instead of those that can.
pub(super) fn look(scene: &Scene<'_>) -> Option<Finding> {
    const WHY: &str =
        "whether its kernel forwards, filters and has room for all sessions cannot be seen from here";
    let id = elsewhere(scene)?;
    let seen = format!("the daemon (process {id}) is in another network namespace than this command");
    let repair = format!("nsenter --target {id} --net {} doctor", scene.program);
    Some(Finding::unknown("network_namespace", seen, WHY).repair(repair))
}

/// The daemon's process, where its network is known to be another one than ours.
pub(super) fn elsewhere(scene: &Scene<'_>) -> Option<u32> {
    let daemon = process::process(scene.root, scene.daemon?)?;
    (daemon.shares_network(scene.root, scene.this) == Some(false)).then_some(daemon.id)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Standing;
    use crate::doctor::root::fixture::Fixture;

    #[test]
    fn a_daemon_in_another_network_is_not_judged_by_ours() {
        let host = Fixture::new(&[("/proc/9/comm", "caracal\n")]);
        let root = host.root();
        let scene = Scene { daemon: Some(9), ..Scene::bare(&root) };
        assert_eq!(look(&scene), None, "nobody may look");
        host.link("/proc/1/ns/net", "net:[1]");
        host.link("/proc/9/ns/net", "net:[2]");
        let finding = look(&scene).expect("it is elsewhere");
        assert_eq!(finding.standing, Standing::Unknown);
        assert_eq!(finding.repair.as_deref(), Some("nsenter --target 9 --net caracal doctor"));
        assert_eq!(look(&Scene { daemon: None, ..scene }), None, "this host is meant");
        host.link("/proc/8/ns/net", "net:[1]");
        host.write("/proc/8/comm", "caracal\n");
        assert_eq!(look(&Scene { daemon: Some(8), ..Scene::bare(&root) }), None, "both are here");
    }
}

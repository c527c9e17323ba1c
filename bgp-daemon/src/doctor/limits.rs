//! How much the system gives: memory for keys, connections that wait, open files.

use super::Scene;
use super::forwarding::{path_of, set};
use super::process::open_files;
use crate::api::Finding;
use crate::quantity::quantity;
use crate::transport::BACKLOG;

/// Looks at what the network namespace that we are in gives.
pub(super) fn of_network(scene: &Scene<'_>) -> Vec<Finding> {
    let mut found: Vec<Finding> = keys(scene).into_iter().collect();
    found.extend(waiting(scene, "somaxconn", "net.core.somaxconn"));
    found.extend(waiting(scene, "tcp_max_syn_backlog", "net.ipv4.tcp_max_syn_backlog"));
    found
}

/// What a listening socket's memory for options has to hold, in octets, so that it takes `keys` TCP MD5 keys: each is a
/// `struct tcp_md5sig_key` of `net/tcp.h`, and one `tcp_md5sig_info` leads them. A test asks the kernel.
const fn memory_of(keys: u64) -> u64 {
    const KEY: u64 = 136;
    const HEAD: u64 = 24;
    match keys {
        0 => 0,
        // The sum has to stay below the limit.
        keys => HEAD + keys * KEY + 1,
    }
}

fn keys(scene: &Scene<'_>) -> Option<Finding> {
    const CHECK: &str = "optmem_max";
    const WHY: &str =
        "a listening socket has no room for the keys of all peers, and those beyond cannot connect";
    const SYSCTL: &str = "net.core.optmem_max";
    // There is a socket for each family, and it holds the keys of that family.
    let keys = scene.needs.keys.into_iter().max().filter(|keys| *keys > 0)?;
    let wanted = memory_of(keys);
    let keys = quantity(keys, "TCP MD5 key", "TCP MD5 keys");
    Some(match scene.root.number(&path_of(SYSCTL)) {
        Ok(room) if room < wanted => {
            let seen = format!("{SYSCTL} = {room}, {keys} on a socket: {wanted} needed");
            Finding::error(CHECK, seen, WHY).repair(set(SYSCTL, wanted.next_power_of_two()))
        }
        Ok(room) => Finding::ok(CHECK, format!("{SYSCTL} = {room}, enough for {keys} on a socket")),
        Err(error) => Finding::unknown(CHECK, format!("{SYSCTL} cannot be read: {error}"), WHY),
    })
}

/// Connections that may wait: matters where hundreds of peers dial at once after a restart.
fn waiting(scene: &Scene<'_>, check: &'static str, sysctl: &str) -> Option<Finding> {
    const WHY: &str = "where more peers dial at once than may wait, the rest try again after one second, then two, then \
        four, and a restart takes that much longer";
    let wanted = scene.needs.sessions.min(BACKLOG.into());
    match scene.root.number(&path_of(sysctl)) {
        Ok(room) if room < wanted => {
            let sessions = quantity(scene.needs.sessions, "session", "sessions");
            let seen = format!("{sysctl} = {room} for up to {sessions}");
            Some(Finding::warning(check, seen, WHY).repair(set(sysctl, wanted.next_power_of_two())))
        }
        Ok(room) => Some(Finding::ok(check, format!("{sysctl} = {room}"))),
        Err(_) if wanted <= SMALL => None,
        Err(error) => Some(Finding::unknown(check, format!("{sysctl} cannot be read: {error}"), WHY)),
    }
}

/// So many connections may wait wherever nobody said otherwise.
const SMALL: u64 = 128;

/// Looks at how many files may be open.
pub(super) fn files(scene: &Scene<'_>) -> Finding {
    const CHECK: &str = "open_files";
    const WHY: &str = "every session takes an open file, and those beyond the limit are refused";
    let (who, id) = match scene.daemon {
        Some(id) => ("the daemon", id),
        None => ("this command", scene.this),
    };
    let wanted = scene.needs.files;
    match open_files(scene.root, id) {
        Some((_, hard)) if hard < wanted => {
            let seen = format!("{who} may open {hard} files, all sessions would take {wanted}");
            let number = wanted.next_power_of_two();
            Finding::warning(CHECK, seen, WHY).repair(match scene.daemon {
                Some(_) => {
                    let program = scene.program;
                    format!("systemctl edit {program}    # [Service] LimitNOFILE={number}, then restart it")
                }
                None => format!("ulimit -Hn {number}    # for a service: LimitNOFILE={number}"),
            })
        }
        Some((_, u64::MAX)) => Finding::ok(CHECK, format!("{who} may open any number of files")),
        Some((_, hard)) => Finding::ok(CHECK, format!("{who} may open {hard} files")),
        None => Finding::unknown(CHECK, format!("the limits of {who} (process {id}) cannot be read"), WHY),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Standing;
    use crate::doctor::root::Root;
    use crate::doctor::root::fixture::Fixture;
    use crate::transport::keys_that_fit;

    fn found(scene: &Scene<'_>, check: &str) -> Option<Finding> {
        of_network(scene).into_iter().chain([files(scene)]).find(|finding| finding.check == check)
    }

    /// What we say fits has to fit, and what we say is too much must not be far from what is.
    #[test]
    fn the_kernel_agrees_about_the_memory_of_keys() {
        let room = Root::default().number("/proc/sys/net/core/optmem_max").expect("every kernel has it");
        let fit = keys_that_fit().expect("the kernel that tests run on has CONFIG_TCP_MD5SIG");
        assert!(memory_of(fit) <= room && room < memory_of(fit + 1), "{fit} keys fit into {room}");
    }

    #[test]
    fn many_keys_need_more_memory() {
        let host = Fixture::new(&[("/proc/sys/net/core/optmem_max", "20480\n")]);
        let root = host.root();
        let mut scene = Scene::bare(&root);
        assert_eq!(found(&scene, "optmem_max"), None, "there are no keys");
        scene.needs.keys = [150, 3];
        assert_eq!(found(&scene, "optmem_max").expect("it is looked at").standing, Standing::Ok);
        scene.needs.keys = [3, 151];
        let finding = found(&scene, "optmem_max").expect("it is looked at");
        assert_eq!(finding.standing, Standing::Error);
        assert!(finding.repair.is_some_and(|it| it.starts_with("sysctl -w net.core.optmem_max=32768")));
    }

    #[test]
    fn a_reflector_lets_its_clients_wait() {
        let host = Fixture::new(&[("/proc/sys/net/core/somaxconn", "128\n")]);
        let root = host.root();
        let mut scene = Scene::bare(&root);
        assert_eq!(found(&scene, "somaxconn").expect("it can be read").standing, Standing::Ok);
        assert_eq!(found(&scene, "tcp_max_syn_backlog"), None, "not there, and nobody needs it");
        scene.needs.sessions = 5000;
        let finding = found(&scene, "somaxconn").expect("it can be read");
        assert!(finding.repair.is_some_and(|it| it.starts_with("sysctl -w net.core.somaxconn=4096")));
        assert_eq!(found(&scene, "tcp_max_syn_backlog").expect("it matters").standing, Standing::Unknown);
    }

    #[test]
    fn the_hard_limit_of_files_counts() {
        let host = Fixture::new(&[("/proc/9/limits", "Max open files  1024  2048  files\n")]);
        let root = host.root();
        let mut scene = Scene { daemon: Some(9), program: "caracal-rr", ..Scene::bare(&root) };
        scene.needs.files = 2048;
        assert_eq!(found(&scene, "open_files").expect("it is looked at").standing, Standing::Ok);
        scene.needs.files = 2049;
        let finding = found(&scene, "open_files").expect("it is looked at");
        assert_eq!(finding.standing, Standing::Warning);
        let repair = finding.repair.expect("it can be repaired");
        assert!(repair.starts_with("systemctl edit caracal-rr ") && repair.contains("LimitNOFILE=4096"));
        assert_eq!(found(&Scene::bare(&root), "open_files").expect("unseen").standing, Standing::Unknown);
    }
}

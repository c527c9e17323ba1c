//! What a running daemon says about itself.

use super::Running;
use crate::api::Finding;
use crate::quantity::quantity;

/// Looks at what it says, and compares the configuration in force with the one there is now (`digest`).
pub(super) fn look(running: &Running, digest: Option<&str>, program: &str) -> Vec<Finding> {
    let mut found = vec![peers(running, program), configuration(running, digest, program)];
    found.extend(version(running, program));
    found.extend(kernel(running, program));
    let status = &running.status;
    found.extend(status.headless.map(|seconds| {
        let why = "the routes may be of yesterday: they are kept so that packets flow until a peer is back";
        Finding::error(
            "headless",
            format!("all peers that could tell routes have been gone for {seconds} s"),
            why,
        )
        .repair(format!("{program} peers"))
    }));
    found.extend(status.topology.iter().map(|flaw| {
        let why = "routes may be missing or go in circles between reflectors";
        Finding::warning("topology", flaw.clone(), why).repair(format!("{program} status"))
    }));
    found
}

fn peers(running: &Running, program: &str) -> Finding {
    const CHECK: &str = "sessions";
    const WHY: &str = "nothing is heard from such a peer and nothing told to it";
    let wanted = || running.peers.iter().filter(|peer| peer.enabled);
    let down: Vec<&str> =
        wanted().filter(|peer| peer.state != "Established").map(|peer| &*peer.name).collect();
    let total = wanted().count();
    let Some(first) = down.first() else {
        let seen =
            format!("{total} of {} established{}", quantity(total, "peer", "peers"), disabled(running));
        return Finding::ok(CHECK, seen);
    };
    let more = if down.len() > NAMED { ", ..." } else { "" };
    let names = down.iter().take(NAMED).copied().collect::<Vec<_>>().join(", ");
    let count = down.len();
    let peers = quantity(total, "peer", "peers");
    let seen = format!("{count} of {peers} not established: {names}{more}{}", disabled(running));
    let finding = if down.len() == total {
        Finding::error(CHECK, seen, WHY)
    } else {
        Finding::warning(CHECK, seen, WHY)
    };
    finding.repair(format!("{program} explain peer {first}"))
}

/// Peers that the configuration wants to be down.
fn disabled(running: &Running) -> String {
    match running.peers.iter().filter(|peer| !peer.enabled).count() {
        0 => String::new(),
        some => format!("; {some} disabled in the configuration"),
    }
}

/// So many peers that are down are named.
const NAMED: usize = 5;

fn configuration(running: &Running, digest: Option<&str>, program: &str) -> Finding {
    const CHECK: &str = "configuration_in_force";
    let status = &running.status;
    let file = &status.config;
    if let Some(error) = &status.config_error {
        let first = error.lines().next().unwrap_or_default();
        let why = "the last reload was refused and the daemon goes on with what it had";
        return Finding::error(CHECK, first, why).repair(format!("{program} check {file}"));
    }
    if let Some(seconds) = status.unconfirmed {
        let why = "a change on trial is undone unless somebody confirms it";
        return Finding::warning(CHECK, format!("the last change is undone in {seconds} s"), why)
            .repair(format!("{program} confirm"));
    }
    if digest.is_some_and(|digest| digest != status.digest) {
        let why = "the next start or reload changes what is in force";
        return Finding::warning(CHECK, format!("{file} is not what is in force"), why)
            .repair(format!("{program} diff {file} && {program} reload"));
    }
    Finding::ok(CHECK, format!("generation {} of {file}", status.generation))
}

fn version(running: &Running, program: &str) -> Option<Finding> {
    let ours = env!("CARGO_PKG_VERSION");
    let theirs = &running.status.version;
    (theirs != ours).then(|| {
        let why = "a package was upgraded and the daemon, which is not restarted by that, is of before";
        Finding::warning("version", format!("the daemon is {theirs}, this command {ours}"), why)
            .repair(format!("systemctl restart {program}"))
    })
}

fn kernel(running: &Running, program: &str) -> Vec<Finding> {
    const CHECK: &str = "kernel_routes";
    let Some(kernel) = &running.kernel else { return Vec::new() };
    let routes = kernel.routes;
    let mut found = vec![match routes.diverged {
        0 => Finding::ok(CHECK, format!("{} installed, none refused", routes.installed)),
        refused => {
            let why = "packets for these prefixes go another way than peers are told";
            Finding::error(CHECK, format!("the kernel refuses {}", quantity(refused, "route", "routes")), why)
                .repair(format!("{program} kernel --drift"))
        }
    }];
    found.extend(kernel.held.map(|held| {
        let why =
            "too many routes of before would have gone at once, which a wrong configuration would cause too";
        let seen = format!("{} kept that nobody announces", quantity(held, "route", "routes"));
        Finding::warning("kernel_sweep", seen, why).repair(format!("{program} kernel --sweep-anyway"))
    }));
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::{KernelSummary, KernelTotals, Peer, Standing, Status};

    pub(super) fn running(states: &[&'static str]) -> Running {
        let peer = |(number, state): (usize, &&'static str)| Peer {
            name: format!("p{number}"),
            state: (*state).into(),
            enabled: true,
            ..Peer::default()
        };
        let status = Status {
            version: env!("CARGO_PKG_VERSION").into(),
            config: "/etc/caracal/caracal.toml".into(),
            generation: 3,
            digest: "aa".into(),
            ..Status::default()
        };
        Running { id: None, status, peers: states.iter().enumerate().map(peer).collect(), kernel: None }
    }

    fn found(running: &Running, check: &str) -> Finding {
        let all = look(running, Some("aa"), "caracal");
        all.into_iter().find(|finding| finding.check == check).unwrap_or_else(|| panic!("no {check}"))
    }

    #[test]
    fn a_session_that_is_down_is_named() {
        assert_eq!(found(&running(&["Established"]), "sessions").standing, Standing::Ok);
        let finding = found(&running(&["Established", "Active"]), "sessions");
        assert_eq!(finding.standing, Standing::Warning);
        assert_eq!(finding.repair.as_deref(), Some("caracal explain peer p1"));
        assert_eq!(found(&running(&["Idle", "Active"]), "sessions").standing, Standing::Error);
    }

    #[test]
    fn a_session_that_nobody_wants_is_not_down() {
        let mut running = running(&["Established", "Idle"]);
        running.peers[1].enabled = false;
        let finding = found(&running, "sessions");
        assert_eq!(finding.standing, Standing::Ok);
        assert_eq!(finding.seen, "1 of 1 peer established; 1 disabled in the configuration");
    }

    #[test]
    fn what_is_in_force_is_compared_with_the_file() {
        let mut running = running(&[]);
        assert_eq!(found(&running, "configuration_in_force").standing, Standing::Ok);
        running.status.digest = "bb".into();
        assert_eq!(found(&running, "configuration_in_force").standing, Standing::Warning);
        running.status.unconfirmed = Some(9);
        assert!(found(&running, "configuration_in_force").seen.contains("undone in 9 s"));
        running.status.config_error = Some("error: no\n more".into());
        assert_eq!(found(&running, "configuration_in_force").seen, "error: no");
    }

    #[test]
    fn the_kernel_the_version_and_the_rest_are_told() {
        let mut running = running(&[]);
        let routes = KernelTotals { diverged: 2, ..KernelTotals::default() };
        running.kernel = Some(KernelSummary { held: Some(7), routes, ..KernelSummary::default() });
        running.status.version = "0.0.1".into();
        running.status.headless = Some(60);
        running.status.topology = vec!["two reflectors do not peer".into()];
        for (check, standing) in [
            ("kernel_routes", Standing::Error),
            ("kernel_sweep", Standing::Warning),
            ("version", Standing::Warning),
            ("headless", Standing::Error),
            ("topology", Standing::Warning),
        ] {
            assert_eq!(found(&running, check).standing, standing, "{check}");
        }
    }
}

//! Who listens on our port.

use std::net::{IpAddr, Ipv6Addr};

use super::Scene;
use super::process::{self, Process};
use super::root::Root;
use crate::api::Finding;

const CHECK: &str = "port";
const WHY: &str = "peers dial it, and a daemon that cannot have it does not start";

/// The state of a listening socket in `/proc/net/tcp` (`TCP_LISTEN` of `linux/tcp_states.h`).
const LISTEN: &str = "0A";

/// Looks for whoever has the port.
pub(super) fn look(scene: &Scene<'_>) -> Option<Finding> {
    let port = scene.needs.port?;
    let Scene { root, daemon, .. } = *scene;
    let sockets = match listening(scene, port) {
        Ok(sockets) => sockets,
        Err(error) => {
            return Some(Finding::unknown(CHECK, format!("cannot read /proc/net/tcp: {error}"), WHY));
        }
    };
    let says_so = scene.listening.as_ref().map(|said| said.iter().any(|address| address.port() == port));
    let Some(socket) = sockets.first() else {
        return Some(match (daemon, says_so) {
            (None, None) => Finding::ok(CHECK, format!("nobody listens on TCP port {port}")),
            (None, Some(true)) => by_its_own_word(port),
            (Some(_), _) | (None, Some(false)) => {
                Finding::error(CHECK, format!("the daemon does not listen on TCP port {port}"), WHY)
                    .repair(format!("{} status", scene.program))
            }
        });
    };
    let owners = || sockets.iter().filter_map(|socket| owner(root, socket));
    if daemon.is_some_and(|daemon| owners().any(|owner| owner.id == daemon)) {
        return Some(Finding::ok(CHECK, format!("the daemon listens on TCP port {port}")));
    }
    Some(match (owners().next(), daemon) {
        (Some(owner), _) => {
            let seen = format!("{} (process {}) listens on TCP port {port}", owner.name, owner.id);
            Finding::error(CHECK, seen, WHY).repair(owner.end(root))
        }
        (None, Some(_)) => {
            Finding::unknown(CHECK, format!("whose {socket} is on TCP port {port} cannot be seen"), WHY)
                .repair(format!("sudo {} doctor", scene.program))
        }
        // Its process is in a container, or we are.
        (None, None) if says_so == Some(true) => by_its_own_word(port),
        (None, None) => {
            let seen = format!("somebody whose process cannot be seen listens on TCP port {port}");
            Finding::error(CHECK, seen, WHY).repair(format!("sudo ss -ltnp 'sport = :{port}'"))
        }
    })
}

/// A daemon whose process is out of sight answers, and has the port by what it answers.
fn by_its_own_word(port: u16) -> Finding {
    Finding::ok(CHECK, format!("the daemon says that it listens on TCP port {port}"))
}

/// The sockets that listen on `port` at one of our addresses, as links in `/proc/PID/fd` name them, in the network that
/// the daemon is in.
fn listening(scene: &Scene<'_>, port: u16) -> std::io::Result<Vec<String>> {
    let Scene { root, needs, daemon, .. } = scene;
    let of_daemon = |table: &str| root.text(&format!("/proc/{}/net/{table}", (*daemon)?)).ok();
    let text = |table: &str| of_daemon(table).map_or_else(|| root.text(&format!("/proc/net/{table}")), Ok);
    let v4 = text("tcp")?;
    // A kernel without IPv6 has no such file.
    let v6 = text("tcp6").unwrap_or_default();
    let listens = |line: &str| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let (local, state, inode) = (words.get(1)?, words.get(3)?, words.get(9)?);
        let (address, theirs) = local.split_once(':')?;
        let address = address_of(address)?;
        let in_the_way = |our: &IpAddr| {
            let family = our.is_ipv4() == address.is_ipv4();
            // A socket at [::] may have IPv4 as well.
            address == IpAddr::from(Ipv6Addr::UNSPECIFIED)
                || family && (*our == address || our.is_unspecified() || address.is_unspecified())
        };
        let here = u16::from_str_radix(theirs, 16) == Ok(port) && *state == LISTEN;
        (here && needs.addresses.iter().any(in_the_way)).then(|| format!("socket:[{inode}]"))
    };
    Ok(v4.lines().chain(v6.lines()).filter_map(listens).collect())
}

/// An address as `/proc/net/tcp` writes it: words of four octets, each as this machine keeps a number.
fn address_of(text: &str) -> Option<IpAddr> {
    let word = |start: usize| u32::from_str_radix(text.get(start..start + 8)?, 16).ok().map(u32::to_ne_bytes);
    match text.len() {
        8 => Some(IpAddr::from(word(0)?)),
        32 => {
            let mut octets = [0; 16];
            for (number, place) in octets.chunks_exact_mut(4).enumerate() {
                place.copy_from_slice(&word(number * 8)?);
            }
            Some(IpAddr::from(octets))
        }
        _ => None,
    }
}

fn owner(root: &Root, socket: &str) -> Option<Process> {
    process::all(root).into_iter().find(|process| process.holds(root, socket))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Standing;
    use crate::doctor::root::fixture::Fixture;

    const TABLE: &str = "  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode\n   \
        0: 00000000:00B3 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 4711 1\n   \
        1: 0100007F:00B3 0100007F:9999 01 00000000:00000000 00:00000000 00000000     0        0 4712 1\n";

    fn host() -> Fixture {
        let host = Fixture::new(&[("/proc/net/tcp", TABLE), ("/proc/88/comm", "bird\n")]);
        host.write("/proc/88/cgroup", "0::/system.slice/bird.service\n");
        host
    }

    fn found(host: &Fixture, daemon: Option<u32>) -> Finding {
        let root = host.root();
        look(&Scene { daemon, ..Scene::bare(&root) }).expect("a port is needed")
    }

    #[test]
    fn another_daemon_is_named_and_how_to_end_it() {
        let host = host();
        host.link("/proc/88/fd/5", "socket:[4711]");
        let finding = found(&host, None);
        assert_eq!(finding.standing, Standing::Error);
        assert_eq!(finding.seen, "bird (process 88) listens on TCP port 179");
        assert_eq!(finding.repair.as_deref(), Some("systemctl disable --now bird.service"));
        assert_eq!(found(&host, Some(88)).standing, Standing::Ok, "the daemon itself");
    }

    #[test]
    fn a_daemon_in_a_network_of_its_own_listens_there() {
        let host = host();
        host.write("/proc/net/tcp", TABLE.lines().next().expect("a title"));
        host.write("/proc/88/net/tcp", TABLE);
        host.link("/proc/88/fd/5", "socket:[4711]");
        assert_eq!(found(&host, Some(88)).standing, Standing::Ok);
        assert_eq!(found(&host, None).seen, "nobody listens on TCP port 179");
    }

    #[test]
    fn a_connection_on_the_port_is_not_a_listener() {
        let host = host();
        host.link("/proc/88/fd/5", "socket:[4712]");
        let finding = found(&host, None);
        assert_eq!(finding.standing, Standing::Error, "whose 4711 is cannot be seen");
        assert!(finding.repair.is_some_and(|command| command.contains("ss -ltnp")));
        host.write("/proc/net/tcp", TABLE.lines().next().expect("a title"));
        assert_eq!(found(&host, None).standing, Standing::Ok);
        assert_eq!(found(&host, Some(1)).standing, Standing::Error, "the daemon does not listen");
    }

    #[test]
    fn a_daemon_out_of_sight_is_believed() {
        let host = host();
        let root = host.root();
        let found = |said: &[&str]| {
            let listening = Some(said.iter().map(|address| address.parse().expect("one")).collect());
            look(&Scene { listening, ..Scene::bare(&root) }).expect("a port is needed")
        };
        let healthy = found(&["0.0.0.0:179", "[::]:179"]);
        assert_eq!(
            (healthy.standing, &*healthy.seen),
            (Standing::Ok, "the daemon says that it listens on TCP port 179")
        );
        assert_eq!(found(&["0.0.0.0:1179"]).standing, Standing::Error, "somebody else has the port");
        host.write("/proc/net/tcp", TABLE.lines().next().expect("a title"));
        assert_eq!(found(&["0.0.0.0:179"]).standing, Standing::Ok, "its network is another one too");
        assert_eq!(found(&[]).standing, Standing::Error, "it does not listen");
    }

    #[test]
    fn only_who_has_our_address_is_in_the_way() {
        let host = host();
        let root = host.root();
        let standing = |text: &str, ours: &str| {
            host.write("/proc/net/tcp", text);
            let mut scene = Scene::bare(&root);
            scene.needs.addresses = vec![ours.parse().expect("an address")];
            look(&scene).expect("a port is needed").standing
        };
        let elsewhere =
            TABLE.replace("0: 00000000", &format!("0: {:08X}", u32::from_ne_bytes([10, 0, 0, 7])));
        assert_eq!(standing(TABLE, "10.0.0.1"), Standing::Error, "it has all addresses");
        assert_eq!(standing(&elsewhere, "10.0.0.1"), Standing::Ok);
        assert_eq!(standing(&elsewhere, "10.0.0.7"), Standing::Error);
        assert_eq!(standing(&elsewhere, "0.0.0.0"), Standing::Error, "we want all");
        assert_eq!(standing(&elsewhere, "::"), Standing::Ok, "another family");
        let text = "0".repeat(24) + &format!("{:08X}", u32::from_ne_bytes([0, 0, 0, 1]));
        assert_eq!(address_of(&text), Some("::1".parse().expect("an address")));
    }

    #[test]
    fn what_cannot_be_read_is_unknown() {
        assert_eq!(found(&Fixture::new(&[]), None).standing, Standing::Unknown);
    }
}

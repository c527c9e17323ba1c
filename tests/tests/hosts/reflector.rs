//! The dedicated reflector: clients that nobody listed, and their blocks on every one of them.

use crate::host::Host;
use crate::monitor::Monitor;
use crate::wires::{address, switch};
use tests::programs::prove;

#[test]
fn clients_of_a_range_get_each_others_blocks_without_the_reflector_in_the_way() {
    prove(|| {
        let (reflector, clients, _switch) = cluster();
        assert_everywhere(&clients);
        assert!(
            !reflector.table().iter().any(|line| line.contains("proto bird")),
            "{:#?}",
            reflector.table()
        );
        let peers = reflector.json(&["peers"]);
        let peers = peers.as_array().expect("a list");
        assert_eq!(peers.len(), 6, "one session of each family with each client");
        assert!(peers.iter().all(|peer| peer["dynamic"] == true && peer["client"] == true));
        let path = clients[0].json(&["routes", "10.102.0.0/24", "--best"]);
        assert_eq!(path[0]["originator_id"], "10.0.0.102", "{path}");
        assert_eq!(path[0]["cluster_list"][0], "10.0.0.9", "{path}");
    });
}

#[test]
fn a_client_that_restarts_keeps_its_blocks_on_the_others() {
    prove(|| {
        let (_reflector, mut clients, _switch) = cluster();
        assert_everywhere(&clients);
        let monitor = Monitor::of(&clients[1]);
        for end in [Host::terminate, Host::kill] {
            end(&mut clients[0]);
            clients[0].start();
            assert_everywhere(&clients);
        }
        assert_eq!(monitor.deletions(&clients[1], &["10.101.0.0/24", "fd00:101::/64"]), []);
    });
}

#[test]
fn a_reflector_that_restarts_takes_nothing_from_its_clients() {
    prove(|| {
        let (mut reflector, clients, _switch) = cluster();
        assert_everywhere(&clients);
        let monitors = [0, 1, 2].map(|which: usize| Monitor::of(&clients[which]));
        for end in [Host::terminate, Host::kill] {
            end(&mut reflector);
            reflector.start();
            // Routes that are stale when a second restart begins would have to go.
            clients.iter().for_each(until_fresh);
            assert_everywhere(&clients);
        }
        for (monitor, client) in monitors.iter().zip(&clients) {
            assert_eq!(
                monitor.deletions(client, &BLOCKS),
                [],
                "{}\n{}",
                client.log(),
                monitor.changes(client).iter().map(|change| format!("{change:?}\n")).collect::<String>()
            );
        }
    });
}

#[test]
fn a_client_that_leaves_for_good_is_forgotten_by_the_others() {
    prove(|| {
        let (_reflector, clients, _switch) = cluster();
        assert_everywhere(&clients);
        assert!(clients[2].ask(&["peer", "rr", "disable"]).status.success());
        for client in &clients[..2] {
            client.until_no_route("10.103.0.0/24");
            client.until_route("fd00:103::/64 via fd00::103 ");
        }
    });
}

/// The numbers of the clients.
const CLIENTS: [u8; 3] = [101, 102, 103];

/// Their blocks.
const BLOCKS: [&str; 6] =
    ["10.101.0.0/24", "10.102.0.0/24", "10.103.0.0/24", "fd00:101::/64", "fd00:102::/64", "fd00:103::/64"];

/// A reflector and its clients on one switch.
fn cluster() -> (Host, Vec<Host>, Host) {
    let mut reflector = Host::reflector("rr");
    let mut clients: Vec<Host> = CLIENTS.iter().map(|number| Host::new(&format!("node{number}"))).collect();
    let addresses: Vec<[String; 2]> =
        CLIENTS.iter().map(|number| [format!("10.0.0.{number}/24"), format!("fd00::{number}/64")]).collect();
    let middle = {
        let mut ends: Vec<(&Host, &[&str])> = vec![(&reflector, &["10.0.0.9/24", "fd00::9/64"])];
        let texts: Vec<[&str; 2]> = addresses.iter().map(|[v4, v6]| [v4.as_str(), v6.as_str()]).collect();
        ends.extend(clients.iter().zip(&texts).map(|(client, text)| (client, text.as_slice())));
        switch(&ends)
    };
    reflector.run(REFLECTOR);
    for (client, number) in clients.iter_mut().zip(CLIENTS) {
        address(client, "lo", &[&format!("10.{number}.0.1/32"), &format!("fd00:{number}::1/128")]);
        client.run(&client_text(number));
    }
    (reflector, clients, middle)
}

fn assert_everywhere(clients: &[Host]) {
    for (client, number) in clients.iter().zip(CLIENTS) {
        client.until_established("rr");
        client.until_established("rr6");
        for other in CLIENTS.iter().filter(|other| **other != number) {
            client.until_route(&format!("10.{other}.0.0/24 via 10.0.0.{other} dev eth0 proto bird"));
            client.until_route(&format!("fd00:{other}::/64 via fd00::{other} dev eth0 proto bird"));
        }
    }
}

/// Waits until the reflector has told a client everything anew.
fn until_fresh(client: &Host) {
    client.until("routes that are not stale", |host| {
        let routes = host.json(&["routes"]);
        let stale = routes.as_array().is_some_and(|routes| routes.iter().any(|route| route["stale"] == true));
        let up = ["rr", "rr6"].iter().all(|name| host.peer(name, "state") == "Established");
        if up && !stale { Ok(()) } else { Err(routes) }
    });
}

const REFLECTOR: &str = r#"
asn = 64512
router_id = "10.0.0.9"
[graceful_restart]
first_contact = "4s"
[[dynamic_peers]]
prefix = "10.0.0.0/24"
asn = 64512
client = true
[[dynamic_peers]]
prefix = "fd00::/64"
asn = 64512
client = true
"#;

fn client_text(number: u8) -> String {
    format!(
        r#"
asn = 64512
router_id = "10.0.0.{number}"
[kernel]
direct = false
[[peer]]
name = "rr"
address = "10.0.0.9"
asn = 64512
connect_retry = "1s"
[[peer]]
name = "rr6"
address = "fd00::9"
asn = 64512
connect_retry = "1s"
[[originate]]
prefix = "10.{number}.0.0/24"
[[originate]]
prefix = "fd00:{number}::/64"
"#
    )
}

//! Leaving for good: packets have gone another way before anything is taken from under them.

use std::thread;

use rtnetlink::packet_route::route::RouteProtocol;
use tests::kernel::Way;
use tests::programs::prove;

use crate::host::Host;
use crate::monitor::Monitor;
use crate::pings::Pings;
use crate::wires::{address, cable, foreign, switch};

#[test]
fn traffic_leaves_a_drained_border_before_its_routes_do() {
    prove(|| {
        let mut border = Border::new();
        border.inside.until_route("10.9.0.0/24 via 10.0.1.1 dev eth0 proto bird");
        border.inside.until("the other way", |host| {
            let paths = host.json(&["routes", "10.9.0.0/24"]);
            if paths.as_array().is_some_and(|paths| paths.len() == 2) { Ok(()) } else { Err(paths) }
        });
        let stranger = foreign("10.99.0.0/24", Way::Blackhole, RouteProtocol::Static);
        border.first.kernel(|kernel| kernel.add_route(&stranger));
        let monitor = Monitor::of(&border.inside);
        let pings = Pings::begin(&border.inside, "10.9.0.1");
        let drained = thread::scope(|scope| {
            let draining = scope.spawn(|| border.first.ask(&["drain", "--wait"]));
            let still_there = border.inside.until("traffic to move", |host| {
                let moved = host.has_route("10.9.0.0/24 via 10.0.2.1 dev eth1 proto bird");
                moved.then(|| border.first.has_route("10.9.0.0/24 via 192.0.1.2")).ok_or("it has not")
            });
            assert!(still_there, "traffic moves before its way goes");
            draining.join().expect("the program starts")
        });
        assert_eq!(drained.status.code(), Some(0), "{drained:?}\n{}", border.first.log());
        border.first.see_off();
        let left = border.first.table();
        assert!(!left.iter().any(|line| line.contains("proto bird")), "{left:#?}");
        assert!(left.iter().any(|line| line.starts_with("blackhole 10.99.0.0/24")), "{left:#?}");
        assert!(border.inside.has_route("10.9.0.0/24 via 10.0.2.1 dev eth1 proto bird"));
        pings.end_without_loss();
        assert_eq!(monitor.deletions(&border.inside, &["10.9.0.0/24"]), []);
        assert_ne!(border.inside.peer("first", "state"), "Established");
    });
}

/// A host inside, two borders, and a host outside that both of them reach by a route of ours.
struct Border {
    inside: Host,
    first: Host,
    _second: Host,
    _outside: Host,
}

impl Border {
    fn new() -> Self {
        let (mut inside, outside) = (Host::new("inside"), Host::new("outside"));
        let (mut first, mut second) = (Host::new("first"), Host::new("second"));
        address(&outside, "lo", &["10.9.0.1/32"]);
        cable((&inside, "eth0", &["10.0.1.2/24"]), (&first, "eth0", &["10.0.1.1/24"]));
        cable((&inside, "eth1", &["10.0.2.2/24"]), (&second, "eth0", &["10.0.2.1/24"]));
        for (border, device, number) in [(&first, "eth0", 1), (&second, "eth1", 2)] {
            let (near, far) = (format!("192.0.{number}.1/24"), format!("192.0.{number}.2/24"));
            cable((border, "eth1", &[&near]), (&outside, device, &[&far]));
            let gateway = format!("192.0.{number}.1").parse().expect("an address");
            let back =
                foreign(&format!("10.0.{number}.0/24"), Way::Via(gateway, device), RouteProtocol::Static);
            outside.kernel(|kernel| kernel.add_route(&back));
        }
        first.run(&border(1, 200));
        second.run(&border(2, 100));
        inside.run(INSIDE);
        Self { inside, first, _second: second, _outside: outside }
    }
}

fn border(number: u8, preference: u32) -> String {
    format!(
        r#"
asn = 64512
router_id = "10.0.{number}.1"
[kernel]
direct = false
[[peer]]
name = "inside"
address = "10.0.{number}.2"
asn = 64512
connect_retry = "1s"
[[originate]]
prefix = "10.9.0.0/24"
via = "192.0.{number}.2"
local_preference = {preference}
"#
    )
}

const INSIDE: &str = r#"
asn = 64512
router_id = "10.0.1.2"
[kernel]
direct = false
learn = false
[[peer]]
name = "first"
address = "10.0.1.1"
asn = 64512
connect_retry = "1s"
[[peer]]
name = "second"
address = "10.0.2.1"
asn = 64512
connect_retry = "1s"
"#;

#[test]
fn a_drained_reflector_takes_nothing_from_clients_that_have_another() {
    prove(|| {
        let mut reflectors = [Host::reflector("rr1"), Host::reflector("rr2")];
        let mut clients = [Host::new("node1"), Host::new("node2")];
        let _switch = switch(&[
            (&reflectors[0], &["10.0.0.11/24"]),
            (&reflectors[1], &["10.0.0.12/24"]),
            (&clients[0], &["10.0.0.1/24"]),
            (&clients[1], &["10.0.0.2/24"]),
        ]);
        for (reflector, number) in reflectors.iter_mut().zip([11, 12]) {
            reflector.run(&reflector_text(number));
        }
        for (client, number) in clients.iter_mut().zip([1, 2]) {
            address(client, "lo", &[&format!("10.10{number}.0.1/32")]);
            client.run(&client_text(number));
        }
        for (client, other) in clients.iter().zip([2, 1]) {
            client.until(&format!("both paths to block {other}"), |host| {
                let paths = host.json(&["routes", &format!("10.10{other}.0.0/24")]);
                if paths.as_array().is_some_and(|paths| paths.len() == 2) { Ok(()) } else { Err(paths) }
            });
            client.until_route(&format!("10.10{other}.0.0/24 via 10.0.0.{other} dev eth0 proto bird"));
        }
        let monitors = [0, 1].map(|which: usize| Monitor::of(&clients[which]));
        let pings = Pings::begin(&clients[0], "10.102.0.1");
        let drained = reflectors[0].ask(&["drain", "--wait"]);
        assert_eq!(drained.status.code(), Some(0), "{drained:?}\n{}", reflectors[0].log());
        reflectors[0].see_off();
        clients.iter().for_each(|client| {
            client.until("the end of the session", |host| {
                let state = host.peer("rr1", "state");
                if state == "Established" { Err(state) } else { Ok(()) }
            });
        });
        pings.end_without_loss();
        for (monitor, client) in monitors.iter().zip(&clients) {
            assert_eq!(monitor.deletions(client, &["10.101.0.0/24", "10.102.0.0/24"]), []);
        }
    });
}

fn reflector_text(number: u8) -> String {
    format!(
        r#"
asn = 64512
router_id = "10.0.0.{number}"
cluster_id = "10.0.0.10"
[[dynamic_peers]]
prefix = "10.0.0.0/24"
asn = 64512
client = true
"#
    )
}

fn client_text(number: u8) -> String {
    format!(
        r#"
asn = 64512
router_id = "10.0.0.{number}"
[kernel]
direct = false
[[peer]]
name = "rr1"
address = "10.0.0.11"
asn = 64512
connect_retry = "1s"
[[peer]]
name = "rr2"
address = "10.0.0.12"
asn = 64512
connect_retry = "1s"
[[originate]]
prefix = "10.10{number}.0.0/24"
"#
    )
}

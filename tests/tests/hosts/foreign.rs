//! Routes of others in the table: never touched, learned where that is asked for, waited for where in the way.

use std::net::IpAddr;

use rtnetlink::packet_route::route::RouteProtocol;
use serde_json::Value;
use tests::kernel::{Route, Way};

use crate::host::Host;
use crate::wires::{address, cable, foreign};
use tests::programs::prove;

#[test]
fn a_foreign_route_in_the_way_stays_and_ours_follows_when_it_goes() {
    prove(|| {
        let (a, b) = neighbours();
        for (to, ours) in [
            ("10.1.0.0/24", "10.1.0.0/24 via 10.0.0.1 dev eth0 proto bird"),
            ("fd00:1::/64", "fd00:1::/64 via fd00::1 dev eth0 proto bird metric 1024"),
        ] {
            for protocol in [RouteProtocol::Static, RouteProtocol::Other(80)] {
                announce(&a, &[]);
                b.until_no_route(ours);
                let stranger = foreign(to, Way::Blackhole, protocol);
                b.kernel(|kernel| kernel.add_route(&stranger));
                let theirs = format!("blackhole {to} ");
                announce(&a, &[to]);
                let standing = b.until("the conflict to be told", |host| diverged(host, to));
                assert!(standing.contains(&u8::from(protocol).to_string()), "{standing}");
                assert_eq!(b.ask(&["kernel", "--drift"]).status.code(), Some(1));
                assert!(b.has_route(&theirs) && !b.has_route(ours), "{:#?}", b.table());
                b.kernel(|kernel| kernel.delete_route(&stranger));
                b.until_route(ours);
                b.until("the conflict to heal", |host| match diverged(host, to) {
                    Ok(reason) => Err(reason),
                    Err(_) => Ok(()),
                });
                assert_eq!(b.ask(&["kernel", "--drift"]).status.code(), Some(0));
            }
        }
    });
}

#[test]
fn a_foreign_route_of_another_metric_stands_beside_ours_and_steps_in_when_it_goes() {
    prove(|| {
        let (a, b) = neighbours();
        let (ours, theirs) = (
            "10.1.0.0/24 via 10.0.0.1 dev eth0 proto bird",
            "10.1.0.0/24 via 10.0.0.77 dev eth0 proto static metric 50",
        );
        let stranger = Route {
            metric: 50,
            ..foreign("10.1.0.0/24", Way::Via(IpAddr::from([10, 0, 0, 77]), "eth0"), RouteProtocol::Static)
        };
        b.kernel(|kernel| kernel.add_route(&stranger));
        until_best(&b, "kernel");
        for _ in 0..3 {
            announce(&a, &["10.1.0.0/24"]);
            until_best(&b, "bgp");
            b.until_route(ours);
            assert!(b.has_route(theirs), "{:#?}", b.table());
            announce(&a, &[]);
            until_best(&b, "kernel");
            b.until_no_route(ours);
            assert!(b.has_route(theirs), "{:#?}", b.table());
        }
    });
}

/// Waits until the best route of the block comes from `source`.
fn until_best(host: &Host, source: &str) {
    host.until(&format!("a route from {source}"), |host| {
        let best = host.json(&["routes", "10.1.0.0/24", "--best"]);
        if best[0]["source"] == source { Ok(()) } else { Err(best) }
    });
}

#[test]
fn the_agents_routes_to_its_pods_outlive_everything_we_do() {
    prove(|| {
        let (a, mut b) = neighbours();
        cable((&b, "cali0", &[]), (&Host::new("pod"), "eth0", &["10.2.0.7/32"]));
        for to in ["10.2.0.7/32", "10.1.0.9/32", "fd00:2::7/128"] {
            let felix = foreign(to, Way::OnLink("cali0"), RouteProtocol::Other(80));
            b.kernel(|kernel| kernel.add_route(&felix));
        }
        let felix = |host: &Host| {
            let mut lines = host.table();
            lines.retain(|line| line.contains("proto 80"));
            lines
        };
        let before = felix(&b);
        assert_eq!(before.len(), 3);
        // The peer claims the very addresses of the pods.
        announce(&a, &["10.2.0.7/32", "10.1.0.9/32", "fd00:2::7/128", "10.1.0.0/24"]);
        b.until_route("10.1.0.0/24 via 10.0.0.1 dev eth0 proto bird");
        assert_eq!(felix(&b), before);
        announce(&a, &[]);
        b.until_no_route("10.1.0.0/24");
        assert_eq!(felix(&b), before);
        b.kill();
        b.start();
        b.until_established("a");
        assert_eq!(felix(&b), before);
        b.terminate();
        assert_eq!(felix(&b), before);
    });
}

/// The host that announces what it is told to, and the one whose table is looked at.
fn neighbours() -> (Host, Host) {
    let (mut a, mut b) = (Host::new("a"), Host::new("b"));
    cable((&a, "eth0", &["10.0.0.1/24", "fd00::1/64"]), (&b, "eth0", &["10.0.0.2/24", "fd00::2/64"]));
    address(&b, "lo", &["10.2.0.1/32"]);
    a.run(&announcement(&[]));
    b.run(
        r#"
asn = 64512
router_id = "10.0.0.2"
[[peer]]
name = "a"
address = "10.0.0.1"
asn = 64512
families = ["ipv4"]
[[peer]]
name = "a6"
address = "fd00::1"
asn = 64512
families = ["ipv6"]
[kernel]
on_exit = "remove"
"#,
    );
    b.until_established("a");
    b.until_established("a6");
    (a, b)
}

fn announce(a: &Host, prefixes: &[&str]) {
    a.configure(&announcement(prefixes));
    assert!(a.ask(&["reload"]).status.success(), "{}", a.log());
}

fn announcement(prefixes: &[&str]) -> String {
    let mut text = r#"
asn = 64512
router_id = "10.0.0.1"
[kernel]
learn = false
direct = false
[[peer]]
name = "b"
address = "10.0.0.2"
asn = 64512
[[peer]]
name = "b6"
address = "fd00::2"
asn = 64512
"#
    .to_owned();
    for prefix in prefixes {
        text.push_str(&format!("[[originate]]\nprefix = \"{prefix}\"\nkind = \"announce\"\n"));
    }
    text
}

/// Why the kernel does not hold a wish; an error where it does.
fn diverged(host: &Host, prefix: &str) -> Result<String, String> {
    let drift = host.json(&["kernel", "--drift"]);
    let routes = drift.as_array().cloned().unwrap_or_default();
    let found = routes.iter().find(|route| route["prefix"] == prefix && route["standing"] == "diverged");
    found.map_or_else(
        || Err(format!("no conflict: {drift}")),
        |route| Ok(route.get("reason").and_then(Value::as_str).unwrap_or_default().to_owned()),
    )
}

//! Routes on next-hop objects: what happens to a next hop happens to all of them at once.

use std::fmt::Write;
use std::net::IpAddr;
use std::process::Command;

use rtnetlink::packet_route::route::RouteProtocol;
use serde_json::json;
use tests::kernel::Way;

use crate::host::Host;
use crate::monitor::{Change, Monitor};
use crate::pings::Pings;
use crate::reach::session;
use crate::wires::{address, cable, foreign};
use tests::programs::prove;

const BLOCKS: u8 = 200;

#[test]
fn routes_follow_a_next_hop_that_moves_without_being_written() {
    prove(|| {
        let (mut a, mut b) = (Host::new("a"), Host::new("b"));
        cable((&a, "eth0", &["10.0.0.1/24"]), (&b, "eth0", &["10.0.0.2/24"]));
        cable((&a, "eth1", &["10.0.1.1/24"]), (&b, "eth1", &["10.0.1.2/24"]));
        address(&b, "lo", &["172.16.0.9/32", "10.50.7.1/32"]);
        let way = |to: &str, gateway: [u8; 4], device| {
            foreign(to, Way::Via(IpAddr::from(gateway), device), RouteProtocol::Static)
        };
        a.kernel(|kernel| kernel.add_route(&way("172.16.0.0/24", [10, 0, 0, 2], "eth0")));
        a.run(&session(64512, 1, &[("b", "10.0.0.2", 64512)], "[kernel]\nnext_hop_objects = true"));
        b.run(&session(64512, 2, &[("a", "10.0.0.1", 64512)], &blocks()));
        a.until("all routes", |host| all_lead(host, "via 10.0.0.2 dev eth0"));
        let before = written(&a);

        let (monitor, pings) = (Monitor::of(&a), Pings::begin(&a, "10.50.7.1"));
        // A longer prefix takes over: the next hop is reached by the other cable from one message to the next.
        let better = way("172.16.0.9/32", [10, 0, 1, 2], "eth1");
        a.kernel(|kernel| kernel.add_route(&better));
        a.until("all routes to move", |host| all_lead(host, "via 10.0.1.2 dev eth1"));
        a.kernel(|kernel| kernel.delete_route(&better));
        a.until("all routes to move back", |host| all_lead(host, "via 10.0.0.2 dev eth0"));
        pings.end_without_loss();
        assert_eq!(written(&a), before, "no route was written");
        let went = |change: &Change| matches!(change, Change::Went(route) if route.starts_with("10.50."));
        assert!(!monitor.changes(&a).iter().any(went));

        let explained = String::from_utf8_lossy(&a.ask(&["explain", "10.50.7.0/24"]).stdout).into_owned();
        assert!(explained.contains("via 10.0.0.2 dev eth0"), "{explained}");
        let listed = a.json(&["kernel"]);
        let routes = listed.as_array().map(Vec::as_slice).unwrap_or_default();
        let shown = routes.iter().find(|route| route["prefix"] == json!("10.50.7.0/24"));
        let words = shown.map(|route| [&route["wished"], &route["installed"]]);
        assert_eq!(words, Some([&json!("via 10.0.0.2 dev eth0"); 2]), "{shown:?}");
    });
}

#[test]
fn routes_on_objects_outlive_a_crash_and_a_change_of_mind() {
    prove(|| {
        let (mut a, mut b) = (Host::new("a"), Host::new("b"));
        cable((&a, "eth0", &["10.0.0.1/24"]), (&b, "eth0", &["10.0.0.2/24"]));
        address(&b, "lo", &["10.50.7.1/32"]);
        let configured = |objects: bool| {
            let kernel = format!("[kernel]\nnext_hop_objects = {objects}");
            session(64512, 1, &[("b", "10.0.0.2", 64512)], &kernel)
        };
        a.run(&configured(true));
        b.run(&session(64512, 2, &[("a", "10.0.0.1", 64512)], &blocks().replace("172.16.0.9", "10.0.0.2")));
        a.until("all routes", |host| all_lead(host, "via 10.0.0.2 dev eth0"));
        let (monitor, pings) = (Monitor::of(&a), Pings::begin(&a, "10.50.7.1"));
        for objects in [true, false, true] {
            a.kill();
            a.run(&configured(objects));
            a.until("the sweep", |host| host.log().contains("kernel.swept").then_some(()).ok_or("not yet"));
            a.until("its objects", |host| {
                let count = objects_of(host);
                if (count > 0) == objects { Ok(()) } else { Err(format!("{count} objects")) }
            });
            all_lead(&a, "via 10.0.0.2 dev eth0").expect("nothing went");
        }
        pings.end_without_loss();
        let went = |change: &Change| matches!(change, Change::Went(route) if route.starts_with("10.50."));
        assert!(!monitor.changes(&a).iter().any(went));
    });
}

fn blocks() -> String {
    let mut text = r#"
[[policy]]
name = "out"
default = "reject"
rules = [{ name = "far", match = { source = ["static"] }, set = { next_hop = "172.16.0.9" }, action = "accept" }]
"#
    .to_owned();
    for number in 0..BLOCKS {
        write!(text, "[[originate]]\nprefix = \"10.50.{number}.0/24\"\nkind = \"announce\"\n")
            .expect("a string takes everything");
    }
    text
}

fn all_lead(host: &Host, way: &str) -> Result<(), String> {
    let table = host.table();
    let blocks = table.iter().filter(|line| line.starts_with("10.50.") && line.contains(way)).count();
    if blocks == usize::from(BLOCKS) { Ok(()) } else { Err(format!("{blocks} do")) }
}

/// Routes created, replaced and removed.
fn written(host: &Host) -> [serde_json::Value; 3] {
    let summary = host.json(&["kernel", "--summary"]);
    ["created", "replaced", "removed"].map(|what| summary[what].clone())
}

fn objects_of(host: &Host) -> usize {
    let list = || Command::new("ip").args(["nexthop", "show"]).output().map_err(|error| error.to_string());
    let output = host.place.run(list).expect("inside").expect("needs iproute2");
    String::from_utf8_lossy(&output.stdout).lines().count()
}

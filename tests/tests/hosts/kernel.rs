//! What `caracal kernel` says of a table, and what the log does not say ten thousand times.

use rtnetlink::packet_route::route::RouteProtocol;
use serde_json::{Value, json};
use tests::kernel::Way;

use crate::host::Host;
use crate::wires::{cable, foreign};
use tests::programs::prove;

#[test]
fn routes_in_the_way_are_listed_one_by_one_and_logged_together() {
    prove(|| {
        let (mut a, b) = (Host::new("a"), Host::new("b"));
        cable((&a, "eth0", &["10.0.0.1/24"]), (&b, "eth0", &["10.0.0.2/24"]));
        for number in 0..BLOCKS {
            add(&a, number, RouteProtocol::Static);
        }
        a.run(&configuration(BLOCKS + 1));
        a.until("all conflicts", |host| {
            let diverged = host.json(&["kernel", "--summary"])["routes"]["diverged"].clone();
            if diverged == json!(BLOCKS) { Ok(()) } else { Err(diverged) }
        });
        let drift = a.json(&["kernel", "--drift"]);
        assert_eq!(drift.as_array().map(Vec::len), Some(usize::from(BLOCKS)));
        let first = &drift[0];
        assert_eq!((&first["prefix"], &first["standing"]), (&json!("10.1.0.0/24"), &json!("diverged")));
        assert_eq!(first["reason"], json!("a route of protocol 4 (static) holds metric 0"));
        assert_eq!(first["owner"], json!({"protocol": 4, "name": "static", "metric": 0}));
        assert!(first["since"].is_string() && first["refusals"].as_u64() >= Some(1), "{first}");
        assert_eq!(a.ask(&["kernel", "--drift"]).status.code(), Some(1));
        let lines = a.log().lines().filter(|line| line.contains("kernel.conflict")).count();
        assert!((1..=2).contains(&lines), "{}", a.log());

        let summary = a.json(&["kernel", "--summary"]);
        assert_eq!(summary["routes"]["installed"], json!(1));
        assert_eq!((&summary["created"], &summary["latency"]["count"]), (&json!(1), &json!(1)));
        assert!(summary["refusals"]["exists"].as_u64() >= Some(u64::from(BLOCKS)), "{summary}");
        let table = String::from_utf8_lossy(&a.ask(&["kernel", "-o", "wide"]).stdout).into_owned();
        assert!(table.contains(&format!("1 installed, 0 adopted, 0 pending, {BLOCKS} diverged")), "{table}");

        for number in 0..BLOCKS {
            let theirs = foreign(&block(number), Way::OnLink("eth0"), RouteProtocol::Static);
            a.kernel(|kernel| kernel.delete_route(&theirs));
        }
        a.until("no conflict", |host| {
            host.ask(&["kernel", "--drift"]).status.success().then_some(()).ok_or("there are some")
        });
        assert_eq!(a.json(&["kernel"]).as_array().map(Vec::len), Some(usize::from(BLOCKS) + 1));
    });
}

#[test]
fn a_sweep_that_is_held_is_shown_and_let_go_by_hand() {
    prove(|| {
        let (mut a, b) = (Host::new("a"), Host::new("b"));
        cable((&a, "eth0", &["10.0.0.1/24"]), (&b, "eth0", &["10.0.0.2/24"]));
        for number in 0..10 {
            add(&a, number, RouteProtocol::Bird);
        }
        a.run(&configuration(1));
        a.until("the brake", |host| {
            let held = host.json(&["kernel", "--summary"])["held"].clone();
            if held == json!(9) { Ok(()) } else { Err(held) }
        });
        assert!(a.log().contains("--sweep-anyway"), "{}", a.log());
        let adopted = |listed: &Value| {
            let routes = listed.as_array().map(Vec::as_slice).unwrap_or_default();
            routes.iter().filter(|route| route["standing"] == "adopted").count()
        };
        assert_eq!(adopted(&a.json(&["kernel"])), 9);
        assert!(a.ask(&["kernel", "--sweep-anyway"]).status.success());
        a.until_no_route("10.1.9.0/24");
        a.until_route("blackhole 10.1.0.0/24 proto bird");
        assert_eq!(a.ask(&["kernel", "--sweep-anyway"]).status.code(), Some(1), "nothing is held");
    });
}

/// Few enough for every machine, far more than lines of a log.
const BLOCKS: u8 = 200;

fn block(number: u8) -> String {
    format!("10.1.{number}.0/24")
}

fn add(host: &Host, number: u8, protocol: RouteProtocol) {
    let route = foreign(&block(number), Way::OnLink("eth0"), protocol);
    host.kernel(|kernel| kernel.add_route(&route));
}

/// Originates so many blocks.
fn configuration(blocks: u8) -> String {
    let mut text = "asn = 64512\nrouter_id = \"10.0.0.1\"\n[kernel]\nlearn = false\n".to_owned();
    for number in 0..blocks {
        text.push_str(&format!("[[originate]]\nprefix = \"{}\"\n", block(number)));
    }
    text
}

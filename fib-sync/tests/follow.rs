//! What is learned and how next hops are followed, in the real kernel: each test in a network namespace of its own.

#[allow(dead_code, reason = "each test binary uses its part")]
mod namespace;

use fib_sync::{Event, Events, Handle, Origin};
use namespace::{addr, config, event, in_namespace, ip, net, started};

/// Waits until the foreign route of a prefix is learned, or lost.
async fn learned(events: &mut Events, prefix: &str, there: bool) {
    let fits = |event: &Event| match event {
        Event::Learned { prefix: told, origin: Origin::Kernel, .. } => there && *told == net(prefix),
        Event::Lost { prefix: told, origin: Origin::Kernel } => !there && *told == net(prefix),
        _ => false,
    };
    event(events, &format!("{prefix} there: {there}"), fits).await;
}

/// Events have told everything: the view was read once, at start.
async fn never_read_again(handle: &Handle) {
    let counters = handle.snapshot().await.unwrap().counters;
    assert_eq!((counters.dumps, counters.drift), (1, 0), "{counters:?}");
}

#[test]
fn the_last_ipv4_address_takes_the_routes_of_its_interface_along_silently() {
    in_namespace("the_last_ipv4_address_takes_the_routes_of_its_interface_along_silently", || async {
        ip("addr add 10.0.7.1/24 dev up0");
        let (handle, mut events, _) = started(config()).await;
        let routes = [
            "192.0.2.1/32 dev up0",
            "192.0.2.2/32 via 10.0.0.2",
            "192.0.2.3/32 via 172.16.0.1 dev up0 onlink",
        ];
        for route in routes {
            ip(&format!("route add {route} proto static"));
            learned(&mut events, route.split_once(' ').unwrap().0, true).await;
        }
        ip("addr del 10.0.7.1/24 dev up0");
        ip("route add 192.0.2.9/32 dev spare0 proto static");
        learned(&mut events, "192.0.2.9/32", true).await;
        let monitor = namespace::Monitor::start();
        ip("addr del 10.0.0.1/24 dev up0");
        for prefix in ["192.0.2.1/32", "192.0.2.2/32", "192.0.2.3/32"] {
            learned(&mut events, prefix, false).await;
        }
        assert_eq!(namespace::routes("route show proto static"), ["192.0.2.9 dev spare0 scope link"]);
        let told = monitor.lines();
        assert!(!told.iter().any(|line| line.contains("192.0.2.")), "not silent any more: {told:#?}");
        never_read_again(&handle).await;
    });
}

#[test]
fn a_deleted_interface_takes_multipath_routes_along_whole() {
    in_namespace("a_deleted_interface_takes_multipath_routes_along_whole", || async {
        ip("addr add 10.0.1.1/24 dev spare0");
        let (handle, mut events, _) = started(config()).await;
        let both = "nexthop via 10.0.0.2 nexthop via 10.0.1.2";
        ip(&format!("route add 192.0.2.1/32 proto static {both}"));
        learned(&mut events, "192.0.2.1/32", true).await;

        ip("link set spare0 down");
        assert_eq!(namespace::routes("route show proto static").len(), 3, "one path lives on");
        ip("link set spare0 up");
        ip("link del spare0");
        learned(&mut events, "192.0.2.1/32", false).await;
        assert!(namespace::routes("route show proto static").is_empty());
        never_read_again(&handle).await;
    });
}

#[test]
fn an_interface_that_returns_under_its_name_is_another_one() {
    in_namespace("an_interface_that_returns_under_its_name_is_another_one", || async {
        let (handle, mut events, _) = started(config()).await;
        handle.track(addr("10.0.1.2")).await.unwrap();
        for _ in 0..3 {
            ip("addr add 10.0.1.1/24 dev spare0");
            ip("link set spare0 up");
            ip("link set away0 up");
            ip("route add 192.0.2.1/32 dev spare0 proto static");
            learned(&mut events, "192.0.2.1/32", true).await;
            let reached = |event: &Event| matches!(event, Event::Resolved { resolution: Some(_), .. });
            event(&mut events, "reached", reached).await;
            ip("link del spare0");
            learned(&mut events, "192.0.2.1/32", false).await;
            event(&mut events, "lost", |event| matches!(event, Event::Resolved { resolution: None, .. }))
                .await;
            ip("link add spare0 type veth peer name away0");
        }
        never_read_again(&handle).await;
    });
}

#[test]
fn a_renamed_interface_is_told_by_its_new_name() {
    in_namespace("a_renamed_interface_is_told_by_its_new_name", || async {
        let (handle, mut events, _) = started(config()).await;
        ip("route add 192.0.2.1/32 dev up0 proto static");
        learned(&mut events, "192.0.2.1/32", true).await;
        ip("link set up0 name cali0");
        let renamed = |event: &Event| match event {
            Event::Learned { prefix, route, .. } => {
                *prefix == net("192.0.2.1/32") && &*route.hops[0].interface == "cali0"
            }
            _ => false,
        };
        event(&mut events, "by its new name", renamed).await;
        never_read_again(&handle).await;
    });
}

#[test]
fn a_source_address_that_goes_takes_its_routes_along() {
    in_namespace("a_source_address_that_goes_takes_its_routes_along", || async {
        ip("addr add 10.0.0.7/24 dev up0");
        let (handle, mut events, _) = started(config()).await;
        ip("route add 192.0.2.1/32 via 10.0.0.2 src 10.0.0.7 proto static");
        ip("route add 192.0.2.2/32 via 10.0.0.2 proto static");
        learned(&mut events, "192.0.2.2/32", true).await;
        ip("addr del 10.0.0.7/24 dev up0");
        learned(&mut events, "192.0.2.1/32", false).await;
        assert_eq!(namespace::routes("route show proto static"), ["192.0.2.2 via 10.0.0.2 dev up0"]);
        never_read_again(&handle).await;
    });
}

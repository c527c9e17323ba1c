//! What is learned and how next hops are followed, in the real kernel: each test in a network namespace of its own.

use crate::namespace::{self, addr, config, event, in_namespace, ip, net, quiet, started};
use fib_sync::{Config, Event, Events, Handle, KnownHop, NextHop, Origin, Resolution, Route};

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
    in_namespace(|| async {
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
    in_namespace(|| async {
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
    in_namespace(|| async {
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
    in_namespace(|| async {
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
    in_namespace(|| async {
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

/// Waits until a next hop is said to be reached so.
async fn reached(events: &mut Events, next_hop: &NextHop, way: Option<&str>) {
    let fits = |event: &Event| match event {
        Event::Resolved { address, interface, resolution } => {
            *address == next_hop.address
                && *interface == next_hop.interface
                && in_words(resolution.as_ref()).as_deref() == way
        }
        _ => false,
    };
    event(events, &format!("{next_hop:?} is reached by {way:?}"), fits).await;
}

fn in_words(resolution: Option<&Resolution>) -> Option<String> {
    let hop = |KnownHop { gateway, interface }: &KnownHop| match gateway {
        Some(gateway) => format!("via {gateway} dev {interface}"),
        None => format!("dev {interface}"),
    };
    Some(resolution?.hops.iter().map(hop).collect::<Vec<_>>().join(", "))
}

#[test]
fn a_gateway_whose_address_went_reaches_nothing() {
    in_namespace(|| async {
        ip("addr add 10.0.7.1/24 dev up0");
        ip("addr add fd07::1/64 dev up0 nodad");
        ip("route add 172.16.0.0/16 via 10.0.7.2 proto static");
        ip("route add 2001:db8::/32 via fd07::2 proto static");
        // A route straight out of the interface puts its gateway on the link as well.
        ip("route add 10.0.8.8/32 dev up0 scope link proto static");
        ip("route add 172.17.0.0/16 via 10.0.8.8 proto static");
        let (handle, mut events, _) = started(config()).await;
        let far = ["172.16.0.1", "2001:db8::1", "172.17.0.1"].map(|far| NextHop::from(addr(far)));
        for (next_hop, way) in far.iter().zip(["10.0.7.2", "fd07::2", "10.0.8.8"]) {
            handle.track(next_hop.clone()).await.unwrap();
            reached(&mut events, next_hop, Some(&format!("via {way} dev up0"))).await;
        }

        ip("addr del 10.0.7.1/24 dev up0");
        reached(&mut events, &far[0], None).await;
        ip("addr del fd07::1/64 dev up0");
        reached(&mut events, &far[1], None).await;
        ip("route del 10.0.8.8/32 dev up0");
        reached(&mut events, &far[2], None).await;
        let stays = namespace::routes("route show proto static");
        assert_eq!(
            stays,
            ["172.16.0.0/16 via 10.0.7.2 dev up0", "172.17.0.0/16 via 10.0.8.8 dev up0"],
            "the kernel keeps them"
        );
        assert_eq!(namespace::routes("-6 route show proto static").len(), 1);

        ip("addr add 10.0.7.1/24 dev up0");
        reached(&mut events, &far[0], Some("via 10.0.7.2 dev up0")).await;
        never_read_again(&handle).await;
    });
}

#[test]
fn a_next_hop_is_reached_through_a_route_of_ours_that_carries() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        let far = NextHop::from(addr("172.16.5.5"));
        handle.track(far.clone()).await.unwrap();
        reached(&mut events, &far, None).await;
        let route = Route::via(addr("10.0.0.2"));
        handle.want(net("172.16.0.0/16"), Some(route.clone().carrying())).await.unwrap();
        reached(&mut events, &far, Some("via 10.0.0.2 dev up0")).await;
        let written = handle.snapshot().await.unwrap().counters.done;

        // The mark alone writes nothing.
        handle.want(net("172.16.0.0/16"), Some(route.clone())).await.unwrap();
        reached(&mut events, &far, None).await;
        handle.want(net("172.16.0.0/16"), Some(route.carrying())).await.unwrap();
        reached(&mut events, &far, Some("via 10.0.0.2 dev up0")).await;
        assert_eq!(quiet(&handle).await.counters.done, written);

        // Somebody's longer one is better, and one that does not carry is no way at all.
        handle.want(net("172.16.5.5/32"), Some(Route::via(addr("10.0.0.9")))).await.unwrap();
        ip("route add 172.16.5.0/24 via 10.0.0.3 proto static");
        reached(&mut events, &far, Some("via 10.0.0.3 dev up0")).await;
        ip("route del 172.16.5.0/24 proto static");
        reached(&mut events, &far, Some("via 10.0.0.2 dev up0")).await;
        ip("link set up0 down");
        reached(&mut events, &far, None).await;
    });
}

#[test]
fn a_link_local_next_hop_is_followed_on_its_interface() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        let [up, spare, later] = ["up0", "spare0", "cali0"].map(|name| NextHop::over(addr("fe80::1"), name));
        for (next_hop, way) in [(&up, Some("dev up0")), (&spare, Some("dev spare0")), (&later, None)] {
            handle.track(next_hop.clone()).await.unwrap();
            reached(&mut events, next_hop, way).await;
        }
        // Nobody knows which link is meant.
        handle.track(addr("fe80::1")).await.unwrap();
        reached(&mut events, &addr("fe80::1").into(), None).await;

        ip("link set up0 down");
        reached(&mut events, &up, None).await;
        ip("link set up0 name cali0 up");
        reached(&mut events, &later, Some("dev cali0")).await;
        ip("link del spare0");
        reached(&mut events, &spare, None).await;
        handle.untrack(later.clone()).await.unwrap();
        never_read_again(&handle).await;
    });
}

#[test]
fn a_default_route_reaches_next_hops_where_it_may() {
    in_namespace(|| async {
        ip("route add default via 10.0.0.2 proto static");
        let far = NextHop::from(addr("203.0.113.1"));
        for (over_default, way) in [(true, Some("via 10.0.0.2 dev up0")), (false, None)] {
            let (handle, mut events, _) = started(Config { over_default, ..config() }).await;
            handle.track(far.clone()).await.unwrap();
            reached(&mut events, &far, way).await;
        }
    });
}

/// As NetworkManager writes every address.
#[test]
fn an_address_without_its_prefix_connects_where_somebody_writes_the_route() {
    async fn connected(events: &mut Events, there: bool) {
        let fits = |event: &Event| match event {
            Event::Learned { prefix, origin: Origin::Direct, .. } => there && *prefix == net("10.7.0.0/24"),
            Event::Lost { prefix, origin: Origin::Direct } => !there && *prefix == net("10.7.0.0/24"),
            _ => false,
        };
        event(events, &format!("connected: {there}"), fits).await;
    }
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        ip("route add 10.7.0.0/24 dev up0 proto kernel scope link metric 100");
        ip("route add 192.0.2.0/24 dev up0 proto static");
        learned(&mut events, "192.0.2.0/24", true).await;
        for _ in 0..2 {
            ip("addr add 10.7.0.1/24 dev up0 noprefixroute");
            connected(&mut events, true).await;
            ip("addr del 10.7.0.1/24 dev up0");
            connected(&mut events, false).await;
        }
        ip("addr add 10.7.0.1/24 dev up0 noprefixroute");
        connected(&mut events, true).await;
        ip("route del 10.7.0.0/24 dev up0 proto kernel");
        connected(&mut events, false).await;
        ip("route add 10.7.0.0/24 dev up0 proto kernel scope link metric 100");
        connected(&mut events, true).await;
        never_read_again(&handle).await;
        let (_later, _events, before) = started(config()).await;
        let connects = |event: &Event| matches!(event, Event::Learned { prefix, origin: Origin::Direct, .. } if *prefix == net("10.7.0.0/24"));
        assert!(before.iter().any(connects), "{before:?}");
    });
}

#[test]
fn the_far_end_of_a_tunnel_is_connected() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        let far = NextHop::from(addr("10.9.0.2"));
        handle.track(far.clone()).await.unwrap();
        reached(&mut events, &far, None).await;
        ip("addr add 10.9.0.1 peer 10.9.0.2/32 dev spare0");
        reached(&mut events, &far, Some("dev spare0")).await;

        // A gateway that only `onlink` puts there.
        ip("route add 10.10.0.0/16 via 192.0.2.77 dev spare0 onlink proto static");
        let behind = NextHop::from(addr("10.10.0.1"));
        handle.track(behind.clone()).await.unwrap();
        reached(&mut events, &behind, Some("via 192.0.2.77 dev spare0")).await;
        ip("addr del 10.9.0.1 peer 10.9.0.2/32 dev spare0");
        reached(&mut events, &far, None).await;
        // With the last IPv4 address went the route.
        reached(&mut events, &behind, None).await;
        never_read_again(&handle).await;
    });
}

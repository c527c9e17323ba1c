//! What the real kernel refuses, by meaning and in its own words, and whose routes are in the way.

use std::io::ErrorKind;

use crate::namespace::{self, addr, config, event, in_namespace, ip, ip_batch, net, quiet, routes, started};
use fib_sync::model::Probe;
use fib_sync::{Event, Handle, Hop, Meddled, Owner, Refused, Route, SnapshotRoute, Standing};
use rtnetlink::packet_core::{DefaultNla, NLM_F_CREATE};
use rtnetlink::packet_route::route::{RouteAddress, RouteAttribute, RouteMessage};
use rtnetlink::packet_route::{AddressFamily, RouteNetlinkMessage};

/// The wish, the kind of its refusal, and the kernel's words.
type Case = (&'static str, Route, &'static str, &'static str);

fn refused_in_ipv4() -> Vec<Case> {
    let via = |gateway: &str| Route::via(addr(gateway));
    let invalid = "Nexthop has invalid gateway";
    vec![
        ("192.0.2.0/32", via("172.16.0.1"), "no-such-next-hop", invalid),
        ("192.0.2.1/32", via("10.0.0.255"), "no-such-next-hop", invalid),
        ("192.0.2.3/32", via("fe80::1"), "no-device", "Egress device not specified"),
        ("192.0.2.4/32", Route::unicast([Hop::device("down0")]), "no-device", "Device for nexthop is not up"),
        (
            "192.0.2.5/32",
            Route::unicast([Hop::via(addr("172.16.0.1")).over("down0").onlink()]),
            "no-device",
            "Nexthop device is not up",
        ),
        ("192.0.2.6/32", Route::unicast([Hop::device("none0")]), "no-device", "none0"),
        ("192.0.2.7/32", via("10.0.0.2").from(addr("10.9.9.9")), "no-such-source", "Invalid prefsrc address"),
        ("192.0.2.8/32", Route::unicast([]), "invalid", "no hops"),
    ]
}

fn refused_in_ipv6() -> Vec<Case> {
    let via = |gateway: &str| Route::via(addr(gateway));
    vec![
        ("2001:db8::0/128", via("2001:db8:9::1"), "no-such-next-hop", "No route to host"),
        ("2001:db8::1/128", via("fd00::1"), "no-such-next-hop", "Gateway can not be a local address"),
        ("2001:db8::2/128", via("fe80::1"), "no-device", "Egress device not specified"),
        ("2001:db8::3/128", Route::unicast([Hop::device("down0")]), "no-device", "Nexthop device is not up"),
        ("2001:db8::4/128", via("fd00::2").from(addr("fd00::9")), "no-such-source", "Invalid source address"),
    ]
}

#[test]
fn every_refusal_has_a_meaning_and_the_kernels_words() {
    in_namespace(|| async {
        ip("link add down0 type veth peer name below0");
        ip("link set below0 up");
        let (handle, _events, _) = started(config()).await;
        let cases = [refused_in_ipv4(), refused_in_ipv6()].concat();
        for (prefix, wish, ..) in &cases {
            handle.want(net(prefix), Some(wish.clone())).await.unwrap();
        }
        let listed = listed(&handle, cases.len()).await;
        let told: Vec<String> = cases.iter().map(|(prefix, ..)| of(&listed, prefix)).collect();
        let expected: Vec<String> =
            cases.iter().map(|(prefix, _, kind, text)| format!("{} {kind}: {text}", net(prefix))).collect();
        assert_eq!(told, expected);
        let counters = handle.metrics().await.unwrap().counters;
        assert!(counters.refusals["no-such-next-hop"] >= 4, "{counters:?}");
        assert_eq!(handle.metrics().await.unwrap().gauges.diverged, cases.len());
    });
}

/// What is listed once so many wishes have been taken and decided about.
async fn listed(handle: &Handle, count: usize) -> Vec<SnapshotRoute> {
    loop {
        let listed = quiet(handle).await.routes;
        if listed.len() == count {
            return listed;
        }
    }
}

/// What is listed of a prefix: kind and text of its refusal.
fn of(listed: &[SnapshotRoute], prefix: &str) -> String {
    let route = listed.iter().find(|route| route.prefix == net(prefix)).expect("it is listed");
    match &route.standing {
        Standing::Diverged(refused) => {
            let text = refused.to_string();
            let words = text.split_once(": ").map_or(text.as_str(), |(_, words)| words);
            format!("{} {}: {words}", route.prefix, refused.kind())
        }
        other => format!("{} {other:?}", route.prefix),
    }
}

/// IPv6 refuses an own address as gateway, IPv4 does not (`fib_check_nh_v4_gw` lets `RTN_LOCAL` pass).
#[test]
fn an_own_address_is_a_gateway_in_ipv4() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        handle.want(net("192.0.2.0/24"), Some(Route::via(addr("10.0.0.1")))).await.unwrap();
        assert_eq!(listed(&handle, 1).await[0].standing, Standing::Installed);
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 10.0.0.1 dev up0 metric 50"]);
    });
}

#[test]
fn host_bits_are_cut_off_before_the_kernel_sees_them() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        for wished in ["192.0.2.7/24", "2001:db8::7/32"] {
            handle.want(net(wished), Some(Route::blackhole())).await.unwrap();
        }
        let prefixes: Vec<_> = listed(&handle, 2).await.iter().map(|route| route.prefix).collect();
        assert_eq!(prefixes, [net("192.0.2.0/24"), net("2001:db8::/32")]);
        assert_eq!(routes("route show proto bird"), ["blackhole 192.0.2.0/24 metric 50"]);
    });
}

#[test]
fn a_wish_is_met_once_what_refused_it_has_changed() {
    in_namespace(|| async {
        ip("link add down0 type veth peer name below0");
        ip("link set below0 up");
        let (handle, mut events, _) = started(config()).await;
        let over_down = Route::unicast([Hop::via(addr("172.16.0.1")).over("down0").onlink()]);
        let from = |gateway: &str, source: &str| Route::via(addr(gateway)).from(addr(source));
        let wishes = [
            ("192.0.2.0/24", over_down, "link set down0 up"),
            ("198.51.100.0/24", from("10.0.0.2", "10.9.9.9"), "addr add 10.9.9.9/32 dev up0"),
            ("2001:db8::/32", from("fd00::2", "fd00::9"), "addr add fd00::9/128 dev up0 nodad"),
            ("2001:db8:1::/48", Route::via(addr("fd01::2")), "addr add fd01::1/64 dev spare0 nodad"),
        ];
        for (prefix, wish, remedy) in wishes {
            handle.want(net(prefix), Some(wish)).await.unwrap();
            event(&mut events, prefix, |e| matches!(e, Event::Diverged { .. })).await;
            ip(remedy);
            event(&mut events, remedy, |e| *e == Event::Healed { prefix: net(prefix) }).await;
        }
        assert_eq!(handle.metrics().await.unwrap().gauges.diverged, 0);
    });
}

#[test]
fn a_foreign_route_behind_ours_is_left_alone_and_one_in_front_is_reported() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        let prefix = net("192.0.2.0/24");
        let foreign = || routes("route show 192.0.2.0/24 proto static");
        let want = |gateway: &str| handle.want(prefix, Some(Route::via(addr(gateway))));
        let shown = || async { quiet(&handle).await.routes.remove(0) };
        let owner = Some(Owner { protocol: 4, metric: 50 });
        want("10.0.0.2").await.unwrap();
        listed(&handle, 1).await;

        ip("route append 192.0.2.0/24 via 10.0.0.9 proto static metric 50");
        while shown().await.hides != owner {}
        want("10.0.0.3").await.unwrap();
        let replaced = Some(Route::unicast([Hop::via(addr("10.0.0.3")).over("up0")]).at(50));
        while shown().await.installed != replaced {}
        assert_eq!(foreign(), ["192.0.2.0/24 via 10.0.0.9 dev up0 metric 50"]);
        let bird = routes("route show 192.0.2.0/24 proto bird");
        assert_eq!(bird, ["192.0.2.0/24 via 10.0.0.3 dev up0 metric 50"], "replaced, it is the first");

        ip("route del 192.0.2.0/24 proto static");
        ip("route prepend 192.0.2.0/24 via 10.0.0.9 proto static metric 50");
        while shown().await.hidden_by != owner {}
        want("10.0.0.2").await.unwrap();
        let told = event(&mut events, "conflict", |e| matches!(e, Event::Diverged { .. })).await;
        assert_eq!(told, Event::Diverged { prefix, refused: Refused::Exists { protocol: 4, metric: 50 } });
        assert_eq!(foreign(), ["192.0.2.0/24 via 10.0.0.9 dev up0 metric 50"]);

        ip("route del 192.0.2.0/24 proto static");
        event(&mut events, "healed", |e| *e == Event::Healed { prefix }).await;
        assert_eq!(
            routes("route show 192.0.2.0/24"),
            ["192.0.2.0/24 via 10.0.0.2 dev up0 proto bird metric 50"]
        );
    });
}

#[test]
fn a_foreign_route_of_another_metric_is_no_conflict_and_is_shown() {
    in_namespace(|| async {
        let families =
            [("", "192.0.2.0/24", "10.0.0.9", "10.0.0.2"), ("-6 ", "2001:db8::/32", "fd00::9", "fd00::2")];
        for (family, prefix, theirs, _) in families {
            ip(&format!("{family}route add {prefix} via {theirs} proto static metric 9"));
        }
        ip("route add 198.51.100.0/24 via 10.0.0.9 proto static metric 99");
        let before = (routes("route show proto static"), routes("-6 route show proto static"));
        let (handle, _events, _) = started(config()).await;
        for (_, prefix, _, gateway) in families {
            handle.want(net(prefix), Some(Route::via(addr(gateway)))).await.unwrap();
        }
        handle.want(net("198.51.100.0/24"), Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        let listed = listed(&handle, 3).await;
        assert!(listed.iter().all(|route| route.standing == Standing::Installed), "{listed:#?}");
        let overlaps: Vec<_> = listed.iter().map(|route| (route.hidden_by, route.hides)).collect();
        let owner = |metric| Some(Owner { protocol: 4, metric });
        assert_eq!(overlaps, [(owner(9), None), (None, owner(99)), (owner(9), None)]);
        handle.remove_all().await.unwrap();
        assert_eq!((routes("route show proto static"), routes("-6 route show proto static")), before);
    });
}

#[test]
fn nothing_is_put_in_front_of_a_connected_prefix() {
    in_namespace(|| async {
        // As network managers give it, behind what we would write; IPv6 has 256 by itself.
        ip("addr add 10.7.0.1/24 dev up0 metric 100");
        let before = (routes("route show 10.7.0.0/24"), routes("-6 route show fd00::/64"));
        let (handle, mut events, _) = started(config()).await;
        for (prefix, gateway, metric) in [("10.7.0.0/24", "10.0.0.2", 100), ("fd00::/64", "fd00::2", 256)] {
            handle.want(net(prefix), Some(Route::via(addr(gateway)))).await.unwrap();
            let told = event(&mut events, "conflict", |e| matches!(e, Event::Diverged { .. })).await;
            let refused = Refused::Exists { protocol: 2, metric };
            assert_eq!(told, Event::Diverged { prefix: net(prefix), refused });
        }
        assert_eq!((routes("route show 10.7.0.0/24"), routes("-6 route show fd00::/64")), before);
        ip("addr del 10.7.0.1/24 dev up0");
        event(&mut events, "healed", |e| *e == Event::Healed { prefix: net("10.7.0.0/24") }).await;
        assert_eq!(
            routes("route show 10.7.0.0/24"),
            ["10.7.0.0/24 via 10.0.0.2 dev up0 proto bird metric 50"]
        );
        // Nor does one that appears behind a route of ours stay behind it.
        ip("addr add 10.7.0.1/24 dev up0 metric 100");
        let refused = Refused::Exists { protocol: 2, metric: 100 };
        let told = Event::Diverged { prefix: net("10.7.0.0/24"), refused };
        event(&mut events, "conflict", |e| *e == told).await;
        assert_eq!(routes("route show 10.7.0.0/24"), before.0);
    });
}

/// No request of ours makes the kernel do so, as far as we know: one whose attribute is too short does.
#[test]
fn a_refusal_names_the_attribute_that_the_kernel_points_at() {
    in_namespace(|| async {
        let mut route = RouteMessage::default();
        route.header.address_family = AddressFamily::Inet;
        route.header.destination_prefix_length = 32;
        route.attributes.push(RouteAttribute::Destination(RouteAddress::Inet([192, 0, 2, 1].into())));
        route.attributes.push(RouteAttribute::Other(DefaultNla::new(RTA_OIF, vec![1, 2])));
        let mut kernel = Probe::open().expect("a socket");
        let answer = kernel.ask(RouteNetlinkMessage::NewRoute(route), NLM_F_CREATE).expect("an answer");
        let refused = answer.expect_err("an interface has four octets");
        assert!(refused.to_string().ends_with(" (RTA_OIF)"), "{refused}");
    });
}

#[test]
fn a_protocol_that_is_somebody_elses_is_refused() {
    in_namespace(|| async {
        ip("route add 192.0.2.0/24 via 10.0.0.9 proto 80");
        for protocol in [0, 1, 2, 3, 4, 80] {
            let error = fib_sync::start(fib_sync::Config::new(254, protocol, 50)).expect_err("not ours");
            assert_eq!(error.kind(), ErrorKind::InvalidInput, "{error}");
        }
        let (handle, _events, _) = started(config()).await;
        let mut other = config();
        other.protocol = 80;
        assert!(handle.reconfigure(other).await.is_err());
        handle.remove_all().await.unwrap();
        assert_eq!(routes("route show proto 80"), ["192.0.2.0/24 via 10.0.0.9 dev up0"]);
    });
}

#[test]
fn routes_move_to_another_metric_without_a_gap() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        handle.want(net("192.0.2.0/24"), Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        handle.want(net("2001:db8::/32"), Some(Route::via(addr("fd00::2")))).await.unwrap();
        listed(&handle, 2).await;
        let monitor = namespace::Monitor::start();
        handle.reconfigure(fib_sync::Config { metric: 60, ..config() }).await.unwrap();
        handle.stop().await.unwrap();
        let told: Vec<String> = monitor.ours().iter().map(|line| line.replace(" proto bird", "")).collect();
        let expected = [
            "192.0.2.0/24 via 10.0.0.2 dev up0 metric 60",
            "2001:db8::/32 via fd00::2 dev up0 metric 60 pref medium",
            "Deleted 192.0.2.0/24 via 10.0.0.2 dev up0 metric 50",
            "Deleted 2001:db8::/32 via fd00::2 dev up0 metric 50 pref medium",
        ];
        assert_eq!(told, expected);
    });
}

#[test]
fn an_earlier_form_gives_way_to_a_foreign_route_and_outlives_a_refusal() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        let wishes = [("192.0.2.0/24", "10.0.0.2", "172.16.0.1"), ("2001:db8::/32", "fd00::2", "fd09::1")];
        for (prefix, gateway, nowhere) in wishes {
            let family = if prefix.contains(':') { "-6" } else { "-4" };
            let shown = |proto: &str| routes(&format!("{family} route show {prefix} proto {proto}"));
            handle.want(net(prefix), Some(Route::via(addr(gateway)))).await.unwrap();
            quiet(&handle).await;
            let ours = shown("bird");

            handle.want(net(prefix), Some(Route::via(addr(nowhere)).at(60))).await.unwrap();
            event(&mut events, "refused", |e| matches!(e, Event::Diverged { .. })).await;
            assert_eq!(shown("bird"), ours, "the prefix keeps its route");

            ip(&format!("{family} route add {prefix} via {gateway} proto static metric 60"));
            let refused = Refused::Exists { protocol: 4, metric: 60 };
            let told = Event::Diverged { prefix: net(prefix), refused };
            event(&mut events, "a conflict", |e| *e == told).await;
            assert_eq!((shown("bird").len(), shown("static").len()), (0, 1));
        }
    });
}

#[test]
fn whoever_removes_our_route_whenever_they_see_it_is_told_of_and_answered_with_pauses() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        for (prefix, gateway) in [("192.0.2.0/24", "10.0.0.2"), ("2001:db8::/32", "fd00::2")] {
            let before = handle.metrics().await.unwrap().counters.created;
            handle.want(net(prefix), Some(Route::via(addr(gateway)))).await.unwrap();
            let refused = loop {
                ip_batch(&format!("route del {prefix} proto bird\n"));
                quiet(&handle).await;
                if let Some(Event::Diverged { refused, .. }) = events.try_next() {
                    break refused;
                }
            };
            assert_eq!(refused, Refused::Contested { times: 6, meddled: Meddled::Removed });
            let created = handle.metrics().await.unwrap().counters.created - before;
            assert!(created <= 6, "{created} times although it was undone each time");
            event(&mut events, "the end of the fight", |e| *e == Event::Healed { prefix: net(prefix) }).await;
            assert_eq!(quiet(&handle).await.routes.last().unwrap().standing, Standing::Installed);
        }
        assert_eq!(handle.metrics().await.unwrap().counters.refusals["contested"], 2);
    });
}

const RTA_OIF: u16 = 4;

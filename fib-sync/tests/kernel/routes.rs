//! Wishes and what becomes of them in the real kernel.

use crate::namespace::{self, addr, config, event, in_namespace, ip, net, quiet, routes, started};
use fib_sync::{Event, Hop, Refused, Route};

#[test]
fn a_wish_is_installed_replaced_in_place_and_removed() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        let monitor = namespace::Monitor::start();
        handle.want(net("192.0.2.0/24"), Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        handle.want(net("2001:db8::/32"), Some(Route::via(addr("fd00::2")))).await.unwrap();
        quiet(&handle).await;
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 10.0.0.2 dev up0 metric 50"]);
        assert_eq!(
            routes("-6 route show proto bird"),
            ["2001:db8::/32 via fd00::2 dev up0 metric 50 pref medium"]
        );

        handle.want(net("192.0.2.0/24"), Some(Route::via(addr("10.0.0.3")))).await.unwrap();
        handle.want(net("2001:db8::/32"), Some(Route::blackhole())).await.unwrap();
        quiet(&handle).await;
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 10.0.0.3 dev up0 metric 50"]);
        assert_eq!(
            routes("-6 route show proto bird"),
            ["blackhole 2001:db8::/32 dev lo metric 50 pref medium"]
        );
        let told = monitor.ours();
        assert!(!told.iter().any(|line| line.contains("Deleted")), "replaced by removing: {told:#?}");

        handle.want(net("192.0.2.0/24"), None).await.unwrap();
        handle.want(net("2001:db8::/32"), None).await.unwrap();
        quiet(&handle).await;
        assert!(routes("route show proto bird").is_empty());
        assert!(routes("-6 route show proto bird").is_empty());
    });
}

#[test]
fn every_form_of_route_reaches_the_kernel() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        let via = |gateway: &str| Hop::via(addr(gateway));
        let wishes = [
            ("192.0.2.0/32", Route::blackhole()),
            ("192.0.2.1/32", Route::new(fib_sync::Forwarding::Unreachable)),
            ("192.0.2.2/32", Route::new(fib_sync::Forwarding::Prohibit)),
            ("192.0.2.3/32", Route::unicast([via("172.16.0.1").over("spare0").onlink()])),
            ("192.0.2.4/32", Route::unicast([via("10.0.0.2").weighing(2), via("10.0.0.3")])),
            ("192.0.2.5/32", Route::unicast([via("fd00::2").over("up0")])),
            ("192.0.2.6/32", Route::unicast([Hop::device("up0")])),
            ("192.0.2.7/32", Route::via(addr("10.0.0.2")).from(addr("10.0.0.1")).at(7)),
            ("192.0.2.8/32", Route::unicast([via("10.0.0.2"), via("fd00::2").over("up0")])),
            ("2001:db8::1/128", Route::unicast([via("fd00::2"), via("fd00::3").weighing(3)])),
            ("2001:db8::2/128", Route::new(fib_sync::Forwarding::Unreachable)),
            ("2001:db8::3/128", Route::via(addr("fd00::2")).at(0)),
        ];
        for (prefix, route) in wishes {
            handle.want(net(prefix), Some(route)).await.unwrap();
        }
        let snapshot = quiet(&handle).await;
        for route in &snapshot.routes {
            assert_eq!(route.standing, fib_sync::Standing::Installed, "{route:#?}");
        }
        assert_eq!(
            routes("-o route show proto bird"),
            [
                "blackhole 192.0.2.0 metric 50",
                "unreachable 192.0.2.1 metric 50",
                "prohibit 192.0.2.2 metric 50",
                "192.0.2.3 via 172.16.0.1 dev spare0 metric 50 onlink",
                "192.0.2.4 metric 50 \\\tnexthop via 10.0.0.2 dev up0 weight 2 \\\tnexthop via 10.0.0.3 dev up0 weight 1",
                "192.0.2.5 via inet6 fd00::2 dev up0 metric 50",
                "192.0.2.6 dev up0 scope link metric 50",
                "192.0.2.7 via 10.0.0.2 dev up0 src 10.0.0.1 metric 7",
                "192.0.2.8 metric 50 \\\tnexthop via 10.0.0.2 dev up0 weight 1 \\\tnexthop via inet6 fd00::2 dev up0 weight 1",
            ]
        );
        assert_eq!(
            routes("-6 -o route show proto bird"),
            [
                "2001:db8::1 metric 50 pref medium\\\tnexthop via fd00::2 dev up0 weight 1 \\\tnexthop via fd00::3 dev up0 weight 3",
                "unreachable 2001:db8::2 dev lo metric 50 pref medium",
                "2001:db8::3 via fd00::2 dev up0 metric 1024 pref medium",
            ]
        );
    });
}

#[test]
fn a_refusal_is_told_by_meaning_and_once() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        handle.want(net("192.0.2.0/24"), Some(Route::via(addr("172.16.0.1")))).await.unwrap();
        let told = event(&mut events, "diverged", |e| matches!(e, Event::Diverged { .. })).await;
        let Event::Diverged { prefix, refused: Refused::NoSuchNextHop { text } } = told else {
            panic!("{told:?}");
        };
        assert_eq!((prefix, text.as_str()), (net("192.0.2.0/24"), "Nexthop has invalid gateway"));

        ip("addr add 172.16.0.2/24 dev spare0");
        let healed = event(&mut events, "healed", |e| matches!(e, Event::Healed { .. })).await;
        assert_eq!(healed, Event::Healed { prefix: net("192.0.2.0/24") });
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 172.16.0.1 dev spare0 metric 50"]);
    });
}

#[test]
fn a_foreign_route_is_never_touched() {
    in_namespace(|| async {
        // Same prefix at another metric, the same key in both families, and an appended twin behind.
        ip("route add 192.0.2.0/24 via 10.0.0.9 proto static metric 9");
        ip("route add 198.51.100.0/24 via 10.0.0.9 proto static metric 50");
        ip("-6 route add 2001:db8::/32 via fd00::9 proto static metric 50");
        let foreign = || (routes("route show proto static"), routes("-6 route show proto static"));
        let before = foreign();
        let (handle, mut events, _) = started(config()).await;
        for prefix in ["192.0.2.0/24", "198.51.100.0/24"] {
            handle.want(net(prefix), Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        }
        handle.want(net("2001:db8::/32"), Some(Route::via(addr("fd00::2")))).await.unwrap();
        quiet(&handle).await;
        for prefix in ["198.51.100.0/24", "2001:db8::/32"] {
            let told = event(&mut events, "conflict", |e| matches!(e, Event::Diverged { .. })).await;
            let refused = Refused::Exists { protocol: 4, metric: 50 };
            assert_eq!(told, Event::Diverged { prefix: net(prefix), refused });
        }
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 10.0.0.2 dev up0 metric 50"]);
        assert_eq!(foreign(), before);

        ip("route del 198.51.100.0/24 proto static");
        ip("-6 route del 2001:db8::/32 proto static");
        for prefix in ["198.51.100.0/24", "2001:db8::/32"] {
            let healed = event(&mut events, "healed", |e| matches!(e, Event::Healed { .. })).await;
            assert_eq!(healed, Event::Healed { prefix: net(prefix) });
        }
        handle.remove_all().await.unwrap();
        assert!(routes("route show proto bird").is_empty());
        assert_eq!(routes("route show proto static"), before.0[..1]);
    });
}

#[test]
fn a_restart_adopts_without_removing_anything_that_stays() {
    in_namespace(|| async {
        let prefixes: Vec<_> = (0..100).map(|i| net(&format!("192.0.2.{i}/32"))).collect();
        let route = || Some(Route::via(addr("10.0.0.2")));
        let (handle, _events, _) = started(config()).await;
        for prefix in &prefixes {
            handle.want(*prefix, route()).await.unwrap();
        }
        handle.want(net("2001:db8::/32"), Some(Route::blackhole())).await.unwrap();
        handle.stop().await.unwrap();
        assert_eq!(routes("route show proto bird").len(), 100, "a stop leaves the routes");

        let monitor = namespace::Monitor::start();
        let (handle, mut events, _) = started(config()).await;
        let changed = Some(Route::via(addr("10.0.0.3")));
        for (i, prefix) in prefixes.iter().enumerate().take(80) {
            handle.want(*prefix, if i == 0 { changed.clone() } else { route() }).await.unwrap();
        }
        handle.want(net("2001:db8::/32"), Some(Route::blackhole())).await.unwrap();
        quiet(&handle).await;
        assert_eq!(routes("route show proto bird").len(), 100, "nothing is swept before settle");
        handle.settle().await.unwrap();
        let swept = event(&mut events, "swept", |e| matches!(e, Event::Swept(_))).await;
        assert_eq!(swept, Event::Swept(fib_sync::Sweep { adopted: 101, stale: 20, held: false }));
        quiet(&handle).await;
        assert_eq!(routes("route show proto bird").len(), 80);

        let (deleted, written): (Vec<String>, Vec<String>) =
            monitor.ours().into_iter().partition(|line| line.contains("Deleted"));
        assert_eq!(deleted.len(), 20, "{deleted:#?}");
        assert_eq!(written, ["192.0.2.0 via 10.0.0.3 dev up0 proto bird metric 50"]);
    });
}

#[test]
fn the_brake_holds_a_sweep_that_is_too_large() {
    in_namespace(|| async {
        for i in 0..10 {
            ip(&format!("route add 192.0.2.{i}/32 via 10.0.0.2 proto bird metric 50"));
        }
        let (handle, mut events, _) = started(config()).await;
        handle.want(net("192.0.2.0/32"), Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        handle.settle().await.unwrap();
        let swept = event(&mut events, "swept", |e| matches!(e, Event::Swept(_))).await;
        assert_eq!(swept, Event::Swept(fib_sync::Sweep { adopted: 10, stale: 9, held: true }));
        quiet(&handle).await;
        assert_eq!(routes("route show proto bird").len(), 10);

        handle.sweep_anyway().await.unwrap();
        handle.stop().await.unwrap();
        assert_eq!(routes("route show proto bird"), ["192.0.2.0 via 10.0.0.2 dev up0 metric 50"]);
    });
}

#[test]
fn foreign_routes_are_learned_and_lost_by_event() {
    in_namespace(|| async {
        ip("link set up0 name cali0");
        ip("link set spare0 name kube-ipvs0");
        ip("route add 10.244.0.7/32 dev cali0 scope link proto 80");
        ip("route add 10.96.0.1/32 dev kube-ipvs0 scope link proto static");
        let mut config = config();
        config.learn_exclude = vec!["kube-ipvs*".into()];
        config.direct_exclude = vec!["cali*".into()];
        let (_handle, mut events, before) = started(config).await;
        let expected = |protocol| fib_sync::LearnedRoute {
            kind: fib_sync::LearnedKind::Unicast,
            hops: vec![fib_sync::KnownHop { gateway: None, interface: "cali0".into() }],
            metric: 0,
            protocol,
            scope: 253,
        };
        let learned = |prefix: &str, protocol| Event::Learned {
            prefix: net(prefix),
            origin: fib_sync::Origin::Kernel,
            route: expected(protocol),
        };
        assert_eq!(before, [learned("10.244.0.7/32", 80)], "neither noise nor what is excluded");

        ip("route add 10.244.0.8/32 dev cali0 scope link proto static");
        ip("route add 10.96.0.2/32 dev kube-ipvs0 scope link proto static");
        assert_eq!(events.next().await.unwrap(), learned("10.244.0.8/32", 4));
        ip("route del 10.244.0.7/32");
        let lost = Event::Lost { prefix: net("10.244.0.7/32"), origin: fib_sync::Origin::Kernel };
        assert_eq!(events.next().await.unwrap(), lost);

        // The kernel removes the IPv4 routes of an interface without a word.
        ip("link set cali0 down");
        let lost = Event::Lost { prefix: net("10.244.0.8/32"), origin: fib_sync::Origin::Kernel };
        assert_eq!(events.next().await.unwrap(), lost);
    });
}

#[test]
fn a_connected_prefix_is_learned_while_its_interface_runs() {
    in_namespace(|| async {
        let (_handle, mut events, before) = started(config()).await;
        let prefixes: Vec<String> = before
            .iter()
            .map(|event| match event {
                Event::Learned { prefix, origin: fib_sync::Origin::Direct, route } => {
                    format!("{prefix} {}", route.hops[0].interface)
                }
                other => panic!("{other:?}"),
            })
            .collect();
        assert_eq!(prefixes, ["10.0.0.0/24 up0", "fd00::/64 up0"]);

        ip("link set up0 down");
        let lost = |prefix| Event::Lost { prefix: net(prefix), origin: fib_sync::Origin::Direct };
        event(&mut events, "lost", |e| *e == lost("10.0.0.0/24")).await;
        ip("link set up0 up");
        let is_back = |e: &Event| matches!(e, Event::Learned { prefix, .. } if *prefix == net("10.0.0.0/24"));
        event(&mut events, "back", is_back).await;
        ip("addr del 10.0.0.1/24 dev up0");
        event(&mut events, "lost for good", |e| *e == lost("10.0.0.0/24")).await;
    });
}

#[test]
fn a_tracked_next_hop_goes_and_returns() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        let resolved = |address: &str, resolution| Event::Resolved {
            address: addr(address),
            interface: None,
            resolution,
        };
        let over = |metric, gateway: Option<&str>| {
            let hop = fib_sync::KnownHop { gateway: gateway.map(addr), interface: "up0".into() };
            Some(fib_sync::Resolution { metric, hops: vec![hop] })
        };
        let is_answer = |e: &Event| matches!(e, Event::Resolved { .. });
        for (address, answer) in [("10.0.0.1", None), ("10.0.0.2", over(0, None)), ("172.16.5.5", None)] {
            handle.track(addr(address)).await.unwrap();
            assert_eq!(event(&mut events, address, is_answer).await, resolved(address, answer));
        }

        // Through a foreign route, but never through one of ours.
        handle.want(net("172.16.5.0/24"), Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        quiet(&handle).await;
        ip("route add 172.16.0.0/16 via 10.0.0.3 proto static metric 5");
        let far = event(&mut events, "far, routed", is_answer).await;
        assert_eq!(far, resolved("172.16.5.5", over(5, Some("10.0.0.3"))));

        ip("link set up0 down");
        event(&mut events, "gone", |e| *e == resolved("10.0.0.2", None)).await;
        event(&mut events, "far gone", |e| *e == resolved("172.16.5.5", None)).await;
        ip("link set up0 up");
        event(&mut events, "back", |e| *e == resolved("10.0.0.2", over(0, None))).await;
        handle.untrack(addr("10.0.0.2")).await.unwrap();
    });
}

#[test]
fn our_routes_come_back_with_their_link() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        let prefix = net("192.0.2.0/24");
        handle.want(prefix, Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        quiet(&handle).await;
        ip("link set up0 down");
        event(&mut events, "diverged", |e| matches!(e, Event::Diverged { .. })).await;
        ip("link set up0 up");
        event(&mut events, "healed", |e| *e == Event::Healed { prefix }).await;
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 10.0.0.2 dev up0 metric 50"]);
    });
}

#[test]
fn what_somebody_removes_is_put_back() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        handle.want(net("192.0.2.0/24"), Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        quiet(&handle).await;
        let done = handle.snapshot().await.unwrap().counters.done;
        ip("route del 192.0.2.0/24 proto bird");
        while handle.snapshot().await.unwrap().counters.done == done {
            tokio::task::yield_now().await;
        }
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 10.0.0.2 dev up0 metric 50"]);
    });
}

#[test]
fn a_table_that_does_not_exist_yet_is_an_empty_one() {
    in_namespace(|| async {
        let (handle, _events, _) = started(fib_sync::Config::new(4711, 186, 0)).await;
        handle.want(net("192.0.2.0/24"), Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        handle.stop().await.unwrap();
        assert_eq!(routes("route show table 4711"), ["192.0.2.0/24 via 10.0.0.2 dev up0 proto bgp"]);
    });
}

#[test]
fn twenty_thousand_routes_are_a_matter_of_a_moment() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        let begin = std::time::Instant::now();
        for i in 0..20_000_u32 {
            let prefix = net(&format!("100.{}.{}.0/28", i >> 8 & 0xff, i & 0xff));
            handle.want(prefix, Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        }
        handle.stop().await.unwrap();
        let took = begin.elapsed();
        assert_eq!(routes("route show proto bird").len(), 20_000);
        println!("20,000 routes in {took:?}");
        // Half a second of work; the bound leaves room for a busy machine.
        assert!(took < std::time::Duration::from_secs(30), "{took:?}");
    });
}

#[test]
fn an_overrun_is_healed_by_reading_again() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(config()).await;
        handle.want(net("192.0.2.0/24"), Some(Route::via(addr("10.0.0.2")))).await.unwrap();
        quiet(&handle).await;
        // Nobody reads the socket while this runs: the runtime has one thread, and this holds it.
        let mut batch: String = (0..40_000_u32)
            .map(|i| format!("route add 100.{}.{}.0/28 via 10.0.0.9 proto static\n", i >> 8, i & 0xff))
            .collect();
        batch.push_str("route del 192.0.2.0/24 proto bird\n");
        namespace::ip_batch(&batch);
        let mut learned = 0;
        event(&mut events, "all learned, after an overrun", |event| {
            learned += usize::from(matches!(event, Event::Learned { .. }));
            learned == 40_000
        })
        .await;
        let snapshot = quiet(&handle).await;
        assert!(snapshot.counters.overruns > 0, "{:?}", snapshot.counters);
        assert_eq!((snapshot.counters.drift, snapshot.routes.len()), (1, 1));
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 10.0.0.2 dev up0 metric 50"]);
    });
}

#[test]
fn a_path_somebody_takes_out_of_a_multipath_route_is_put_back() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        let hops = ["fd00::2", "fd00::3"].map(|gateway| Hop::via(addr(gateway)));
        handle.want(net("2001:db8::/32"), Some(Route::unicast(hops))).await.unwrap();
        let done = quiet(&handle).await.counters.done;
        ip("-6 route del 2001:db8::/32 via fd00::2 metric 50");
        while handle.snapshot().await.unwrap().counters.done == done {
            tokio::task::yield_now().await;
        }
        let held = routes("-6 -o route show proto bird");
        assert!(held.len() == 1 && held[0].contains("fd00::2") && held[0].contains("fd00::3"), "{held:?}");
    });
}

#[test]
fn a_view_made_of_events_equals_one_made_by_reading() {
    in_namespace(|| async {
        for seed in 1..=40_u64 {
            let (watching, mut events, before) = started(config()).await;
            let mut watched = std::collections::BTreeMap::new();
            before.into_iter().for_each(|event| note(&mut watched, event));
            namespace::ip_batch(&meddling(seed));

            let (reading, _, listed) = started(config()).await;
            let mut read = std::collections::BTreeMap::new();
            listed.into_iter().for_each(|event| note(&mut read, event));
            let count = reading.snapshot().await.unwrap().foreign;
            // The watcher has heard all of it once the table of both is the same; it may not read to get there.
            while watching.snapshot().await.unwrap().foreign != count || watched != read {
                let Ok(event) = tokio::time::timeout(namespace::PATIENCE, events.next()).await else {
                    panic!("seed {seed}: watched {watched:#?}, read {read:#?}");
                };
                note(&mut watched, event.expect("runs"));
            }
            let counters = watching.snapshot().await.unwrap().counters;
            assert_eq!(counters.dumps, 1, "seed {seed}: {counters:?}");
        }
    });
}

/// Keeps what is learned now.
fn note(table: &mut std::collections::BTreeMap<String, String>, event: Event) {
    match event {
        Event::Learned { prefix, origin, mut route } => {
            route.hops.sort();
            table.insert(format!("{prefix} {origin:?}"), format!("{route:?}"));
        }
        Event::Lost { prefix, origin } => drop(table.remove(&format!("{prefix} {origin:?}"))),
        _ => {}
    }
}

/// What many hands might do to a table, some of it refused.
fn meddling(seed: u64) -> String {
    let mut state = seed.wrapping_mul(0x9e37_79b9_7f4a_7c15);
    let mut pick = |most: u64| {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state % most
    };
    let verbs = ["add", "append", "prepend", "replace", "change", "del"];
    let mut commands = String::new();
    for _ in 0..150 {
        let verb = verbs[usize::try_from(pick(6)).unwrap()];
        let (prefix, network) = match pick(2) {
            0 => (format!("192.0.2.{}/32", pick(3)), "10.0.0."),
            _ => (format!("2001:db8::{}/128", pick(3)), "fd00::"),
        };
        let (metric, protocol) = (pick(2) * 10 + 10, ["static", "80"][usize::try_from(pick(2)).unwrap()]);
        let is_ipv4 = network == "10.0.0.";
        let way = match (verb, pick(6)) {
            ("del", 0..=2) => String::new(),
            // IPv6 announces a path that goes alone, be it because the next one is there already and the whole is
            // refused. Whose the rest is then, only reading tells.
            ("del", _) if !is_ipv4 => String::new(),
            (_, 0) if is_ipv4 || matches!(verb, "replace" | "change") => {
                format!(" nexthop via {network}2 nexthop via {network}3")
            }
            // Not in IPv6: a device route that comes to stand between the members of a multipath route is in the
            // table and announced, but the kernel leaves it out of its lists (`fib6_dump_node`).
            (_, 1) if is_ipv4 => " dev up0".into(),
            _ => format!(" via {network}{}", pick(4) + 2),
        };
        commands.push_str(&format!("route {verb} {prefix} metric {metric} proto {protocol}{way}\n"));
    }
    commands
}

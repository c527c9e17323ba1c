//! Sets of hops in the real kernel: each test in a network namespace of its own.

use crate::namespace::{self, Monitor, addr, config, event, in_namespace, ip, net, quiet, routes, started};
use fib_sync::{Config, Counters, Event, Events, Handle, Hop, Route, SetId};

const SET: SetId = SetId(1);
const SET6: SetId = SetId(2);

fn with_objects() -> Config {
    Config { next_hop_objects: true, ..config() }
}

fn hop(gateway: &str, interface: &str) -> Hop {
    Hop::via(addr(gateway)).over(interface)
}

/// The next-hop objects of a protocol. `ip nexthop show proto` knows no names.
fn numbered(protocol: &str) -> Vec<String> {
    let mut lines = routes("nexthop show");
    lines.retain(|line| line.ends_with(&format!("proto {protocol}")));
    lines
}

/// The objects of ours without their numbers, sorted: `via 10.0.0.2 dev up0`, and groups by how many they are.
fn objects() -> Vec<String> {
    let mut lines: Vec<String> = numbered("bird")
        .into_iter()
        .filter_map(|line| Some(line.split_once("id ")?.1.split_once(' ')?.1.to_owned()))
        .map(|line| if line.starts_with("group") { "group".to_owned() } else { line })
        .collect();
    lines.sort_unstable();
    lines
}

async fn counters(handle: &Handle) -> Counters {
    handle.metrics().await.unwrap().counters
}

/// Waits until the set is held and everything through it is.
async fn arranged(handle: &Handle, what: &str, mut held: impl FnMut() -> bool) {
    let wait = async {
        loop {
            // Each answer lets the table take a step; to look costs more than many of them.
            for _ in 0..200 {
                handle.metrics().await.unwrap();
            }
            if held() && handle.metrics().await.unwrap().gauges.pending == 0 {
                return;
            }
        }
    };
    let outcome = tokio::time::timeout(namespace::PATIENCE, wait).await;
    assert!(outcome.is_ok(), "never {what}: {:#?} {:#?}", objects(), routes("route show proto bird"));
}

/// Ten thousand routes through two hops.
async fn ten_thousand_routes() -> (Handle, Events) {
    ip("addr add 10.0.1.1/24 dev spare0");
    let (handle, events, _) = started(with_objects()).await;
    handle.want_set(SET, Some(vec![hop("10.0.0.2", "up0"), hop("10.0.1.2", "spare0")])).await.unwrap();
    for i in 0..10_000_u32 {
        let prefix = net(&format!("100.{}.{}.0/28", i >> 8, i & 0xff));
        handle.want(prefix, Some(Route::through(SET))).await.unwrap();
    }
    quiet(&handle).await;
    (handle, events)
}

/// One of their hops fails, then the other one moves.
async fn move_them(handle: &Handle) {
    let before = counters(handle).await;
    assert_eq!((before.created, before.arranged), (10_000, 3), "{before:?}");
    // A hop fails while its interface stays: the group is written once, and its member removed.
    handle.want_set(SET, Some(vec![hop("10.0.1.2", "spare0")])).await.unwrap();
    arranged(handle, "moved", || objects() == ["group", "via 10.0.1.2 dev spare0 scope link proto bird"])
        .await;
    // It moves to another gateway on another interface: the member is written once.
    handle.want_set(SET, Some(vec![hop("10.0.0.9", "up0")])).await.unwrap();
    arranged(handle, "moved", || objects() == ["group", "via 10.0.0.9 dev up0 scope link proto bird"]).await;

    let after = counters(handle).await;
    assert_eq!((after.done, after.overruns), (before.done, 0), "no route was written: {after:?}");
    assert_eq!(after.arranged - before.arranged, 3, "the group, the removal of its member, the other member");
    let lead_there = Some(Route::unicast([hop("10.0.0.9", "up0")]).at(50));
    let snapshot = handle.snapshot().await.unwrap();
    let moved = snapshot.routes.iter().filter(|route| route.installed == lead_there).count();
    assert_eq!((moved, snapshot.routes.len()), (10_000, 10_000));
}

#[test]
fn one_message_moves_ten_thousand_routes() {
    in_namespace(|| async {
        let (handle, _events) = ten_thousand_routes().await;
        move_them(&handle).await;
        let held = routes("-o route show proto bird");
        assert_eq!(held.len(), 10_000);
        assert!(held.iter().all(|line| line.contains("via 10.0.0.9 dev up0")), "{}", held[0]);
    });
}

#[test]
fn routes_move_where_the_kernel_does_not_announce_them() {
    in_namespace(|| async {
        std::fs::write("/proc/sys/net/ipv4/nexthop_compat_mode", "0").expect("a setting of the namespace");
        let (handle, _events) = ten_thousand_routes().await;
        let monitor = Monitor::of(&["route", "nexthop"]);
        move_them(&handle).await;
        let lines = monitor.ours();
        assert!(!lines.iter().any(|line| line.contains("Deleted") && line.contains("nhid")), "a route went");
        assert_eq!(lines.len(), 3, "a message to move, a removal, a message to move: {lines:#?}");
    });
}

#[test]
fn without_objects_a_set_is_written_into_its_routes() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        handle.want_set(SET, Some(vec![hop("10.0.0.2", "up0")])).await.unwrap();
        handle.want(net("192.0.2.0/24"), Some(Route::through(SET))).await.unwrap();
        quiet(&handle).await;
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 10.0.0.2 dev up0 metric 50"]);
        handle.want_set(SET, Some(vec![hop("10.0.0.3", "up0")])).await.unwrap();
        quiet(&handle).await;
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 via 10.0.0.3 dev up0 metric 50"]);
        assert!(objects().is_empty());
    });
}

/// Two routes of each family through sets over `up0`.
async fn two_families(handle: &Handle) {
    handle.want_set(SET, Some(vec![hop("10.0.0.2", "up0")])).await.unwrap();
    handle
        .want_set(SET6, Some(vec![hop("fd00::2", "up0"), hop("fd00::3", "up0").weighing(3)]))
        .await
        .unwrap();
    let wishes = [("192.0.2.0/24", SET), ("192.0.3.0/24", SET6), ("2001:db8::/32", SET6)];
    for (prefix, set) in wishes {
        handle.want(net(prefix), Some(Route::through(set))).await.unwrap();
    }
}

fn both_families() -> bool {
    let group =
        |line: &str| line.contains("fd00::2 dev up0 weight 1") && line.contains("fd00::3 dev up0 weight 3");
    let (ipv4, ipv6) = (routes("-o route show proto bird"), routes("-6 -o route show proto bird"));
    ipv4.len() == 2
        && ipv4[0].contains("via 10.0.0.2 dev up0")
        && group(&ipv4[1])
        && ipv6.len() == 1
        && group(&ipv6[0])
}

#[test]
fn what_goes_with_a_link_comes_back_with_it() {
    in_namespace(|| async {
        let (handle, mut events, _) = started(with_objects()).await;
        two_families(&handle).await;
        arranged(&handle, "there", both_families).await;
        assert_eq!(objects().len(), 5);
        for (down, up) in [
            ("link set up0 down", "link set up0 up"),
            ("link set far0 down", "link set far0 up"),
            ("link set up0 down", "link set up0 up"),
        ] {
            ip(down);
            event(&mut events, "diverged", |e| matches!(e, Event::SetDiverged { set: SET, .. })).await;
            assert!(objects().is_empty() && routes("route show proto bird").is_empty());
            ip(up);
            // Going down takes an IPv6 address along.
            ip("addr replace fd00::1/64 dev up0 nodad");
            event(&mut events, "healed", |e| *e == Event::SetHealed { set: SET }).await;
            arranged(&handle, "back", both_families).await;
        }
        assert_eq!(objects().len(), 5);
    });
}

#[test]
fn what_others_do_to_objects_is_undone() {
    in_namespace(|| async {
        ip("nexthop add id 7 via 10.0.0.7 dev up0 proto static");
        let (handle, _events, _) = started(with_objects()).await;
        two_families(&handle).await;
        arranged(&handle, "there", both_families).await;
        for line in numbered("bird") {
            let id = line.split_whitespace().nth(1).expect("a number");
            // It may have gone with its last member.
            namespace::ip_batch(&format!("nexthop del id {id}\n"));
            arranged(&handle, "put back", || both_families() && objects().len() == 5).await;
        }
        assert_eq!(numbered("static"), ["id 7 via 10.0.0.7 dev up0 scope link proto static"]);
    });
}

#[test]
fn a_restart_takes_objects_over_and_sweeps_what_nobody_wishes() {
    in_namespace(|| async {
        let (handle, events, _) = started(with_objects()).await;
        two_families(&handle).await;
        handle.want_set(SetId(3), Some(vec![hop("10.0.0.5", "up0")])).await.unwrap();
        handle.want(net("198.51.100.0/24"), Some(Route::through(SetId(3)))).await.unwrap();
        arranged(&handle, "there", || routes("-o route show proto bird").len() == 3).await;
        let before = numbered("bird");
        drop((handle, events));

        let monitor = Monitor::of(&["route", "nexthop"]);
        let (handle, mut events, _) = started(with_objects()).await;
        two_families(&handle).await;
        quiet(&handle).await;
        assert_eq!(numbered("bird"), before, "nothing goes before settle");
        handle.settle().await.unwrap();
        event(&mut events, "swept", |e| matches!(e, Event::Swept(_))).await;
        arranged(&handle, "swept", || objects().len() == 5).await;
        assert!(both_families());
        let lines = monitor.ours();
        assert!(lines.iter().all(|line| line.starts_with("Deleted")), "{lines:#?}");
        assert!(lines[0].contains("198.51.100.0/24"), "the route first: {lines:#?}");
        assert_eq!(lines.len(), 3, "a route, its group, its hop: {lines:#?}");

        handle.remove_all().await.unwrap();
        assert!(objects().is_empty() && routes("route show proto bird").is_empty());
    });
}

#[test]
fn the_option_is_switched_by_a_restart_without_losing_a_route() {
    in_namespace(|| async {
        let monitor = Monitor::of(&["route"]);
        for (config, count) in [(config(), 0), (with_objects(), 5), (config(), 0), (with_objects(), 5)] {
            let (handle, _events, _) = started(config).await;
            two_families(&handle).await;
            arranged(&handle, "there", || routes("-o route show proto bird").len() == 2).await;
            handle.settle().await.unwrap();
            arranged(&handle, "switched", || objects().len() == count).await;
            let stands = routes("-o route show proto bird").iter().all(|line| line.contains("nhid"));
            assert_eq!(stands, count > 0);
            handle.stop().await.unwrap();
        }
        let lines = monitor.ours();
        assert!(!lines.iter().any(|line| line.contains("Deleted")), "{lines:#?}");
    });
}

//! What the real kernel does with next-hop objects. The reconciler and the model rely on each of these facts.

use std::process::Command;

use crate::namespace::{Monitor, in_namespace, ip, routes};

/// What `ip` says to words the kernel refuses.
fn refused(words: &str) -> String {
    let output = Command::new("ip").args(words.split_whitespace()).output().expect("needs iproute2");
    assert!(!output.status.success(), "ip {words} was not refused");
    String::from_utf8_lossy(&output.stderr).trim_end().to_owned()
}

/// A group of one IPv4 hop, one of an IPv6 hop, and routes of both families on them.
fn groups_with_routes() {
    ip("nexthop add id 1 via 10.0.0.2 dev up0 proto bird");
    ip("nexthop add id 2 via fd00::2 dev up0 proto bird");
    ip("nexthop add id 11 group 1 proto bird");
    ip("nexthop add id 12 group 2 proto bird");
    ip("route add 192.0.2.0/24 nhid 11 proto bird metric 50");
    ip("route add 198.51.100.0/24 nhid 12 proto bird metric 50");
    ip("-6 route add 2001:db8::/32 nhid 12 proto bird metric 50");
}

#[test]
fn a_replaced_object_moves_its_routes_and_each_is_announced() {
    in_namespace(|| async {
        groups_with_routes();
        let monitor = Monitor::of(&["route", "nexthop"]);
        ip("nexthop replace id 2 via fd00::3 dev up0 proto bird");
        assert_eq!(
            monitor.ours(),
            [
                "id 2 via fd00::3 dev up0 scope link proto bird",
                "198.51.100.0/24 nhid 12 via inet6 fd00::3 dev up0 proto bird metric 50",
                "2001:db8::/32 nhid 12 proto bird metric 50 pref medium\\\tnexthop via fd00::3 dev up0 weight 1",
            ],
            "the member and the routes, not the group"
        );

        let monitor = Monitor::of(&["route", "nexthop"]);
        ip("nexthop replace id 11 group 1,3/2,256 proto bird");
        assert_eq!(
            monitor.ours(),
            [
                "id 11 group 1,3/2,256 proto bird",
                "192.0.2.0/24 nhid 11 proto bird metric 50 \\\tnexthop via 10.0.0.2 dev up0 weight 3 \\\tnexthop via inet6 fd00::3 dev up0 weight 256",
            ]
        );
    });
}

#[test]
fn a_lost_carrier_takes_objects_and_ipv4_routes_without_a_word() {
    in_namespace(|| async {
        groups_with_routes();
        ip("addr add 10.0.1.1/24 dev spare0");
        ip("nexthop add id 3 via 10.0.1.2 dev spare0 proto bird");
        ip("nexthop replace id 11 group 1/3 proto bird");
        let monitor = Monitor::of(&["route", "nexthop"]);
        ip("link set far0 down");
        while ip("link show up0").contains("LOWER_UP") || routes("nexthop show").len() > 2 {
            std::thread::yield_now();
        }
        assert_eq!(
            routes("nexthop show"),
            ["id 3 via 10.0.1.2 dev spare0 scope link proto bird", "id 11 group 3 proto bird"]
        );
        assert_eq!(
            routes("route show proto bird"),
            ["192.0.2.0/24 nhid 11 via 10.0.1.2 dev spare0 metric 50"],
            "a group goes on with the members that are left"
        );
        assert_eq!(
            monitor.ours(),
            [
                "Deleted 2001:db8::/32 nhid 12 proto bird metric 50 pref medium\\\tnexthop via fd00::2 dev up0 weight 1"
            ]
        );

        ip("link set far0 up");
        while !ip("link show up0").contains("LOWER_UP") {
            std::thread::yield_now();
        }
        assert_eq!(routes("nexthop show").len(), 2, "they do not come back with the carrier");
    });
}

#[test]
fn objects_and_their_routes_outlive_the_addresses_of_their_interface() {
    in_namespace(|| async {
        groups_with_routes();
        ip("addr del 10.0.0.1/24 dev up0");
        ip("addr del fd00::1/64 dev up0");
        assert_eq!(routes("nexthop show").len(), 4);
        assert_eq!(
            routes("route show proto bird"),
            [
                "192.0.2.0/24 nhid 11 via 10.0.0.2 dev up0 metric 50",
                "198.51.100.0/24 nhid 12 via inet6 fd00::2 dev up0 metric 50",
            ]
        );
        assert_eq!(routes("-6 -o route show proto bird").len(), 1);
    });
}

#[test]
fn a_removed_object_takes_its_routes_and_empty_groups_along() {
    in_namespace(|| async {
        groups_with_routes();
        ip("nexthop replace id 11 group 1/2 proto bird");
        let monitor = Monitor::of(&["route", "nexthop"]);
        ip("nexthop del id 2");
        assert_eq!(
            monitor.ours(),
            [
                "Deleted id 2 via fd00::2 dev up0 scope link proto bird",
                "id 11 group 1 proto bird",
                "Deleted id 12 group 2 proto bird",
                "Deleted 2001:db8::/32 nhid 12 proto bird metric 50 pref medium\\\tnexthop via fd00::2 dev up0 weight 1",
            ],
            "198.51.100.0/24 went silently, and 192.0.2.0/24 lost a hop silently"
        );
        assert_eq!(routes("route show proto bird"), ["192.0.2.0/24 nhid 11 via 10.0.0.2 dev up0 metric 50"]);
    });
}

#[test]
fn a_route_moves_between_hops_of_its_own_and_an_object_in_place() {
    in_namespace(|| async {
        groups_with_routes();
        let monitor = Monitor::of(&["route", "nexthop"]);
        let forms = [
            ("via 10.0.0.9", "via fd00::9"),
            ("nexthop via 10.0.0.8 nexthop via 10.0.0.9", "nexthop via fd00::8 nexthop via fd00::9"),
            ("dev up0", "dev up0"),
        ];
        for (ipv4, ipv6) in forms {
            for (ipv4, ipv6) in [(ipv4, ipv6), ("nhid 11", "nhid 12")] {
                ip(&format!("route replace 192.0.2.0/24 proto bird metric 50 {ipv4}"));
                ip(&format!("-6 route replace 2001:db8::/32 proto bird metric 50 {ipv6}"));
                assert_eq!(routes("-o route show 192.0.2.0/24").len(), 1);
                assert_eq!(routes("-6 -o route show 2001:db8::/32").len(), 1);
            }
        }
        for words in ["route replace blackhole 192.0.2.0/24", "-6 route replace blackhole 2001:db8::/32"] {
            ip(&format!("{words} proto bird metric 50"));
        }
        ip("route replace 192.0.2.0/24 proto bird metric 50 nhid 11");
        ip("-6 route replace 2001:db8::/32 proto bird metric 50 nhid 12");
        let told = monitor.ours();
        assert_eq!(told.len(), 16, "{told:#?}");
        assert!(!told.iter().any(|line| line.contains("Deleted")), "{told:#?}");
    });
}

#[test]
fn an_ipv6_route_on_an_object_merges_with_none() {
    in_namespace(|| async {
        groups_with_routes();
        ip("-6 route append 2001:db8::/32 proto bird metric 50 via fd00::9");
        ip("-6 route append 2001:db8::/32 proto bird metric 50 via fd00::8");
        ip("-6 route append 2001:db8::/32 proto bird metric 50 nhid 2");
        assert_eq!(routes("-6 -o route show 2001:db8::/32").len(), 3);
        ip("-6 route replace 2001:db8::/32 proto bird metric 50 via fd00::7");
        let held = routes("-6 -o route show 2001:db8::/32");
        assert!(held.len() == 3 && held[1].contains("via fd00::7"), "only its like is replaced: {held:#?}");
    });
}

#[test]
fn what_an_object_cannot_be() {
    in_namespace(|| async {
        groups_with_routes();
        let refusals = [
            ("nexthop add id 3 via 172.16.0.1 dev up0", "Error: Nexthop has invalid gateway."),
            (
                "nexthop add id 3 via 10.0.0.2",
                "Error: Device attribute required for non-blackhole and non-fdb nexthops.",
            ),
            ("nexthop add id 1 via 10.0.0.2 dev up0", "RTNETLINK answers: File exists"),
            ("nexthop add id 3 group 99", "Error: Invalid nexthop id."),
            ("nexthop add id 3 group 1/1", "Error: Nexthop id can not be used twice in a group."),
            ("nexthop add id 3 group 11", "Error: Hash-threshold group can not be a nexthop within a group."),
            ("nexthop del id 99", "RTNETLINK answers: No such file or directory"),
            ("nexthop replace id 1 group 2", "Error: Can not replace a nexthop with a nexthop group."),
            (
                "nexthop replace id 11 via 10.0.0.2 dev up0",
                "Error: Can not replace a nexthop group with a nexthop.",
            ),
            ("nexthop replace id 2 via 10.0.0.2 dev up0", "Error: IPv6 routes can not use an IPv4 nexthop."),
            ("route add 203.0.113.0/24 nhid 99", "Error: Nexthop id does not exist."),
            ("-6 route add 2001:db9::/32 nhid 99", "Error: Nexthop id does not exist."),
            ("-6 route add 2001:db9::/32 nhid 11", "Error: IPv6 routes can not use an IPv4 nexthop."),
        ];
        for (words, answer) in refusals {
            assert_eq!(refused(words), answer, "{words}");
        }
        ip("nexthop add id 3 via 172.16.0.1 dev up0 onlink");
        ip("link set away0 down");
        while ip("link show spare0").contains("LOWER_UP") {
            std::thread::yield_now();
        }
        let without = refused("nexthop add id 4 via 10.0.1.2 dev spare0 onlink");
        assert_eq!(without, "Error: Carrier for nexthop device is down.");
        ip("link set spare0 down");
        let down = refused("nexthop add id 4 via 10.0.1.2 dev spare0 onlink");
        assert_eq!(down, "Error: Nexthop device is not up.");
    });
}

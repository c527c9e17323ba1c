//! Every form of route: installed, put in the place of every other without the prefix lacking a route, and found
//! again by the next start as it was left.

use std::collections::BTreeMap;

use fib_sync::{Config, Event, Forwarding, Handle, Hop, Route, Snapshot, Standing};

use super::wishes::Wishes;
use crate::namespace::{Monitor, addr, config, event, in_namespace, ip, net, routes, started};

#[test]
fn every_form_takes_the_place_of_every_other_in_the_main_table() {
    in_namespace(|| replaced(254));
}

#[test]
fn every_form_takes_the_place_of_every_other_in_a_table_of_a_small_number() {
    in_namespace(|| replaced(100));
}

#[test]
fn every_form_takes_the_place_of_every_other_in_a_table_of_a_number_above_255() {
    in_namespace(|| replaced(70_000));
}

/// A route and how `ip -o route` writes it: the kind in front of the prefix, the rest behind.
struct Form {
    route: Route,
    kind: &'static str,
    rest: &'static str,
}

fn form(route: Route, rest: &'static str) -> Form {
    Form { route, kind: "", rest }
}

fn via(gateway: &str) -> Hop {
    Hop::via(addr(gateway))
}

fn ipv4() -> Vec<Form> {
    let dead = |kind, forwarding| Form { route: Route::new(forwarding), kind, rest: "metric 50" };
    vec![
        form(Route::via(addr("10.0.0.2")), "via 10.0.0.2 dev up0 metric 50"),
        form(Route::unicast([via("10.0.0.3").over("up0")]), "via 10.0.0.3 dev up0 metric 50"),
        form(Route::unicast([Hop::device("up0")]), "dev up0 scope link metric 50"),
        form(
            Route::unicast([via("172.16.0.1").over("spare0").onlink()]),
            "via 172.16.0.1 dev spare0 metric 50 onlink",
        ),
        dead("blackhole ", Forwarding::Blackhole),
        dead("unreachable ", Forwarding::Unreachable),
        dead("prohibit ", Forwarding::Prohibit),
        form(
            Route::unicast([via("10.0.0.2"), via("10.0.0.3")]),
            "metric 50 |nexthop via 10.0.0.2 dev up0 weight 1 |nexthop via 10.0.0.3 dev up0 weight 1",
        ),
        form(
            Route::unicast([via("10.0.0.2").weighing(2), via("10.0.0.3").weighing(256), via("10.0.0.4")]),
            "metric 50 |nexthop via 10.0.0.2 dev up0 weight 2 |nexthop via 10.0.0.3 dev up0 weight 256 \
             |nexthop via 10.0.0.4 dev up0 weight 1",
        ),
        form(Route::unicast([via("fd00::2").over("up0")]), "via inet6 fd00::2 dev up0 metric 50"),
        form(Route::unicast([via("fe80::2").over("up0")]), "via inet6 fe80::2 dev up0 metric 50"),
        form(
            Route::unicast([via("10.0.0.2"), via("fd00::2").over("up0").weighing(7)]),
            "metric 50 |nexthop via 10.0.0.2 dev up0 weight 1 |nexthop via inet6 fd00::2 dev up0 weight 7",
        ),
        form(
            Route::unicast([via("10.0.0.2"), via("172.16.0.1").over("spare0").onlink()]),
            "metric 50 |nexthop via 10.0.0.2 dev up0 weight 1 |nexthop via 172.16.0.1 dev spare0 weight 1 onlink",
        ),
        form(
            Route::unicast([Hop::device("up0"), Hop::device("spare0")]),
            "scope link metric 50 |nexthop dev spare0 weight 1 |nexthop dev up0 weight 1",
        ),
        form(
            Route::via(addr("10.0.0.2")).from(addr("10.0.0.1")),
            "via 10.0.0.2 dev up0 src 10.0.0.1 metric 50",
        ),
    ]
}

fn ipv6() -> Vec<Form> {
    let dead =
        |kind, forwarding| Form { route: Route::new(forwarding), kind, rest: "dev lo metric 50 pref medium" };
    vec![
        form(Route::via(addr("fd00::2")), "via fd00::2 dev up0 metric 50 pref medium"),
        form(Route::unicast([via("fd00::3").over("up0")]), "via fd00::3 dev up0 metric 50 pref medium"),
        form(Route::unicast([Hop::device("up0")]), "dev up0 metric 50 pref medium"),
        form(
            Route::unicast([via("fd01::1").over("spare0").onlink()]),
            "via fd01::1 dev spare0 metric 50 onlink pref medium",
        ),
        dead("blackhole ", Forwarding::Blackhole),
        dead("unreachable ", Forwarding::Unreachable),
        dead("prohibit ", Forwarding::Prohibit),
        form(
            Route::unicast([via("fd00::2"), via("fd00::3")]),
            "metric 50 pref medium|nexthop via fd00::2 dev up0 weight 1 |nexthop via fd00::3 dev up0 weight 1",
        ),
        form(
            Route::unicast([via("fd00::2").weighing(2), via("fd00::3").weighing(256), via("fd00::4")]),
            "metric 50 pref medium|nexthop via fd00::2 dev up0 weight 2 |nexthop via fd00::3 dev up0 weight 256 \
             |nexthop via fd00::4 dev up0 weight 1",
        ),
        form(Route::unicast([via("fe80::2").over("up0")]), "via fe80::2 dev up0 metric 50 pref medium"),
        form(
            Route::unicast([via("fd00::2"), via("fe80::2").over("spare0").weighing(7)]),
            "metric 50 pref medium|nexthop via fd00::2 dev up0 weight 1 |nexthop via fe80::2 dev spare0 weight 7",
        ),
        form(
            Route::unicast([via("fd00::2"), via("fd01::1").over("spare0").onlink()]),
            "metric 50 pref medium|nexthop via fd00::2 dev up0 weight 1 \
             |nexthop via fd01::1 dev spare0 weight 1 onlink",
        ),
        form(
            Route::via(addr("fd00::2")).from(addr("fd00::1")),
            "via fd00::2 dev up0 src fd00::1 metric 50 pref medium",
        ),
    ]
}

/// Every ordered pair of forms of both families, each pair at a prefix of its own.
struct Pairs {
    table: u32,
    families: [(Vec<Form>, &'static str); 2],
}

impl Pairs {
    fn new(table: u32) -> Self {
        Self { table, families: [(ipv4(), "100.64.X.Y"), (ipv6(), "2001:db8:X::Y")] }
    }

    /// Every prefix as `ip` writes it, the form it has first and the one it has then.
    fn all(&self) -> impl Iterator<Item = (String, &Form, &Form)> {
        self.families.iter().flat_map(|(forms, pattern)| {
            forms.iter().enumerate().flat_map(move |(x, first)| {
                forms.iter().enumerate().map(move |(y, then)| {
                    // Not 0: as the last part of an IPv6 address it would be written differently.
                    let at = pattern.replace('X', &(x + 1).to_string()).replace('Y', &(y + 1).to_string());
                    (at, first, then)
                })
            })
        })
    }

    async fn want(&self, handle: &Handle, which: impl Fn(&Form, &Form) -> Route) -> Snapshot {
        let mut wishes = Wishes::default();
        for (at, first, then) in self.all() {
            wishes.want(handle, host(&at), Some(which(first, then))).await;
        }
        let snapshot = wishes.settled(handle, &Config::new(self.table, 12, 50)).await;
        for route in &snapshot.routes {
            assert_eq!(route.standing, Standing::Installed, "{route:#?}");
        }
        snapshot
    }

    /// Asserts that the kernel holds these forms and nothing else of ours.
    fn check(&self, which: impl Fn(&Form, &Form) -> String) {
        let table = self.table;
        let mut held = routes(&format!("-o route show table {table} proto bird"));
        held.extend(routes(&format!("-6 -o route show table {table} proto bird")));
        let mut held: Vec<String> = held.iter().map(|line| line.replace("\\\t", "|")).collect();
        let mut expected: Vec<String> = self
            .all()
            .map(|(at, first, then)| which(first, then).replace('@', &at).trim_end().to_owned())
            .collect();
        held.sort();
        expected.sort();
        for (held, expected) in held.iter().zip(&expected) {
            assert_eq!(held, expected);
        }
        assert_eq!(held.len(), expected.len());
    }
}

fn shown(form: &Form) -> String {
    format!("{}@ {}", form.kind, form.rest)
}

fn host(address: &str) -> ipnet::IpNet {
    addr(address).into()
}

/// Asserts that each prefix was written once if its form changed, else not at all, and nothing removed.
fn check_replaced(pairs: &Pairs, told: &[String]) {
    let mut writes: BTreeMap<&str, usize> = BTreeMap::new();
    for line in told {
        assert!(!line.contains("Deleted"), "replaced by removing: {line}");
        let at = line.split(' ').find(|word| word.contains('.') || word.contains(':')).expect("a prefix");
        *writes.entry(at).or_default() += 1;
    }
    for (at, first, then) in pairs.all() {
        let due = usize::from(first.route != then.route);
        assert_eq!(
            writes.get(at.as_str()).copied().unwrap_or_default(),
            due,
            "{at}: {} and {}",
            first.rest,
            then.rest
        );
    }
}

async fn replaced(table: u32) {
    let (pairs, config) = (Pairs::new(table), Config::new(table, 12, 50));
    let (handle, _events, _) = started(config.clone()).await;
    pairs.want(&handle, |first, _| first.route.clone()).await;
    pairs.check(|first, _| shown(first));

    let monitor = Monitor::start();
    pairs.want(&handle, |_, then| then.route.clone()).await;
    pairs.check(|_, then| shown(then));
    check_replaced(&pairs, &monitor.ours());
    handle.stop().await.unwrap();

    let monitor = Monitor::start();
    let (handle, mut events, _) = started(config.clone()).await;
    let snapshot = pairs.want(&handle, |_, then| then.route.clone()).await;
    assert_eq!(snapshot.counters.done, 0, "what is as wished is not written again");
    handle.settle().await.unwrap();
    let swept = event(&mut events, "swept", |e| matches!(e, Event::Swept(_))).await;
    assert!(matches!(swept, Event::Swept(sweep) if sweep.stale == 0 && !sweep.held), "{swept:?}");
    handle.stop().await.unwrap();

    // Nor is what is adopted removed to be replaced.
    let (handle, _events, _) = started(config).await;
    pairs.want(&handle, |first, _| first.route.clone()).await;
    pairs.check(|first, _| shown(first));
    check_replaced(&pairs, &monitor.ours());
}

#[test]
fn another_metric_is_written_before_the_old_one_is_removed() {
    in_namespace(|| async {
        let (handle, _events, _) = started(config()).await;
        let mut wishes = Wishes::default();
        let ways = [("192.0.2.0/24", "10.0.0.2"), ("2001:db8::/32", "fd00::2")];
        for (prefix, gateway) in ways {
            wishes.want(&handle, net(prefix), Some(Route::via(addr(gateway)))).await;
        }
        wishes.settled(&handle, &config()).await;
        for (metric, old) in [(7, 50), (900, 7)] {
            let monitor = Monitor::start();
            for (prefix, gateway) in ways {
                wishes.want(&handle, net(prefix), Some(Route::via(addr(gateway)).at(metric))).await;
            }
            wishes.settled(&handle, &config()).await;
            let told = monitor.ours();
            for (prefix, gateway) in ways {
                let of: Vec<&String> = told.iter().filter(|line| line.contains(prefix)).collect();
                let line = |deleted: &str, metric: u32| {
                    format!("{deleted}{prefix} via {gateway} dev up0 proto bird metric {metric}")
                };
                assert!(
                    matches!(of[..], [new, gone] if new.starts_with(&line("", metric))
                        && gone.starts_with(&line("Deleted ", old))),
                    "{of:#?}"
                );
            }
        }
    });
}

/// Path MTU and the other metrics of a route (RTA_METRICS) are not ours: what somebody set stays for as long as the
/// route need not be written, and a route written by us has none, as one of BIRD's.
#[test]
fn a_route_mtu_that_somebody_set_stays_until_the_route_is_written_again() {
    in_namespace(|| async {
        ip("route add 192.0.2.0/24 via 10.0.0.2 proto bird metric 50 mtu lock 1400 advmss 1360");
        ip("-6 route add 2001:db8::/32 via fd00::2 proto bird metric 50 mtu 1400");
        ip("route add 198.51.100.0/24 via 10.0.0.2 proto static mtu 1400");
        let (handle, _events, _) = started(config()).await;
        let mut wishes = Wishes::default();
        for gateway in ["2", "3"] {
            let wish = |network: &str| Some(Route::via(addr(&format!("{network}{gateway}"))));
            wishes.want(&handle, net("192.0.2.0/24"), wish("10.0.0.")).await;
            wishes.want(&handle, net("2001:db8::/32"), wish("fd00::")).await;
            wishes.settled(&handle, &config()).await;
            let metrics = |text| if gateway == "2" { text } else { "" };
            let (ipv4, ipv6) = (metrics(" mtu lock 1400 advmss 1360"), metrics(" mtu 1400"));
            assert_eq!(
                routes("route show proto bird"),
                [format!("192.0.2.0/24 via 10.0.0.{gateway} dev up0 metric 50{ipv4}")]
            );
            assert_eq!(
                routes("-6 route show proto bird"),
                [format!("2001:db8::/32 via fd00::{gateway} dev up0 metric 50{ipv6} pref medium")]
            );
        }
        assert_eq!(routes("route show proto static"), ["198.51.100.0/24 via 10.0.0.2 dev up0 mtu 1400"]);
    });
}

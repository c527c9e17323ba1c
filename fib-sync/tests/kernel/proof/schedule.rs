//! What may happen to a table, drawn from a seed.

use fib_sync::{Forwarding, Hop, Route};
use ipnet::IpNet;

use super::chance::Chance;
use crate::namespace::{addr, net};

/// One thing that happens.
#[derive(Clone, Debug)]
pub(crate) enum Step {
    /// A wish.
    Want(IpNet, Option<Route>),
    /// The wishes are complete, or the sweep is forced.
    Settle,
    /// Somebody writes or removes a route of his own; true: at a metric that may be ours.
    Foreign(String, bool),
    /// Somebody removes a route of ours.
    Robbed(String),
    /// Something happens to links and addresses.
    Network(&'static str),
    /// The keeper gets so many turns.
    Run(usize),
    /// The keeper gets as many as it wants.
    Rest,
    /// More is told than the socket holds.
    Overrun,
    /// The keeper is gone without a word, and another begins.
    Crash,
}

/// The prefixes wishes and others fight for. In the odd ones of IPv4 others append and prepend.
const PREFIXES: [&str; 6] = [
    "192.0.2.0/24",
    "198.51.100.0/24",
    "203.0.113.7/32",
    "2001:db8::/32",
    "2001:db8:1::/48",
    "2001:db8:2::1/128",
];

/// Draws one.
pub(crate) fn step(chance: &mut Chance) -> Step {
    match chance.below(40) {
        0..12 => {
            let prefix = net(chance.pick(&PREFIXES));
            Step::Want(prefix, (!chance.one_in(4)).then(|| wish(chance, prefix.network().is_ipv4())))
        }
        12..20 => foreign(chance),
        20 => Step::Settle,
        21..23 => Step::Robbed(robbery(chance)),
        23..30 => Step::Network(chance.pick(&NETWORK)),
        30..36 => Step::Run(chance.below(6)),
        36..38 => Step::Rest,
        38 if chance.one_in(12) => Step::Overrun,
        _ => Step::Crash,
    }
}

fn via(gateway: &str) -> Hop {
    Hop::via(addr(gateway))
}

fn wish(chance: &mut Chance, is_ipv4: bool) -> Route {
    let (up, spare, own) = if is_ipv4 {
        (["10.0.0.2", "10.0.0.3"], "10.0.1.2", "10.0.0.1")
    } else {
        (["fd00::2", "fd00::3"], "fd00:1::2", "fd00::1")
    };
    match chance.below(12) {
        0 => Route::via(addr(up[0])),
        1 => Route::via(addr(spare)),
        2 => Route::unicast([via(up[0]), via(up[1])]),
        3 => Route::unicast([via(up[0]).weighing(5), via(spare)]),
        4 => Route::unicast([via(up[0]), via(up[1]), via(spare).over("spare0")]),
        5 => Route::unicast([Hop::device("spare0")]),
        6 => Route::unicast([via(spare).over("spare0").onlink()]),
        7 => Route::blackhole(),
        8 => Route::new(Forwarding::Unreachable),
        9 => Route::unicast([via("fd00::2").over("up0")]),
        10 => Route::via(addr(up[1])).from(addr(own)),
        _ => Route::via(addr(up[1])).at(60),
    }
}

fn foreign(chance: &mut Chance) -> Step {
    let at = chance.below(PREFIXES.len());
    let is_ipv4 = at < 3;
    let contested = chance.one_in(2);
    let metric = if contested { ["50", "60"] } else { ["10", "1000"] }[chance.below(2)];
    // At a key of ours `replace` and `append` do not mix, and IPv6 merges what is appended: after that nobody could
    // tell what belongs to whom.
    let verb = match (contested, is_ipv4 && at % 2 == 1) {
        (false, _) => chance.pick(&["add", "append", "prepend", "replace", "change", "del"]),
        (true, true) => chance.pick(&["add", "append", "prepend", "del"]),
        (true, false) => chance.pick(&["add", "replace", "del"]),
    };
    let (prefix, proto) = (PREFIXES[at], chance.pick(&["static", "80"]));
    let (up, spare) = if is_ipv4 { ("10.0.0.", "10.0.1.") } else { ("fd00::", "fd00:1::") };
    let way = match chance.below(7) {
        0..=2 => format!("via {up}{}", chance.below(3) + 2),
        3 => format!("via {spare}{}", chance.below(3) + 2),
        4 => format!("nexthop via {up}7 nexthop via {spare}7"),
        5 if is_ipv4 => "dev spare0".into(),
        5 => format!("via {spare}9 dev spare0 onlink"),
        _ => String::new(),
    };
    let words = match (verb, way.as_str()) {
        ("del", _) => format!("route del {prefix} proto {proto} metric {metric}"),
        (_, "") => format!("route {verb} blackhole {prefix} proto {proto} metric {metric}"),
        _ => format!("route {verb} {prefix} proto {proto} metric {metric} {way}"),
    };
    Step::Foreign(words, contested)
}

fn robbery(chance: &mut Chance) -> String {
    let (prefix, metric) = (chance.pick(&PREFIXES), chance.pick(&["50", "60"]));
    let path = match (prefix.contains(':'), chance.below(3)) {
        (true, 0) => " via fd00::2",
        (true, 1) => " via fd00:1::2",
        _ => "",
    };
    format!("route del {prefix} proto bird metric {metric}{path}")
}

const NETWORK: [&str; 20] = [
    "link set up0 down",
    "link set up0 up",
    "link set up0 up",
    "link set spare0 down",
    "link set spare0 up",
    "link set far0 down",
    "link set far0 up",
    "link set away0 down",
    "link set away0 up",
    "link set spare0 name spare9",
    "link set spare9 name spare0",
    "link del spare0",
    "link add spare0 type veth peer name away0",
    "addr del 10.0.0.1/24 dev up0",
    "addr add 10.0.0.1/24 dev up0",
    "addr del 10.0.1.1/24 dev spare0",
    "addr add 10.0.1.1/24 dev spare0",
    "addr del fd00::1/64 dev up0",
    "addr add fd00::1/64 dev up0 nodad",
    "addr add fd00:1::1/64 dev spare0 nodad",
];

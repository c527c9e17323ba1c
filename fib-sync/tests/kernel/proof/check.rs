//! What is to be true of a table whenever it is quiet.

use std::collections::{BTreeMap, BTreeSet};

use fib_sync::{Forwarding, Hop, Refused, Route, Snapshot, SnapshotRoute, Standing};
use ipnet::IpNet;

use super::hand::{Twins, table, tried};

/// Routes of others are as others left them, ours are as they are said to be, and what is refused is impossible.
pub(crate) fn is_consistent(twins: &Twins, snapshot: &Snapshot) -> Result<(), String> {
    let (real, twin) = twins.both(|| table(|line| !is_ours(line)));
    if real != twin {
        return Err("the routes of others are not as they were left".into());
    }
    let ours = by_prefix(table(is_ours));
    let known: BTreeSet<String> = snapshot.routes.iter().map(|row| shown(&row.prefix)).collect();
    if let Some(unknown) = ours.keys().find(|prefix| !known.contains(*prefix)) {
        return Err(format!("{unknown} is in the table and not known"));
    }
    let twin = by_prefix(twin);
    snapshot.routes.iter().try_for_each(|row| {
        let prefix = shown(&row.prefix);
        let lines = ours.get(&prefix).map_or(0, Vec::len);
        if lines != usize::from(row.installed.is_some()) {
            return Err(format!("not as it is said to be: {row:#?}, {lines} lines"));
        }
        let foreign = twin.get(&prefix).map_or(&[][..], Vec::as_slice);
        let stands = match &row.standing {
            Standing::Installed => row.installed.is_some(),
            Standing::Adopted => !snapshot.settled,
            Standing::Diverged(refused) => is_refused_rightly(twins, row, refused, foreign),
            Standing::Pending => false,
        };
        if stands { Ok(()) } else { Err(format!("standing wrongly: {row:#?}")) }
    })
}

/// A conflict is one in the table; whatever else is refused to us is refused to anybody.
fn is_refused_rightly(twins: &Twins, row: &SnapshotRoute, refused: &Refused, foreign: &[String]) -> bool {
    let Some(wish) = &row.wished else { return false };
    if let Refused::Exists { protocol, metric } = refused {
        let name = match protocol {
            2 => "kernel".into(),
            4 => "static".into(),
            number => number.to_string(),
        };
        let key = |line: &String| line.contains(&format!("proto {name} ")) && has_metric(line, *metric);
        return foreign.iter().any(key);
    }
    !twins.in_twin(|| {
        let possible = tried(&words(beside(&row.prefix), &row.prefix, wish));
        forget_ours();
        possible
    })
}

/// Nothing is in the way but routes of others: the twin is given the wishes by another hand and is then the same.
pub(crate) fn is_whole(twins: &Twins, snapshot: &Snapshot) -> Result<(), String> {
    is_consistent(twins, snapshot)?;
    let is_odd = |row: &&SnapshotRoute| {
        !matches!(row.standing, Standing::Installed | Standing::Diverged(Refused::Exists { .. }))
    };
    if let Some(odd) = snapshot.routes.iter().find(is_odd) {
        return Err(format!("possible and not done: {odd:#?}"));
    }
    let twin = twins.in_twin(|| {
        for row in &snapshot.routes {
            // What a conflict keeps away leaves in place what was wished before.
            let route = if row.standing == Standing::Installed { &row.wished } else { &row.installed };
            if let Some(words) = route.as_ref().map(|route| words(beside(&row.prefix), &row.prefix, route)) {
                assert!(tried(&words), "the other hand cannot: {words}");
            }
        }
        let twin = sorted();
        forget_ours();
        twin
    });
    let real = sorted();
    if real == twin { Ok(()) } else { Err(format!("here {real:#?}, there {twin:#?}")) }
}

/// How to write a route beside those of others: IPv6 would merge what is appended.
fn beside(prefix: &IpNet) -> &'static str {
    if prefix.network().is_ipv4() { "append" } else { "add" }
}

fn sorted() -> Vec<String> {
    let mut lines = table(|_| true);
    lines.sort_unstable();
    lines
}

fn forget_ours() {
    for words in ["route flush proto bird", "-6 route flush proto bird"] {
        assert!(tried(words));
    }
}

fn is_ours(line: &str) -> bool {
    line.contains("proto bird ")
}

fn has_metric(line: &str, metric: u32) -> bool {
    let mut words = line.split(' ').skip_while(|word| *word != "metric");
    words.nth(1) == Some(&metric.to_string())
}

fn by_prefix(lines: Vec<String>) -> BTreeMap<String, Vec<String>> {
    let mut by_prefix = BTreeMap::<String, Vec<String>>::new();
    for line in lines {
        let prefix = line.split(' ').find(|word| word.contains(['.', ':'])).expect("a prefix");
        by_prefix.entry(prefix.to_owned()).or_default().push(line);
    }
    by_prefix
}

/// As `ip` writes it.
fn shown(prefix: &IpNet) -> String {
    if prefix.prefix_len() == prefix.max_prefix_len() {
        prefix.network().to_string()
    } else {
        prefix.to_string()
    }
}

/// A wish as words for `ip`.
fn words(verb: &str, prefix: &IpNet, route: &Route) -> String {
    let (kind, ways) = match &route.forwarding {
        Forwarding::Blackhole => ("blackhole ", String::new()),
        Forwarding::Unreachable => ("unreachable ", String::new()),
        Forwarding::Prohibit => ("prohibit ", String::new()),
        Forwarding::Through(set) => panic!("{set:?} is not wished here"),
        Forwarding::Unicast(hops) => match &hops[..] {
            [hop] => ("", way(hop, prefix)),
            hops => {
                let path = |hop: &Hop| format!(" nexthop{} weight {}", way(hop, prefix), hop.weight);
                ("", hops.iter().map(path).collect())
            }
        },
    };
    let source = route.source.map_or(String::new(), |source| format!(" src {source}"));
    let metric = route.metric.expect("filled in");
    format!("route {verb} {kind}{prefix} proto bird metric {metric}{source}{ways}")
}

fn way(hop: &Hop, prefix: &IpNet) -> String {
    let foreign = |gateway: &std::net::IpAddr| gateway.is_ipv4() != prefix.network().is_ipv4();
    let family = if hop.gateway.as_ref().is_some_and(foreign) { "inet6 " } else { "" };
    let gateway = hop.gateway.map_or(String::new(), |gateway| format!(" via {family}{gateway}"));
    let device = hop.interface.as_ref().map_or(String::new(), |name| format!(" dev {name}"));
    format!("{gateway}{device}{}", if hop.onlink { " onlink" } else { "" })
}

//! The kernel's pictures in the shapes of the control protocol.

use std::net::IpAddr;
use std::time::{Duration, SystemTime};

use fib_sync::{
    Counters, Gauges, Histogram, Metrics, Owner, Protocol, Refused, Retry, SnapshotRoute, Standing,
};

use crate::api;
use crate::clock::Timestamp;

/// One prefix of the kernel's table.
pub(super) fn route(route: &SnapshotRoute, now: SystemTime) -> api::KernelRoute {
    let (standing, refused) = match &route.standing {
        Standing::Installed => ("installed", None),
        Standing::Adopted => ("adopted", None),
        Standing::Pending => ("pending", None),
        Standing::Diverged(refused) => ("diverged", Some(refused)),
    };
    let Retry { since, times, next } = route.retry.unwrap_or_default();
    let wall = |at: Option<SystemTime>| at.map(|at| Timestamp(at).to_string());
    api::KernelRoute {
        prefix: route.prefix.to_string(),
        standing: standing.into(),
        wished: route.wished.as_ref().map(words),
        installed: route.installed.as_ref().map(words),
        set: route.set.map(|set| set.0),
        next_hop_object: route.object,
        reason: refused.map(ToString::to_string),
        kind: refused.map(|refused| refused.kind().into()),
        owner: refused.and_then(in_the_way).map(owner),
        since: wall(refused.and_then(|_| now.checked_sub(since))),
        refusals: times,
        next_attempt: wall(next.and_then(|next| now.checked_add(next))),
        hidden_by: route.hidden_by.map(owner),
        hides: route.hides.map(owner),
    }
}

fn in_the_way(refused: &Refused) -> Option<Owner> {
    match refused {
        Refused::Exists { protocol, metric } => Some(Owner { protocol: *protocol, metric: *metric }),
        _ => None,
    }
}

fn owner(Owner { protocol, metric }: Owner) -> api::KernelOwner {
    api::KernelOwner { protocol, name: Protocol(protocol).name().map(Into::into), metric }
}

/// The kernel's table, counted.
pub(super) fn totals(gauges: Gauges) -> api::KernelTotals {
    let Gauges { installed, adopted, pending, diverged, learned, foreign, .. } = gauges;
    let differing = adopted + pending + diverged;
    api::KernelTotals { installed, differing, adopted, pending, diverged, foreign, learned }
}

/// The kernel's table in numbers.
pub(super) fn summary(metrics: Metrics) -> api::KernelSummary {
    let Metrics { synced, settled, held, gauges, counters } = metrics;
    let Counters { created, replaced, removed, refused, refusals, latency, .. } = counters;
    api::KernelSummary {
        synced,
        settled,
        held: held.map(|sweep| sweep.stale),
        routes: totals(gauges),
        backlog: gauges.backlog,
        in_flight: gauges.in_flight,
        in_flight_limit: gauges.in_flight_limit,
        created,
        replaced,
        removed,
        refused,
        refusals: refusals.into_iter().map(|(kind, count)| (kind.to_owned(), count)).collect(),
        overruns: counters.overruns,
        interrupted: counters.interrupted,
        drift: counters.drift,
        dumps: counters.dumps,
        audits: counters.audits,
        latency: histogram(&latency),
    }
}

fn histogram(histogram: &Histogram) -> api::Latency {
    let bucket = |(most, count): (Option<Duration>, u64)| api::Bucket { most_us: most.map(micros), count };
    api::Latency {
        count: histogram.count(),
        sum_us: micros(histogram.sum()),
        buckets: histogram.buckets().map(bucket).collect(),
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

/// A kernel route as `ip route` says it.
pub(super) fn words(route: &fib_sync::Route) -> String {
    let mut words = match &route.forwarding {
        fib_sync::Forwarding::Unicast(hops) => hops_in_words(hops),
        fib_sync::Forwarding::Through(set) => format!("through set {}", set.0),
        fib_sync::Forwarding::Blackhole => "blackhole".to_owned(),
        fib_sync::Forwarding::Unreachable => "unreachable".to_owned(),
        fib_sync::Forwarding::Prohibit => "prohibit".to_owned(),
    };
    let more = [
        route.source.map(|source| format!(" src {source}")),
        route.metric.filter(|metric| *metric != 0).map(|metric| format!(" metric {metric}")),
    ];
    words.extend(more.into_iter().flatten());
    words
}

fn hops_in_words(hops: &[fib_sync::Hop]) -> String {
    let hop = |hop: &fib_sync::Hop| {
        let parts = [
            hop.gateway.map(|gateway: IpAddr| format!("via {gateway}")),
            hop.interface.as_ref().map(|interface| format!("dev {interface}")),
            hop.onlink.then(|| "onlink".to_owned()),
            (hops.len() > 1).then(|| format!("weight {}", hop.weight)),
        ];
        parts.into_iter().flatten().collect::<Vec<String>>().join(" ")
    };
    hops.iter().map(hop).collect::<Vec<String>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kernel_route_reads_as_ip_route_prints_it() {
        let via = fib_sync::Hop::via("192.0.2.1".parse().expect("an address"));
        let one = fib_sync::Route::unicast([via.clone().over("tunl0").onlink()]);
        assert_eq!(words(&one), "via 192.0.2.1 dev tunl0 onlink");
        let two = fib_sync::Route::unicast([via.clone(), via.weighing(2)]);
        assert_eq!(words(&two), "via 192.0.2.1 weight 1, via 192.0.2.1 weight 2");
        assert_eq!(words(&fib_sync::Route::blackhole().at(7)), "blackhole metric 7");
    }

    #[test]
    fn a_conflict_names_the_owner_and_when_it_is_tried_again() {
        let conflict = SnapshotRoute {
            prefix: "192.0.2.0/24".parse().expect("a prefix"),
            wished: Some(fib_sync::Route::blackhole()),
            installed: None,
            set: Some(fib_sync::SetId(7)),
            object: Some(1_000_001),
            standing: Standing::Diverged(Refused::Exists { protocol: 4, metric: 50 }),
            retry: Some(Retry {
                since: Duration::from_secs(90),
                times: 3,
                next: Some(Duration::from_secs(10)),
            }),
            hidden_by: None,
            hides: None,
        };
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(100);
        let told = route(&conflict, now);
        assert_eq!(told.reason.as_deref(), Some("a route of protocol 4 (static) holds metric 50"));
        assert_eq!(told.kind.as_deref(), Some("exists"));
        assert_eq!((told.set, told.next_hop_object), (Some(7), Some(1_000_001)));
        let owner = api::KernelOwner { protocol: 4, name: Some("static".into()), metric: 50 };
        assert_eq!((told.owner, told.refusals), (Some(owner), 3));
        assert_eq!(told.since.as_deref(), Some("1970-01-01T00:00:10Z"));
        assert_eq!(told.next_attempt.as_deref(), Some("1970-01-01T00:01:50Z"));
    }
}

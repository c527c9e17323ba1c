//! Two looks at a daemon, and what happened between them by the second.

use std::collections::BTreeMap;
use std::time::Instant;

use serde::Serialize;

use crate::api::{Counts, KernelSummary, Peer, Status};

/// One look.
#[derive(Clone, Debug)]
pub(super) struct Sample {
    /// When.
    pub(super) at: Instant,
    /// The whole.
    pub(super) status: Status,
    /// All peers.
    pub(super) peers: Vec<Peer>,
    /// The kernel's table, where it is programmed.
    pub(super) kernel: Option<KernelSummary>,
}

/// What is shown.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Picture {
    /// The whole.
    pub(super) status: Status,
    /// Peers with their rates.
    pub(super) peers: Vec<Row>,
    /// The kernel's table, where it is programmed.
    pub(super) kernel: Option<KernelSummary>,
    /// Kernel routes written and removed, by the second.
    pub(super) kernel_rate: f64,
    /// Why the picture is old, if it is.
    pub(super) trouble: Option<String>,
}

/// A peer.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(super) struct Row {
    pub(super) name: String,
    pub(super) address: String,
    pub(super) asn: Option<u32>,
    pub(super) state: String,
    /// Seconds in this state.
    pub(super) age: u64,
    /// Messages received and sent, by the second.
    pub(super) received_rate: f64,
    pub(super) sent_rate: f64,
    /// Routes received, accepted and advertised, of all families.
    pub(super) received: u64,
    pub(super) accepted: u64,
    pub(super) advertised: u64,
    /// How much the received and the advertised ones grew, by the second.
    pub(super) route_rate: f64,
    pub(super) last_error: String,
}

impl Picture {
    /// What two looks show together; rates are zero after the first.
    pub(super) fn of(before: Option<&Sample>, now: &Sample) -> Self {
        let seconds = before.map_or(0.0, |before| now.at.duration_since(before.at).as_secs_f64());
        let earlier: BTreeMap<&str, &Peer> =
            before.into_iter().flat_map(|before| &before.peers).map(|peer| (&*peer.name, peer)).collect();
        let peers =
            now.peers.iter().map(|peer| row(earlier.get(&*peer.name).copied(), peer, seconds)).collect();
        let done = |sample: &Sample| {
            sample.kernel.as_ref().map_or(0, |kernel| kernel.created + kernel.replaced + kernel.removed)
        };
        let kernel_rate = rate(before.map_or(0, done), done(now), seconds);
        Self { status: now.status.clone(), peers, kernel: now.kernel.clone(), kernel_rate, trouble: None }
    }

    /// The picture is as it was, and why.
    pub(super) fn fail(&mut self, why: &str) {
        self.trouble = Some(why.to_owned());
    }
}

fn row(before: Option<&Peer>, peer: &Peer, seconds: f64) -> Row {
    let routes = |peer: &Peer, count: fn(&Counts) -> u64| peer.routes.values().map(count).sum::<u64>();
    let rate_of =
        |count: fn(&Peer) -> u64| before.map_or(0.0, |before| rate(count(before), count(peer), seconds));
    let moved = before.map_or(0.0, |before| {
        let all = |peer: &Peer| routes(peer, |counts| counts.received + counts.advertised);
        change(all(before), all(peer), seconds)
    });
    Row {
        name: peer.name.clone(),
        address: peer.address.clone(),
        asn: peer.asn,
        state: peer.state.to_string(),
        age: peer.age,
        received_rate: rate_of(|peer| peer.messages_received.total),
        sent_rate: rate_of(|peer| peer.messages_sent.total),
        received: routes(peer, |counts| counts.received),
        accepted: routes(peer, |counts| counts.accepted),
        advertised: routes(peer, |counts| counts.advertised),
        route_rate: moved,
        last_error: peer.last_error.clone().unwrap_or_default(),
    }
}

/// How fast a counter goes; one that began anew counts from zero.
fn rate(before: u64, now: u64, seconds: f64) -> f64 {
    let more = now.checked_sub(before).unwrap_or(now);
    if seconds > 0.0 { more as f64 / seconds } else { 0.0 }
}

/// How fast a number that goes up and down does.
fn change(before: u64, now: u64, seconds: f64) -> f64 {
    if seconds > 0.0 { (now as f64 - before as f64) / seconds } else { 0.0 }
}

#[cfg(test)]
pub(super) mod tests {
    use std::time::Duration;

    use super::*;
    use crate::api::{KernelTotals, Messages, PeerTotals, TableTotals};

    pub(in crate::cli::top) fn peer(name: &str, state: &'static str, messages: u64, received: u64) -> Peer {
        Peer {
            name: name.into(),
            address: "192.0.2.1".into(),
            asn: Some(64512),
            state: state.into(),
            enabled: true,
            age: 65,
            routes: BTreeMap::from([("ipv4".into(), Counts { received, accepted: received, advertised: 1 })]),
            messages_received: Messages { updates: 0, total: messages },
            ..Peer::default()
        }
    }

    pub(in crate::cli::top) fn sample(at: Instant, peers: Vec<Peer>) -> Sample {
        let status = Status {
            role: "node".into(),
            version: "1".into(),
            asn: 64512,
            router_id: "10.0.0.1".into(),
            uptime: 3605,
            generation: 2,
            peers: PeerTotals { total: peers.len(), established: 1, disabled: 0 },
            routes: BTreeMap::from([("ipv4".into(), TableTotals { prefixes: 10, paths: 12 })]),
            settled: true,
            ..Status::default()
        };
        let routes = KernelTotals { installed: 9, ..KernelTotals::default() };
        let kernel = Some(KernelSummary { backlog: 3, created: 100, routes, ..KernelSummary::default() });
        Sample { at, status, peers, kernel }
    }

    #[test]
    fn rates_are_by_the_second() {
        let start = Instant::now();
        let before = sample(start, vec![peer("a", "Established", 10, 5)]);
        let now = sample(
            start + Duration::from_secs(2),
            vec![peer("a", "Established", 30, 1), peer("b", "Idle", 7, 0)],
        );
        let picture = Picture::of(Some(&before), &now);
        assert_eq!(picture.peers[0].received_rate, 10.0);
        assert_eq!(picture.peers[0].route_rate, -2.0);
        assert_eq!(picture.peers[1].received_rate, 0.0, "nobody knew it before");
        assert_eq!(Picture::of(None, &now).peers[0].received_rate, 0.0);
        assert_eq!(rate(100, 7, 1.0), 7.0, "a new session counts from zero");
    }
}

//! What was wished, and waiting until the table has dealt with all of it.

use std::collections::BTreeMap;

use fib_sync::{Config, Forwarding, Handle, Route, Snapshot, Standing};
use ipnet::IpNet;

/// The last wish for each prefix.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wishes(BTreeMap<IpNet, Option<Route>>);

impl Wishes {
    /// Wishes, and remembers it.
    pub(crate) async fn want(&mut self, handle: &Handle, prefix: IpNet, route: Option<Route>) {
        handle.want(prefix, route.clone()).await.expect("runs");
        self.0.insert(prefix, route);
    }

    /// All of them.
    pub(crate) fn all(&self) -> Vec<(IpNet, Option<Route>)> {
        self.0.iter().map(|(prefix, route)| (*prefix, route.clone())).collect()
    }

    /// Waits until every wish has been taken and none is on its way.
    pub(crate) async fn settled(&self, handle: &Handle, config: &Config) -> Snapshot {
        loop {
            let snapshot = handle.snapshot().await.expect("runs");
            if snapshot.synced && self.taken(&snapshot, config) {
                return snapshot;
            }
            tokio::task::yield_now().await;
        }
    }

    /// Wishes overtake questions and the other way round, so the answer itself must show that they are in.
    fn taken(&self, snapshot: &Snapshot, config: &Config) -> bool {
        let rows: BTreeMap<IpNet, _> = snapshot.routes.iter().map(|row| (row.prefix, row)).collect();
        self.0.iter().all(|(prefix, wish)| match (wish, rows.get(prefix)) {
            (None, row) => row.is_none_or(|row| row.wished.is_none() && row.standing != Standing::Adopted),
            (Some(wish), Some(row)) => {
                row.wished.clone().is_some_and(|held| alike(prefix, wish, held, config))
            }
            (Some(_), None) => false,
        }) && rows.values().all(|row| row.standing != Standing::Pending)
    }
}

fn alike(prefix: &IpNet, wish: &Route, held: Route, config: &Config) -> bool {
    let form = |mut route: Route| {
        let metric = route.metric.unwrap_or(config.metric);
        route.metric = Some(if metric == 0 && prefix.network().is_ipv6() { 1024 } else { metric });
        if let Forwarding::Unicast(hops) = &mut route.forwarding {
            hops.sort();
        }
        route
    };
    form(wish.clone()) == form(held)
}

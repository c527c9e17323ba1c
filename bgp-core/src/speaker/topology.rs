//! Whether the reflectors around us do their part: what can be told of it from the routes alone.
//!
//! Redundant reflectors of the same clients tell each other what their clients said. So what a client of
//! ours said comes back from every sibling, with the client as its originator. Where it does not, the
//! client has no session there, and would be cut off with us. Unlike any RFC: nothing asks for this check.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use crate::rib::{Reflected, SourceId};
use crate::speaker::{Event, Speaker};
use crate::wire::PeerKind;
use crate::{Instant, RouterId};

use super::neighbour::Neighbour;

/// Something wrong between reflectors.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Flaw {
    /// A sibling, which brings routes of some of our clients, brings none of others.
    NotReflected {
        /// The sibling.
        sibling: Arc<str>,
        /// One of our clients that it does not seem to have.
        client: Arc<str>,
        /// How many more there are.
        others: usize,
    },
    /// A peer stamps a cluster id of ours on routes that we hear from nobody else, and so refuse: it shares
    /// the cluster, but not the clients.
    SharedCluster {
        /// The peer.
        sibling: Arc<str>,
        /// The cluster id.
        cluster: RouterId,
        /// Who brought one such route into the AS.
        originator: RouterId,
        /// How many such routes there are.
        routes: u32,
    },
}

impl fmt::Display for Flaw {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotReflected { sibling, client, others: 0 } => {
                write!(f, "{sibling} does not reflect what our client {client} says")
            }
            Self::NotReflected { sibling, client, others } => {
                write!(f, "{sibling} does not reflect what our client {client} and {others} more say")
            }
            Self::SharedCluster { sibling, cluster, originator, routes } => write!(
                f,
                "{sibling} shares cluster id {cluster} with us but not its client {originator}: \
                 {routes} of its routes are refused as loops"
            ),
        }
    }
}

impl Flaw {
    /// Two flaws are one story where only numbers and examples differ.
    fn subject(&self) -> (bool, Arc<str>) {
        match self {
            Self::NotReflected { sibling, .. } => (false, Arc::clone(sibling)),
            Self::SharedCluster { sibling, .. } => (true, Arc::clone(sibling)),
        }
    }
}

/// What was found when last looked.
#[derive(Debug, Default)]
pub(super) struct Topology {
    pub(super) flaws: Vec<Flaw>,
    looked: Option<Instant>,
}

impl Speaker {
    /// Looks again where the last look is long enough ago, and tells what is new. Sessions that came up lately
    /// are left out: their routes may be on their way.
    pub(super) fn check_topology(&mut self, now: Instant) {
        if self.topology.looked.is_some_and(|looked| now < looked + EVERY) {
            return;
        }
        self.topology.looked = Some(now);
        let flaws = self.flaws(now);
        let known: BTreeSet<_> = self.topology.flaws.iter().map(Flaw::subject).collect();
        let found: BTreeSet<_> = flaws.iter().map(Flaw::subject).collect();
        let news = flaws.iter().filter(|flaw| !known.contains(&flaw.subject()));
        let over = self.topology.flaws.iter().filter(|flaw| !found.contains(&flaw.subject()));
        let news = news.map(|flaw| Event::Flaw { flaw: flaw.clone(), is_over: false });
        let events: Vec<Event> =
            news.chain(over.map(|flaw| Event::Flaw { flaw: flaw.clone(), is_over: true })).collect();
        self.topology.flaws = flaws;
        events.into_iter().for_each(|event| self.tell(event));
    }

    fn flaws(&self, now: Instant) -> Vec<Flaw> {
        let settled = |neighbour: &&Neighbour| {
            neighbour.live.as_ref().is_some_and(|live| {
                live.negotiated.dialect.peer_kind == PeerKind::Internal && live.since + PATIENCE <= now
            })
        };
        let internal = || self.roster.iter().filter(settled);
        let clients: Vec<&Neighbour> = internal().filter(|neighbour| neighbour.config().client).collect();
        if clients.is_empty() {
            return Vec::new();
        }
        let mut brought: BTreeMap<SourceId, Vec<(Reflected, u32)>> = BTreeMap::new();
        for (reflected, count) in self.rib.reflected() {
            brought.entry(reflected.source).or_default().push((reflected, count));
        }
        let siblings = internal().filter(|neighbour| !neighbour.config().client);
        siblings
            .filter_map(|sibling| Some((sibling, brought.get(&sibling.source?)?)))
            .flat_map(|(sibling, brought)| {
                let shared = self.shares_cluster(sibling, brought);
                shared.into_iter().chain(self.leaves_out(sibling, brought, &clients))
            })
            .collect()
    }

    /// Clients of ours, with routes, of whom `sibling` brings nothing although it brings others.
    fn leaves_out(
        &self,
        sibling: &Neighbour,
        brought: &[(Reflected, u32)],
        clients: &[&Neighbour],
    ) -> Option<Flaw> {
        let originators: BTreeSet<RouterId> = brought.iter().map(|(it, _)| it.originator).collect();
        let has = |client: &&&Neighbour| identifier(client).is_some_and(|id| originators.contains(&id));
        if !clients.iter().any(|client| has(&client)) {
            // It serves others.
            return None;
        }
        let mut missing = clients.iter().filter(|client| self.has_routes(client) && !has(client));
        let client = missing.next()?.name();
        Some(Flaw::NotReflected { sibling: sibling.name(), client, others: missing.count() })
    }

    /// Routes of originators that have no session with us, stamped with a cluster of ours.
    fn shares_cluster(&self, sibling: &Neighbour, brought: &[(Reflected, u32)]) -> Option<Flaw> {
        let known: BTreeSet<RouterId> = self.roster.iter().filter_map(identifier).collect();
        let refused = brought.iter().filter(|(reflected, _)| {
            self.clusters.contains(&reflected.cluster)
                && reflected.originator != sibling.config().router_id
                && !known.contains(&reflected.originator)
        });
        let (example, _) = refused.clone().next()?;
        Some(Flaw::SharedCluster {
            sibling: sibling.name(),
            cluster: example.cluster,
            originator: example.originator,
            routes: refused.map(|(_, count)| count).sum(),
        })
    }

    fn has_routes(&self, client: &Neighbour) -> bool {
        let families = client.config().families.iter();
        client.source.is_some_and(|source| {
            families.clone().any(|family| self.rib.counts(source, *family).accepted > 0)
        })
    }
}

fn identifier(neighbour: &Neighbour) -> Option<RouterId> {
    neighbour.live.as_ref().map(|live| live.negotiated.router_id)
}

/// How often it is looked at, when there is something to do anyway.
const EVERY: Duration = Duration::from_secs(60);
/// For how long a session has to be up before it says anything about the topology.
const PATIENCE: Duration = Duration::from_secs(120);

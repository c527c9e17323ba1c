//! Pictures of peers and of the whole.

use std::sync::Arc;

use crate::export::Picture;
use crate::peer::{Failure, PeerAsn};
use crate::policy::Policy;
use crate::rib::{LocalSource, Rib, SourceId};
use crate::session::Negotiated;
use crate::speaker::{Beginning, GroupView, PeerId, PeerView, RouteCounts, Speaker, Summary, View};
use crate::{Family, wire::Capability};

use super::neighbour::{Neighbour, Stay};

impl View<'_> {
    /// The speaker as a whole.
    #[must_use]
    pub fn summary(&self) -> Summary {
        let speaker = self.speaker;
        let tables = Family::UNICAST.iter().filter_map(|family| {
            let table = speaker.rib.table(*family)?;
            Some((*family, table.len(), table.path_count()))
        });
        let (messages, sessions) = speaker.roster.history();
        Summary {
            asn: speaker.config.asn,
            router_id: speaker.config.router_id,
            peers: speaker.roster.iter().count(),
            established: speaker.roster.iter().filter(|neighbour| neighbour.live.is_some()).count(),
            disabled: speaker.roster.iter().filter(|neighbour| !neighbour.config().enabled).count(),
            messages,
            sessions,
            tables: tables.collect(),
            best_changes: Family::UNICAST.into_iter().zip(speaker.best_changes).collect(),
            distinct_routes: speaker.rib.distinct_routes(),
            memory: speaker.rib.memory(),
            keeping: speaker.roster.iter().filter(|neighbour| !neighbour.kept.is_empty()).count(),
            kept: Family::UNICAST.map(|family| (family, self.kept(family))).to_vec(),
            groups: speaker.exporter.groups(),
            flaws: speaker.topology.flaws.clone(),
            settled: speaker.settle.is_over(),
            headless: speaker.headless_since(),
            draining: speaker.drain.is_some(),
        }
    }

    /// How far it has got since its start.
    #[must_use]
    pub fn beginning(&self) -> Beginning {
        let Speaker { roster, settle, now, .. } = self.speaker;
        let is_expected =
            |neighbour: &&Neighbour| neighbour.stay == Stay::Configured && neighbour.config().enabled;
        let name = |id| roster.get(id).map(Neighbour::name);
        Beginning {
            expected: roster.iter().filter(is_expected).count(),
            established: roster.iter().filter(is_expected).filter(|it| it.live.is_some()).count(),
            awaited: settle.awaited(self.speaker.around(), *now).into_iter().filter_map(name).collect(),
            announced: settle.has_announced(),
            settled: settle.is_over(),
        }
    }

    /// The update groups, in the order in which they were formed.
    #[must_use]
    pub fn groups(&self) -> Vec<GroupView> {
        let speaker = self.speaker;
        let name = |id| speaker.roster.get(id).map(Neighbour::name);
        let group = |group: Picture| GroupView {
            family: group.family,
            members: group.members,
            detached: group.detached.into_iter().filter_map(name).collect(),
            routes: group.routes,
            octets: group.octets,
            backlog: group.backlog,
            waiting_since: group.waiting_since,
            encoded: group.encoded,
        };
        speaker.exporter.pictures().map(group).collect()
    }

    /// How many routes of a family come from this machine.
    #[must_use]
    pub fn local_routes(&self, source: LocalSource, family: Family) -> RouteCounts {
        let speaker = self.speaker;
        received(&speaker.rib, speaker.local(source), family)
    }

    /// Every peer, in the order of configuration, accepted ones last.
    #[must_use]
    pub fn peers(&self) -> Vec<PeerView> {
        self.speaker.roster.iter().map(|neighbour| self.describe(neighbour)).collect()
    }

    /// What the peers are called, which costs less than to look at them.
    pub fn names(&self) -> impl Iterator<Item = (PeerId, Arc<str>)> {
        self.speaker.roster.iter().map(|neighbour| (neighbour.id, neighbour.name()))
    }

    /// One peer.
    #[must_use]
    pub fn peer(&self, id: PeerId) -> Option<PeerView> {
        self.speaker.roster.get(id).map(|neighbour| self.describe(neighbour))
    }

    fn describe(&self, neighbour: &Neighbour) -> PeerView {
        let (config, status) = (neighbour.config(), neighbour.peer.status());
        let live = neighbour.live.as_ref().map(|live| &live.negotiated);
        let families = live.map_or_else(|| config.families.clone(), |live| live.families().to_vec());
        let counters = status.counters;
        PeerView {
            id: neighbour.id,
            name: neighbour.name(),
            address: config.remote.ip(),
            asn: live.map(|live| live.asn).or(match config.asn {
                PeerAsn::Exactly(asn) => Some(asn),
                PeerAsn::Internal => Some(config.local_asn),
                PeerAsn::External => None,
            }),
            local_asn: config.local_asn,
            description: config.description.clone(),
            state: status.state.as_str(),
            since: status.since,
            router_id: live.map(|live| live.router_id),
            routes: families.iter().map(|family| (*family, self.count(neighbour, *family))).collect(),
            families,
            hold_time: live.map(|live| live.hold_time),
            capabilities: live.map_or_else(Vec::new, |live| announced(live)),
            last_error: status.last_error.map(ToString::to_string),
            failed: status.last_error.map(Failure::layer),
            enabled: config.enabled,
            timers: neighbour.peer.timers(),
            next_attempt: status.next_attempt.map(|deadline| deadline.at),
            local: status.local.map(|local| local.ip()),
            dynamic: neighbour.stay == Stay::Accepted,
            client: config.client,
            passive: config.passive,
            multihop: config.multihop,
            import: names(config.import.as_deref()),
            export: names(config.export.as_deref()),
            negotiated: neighbour.live.as_ref().map(|live| Arc::clone(&live.negotiated)),
            received: counters.received,
            sent: counters.sent,
            sessions: status.established,
        }
    }

    /// Paths of a family that outlive the session they came by.
    fn kept(&self, family: Family) -> u64 {
        let keeping = self.speaker.roster.iter().filter(|neighbour| neighbour.kept.contains_key(&family));
        let sources = keeping.filter_map(|neighbour| neighbour.source);
        sources.map(|source| u64::from(self.speaker.rib.counts(source, family).received)).sum()
    }

    fn count(&self, neighbour: &Neighbour, family: Family) -> RouteCounts {
        let Speaker { rib, exporter, .. } = self.speaker;
        let said = neighbour.source.map(|source| received(rib, source, family)).unwrap_or_default();
        RouteCounts {
            advertised: exporter.count(neighbour.id, family),
            export: exporter.tally(neighbour.id, family),
            ..said
        }
    }
}

/// What came from a source.
fn received(rib: &Rib, source: SourceId, family: Family) -> RouteCounts {
    let counts = rib.counts(source, family);
    RouteCounts {
        received: counts.received.into(),
        accepted: counts.accepted.into(),
        best: counts.best.into(),
        import: rib.tally(source, family),
        ..RouteCounts::default()
    }
}

fn names(policies: Option<&[Arc<Policy>]>) -> Option<Vec<Arc<str>>> {
    Some(policies?.iter().map(|policy| Arc::clone(&policy.name)).collect())
}

/// Names of what the peer announced, in its order, each once.
fn announced(negotiated: &Negotiated) -> Vec<&'static str> {
    let mut names: Vec<&'static str> = negotiated.open.capabilities.iter().filter_map(name).collect();
    names.dedup();
    names
}

/// What an operator calls a capability.
const fn name(capability: &Capability) -> Option<&'static str> {
    Some(match capability {
        Capability::Multiprotocol(_) => "multiprotocol",
        Capability::RouteRefresh => "route-refresh",
        Capability::ExtendedNextHop(_) => "extended-next-hop",
        Capability::ExtendedMessage => "extended-message",
        Capability::Role(_) => "role",
        Capability::GracefulRestart { .. } => "graceful-restart",
        Capability::FourOctetAs(_) => "four-octet-as",
        Capability::AddPath(_) => "add-path",
        Capability::EnhancedRouteRefresh => "enhanced-route-refresh",
        Capability::LongLivedGracefulRestart(_) => "long-lived-graceful-restart",
        Capability::Fqdn { .. } => "fqdn",
        Capability::Unknown { .. } => return None,
    })
}

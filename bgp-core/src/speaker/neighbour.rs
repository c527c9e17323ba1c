//! A configured or accepted neighbour as the speaker keeps it: its machine, its source, its families.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use crate::export::Target;
use crate::peer::{Peer, PeerAsn, PeerConfig};
use crate::rib::{PeerSource, SourceId};
use crate::session::Negotiated;
use crate::speaker::{ConnId, Interface, PeerId};
use crate::{Asn, Family, Instant, RouterId};

use super::import::Importer;
use super::kept::Kept;
use super::place::Place;

/// An Established session of a neighbour.
#[derive(Clone, Debug)]
pub(super) struct Live {
    /// Its connection.
    pub(super) conn: ConnId,
    /// What was agreed.
    pub(super) negotiated: Arc<Negotiated>,
    /// Our end.
    pub(super) local: SocketAddr,
    /// The interface that has our end.
    pub(super) interface: Arc<Interface>,
    /// When it became Established.
    pub(super) since: Instant,
    /// Families whose End-of-RIB arrived.
    pub(super) complete: BTreeSet<Family>,
    /// Families whose long-lived stale time ended before that: they outlive no further session.
    pub(super) spent: BTreeSet<Family>,
    /// Families whose prefix limit was passed, so that it is said once.
    pub(super) over_limit: BTreeSet<Family>,
    /// Families that the peer is announcing anew, and until when it has time for that.
    pub(super) refreshing: BTreeMap<Family, Instant>,
}

/// For how long a neighbour is one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stay {
    /// While it is configured.
    Configured,
    /// It was accepted from a range and goes when its session goes.
    Accepted,
    /// It is configured no more and goes when its connections are closed.
    Leaving,
}

/// A neighbour.
#[derive(Debug)]
pub(super) struct Neighbour {
    pub(super) id: PeerId,
    pub(super) peer: Peer,
    /// Its routes' source; kept from the first session on, because paths may outlive a session.
    pub(super) source: Option<SourceId>,
    /// The Established session.
    pub(super) live: Option<Live>,
    /// For how long it stays.
    pub(super) stay: Stay,
    /// Where it stands in the speaker's index of deadlines.
    pub(super) due: Option<Instant>,
    /// Families kept over the loss of a session, until the peer's End-of-RIB or a deadline.
    pub(super) kept: BTreeMap<Family, Kept>,
}

impl Neighbour {
    pub(super) fn new(id: PeerId, peer: Peer, stay: Stay) -> Self {
        Self { id, peer, source: None, live: None, stay, due: None, kept: BTreeMap::new() }
    }

    pub(super) fn config(&self) -> &PeerConfig {
        self.peer.config()
    }

    pub(super) fn name(&self) -> Arc<str> {
        Arc::clone(&self.config().name)
    }

    /// Internal by its configuration.
    pub(super) fn is_internal(&self) -> bool {
        let config = self.config();
        match config.asn {
            PeerAsn::Internal => true,
            PeerAsn::Exactly(asn) => asn == config.local_asn,
            PeerAsn::External => false,
        }
    }

    /// Internal and no client: it is not told what others of this kind say
    /// ([RFC 4456 §6](https://www.rfc-editor.org/rfc/rfc4456#section-6)).
    pub(super) fn is_plain_internal(&self) -> bool {
        self.is_internal() && !self.config().client
    }

    /// What is kept of a family and not told again is long-lived stale.
    pub(super) fn ages(&self, family: Family) -> bool {
        self.kept.get(&family).is_some_and(Kept::is_long_lived)
    }

    /// Accepted from a range and not started yet.
    pub(super) fn is_fresh(&self) -> bool {
        self.stay == Stay::Accepted && self.source.is_none() && self.peer.status().conn.is_none()
    }

    /// When something has to be done about it, whatever it is.
    pub(super) fn wake_at(&self) -> Option<Instant> {
        let timer = self.peer.poll_timeout().map(|deadline| deadline.at);
        let kept = self.kept.values().map(Kept::until);
        let refreshing = self.live.iter().flat_map(|live| live.refreshing.values().copied());
        timer.into_iter().chain(kept).chain(refreshing).min()
    }

    /// What import asks about it, and about the speaker: its own AS and all its clusters.
    pub(super) fn importer<'a>(&'a self, asn: Asn, clusters: &'a [RouterId]) -> Option<Importer<'a>> {
        Some(self.standing(self.live.as_ref()?).importer(asn, clusters))
    }

    /// The interface whose link we share with the peer, where there is one and its name is known.
    pub(super) fn device(&self) -> Option<Arc<str>> {
        let live = self.live.as_ref().filter(|live| self.standing(live).place().is_on_link())?;
        live.interface.name.clone()
    }

    /// What the RIB has to know about it.
    pub(super) fn source(&self, live: &Live) -> PeerSource {
        self.standing(live).source()
    }

    /// What decides which octets it is sent; `leaving` where we are about to go.
    pub(super) fn target(&self, live: &Live, leaving: bool) -> Target {
        self.standing(live).target(leaving)
    }

    fn standing<'a>(&'a self, live: &'a Live) -> Standing<'a> {
        Standing { id: self.id, config: self.config(), live }
    }
}

/// A configuration and a session of it: all that import and export ask about a neighbour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Standing<'a> {
    pub(super) id: PeerId,
    pub(super) config: &'a PeerConfig,
    pub(super) live: &'a Live,
}

impl<'a> Standing<'a> {
    /// What import asks about it, and about the speaker: its own AS and all its clusters.
    pub(super) fn importer(self, asn: Asn, clusters: &'a [RouterId]) -> Importer<'a> {
        let peer_asn = self.live.negotiated.asn;
        Importer { config: self.config, asn, peer_asn, clusters, place: self.place() }
    }

    /// Where the session stands.
    fn place(self) -> Place<'a> {
        Place {
            local: self.live.local.ip(),
            remote: self.config.remote.ip(),
            interface: &self.live.interface.addresses,
        }
    }

    /// What the RIB has to know about the neighbour.
    pub(super) fn source(self) -> PeerSource {
        let negotiated = &self.live.negotiated;
        PeerSource {
            peer: self.id,
            kind: negotiated.dialect.peer_kind,
            asn: negotiated.asn,
            router_id: negotiated.router_id,
            address: self.config.remote.ip(),
            client: self.config.client,
            cluster_id: self.config.cluster_id,
        }
    }

    /// What decides which octets the neighbour is sent; `leaving` where we are about to go.
    pub(super) fn target(self, leaving: bool) -> Target {
        let Self { config, live, .. } = self;
        let restart = live.negotiated.restart.as_ref();
        Target {
            name: Arc::clone(&config.name),
            dialect: live.negotiated.dialect.clone(),
            local_asn: config.local_asn,
            cluster_id: config.cluster_id,
            client: config.client,
            client_to_client: config.client_to_client,
            role: config.role,
            next_hop: config.next_hop,
            own: self.place().own_addresses(&config.next_hop_addresses),
            shared_subnets: self.place().shared_subnets(),
            export: config.export.clone(),
            add_path_send: config.add_path_send,
            long_lived: restart.is_some_and(|restart| !restart.long_lived.is_empty()),
            leaving,
        }
    }
}

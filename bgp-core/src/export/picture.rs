//! Pictures: questions to an exporter. Nothing here changes anything.

use std::sync::Arc;

use crate::export::group::Group;
use crate::export::{ExportTally, Exporter, Passage, verdict};
use crate::rib::{NetId, Rib, Route, SourceId};
use crate::speaker::PeerId;
use crate::wire::PathId;
use crate::{Family, Instant};

/// One path of Adj-RIB-Out, as one peer was (or is about to be) told.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Advertised {
    /// The path identifier sent; 0 where the session has none.
    pub path_id: PathId,
    /// Where the path came from.
    pub source: SourceId,
    /// What is said, after policy and rewriting: `forwarding` is `Via` the next hop sent.
    pub route: Arc<Route>,
}

/// A group as it is now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    /// What its members are told.
    pub family: Family,
    /// How many sessions hear it.
    pub members: usize,
    /// Those that fell so far behind that they are told the state by then instead of what led there.
    pub detached: Vec<PeerId>,
    /// Paths in its Adj-RIB-Out.
    pub routes: u64,
    /// About how many octets that takes.
    pub octets: usize,
    /// Octets kept for members that have not read them: how far the slowest is behind.
    pub backlog: usize,
    /// Since when the oldest of them have waited; `None` where nothing does.
    pub waiting_since: Option<Instant>,
    /// Octets encoded since it was formed, each once for all that were sent it.
    pub encoded: u64,
}

impl Exporter {
    /// Adj-RIB-Out of `peer`, for one prefix.
    pub fn advertised(
        &self,
        peer: PeerId,
        family: Family,
        net: NetId,
        rib: &Rib,
    ) -> impl Iterator<Item = Advertised> {
        let group = self.membership(peer, family).and_then(|id| self.groups.get(id));
        group.into_iter().flat_map(move |group| group.said_to(peer, net, rib))
    }

    /// Number of paths in Adj-RIB-Out of `peer`.
    #[must_use]
    pub fn count(&self, peer: PeerId, family: Family) -> u64 {
        let group = self.membership(peer, family).and_then(|id| self.groups.get(id));
        group.map_or(0, |group| group.count(peer))
    }

    /// What `peer` has been told of `family` since its session began.
    #[must_use]
    pub fn tally(&self, peer: PeerId, family: Family) -> ExportTally {
        let group = self.membership(peer, family).and_then(|id| self.groups.get(id));
        group.map_or_else(ExportTally::default, |group| group.tally(peer))
    }

    /// Whether `peer` hears `family`.
    #[must_use]
    pub fn hears(&self, peer: PeerId, family: Family) -> bool {
        self.membership(peer, family).is_some()
    }

    /// Why a prefix is said to `peer`, or not: for each path that could be chosen or has been said, the gates it
    /// met. The same code that decides for the wire.
    #[must_use]
    pub fn verdict(&self, peer: PeerId, family: Family, net: NetId, rib: &Rib) -> Vec<Passage> {
        let group = self.membership(peer, family).and_then(|id| self.groups.get(id));
        let prefix = rib.table(family).and_then(|table| table.prefix(net));
        let (Some(group), Some(prefix)) = (group, prefix) else { return Vec::new() };
        let told: Vec<Advertised> = group.said_to(peer, net, rib).collect();
        let held_back = self.held_back.contains(&family);
        let mut passages =
            verdict::verdict(group.key(), &self.names, peer, (net, prefix), &told, held_back, rib);
        if group.is_behind(peer) {
            passages.iter_mut().for_each(Passage::queue);
        }
        passages
    }

    /// Number of groups.
    #[must_use]
    pub fn groups(&self) -> usize {
        self.groups.len()
    }

    /// A look at every group, in the order in which they were formed.
    pub fn pictures(&self) -> impl Iterator<Item = Picture> {
        self.groups.iter().map(Group::picture)
    }

    /// Octets encoded by the groups there are, however many heard them.
    #[must_use]
    pub fn encoded(&self) -> u64 {
        self.groups.iter().map(Group::encoded).sum()
    }

    /// Octets encoded and not yet pulled by everyone.
    #[must_use]
    pub fn backlog(&self) -> usize {
        self.groups.iter().map(Group::backlog).sum()
    }
}

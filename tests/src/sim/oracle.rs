//! The oracle: what every speaker is to know, tell and forward when nothing happens. Found from the configurations
//! alone, by asking everybody what he would tell the others, again and again, until nobody learns anything.
//!
//! It has [RFC 4271 §9.1] and [RFC 4456] in the plainest words, and none of the product's code but its configuration.
//!
//! [RFC 4271 §9.1]: https://www.rfc-editor.org/rfc/rfc4271#section-9.1
//! [RFC 4456]: https://www.rfc-editor.org/rfc/rfc4456

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use bgp_core::peer::{NextHopRule, PeerAsn, PeerConfig};
use bgp_core::policy::{Condition, Disposition, Policy, SourceKind};
use bgp_core::wire::AddPathMode;
use bgp_core::{Asn, Family, RouterId};

use super::{NodeId, World};

/// What one speaker tells another about a block.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Path {
    pub(super) as_path: Vec<Asn>,
    pub(super) next_hop: NodeId,
    pub(super) originator: Option<RouterId>,
    pub(super) clusters: Vec<RouterId>,
}

/// A path that a speaker may choose.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Candidate {
    path: Path,
    /// Who told it, and what he is; `None`: it is our own.
    from: Option<(NodeId, Teller)>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Teller {
    external: bool,
    client: bool,
    router_id: RouterId,
}

/// What is known about one block once nobody learns any more.
#[derive(Debug, Default)]
pub(super) struct Solution {
    candidates: BTreeMap<NodeId, Vec<Candidate>>,
}

/// Where packets go.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Way {
    /// Nowhere: it is not known.
    Unknown,
    /// They have come to the host that has the block.
    Home,
    /// To all of these.
    Hosts(BTreeSet<NodeId>),
}

impl Solution {
    /// What everybody knows about a block of a family that these nodes have.
    pub(super) fn find(world: &World, family: Family, origins: &BTreeSet<NodeId>) -> Self {
        let mut solution = Self::default();
        for origin in origins {
            let path =
                Path { as_path: Vec::new(), next_hop: *origin, originator: None, clusters: Vec::new() };
            solution.candidates.insert(*origin, vec![Candidate { path, from: None }]);
        }
        let mut news = true;
        while std::mem::take(&mut news) {
            for id in 0..world.nodes().count() {
                news |= solution.learn(world, family, NodeId(id));
            }
        }
        solution
    }

    /// One speaker hears what all others have to tell it; whether that is news.
    fn learn(&mut self, world: &World, family: Family, here: NodeId) -> bool {
        let mut known: Vec<Candidate> = Vec::new();
        known.extend(self.known(here).iter().find(|candidate| candidate.from.is_none()).cloned());
        for (there, session) in sessions(world, here) {
            let config = &world.node(there).config;
            let external = !is_internal(session);
            let teller = Teller { external, client: session.client, router_id: config.router_id };
            let told = self.told(world, family, there, here).into_iter();
            let heard = told.filter(|path| accepts(world, here, session, path));
            known.extend(heard.map(|path| Candidate { path, from: Some((there, teller)) }));
        }
        known.sort_by_key(|it| (it.rank(), it.tie_break()));
        let news = known != self.known(here);
        self.candidates.insert(here, known);
        news
    }

    /// What a speaker tells another.
    pub(super) fn told(&self, world: &World, family: Family, from: NodeId, to: NodeId) -> BTreeSet<Path> {
        let Some((_, session)) = sessions(world, from).find(|(there, _)| *there == to) else {
            return BTreeSet::new();
        };
        let Some((_, theirs)) = sessions(world, to).find(|(there, _)| *there == from) else {
            return BTreeSet::new();
        };
        if ![session, theirs].iter().all(|end| end.families.contains(&family)) {
            return BTreeSet::new();
        }
        let several = matches!(session.add_path, Some(AddPathMode::Send | AddPathMode::Both))
            && matches!(theirs.add_path, Some(AddPathMode::Receive | AddPathMode::Both));
        let most = if several { usize::MAX } else { 1 };
        let chosen = self.known(from).iter().take(most);
        let said = chosen.filter(|it| it.may_go_to(to, session) && exports(session, it.from.is_none()));
        said.map(|candidate| candidate.rewrite(from, session)).collect()
    }

    /// Where a host sends packets to the block.
    pub(super) fn way(&self, here: NodeId, multipath: usize) -> Way {
        let known = self.known(here);
        let Some(best) = known.first() else { return Way::Unknown };
        if best.from.is_none() {
            return Way::Home;
        }
        let equal = known.iter().filter(|it| it.rank() == best.rank()).take(multipath);
        Way::Hosts(equal.map(|it| it.path.next_hop).collect())
    }

    fn known(&self, id: NodeId) -> &[Candidate] {
        self.candidates.get(&id).map_or(&[], Vec::as_slice)
    }
}

impl Candidate {
    /// What one is better by than another; those alike in it share the traffic.
    fn rank(&self) -> (bool, usize, bool) {
        let foreign = self.from.is_some();
        let internal = self.from.is_none_or(|(_, teller)| !teller.external);
        (foreign, self.path.as_path.len(), internal)
    }

    /// What decides between equals.
    fn tie_break(&self) -> (Option<RouterId>, usize, Option<NodeId>) {
        let told_by = self.from.map(|(_, teller)| teller.router_id);
        (self.path.originator.or(told_by), self.path.clusters.len(), self.from.map(|(id, _)| id))
    }

    /// Never back to where it came from, and from one internal peer to another only if one of them is a client.
    fn may_go_to(&self, to: NodeId, session: &PeerConfig) -> bool {
        self.from.is_none_or(|(from, teller)| {
            from != to && (teller.external || !is_internal(session) || teller.client || session.client)
        })
    }

    /// How it is said.
    fn rewrite(&self, from: NodeId, session: &PeerConfig) -> Path {
        let mut path = self.path.clone();
        let reflected = self.from.filter(|(_, teller)| !teller.external && is_internal(session));
        match reflected {
            Some((_, teller)) => {
                path.originator.get_or_insert(teller.router_id);
                path.clusters.insert(0, session.cluster_id);
            }
            None => (path.originator, path.clusters) = (None, Vec::new()),
        }
        if !is_internal(session) {
            path.as_path.insert(0, session.local_asn);
        }
        // All hosts share one subnet, so that a next hop may be kept towards anybody.
        if session.next_hop == NextHopRule::Own {
            path.next_hop = from;
        }
        path
    }
}

/// Who has a session with a node, by its own configuration.
fn sessions(world: &World, id: NodeId) -> impl Iterator<Item = (NodeId, &PeerConfig)> {
    let peers = world.node(id).config.peers.iter();
    peers.filter_map(|peer| Some((world.host_of(peer.remote.ip())?, peer)))
}

fn is_internal(session: &PeerConfig) -> bool {
    session.asn == PeerAsn::Exactly(session.local_asn)
}

/// Nobody takes back what has been with him, and his import policies agree.
fn accepts(world: &World, here: NodeId, session: &PeerConfig, path: &Path) -> bool {
    let config = &world.node(here).config;
    !path.as_path.contains(&config.asn)
        && path.originator != Some(config.router_id)
        && !path.clusters.contains(&session.cluster_id)
        && path.next_hop != here
        && passes(session.import.as_deref(), session, SourceKind::Bgp)
}

fn exports(session: &PeerConfig, own: bool) -> bool {
    passes(session.export.as_deref(), session, if own { SourceKind::Static } else { SourceKind::Bgp })
}

/// What policies say that ask for nothing but the kind of source.
fn passes(policies: Option<&[Arc<Policy>]>, session: &PeerConfig, kind: SourceKind) -> bool {
    let Some(policies) = policies else { return is_internal(session) };
    let holds = |condition: &Condition| match condition {
        Condition::Source(kinds) => kinds.contains(&kind),
        other => unreachable!("no policy here asks for {other:?}"),
    };
    let rules = policies.iter().flat_map(|policy| {
        let rules = policy.rules.iter().filter(|rule| rule.conditions.iter().all(holds));
        rules.map(|rule| rule.action.disposition).chain([policy.default])
    });
    rules.into_iter().find(|disposition| *disposition != Disposition::Next) == Some(Disposition::Accept)
}

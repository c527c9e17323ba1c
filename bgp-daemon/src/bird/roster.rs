//! What a BIRD calls protocols: its peers, and where routes of the machine itself come from and go to.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;
use std::sync::Arc;

use bgp_core::Family;
use bgp_core::policy::Glob;
use bgp_core::rib::LocalSource;
use bgp_core::speaker::{PathSource, PeerId, PeerView, RouteCounts, View};

use super::command::Which;
use super::protocol::{Code, Complaint};
use super::voice::Voice;
use crate::config::BirdDialect;

/// The protocols that one socket shows.
#[derive(Clone, Debug)]
pub(super) struct Roster {
    pub(super) protocols: Vec<Protocol>,
    /// What each peer is called here, by its own name.
    names: BTreeMap<Arc<str>, usize>,
}

/// A protocol.
#[derive(Clone, Debug)]
pub(super) struct Protocol {
    pub(super) name: String,
    pub(super) kind: Kind,
}

/// What a protocol is.
#[derive(Clone, Debug)]
pub(super) enum Kind {
    /// The interfaces.
    Device,
    /// Routes of this machine, by family.
    Local(LocalSource, Vec<(Family, RouteCounts)>),
    /// A peer.
    Bgp(Box<PeerView>),
}

/// How many routes there are of this machine's own, by source and family.
pub(crate) type Locals = Vec<(LocalSource, Vec<(Family, RouteCounts)>)>;

/// What the speaker's thread is asked for.
#[derive(Clone, Debug)]
pub(super) struct Census {
    pub(super) peers: Vec<PeerView>,
    pub(super) locals: Locals,
}

impl Census {
    /// Looks at the speaker, and of its peers at the one that may be meant by `name`, where that is clear: clients
    /// that ask for a thousand one by one do not make it look at a million.
    pub(super) fn of(name: &str, view: View<'_>) -> Self {
        let alike = |(_, its): &(PeerId, Arc<str>)| **its == *name || symbol(its) == name;
        let mut alike = view.names().filter(alike).map(|(id, _)| id);
        match (alike.next(), alike.next()) {
            (Some(id), None) => Self { peers: view.peer(id).into_iter().collect(), locals: locals(view) },
            _ => Self::take(view),
        }
    }

    /// Looks at the speaker.
    pub(super) fn take(view: View<'_>) -> Self {
        Self { peers: view.peers(), locals: locals(view) }
    }
}

/// Counts them.
pub(crate) fn locals(view: View<'_>) -> Locals {
    let count = |source| {
        let families = Family::UNICAST.into_iter();
        families.map(|family| (family, view.local_routes(source, family))).collect()
    };
    let sources = [LocalSource::Direct, LocalSource::Kernel, LocalSource::Static];
    sources.into_iter().map(|it| (it, count(it))).collect()
}

impl Roster {
    /// What `voice` shows of it. Where there `is_kernel`, routes come from its table and go to it.
    pub(super) fn new(census: Census, is_kernel: bool, voice: Voice) -> Self {
        let mut roster = Self { protocols: vec![named("device1", Kind::Device)], names: BTreeMap::new() };
        let locals = census.locals.into_iter();
        for (source, counts) in locals.filter(|(source, _)| is_kernel || *source == LocalSource::Static) {
            roster.add_local(source, counts, voice);
        }
        let mut taken: BTreeSet<String> = roster.protocols.iter().map(|it| it.name.clone()).collect();
        for peer in census.peers.into_iter().filter(|peer| voice.shows(peer.address)) {
            let name = distinct(symbol(&peer.name), &mut taken);
            roster.names.insert(Arc::clone(&peer.name), roster.protocols.len());
            roster.protocols.push(Protocol { name, kind: Kind::Bgp(Box::new(peer)) });
        }
        roster
    }

    /// BIRD 2 has a kernel and a static protocol for each family, 1.6 has one, and both have one for what is
    /// connected.
    fn add_local(&mut self, source: LocalSource, counts: Vec<(Family, RouteCounts)>, voice: Voice) {
        let counts: Vec<_> = counts.into_iter().filter(|(family, _)| voice.has(*family)).collect();
        if source == LocalSource::Direct || voice.dialect == BirdDialect::One {
            self.protocols.push(named(&format!("{source}1"), Kind::Local(source, counts)));
            return;
        }
        for (family, counts) in counts {
            let name = local_name(source, family, voice);
            self.protocols.push(named(&name, Kind::Local(source, vec![(family, counts)])));
        }
    }

    /// The protocols meant.
    pub(super) fn select(&self, which: &Which) -> Result<Vec<&Protocol>, Complaint> {
        let found: Vec<&Protocol> = match which {
            Which::Every => self.protocols.iter().collect(),
            Which::Name(name) => vec![
                self.find(name)
                    .ok_or_else(|| Complaint::new(Code::WRONG_KIND, format!("{name} is not a protocol")))?,
            ],
            Which::Pattern(pattern) => {
                let glob: Option<Glob> = pattern.parse().ok();
                let matches = |name: &str| glob.as_ref().is_some_and(|glob| glob.matches(name));
                self.protocols.iter().filter(|it| it.answers_to(matches)).collect()
            }
        };
        if found.is_empty() {
            return Err(Complaint::new(Code::NO_PROTOCOL, "No protocols match"));
        }
        Ok(found)
    }

    /// The protocol of a name, shown or configured.
    pub(super) fn find(&self, name: &str) -> Option<&Protocol> {
        let shown = self.protocols.iter().find(|it| it.name == name);
        shown.or_else(|| self.protocols.iter().find(|it| it.answers_to(|its| its == name)))
    }

    /// What a path's source is called, and who it is where it is a peer.
    pub(super) fn source(&self, source: &PathSource, family: Family, voice: Voice) -> Source<'_> {
        match source {
            PathSource::Local(LocalSource::Direct) => Source { name: "direct1".to_owned(), peer: None },
            PathSource::Local(source) => Source { name: local_name(*source, family, voice), peer: None },
            PathSource::Peer(name) => match self.names.get(name).map(|at| &self.protocols[*at]) {
                Some(Protocol { name, kind: Kind::Bgp(peer) }) => {
                    Source { name: voice.source(name), peer: Some(peer) }
                }
                _ => Source { name: voice.source(&symbol(name)), peer: None },
            },
        }
    }
}

/// Who said a path.
#[derive(Clone, Debug)]
pub(super) struct Source<'a> {
    pub(super) name: String,
    pub(super) peer: Option<&'a PeerView>,
}

impl Protocol {
    /// Whether one of its names is as it should be.
    fn answers_to(&self, is_it: impl Fn(&str) -> bool) -> bool {
        is_it(&self.name) || self.peer().is_some_and(|peer| is_it(&peer.name))
    }

    /// The peer it is, if it is one.
    pub(super) fn peer(&self) -> Option<&PeerView> {
        match &self.kind {
            Kind::Bgp(peer) => Some(peer),
            Kind::Device | Kind::Local(..) => None,
        }
    }

    /// What it tells and is told, by family.
    pub(super) fn routes(&self) -> &[(Family, RouteCounts)] {
        match &self.kind {
            Kind::Device => &[],
            Kind::Local(_, routes) => routes,
            Kind::Bgp(peer) => &peer.routes,
        }
    }

    /// What BIRD calls its kind.
    pub(super) const fn kind(&self) -> &'static str {
        match &self.kind {
            Kind::Device => "Device",
            Kind::Local(LocalSource::Direct, _) => "Direct",
            Kind::Local(LocalSource::Kernel, _) => "Kernel",
            Kind::Local(LocalSource::Static, _) => "Static",
            Kind::Bgp(_) => "BGP",
        }
    }
}

/// What a peer does, in BIRD's words.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Standing {
    /// `up`, `start` or `down`.
    pub(super) state: &'static str,
    /// The state of the session.
    pub(super) session: &'static str,
    /// Why there is no session.
    pub(super) error: Option<String>,
}

impl Standing {
    /// How a peer stands.
    pub(super) fn of(peer: &PeerView) -> Self {
        if peer.state == "Established" {
            return Self { state: "up", session: peer.state, error: None };
        }
        let error = peer.last_error.clone();
        match peer.state {
            // Stopped: by its configuration, by an operator, or for good by a limit.
            "Idle" if peer.next_attempt.is_none() => Self { state: "down", session: "Down", error },
            "Active" if peer.passive => Self { state: "start", session: "Passive", error },
            session => Self { state: "start", session, error },
        }
    }

    /// The session and what is wrong with it, in columns.
    pub(super) fn words(&self) -> String {
        format!("{:<14}{}", self.session, self.error.as_deref().unwrap_or_default())
    }
}

fn named(name: &str, kind: Kind) -> Protocol {
    Protocol { name: name.to_owned(), kind }
}

fn local_name(source: LocalSource, family: Family, voice: Voice) -> String {
    let number = if voice.dialect == BirdDialect::Two && family == Family::IPV6 { 2 } else { 1 };
    format!("{source}{number}")
}

/// A name as a BIRD could have it. Peers without a name of their own get one as Calico gives it.
fn symbol(name: &str) -> String {
    let plain: String = name.chars().map(|it| if it.is_ascii_alphanumeric() { it } else { '_' }).collect();
    if name.parse::<IpAddr>().is_ok() || plain.starts_with(|it: char| it.is_ascii_digit()) {
        return format!("Node_{plain}");
    }
    plain
}

/// A name that nobody else has.
fn distinct(name: String, taken: &mut BTreeSet<String>) -> String {
    let others = (2..).map(|number| format!("{name}_{number}"));
    let mut all = std::iter::once(name.clone()).chain(others);
    let free = all.find(|name| !taken.contains(name)).expect("numbers do not end");
    taken.insert(free.clone());
    free
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_symbols() {
        assert_eq!(symbol("Mesh_10_0_0_1"), "Mesh_10_0_0_1");
        assert_eq!(symbol("tor-a.rack%eth0"), "tor_a_rack_eth0");
        assert_eq!(symbol("192.0.2.1"), "Node_192_0_2_1");
        assert_eq!(symbol("fd00::1"), "Node_fd00__1");
        assert_eq!(symbol("4th"), "Node_4th");
    }

    #[test]
    fn no_two_protocols_have_one_name() {
        let mut taken = BTreeSet::new();
        let names: Vec<String> =
            ["a-b", "a_b", "a.b"].map(symbol).into_iter().map(|name| distinct(name, &mut taken)).collect();
        assert_eq!(names, ["a_b", "a_b_2", "a_b_3"]);
    }
}

//! Read-only pictures of a speaker: what a command line, a metric or a test may ask.

use std::fmt;
use std::net::IpAddr;
use std::ops::AddAssign;
use std::str::FromStr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::export::ExportTally;
use crate::peer::Layer;
use crate::policy::CommunityPattern;
use crate::rib::{ImportTally, Interned, LocalSource, Memory, NetId, ResolvedHop, Route, Why};
use crate::session::{Counters, Negotiated, Tally};
use crate::speaker::{Flaw, PeerId, Speaker};
use crate::wire::PathId;
use crate::{Asn, Deadline, Family, Instant, RouterId};

/// A look at a speaker; holds it still for as long as it lives.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    pub(super) speaker: &'a Speaker,
}

/// How many routes of one family a peer sent and was sent, now and in the course of its session.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct RouteCounts {
    /// Paths in Adj-RIB-In.
    pub received: u64,
    /// Of these, accepted by import policy.
    pub accepted: u64,
    /// Of these, chosen as the best of their prefixes.
    pub best: u64,
    /// Paths in Adj-RIB-Out.
    pub advertised: u64,
    /// What it has said since its session began.
    pub import: ImportTally,
    /// What it has been told since its session began.
    pub export: ExportTally,
}

impl AddAssign for RouteCounts {
    fn add_assign(&mut self, more: Self) {
        self.received += more.received;
        self.accepted += more.accepted;
        self.best += more.best;
        self.advertised += more.advertised;
        self.import += more.import;
        self.export += more.export;
    }
}

/// One peer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PeerView {
    /// Its id.
    pub id: PeerId,
    /// Its configured name.
    pub name: Arc<str>,
    /// Its address.
    pub address: IpAddr,
    /// Its AS: what its OPEN said, else what is configured; `None` while any would do.
    pub asn: Option<Asn>,
    /// Our AS towards it.
    pub local_asn: Asn,
    /// Free text of the configuration.
    pub description: Arc<str>,
    /// The RFC's name of its state.
    pub state: &'static str,
    /// Since when it is in that state.
    pub since: Instant,
    /// Its BGP Identifier, once a session is up.
    pub router_id: Option<RouterId>,
    /// Families in use, or configured while no session is up.
    pub families: Vec<Family>,
    /// Routes by family.
    pub routes: Vec<(Family, RouteCounts)>,
    /// Hold time in use, seconds.
    pub hold_time: Option<u16>,
    /// Names of what both sides announced.
    pub capabilities: Vec<&'static str>,
    /// Why the last session or attempt ended; while a session is Established, why the one before it did.
    pub last_error: Option<String>,
    /// What failed then.
    pub failed: Option<Layer>,
    /// It is configured to be there; an operator may have stopped it all the same.
    pub enabled: bool,
    /// What it waits for: the timers of its session, or of its next attempt while there is no connection.
    pub timers: Vec<Deadline>,
    /// When the next attempt to connect begins.
    pub next_attempt: Option<Instant>,
    /// Our end of the session.
    pub local: Option<IpAddr>,
    /// It was accepted from a range.
    pub dynamic: bool,
    /// It is a route-reflector client.
    pub client: bool,
    /// It is never dialed.
    pub passive: bool,
    /// It may be further away than one hop.
    pub multihop: bool,
    /// Names of its import policies in order; `None` where none is configured.
    pub import: Option<Vec<Arc<str>>>,
    /// Names of its export policies in order; `None` where none is configured.
    pub export: Option<Vec<Arc<str>>>,
    /// What was agreed, while a session is up.
    pub negotiated: Option<Arc<Negotiated>>,
    /// Messages received.
    pub received: Tally,
    /// Messages sent.
    pub sent: Tally,
    /// How many of its sessions became Established so far.
    pub sessions: u64,
}

/// Where a path came from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PathSource {
    /// A peer, by name.
    Peer(Arc<str>),
    /// This speaker.
    Local(LocalSource),
}

/// One path of one prefix.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteView {
    /// The prefix.
    pub prefix: IpNet,
    /// It is the best path.
    pub best: bool,
    /// It forwards beside the best path.
    pub multipath: bool,
    /// Who said it.
    pub source: PathSource,
    /// The path identifier received, or sent for a route of Adj-RIB-Out.
    pub path_id: PathId,
    /// What it says: after import policy, or as received where policy rejected it.
    pub route: Arc<Route>,
    /// It was refused: by import policy or by a rule of the protocol.
    pub refused: bool,
    /// Where packets of it go: the hops that its next hop resolves to, as far as the kernel's table was asked.
    pub hops: Vec<ResolvedHop>,
    /// The interior cost to its next hop; `None` where that cannot be reached.
    pub cost: Option<u32>,
    /// Kept although its session went.
    pub stale: bool,
    /// Why it is not the best, in words; empty for the best.
    pub reason: String,
    /// When it arrived or last changed.
    pub since: Instant,
}

/// The best path of a prefix became another one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShiftView {
    /// Its place among events and other changes.
    pub number: u64,
    /// When it was decided.
    pub at: Instant,
    /// The prefix.
    pub prefix: IpNet,
    /// What was best: who said it, and what; `None` where there was none.
    pub before: Option<(PathSource, Arc<Interned>)>,
    /// What is best since.
    pub after: Option<(PathSource, Arc<Interned>)>,
    /// Why.
    pub why: Why,
}

/// Which paths a listing is about.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum RoutesOf {
    /// Every candidate.
    #[default]
    All,
    /// Adj-RIB-In of a peer.
    In(PeerId),
    /// Adj-RIB-Out of a peer.
    Out(PeerId),
    /// Best paths of prefixes that a peer is told nothing about.
    Withheld(PeerId),
    /// Best paths only.
    Best,
    /// Candidates that import policy or a rule of the protocol refused.
    Rejected,
}

/// How a listing's prefixes are chosen.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum PrefixMatch {
    /// Every prefix.
    #[default]
    Any,
    /// Exactly this one.
    Exactly(IpNet),
    /// This one and those inside it.
    Longer(IpNet),
    /// This one and those that cover it.
    Covering(IpNet),
    /// The longest of these that has a wanted path.
    Longest(IpNet),
}

/// A listing's question.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RouteQuery {
    /// Which paths.
    pub of: RoutesOf,
    /// Which prefixes.
    pub prefixes: PrefixMatch,
    /// Which family; `None` for both.
    pub family: Option<Family>,
    /// Which of these paths.
    pub filter: PathFilter,
}

/// What paths have to be like; what is not asked for does not matter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PathFilter {
    /// This peer announced them.
    pub from: Option<PeerId>,
    /// They have a community like this.
    pub community: Option<CommunityPattern>,
    /// Their AS_PATH ends with this AS ([RFC 6811 §2](https://www.rfc-editor.org/rfc/rfc6811#section-2)).
    pub origin_asn: Option<Asn>,
    /// They arrived or changed then or later.
    pub since: Option<Instant>,
}

impl PathFilter {
    /// Whether a path is like that, as far as it says so itself: who announced it, the RIB knows.
    pub(super) fn admits(&self, path: &RouteView) -> bool {
        let attributes = &path.route.attributes;
        self.community.as_ref().is_none_or(|pattern| pattern.matches_any(attributes))
            && self.origin_asn.is_none_or(|asn| attributes.as_path.origin_asn() == Some(asn))
            && self.since.is_none_or(|since| path.since >= since)
    }
}

/// How many routes there are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Amount {
    /// Paths.
    pub paths: u64,
    /// Prefixes that have at least one of them.
    pub nets: u64,
}

/// Where a listing goes on. As text, for whoever has to remember it outside of the program, it is
/// `ipv4-` or `ipv6-` and a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cursor {
    pub(super) family: Family,
    pub(super) net: NetId,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}-{}", self.family, self.net.index())
    }
}

/// A text that names no place in a listing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a place in a listing: take it from the page before")]
pub struct CursorError;

impl FromStr for Cursor {
    type Err = CursorError;

    fn from_str(text: &str) -> Result<Self, CursorError> {
        let (family, net) = text.split_once('-').ok_or(CursorError)?;
        let known = |known: &Family| known.to_string() == family;
        let family = Family::UNICAST.into_iter().find(known).ok_or(CursorError)?;
        let net = net.parse().map_err(|_| CursorError)?;
        Ok(Self { family, net: NetId::at(net) })
    }
}

/// A part of a listing, in no particular order of prefixes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RoutePage {
    /// The paths.
    pub routes: Vec<RouteView>,
    /// Where the next page begins; `None` at the end.
    pub next: Option<Cursor>,
}

/// What an explanation is about.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Concern {
    /// Every stage.
    #[default]
    Everything,
    /// What one peer is told.
    Export(PeerId),
    /// What was made of what peers said, or this peer.
    Import(Option<PeerId>),
    /// What the kernel is wished to hold.
    Kernel,
}

/// One step of an explanation: what was asked and what the answer was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExplainStep {
    /// The stage: `origin`, `import`, `decision`, `next hop`, `export`, `kernel`.
    pub stage: &'static str,
    /// What it is about: a peer's name, a source, the kernel.
    pub subject: String,
    /// The peer that a step of `export` leads to, by name; `subject` ends with it.
    pub towards: Option<Arc<str>>,
    /// It let the route through.
    pub passed: bool,
    /// Why, in words, with the rule that decided.
    pub reason: String,
    /// Every rule of policy that was tried, in order, and what came of it.
    pub tried: Vec<String>,
    /// The address that a step about a next hop asked for.
    pub next_hop: Option<IpAddr>,
    /// The link that this address is to be reached over, where it means something on one only.
    pub link: Option<Arc<str>>,
}

impl ExplainStep {
    pub(super) const fn new(stage: &'static str, subject: String, passed: bool, reason: String) -> Self {
        Self { stage, subject, towards: None, passed, reason, tried: Vec::new(), next_hop: None, link: None }
    }
}

/// Why a prefix is where it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Explanation {
    /// The prefix explained: the one asked for, or the longest that covers it.
    pub prefix: IpNet,
    /// Every candidate that it concerns.
    pub candidates: Vec<RouteView>,
    /// What happened at each stage, in order. It begins with the origin of each candidate, in their order.
    pub steps: Vec<ExplainStep>,
}

/// An update group: sessions that are sent the same octets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GroupView {
    /// What its members are told.
    pub family: Family,
    /// How many sessions hear it.
    pub members: usize,
    /// Names of those that fell so far behind that they are told the state by then instead of what led there.
    pub detached: Vec<Arc<str>>,
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

/// How far a speaker has got since its start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Beginning {
    /// Peers that are configured and enabled.
    pub expected: usize,
    /// Of these, Established.
    pub established: usize,
    /// Names of those that first decisions still wait for.
    pub awaited: Vec<Arc<str>>,
    /// Every peer that promised End-of-RIB has sent it, or is not waited for any more: routes are told.
    pub announced: bool,
    /// The initial routes of every peer that matters have been decided.
    pub settled: bool,
}

/// The speaker as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Summary {
    /// Our AS.
    pub asn: Asn,
    /// Our BGP Identifier.
    pub router_id: RouterId,
    /// Peers configured or accepted.
    pub peers: usize,
    /// Of these, Established.
    pub established: usize,
    /// Of these, configured not to be there.
    pub disabled: usize,
    /// Messages of all peers since the start, those that have left included.
    pub messages: Counters,
    /// Sessions that became Established since the start.
    pub sessions: u64,
    /// Prefixes and paths by family.
    pub tables: Vec<(Family, usize, usize)>,
    /// Times the best path of a prefix changed since the start, by family.
    pub best_changes: Vec<(Family, u64)>,
    /// Different routes kept: equal ones of any number of prefixes and peers are one.
    pub distinct_routes: usize,
    /// What the RIB takes of memory.
    pub memory: Memory,
    /// Peers whose routes outlive their session, until they have told them again or their time is over.
    pub keeping: usize,
    /// Paths of those peers by family. One that is back counts with all of its paths until it has told everything.
    pub kept: Vec<(Family, u64)>,
    /// Update groups.
    pub groups: usize,
    /// What is wrong between reflectors, as far as routes tell.
    pub flaws: Vec<Flaw>,
    /// The initial routes of every peer that matters have been decided.
    pub settled: bool,
    /// Since when routes are kept that nobody tells, because all that could are gone.
    pub headless: Option<Instant>,
    /// Peers have been asked to prefer other routes to ours, because we are about to leave.
    pub draining: bool,
}

//! Offers: what a group is to be told of a prefix by the Loc-RIB as it is now.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use ipnet::IpNet;

use crate::export::adj_rib_out::{Form, Said};
use crate::export::audience::{Audience, Gate};
use crate::export::difference::Heard;
use crate::export::entitlement::{Entitled, Names, Refusal, entitlement};
use crate::export::key::Key;
use crate::export::rewrite::rewrite;
use crate::export::sent::Sent;
use crate::export::voice::{VoiceId, Voices};
use crate::peer::AddPathSend;
use crate::policy::Decided;
use crate::rib::{Interned, NetId, PathView, Rib, Route, Seeded, Source, SourceId};
use crate::speaker::PeerId;
use crate::wire::PathId;

/// A path that the decision process put forward.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) path_id: PathId,
    pub(super) source: SourceId,
    pub(super) route: Arc<Interned>,
}

/// The paths put forward for a group: the best one, or those that additional paths send.
pub(super) fn candidates(key: &Key, net: NetId, rib: &Rib) -> Vec<Candidate> {
    let candidate = |path: &PathView<'_>| {
        let route = Arc::clone(path.accepted.ok()?);
        Some(Candidate { path_id: path.slot.send_id(), source: path.source, route })
    };
    let mut candidates: Vec<Candidate> = match key.add_path {
        None => best(key, net, rib).into_iter().collect(),
        Some(AddPathSend::All) => rib.eligible(key.family, net).filter_map(|path| candidate(&path)).collect(),
        Some(AddPathSend::Ecmp) => rib.equals(key.family, net).iter().filter_map(candidate).collect(),
        Some(AddPathSend::Best(most)) => {
            let most = usize::try_from(most).unwrap_or(usize::MAX);
            rib.ranked(key.family, net, most).iter().filter_map(candidate).collect()
        }
    };
    candidates.sort_unstable_by_key(|candidate| candidate.path_id);
    candidates
}

fn best(key: &Key, net: NetId, rib: &Rib) -> Option<Candidate> {
    let best = rib.best(key.family, net)?;
    Some(Candidate { path_id: PathId::default(), source: best.source, route: Arc::clone(best.route) })
}

/// Makes offers to one group, and remembers for the length of a batch what a route becomes.
#[derive(Debug)]
pub(super) struct Clerk<'a> {
    key: &'a Key,
    names: &'a Names,
    /// By identity of the route, whose voice it is, and what it has to go through.
    known: HashMap<(*const Interned, VoiceId, Form), Known, Seeded>,
    /// Equal octets once.
    sent: HashSet<Arc<Sent>, Seeded>,
}

/// What becomes of a route where policy leaves it alone.
#[derive(Debug)]
struct Known {
    /// Keeps the route, lest its place in memory become another's.
    _of: Arc<Interned>,
    /// For policies to read; boxed, because entries move when the map grows.
    route: Box<Route>,
    /// Nothing asks for the prefix, and this group may have it whatever the prefix is.
    is_open: bool,
    /// As it is sent, where it can be.
    sent: Option<Arc<Sent>>,
}

impl<'a> Clerk<'a> {
    /// A clerk for the group of `key`.
    pub(super) fn new(key: &'a Key, names: &'a Names) -> Self {
        // Places in memory are no peer's choice, and what is sent is looked up among few: the seed need not
        // be secret.
        let seeded = Seeded::new(0);
        Self { key, names, known: HashMap::with_hasher(seeded), sent: HashSet::with_hasher(seeded) }
    }

    /// Adds what the group is to be told of a prefix, in the order of path identifiers.
    pub(super) fn offer(
        &mut self,
        net: NetId,
        prefix: IpNet,
        rib: &mut Rib,
        voices: &mut Voices,
        said: &mut Vec<Said>,
    ) {
        match self.key.add_path {
            None => {
                let best = best(self.key, net, rib);
                said.extend(best.and_then(|best| self.consider(prefix, &best, rib, voices)));
            }
            Some(_) => {
                let all = candidates(self.key, net, rib);
                let offers = all.iter().filter_map(|path| self.consider(prefix, path, rib, voices));
                said.extend(offers);
            }
        }
    }

    fn consider(
        &mut self,
        prefix: IpNet,
        candidate: &Candidate,
        rib: &mut Rib,
        voices: &mut Voices,
    ) -> Option<Said> {
        let source = *rib.source(candidate.source)?;
        let voice = voices.of(candidate.source, &source);
        let Candidate { path_id, route, .. } = candidate;
        let (key, names) = (self.key, self.names);
        let known = self.know(route, voice, &source, Form::Chosen);
        let chosen = || Said { path_id: *path_id, voice, route: Arc::clone(route), form: Form::Chosen };
        if key.export.as_deref().is_none() {
            return (known.is_open && known.sent.is_some()).then(chosen);
        }
        let entitled = entitlement(key, names, prefix, &source, &known.route).ok()?;
        if entitled.is_untouched() {
            return known.sent.is_some().then(chosen);
        }
        let route = rib.intern(&rewrite(key, &source, &entitled).ok()?);
        self.know(&route, voice, &source, Form::Final).sent.as_ref()?;
        Some(Said { path_id: *path_id, voice, route, form: Form::Final })
    }

    /// What a path that was said, or is to be said, looks like to those who hear it.
    pub(super) fn heard(&mut self, said: &Said, voices: &Voices) -> Option<Heard> {
        let voice = voices.get(said.voice)?;
        let sent = self.know(&said.route, said.voice, &voice.source, said.form).sent.clone()?;
        Some(Heard { path_id: said.path_id, audience: voice.audience(), sent })
    }

    fn know(&mut self, route: &Arc<Interned>, voice: VoiceId, source: &Source, form: Form) -> &Known {
        let (key, names, sent) = (self.key, self.names, &mut self.sent);
        self.known.entry((Arc::as_ptr(route), voice, form)).or_insert_with(|| {
            let unpacked = Box::new(route.route());
            let is_open = key.export.as_deref().is_none()
                && entitlement(key, names, ANYWHERE, source, &unpacked).is_ok();
            let octets = as_said(key, source, &unpacked, form).and_then(|route| Sent::of(key, &route));
            let sent = octets.map(|octets| once(sent, octets));
            Known { _of: Arc::clone(route), route: unpacked, is_open, sent }
        })
    }
}

/// The prefix that is asked about where nothing asks for it.
const ANYWHERE: IpNet = IpNet::V4(ipnet::Ipv4Net::new_assert(std::net::Ipv4Addr::UNSPECIFIED, 0));

fn once(known: &mut HashSet<Arc<Sent>, Seeded>, octets: Sent) -> Arc<Sent> {
    if let Some(sent) = known.get(&octets) {
        return Arc::clone(sent);
    }
    let sent = Arc::new(octets);
    known.insert(Arc::clone(&sent));
    sent
}

/// A kept route as it is said by the voice of `source`.
pub(super) fn as_said<'r>(
    key: &Key,
    source: &Source,
    route: &'r Route,
    form: Form,
) -> Option<Cow<'r, Route>> {
    match form {
        Form::Final => Some(Cow::Borrowed(route)),
        Form::Chosen => rewrite(key, source, &Entitled::untouched(route)).ok().map(Cow::Owned),
    }
}

/// For each path that could be chosen, the gates it meets on its way to `peer`.
pub(super) fn verdict(
    key: &Key,
    names: &Names,
    peer: PeerId,
    net: NetId,
    prefix: IpNet,
    rib: &Rib,
) -> Vec<(SourceId, PathId, Vec<Gate>)> {
    let chosen = candidates(key, net, rib);
    let heard = chosen.iter().filter_map(|candidate| {
        let source = rib.source(candidate.source)?;
        let gates = match Audience::of(source).admits(peer) {
            true => gates(key, names, prefix, source, &candidate.route.route()),
            false => vec![Gate::SplitHorizon],
        };
        Some((candidate.source, candidate.path_id, gates))
    });
    let is_chosen = |path: &PathView<'_>| {
        let same = |candidate: &Candidate| match key.add_path {
            Some(_) => candidate.path_id == path.slot.send_id(),
            None => path.best,
        };
        chosen.iter().any(same)
    };
    let others = rib.paths(key.family, net).filter(|path| path.accepted.is_ok() && !is_chosen(path));
    let passed_over = others.map(|path| (path.source, path.slot.send_id(), vec![Gate::NotBest]));
    heard.chain(passed_over).collect()
}

/// The gates that a candidate meets on its way to a group, up to the one that decides.
fn gates(key: &Key, names: &Names, prefix: IpNet, source: &Source, route: &Route) -> Vec<Gate> {
    let explain = |by: Decided| by.explain(key.export.as_deref().unwrap_or_default()).into();
    match entitlement(key, names, prefix, source, route) {
        Err(Refusal::Rule(gate)) => vec![gate],
        Err(Refusal::Policy(Decided::Unconfigured)) => vec![Gate::NoPolicy],
        Err(Refusal::Policy(by)) => vec![Gate::Policy { accepted: false, rule: explain(by) }],
        Ok(entitled) => {
            let policy = Gate::Policy { accepted: true, rule: explain(entitled.by) };
            vec![policy, said_as(key, source, &entitled).err().unwrap_or(Gate::Sent)]
        }
    }
}

/// The route as it is said, if it can be.
fn said_as(key: &Key, source: &Source, entitled: &Entitled<'_>) -> Result<Route, Gate> {
    let route = rewrite(key, source, entitled)?;
    if Sent::of(key, &route).is_some() { Ok(route) } else { Err(Gate::TooLong) }
}

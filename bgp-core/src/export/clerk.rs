//! The clerk: what becomes of paths on their way to one group. It remembers for the length of a batch, so that
//! policy, rewriting and encoding happen once for each route and not for each of its prefixes.

use std::borrow::Cow;
use std::collections::HashMap;
use std::net::{Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use ipnet::{IpNet, Ipv4Net, Ipv6Net};

use crate::Family;
use crate::export::adj_rib_out::{Form, Said};
use crate::export::difference::Heard;
use crate::export::entitlement::{Entitled, Names, entitlement};
use crate::export::key::Key;
use crate::export::offer::{Candidate, best, candidates};
use crate::export::refusals::Refused;
use crate::export::rewrite::rewrite;
use crate::export::sent::{Catalogue, Sent, SentId};
use crate::export::voice::{VoiceId, Voices};
use crate::rib::{Interned, NetId, Rib, Route, RouteId, Seeded, Source, SourceId};

/// Makes offers to one group, for the length of a batch: the RIB's sources and policies stay as they are
/// meanwhile.
#[derive(Debug)]
pub(super) struct Clerk<'a> {
    key: &'a Key,
    names: &'a Names,
    /// Some policy of the group has to be asked for each prefix.
    asks_for_prefix: bool,
    known: Vec<Known>,
    /// By route, whose voice it is, and what it has to go through.
    places: HashMap<(RouteId, VoiceId, Form), usize, Seeded>,
    /// The one asked for last: prefixes of one route mostly come one after the other.
    last: usize,
    /// The candidate considered last and what is said of it, where that goes for any prefix.
    recent: Option<(RouteId, SourceId, Result<Said, Refused>)>,
    sent: Catalogue,
}

/// What becomes of a route.
#[derive(Debug)]
struct Known {
    /// Keeps the route, lest its name become another's.
    of: Arc<Interned>,
    voice: VoiceId,
    form: Form,
    /// As it is sent where policy leaves it alone and it can be sent.
    sent: Option<SentId>,
    fate: Fate,
}

/// What the group's policies say of a route.
#[derive(Debug)]
enum Fate {
    /// It passes as it is.
    Untouched,
    /// It passes changed; this is how it is said.
    Changed(Box<Route>),
    /// It does not pass.
    Refused(Refused),
    /// It depends on the prefix; this is what they read.
    Open(Box<Route>),
}

impl Known {
    fn place(&self) -> (RouteId, VoiceId, Form) {
        (self.of.id(), self.voice, self.form)
    }
}

impl<'a> Clerk<'a> {
    /// A clerk for the group of `key`.
    pub(super) fn new(key: &'a Key, names: &'a Names) -> Self {
        Self {
            key,
            names,
            asks_for_prefix: key.export.as_deref().unwrap_or_default().iter().any(|it| it.asks_for_prefix()),
            known: Vec::new(),
            // Names are ours: the seed need not be secret.
            places: HashMap::with_hasher(Seeded::new(0)),
            last: 0,
            recent: None,
            sent: Catalogue::default(),
        }
    }

    /// What is sent of the routes heard so far.
    pub(super) fn sent(&self) -> &Catalogue {
        &self.sent
    }

    /// Adds what the group is to be told of a prefix, in the order of path identifiers. Why there is nothing, where
    /// there could be something.
    pub(super) fn offer(
        &mut self,
        net: NetId,
        prefix: IpNet,
        rib: &mut Rib,
        voices: &mut Voices,
        said: &mut Vec<Said>,
    ) -> Option<Refused> {
        let mut refused = None;
        let mut add = |considered: Result<Said, Refused>| match considered {
            Ok(path) => said.push(path),
            Err(by) => refused = refused.max(Some(by)),
        };
        match self.key.add_path {
            None => {
                let best = best(self.key, net, rib)?;
                add(self.consider(prefix, best, rib, voices));
            }
            Some(_) => {
                for path in candidates(self.key, net, rib) {
                    add(self.consider(prefix, path, rib, voices));
                }
            }
        }
        refused.filter(|_| said.is_empty())
    }

    fn consider(
        &mut self,
        prefix: IpNet,
        candidate: Candidate,
        rib: &mut Rib,
        voices: &mut Voices,
    ) -> Result<Said, Refused> {
        let Candidate { path_id, source: id, route } = candidate;
        if let Some((recent, source, said)) = &self.recent
            && (*recent, *source) == (route, id)
        {
            return said.map(|said| Said { path_id, ..said });
        }
        let source = *rib.source(id).ok_or(Refused::Rule)?;
        let voice = voices.of(id, &source);
        let said = self.judge(prefix, route, voice, &source, rib);
        let said = said.map(|(route, form)| Said { path_id, voice, route, form });
        if !self.asks_for_prefix {
            self.recent = Some((route, id, said));
        }
        said
    }

    /// What is said of a route under a prefix, or who keeps it back.
    fn judge(
        &mut self,
        prefix: IpNet,
        route: RouteId,
        voice: VoiceId,
        source: &Source,
        rib: &mut Rib,
    ) -> Result<(RouteId, Form), Refused> {
        let (key, names) = (self.key, self.names);
        let known = self.know(route, voice, source, Form::Chosen, rib);
        let changed = match &known.fate {
            Fate::Untouched => return known.sent.map(|_| (route, Form::Chosen)).ok_or(Refused::Rule),
            Fate::Refused(by) => return Err(*by),
            Fate::Changed(changed) => rib.intern(changed),
            Fate::Open(read) => {
                let entitled = entitlement(key, names, prefix, source, read, &mut ())?;
                if entitled.is_untouched() {
                    return known.sent.map(|_| (route, Form::Chosen)).ok_or(Refused::Rule);
                }
                rib.intern(&rewrite(key, source, entitled).map_err(|_| Refused::Rule)?)
            }
        };
        self.know(changed.id(), voice, source, Form::Final, rib).sent.ok_or(Refused::Rule)?;
        Ok((changed.id(), Form::Final))
    }

    /// What a path that was said, or is to be said, looks like to those who hear it.
    pub(super) fn heard(&mut self, said: &Said, voices: &Voices, rib: &Rib) -> Option<Heard> {
        let voice = voices.get(said.voice)?;
        let sent = self.know(said.route, said.voice, &voice.source, said.form, rib).sent?;
        Some(Heard { path_id: said.path_id, audience: voice.audience(), sent })
    }

    fn know(&mut self, route: RouteId, voice: VoiceId, source: &Source, form: Form, rib: &Rib) -> &Known {
        let place = (route, voice, form);
        if self.known.get(self.last).is_none_or(|known| known.place() != place) {
            self.last = match self.places.get(&place) {
                Some(known) => *known,
                None => {
                    let known = self.learn(rib.route(route), voice, source, form);
                    self.known.push(known);
                    self.places.insert(place, self.known.len() - 1);
                    self.known.len() - 1
                }
            };
        }
        &self.known[self.last]
    }

    fn learn(&mut self, route: &Arc<Interned>, voice: VoiceId, source: &Source, form: Form) -> Known {
        let unpacked = route.route();
        let fate = match form {
            Form::Final => Fate::Untouched,
            Form::Chosen => self.fate(source, &unpacked),
        };
        let said = as_said(self.key, source, unpacked, form);
        let sent = said.and_then(|route| Sent::of(self.key, &route)).map(|sent| self.sent.enter(sent));
        Known { of: Arc::clone(route), voice, form, sent, fate }
    }

    fn fate(&self, source: &Source, route: &Route) -> Fate {
        if self.asks_for_prefix {
            return Fate::Open(Box::new(route.clone()));
        }
        match entitlement(self.key, self.names, anywhere(self.key.family), source, route, &mut ()) {
            Err(refusal) => Fate::Refused(refusal.into()),
            Ok(entitled) if entitled.is_untouched() => Fate::Untouched,
            Ok(entitled) => {
                let changed = rewrite(self.key, source, entitled);
                changed.map_or(Fate::Refused(Refused::Rule), |route| Fate::Changed(Box::new(route)))
            }
        }
    }
}

/// A kept route as it is said by the voice of `source`.
pub(super) fn as_said(key: &Key, source: &Source, route: Route, form: Form) -> Option<Route> {
    match form {
        Form::Final => Some(route),
        Form::Chosen => rewrite(key, source, Entitled::untouched(Cow::Owned(route))).ok(),
    }
}

/// The prefix that is asked about where nothing asks for it.
const fn anywhere(family: Family) -> IpNet {
    match family {
        Family::IPV6 => IpNet::V6(Ipv6Net::new_assert(Ipv6Addr::UNSPECIFIED, 0)),
        _ => IpNet::V4(Ipv4Net::new_assert(Ipv4Addr::UNSPECIFIED, 0)),
    }
}

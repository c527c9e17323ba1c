//! The entitlement: whether a group may have a path, asked of audience and policy in that order.
//! Withdrawals never come here; they follow from what was said before.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use ipnet::IpNet;

use crate::export::audience::{self, Gate};
use crate::export::key::Key;
use crate::policy::{
    Decided, Neighbour, NextHopAction, Recorder, SourceKind, Subject, Verdict, evaluate_session_recorded,
};
use crate::rib::{LocalSource, Route, Source};
use crate::speaker::PeerId;
use crate::wire::PeerKind;

/// Peers' names, for policies that ask where a route was learned.
pub(super) type Names = BTreeMap<PeerId, Arc<str>>;

/// A path that a group may have, as policy left it.
#[derive(Debug)]
pub(super) struct Entitled<'a> {
    pub(super) route: Cow<'a, Route>,
    /// The next hop that policy asked for.
    pub(super) next_hop: Option<NextHopAction>,
    /// Policy set the MED, so that it is ours to say.
    pub(super) sets_med: bool,
    pub(super) by: Decided,
}

impl<'a> Entitled<'a> {
    /// A path that policy left alone.
    pub(super) fn untouched(route: Cow<'a, Route>) -> Self {
        Self { route, next_hop: None, sets_med: false, by: Decided::Unrestricted }
    }

    /// Whether policy left the route as it was, so that what becomes of it depends on nothing else.
    pub(super) fn is_untouched(&self) -> bool {
        matches!(self.route, Cow::Borrowed(_)) && self.next_hop.is_none()
    }
}

/// Why a group may not have a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Refusal {
    /// A rule of the protocol.
    Rule(Gate),
    /// A policy, or none where one is needed.
    Policy(Decided),
}

/// Whether the group may have the path; `recorder` is told about every rule of policy that is tried.
pub(super) fn entitlement<'a>(
    key: &'a Key,
    names: &'a Names,
    prefix: IpNet,
    source: &Source,
    route: &'a Route,
    recorder: &mut impl Recorder,
) -> Result<Entitled<'a>, Refusal> {
    if let Some(gate) = audience::refuses(key, source, &route.attributes) {
        return Err(Refusal::Rule(gate));
    }
    let subject = Subject {
        prefix,
        route,
        source: kind_of(source),
        peer: Some(Neighbour { name: &key.name, internal: key.is_internal() }),
        learned_from: source.peer().map(|peer| Neighbour {
            name: names.get(&peer.peer).map_or("", |name| name),
            internal: peer.kind == PeerKind::Internal,
        }),
    };
    match evaluate_session_recorded(key.export.as_deref(), &subject, recorder) {
        Verdict::Accept { route, next_hop, sets_med, by } => Ok(Entitled { route, next_hop, sets_med, by }),
        Verdict::Reject { by } => Err(Refusal::Policy(by)),
    }
}

fn kind_of(source: &Source) -> SourceKind {
    match source {
        Source::Bgp(_) => SourceKind::Bgp,
        Source::Local(LocalSource::Direct) => SourceKind::Direct,
        Source::Local(LocalSource::Kernel) => SourceKind::Kernel,
        Source::Local(LocalSource::Static) => SourceKind::Static,
    }
}

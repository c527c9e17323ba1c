//! Import: from what a peer announced to a path the decision process may choose.
//!
//! The RFC's version: loops make a route ineligible, then policy decides ([RFC 4271 §9.1.1]).
//! Ours: the same, as one function of the route and the peer's configuration, so that a change of
//! policy can ask it again for what was received long ago.
//!
//! [RFC 4271 §9.1.1]: https://www.rfc-editor.org/rfc/rfc4271#section-9.1.1

use std::borrow::Cow;
use std::net::IpAddr;
use std::sync::Arc;

use ipnet::IpNet;

use crate::peer::PeerConfig;
use crate::policy::{self, Decided, Recorder, SourceKind, Step, Subject, Verdict};
use crate::rib::{Accepted, Forwarding, Ineligible, Interned, Rib, Route};
use crate::wire::{Community, Role};
use crate::{Asn, RouterId};

use super::place::Place;

/// What import has to know about the session beside the peer's configuration.
#[derive(Clone, Copy, Debug)]
pub(super) struct Importer<'a> {
    /// The peer's configuration.
    pub(super) config: &'a PeerConfig,
    /// Our AS, which may differ from the one shown to this peer.
    pub(super) asn: Asn,
    /// The peer's AS.
    pub(super) peer_asn: Asn,
    /// Every cluster of ours, whichever the peer belongs to.
    pub(super) clusters: &'a [RouterId],
    /// Where the session stands.
    pub(super) place: Place<'a>,
}

impl Importer<'_> {
    /// Whether the peer is in our AS.
    fn internal(&self) -> bool {
        self.peer_asn == self.config.local_asn
    }

    /// What holds for every prefix of `received`, which the RIB keeps as `interned`: the route as policy
    /// sees it, or why it is refused.
    pub(super) fn check<'r>(
        &self,
        received: &'r Route,
        interned: &Arc<Interned>,
        rib: &mut Rib,
    ) -> Result<Checked<'r>, Ineligible> {
        match self.vet(received)? {
            None => Ok(Checked { route: Cow::Borrowed(received), interned: Arc::clone(interned) }),
            Some(marked) => Ok(Checked { interned: rib.intern(&marked), route: Cow::Owned(*marked) }),
        }
    }

    /// The rules of the protocol in their order; the route that takes the place of `received`, if one does.
    fn vet(&self, received: &Route) -> Result<Option<Box<Route>>, Ineligible> {
        self.check_loops(received)?;
        self.check_next_hop(received)?;
        self.mark_role(received)
    }

    /// What becomes of a checked route under `prefix`: a route to choose from, or why it cannot be chosen.
    pub(super) fn judge(
        &self,
        prefix: IpNet,
        checked: &Result<Checked<'_>, Ineligible>,
        rib: &mut Rib,
    ) -> Accepted {
        let checked = checked.as_ref().map_err(|reason| *reason)?;
        match self.admit(prefix, &checked.route, &mut ()).1? {
            Cow::Borrowed(_) => Ok(Arc::clone(&checked.interned)),
            Cow::Owned(route) => Ok(rib.intern(&route)),
        }
    }

    /// What [`check`](Self::check) and [`judge`](Self::judge) make of a route, told and not kept.
    pub(super) fn recount(&self, prefix: IpNet, received: &Route) -> Recounted {
        let mut tried: Vec<Step> = Vec::new();
        let (by, outcome) = match self.vet(received) {
            Err(reason) => (None, Err(reason)),
            Ok(marked) => {
                let (by, outcome) = self.admit(prefix, marked.as_deref().unwrap_or(received), &mut tried);
                (Some(by), outcome.map(Cow::into_owned))
            }
        };
        Recounted { outcome, by, tried }
    }

    /// What policy makes of a route that has passed the rules of the protocol, and what decided.
    fn admit<'r>(
        &'r self,
        prefix: IpNet,
        route: &'r Route,
        recorder: &mut impl Recorder,
    ) -> (Decided, Result<Cow<'r, Route>, Ineligible>) {
        match self.evaluate(prefix, route, recorder) {
            Verdict::Accept { route, by, .. } => (by, Ok(self.step_aside(route))),
            Verdict::Reject { by: by @ Decided::Unconfigured } => (by, Err(Ineligible::NoPolicy)),
            Verdict::Reject { by } => (by, Err(Ineligible::Policy)),
        }
    }

    /// A route over a link about to go down is used only where there is no other ([RFC 8326 §4.1]).
    /// Policy comes first: what it takes the community from, it wants to keep as it is.
    ///
    /// [RFC 8326 §4.1]: https://www.rfc-editor.org/rfc/rfc8326#section-4.1
    fn step_aside<'r>(&self, route: Cow<'r, Route>) -> Cow<'r, Route> {
        let attributes = &route.attributes;
        let leaving = attributes.communities.contains(&Community::GRACEFUL_SHUTDOWN);
        if self.internal() || !leaving || attributes.local_preference == Some(0) {
            return route;
        }
        let mut route = route.into_owned();
        route.attributes.local_preference = Some(0);
        Cow::Owned(route)
    }

    /// Whether [`judge`](Self::judge) can say different things under two prefixes of the same family.
    pub(super) fn asks_for_prefix(&self) -> bool {
        self.config.import.iter().flatten().any(|policy| policy.asks_for_prefix())
    }

    /// The import policies' word.
    fn evaluate<'r>(&'r self, prefix: IpNet, route: &'r Route, recorder: &mut impl Recorder) -> Verdict<'r> {
        let neighbour = policy::Neighbour { name: &self.config.name, internal: self.internal() };
        let subject = Subject {
            prefix,
            route,
            source: SourceKind::Bgp,
            peer: Some(neighbour),
            learned_from: Some(neighbour),
        };
        policy::evaluate_session_recorded(self.config.import.as_deref(), &subject, recorder)
    }

    /// Our AS, our identifier and our cluster must not be in what comes from outside.
    fn check_loops(&self, route: &Route) -> Result<(), Ineligible> {
        let attributes = &route.attributes;
        let own = |asn: Asn| attributes.as_path.count(asn);
        let mut times = own(self.asn);
        if self.config.local_asn != self.asn {
            times += own(self.config.local_asn);
        }
        if times > self.config.allow_own_as as usize {
            return Err(Ineligible::AsLoop);
        }
        if attributes.originator_id == Some(self.config.router_id) {
            return Err(Ineligible::OriginatorLoop);
        }
        if attributes.cluster_list.iter().any(|cluster| self.clusters.contains(cluster)) {
            return Err(Ineligible::ClusterLoop);
        }
        Ok(())
    }

    /// A next hop must be the address of another host, and of one within reach where the peer has to be
    /// so itself ([RFC 4271 §6.3]).
    ///
    /// [RFC 4271 §6.3]: https://www.rfc-editor.org/rfc/rfc4271#section-6.3
    fn check_next_hop(&self, route: &Route) -> Result<(), Ineligible> {
        let Forwarding::Via(next_hop) = &route.forwarding else {
            return Ok(());
        };
        let address = next_hop.address();
        if !is_host(address) || self.place.is_ours(address) {
            return Err(Ineligible::NextHop);
        }
        let adjacent = !self.internal() && !self.config.multihop;
        match adjacent && self.place.is_elsewhere(address) {
            true => Err(Ineligible::DistantNextHop),
            false => Ok(()),
        }
    }

    /// Only-To-Customer on ingress ([RFC 9234 §5]): leaks are refused, unmarked routes from above marked,
    /// which is the answer.
    ///
    /// [RFC 9234 §5]: https://www.rfc-editor.org/rfc/rfc9234#section-5
    fn mark_role(&self, route: &Route) -> Result<Option<Box<Route>>, Ineligible> {
        let (Some(role), false) = (self.config.role, self.internal()) else { return Ok(None) };
        match (role, route.attributes.otc) {
            (Role::Provider | Role::RouteServer, Some(_)) => Err(Ineligible::Leak),
            (Role::Peer, Some(otc)) if otc != self.peer_asn => Err(Ineligible::Leak),
            (Role::Customer | Role::RouteServerClient | Role::Peer, None) => {
                let mut marked = Box::new(route.clone());
                marked.attributes.otc = Some(self.peer_asn);
                Ok(Some(marked))
            }
            (_, _) => Ok(None),
        }
    }
}

/// A route that passed what does not depend on its prefix.
#[derive(Debug)]
pub(super) struct Checked<'r> {
    /// For policies to read.
    route: Cow<'r, Route>,
    /// As the RIB keeps it.
    interned: Arc<Interned>,
}

/// What import made of a route, and how it came to that.
#[derive(Debug)]
pub(super) struct Recounted {
    /// The route to choose from, or why it cannot be chosen.
    pub(super) outcome: Result<Route, Ineligible>,
    /// What decided; `None` where a rule of the protocol did, before policy was asked.
    pub(super) by: Option<Decided>,
    /// The rules that were tried.
    pub(super) tried: Vec<Step>,
}

/// Whether a host can have this address.
const fn is_host(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(v4) => {
            !v4.is_unspecified() && !v4.is_loopback() && !v4.is_multicast() && !v4.is_broadcast()
        }
        IpAddr::V6(v6) => {
            !v6.is_unspecified() && !v6.is_loopback() && !v6.is_multicast() && v6.to_ipv4_mapped().is_none()
        }
    }
}

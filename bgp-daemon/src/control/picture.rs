//! The speaker's pictures in the shapes of the control protocol.

use bgp_core::rib::{Forwarding, LocalSource, Route};
use bgp_core::session::Tally;
use bgp_core::speaker::{ExplainStep, Explanation, GroupView, PathSource, PeerView, RouteView};
use bgp_core::wire::{AsPath, Attributes, NextHop, SegmentKind};
use bgp_core::{Family, Instant};

use crate::api;
use crate::clock::Clock;

/// An update group.
pub(super) fn group(group: GroupView) -> api::Group {
    api::Group {
        family: group.family.to_string(),
        members: group.members,
        detached: group.detached.iter().map(ToString::to_string).collect(),
        routes: group.routes,
        backlog: group.backlog,
        encoded: group.encoded,
    }
}

/// Pictures with the present of one clock.
#[derive(Clone, Copy, Debug)]
pub(super) struct Painter {
    pub(super) clock: Clock,
    pub(super) now: Instant,
}

impl Painter {
    /// A peer.
    pub(super) fn peer(self, peer: PeerView) -> api::Peer {
        let names = |families: &[Family]| families.iter().map(ToString::to_string).collect();
        let counts = peer.routes.iter().map(|(family, counts)| {
            let counts = api::Counts {
                received: counts.received,
                accepted: counts.accepted,
                advertised: counts.advertised,
            };
            (family.to_string(), counts)
        });
        api::Peer {
            name: peer.name.to_string(),
            address: peer.address.to_string(),
            enabled: peer.enabled,
            asn: peer.asn.map(|asn| asn.0),
            state: peer.state.into(),
            since: self.wall(peer.since),
            age: self.age(peer.since),
            families: names(&peer.families),
            routes: counts.collect(),
            last_error: peer.last_error,
            description: peer.description.to_string(),
            local_asn: peer.local_asn.0,
            local_address: peer.local.map(|address| address.to_string()),
            router_id: peer.router_id.map(|id| id.to_string()),
            hold_time: peer.hold_time,
            capabilities: peer.capabilities.into_iter().map(Into::into).collect(),
            next_attempt: peer.next_attempt.map(|at| self.wall(at)),
            dynamic: peer.dynamic,
            client: peer.client,
            messages_received: messages(peer.received),
            messages_sent: messages(peer.sent),
        }
    }

    /// A path.
    pub(super) fn route(self, view: RouteView) -> api::Route {
        let (source, peer) = match view.source {
            PathSource::Peer(name) => ("bgp", Some(name.to_string())),
            PathSource::Local(LocalSource::Direct) => ("direct", None),
            PathSource::Local(LocalSource::Static) => ("static", None),
            PathSource::Local(LocalSource::Kernel) => ("kernel", None),
        };
        let attributes = &view.route.attributes;
        api::Route {
            prefix: view.prefix.to_string(),
            best: view.best,
            multipath: view.multipath,
            source: source.into(),
            peer,
            path_id: (view.path_id.0 != 0).then_some(view.path_id.0),
            next_hop: next_hop(&view.route.forwarding),
            interface: view.route.interface.as_deref().map(str::to_owned),
            as_path: as_path(&attributes.as_path),
            origin: attributes.origin.to_string().to_lowercase().into(),
            local_preference: attributes.local_preference,
            med: attributes.med,
            communities: texts(&attributes.communities),
            extended_communities: texts(&attributes.extended_communities),
            large_communities: texts(&attributes.large_communities),
            originator_id: attributes.originator_id.map(|id| id.to_string()),
            cluster_list: texts(&attributes.cluster_list),
            stale: view.stale,
            reason: view.reason,
            since: self.wall(view.since),
            age: self.age(view.since),
        }
    }

    /// An explanation, with what else there is to ask.
    pub(super) fn explanation(self, explanation: Explanation, hints: Vec<String>) -> api::Explanation {
        let step = |ExplainStep { stage, subject, towards, passed, reason, tried, next_hop: _, link: _ }| {
            let (stage, towards) = (stage.into(), towards.map(|peer| peer.to_string()));
            api::Step { stage, subject, towards, passed, reason, tried }
        };
        api::Explanation {
            prefix: explanation.prefix.to_string(),
            candidates: explanation.candidates.into_iter().map(|view| self.route(view)).collect(),
            steps: explanation.steps.into_iter().map(step).collect(),
            hints,
        }
    }

    pub(super) fn wall(self, at: Instant) -> String {
        self.clock.wall(at).to_string()
    }

    /// The same to the millisecond.
    pub(super) fn precisely(self, at: Instant) -> String {
        self.clock.wall(at).precise()
    }

    fn age(self, at: Instant) -> u64 {
        self.now.since(at).as_secs()
    }
}

/// A route in one line.
pub(super) fn words(route: &Route) -> String {
    let Attributes { as_path, origin, local_preference, med, .. } = &route.attributes;
    let attributes = &route.attributes;
    let mut words = vec![way(route)];
    let path = as_path.to_string();
    words.extend((!path.is_empty()).then(|| format!("path {path}")));
    words.push(origin.to_string().to_lowercase());
    words.extend(local_preference.map(|value| format!("preference {value}")));
    words.extend(med.map(|value| format!("med {value}")));
    let communities = [
        texts(&attributes.communities),
        texts(&attributes.extended_communities),
        texts(&attributes.large_communities),
    ];
    let communities = communities.concat();
    words.extend((!communities.is_empty()).then(|| format!("communities {}", communities.join(" "))));
    words.join(", ")
}

/// Where a route sends packets.
fn way(route: &Route) -> String {
    let interface = route.interface.as_deref().unwrap_or("unknown");
    match (next_hop(&route.forwarding), &route.forwarding) {
        (Some(next_hop), Forwarding::Via(_)) => format!("via {next_hop}"),
        (Some(fate), _) => fate,
        (None, Forwarding::Device) => format!("dev {interface}"),
        (None, _) => "announced only".to_owned(),
    }
}

fn messages(counts: Tally) -> api::Messages {
    api::Messages { updates: counts.updates, total: counts.total() }
}

fn texts<T: ToString>(values: &[T]) -> Vec<String> {
    values.iter().map(ToString::to_string).collect()
}

fn next_hop(forwarding: &Forwarding) -> Option<String> {
    match forwarding {
        Forwarding::Via(NextHop::V6 { global, link_local: Some(link_local) }) if global != link_local => {
            Some(format!("{global} {link_local}"))
        }
        Forwarding::Via(next_hop) => Some(next_hop.to_string()),
        Forwarding::Device | Forwarding::Nowhere => None,
        Forwarding::Blackhole => Some("blackhole".to_owned()),
        Forwarding::Unreachable => Some("unreachable".to_owned()),
        Forwarding::Prohibit => Some("prohibit".to_owned()),
    }
}

fn as_path(path: &AsPath) -> Vec<api::AsPathElement> {
    let mut elements = Vec::new();
    for segment in path.segments() {
        let asns = segment.asns().map(|asn| asn.0);
        match segment.kind() {
            SegmentKind::Sequence | SegmentKind::ConfedSequence => {
                elements.extend(asns.map(api::AsPathElement::Asn));
            }
            SegmentKind::Set | SegmentKind::ConfedSet => {
                elements.push(api::AsPathElement::Set(asns.collect()))
            }
        }
    }
    elements
}

#[cfg(test)]
mod tests {
    use bgp_core::Asn;

    use super::*;

    #[test]
    fn an_as_path_is_a_list_of_numbers() {
        let path = AsPath::from_sequence(&[Asn(65001), Asn(65002)]);
        let expected = [api::AsPathElement::Asn(65001), api::AsPathElement::Asn(65002)];
        assert_eq!(as_path(&path), expected);
    }

    #[test]
    fn a_route_is_said_to_go_where_it_goes() {
        let said = |forwarding, interface: Option<&str>| {
            let (attributes, kernel) = Default::default();
            words(&Route { attributes, forwarding, interface: interface.map(Into::into), kernel })
        };
        let next_hop = NextHop::V4(std::net::Ipv4Addr::new(192, 0, 2, 1));
        assert_eq!(said(Forwarding::Via(next_hop), None), "via 192.0.2.1, igp");
        assert_eq!(said(Forwarding::Device, Some("eth1")), "dev eth1, igp");
        assert_eq!(said(Forwarding::Blackhole, None), "blackhole, igp");
        assert_eq!(said(Forwarding::Nowhere, None), "announced only, igp");
    }
}

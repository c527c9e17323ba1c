use std::borrow::Cow;
use std::net::Ipv4Addr;

use super::*;
use crate::export::testing::{OUR_ASN, OUR_V4, address, client, external, internal, peer, route, source};
use crate::export::{OwnAddresses, Target};
use crate::policy::Decided;
use crate::rib::LocalSource;
use crate::wire::{Aggregator, Aigp, AsPath, ExtendedCommunity};
use crate::{Asn, RouterId};

const OURSELVES: Source = Source::Local(LocalSource::Static);

fn entitled(route: &Route) -> Entitled<'_> {
    let by = Decided::Unrestricted;
    Entitled { route: Cow::Borrowed(route), next_hop: None, sets_med: false, by }
}

fn said(target: &Target, source: &Source, route: &Route) -> Result<Route, Gate> {
    rewrite(&Key::of(target, Family::IPV4), source, entitled(route))
}

fn attributes(target: &Target, source: &Source, route: &Route) -> Attributes {
    said(target, source, route).expect("it is said").attributes
}

fn next_hop_of(target: &Target, source: &Source, route: &Route) -> Option<IpAddr> {
    match said(target, source, route) {
        Ok(Route { forwarding: Forwarding::Via(next_hop), .. }) => Some(next_hop.address()),
        Ok(other) => panic!("{:?} is no next hop", other.forwarding),
        Err(gate) => {
            assert_eq!(gate, Gate::NoNextHop);
            None
        }
    }
}

fn v6(last: u16) -> std::net::Ipv6Addr {
    std::net::Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, last)
}

fn dressed() -> Route {
    let mut route = route(7, &[65007]);
    route.attributes.local_preference = Some(200);
    route.attributes.med = Some(50);
    route.attributes.originator_id = Some(RouterId(Ipv4Addr::new(3, 3, 3, 3)));
    route.attributes.cluster_list = Box::new([RouterId(Ipv4Addr::new(4, 4, 4, 4))]);
    route.attributes.extended_communities = Box::new([
        ExtendedCommunity([0, 2, 0, 1, 0, 0, 0, 2]),
        ExtendedCommunity([0x40, 4, 0, 1, 0, 0, 0, 2]),
    ]);
    route
}

#[test]
fn the_border_adds_our_number_and_keeps_what_is_ours_alone() {
    let sent = attributes(&external(), &source(7, PeerKind::Internal), &dressed());
    assert_eq!(sent.as_path, AsPath::default().prepend(&[OUR_ASN, Asn(65007)]));
    assert_eq!((sent.local_preference, sent.med), (None, None));
    assert_eq!((sent.originator_id, sent.cluster_list.len()), (None, 0));
    assert_eq!(sent.extended_communities.len(), 1);
}

#[test]
fn a_confederation_is_not_seen_from_outside() {
    let mut inside = route(7, &[65007]);
    inside.attributes.as_path = inside.attributes.as_path.prepend_confederation(&[Asn(64600)]);
    let sent = attributes(&external(), &source(7, PeerKind::Confederation), &inside);
    assert_eq!(sent.as_path, AsPath::default().prepend(&[OUR_ASN, Asn(65007)]));
}

#[test]
fn the_med_that_leaves_is_our_own() {
    let key = Key::of(&external(), Family::IPV4);
    let route = dressed();
    let set = Entitled { sets_med: true, ..entitled(&route) };
    let sent = rewrite(&key, &source(7, PeerKind::External), set).expect("it is said");
    assert_eq!(sent.attributes.med, Some(50));
    assert_eq!(attributes(&external(), &OURSELVES, &route).med, Some(50));
}

#[test]
fn within_the_as_only_a_missing_local_preference_is_added() {
    let learned = route(7, &[65007]);
    let sent = attributes(&internal(), &source(7, PeerKind::External), &learned);
    assert_eq!(sent, Attributes { local_preference: Some(100), ..learned.attributes });
}

#[test]
fn a_reflector_adds_the_originator_and_its_cluster_and_touches_nothing_else() {
    let mut learned = dressed();
    learned.attributes.originator_id = None;
    let sent = attributes(&client(), &source(7, PeerKind::Internal), &learned);
    let cluster_list = [Ipv4Addr::new(9, 9, 9, 9), Ipv4Addr::new(4, 4, 4, 4)].map(RouterId);
    let originator_id = Some(peer(7, PeerKind::Internal).router_id);
    assert_eq!(next_hop_of(&client(), &source(7, PeerKind::Internal), &learned), Some(address(7).into()));
    let expected = Attributes { originator_id, cluster_list: cluster_list.into(), ..learned.attributes };
    assert_eq!(sent, expected);
}

#[test]
fn an_originator_that_is_there_stays() {
    let sent = attributes(&client(), &source(7, PeerKind::Internal), &dressed());
    assert_eq!(sent.originator_id, dressed().attributes.originator_id);
}

#[test]
fn what_goes_down_or_sideways_is_marked_with_our_number() {
    let as_role = |role| Target { role: Some(role), ..external() };
    let otc = |role, route: &Route| attributes(&as_role(role), &OURSELVES, route).otc;
    for role in [Role::Provider, Role::Peer, Role::RouteServer] {
        assert_eq!(otc(role, &route(7, &[])), Some(OUR_ASN), "our role is {role:?}");
    }
    for role in [Role::Customer, Role::RouteServerClient] {
        assert_eq!(otc(role, &route(7, &[])), None, "our role is {role:?}");
    }
    let mut marked = route(7, &[]);
    marked.attributes.otc = Some(Asn(65009));
    assert_eq!(otc(Role::Provider, &marked), Some(Asn(65009)));
}

#[test]
fn the_next_hop_follows_the_rule() {
    let (learned, own) = (Some(IpAddr::from(address(7))), Some(IpAddr::from(OUR_V4)));
    let near = vec!["198.51.100.0/24".parse().expect("a prefix")];
    let near = Target { shared_subnets: near, ..external() };
    let (bgp, through) = (source(7, PeerKind::External), route(7, &[65007]));
    let device = Route { forwarding: Forwarding::Device, ..through.clone() };
    let ruled = |next_hop, target: Target| Target { next_hop, ..target };
    let table = [
        (internal(), bgp, &through, learned),
        (internal(), OURSELVES, &through, own),
        (internal(), OURSELVES, &device, own),
        (external(), bgp, &through, own),
        (near.clone(), bgp, &through, learned),
        (near, OURSELVES, &device, own),
        (ruled(NextHopRule::Own, internal()), bgp, &through, own),
        (ruled(NextHopRule::Keep, external()), bgp, &through, learned),
        (ruled(NextHopRule::Keep, external()), OURSELVES, &device, own),
    ];
    for (number, (target, source, route, expected)) in table.into_iter().enumerate() {
        assert_eq!(next_hop_of(&target, &source, route), expected, "row {number}");
    }
}

#[test]
fn what_policy_says_about_the_next_hop_outranks_the_rule() {
    let key = |rule| Key::of(&Target { next_hop: rule, ..internal() }, Family::IPV4);
    let route = route(8, &[]);
    let asked = |action| Entitled { next_hop: Some(action), ..entitled(&route) };
    let bgp = source(7, PeerKind::External);
    let own = rewrite(&key(NextHopRule::Keep), &bgp, asked(NextHopAction::Own)).expect("it is said");
    assert_eq!(own.forwarding, Forwarding::Via(NextHop::V4(OUR_V4)));
    let action = NextHopAction::Address(address(8).into());
    let set = rewrite(&key(NextHopRule::Own), &bgp, asked(action)).expect("it is said");
    assert_eq!(set.forwarding, Forwarding::Via(NextHop::V4(address(8))));
}

#[test]
fn ipv4_routes_have_an_ipv6_next_hop_only_where_that_is_agreed() {
    let mut target = external();
    target.own = OwnAddresses { v4: None, v6: Some(v6(1)), link_local: None };
    let bgp = source(7, PeerKind::External);
    assert_eq!(next_hop_of(&target, &bgp, &route(7, &[])), None);
    target.dialect.extended_next_hop = vec![Family::IPV4];
    assert_eq!(next_hop_of(&target, &bgp, &route(7, &[])), Some(v6(1).into()));
}

#[test]
fn a_link_local_next_hop_does_not_leave_its_link() {
    let link_local: std::net::Ipv6Addr = "fe80::7".parse().expect("an address");
    let own = OwnAddresses { v4: None, v6: Some(v6(1)), link_local: None };
    let key = Key::of(&Target { own, ..internal() }, Family::IPV6);
    let said = |global, link_local| {
        let forwarding = Forwarding::Via(NextHop::V6 { global, link_local });
        let route = Route { forwarding, ..route(7, &[]) };
        rewrite(&key, &source(7, PeerKind::External), entitled(&route)).expect("it is said").forwarding
    };
    let alone = |global| Forwarding::Via(NextHop::V6 { global, link_local: None });
    assert_eq!(said(v6(7), Some(link_local)), alone(v6(7)));
    assert_eq!(said(link_local, None), alone(v6(1)));
}

#[test]
fn our_link_local_address_stands_beside_the_global_one_and_never_beside_itself() {
    let link_local: std::net::Ipv6Addr = "fe80::1".parse().expect("an address");
    let said = |global| {
        let own = OwnAddresses { v4: None, v6: Some(global), link_local: Some(link_local) };
        let key = Key::of(&Target { own, ..external() }, Family::IPV6);
        let route = Route { forwarding: Forwarding::Nowhere, ..route(7, &[]) };
        rewrite(&key, &OURSELVES, entitled(&route)).expect("it is said").forwarding
    };
    let both = NextHop::V6 { global: v6(1), link_local: Some(link_local) };
    assert_eq!(said(v6(1)), Forwarding::Via(both));
    assert_eq!(said(link_local), Forwarding::Via(NextHop::V6 { global: link_local, link_local: None }));
}

#[test]
fn aigp_goes_only_where_it_is_agreed_and_while_the_next_hop_stays() {
    let mut target = client();
    target.dialect.aigp = true;
    let mut learned = route(7, &[]);
    learned.attributes.aigp = Some(Aigp { metric: Some(10), other_tlvs: Box::default() });
    let aigp = |target: &Target| attributes(target, &source(7, PeerKind::Internal), &learned).aigp;
    assert_eq!(aigp(&target), learned.attributes.aigp);
    assert_eq!(aigp(&client()), None);
    assert_eq!(aigp(&Target { next_hop: NextHopRule::Own, ..target }), None);
}

#[test]
fn what_names_as_0_is_not_said() {
    let nobody = route(7, &[65001, 0]);
    let mut aggregated = route(7, &[65001]);
    aggregated.attributes.aggregator = Some(Aggregator { asn: Asn(0), router_id: 7.into() });
    for target in [external(), internal(), client()] {
        for route in [&nobody, &aggregated] {
            assert_eq!(said(&target, &source(7, PeerKind::External), route), Err(Gate::AsZero));
        }
    }
}

use super::*;
use crate::Family;
use crate::export::Target;
use crate::export::testing::{client, external, internal, peer, source};
use crate::rib::LocalSource;

/// Who a path comes from or goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Side {
    Client,
    NonClient,
    External,
    Ourselves,
}

fn from(side: Side) -> Source {
    match side {
        Side::Client => Source::Bgp(crate::rib::PeerSource { client: true, ..peer(7, PeerKind::Internal) }),
        Side::NonClient => source(7, PeerKind::Internal),
        Side::External => source(7, PeerKind::External),
        Side::Ourselves => Source::Local(LocalSource::Static),
    }
}

fn to(side: Side) -> Key {
    let target = match side {
        Side::Client => client(),
        Side::NonClient => internal(),
        Side::External | Side::Ourselves => external(),
    };
    Key::of(&target, Family::IPV4)
}

#[test]
fn only_what_a_non_client_said_to_a_non_client_stays_unsaid() {
    use Side::{Client, External, NonClient, Ourselves};
    let table = [
        (Client, Client, true),
        (Client, NonClient, true),
        (Client, External, true),
        (NonClient, Client, true),
        (NonClient, NonClient, false),
        (NonClient, External, true),
        (External, Client, true),
        (External, NonClient, true),
        (External, External, true),
        (Ourselves, Client, true),
        (Ourselves, NonClient, true),
        (Ourselves, External, true),
    ];
    for (said_by, said_to, heard) in table {
        let refused = refuses(&to(said_to), &from(said_by), &Attributes::default());
        let expected = (!heard).then_some(Gate::Reflection);
        assert_eq!(refused, expected, "{said_by:?} to {said_to:?}");
    }
}

#[test]
fn clients_of_a_meshed_cluster_are_told_nothing_of_each_other() {
    use Side::{Client, External, NonClient, Ourselves};
    let meshed = Key::of(&Target { client_to_client: false, ..client() }, Family::IPV4);
    let elsewhere = Key { cluster_id: crate::RouterId::from(7), ..meshed.clone() };
    let gate = |key: &Key, side| refuses(key, &from(side), &Attributes::default());
    assert_eq!(gate(&meshed, Client), Some(Gate::ClientToClient));
    assert_eq!(gate(&elsewhere, Client), None, "another cluster's");
    assert!([NonClient, External, Ourselves].into_iter().all(|side| gate(&meshed, side).is_none()));
    assert_eq!(gate(&to(NonClient), Client), None);
}

#[test]
fn well_known_communities_stop_at_their_border() {
    let confederation = {
        let mut target = internal();
        target.dialect.peer_kind = PeerKind::Confederation;
        Key::of(&target, Family::IPV4)
    };
    let [internal, external] = [internal(), external()].map(|target| Key::of(&target, Family::IPV4));
    let table = [
        (Community::NO_EXPORT, [true, true, false]),
        (Community::NO_EXPORT_SUBCONFED, [true, false, false]),
        (Community::NO_ADVERTISE, [false, false, false]),
        (Community::GRACEFUL_SHUTDOWN, [true, true, true]),
        (Community(64512 << 16 | 1), [true, true, true]),
    ];
    for (community, heard) in table {
        let attributes = Attributes { communities: Box::new([community]), ..Attributes::default() };
        for (key, heard) in [&internal, &confederation, &external].into_iter().zip(heard) {
            let refused = refuses(key, &from(Side::External), &attributes);
            assert_eq!(refused, (!heard).then_some(Gate::Community(community)), "to {:?}", key.kind);
        }
    }
}

#[test]
fn what_is_long_lived_stale_goes_only_to_who_understands_it() {
    let attributes = Attributes { communities: Box::new([Community::LLGR_STALE]), ..Attributes::default() };
    let plain = to(Side::Client);
    let aware = Key { long_lived: true, ..plain.clone() };
    let refused = refuses(&plain, &from(Side::External), &attributes);
    assert_eq!(refused, Some(Gate::Community(Community::LLGR_STALE)));
    assert_eq!(refuses(&aware, &from(Side::External), &attributes), None);
}

#[test]
fn otc_stops_a_path_on_its_way_up_or_sideways() {
    let marked = Attributes { otc: Some(crate::Asn(65009)), ..Attributes::default() };
    let table = [
        (None, true),
        (Some(Role::Provider), true),
        (Some(Role::RouteServer), true),
        (Some(Role::Customer), false),
        (Some(Role::Peer), false),
        (Some(Role::RouteServerClient), false),
    ];
    for (role, heard) in table {
        let key = Key { role, ..to(Side::External) };
        let refused = refuses(&key, &from(Side::Ourselves), &marked);
        assert_eq!(refused, (!heard).then_some(Gate::Role), "our role is {role:?}");
        assert_eq!(refuses(&key, &from(Side::Ourselves), &Attributes::default()), None);
    }
}

#[test]
fn a_path_goes_to_everybody_but_where_it_came_from() {
    let audience = Audience::of(&from(Side::Client));
    assert!(!audience.admits(PeerId(7)));
    assert!(audience.admits(PeerId(8)));
    assert!(Audience::of(&from(Side::Ourselves)).admits(PeerId(7)));
}

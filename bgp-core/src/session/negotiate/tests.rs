use bytes::Bytes;

use super::*;
use crate::RouterId;
use crate::session::GracefulOffer;
use crate::wire::{Capability, GracefulFamily, LongLivedFamily};

const OURS: Asn = Asn(65001);
const THEIRS: Asn = Asn(65002);

fn external() -> Local {
    Local::new(OURS, RouterId::from(1), PeerAsn::Exactly(THEIRS))
}

fn internal() -> Local {
    Local::new(OURS, RouterId::from(1), PeerAsn::Internal)
}

/// An OPEN that would do, with these capabilities on top of the AS number's.
fn open(asn: Asn, capabilities: &[Capability]) -> Open {
    let mut all = vec![Capability::FourOctetAs(asn)];
    all.extend_from_slice(capabilities);
    Open { asn, hold_time: 90, router_id: RouterId::from(2), capabilities: all }
}

fn agreed(local: &Local, open: Open) -> Negotiated {
    negotiate(local, open).expect("the OPEN is acceptable")
}

/// Code and subcode of the refusal.
fn refused(local: &Local, open: Open) -> (ErrorCode, u8) {
    let notification = negotiate(local, open).expect_err("the OPEN is not acceptable");
    (notification.code, notification.subcode)
}

fn open_error(subcode: u8) -> (ErrorCode, u8) {
    (ErrorCode::OpenMessage, subcode)
}

#[test]
fn another_as_than_the_configured_one_is_refused() {
    assert_eq!(refused(&external(), open(Asn(65003), &[])), open_error(2));
    assert_eq!(refused(&internal(), open(THEIRS, &[])), open_error(2));
    let anyone = Local { expected: PeerAsn::External, ..external() };
    assert_eq!(refused(&anyone, open(OURS, &[])), open_error(2));
    assert_eq!(agreed(&anyone, open(Asn(4_200_000_000), &[])).asn, Asn(4_200_000_000));
}

#[test]
fn as_zero_and_as_trans_are_nobody() {
    let anyone = Local { expected: PeerAsn::External, ..external() };
    for asn in [Asn(0), Asn::TRANS] {
        let bare = Open { capabilities: Vec::new(), ..open(asn, &[]) };
        assert_eq!(refused(&anyone, bare), open_error(2));
        assert_eq!(refused(&anyone, open(asn, &[])), open_error(2));
    }
}

#[test]
fn two_different_as_numbers_are_refused() {
    assert_eq!(refused(&external(), open(THEIRS, &[Capability::FourOctetAs(Asn(65009))])), open_error(2));
    agreed(&external(), open(THEIRS, &[Capability::FourOctetAs(THEIRS)]));
}

#[test]
fn a_peer_without_the_capability_speaks_two_octet_as_numbers() {
    let old = Open { capabilities: Vec::new(), ..open(THEIRS, &[]) };
    assert!(!agreed(&external(), old).dialect.four_octet_as);
    assert!(agreed(&external(), open(THEIRS, &[])).dialect.four_octet_as);
}

#[test]
fn a_hold_time_of_one_or_two_seconds_is_refused() {
    for hold_time in [1, 2] {
        assert_eq!(refused(&external(), Open { hold_time, ..open(THEIRS, &[]) }), open_error(6));
    }
}

#[test]
fn the_smaller_hold_time_counts_and_zero_is_none() {
    for (ours, theirs, expected) in [(90, 30, 30), (30, 90, 30), (90, 3, 3), (90, 0, 0), (0, 90, 0)] {
        let local = Local { hold_time: ours, ..external() };
        let negotiated = agreed(&local, Open { hold_time: theirs, ..open(THEIRS, &[]) });
        assert_eq!(negotiated.hold_time, expected, "{ours} and {theirs}");
    }
}

#[test]
fn identifier_zero_is_refused_and_any_other_is_valid() {
    let identified = |bits| Open { router_id: RouterId::from(bits), ..open(THEIRS, &[]) };
    assert_eq!(refused(&external(), identified(0)), open_error(3));
    for bits in [0xe000_0001, 0xffff_ffff, 0x7f00_0001] {
        agreed(&external(), identified(bits));
    }
}

#[test]
fn our_own_identifier_is_refused_inside_our_as_only() {
    let twin = |asn| Open { router_id: RouterId::from(1), ..open(asn, &[]) };
    assert_eq!(refused(&internal(), twin(OURS)), open_error(3));
    agreed(&external(), twin(THEIRS));
}

#[test]
fn families_are_those_of_both_and_none_named_means_ipv4() {
    let both = [Capability::Multiprotocol(Family::IPV6), Capability::Multiprotocol(Family::IPV4)];
    assert_eq!(agreed(&external(), open(THEIRS, &both)).families(), Family::UNICAST);
    assert_eq!(agreed(&external(), open(THEIRS, &both[..1])).families(), [Family::IPV6]);
    assert_eq!(agreed(&external(), open(THEIRS, &[])).families(), [Family::IPV4]);
}

#[test]
fn a_missing_family_is_named_in_the_refusal() {
    let local = Local { required: vec![Family::IPV6], ..external() };
    let notification = negotiate(&local, open(THEIRS, &[])).expect_err("IPv6 is required");
    assert_eq!((notification.code, notification.subcode), open_error(7));
    assert_eq!(&notification.data[..], [1, 4, 0, 2, 0, 1]);
}

#[test]
fn a_session_that_could_carry_nothing_is_refused() {
    let vpn = Capability::Multiprotocol(Family { afi: 1, safi: 128 });
    assert_eq!(refused(&external(), open(THEIRS, &[vpn])), open_error(7));
}

#[test]
fn unknown_capabilities_are_ignored() {
    let unknown = Capability::Unknown { code: 200, value: Bytes::from_static(&[1, 2, 3]) };
    agreed(&external(), open(THEIRS, &[unknown.clone(), unknown]));
}

#[test]
fn add_path_needs_one_to_send_and_the_other_to_receive() {
    use AddPathMode::{Both, Receive, Send};
    let table = [
        (None, Both, false, false),
        (Some(Receive), Receive, false, false),
        (Some(Receive), Send, true, false),
        (Some(Receive), Both, true, false),
        (Some(Send), Receive, false, true),
        (Some(Send), Send, false, false),
        (Some(Send), Both, false, true),
        (Some(Both), Receive, false, true),
        (Some(Both), Send, true, false),
        (Some(Both), Both, true, true),
    ];
    for (ours, theirs, receive, send) in table {
        let local = Local { add_path: ours, ..external() };
        let dialect =
            agreed(&local, open(THEIRS, &[Capability::AddPath(vec![(Family::IPV4, theirs)])])).dialect;
        assert_eq!(dialect.add_path_receive == [Family::IPV4], receive, "{ours:?} and {theirs:?}");
        assert_eq!(dialect.add_path_send == [Family::IPV4], send, "{ours:?} and {theirs:?}");
    }
}

#[test]
fn add_path_for_a_family_that_is_not_agreed_is_ignored() {
    let local = Local { add_path: Some(AddPathMode::Both), ..external() };
    let offer = Capability::AddPath(vec![(Family::IPV6, AddPathMode::Both)]);
    assert!(agreed(&local, open(THEIRS, &[offer])).dialect.add_path_receive.is_empty());
}

#[test]
fn ipv6_next_hops_need_both_words() {
    let offer = Capability::ExtendedNextHop(vec![Family::IPV4, Family { afi: 1, safi: 128 }]);
    let local = Local { extended_next_hop: vec![Family::IPV4], ..external() };
    assert_eq!(
        agreed(&local, open(THEIRS, std::slice::from_ref(&offer))).dialect.extended_next_hop,
        [Family::IPV4]
    );
    assert!(agreed(&local, open(THEIRS, &[])).dialect.extended_next_hop.is_empty());
    assert!(agreed(&external(), open(THEIRS, &[offer])).dialect.extended_next_hop.is_empty());
}

#[test]
fn extended_messages_are_received_by_our_word_and_sent_by_theirs() {
    let plain = agreed(&external(), open(THEIRS, &[])).dialect;
    assert_eq!((plain.receive_limit, plain.send_limit), (65535, 4096));
    let extended = agreed(&external(), open(THEIRS, &[Capability::ExtendedMessage])).dialect;
    assert_eq!((extended.receive_limit, extended.send_limit), (65535, 65535));
}

#[test]
fn roles_have_to_be_two_ends_of_one_relation() {
    use Role::{Customer, Peer, Provider, RouteServer, RouteServerClient};
    let all = [Provider, RouteServer, RouteServerClient, Customer, Peer];
    let pairs = [
        (Provider, Customer),
        (Customer, Provider),
        (RouteServer, RouteServerClient),
        (RouteServerClient, RouteServer),
        (Peer, Peer),
    ];
    for ours in all {
        for theirs in all {
            let local = Local { role: Some(ours), ..external() };
            let open = open(THEIRS, &[Capability::Role(theirs)]);
            if pairs.contains(&(ours, theirs)) {
                assert_eq!(agreed(&local, open).role, Some(theirs));
            } else {
                assert_eq!(refused(&local, open), open_error(11), "{ours:?} and {theirs:?}");
            }
        }
    }
}

#[test]
fn several_roles_have_to_be_the_same() {
    let (customer, peer) = (Capability::Role(Role::Customer), Capability::Role(Role::Peer));
    let local = Local { role: Some(Role::Provider), ..external() };
    assert_eq!(refused(&local, open(THEIRS, &[customer.clone(), peer])), open_error(11));
    agreed(&local, open(THEIRS, &[customer.clone(), customer]));
}

#[test]
fn a_role_that_nobody_knows_fits_none() {
    let strange = Capability::Unknown { code: 9, value: Bytes::from_static(&[5]) };
    let local = Local { role: Some(Role::Provider), ..external() };
    assert_eq!(refused(&local, open(THEIRS, std::slice::from_ref(&strange))), open_error(11));
    agreed(&external(), open(THEIRS, &[strange]));
}

#[test]
fn a_missing_role_is_an_error_in_strict_mode_only() {
    let local = Local { role: Some(Role::Provider), ..external() };
    assert_eq!(agreed(&local, open(THEIRS, &[])).role, None);
    let strict = Local { strict_role: true, ..local };
    assert_eq!(refused(&strict, open(THEIRS, &[])), open_error(11));
}

#[test]
fn roles_mean_nothing_between_internal_peers() {
    let local = Local { role: Some(Role::Provider), strict_role: true, ..internal() };
    agreed(&local, open(OURS, &[]));
    agreed(&local, open(OURS, &[Capability::Role(Role::Peer)]));
    assert!(!local.open().capabilities.contains(&Capability::Role(Role::Provider)));
}

fn graceful(restart_time: u16, notification: bool) -> Capability {
    let families = vec![GracefulFamily { family: Family::IPV4, forwarding_preserved: true }];
    Capability::GracefulRestart { restarted: true, notification, restart_time, families }
}

fn restarting() -> Local {
    let offer = GracefulOffer { notification: true, restart_time: 9999, ..GracefulOffer::default() };
    Local { graceful_restart: Some(offer), ..external() }
}

#[test]
fn of_several_graceful_restart_capabilities_the_last_counts() {
    let open = open(THEIRS, &[graceful(120, true), graceful(60, false)]);
    let restart = agreed(&restarting(), open).restart.expect("both announced it");
    assert_eq!((restart.restart_time, restart.notification, restart.restarted), (60, false, true));
}

#[test]
fn graceful_restart_is_agreed_only_where_both_announce_it() {
    assert_eq!(agreed(&external(), open(THEIRS, &[graceful(120, true)])).restart, None);
    assert_eq!(agreed(&restarting(), open(THEIRS, &[])).restart, None);
}

#[test]
fn long_lived_restart_counts_only_beside_graceful_restart() {
    let family = LongLivedFamily { family: Family::IPV4, forwarding_preserved: true, stale_time: 3600 };
    let long_lived = Capability::LongLivedGracefulRestart(vec![family]);
    let both = open(THEIRS, &[long_lived.clone(), graceful(120, true)]);
    assert_eq!(agreed(&restarting(), both).restart.expect("announced").long_lived, [family]);
    assert_eq!(agreed(&restarting(), open(THEIRS, &[long_lived])).restart, None);
}

#[test]
fn our_restart_time_fits_its_twelve_bits() {
    let capabilities = restarting().open().capabilities;
    let sent = |it: &Capability| matches!(it, Capability::GracefulRestart { restart_time: 4095, .. });
    assert!(capabilities.iter().any(sent));
}

#[test]
fn what_we_offer_we_agree_to() {
    let ours = Local { add_path: Some(AddPathMode::Both), ..restarting() };
    let theirs =
        Local { expected: PeerAsn::Exactly(OURS), asn: THEIRS, router_id: RouterId::from(2), ..ours.clone() };
    let negotiated = agreed(&ours, theirs.open());
    assert_eq!(negotiated.families(), Family::UNICAST);
    assert_eq!(negotiated.dialect.add_path_send, Family::UNICAST);
    assert!(
        negotiated.route_refresh
            && negotiated.dialect.enhanced_route_refresh
            && negotiated.dialect.four_octet_as
    );
}

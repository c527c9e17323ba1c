//! OPEN × OPEN → what was agreed, or why not ([RFC 4271 §6.2](https://www.rfc-editor.org/rfc/rfc4271#section-6.2)).

use bytes::{BufMut, BytesMut};

use super::offers::Offers;
use crate::peer::PeerAsn;
use crate::session::{Local, Negotiated, PeerRestart};
use crate::wire::{
    AddPathMode, Dialect, EXTENDED_LIMIT, ErrorCode, Notification, Open, PeerKind, Role, STANDARD_LIMIT,
};
use crate::{Asn, Family};

/// Judges the peer's OPEN and works out what both sides can do.
pub(super) fn negotiate(local: &Local, open: Open) -> Result<Negotiated, Notification> {
    let offers = Offers::of(&open);
    check_asn(local, open.asn, &offers.four_octet_asns)?;
    check_identity(local, &open)?;
    let families = agree_families(local, &offers)?;
    let peer_kind = kind(local, open.asn);
    let role = agree_role(local, peer_kind, &offers)?;
    let (add_path_receive, add_path_send) = agree_add_path(local, &offers, &families);
    let dialect = Dialect {
        peer_kind,
        peer_asn: open.asn,
        four_octet_as: !offers.four_octet_asns.is_empty(),
        add_path_receive,
        add_path_send,
        extended_next_hop: common(&families, &[&local.extended_next_hop, &offers.extended_next_hop]),
        families,
        send_limit: if offers.extended_message { EXTENDED_LIMIT } else { STANDARD_LIMIT },
        enhanced_route_refresh: offers.enhanced_refresh,
        aigp: peer_kind == PeerKind::Internal,
        ..local.dialect()
    };
    Ok(Negotiated {
        dialect,
        hold_time: local.hold_time.min(open.hold_time),
        asn: open.asn,
        router_id: open.router_id,
        role,
        route_refresh: offers.route_refresh,
        restart: agree_restart(local, offers),
        open,
    })
}

/// The peer is who it should be, and has one AS number only ([RFC 6793 §4.1], [RFC 7607 §2]).
///
/// [RFC 6793 §4.1]: https://www.rfc-editor.org/rfc/rfc6793#section-4.1
/// [RFC 7607 §2]: https://www.rfc-editor.org/rfc/rfc7607#section-2
fn check_asn(local: &Local, asn: Asn, four_octet_asns: &[Asn]) -> Result<(), Notification> {
    let expected = match local.expected {
        PeerAsn::Exactly(expected) => asn == expected,
        PeerAsn::External => asn != local.asn,
        PeerAsn::Internal => asn == local.asn,
    };
    let unanimous = four_octet_asns.iter().all(|other| *other == asn);
    if expected && unanimous && asn.is_usable() { Ok(()) } else { Err(refuse(BAD_PEER_AS)) }
}

/// BGP Identifier ([RFC 6286 §2.2]) and hold time ([RFC 4271 §6.2]).
///
/// [RFC 6286 §2.2]: https://www.rfc-editor.org/rfc/rfc6286#section-2.2
/// [RFC 4271 §6.2]: https://www.rfc-editor.org/rfc/rfc4271#section-6.2
fn check_identity(local: &Local, open: &Open) -> Result<(), Notification> {
    let ourselves = open.router_id == local.router_id && open.asn == local.asn;
    if open.router_id.bits() == 0 || ourselves {
        return Err(refuse(BAD_BGP_IDENTIFIER));
    }
    if matches!(open.hold_time, 1 | 2) {
        return Err(refuse(UNACCEPTABLE_HOLD_TIME));
    }
    Ok(())
}

/// Families on both lists, in our order. A peer that names none means IPv4 unicast ([RFC 4760 §8]).
///
/// A session that could carry nothing is refused like one that lacks a required family: it would look
/// healthy and be useless.
///
/// [RFC 4760 §8]: https://www.rfc-editor.org/rfc/rfc4760#section-8
fn agree_families(local: &Local, offers: &Offers) -> Result<Vec<Family>, Notification> {
    let theirs = if offers.families.is_empty() { &[Family::IPV4][..] } else { &offers.families };
    let agreed = common(&local.families, &[theirs]);
    let missing: Vec<Family> = if agreed.is_empty() {
        local.families.clone()
    } else {
        local.required.iter().copied().filter(|family| !theirs.contains(family)).collect()
    };
    if missing.is_empty() { Ok(agreed) } else { Err(unsupported(&missing)) }
}

/// Roles have to be two ends of one relation ([RFC 9234 §4.2]); between internal peers they say nothing.
///
/// [RFC 9234 §4.2]: https://www.rfc-editor.org/rfc/rfc9234#section-4.2
fn agree_role(local: &Local, kind: PeerKind, offers: &Offers) -> Result<Option<Role>, Notification> {
    let theirs = offers.roles.first().copied();
    if kind != PeerKind::External {
        return Ok(theirs);
    }
    let unanimous = offers.roles.iter().all(|role| Some(*role) == theirs);
    let fits = match (local.role, theirs) {
        (None, _) => true,
        (Some(_), _) if offers.strange_role => false,
        (Some(_), None) => !local.strict_role,
        (Some(Role::Provider), Some(role)) => role == Role::Customer,
        (Some(Role::Customer), Some(role)) => role == Role::Provider,
        (Some(Role::RouteServer), Some(role)) => role == Role::RouteServerClient,
        (Some(Role::RouteServerClient), Some(role)) => role == Role::RouteServer,
        (Some(Role::Peer), Some(role)) => role == Role::Peer,
    };
    if unanimous && fits { Ok(theirs) } else { Err(refuse(ROLE_MISMATCH)) }
}

/// The families whose path identifiers we read, and those where we write them ([RFC 7911 §4]): each
/// direction needs one side's word to send and the other's to receive.
///
/// [RFC 7911 §4]: https://www.rfc-editor.org/rfc/rfc7911#section-4
fn agree_add_path(local: &Local, offers: &Offers, families: &[Family]) -> (Vec<Family>, Vec<Family>) {
    let agreed = |ours: fn(AddPathMode) -> bool, theirs: fn(AddPathMode) -> bool| {
        let fits = |family: &Family| {
            local.add_path.is_some_and(ours) && offers.add_path(*family).is_some_and(theirs)
        };
        families.iter().copied().filter(fits).collect()
    };
    (agreed(receives, sends), agreed(sends, receives))
}

/// Graceful restart where both announced it, with the long-lived kind, which counts only beside it
/// ([RFC 9494 §4.1]).
///
/// [RFC 9494 §4.1]: https://www.rfc-editor.org/rfc/rfc9494#section-4.1
fn agree_restart(local: &Local, offers: Offers) -> Option<PeerRestart> {
    let ours = local.graceful_restart.as_ref()?;
    let theirs = offers.restart?;
    Some(PeerRestart {
        notification: theirs.notification && ours.notification,
        long_lived: offers.long_lived,
        long_lived_by_both: !ours.long_lived.is_empty(),
        ..theirs
    })
}

fn kind(local: &Local, asn: Asn) -> PeerKind {
    if asn == local.asn { PeerKind::Internal } else { PeerKind::External }
}

const fn receives(mode: AddPathMode) -> bool {
    matches!(mode, AddPathMode::Receive | AddPathMode::Both)
}

const fn sends(mode: AddPathMode) -> bool {
    matches!(mode, AddPathMode::Send | AddPathMode::Both)
}

/// What stands in every list, in the order of the first.
fn common(first: &[Family], others: &[&[Family]]) -> Vec<Family> {
    first.iter().copied().filter(|family| others.iter().all(|list| list.contains(family))).collect()
}

const fn refuse(subcode: u8) -> Notification {
    Notification::new(ErrorCode::OpenMessage, subcode)
}

/// 2/7 with the capabilities that are missing, as they would stand in an OPEN ([RFC 5492 §5]).
///
/// [RFC 5492 §5]: https://www.rfc-editor.org/rfc/rfc5492#section-5
fn unsupported(missing: &[Family]) -> Notification {
    let mut data = BytesMut::new();
    for family in missing {
        data.put_slice(&[MULTIPROTOCOL, 4]);
        data.put_u16(family.afi);
        data.put_slice(&[0, family.safi]);
    }
    Notification { data: data.freeze(), ..refuse(UNSUPPORTED_CAPABILITY) }
}

const MULTIPROTOCOL: u8 = 1;

const BAD_PEER_AS: u8 = 2;
const BAD_BGP_IDENTIFIER: u8 = 3;
const UNACCEPTABLE_HOLD_TIME: u8 = 6;
const UNSUPPORTED_CAPABILITY: u8 = 7;
const ROLE_MISMATCH: u8 = 11;

#[cfg(test)]
mod tests;

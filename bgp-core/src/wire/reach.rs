//! MP_REACH_NLRI and MP_UNREACH_NLRI: routes of any family, and the forms a next hop can take.

use std::net::{Ipv4Addr, Ipv6Addr};

use bytes::Bytes;

use crate::Family;
use crate::wire::opaque;
use crate::wire::parse::Cursor;
use crate::wire::prefix::{self, Unroutable};
use crate::wire::{Dialect, NextHop, Reach, Reason, Routes, Treatment, Unreach};

/// AFI and SAFI, and the length of the next hop with the reserved octet.
const REACH_MINIMUM: usize = 5;
const UNREACH_MINIMUM: usize = 3;

/// What is wrong, and what it costs.
type Verdict = (Treatment, Reason);

/// A decoded MP_REACH_NLRI.
pub(in crate::wire) struct Announced {
    /// The routes; `None` where the family was not agreed on.
    pub(in crate::wire) reach: Option<Reach>,
    /// The attribute holds NLRI, whatever became of them.
    pub(in crate::wire) has_nlri: bool,
    /// A lesser error.
    pub(in crate::wire) verdict: Option<Verdict>,
    /// Prefixes that were left out because they are not unicast.
    pub(in crate::wire) unroutable: Vec<Unroutable>,
}

/// Reads MP_REACH_NLRI ([RFC 4760 §3](https://www.rfc-editor.org/rfc/rfc4760#section-3)). An error in its
/// syntax ends the session: what it announced cannot be known
/// ([RFC 7606 §5.3](https://www.rfc-editor.org/rfc/rfc7606#section-5.3)).
pub(in crate::wire) fn decode_reach(mut value: Cursor<'_>, dialect: &Dialect) -> Result<Announced, Reason> {
    let length = value.len();
    let (Some(family), Some(next_hop)) = (value.family(), value.short_field()) else {
        let reason =
            if length < REACH_MINIMUM { Reason::AttributeLength(length) } else { Reason::NextHopOverrun };
        return Err(reason);
    };
    if length < REACH_MINIMUM {
        return Err(Reason::AttributeLength(length));
    }
    // The reserved octet was a count once; its value is ignored.
    value.octet().ok_or(Reason::NextHopOverrun)?;
    let has_nlri = !value.is_empty();
    if !dialect.families.contains(&family) {
        let verdict = Some((Treatment::Discard, Reason::FamilyNotNegotiated(family)));
        return Ok(Announced { reach: None, has_nlri, verdict, unroutable: Vec::new() });
    }
    if !allows_next_hop(family, next_hop.len(), dialect) {
        return Err(Reason::NextHopLength { family, length: next_hop.len() });
    }
    if !family.is_unicast() {
        opaque::check(value, family, dialect.path_ids_received(family))?;
        let routes = Routes::Opaque { next_hop: copy(next_hop), nlri: copy(value) };
        let reach = Some(Reach { family, next_hop: None, routes });
        return Ok(Announced { reach, has_nlri, verdict: None, unroutable: Vec::new() });
    }
    let address = decode_next_hop(next_hop);
    let (nlri, unroutable) =
        prefix::announced(value, family, dialect).map_err(|misplaced| misplaced.reason)?;
    let verdict = address
        .filter(|address| !is_usable(address))
        .map(|address| (Treatment::Withdraw, Reason::NextHopAddress(address.address())));
    let reach = Some(Reach { family, next_hop: address, routes: Routes::Unicast(nlri) });
    Ok(Announced { reach, has_nlri, verdict, unroutable })
}

/// Reads MP_UNREACH_NLRI ([RFC 4760 §4](https://www.rfc-editor.org/rfc/rfc4760#section-4)); `Err` of the
/// inner result where the family was not agreed on.
pub(in crate::wire) fn decode_unreach(
    mut value: Cursor<'_>,
    dialect: &Dialect,
) -> Result<Result<Unreach, Verdict>, Reason> {
    let length = value.len();
    let family =
        value.family().filter(|_| length >= UNREACH_MINIMUM).ok_or(Reason::AttributeLength(length))?;
    if !dialect.families.contains(&family) {
        return Ok(Err((Treatment::Discard, Reason::FamilyNotNegotiated(family))));
    }
    let routes = match family.is_unicast() {
        true => {
            let nlri = prefix::withdrawn(value, family, dialect).map_err(|misplaced| misplaced.reason)?;
            Routes::Unicast(nlri)
        }
        false => {
            opaque::check(value, family, dialect.path_ids_received(family))?;
            Routes::Opaque { next_hop: Bytes::new(), nlri: copy(value) }
        }
    };
    Ok(Ok(Unreach { family, routes }))
}

/// Whether an IPv4 address can be a next hop at all ([RFC 4271 §6.3](https://www.rfc-editor.org/rfc/rfc4271#section-6.3)).
pub(in crate::wire) const fn is_host(address: Ipv4Addr) -> bool {
    !matches!(address.octets(), [0, 0, 0, 0] | [127 | 224..=255, ..])
}

/// Whether a next hop can be reached at all. An IPv4-mapped one is passed on: speakers send it for IPv6
/// routes over an IPv4 session, and whether it resolves is not for the codec to say.
fn is_usable(next_hop: &NextHop) -> bool {
    match next_hop {
        NextHop::V4(address) => is_host(*address),
        NextHop::V6 { global, .. } => {
            !global.is_unspecified() && !global.is_loopback() && !global.is_multicast()
        }
    }
}

/// The lengths of the next hop field ([RFC 7606 §7.11], [RFC 8950 §3], [RFC 2545 §3]).
///
/// [RFC 7606 §7.11]: https://www.rfc-editor.org/rfc/rfc7606#section-7.11
/// [RFC 8950 §3]: https://www.rfc-editor.org/rfc/rfc8950#section-3
/// [RFC 2545 §3]: https://www.rfc-editor.org/rfc/rfc2545#section-3
fn allows_next_hop(family: Family, length: usize, dialect: &Dialect) -> bool {
    let extended = || dialect.extended_next_hop.contains(&family);
    match (family.afi, family.safi, length) {
        (1, 1 | 2 | 4, 4) | (1, 128, 12) => true,
        (1, 1 | 2 | 4, 16 | 32) | (1, 128, 24 | 48) => extended(),
        (2, 1 | 2 | 4, 16 | 32) | (2, 128, 24 | 48) => true,
        (1 | 2, 1 | 2 | 4 | 128, _) => false,
        _ => true,
    }
}

/// The second address counts only where it is link-local; it stands alone where the first is `::`, as
/// some speakers without a global address send it.
fn decode_next_hop(mut field: Cursor<'_>) -> Option<NextHop> {
    if field.len() == 4 {
        return field.u32().map(|bits| NextHop::V4(Ipv4Addr::from(bits)));
    }
    let global = Ipv6Addr::from(field.array::<16>()?);
    let link_local = field.array::<16>().map(Ipv6Addr::from).filter(Ipv6Addr::is_unicast_link_local);
    match link_local {
        Some(link_local) if global.is_unspecified() => {
            Some(NextHop::V6 { global: link_local, link_local: None })
        }
        link_local => Some(NextHop::V6 { global, link_local }),
    }
}

fn copy(field: Cursor<'_>) -> Bytes {
    Bytes::copy_from_slice(field.octets())
}

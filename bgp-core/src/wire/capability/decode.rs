//! Capabilities from octets.

use bytes::Bytes;

use super::{FORWARDING_PRESERVED, NOTIFICATION, RESTART_TIME, RESTARTED, code};
use crate::wire::parse::Cursor;
use crate::wire::{AddPathMode, Capability, GracefulFamily, LongLivedFamily, Reason, Role};
use crate::{Asn, Family};

/// Address family of an IPv6 next hop.
const AFI_IPV6: u16 = 2;

impl Capability {
    /// Decodes a value. What makes no sense is kept as [`Capability::Unknown`], which is to say ignored,
    /// except in the two capabilities without which later messages would be misread.
    pub(in crate::wire) fn decode(code: u8, value: Cursor<'_>) -> Result<Self, Reason> {
        let length = value.len();
        let known = match code {
            code::MULTIPROTOCOL => multiprotocol(value),
            code::ROUTE_REFRESH if value.is_empty() => Some(Self::RouteRefresh),
            code::EXTENDED_NEXT_HOP => extended_next_hop(value),
            code::EXTENDED_MESSAGE if value.is_empty() => Some(Self::ExtendedMessage),
            code::ROLE => role(value),
            code::GRACEFUL_RESTART => graceful_restart(value),
            code::FOUR_OCTET_AS => four_octet_as(value),
            code::ADD_PATH => add_path(value),
            code::ENHANCED_ROUTE_REFRESH if value.is_empty() => Some(Self::EnhancedRouteRefresh),
            code::LONG_LIVED_GRACEFUL_RESTART => long_lived(value),
            code::FQDN => fqdn(value),
            _ => None,
        };
        match known {
            Some(known) => Ok(known),
            None if matches!(code, code::MULTIPROTOCOL | code::FOUR_OCTET_AS) => {
                Err(Reason::CapabilityLength { code, length })
            }
            None => Ok(Self::Unknown { code, value: Bytes::copy_from_slice(value.octets()) }),
        }
    }
}

fn multiprotocol(mut value: Cursor<'_>) -> Option<Capability> {
    let (afi, _reserved, safi) = (value.u16()?, value.octet()?, value.octet()?);
    value.is_empty().then_some(Capability::Multiprotocol(Family { afi, safi }))
}

/// Tuples whose next hop is not IPv6, or whose SAFI is out of range, mean nothing and are left out
/// ([RFC 8950 §4](https://www.rfc-editor.org/rfc/rfc8950#section-4)).
fn extended_next_hop(value: Cursor<'_>) -> Option<Capability> {
    let tuples = each(value, |value| {
        let (afi, safi, next_hop) = (value.u16()?, value.u16()?, value.u16()?);
        Some((afi, safi, next_hop))
    })?;
    let families = tuples
        .into_iter()
        .filter(|(_, _, next_hop)| *next_hop == AFI_IPV6)
        .filter_map(|(afi, safi, _)| Some(Family { afi, safi: safi.try_into().ok()? }))
        .collect();
    Some(Capability::ExtendedNextHop(families))
}

fn role(mut value: Cursor<'_>) -> Option<Capability> {
    let role = match value.octet()? {
        0 => Role::Provider,
        1 => Role::RouteServer,
        2 => Role::RouteServerClient,
        3 => Role::Customer,
        4 => Role::Peer,
        _ => return None,
    };
    value.is_empty().then_some(Capability::Role(role))
}

fn graceful_restart(mut value: Cursor<'_>) -> Option<Capability> {
    let bits = value.u16()?;
    let families = each(value, |value| {
        let family = value.family()?;
        Some(GracefulFamily { family, forwarding_preserved: value.octet()? & FORWARDING_PRESERVED != 0 })
    })?;
    Some(Capability::GracefulRestart {
        restarted: bits & RESTARTED != 0,
        notification: bits & NOTIFICATION != 0,
        restart_time: bits & RESTART_TIME,
        families,
    })
}

fn four_octet_as(mut value: Cursor<'_>) -> Option<Capability> {
    let asn = value.u32()?;
    value.is_empty().then_some(Capability::FourOctetAs(Asn(asn)))
}

/// One undefined mode spoils the whole capability ([RFC 7911 §4](https://www.rfc-editor.org/rfc/rfc7911#section-4)).
fn add_path(value: Cursor<'_>) -> Option<Capability> {
    let families = each(value, |value| {
        let family = value.family()?;
        let mode = match value.octet()? {
            1 => AddPathMode::Receive,
            2 => AddPathMode::Send,
            3 => AddPathMode::Both,
            _ => return None,
        };
        Some((family, mode))
    })?;
    Some(Capability::AddPath(families))
}

fn long_lived(value: Cursor<'_>) -> Option<Capability> {
    let families = each(value, |value| {
        let family = value.family()?;
        let forwarding_preserved = value.octet()? & FORWARDING_PRESERVED != 0;
        let [a, b, c] = value.array()?;
        Some(LongLivedFamily { family, forwarding_preserved, stale_time: u32::from_be_bytes([0, a, b, c]) })
    })?;
    Some(Capability::LongLivedGracefulRestart(families))
}

fn fqdn(mut value: Cursor<'_>) -> Option<Capability> {
    let mut text = || str::from_utf8(value.short_field()?.octets()).ok().map(str::to_owned);
    let (host, domain) = (text()?, text()?);
    value.is_empty().then_some(Capability::Fqdn { host, domain })
}

/// Reads values until the field is used up to the octet.
fn each<T>(mut value: Cursor<'_>, mut read: impl FnMut(&mut Cursor<'_>) -> Option<T>) -> Option<Vec<T>> {
    let mut values = Vec::new();
    while !value.is_empty() {
        values.push(read(&mut value)?);
    }
    Some(values)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decode(code: u8, value: &[u8]) -> Result<Capability, Reason> {
        Capability::decode(code, Cursor::new(value, 0))
    }

    #[test]
    fn every_code_with_any_short_value_is_decoded_or_refused() {
        for code in 0..=u8::MAX {
            for length in 0..=16 {
                for filler in [0, 1, 3, 0xff] {
                    let _ = decode(code, &vec![filler; length]);
                }
            }
        }
    }

    #[test]
    fn what_makes_no_sense_is_ignored() {
        for (code, value) in [
            (6, &[0][..]),
            (9, &[5]),
            (9, &[]),
            (64, &[0]),
            (64, &[0, 0, 1]),
            (69, &[0, 1, 1, 4]),
            (69, &[0, 1, 1]),
            (71, &[0, 1, 1, 0, 0, 0]),
            (73, &[5, b'a']),
            (73, &[1, 0xff, 0]),
            (5, &[0, 1, 0, 1, 0]),
        ] {
            let ignored = Capability::Unknown { code, value: Bytes::copy_from_slice(value) };
            assert_eq!(decode(code, value), Ok(ignored));
        }
    }

    #[test]
    fn what_later_messages_depend_on_is_refused() {
        assert_eq!(decode(1, &[0, 1, 0]), Err(Reason::CapabilityLength { code: 1, length: 3 }));
        assert_eq!(decode(65, &[0; 5]), Err(Reason::CapabilityLength { code: 65, length: 5 }));
    }

    #[test]
    fn only_tuples_with_an_ipv6_next_hop_count() {
        let value = [0, 1, 0, 1, 0, 2, 0, 1, 0, 2, 0, 1, 0, 1, 1, 1, 0, 2];
        assert_eq!(decode(5, &value), Ok(Capability::ExtendedNextHop(vec![Family::IPV4])));
    }
}

//! The syntax of NLRI that is carried unread, as far as it is known: a reflector that passes on what
//! cannot be read would make its clients end their sessions.

use crate::Family;
use crate::wire::Reason;
use crate::wire::parse::Cursor;
use crate::wire::prefix::PathIds;

/// SAFIs whose NLRI is a prefix with something before it.
const MULTICAST: u8 = 2;
const LABELLED: u8 = 4;
const VPN: u8 = 128;

/// Bits of a label and of a route distinguisher.
const LABEL: u8 = 24;
const DISTINGUISHER: u8 = 64;

/// Checks the NLRI of the multicast, labelled ([RFC 8277 §2]) and VPN ([RFC 4364 §4.3.4]) families of
/// IPv4 and IPv6; any other family is taken as it is.
///
/// [RFC 8277 §2]: https://www.rfc-editor.org/rfc/rfc8277#section-2
/// [RFC 4364 §4.3.4]: https://www.rfc-editor.org/rfc/rfc4364#section-4.3.4
pub(in crate::wire) fn check(mut field: Cursor<'_>, family: Family, path_ids: PathIds) -> Result<(), Reason> {
    let address = match (family.afi, family.safi) {
        (1, MULTICAST | LABELLED | VPN) => 32,
        (2, MULTICAST | LABELLED | VPN) => 128,
        _ => return Ok(()),
    };
    while !field.is_empty() {
        if path_ids == PathIds::Present {
            field.u32().ok_or(Reason::PrefixOverrun(family))?;
        }
        let length = field.octet().ok_or(Reason::PrefixOverrun(family))?;
        let octets = field.take(usize::from(length.div_ceil(8))).ok_or(Reason::PrefixOverrun(family))?;
        let before = match family.safi {
            LABELLED => labels(octets),
            VPN => labels(octets).and_then(|labels| labels.checked_add(DISTINGUISHER)),
            _ => Some(0),
        };
        match before.and_then(|before| length.checked_sub(before)) {
            Some(bits) if bits <= address => {}
            Some(_) | None => return Err(Reason::PrefixLength { family, length }),
        }
    }
    Ok(())
}

/// Bits of the label stack, which ends at the bottom bit or at a label that stands for a withdrawal.
fn labels(octets: &[u8]) -> Option<u8> {
    let mut bits = 0_u8;
    for label in octets.as_chunks::<3>().0 {
        bits = bits.checked_add(LABEL)?;
        if matches!(label, [0x80, 0, 0] | [0, 0, 0]) || label.last().is_some_and(|octet| octet & 1 != 0) {
            return Some(bits);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const LABELLED_IPV4: Family = Family { afi: 1, safi: LABELLED };
    const VPN_IPV4: Family = Family { afi: 1, safi: VPN };

    fn check_octets(octets: &[u8], family: Family) -> Result<(), Reason> {
        check(Cursor::new(octets, 0), family, PathIds::Absent)
    }

    #[test]
    fn a_labelled_prefix_may_have_several_labels() {
        assert_eq!(check_octets(&[32, 0, 1, 1, 10], LABELLED_IPV4), Ok(()));
        assert_eq!(check_octets(&[56, 0, 1, 0, 0, 2, 1, 10], LABELLED_IPV4), Ok(()));
        assert_eq!(check_octets(&[32, 0x80, 0, 0, 10], LABELLED_IPV4), Ok(()));
        assert_eq!(check_octets(&[96, 0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 2, 10], VPN_IPV4), Ok(()));
    }

    #[test]
    fn a_stack_without_a_bottom_is_refused() {
        let length = |length| Err(Reason::PrefixLength { family: LABELLED_IPV4, length });
        assert_eq!(check_octets(&[32, 0, 1, 0, 10], LABELLED_IPV4), length(32));
        assert_eq!(check_octets(&[16, 0, 1], LABELLED_IPV4), length(16));
        assert_eq!(check_octets(&[64, 0, 1, 1, 1, 2, 3, 4, 5], LABELLED_IPV4), length(64));
        assert_eq!(check_octets(&[64, 0, 1], LABELLED_IPV4), Err(Reason::PrefixOverrun(LABELLED_IPV4)));
    }

    #[test]
    fn other_families_are_taken_as_they_are() {
        assert_eq!(check_octets(&[255], Family { afi: 25, safi: 70 }), Ok(()));
    }
}

//! The attributes of our own requests by name, for refusals that point at one.

use super::bytes::{u16_at, u32_at};

/// The attribute that begins so many octets into a request, by the name in the kernel's headers.
pub(super) fn at(request: &[u8], offset: u32) -> Option<String> {
    // What the kernel echoes of a request may have been cut.
    let length = usize::try_from(u32_at(request, 0)?).ok()?;
    let offset = usize::try_from(offset).ok()?;
    let kind = u16_at(request.get(..length)?, offset.checked_add(2)?)? & TYPE_MASK;
    let (family, names) = match u16_at(request, 4)? {
        RTM_NEWROUTE | RTM_DELROUTE => ("RTA", ROUTE),
        RTM_NEWNEXTHOP | RTM_DELNEXTHOP => ("NHA", NEXT_HOP),
        _ => return None,
    };
    let name = names.iter().find(|(number, _)| *number == kind).map(|(_, name)| *name);
    Some(name.map_or_else(|| format!("{family} {kind}"), |name| format!("{family}_{name}")))
}

/// Those that we write (`rtnetlink.h`).
const ROUTE: &[(u16, &str)] = &[
    (1, "DST"),
    (4, "OIF"),
    (5, "GATEWAY"),
    (6, "PRIORITY"),
    (7, "PREFSRC"),
    (9, "MULTIPATH"),
    (15, "TABLE"),
    (18, "VIA"),
    (30, "NH_ID"),
];

/// Those that we write (`nexthop.h`).
const NEXT_HOP: &[(u16, &str)] = &[(1, "ID"), (2, "GROUP"), (3, "GROUP_TYPE"), (5, "OIF"), (6, "GATEWAY")];

const RTM_NEWROUTE: u16 = 24;
const RTM_DELROUTE: u16 = 25;
const RTM_NEWNEXTHOP: u16 = 104;
const RTM_DELNEXTHOP: u16 = 105;
/// Without the nested and byte-order flags.
const TYPE_MASK: u16 = 0x3fff;

#[cfg(test)]
mod tests {
    use super::*;

    /// A request of this type with one attribute of `kind` behind a route's header of twelve octets.
    fn request(message: u16, kind: u16) -> Vec<u8> {
        let mut octets = [36_u32.to_ne_bytes().as_slice(), &message.to_ne_bytes(), &[0; 22]].concat();
        octets.extend([8_u16, kind].iter().flat_map(|word| word.to_ne_bytes()).chain([0; 4]));
        octets
    }

    #[test]
    fn an_attribute_has_the_name_of_its_family() {
        assert_eq!(at(&request(RTM_NEWROUTE, 5), 28).as_deref(), Some("RTA_GATEWAY"));
        assert_eq!(at(&request(RTM_NEWNEXTHOP, 5), 28).as_deref(), Some("NHA_OIF"));
        assert_eq!(at(&request(RTM_NEWROUTE, 0x8000 | 9), 28).as_deref(), Some("RTA_MULTIPATH"));
        assert_eq!(at(&request(RTM_NEWROUTE, 77), 28).as_deref(), Some("RTA 77"));
    }

    #[test]
    fn what_does_not_lie_within_the_request_is_nothing() {
        for offset in [33, 36, u32::MAX] {
            assert_eq!(at(&request(RTM_NEWROUTE, 5), offset), None);
        }
        assert_eq!(at(&request(RTM_NEWROUTE, 5)[..30], 28), None, "the kernel kept the rest to itself");
        assert_eq!(at(&[], 0), None);
    }
}

//! Any dialect that two OPENs could agree on, from two octets.

use bgp_core::wire::{Dialect, EXTENDED_LIMIT, PeerKind};
use bgp_core::{Asn, Family};

use crate::draw::{Draw, bit};

/// Families that are carried without being understood: labelled unicast, and one nobody has heard of.
const OPAQUE: [Family; 2] = [Family { afi: 1, safi: 4 }, Family { afi: 16388, safi: 71 }];

/// A dialect that reads what it writes: both directions have path identifiers and sizes alike.
pub(crate) fn dialect(draw: &mut Draw<'_>) -> Dialect {
    let (first, second) = (draw.octet(), draw.octet());
    let peer_kind = match (bit(first, 0), bit(first, 1)) {
        (false, _) => PeerKind::Internal,
        (true, false) => PeerKind::External,
        (true, true) => PeerKind::Confederation,
    };
    let mut families = Family::UNICAST.to_vec();
    families.truncate(if bit(first, 4) { 1 } else { 2 });
    if bit(first, 5) {
        families.extend(OPAQUE);
    }
    let add_path: Vec<Family> = [(Family::IPV4, bit(first, 2)), (Family::IPV6, bit(first, 3))]
        .into_iter()
        .filter_map(|(family, agreed)| agreed.then_some(family))
        .collect();
    Dialect {
        four_octet_as: !bit(first, 6),
        families,
        add_path_receive: add_path.clone(),
        add_path_send: add_path,
        extended_next_hop: if bit(first, 7) { vec![Family::IPV4] } else { Vec::new() },
        receive_limit: EXTENDED_LIMIT,
        send_limit: EXTENDED_LIMIT,
        enforce_first_as: bit(second, 0),
        refuse_as_sets: bit(second, 1),
        enhanced_route_refresh: !bit(second, 2),
        aigp: bit(second, 3),
        ..Dialect::unnegotiated(peer_kind, Asn(64512))
    }
}

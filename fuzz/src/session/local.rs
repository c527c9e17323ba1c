//! Our side of a session, drawn from octets.

use std::time::Duration;

use bgp_core::peer::PeerAsn;
use bgp_core::session::{GracefulOffer, Local};
use bgp_core::wire::{AddPathMode, GracefulFamily, LongLivedFamily, Role};
use bgp_core::{Asn, Family, RouterId};

use crate::draw::{Draw, bit};

/// A side of AS 64512 with identifier 192.0.2.1, which expects a peer of its own AS, of another, or of 65001.
pub(crate) fn local(draw: &mut Draw<'_>) -> Local {
    let (first, second, third) = (draw.octet(), draw.octet(), draw.octet());
    let expected = [PeerAsn::Internal, PeerAsn::External, PeerAsn::Exactly(Asn(65001)), PeerAsn::Internal]
        [usize::from(first & 3)];
    let add_path = [None, Some(AddPathMode::Receive), Some(AddPathMode::Send), Some(AddPathMode::Both)]
        [usize::from(first >> 2 & 3)];
    let mut families = Family::UNICAST.to_vec();
    families.truncate(if bit(first, 4) { 1 } else { 2 });
    let local = Local::new(Asn(64512), RouterId::from(0xc000_0201), expected);
    Local {
        add_path,
        extended_next_hop: if bit(first, 5) { vec![Family::IPV4] } else { Vec::new() },
        required: if bit(first, 6) { families.clone() } else { Vec::new() },
        families,
        hold_time: [90, 0, 3, 65535][usize::from(second & 3)],
        role: role(second >> 2 & 7),
        strict_role: bit(second, 5),
        delay_open: if bit(second, 6) { Duration::from_secs(5) } else { Duration::ZERO },
        graceful_restart: bit(second, 7).then(|| graceful(third)),
        ..local
    }
}

const fn role(choice: u8) -> Option<Role> {
    match choice {
        1 => Some(Role::Provider),
        2 => Some(Role::RouteServer),
        3 => Some(Role::RouteServerClient),
        4 => Some(Role::Customer),
        5 => Some(Role::Peer),
        _ => None,
    }
}

fn graceful(flags: u8) -> GracefulOffer {
    let family = |family| GracefulFamily { family, forwarding_preserved: bit(flags, 2) };
    GracefulOffer {
        restarted: bit(flags, 0),
        notification: bit(flags, 1),
        restart_time: u16::from(flags) * 257,
        families: if bit(flags, 3) { Family::UNICAST.map(family).to_vec() } else { Vec::new() },
        long_lived: match bit(flags, 4) {
            true => {
                vec![LongLivedFamily { family: Family::IPV4, forwarding_preserved: false, stale_time: 3600 }]
            }
            false => Vec::new(),
        },
    }
}

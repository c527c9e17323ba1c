//! Capabilities to octets.

use bytes::{BufMut, BytesMut};

use super::{FORWARDING_PRESERVED, NOTIFICATION, RESTART_TIME, RESTARTED, code};
use crate::wire::build::put_family;
use crate::wire::{AddPathMode, Capability, Role};

impl Capability {
    /// The code on the wire.
    #[must_use]
    pub const fn code(&self) -> u8 {
        match self {
            Self::Multiprotocol(_) => code::MULTIPROTOCOL,
            Self::RouteRefresh => code::ROUTE_REFRESH,
            Self::ExtendedNextHop(_) => code::EXTENDED_NEXT_HOP,
            Self::ExtendedMessage => code::EXTENDED_MESSAGE,
            Self::Role(_) => code::ROLE,
            Self::GracefulRestart { .. } => code::GRACEFUL_RESTART,
            Self::FourOctetAs(_) => code::FOUR_OCTET_AS,
            Self::AddPath(_) => code::ADD_PATH,
            Self::EnhancedRouteRefresh => code::ENHANCED_ROUTE_REFRESH,
            Self::LongLivedGracefulRestart(_) => code::LONG_LIVED_GRACEFUL_RESTART,
            Self::Fqdn { .. } => code::FQDN,
            Self::Unknown { code, .. } => *code,
        }
    }

    /// Appends the capability as it stands in an OPEN; one whose value exceeds 255 octets cannot stand
    /// there and is left out.
    pub(in crate::wire) fn encode(&self, out: &mut BytesMut) {
        let mut value = BytesMut::new();
        self.put_value(&mut value);
        if let Ok(length) = u8::try_from(value.len()) {
            out.put_slice(&[self.code(), length]);
            out.put_slice(&value);
        }
    }

    fn put_value(&self, out: &mut BytesMut) {
        match self {
            Self::Multiprotocol(family) => {
                out.put_u16(family.afi);
                out.put_slice(&[0, family.safi]);
            }
            Self::RouteRefresh | Self::ExtendedMessage | Self::EnhancedRouteRefresh => {}
            Self::ExtendedNextHop(families) => {
                for family in families {
                    out.put_u16(family.afi);
                    out.put_slice(&[0, family.safi, 0, 2]);
                }
            }
            Self::Role(role) => out.put_u8(role_octet(*role)),
            Self::GracefulRestart { restarted, notification, restart_time, families } => {
                let bits =
                    if *restarted { RESTARTED } else { 0 } | if *notification { NOTIFICATION } else { 0 };
                out.put_u16(bits | (*restart_time).min(RESTART_TIME));
                for family in families {
                    put_family(family.family, out);
                    out.put_u8(forwarding(family.forwarding_preserved));
                }
            }
            Self::FourOctetAs(asn) => out.put_u32(asn.0),
            Self::AddPath(families) => {
                for (family, mode) in families {
                    put_family(*family, out);
                    out.put_u8(mode_octet(*mode));
                }
            }
            Self::LongLivedGracefulRestart(families) => {
                for family in families {
                    put_family(family.family, out);
                    out.put_u8(forwarding(family.forwarding_preserved));
                    let [_, a, b, c] = family.stale_time.min(0x00ff_ffff).to_be_bytes();
                    out.put_slice(&[a, b, c]);
                }
            }
            Self::Fqdn { host, domain } => {
                put_text(host, out);
                put_text(domain, out);
            }
            Self::Unknown { value, .. } => out.put_slice(value),
        }
    }
}

const fn role_octet(role: Role) -> u8 {
    match role {
        Role::Provider => 0,
        Role::RouteServer => 1,
        Role::RouteServerClient => 2,
        Role::Customer => 3,
        Role::Peer => 4,
    }
}

const fn mode_octet(mode: AddPathMode) -> u8 {
    match mode {
        AddPathMode::Receive => 1,
        AddPathMode::Send => 2,
        AddPathMode::Both => 3,
    }
}

const fn forwarding(preserved: bool) -> u8 {
    if preserved { FORWARDING_PRESERVED } else { 0 }
}

fn put_text(text: &str, out: &mut BytesMut) {
    out.put_u8(u8::try_from(text.len()).unwrap_or(u8::MAX));
    out.put_slice(text.as_bytes().get(..usize::from(u8::MAX)).unwrap_or(text.as_bytes()));
}

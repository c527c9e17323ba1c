//! Address families: the AFI and SAFI pair that names what kind of route is meant.

use std::fmt;

use ipnet::IpNet;

/// An Address Family Identifier with its Subsequent one ([RFC 4760 §3]).
///
/// Any pair can be named, so that families this crate does not understand can still be carried.
///
/// [RFC 4760 §3]: https://www.rfc-editor.org/rfc/rfc4760#section-3
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Family {
    /// Address Family Identifier: 1 is IPv4, 2 is IPv6.
    pub afi: u16,
    /// Subsequent Address Family Identifier: 1 is unicast.
    pub safi: u8,
}

impl Family {
    /// IPv4 unicast.
    pub const IPV4: Self = Self { afi: 1, safi: 1 };
    /// IPv6 unicast.
    pub const IPV6: Self = Self { afi: 2, safi: 1 };
    /// The families whose routes this crate understands.
    pub const UNICAST: [Self; 2] = [Self::IPV4, Self::IPV6];

    /// The unicast family that `prefix` belongs to.
    #[must_use]
    pub const fn of(prefix: &IpNet) -> Self {
        match prefix {
            IpNet::V4(_) => Self::IPV4,
            IpNet::V6(_) => Self::IPV6,
        }
    }

    /// Whether this crate understands the NLRI of the family.
    #[must_use]
    pub const fn is_unicast(self) -> bool {
        matches!(self, Self::IPV4 | Self::IPV6)
    }
}

impl fmt::Display for Family {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::IPV4 => f.write_str("ipv4"),
            Self::IPV6 => f.write_str("ipv6"),
            Self { afi, safi } => write!(f, "afi{afi}/safi{safi}"),
        }
    }
}

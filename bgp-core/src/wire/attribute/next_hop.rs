//! The next hop as the wire has it.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use bytes::{BufMut, BytesMut};

/// A next hop as the wire has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum NextHop {
    /// An IPv4 address.
    V4(Ipv4Addr),
    /// An IPv6 address, with the link-local one beside it where given ([RFC 2545 §3]).
    ///
    /// [RFC 2545 §3]: https://www.rfc-editor.org/rfc/rfc2545#section-3
    V6 {
        /// The first address: global, or link-local where the peer sends only that.
        global: Ipv6Addr,
        /// The second, link-local address.
        link_local: Option<Ipv6Addr>,
    },
}

impl NextHop {
    /// The address to resolve: the global one where there are two.
    #[must_use]
    pub const fn address(&self) -> IpAddr {
        match *self {
            Self::V4(address) => IpAddr::V4(address),
            Self::V6 { global, .. } => IpAddr::V6(global),
        }
    }

    /// Writes the length octet and the addresses of the field in MP_REACH_NLRI.
    pub(in crate::wire) fn put(&self, out: &mut BytesMut) {
        match self {
            Self::V4(address) => {
                out.put_u8(4);
                out.put_slice(&address.octets());
            }
            Self::V6 { global, link_local: None } => {
                out.put_u8(16);
                out.put_slice(&global.octets());
            }
            Self::V6 { global, link_local: Some(link_local) } => {
                out.put_u8(32);
                out.put_slice(&global.octets());
                out.put_slice(&link_local.octets());
            }
        }
    }
}

impl From<IpAddr> for NextHop {
    fn from(address: IpAddr) -> Self {
        match address {
            IpAddr::V4(address) => Self::V4(address),
            IpAddr::V6(global) => Self::V6 { global, link_local: None },
        }
    }
}

impl fmt::Display for NextHop {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::V4(address) => address.fmt(f),
            Self::V6 { global, .. } => global.fmt(f),
        }
    }
}

//! The BGP Identifier.

use std::fmt;
use std::net::Ipv4Addr;

/// A BGP Identifier: any non-zero 32-bit number, written like an IPv4 address ([RFC 6286 §2.1]).
/// Also a cluster id, which has the same form ([RFC 4456 §7]).
///
/// [RFC 6286 §2.1]: https://www.rfc-editor.org/rfc/rfc6286#section-2.1
/// [RFC 4456 §7]: https://www.rfc-editor.org/rfc/rfc4456#section-7
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RouterId(pub Ipv4Addr);

impl RouterId {
    /// The identifier as the number that comparisons use.
    #[must_use]
    pub const fn bits(self) -> u32 {
        self.0.to_bits()
    }
}

impl From<u32> for RouterId {
    fn from(bits: u32) -> Self {
        Self(Ipv4Addr::from_bits(bits))
    }
}

impl fmt::Display for RouterId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

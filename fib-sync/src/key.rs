//! Prefixes as keys: small to keep, and compared as numbers.

use ipnet::{Ipv4Net, Ipv6Net};

/// A key that ranks.
pub(crate) trait Key: Copy {
    /// Its place among the others. Equal ranks are equal keys.
    type Rank: Copy + Ord;

    fn rank(self) -> Self::Rank;
}

/// In the order of [`Ipv4Net`]: by address, then by length.
impl Key for Ipv4Net {
    type Rank = u64;

    fn rank(self) -> u64 {
        u64::from(self.addr().to_bits()) << 8 | u64::from(self.prefix_len())
    }
}

/// In the order of [`Ipv6Net`]: by address, then by length.
impl Key for Ipv6Net {
    type Rank = (u128, u8);

    fn rank(self) -> (u128, u8) {
        (self.addr().to_bits(), self.prefix_len())
    }
}

#[cfg(test)]
impl Key for u16 {
    type Rank = Self;

    fn rank(self) -> Self {
        self
    }
}

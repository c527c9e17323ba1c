//! Lots: what decides what happens next.

use std::collections::VecDeque;

use bgp_core::Chance;

/// Where decisions come from.
#[derive(Debug)]
pub(super) enum Lots {
    /// A seed.
    Chance(Chance),
    /// Octets, and zeros once they are used up.
    Octets(VecDeque<u8>),
}

impl Lots {
    /// A number below a bound.
    pub(super) fn below(&mut self, bound: u64) -> u64 {
        match self {
            Self::Chance(chance) => chance.draw() % bound,
            Self::Octets(octets) => {
                let octet = u64::from(octets.pop_front().unwrap_or_default());
                // Of a large range an octet chooses one value in each 256th part.
                if bound > 256 { octet * bound / 256 } else { octet % bound }
            }
        }
    }
}

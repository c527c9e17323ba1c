//! The hash behind the RIB's lookups: folded multiplication, keyed by a seed.
//!
//! Keyed so that no peer can aim at collisions, seeded by argument so that a run can be repeated.

use std::hash::{BuildHasher, Hasher};

/// Builds hashers from one seed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Seeded {
    start: u64,
    factor: u64,
}

impl Seeded {
    /// Hashers keyed by `seed`.
    pub(crate) const fn new(seed: u64) -> Self {
        let start = fold(seed ^ 0x9e37_79b9_7f4a_7c15, 0xbf58_476d_1ce4_e5b9);
        // Odd, and never small: a small factor would leave the high half of the product empty.
        let factor = fold(start ^ 0x94d0_49bb_1331_11eb, 0xd6e8_feb8_6659_fd93) | (1 << 63) | 1;
        Self { start, factor }
    }
}

impl BuildHasher for Seeded {
    type Hasher = Folding;

    fn build_hasher(&self) -> Folding {
        Folding { state: self.start, factor: self.factor }
    }
}

/// One hash in the making.
pub(crate) struct Folding {
    state: u64,
    factor: u64,
}

impl Hasher for Folding {
    fn write(&mut self, bytes: &[u8]) {
        let (words, rest) = bytes.as_chunks();
        words.iter().for_each(|word| self.write_u64(u64::from_le_bytes(*word)));
        if !rest.is_empty() {
            self.write_u64(rest.iter().fold(rest.len() as u64, |word, &octet| word << 8 | u64::from(octet)));
        }
    }

    fn write_u8(&mut self, value: u8) {
        self.write_u64(value.into());
    }

    fn write_u32(&mut self, value: u32) {
        self.write_u64(value.into());
    }

    fn write_u64(&mut self, value: u64) {
        self.state = fold(self.state ^ value, self.factor);
    }

    fn write_u128(&mut self, value: u128) {
        self.write_u64((value >> 64) as u64);
        self.write_u64(value as u64);
    }

    fn write_usize(&mut self, value: usize) {
        self.write_u64(value as u64);
    }

    fn finish(&self) -> u64 {
        fold(self.state, self.factor)
    }
}

const fn fold(left: u64, right: u64) -> u64 {
    let product = left as u128 * right as u128;
    product as u64 ^ (product >> 64) as u64
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn neighbouring_values_spread_over_low_and_high_bits() {
        let seeded = Seeded::new(7);
        let hashes: Vec<u64> = (0_u32..4096).map(|n| seeded.hash_one(n)).collect();
        let low: BTreeSet<u64> = hashes.iter().map(|hash| hash & 0xfff).collect();
        let high: BTreeSet<u64> = hashes.iter().map(|hash| hash >> 52).collect();
        assert!(low.len() > 2300 && high.len() > 2300, "{} {}", low.len(), high.len());
    }

    #[test]
    fn another_seed_is_another_hash() {
        assert_ne!(Seeded::new(1).hash_one(5_u32), Seeded::new(2).hash_one(5_u32));
    }
}

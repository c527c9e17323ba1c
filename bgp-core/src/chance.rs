//! Chance: the seeded generator behind timer jitter. The only randomness in the crate.

use std::time::Duration;

/// A small deterministic generator (SplitMix64): the same seed gives the same run.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// A generator started from `seed`.
    #[must_use]
    pub const fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// The next 64 random bits.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// `full` shortened to between 75 % and 100 % of itself, as [RFC 4271 §10] asks of timers.
    ///
    /// [RFC 4271 §10]: https://www.rfc-editor.org/rfc/rfc4271#section-10
    pub fn jitter(&mut self, full: Duration) -> Duration {
        let thousandths = 750 + (self.draw() % 251) as u32;
        full.saturating_mul(thousandths) / 1000
    }
}

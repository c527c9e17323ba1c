//! The clock of a host: it began at another time, and does not run at the same rate as its neighbours'.

use std::time::Duration;

use bgp_core::{Chance, Instant};

/// A clock that shows `offset` when the world begins and gains `drift` microseconds a second. Whoever asks to be
/// woken is so `lateness` microseconds later.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Clock {
    offset: u64,
    drift: i64,
    lateness: u64,
}

/// One part in a hundred: hold timers of both ends part by a second.
const WORST_DRIFT: u64 = 10_000;
const WORST_OFFSET: u64 = 1 << 40;
/// Most hosts are idle; timers are coalesced, or wait for the processor.
const LATENESS: [u64; 4] = [0, 0, 5_000, 500_000];

impl Clock {
    /// Some clock.
    pub(super) fn draw(chance: &mut Chance) -> Self {
        let drift = (chance.draw() % (2 * WORST_DRIFT + 1)) as i64 - WORST_DRIFT as i64;
        let lateness = LATENESS[(chance.draw() % LATENESS.len() as u64) as usize];
        Self { offset: chance.draw() % WORST_OFFSET, drift, lateness }
    }

    /// How late its timers are.
    pub(super) const fn lateness(self) -> Duration {
        Duration::from_micros(self.lateness)
    }

    /// What it shows at a time of the world.
    pub(super) fn at(self, world: Instant) -> Instant {
        let elapsed = i128::from(world.as_micros());
        let shown = i128::from(self.offset) + elapsed + elapsed * i128::from(self.drift) / SECOND;
        Instant::from_micros(u64::try_from(shown).unwrap_or(u64::MAX))
    }

    /// The first time of the world at which it shows at least this.
    pub(super) fn when(self, shown: Instant) -> Instant {
        let elapsed = i128::from(shown.as_micros()) - i128::from(self.offset);
        let world = elapsed * SECOND / (SECOND + i128::from(self.drift));
        let mut world = Instant::from_micros(u64::try_from(world.max(0)).unwrap_or(u64::MAX));
        while self.at(world) < shown && world.as_micros() < u64::MAX {
            world = Instant::from_micros(world.as_micros() + 1);
        }
        world
    }
}

const SECOND: i128 = 1_000_000;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_deadline_has_come_when_the_world_says_so() {
        let mut chance = Chance::new(1);
        for _ in 0..1000 {
            let clock = Clock::draw(&mut chance);
            let start = clock.at(Instant::ZERO);
            let shown = Instant::from_micros(start.as_micros() + chance.draw() % 1_000_000_000);
            let world = clock.when(shown);
            assert!(clock.at(world) >= shown);
            assert!(world == Instant::ZERO || clock.at(Instant::from_micros(world.as_micros() - 2)) < shown);
        }
    }
}

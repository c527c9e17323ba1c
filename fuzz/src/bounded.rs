//! The bound on the time of one input. For the engine only: tests assert no absolute times.

use std::time::{Duration, Instant};

/// Most time that one input may take, in an instrumented build: a session's keepalives wait that long.
const LIMIT: Duration = Duration::from_millis(50);
/// A measurement is repeated before it is believed, because other processes want the processor too.
const ATTEMPTS: usize = 5;

/// Runs `body`, which must not take longer than the limit.
///
/// # Panics
///
/// If it does, however often it is tried.
pub fn bounded(body: fn(&[u8]), octets: &[u8]) {
    let measure = || {
        let start = Instant::now();
        body(octets);
        start.elapsed()
    };
    let mut least = measure();
    for _ in 1..ATTEMPTS {
        if least <= LIMIT {
            return;
        }
        least = least.min(measure());
    }
    assert!(least <= LIMIT, "one input of {} octets took {least:?}", octets.len());
}

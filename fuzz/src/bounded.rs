//! The bound on the time of one input. For the engine only: tests assert no times.

use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Most processor time that one input may take, in an instrumented build: a session's keepalives wait that long.
const LIMIT: Duration = Duration::from_millis(50);
/// A measurement is repeated before it is believed, because caches are shared with other processes.
const ATTEMPTS: usize = 5;

/// Runs `body`, which must not take longer than the limit.
///
/// Counted is what this thread itself spends, so a machine with other work to do does not matter.
///
/// # Panics
///
/// If it does, however often it is tried, or if the system has no clock of the thread's own time.
pub fn bounded(body: fn(&[u8]), octets: &[u8]) {
    let measure = || {
        let start = spent();
        body(octets);
        spent() - start
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

/// Processor time that this thread has had.
fn spent() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux counts every thread's time").into()
}

//! The bound on the time of one input. For the engine only: tests assert no times.

use std::hint::black_box;
use std::time::Duration;

use nix::time::{ClockId, clock_gettime};

/// Steps of the yardstick, which take about 50 ms on a server's processor: a session's keepalives wait that long.
const STEPS: u64 = 32_000_000;
/// Short enough on any machine: the yardstick need not be asked.
const SURELY_SHORT: Duration = Duration::from_millis(10);
/// A measurement is repeated before it is believed, because caches are shared with other processes.
const ATTEMPTS: usize = 5;

/// Runs `body`, which must not take longer than the yardstick does here and now.
///
/// Counted is what this thread itself spends, beside what a known amount of work costs it in the same moment,
/// so neither a slow machine nor one with other work to do matters.
///
/// # Panics
///
/// If it does, however often it is tried, or if the system has no clock of the thread's own time.
pub fn bounded(body: fn(&[u8]), octets: &[u8]) {
    let first = spent_in(|| body(octets));
    if first <= SURELY_SHORT || (1..ATTEMPTS).any(|_| spent_in(|| body(octets)) <= spent_in(yardstick)) {
        return;
    }
    panic!("one input of {} octets took {first:?}, longer than the yardstick", octets.len());
}

/// A chain of multiplications, each waiting for the one before: as fast in an instrumented build as in another.
fn yardstick() {
    let mut state = black_box(u64::MAX);
    for step in 0..STEPS {
        state = (state ^ step).wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(31);
    }
    black_box(state);
}

/// Processor time that this thread spends in `work`.
fn spent_in(work: impl FnOnce()) -> Duration {
    let start = spent();
    work();
    spent() - start
}

/// Processor time that this thread has had.
fn spent() -> Duration {
    clock_gettime(ClockId::CLOCK_THREAD_CPUTIME_ID).expect("Linux counts every thread's time").into()
}

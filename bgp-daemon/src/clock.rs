//! The clock: the only place where time is read. The core's instants are microseconds since this began.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use bgp_core::Instant;

/// Reads the monotonic clock as the core's instants.
#[derive(Clone, Copy, Debug)]
pub struct Clock {
    epoch: tokio::time::Instant,
}

impl Clock {
    /// A clock whose epoch is now.
    #[must_use]
    pub fn start() -> Self {
        Self { epoch: tokio::time::Instant::now() }
    }

    /// The current instant.
    #[must_use]
    pub fn now(&self) -> Instant {
        Instant::ZERO + self.epoch.elapsed()
    }

    /// When to wake for `at`.
    #[must_use]
    pub fn wake(&self, at: Instant) -> tokio::time::Instant {
        let far = Duration::from_secs(365 * 24 * 3600);
        self.epoch + at.since(Instant::ZERO).min(self.epoch.elapsed() + far)
    }

    /// The wall-clock time of an instant, by today's idea of the time: a clock stepped by NTP
    /// since then does not make old entries lie about their age.
    #[must_use]
    pub fn wall(&self, at: Instant) -> Timestamp {
        let (wall, now) = (SystemTime::now(), self.now());
        let past = wall.checked_sub(now.since(at)).unwrap_or(UNIX_EPOCH);
        Timestamp(past.checked_add(at.since(now)).unwrap_or(past))
    }
}

/// A wall-clock time that prints as [RFC 3339](https://www.rfc-editor.org/rfc/rfc3339) in UTC, to the second.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Timestamp(pub SystemTime);

impl Timestamp {
    /// The same to the millisecond.
    #[must_use]
    pub fn precise(self) -> String {
        let millis = self.0.duration_since(UNIX_EPOCH).unwrap_or_default().subsec_millis();
        let seconds = self.to_string();
        format!("{}.{millis:03}Z", seconds.trim_end_matches('Z'))
    }
}

impl fmt::Display for Timestamp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.duration_since(UNIX_EPOCH).unwrap_or_default().as_secs();
        let (days, rest) = (seconds / 86_400, seconds % 86_400);
        let (year, month, day) = civil(days);
        let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
        write!(f, "{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
    }
}

impl serde::Serialize for Timestamp {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// Year, month and day of a count of days since 1970-01-01 in the Gregorian calendar, counted in
/// eras of 400 years that begin on 1 March, so that the leap day comes last.
fn civil(days: u64) -> (u64, u64, u64) {
    let days = days + 719_468;
    let (era, of_era) = (days / 146_097, days % 146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let shifted = (5 * of_year + 2) / 153;
    let day = of_year - (153 * shifted + 2) / 5 + 1;
    let month = if shifted < 10 { shifted + 3 } else { shifted - 9 };
    let year = era * 400 + year_of_era + u64::from(month <= 2);
    (year, month, day)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(seconds: u64) -> String {
        Timestamp(UNIX_EPOCH + Duration::from_secs(seconds)).to_string()
    }

    #[test]
    fn a_timestamp_prints_as_rfc_3339() {
        assert_eq!(text(0), "1970-01-01T00:00:00Z");
        assert_eq!(text(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(text(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(text(4_102_444_800), "2100-01-01T00:00:00Z");
        let precise = Timestamp(UNIX_EPOCH + Duration::from_millis(951_782_400_007)).precise();
        assert_eq!(precise, "2000-02-29T00:00:00.007Z");
    }

    #[test]
    fn what_is_to_come_lies_ahead() {
        let clock = Clock::start();
        let at = |seconds| clock.wall(clock.now() + Duration::from_secs(seconds)).0;
        assert!(at(60) > SystemTime::now() && at(60) < at(120));
    }

    #[test]
    fn a_far_deadline_does_not_overflow() {
        let clock = Clock::start();
        let _ = clock.wall(Instant::from_micros(u64::MAX));
        let _ = clock.wake(Instant::from_micros(u64::MAX));
    }
}

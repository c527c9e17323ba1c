//! Times as BIRD prints them: in the time zone of the host, short while they are young.

use std::time::{Duration, SystemTime};

use bgp_core::Instant;
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

use crate::clock::Clock;
use crate::config::BirdDialect;

/// Up to this age the time of day is enough.
const YOUNG: Duration = Duration::from_secs(20 * 3600);

/// Prints times in a dialect.
#[derive(Clone, Debug)]
pub(super) struct Times {
    clock: Clock,
    now: SystemTime,
    zone: TimeZone,
    dialect: BirdDialect,
}

impl Times {
    /// Times by the host's idea of where it is.
    pub(super) fn new(clock: Clock, dialect: BirdDialect) -> Self {
        Self { clock, now: SystemTime::now(), zone: TimeZone::system(), dialect }
    }

    /// When something of the speaker's happened.
    pub(super) fn wall(&self, at: Instant) -> SystemTime {
        self.clock.wall(at).0
    }

    /// The present, as `show status` says it.
    pub(super) fn present(&self) -> String {
        self.status(self.now)
    }

    /// A time in `show status`.
    pub(super) fn status(&self, at: SystemTime) -> String {
        match self.dialect {
            BirdDialect::One => self.text(at, "%F %T"),
            BirdDialect::Two => self.text(at, "%F %T%.3f"),
        }
    }

    /// A time in `show protocols`. In 1.6 it has to be one word, in 2 clients take the long one.
    pub(super) fn protocol(&self, at: SystemTime) -> String {
        match self.dialect {
            BirdDialect::One => self.text(at, self.short(at, "%T")),
            BirdDialect::Two => self.text(at, "%F %T"),
        }
    }

    /// A time in `show route`.
    pub(super) fn route(&self, at: SystemTime) -> String {
        match self.dialect {
            BirdDialect::One => self.text(at, self.short(at, "%T")),
            BirdDialect::Two => self.text(at, self.short(at, "%T%.3f")),
        }
    }

    /// How long it is until something happens, in seconds; no time where it has happened or will not.
    pub(super) fn left(&self, until: Option<Instant>) -> String {
        let left = until.and_then(|until| self.wall(until).duration_since(self.now).ok()).unwrap_or_default();
        match self.dialect {
            BirdDialect::One => left.as_secs().to_string(),
            BirdDialect::Two => format!("{}.{:03}", left.as_secs(), left.subsec_millis()),
        }
    }

    fn short(&self, at: SystemTime, young: &'static str) -> &'static str {
        let age = self.now.duration_since(at).unwrap_or_default();
        if age < YOUNG { young } else { "%F" }
    }

    fn text(&self, at: SystemTime, form: &str) -> String {
        // Times outside of jiff's four-digit years are nobody's.
        let at = Timestamp::try_from(at).unwrap_or(Timestamp::UNIX_EPOCH);
        Zoned::new(at, self.zone.clone()).strftime(form).to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn times(dialect: BirdDialect, now: u64) -> Times {
        let now = SystemTime::UNIX_EPOCH + Duration::from_millis(now);
        let zone = TimeZone::fixed(jiff::tz::offset(1));
        Times { clock: Clock::start(), now, zone, dialect }
    }

    #[test]
    fn young_times_are_short_and_local() {
        let at = SystemTime::UNIX_EPOCH + Duration::from_millis(951_782_400_250);
        let young = 951_782_400_000 + 19 * 3_600_000;
        let old = 951_782_400_250 + 20 * 3_600_000;
        let one = times(BirdDialect::One, young);
        assert_eq!((one.protocol(at), one.route(at)), ("01:00:00".into(), "01:00:00".into()));
        assert_eq!(one.status(at), "2000-02-29 01:00:00");
        let one = times(BirdDialect::One, old);
        assert_eq!((one.protocol(at), one.route(at)), ("2000-02-29".into(), "2000-02-29".into()));
        let two = times(BirdDialect::Two, young);
        assert_eq!((two.protocol(at), two.route(at)), ("2000-02-29 01:00:00".into(), "01:00:00.250".into()));
        assert_eq!(two.status(at), "2000-02-29 01:00:00.250");
        assert_eq!(times(BirdDialect::Two, old).route(at), "2000-02-29");
    }
}

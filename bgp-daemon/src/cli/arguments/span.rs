//! Spans of time, of all options alike.

use std::time::Duration;

use crate::config::parse_duration;

/// A span of time as a configuration writes one, or a number of seconds, which may have a point; longer than nothing.
pub(super) fn span(text: &str) -> Result<Duration, String> {
    let is_number = |text: &&str| text.bytes().all(|letter| letter.is_ascii_digit() || letter == b'.');
    let seconds = Some(text).filter(is_number).and_then(|text| text.parse().ok());
    let span = match seconds {
        Some(seconds) => Duration::try_from_secs_f64(seconds).ok(),
        None => parse_duration(text),
    };
    match span {
        Some(Duration::ZERO) => Err("it has to be longer than nothing".to_owned()),
        Some(span) => Ok(span),
        None => {
            Err("write numbers with a unit of ms, s, m, h or d, as 90s or 1h30m, or seconds alone".to_owned())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_option_takes_what_a_configuration_takes_and_seconds() {
        let milliseconds = |text| span(text).map(|span| span.as_millis());
        for (text, expected) in [
            ("90s", 90_000),
            ("1m", 60_000),
            ("1h30m", 5_400_000),
            ("300ms", 300),
            ("5", 5000),
            ("2.5", 2500),
        ] {
            assert_eq!(milliseconds(text), Ok(expected), "{text}");
        }
        for text in ["", "s", "5sss", "5 s", "1.5s", "-1", "+1", "1e3", "inf", "NaN", ".", "1.2.3", "soon"] {
            let error = span(text).expect_err("no span");
            assert!(error.contains("90s or 1h30m"), "{text}: {error}");
        }
        assert!(span(&"9".repeat(400)).is_err());
        for nothing in ["0", "0s", "0.0"] {
            assert_eq!(span(nothing), Err("it has to be longer than nothing".to_owned()), "{nothing}");
        }
    }
}

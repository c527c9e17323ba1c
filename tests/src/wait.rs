//! Waiting for a condition of the world outside the process, where no event can be awaited.

use std::thread;
use std::time::{Duration, Instant};

use crate::failure::Failure;

/// How often a condition is looked at.
const PERIOD: Duration = Duration::from_millis(20);

/// Looks again and again until `look` succeeds; its last refusal is the reason of the failure.
pub fn until<T, E: std::fmt::Display>(
    what: &str,
    limit: Duration,
    mut look: impl FnMut() -> Result<T, E>,
) -> Result<T, Failure> {
    let start = Instant::now();
    loop {
        match look() {
            Ok(value) => return Ok(value),
            Err(observed) if start.elapsed() >= limit => {
                let waited = format!("wait {:.1} s for {what}", limit.as_secs_f32());
                return Err(Failure::new(waited, observed));
            }
            Err(_) => thread::sleep(PERIOD),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_that_holds_is_not_waited_for() {
        let value = until("nothing", Duration::ZERO, || Ok::<_, String>(7));
        assert_eq!(value.expect("it holds"), 7);
    }

    #[test]
    fn a_failure_tells_what_was_seen_last() {
        let mut looks = 0;
        let failure = until("a third look", Duration::from_millis(30), || {
            looks += 1;
            Err::<(), _>(format!("look {looks}"))
        });
        let text = failure.expect_err("it never holds").to_string();
        assert!(text.ends_with(&format!("look {looks}")), "{text}");
    }
}

//! Waiting until a daemon is ready, which may not even listen yet.

use std::io;
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::client::{Client, ClientError};
use super::exit::Exit;
use super::show::Screen;
use super::table::Tone;
use crate::api::{Readiness, Verb};

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Waits until the daemon is ready, for `limit` at most, and prints where it stands in the end.
pub(super) fn ready(client: &Client, limit: Duration, screen: &mut Screen<'_>) -> Result<Exit, ClientError> {
    let deadline = Instant::now().checked_add(limit);
    loop {
        let seen = client.open().and_then(|mut line| line.one::<Readiness>(Verb::Ready));
        let is_over = deadline.is_some_and(|deadline| deadline <= Instant::now());
        match seen {
            Ok(readiness) if readiness.ready || is_over => {
                print(&readiness, screen)?;
                return Ok(if readiness.ready { Exit::Done } else { Exit::TimedOut });
            }
            Err(error) if is_over || !may_pass(&error) => return Err(error),
            Ok(_) | Err(_) => sleep(PAUSE),
        }
    }
}

/// A daemon that is about to start is not there yet, and one that has just started may be busy.
const fn may_pass(error: &ClientError) -> bool {
    matches!(error, ClientError::Unreachable { .. } | ClientError::Ended | ClientError::Timeout(_))
}

fn print(readiness: &Readiness, screen: &mut Screen<'_>) -> io::Result<()> {
    if !screen.is_for_people() {
        return writeln!(screen.out, "{}", serde_json::to_string(readiness)?);
    }
    for rung in &readiness.rungs {
        let (mark, tone) = if rung.passed { ("yes", Tone::Good) } else { ("no", Tone::Bad) };
        let mark = screen.colour.paint(&format!("{mark:<3}"), tone);
        writeln!(screen.out, "{mark}  {:<10}  {}", rung.name, rung.reason)?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whoever_never_comes_is_given_up() {
        let client = Client { socket: "/nonexistent/caracal.sock".into(), timeout: Duration::from_secs(1) };
        let mut out = Vec::new();
        let mut screen = Screen {
            output: crate::cli::arguments::Output::Table,
            colour: crate::cli::table::Colour::Off,
            out: &mut out,
        };
        let error = ready(&client, Duration::from_millis(1), &mut screen).expect_err("nobody is there");
        assert!(matches!(error, ClientError::Unreachable { .. }), "{error}");
    }
}

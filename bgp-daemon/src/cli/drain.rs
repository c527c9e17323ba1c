//! Leaving for good, as whoever asked for it waits for it.

use std::thread::sleep;
use std::time::{Duration, Instant};

use super::client::{Client, ClientError};
use super::exit::Exit;
use crate::api::{Status, Verb};

/// What a daemon may need after its limit: sessions end, and kernel routes go.
const FAREWELL: Duration = Duration::from_secs(60);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(200);

/// Asks a daemon to leave for good within `limit`.
pub(super) fn begin(client: &Client, limit: Duration) -> Result<Exit, ClientError> {
    client.ask(ask(limit), |_| Ok(()))?;
    Ok(Exit::Done)
}

/// Asks it to stay after all.
pub(super) fn undo(client: &Client) -> Result<Exit, ClientError> {
    client.ask(Verb::Undrain, |_| Ok(()))?;
    Ok(Exit::Done)
}

/// Asks a daemon to leave for good within `limit`, and waits until its process has ended.
pub(super) fn see_off(client: &Client, limit: Duration) -> Result<Exit, ClientError> {
    // One connection all the time: it ends with the process.
    let mut line = client.open()?;
    line.ask(ask(limit), |_| Ok(()))?;
    let patience = limit.saturating_add(FAREWELL);
    let deadline = Instant::now().checked_add(patience);
    let mut told = false;
    loop {
        match line.one::<Status>(Verb::Status) {
            Ok(Status { draining: Some(draining), .. }) => told = draining.told,
            Ok(Status { draining: None, .. }) => {
                eprintln!("error: somebody made it stay");
                return Ok(Exit::Not);
            }
            // The speaker has ended, the process has not.
            Err(ClientError::Refused(_)) => {}
            Err(ClientError::Unreachable { .. } | ClientError::Ended) => return Ok(outcome(told)),
            Err(error) => return Err(error),
        }
        if deadline.is_some_and(|deadline| deadline <= Instant::now()) {
            return Err(ClientError::Timeout(patience));
        }
        sleep(PAUSE);
    }
}

/// In whole seconds, and at least one.
fn ask(limit: Duration) -> Verb {
    Verb::Drain { limit: limit.as_secs().max(1) }
}

fn outcome(told: bool) -> Exit {
    if told {
        return Exit::Done;
    }
    eprintln!("error: it has left before every peer was told");
    Exit::TimedOut
}

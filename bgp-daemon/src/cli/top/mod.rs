//! `top`: peers, routes and the kernel's table as they change, until somebody has seen enough.

mod draw;
mod keys;
mod rates;
mod terminal;

use std::io;
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, sync_channel};
use std::thread;
use std::time::{Duration, Instant};

use ratatui::crossterm::event;

use self::keys::{Desire, View};
use self::rates::{Picture, Sample};
use self::terminal::{Screen as Terminal, Signals};
use super::arguments::Output;
use super::client::{Client, ClientError, Line};
use super::exit::Exit;
use super::show::Screen;
use crate::api::{Refusal, RefusalCode, Verb};

/// The longest that a key or a signal waits until it is looked at.
const GLANCE: Duration = Duration::from_millis(100);

/// Shows a daemon until told to end; in JSON once, line by line for ever.
pub(super) fn run(client: &Client, every: Duration, screen: &mut Screen<'_>) -> Result<Exit, ClientError> {
    match screen.output {
        Output::Json => print(client, every, 1, screen)?,
        Output::Ndjson => print(client, every, usize::MAX, screen)?,
        Output::Table | Output::Wide if !terminal::is_there() => {
            let message = "top needs a terminal; -o ndjson prints what it shows".to_owned();
            return Err(ClientError::Refused(Refusal { code: RefusalCode::Usage, message }));
        }
        Output::Table | Output::Wide => watch(client.clone(), every, screen)?,
    }
    Ok(Exit::Done)
}

fn print(client: &Client, every: Duration, count: usize, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    let mut line = client.open()?;
    let mut before = sample(&mut line)?;
    for _ in 0..count {
        thread::sleep(every);
        let now = sample(&mut line)?;
        let picture = Picture::of(Some(&before), &now);
        writeln!(screen.out, "{}", serde_json::to_string(&picture).map_err(io::Error::from)?)?;
        screen.out.flush()?;
        before = now;
    }
    Ok(())
}

fn watch(client: Client, every: Duration, screen: &Screen<'_>) -> Result<(), ClientError> {
    // Before the thread that asks is there, so that it never sees them.
    let signals = Signals::block()?;
    let mut view = View::new(screen.colour);
    let asked = ask(client, every);
    // The first answer is waited for outside, so that a daemon that is not there is an ordinary error.
    let mut newest = asked.recv().unwrap_or(Err(ClientError::Ended))?;
    let mut picture = Picture::of(None, &newest);
    let mut terminal = Terminal::enter()?;
    loop {
        terminal.draw(&picture, &mut view)?;
        if signals.pending()? {
            return Ok(());
        }
        match asked.recv_timeout(Duration::ZERO) {
            Ok(Ok(sample)) => {
                picture = Picture::of(Some(&newest), &sample);
                newest = sample;
            }
            Ok(Err(error)) => picture.fail(&error.to_string()),
            Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return Ok(()),
        }
        if event::poll(GLANCE)? {
            match view.react(&event::read()?, picture.peers.len()) {
                Desire::Stay => {}
                Desire::Leave => return Ok(()),
            }
        }
    }
}

/// Asks the daemon again and again on a thread of its own, so that a slow answer holds up neither keys nor signals.
fn ask(client: Client, every: Duration) -> Receiver<Result<Sample, ClientError>> {
    let (tell, told) = sync_channel(1);
    thread::spawn(move || keep_asking(&client, every, &tell));
    told
}

fn keep_asking(client: &Client, every: Duration, tell: &SyncSender<Result<Sample, ClientError>>) {
    let mut line: Option<Line<'_>> = None;
    loop {
        let sample = match &mut line {
            Some(line) => sample(line),
            None => client.open().and_then(|new| sample(line.insert(new))),
        };
        if sample.is_err() {
            // What is left of an answer must not be taken for the next one.
            line = None;
        }
        if tell.send(sample).is_err() {
            return;
        }
        thread::sleep(every);
    }
}

fn sample(line: &mut Line<'_>) -> Result<Sample, ClientError> {
    let kernel = match line.one(Verb::KernelSummary) {
        Ok(kernel) => Some(kernel),
        // The kernel is not programmed.
        Err(ClientError::Refused(_)) => None,
        Err(error) => return Err(error),
    };
    let (status, peers) = (line.one(Verb::Status)?, line.list(Verb::Peers)?);
    Ok(Sample { at: Instant::now(), status, peers, kernel })
}

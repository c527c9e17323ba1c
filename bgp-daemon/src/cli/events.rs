//! What happened, for people: a table of the past, a line for each thing that happens.

use std::io::{self, IsTerminal};
use std::thread::sleep;
use std::time::Duration;

use super::arguments::Output;
use super::client::{Client, ClientError, Line, Told, understood};
use super::show::Screen;
use super::table::{Align, Cell, Table, Tone};
use crate::api::{Event, Recall, Side, Verb};
use crate::quantity::quantity;

/// Between two attempts to reach a daemon that has gone.
const PAUSE: Duration = Duration::from_millis(500);

/// How long a daemon that is there may be silent while nothing happens; it shows itself four times in that time.
const SILENCE: Duration = Duration::from_secs(60);

/// Prints the past.
pub(super) fn table(events: &[Event], screen: &mut Screen<'_>) -> io::Result<()> {
    use Align::{Left, Right};
    let mut table = Table::new(&[
        ("SEQ", Right),
        ("TIME", Left),
        ("EVENT", Left),
        ("ABOUT", Left),
        ("WHAT HAPPENED", Left),
    ]);
    for event in events {
        let [seq, time, name, about, rest] = cells(event, screen.is_wide());
        table.row(vec![seq, time, name, about, rest]);
    }
    table.write(screen.out, screen.colour)
}

/// In the order in which it happened; a gap stands before what follows it.
pub(super) fn order(event: &Event) -> (u64, bool) {
    (event.seq, event.event == "gap")
}

/// Prints what happens, until as much has as is asked for. A daemon that has gone is waited for.
pub(super) fn watch(client: &Client, mut recall: Recall, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    let client = Client { timeout: SILENCE, ..client.clone() };
    if screen.output == Output::Table && !io::stdout().is_terminal() {
        screen.output = Output::Ndjson;
    }
    let mut was_there = false;
    while recall.limit != Some(0) {
        let ended = client.open().and_then(|mut line| {
            was_there = true;
            follow(&mut line, &mut recall, screen)
        });
        match ended {
            Ok(()) if recall.limit == Some(0) => return Ok(()),
            Ok(()) | Err(ClientError::Ended | ClientError::Timeout(_)) => sleep(PAUSE),
            Err(ClientError::Unreachable { .. }) if was_there => sleep(PAUSE),
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Prints what one connection tells, and keeps in `recall` what is still to be told.
fn follow(line: &mut Line<'_>, recall: &mut Recall, screen: &mut Screen<'_>) -> Result<(), ClientError> {
    if recall.after.is_none() {
        recall.after = Some(latest(line)?);
    }
    let request = Verb::Watch(recall.clone());
    line.follow(request, |told| {
        let item = match told {
            Told::Item(item) => item,
            Told::Beat(read_until) => {
                recall.after = Some(read_until);
                return Ok(());
            }
        };
        let event: Event = understood(&item)?;
        if !event.id.is_empty() {
            recall.after = Some(event.id.clone());
        }
        match screen.output {
            Output::Json | Output::Ndjson => writeln!(screen.out, "{item}")?,
            Output::Table | Output::Wide => print(&event, screen)?,
        }
        screen.out.flush()?;
        recall.limit = recall.limit.map(|left| left.saturating_sub(1));
        Ok(())
    })
}

/// What happened last. Whoever begins after it, and not merely now, loses nothing by a break before the first event.
fn latest(line: &mut Line<'_>) -> Result<String, ClientError> {
    let last: Vec<Event> = line.list(Verb::History(Recall { limit: Some(1), ..Recall::default() }))?;
    // Where nothing has happened, everything is news.
    Ok(last.into_iter().next_back().map_or_else(|| "0".to_owned(), |event| event.id))
}

fn print(event: &Event, screen: &mut Screen<'_>) -> io::Result<()> {
    let wide = screen.is_wide();
    let cells = cells(event, wide);
    let widths = [6, 24, 18, 18, 0];
    let mut text = String::new();
    for (cell, width) in cells.iter().zip(widths) {
        text.push_str(&cell.padded(width, screen.colour));
        text.push_str("  ");
    }
    writeln!(screen.out, "{}", text.trim_end())
}

/// Number, time, kind, whom or what it is about, and the rest.
fn cells(event: &Event, wide: bool) -> [Cell; 5] {
    let about = event.prefix.as_ref().or(event.peer.as_ref());
    [
        event.seq.into(),
        Cell::new(&event.time, Tone::Dim),
        Cell::new(&event.event, tone(&event.event)),
        about.map_or_else(Cell::default, Cell::from),
        rest(event, wide).into(),
    ]
}

fn tone(event: &str) -> Tone {
    match event {
        "session.up" | "restart.over" | "kernel.healed" | "config.confirmed" | "route.found" => Tone::Good,
        "session.down" | "route.limit" | "config.rejected" | "kernel.refused" | "kernel.conflict" | "gap" => {
            Tone::Bad
        }
        "restart.began" | "route.lost" | "route.headless" | "kernel.drift" | "kernel.sweep_held" => {
            Tone::Fair
        }
        _ => Tone::Plain,
    }
}

/// What there is to say beside that, in the order in which it is read.
fn rest(event: &Event, wide: bool) -> String {
    let mut words = Vec::new();
    match (&event.from, &event.to) {
        (Some(from), Some(to)) => words.push(format!("{} -> {}", side(from, wide), side(to, wide))),
        (None, Some(to)) => words.push(side(to, wide)),
        (Some(from), None) => words.push(format!("was {}", side(from, wide))),
        (None, None) => {}
    }
    words.extend(event.family.clone());
    words.extend((!event.families.is_empty()).then(|| event.families.join(" ")));
    words.extend(event.hold_time.map(|seconds| format!("hold time {seconds}s")));
    words.extend(event.count.filter(|count| *count > 0).map(|count| match event.maximum {
        Some(maximum) => format!("{}, at most {maximum}", quantity(count, "prefix", "prefixes")),
        None if event.event.starts_with("kernel.") => quantity(count, "route", "routes"),
        None => quantity(count, "time", "times"),
    }));
    words.extend((!event.prefixes.is_empty()).then(|| event.prefixes.join(" ")));
    words.extend(event.generation.map(|generation| format!("generation {generation}")));
    words.extend(event.until.as_ref().map(|until| format!("until {until}")));
    words.extend(event.lost_until.map(|seq| format!("up to {seq}")));
    words.extend((!event.reason.is_empty()).then(|| event.reason.clone()));
    words.join(", ")
}

fn side(side: &Side, wide: bool) -> String {
    match side {
        Side::State(state) => state.to_string(),
        Side::Path(path) => {
            let who = path.peer.as_deref().unwrap_or(&path.source);
            let route = if wide { &path.route } else { path.route.split(',').next().unwrap_or_default() };
            format!("{who} ({route})")
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::os::unix::net::{UnixListener, UnixStream};

    use super::*;
    use crate::api::BestPath;
    use crate::cli::table::Colour;

    /// Reads one question and gives the answer to it; the question.
    fn serve(stream: &UnixStream, answer: &str) -> String {
        let mut question = String::new();
        BufReader::new(stream).read_line(&mut question).expect("a question");
        (&*stream).write_all(answer.as_bytes()).expect("it is heard");
        question
    }

    /// An answer that is one event.
    fn told(id: &str) -> String {
        let event = Event { id: id.to_owned(), ..Event::default() };
        let item = serde_json::to_string(&event).expect("plain data");
        format!("{{\"v\":1,\"items\":[{item}]}}\n{{\"v\":1,\"done\":true}}\n")
    }

    /// What one event of a daemon that answers on two connections, the first of which breaks, looks like to whoever
    /// watches from `after` on, and what the daemon was asked.
    fn watched<T: Send + 'static>(
        after: Option<&str>,
        first: impl FnOnce(&UnixStream) -> T + Send + 'static,
        second: String,
    ) -> (T, String, String) {
        let folder = tempfile::tempdir().expect("a folder");
        let socket = folder.path().join("s");
        let listener = UnixListener::bind(&socket).expect("a socket");
        let daemon = std::thread::spawn(move || {
            let began = first(&listener.accept().expect("a client").0);
            let (again, _) = listener.accept().expect("it comes again");
            (began, serve(&again, &second))
        });
        let (mut out, output) = (Vec::new(), Output::Ndjson);
        let mut screen = Screen { output, colour: Colour::Off, out: &mut out };
        let client = Client { socket, timeout: SILENCE };
        let recall = Recall { limit: Some(1), after: after.map(str::to_owned), ..Recall::default() };
        watch(&client, recall, &mut screen).expect("one is heard");
        let (began, went_on) = daemon.join().expect("it was asked");
        (began, went_on, String::from_utf8(out).expect("text"))
    }

    #[test]
    fn a_break_before_the_first_event_loses_none() {
        let first = |stream: &UnixStream| {
            serve(stream, &told("1-7"));
            serve(stream, "")
        };
        let (began, went_on, heard) = watched(None, first, told("2-1"));
        for question in [began, went_on] {
            assert!(question.contains("\"after\":\"1-7\""), "{question}");
        }
        assert_eq!(heard.lines().count(), 1);
    }

    /// What else happened meanwhile was forgotten by then, and was called a gap in what is watched.
    #[test]
    fn after_a_break_nothing_is_asked_for_that_was_said_to_be_read() {
        let first = |stream: &UnixStream| serve(stream, "{\"v\":1,\"read_until\":\"1-9000\"}\n");
        let (_, went_on, _) = watched(Some("1-7"), first, told("1-9001"));
        assert!(went_on.contains("\"after\":\"1-9000\""), "{went_on}");
    }

    #[test]
    fn a_count_says_of_what() {
        let told = |event: &'static str, count| {
            rest(&Event { event: event.into(), count: Some(count), ..Event::default() }, false)
        };
        assert_eq!(told("kernel.refused", 1), "1 route");
        assert_eq!(told("kernel.conflict", 7), "7 routes");
        assert_eq!(told("kernel.overrun", 0), "");
        assert_eq!(told("update.fault", 7), "7 times");
    }

    #[test]
    fn a_change_of_a_route_says_from_what_to_what_and_why() {
        let path = |peer: &str, hop: &str| {
            let route = format!("via {hop}, path 65001, igp");
            Side::Path(BestPath { source: "bgp".into(), peer: Some(peer.to_owned()), route })
        };
        let mut event = Event {
            from: Some(path("a", "192.0.2.1")),
            to: Some(path("b", "192.0.2.2")),
            reason: "gone".to_owned(),
            ..Event::default()
        };
        assert_eq!(rest(&event, false), "a (via 192.0.2.1) -> b (via 192.0.2.2), gone");
        assert!(rest(&event, true).starts_with("a (via 192.0.2.1, path 65001, igp) -> b"));
        event.to = None;
        assert_eq!(rest(&event, false), "was a (via 192.0.2.1), gone");
    }
}

//! A table that is listed costs nobody anything: not the sessions, of which one keeps alive by the second, not others who
//! ask, and not memory, even where whoever reads it stops in the middle.

use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::thread;
use std::time::{Duration, Instant};

use tests::cluster::socket;
use tests::failure::{Doing, Failure};
use tests::gathering::{Gathering, NAME, PATIENCE};
use tests::load::network::DAEMON;
use tests::programs::prove;
use tests::wait;

/// Routes of the table; a million where it is measured.
const MANY: usize = if cfg!(debug_assertions) { 60_000 } else { 1_000_000 };
/// The shortest hold time there is: three keepalives.
const HOLD_TIME: u16 = 3;
const WEB: u16 = 9470;

/// A daemon with a table, told by one peer that needs no keepalives, and a peer that needs them by the second.
fn gather() -> Result<Gathering, Failure> {
    let web = format!("[http]\nlisten = \"{DAEMON}:{WEB}\"\n");
    let mut gathering = Gathering::meet(&web, &[0, HOLD_TIME], MANY)?;
    gathering.say();
    let loaded = thread::spawn(|| -> Result<(), Failure> {
        wait::until("the table", PATIENCE, || match paths() {
            Ok(paths) if paths == MANY => Ok(()),
            other => Err(format!("{other:?}")),
        })
    });
    gathering.attend("the table", loaded)?;
    Ok(gathering)
}

/// The memory of a process, octets.
fn memory(pid: u32) -> Result<usize, Failure> {
    let text = fs::read_to_string(format!("/proc/{pid}/status")).doing("read a status")?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
    let kibibytes: usize = line.split_whitespace().next().unwrap_or_default().parse().doing("read VmRSS")?;
    Ok(kibibytes * 1024)
}

/// Asks over the control socket; every line of the answer.
fn ask(verb: &str, mut line: impl FnMut(&str)) -> Result<(), Failure> {
    let mut stream = UnixStream::connect(socket(NAME)).doing("connect")?;
    stream.write_all(format!("{{\"v\":1,\"verb\":\"{verb}\"}}\n").as_bytes()).doing("ask")?;
    for answer in BufReader::new(stream).lines() {
        let answer = answer.doing("read an answer")?;
        line(&answer);
        if answer.contains("\"done\":true") {
            return Ok(());
        }
    }
    Err(Failure::new("read an answer", "it has no end"))
}

/// How many paths the daemon says it has.
fn paths() -> Result<usize, Failure> {
    let mut paths = None;
    ask("status", |line| {
        let status: serde_json::Value = serde_json::from_str(line).unwrap_or_default();
        paths = paths.or_else(|| status["items"][0]["routes"]["ipv4"]["paths"].as_u64());
    })?;
    usize::try_from(paths.unwrap_or_default()).doing("count")
}

/// Lists everything over the control socket; how many routes there were, in how many octets.
fn list() -> Result<(usize, usize), Failure> {
    let (mut routes, mut octets) = (0, 0);
    ask("routes", |line| {
        routes += line.matches("\"prefix\":").count();
        octets += line.len();
    })?;
    Ok((routes, octets))
}

/// A reader over HTTP that has read the beginning of everything.
struct WebReader {
    stream: BufReader<TcpStream>,
    routes: usize,
}

impl WebReader {
    fn begin() -> Result<Self, Failure> {
        let mut stream = TcpStream::connect((DAEMON, WEB)).doing("connect")?;
        let request = format!(
            "GET /api/v1/routes HTTP/1.0\r\nHost: {DAEMON}:{WEB}\r\nAccept: application/x-ndjson\r\n\r\n"
        );
        stream.write_all(request.as_bytes()).doing("ask")?;
        let mut reader = Self { stream: BufReader::new(stream), routes: 0 };
        while reader.routes == 0 {
            reader.line()?;
        }
        Ok(reader)
    }

    /// Whether there was a line.
    fn line(&mut self) -> Result<bool, Failure> {
        let mut line = String::new();
        let read = self.stream.read_line(&mut line).doing("read")?;
        self.routes += line.matches("\"prefix\":").count();
        Ok(read > 0)
    }

    /// Reads the rest; how many routes there were.
    fn finish(mut self) -> Result<usize, Failure> {
        while self.line()? {}
        Ok(self.routes)
    }
}

#[test]
fn a_table_is_listed_while_sessions_go_on_and_others_are_answered() {
    prove(|| {
        let mut scene = gather().expect("a table");
        let pid = scene.daemon.pid();
        let stalled = thread::spawn(WebReader::begin);
        let stalled = scene.attend("a beginning", stalled).expect("a reader that stops");
        let before = memory(pid).expect("memory");
        let begun = Instant::now();
        let listing = thread::spawn(list);
        let mut asked: Vec<Duration> = Vec::new();
        while !listing.is_finished() {
            let other = thread::spawn(|| {
                let begun = Instant::now();
                paths().map(|_| begun.elapsed())
            });
            asked.push(scene.attend("somebody else's answer", other).expect("an answer"));
        }
        let (routes, octets) = scene.attend("the list", listing).expect("a list");
        let (took, slowest) = (begun.elapsed(), asked.iter().max().copied().unwrap_or_default());
        println!(
            "{routes} routes, {octets} octets in {took:?}; {} others, the slowest after {slowest:?}",
            asked.len()
        );
        assert_eq!(routes, MANY);
        assert!(slowest * 4 < took || took < Duration::from_secs(1), "{slowest:?} of {took:?}");
        let grown = memory(pid).expect("memory").saturating_sub(before);
        assert!(grown < octets / 4, "{grown} octets for two readers of {octets}");
        let rest = thread::spawn(|| stalled.finish());
        assert_eq!(scene.attend("the rest", rest).expect("the rest"), MANY);
        assert!(scene.crowd.lost.is_empty() && scene.crowd.established == 2, "{}", scene.crowd.standing());
    });
}

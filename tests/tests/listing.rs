//! A table that is listed costs nobody anything: not the sessions, of which one keeps alive by the second, not others who
//! ask, and not memory, even where whoever reads it stops in the middle.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use bgp_core::{Asn, Family};
use tests::failure::{Doing, Failure};
use tests::load::client::{Client, Who};
use tests::load::crowd::Crowd;
use tests::load::feed::{self, Voice};
use tests::load::mark::Passage;
use tests::load::network::{self, DAEMON, PORT, address};
use tests::load::register::Register;
use tests::load::table::{Table, View};
use tests::programs::{program, prove};
use tests::sandbox::SCRATCH;
use tests::wait;

const ASN: Asn = Asn(64512);
const PATIENCE: Duration = Duration::from_secs(120);
/// Routes of the table; a million where it is measured.
const MANY: usize = if cfg!(debug_assertions) { 60_000 } else { 1_000_000 };
/// The shortest hold time there is: three keepalives.
const HOLD_TIME: u16 = 3;
const WEB: u16 = 9470;

/// A daemon with a table, told by one peer that needs no keepalives, and a peer that needs them by the second.
struct Scene {
    process: Child,
    crowd: Crowd,
}

impl Scene {
    fn set() -> Result<Self, Failure> {
        network::prepare()?;
        let table = Table::generate(Family::IPV4, MANY, 1, View::ONLY);
        let who = |number: usize, hold_time| Who {
            address: address(number),
            asn: ASN,
            daemon: ASN,
            add_path: false,
            hold_time,
            window: None,
        };
        let clients = [(0, 0), (1, HOLD_TIME)].map(|(n, time)| Client::new(who(n, time), None, Vec::new()));
        let mut crowd = Crowd::new((DAEMON, PORT).into(), clients.into(), Register::new(&table.prefixes))?;
        let process = start()?;
        wait::until("the daemon", PATIENCE, || UnixStream::connect(socket()).map(drop))?;
        crowd.connect(0..2, 2);
        crowd.until("both sessions", PATIENCE, |crowd| crowd.established == 2)?;
        let voice = Voice { asn: ASN, address: address(0), passage: Passage::Reflected };
        crowd.say(0, &[voice.announcing(&table, 0).as_slice(), &[feed::end(Family::IPV4)]].concat());
        let mut scene = Self { process, crowd };
        let loaded = thread::spawn(|| -> Result<(), Failure> {
            wait::until("the table", PATIENCE, || match paths() {
                Ok(paths) if paths == MANY => Ok(()),
                other => Err(format!("{other:?}")),
            })
        });
        scene.attend("the table", loaded)?;
        Ok(scene)
    }

    /// Lets the crowd go on until a task is done.
    fn attend<T>(&mut self, what: &str, task: JoinHandle<Result<T, Failure>>) -> Result<T, Failure> {
        self.crowd.until(what, PATIENCE, |_| task.is_finished())?;
        task.join().map_err(|_| Failure::new(what, "it panicked"))?
    }

    /// The memory of the daemon, octets.
    fn memory(&self) -> Result<usize, Failure> {
        let text =
            fs::read_to_string(format!("/proc/{}/status", self.process.id())).doing("read a status")?;
        let line = text.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap_or_default();
        let kibibytes: usize =
            line.split_whitespace().next().unwrap_or_default().parse().doing("read VmRSS")?;
        Ok(kibibytes * 1024)
    }
}

impl Drop for Scene {
    fn drop(&mut self) {
        // Both fail only for a process that has already ended, which is what is wanted.
        let _gone = self.process.kill();
        let _reaped = self.process.wait();
    }
}

fn socket() -> PathBuf {
    Path::new(SCRATCH).join("caracal.sock")
}

fn start() -> Result<Child, Failure> {
    let text = format!(
        "asn = 64512\nrouter_id = \"{DAEMON}\"\n[listen]\naddresses = [\"{DAEMON}\"]\nport = {PORT}\n\
         [kernel]\nenabled = false\n[control]\nsocket = \"{}\"\n[http]\nlisten = \"{DAEMON}:{WEB}\"\n\
         [[dynamic_peers]]\nprefix = \"{}\"\nasn = 64512\n",
        socket().display(),
        network::NETWORK,
    );
    fs::create_dir_all(SCRATCH).doing("create a folder")?;
    let file = Path::new(SCRATCH).join("caracal.toml");
    fs::write(&file, text).doing("write a configuration")?;
    let log = File::create(Path::new(SCRATCH).join("log")).doing("create a log file")?;
    let mut command = Command::new(program("caracal"));
    command.arg("run").arg("--config").arg(&file).env_remove("RUST_LOG");
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log).spawn().doing("start caracal")
}

/// Asks over the control socket; every line of the answer.
fn ask(verb: &str, mut line: impl FnMut(&str)) -> Result<(), Failure> {
    let mut stream = UnixStream::connect(socket()).doing("connect")?;
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
        let mut scene = Scene::set().expect("a table");
        let stalled = thread::spawn(WebReader::begin);
        let stalled = scene.attend("a beginning", stalled).expect("a reader that stops");
        let memory = scene.memory().expect("memory");
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
        let grown = scene.memory().expect("memory").saturating_sub(memory);
        assert!(grown < octets / 4, "{grown} octets for two readers of {octets}");
        let rest = thread::spawn(|| stalled.finish());
        assert_eq!(scene.attend("the rest", rest).expect("the rest"), MANY);
        assert!(scene.crowd.lost.is_empty() && scene.crowd.established == 2, "{}", scene.crowd.standing());
    });
}

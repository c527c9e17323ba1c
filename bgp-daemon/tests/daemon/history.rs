//! What a daemon remembers: over flaps, for whoever asks late, and for whoever watches.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread::JoinHandle;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::{Value, json};

use crate::host::{CARACAL, Host};

/// Two daemons that peer; `b` says one route.
fn pair() -> (Host, Host) {
    let (mut a, mut b) = (Host::new(), Host::new());
    let (to_b, to_a) = (b.as_peer("b", &a, ""), a.as_peer("a", &b, ""));
    a.run(&to_b);
    b.run(&format!("{to_a}{}", block(0)));
    a.until_established("b");
    a.until_route("10.1.0.0/24");
    (a, b)
}

fn block(n: u8) -> String {
    format!("[[originate]]\nprefix = \"10.1.{n}.0/24\"\nkind = \"announce\"\n")
}

fn events(host: &Host, words: &[&str]) -> Vec<Value> {
    host.json(&[&["history"], words].concat()).as_array().cloned().unwrap_or_default()
}

fn named<'a>(events: &'a [Value], name: &str) -> Vec<&'a Value> {
    events.iter().filter(|event| event["event"] == name).collect()
}

/// A client that watches, and what it has read.
struct Watcher {
    process: Child,
    lines: Option<JoinHandle<Vec<Value>>>,
    /// How many of them there are by now.
    heard: Arc<AtomicUsize>,
}

impl Watcher {
    /// Begins to watch until it has read so many events.
    fn begin(host: &Host, count: usize, words: &[&str]) -> Self {
        let mut command = Command::new(CARACAL);
        command.arg("watch").args(words).arg("--limit").arg(count.to_string());
        command.arg("--socket").arg(host.path("control.sock")).stdin(Stdio::null()).stdout(Stdio::piped());
        let mut process = command.spawn().expect("the program starts");
        let out = BufReader::new(process.stdout.take().expect("it is piped"));
        let heard = Arc::<AtomicUsize>::default();
        let count = Arc::clone(&heard);
        let read = move || {
            let line = |line: std::io::Result<String>| serde_json::from_str(&line.ok()?).ok();
            let events = out.lines().map_while(line);
            events.inspect(|_| _ = count.fetch_add(1, Ordering::Relaxed)).collect()
        };
        Self { process, lines: Some(std::thread::spawn(read)), heard }
    }

    /// Whether it has read so many events.
    fn has_heard(&self, count: usize) -> bool {
        self.heard.load(Ordering::Relaxed) >= count
    }

    /// Stops it, or lets it go on.
    fn signal(&self, signal: Signal) {
        kill(Pid::from_raw(self.process.id().cast_signed()), signal).expect("it can be signalled");
    }

    /// What it has read, once it has read enough.
    fn end(mut self) -> Vec<Value> {
        let lines = self.lines.take().expect("it ends once").join().expect("it reads text");
        assert!(self.process.wait().expect("it is our child").success());
        lines
    }
}

impl Drop for Watcher {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn seqs(events: &[Value]) -> Vec<u64> {
    events.iter().map(|event| event["seq"].as_u64().expect("a number")).collect()
}

#[test]
fn a_flap_does_not_end_what_is_remembered_of_a_peer() {
    let (a, b) = pair();
    assert!(b.ask(&["peer", "a", "disable", "--text", "<b>bye</b>"]).status.success());
    a.until("the loss", || !named(&events(&a, &["peer", "b"]), "session.down").is_empty());
    assert!(b.ask(&["peer", "a", "enable"]).status.success());
    a.until("a second session", || named(&events(&a, &["peer", "b"]), "session.up").len() == 2);
    let history = events(&a, &["peer", "b"]);
    let down = named(&history, "session.down")[0];
    assert_eq!(down["closed_by"], json!("peer"));
    // A hard reset (RFC 8538 §3): its text is that of the shutdown inside of it.
    assert_eq!(down["notification"], json!({ "code": 6, "subcode": 9 }));
    assert!(down["reason"].as_str().is_some_and(|reason| reason.contains("<b>bye</b>")), "{down}");
    assert!(history.iter().all(|event| event["peer"] == json!("b") && event["v"] == json!(1)));
    let order = [named(&history, "session.up")[0], down, named(&history, "session.up")[1]];
    assert!(seqs(&order.map(Clone::clone)).is_sorted());
    assert!(!named(&history, "route.end_of_rib").is_empty());
    let ours = events(&b, &["peer", "a"]);
    assert_eq!(named(&ours, "session.down")[0]["closed_by"], json!("us"));
    let asked: Vec<&Value> = named(&ours, "peer.asked").iter().map(|event| &event["reason"]).collect();
    assert_eq!(asked, ["disable", "enable"]);
    let table = String::from_utf8_lossy(&a.ask(&["history", "peer", "b"]).stdout).into_owned();
    assert!(table.contains("session.down") && table.contains("<b>bye</b>"), "{table}");
}

#[test]
fn a_prefix_has_a_history() {
    let (a, b) = pair();
    assert!(b.ask(&["peer", "a", "disable"]).status.success());
    a.until("the loss", || a.route("10.1.0.0/24").is_none());
    let history = events(&a, &["10.1.0.0/24"]);
    let told: Vec<&str> = history.iter().filter_map(|event| event["event"].as_str()).collect();
    assert_eq!(told, ["route.found", "route.lost"]);
    assert_eq!(history[0]["to"]["peer"], json!("b"));
    assert!(history[0]["to"]["route"].as_str().is_some_and(|route| route.contains("via 192.0.2.1")));
    assert_eq!(history[1]["from"], history[0]["to"]);
    assert_eq!(history[1]["reason"], json!("the path that was best is gone"));
    assert_eq!(events(&a, &["10.1.0.7"]), history, "an address stands for what covers it");
    assert_eq!(events(&a, &["10.2.0.0/24"]), Vec::<Value>::new());
    assert_eq!(events(&a, &["--since", "1ms"]), Vec::<Value>::new());
    let down = events(&a, &["--only", "events"]);
    let down = named(&down, "session.down")[0]["seq"].as_u64();
    assert!(down < history[1]["seq"].as_u64(), "a session goes before its routes do");
}

#[test]
fn a_watch_resumed_after_a_break_sees_every_event_once() {
    let (mut a, b) = (Host::new(), Host::new());
    a.run(&b.as_peer("b", &a, "enabled = false"));
    let last = seqs(&events(&a, &[])).last().copied().unwrap_or_default();
    let since = last.to_string();
    // Each of them is one event; the peer is disabled, and stays so.
    let act = || assert!(a.ask(&["peer", "b", "disable"]).status.success());
    let watcher = Watcher::begin(&a, 3, &["--since-event", &since]);
    (0..3).for_each(|_| act());
    let first = watcher.end();
    // Nobody watches.
    (0..4).for_each(|_| act());
    let id = first[2]["id"].as_str().expect("an id").to_owned();
    let watcher = Watcher::begin(&a, 6, &["--since-event", &id, "b"]);
    (0..2).for_each(|_| act());
    let seen = seqs(&[first, watcher.end()].concat());
    let all: Vec<u64> = seqs(&events(&a, &[])).into_iter().filter(|seq| *seq > last).collect();
    assert_eq!(seen, all);
    assert_eq!(seen.len(), 9);
}

#[test]
fn a_watch_goes_on_in_the_next_daemon_and_says_what_is_missing() {
    let (mut a, b) = (Host::new(), Host::new());
    a.run(&b.as_peer("b", &a, "enabled = false"));
    assert!(a.ask(&["peer", "b", "disable"]).status.success());
    let id = events(&a, &["--limit", "1"])[0]["id"].as_str().expect("an id").to_owned();
    a.signal(Signal::SIGTERM);
    a.wait();
    a.start();
    assert!(a.ask(&["peer", "b", "disable"]).status.success());
    let told = Watcher::begin(&a, 2, &["--since-event", &id]).end();
    assert_eq!(told[0]["event"], json!("gap"));
    assert!(told[0]["reason"].as_str().is_some_and(|reason| reason.contains("started again")), "{told:?}");
    assert_ne!(told[1]["event"], json!("gap"));
}

#[test]
fn a_watch_outlives_the_daemon_it_began_with() {
    let (mut a, b) = (Host::new(), Host::new());
    a.run(&b.as_peer("b", &a, "enabled = false"));
    // The daemon is there when it begins: what it says when it leaves does not end the watch.
    let watcher = Watcher::begin(&a, 3, &["--since-event", "0", "b"]);
    assert!(a.ask(&["peer", "b", "disable"]).status.success());
    a.until("that it is heard", || watcher.has_heard(1));
    a.signal(Signal::SIGTERM);
    a.wait();
    a.start();
    assert!(a.ask(&["peer", "b", "disable"]).status.success());
    let told: Vec<Value> = watcher.end().into_iter().map(|event| event["event"].clone()).collect();
    assert_eq!(told, [json!("peer.asked"), json!("gap"), json!("peer.asked")]);
}

/// Routes of our own: each is an event of more than two hundred octets.
fn originated(count: usize) -> String {
    let route =
        |n| format!("[[originate]]\nprefix = \"10.{}.{}.0/24\"\nkind = \"announce\"\n", n / 256, n % 256);
    (0..count).map(route).collect()
}

#[test]
fn whoever_watches_and_does_not_read_keeps_nobody_waiting() {
    const ROUTES: usize = 5000;
    let (mut a, b) = (Host::new(), Host::new());
    let peer = b.as_peer("b", &a, "enabled = false");
    a.run(&peer);
    let begin = |_| Watcher::begin(&a, 1_000_000, &["--since-event", "0"]);
    let stalled: Vec<Watcher> = (0..3).map(begin).collect();
    let reading = begin(3);
    assert!(a.ask(&["peer", "b", "disable"]).status.success());
    a.until("that everybody reads", || stalled.iter().chain([&reading]).all(|watcher| watcher.has_heard(1)));
    for watcher in &stalled {
        watcher.signal(Signal::SIGSTOP);
    }
    a.configure(&format!("{peer}{}", originated(ROUTES)));
    assert!(a.ask(&["reload"]).status.success());
    // More than any buffer between the daemon and a client holds, and all of it reaches whoever reads.
    a.until("that it is heard", || reading.has_heard(ROUTES));
    let told = events(&a, &["--limit", "10000", "--only", "routes"]);
    let octets: usize = told.iter().map(|event| event.to_string().len()).sum();
    let buffer = std::fs::read_to_string("/proc/sys/net/core/wmem_default").expect("Linux says it");
    let buffer: usize = buffer.trim().parse().expect("a number");
    assert!(octets > 3 * buffer, "{octets} octets fit into buffers of {buffer}");
    assert!(!stalled.iter().any(|watcher| watcher.has_heard(ROUTES)), "they do not read");
    for watcher in &stalled {
        watcher.signal(Signal::SIGCONT);
    }
    a.until("that they hear the rest", || stalled.iter().all(|watcher| watcher.has_heard(ROUTES)));
}

#[test]
fn what_is_secret_is_in_no_event() {
    let secret = "tr0ub4dor&3";
    let key = tempfile::NamedTempFile::new().expect("a file");
    std::fs::write(key.path(), format!("{secret}\n")).expect("a writable file");
    let (mut a, b) = (Host::new(), Host::new());
    let peer = b.as_peer("b", &a, &format!("password_file = \"{}\"", key.path().display()));
    a.run(&peer);
    a.configure(&format!("{peer}password = \"{secret}\"\nhold_time = \"{secret}\"\n"));
    assert_eq!(a.ask(&["reload"]).status.code(), Some(5));
    a.configure(&peer);
    assert!(a.ask(&["reload"]).status.success());
    let history = events(&a, &["--limit", "10000"]);
    assert_eq!(named(&history, "config.rejected").len(), 1);
    assert_eq!(named(&history, "config.reloaded")[0]["generation"], json!(2));
    assert!(!Value::from(history).to_string().contains(secret));
}

//! `/api/v1/events`: pages, and a stream that goes on where it was left.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use super::web::{address, connect, get, section};
use crate::host::Host;

/// A daemon with a peer that is disabled and stays so: each `disable` is one event.
fn host() -> Host {
    let mut host = Host::new();
    let web = section(&host);
    host.run(&format!(
        "{web}[[peer]]\nname = \"tor\"\naddress = \"192.0.2.1\"\nasn = 65001\nenabled = false\n"
    ));
    host
}

fn act(host: &Host, times: usize) {
    (0..times).for_each(|_| assert!(host.ask(&["peer", "tor", "disable"]).status.success()));
}

/// A stream of events.
struct Stream {
    lines: BufReader<TcpStream>,
}

impl Stream {
    /// Asks for one; `Err` with the head of the answer where there is none.
    fn open(host: &Host, query: &str, headers: &str) -> Result<Self, String> {
        let mut stream = connect(host);
        let request = format!(
            "GET /api/v1/events{query} HTTP/1.1\r\nHost: {}\r\nAccept: text/event-stream\r\n{headers}\r\n",
            address(host)
        );
        stream.write_all(request.as_bytes()).expect("it listens");
        let mut lines = BufReader::new(stream);
        let mut head = String::new();
        while !head.ends_with("\r\n\r\n") {
            assert!(lines.read_line(&mut head).expect("an answer") > 0, "{head}");
        }
        if head.starts_with("HTTP/1.1 200") && head.contains("text/event-stream") {
            Ok(Self { lines })
        } else {
            Err(head)
        }
    }

    /// How far it says, before the first event, that has been read.
    fn beat(&mut self) -> String {
        let mut line = String::new();
        // Between the lines of its own it has those of chunks.
        while !line.starts_with("id: ") {
            line.clear();
            assert!(self.lines.read_line(&mut line).expect("it goes on") > 0, "{line}");
        }
        line.trim_start_matches("id: ").trim().to_owned()
    }

    /// The next events, each with the id that was said with it.
    fn take(&mut self, count: usize) -> Vec<(Option<String>, Value)> {
        let (mut events, mut id) = (Vec::new(), None);
        while events.len() < count {
            let mut line = String::new();
            assert!(self.lines.read_line(&mut line).expect("it goes on") > 0, "{events:?}");
            if let Some(said) = line.strip_prefix("id: ") {
                id = Some(said.trim().to_owned());
            } else if let Some(data) = line.strip_prefix("data: ") {
                events.push((id.take(), serde_json::from_str(data).expect("JSON")));
            }
        }
        events
    }
}

#[test]
fn a_stream_goes_on_after_the_event_read_last() {
    let host = host();
    let mut stream = Stream::open(&host, "?peer=tor", "").expect("a stream");
    act(&host, 3);
    let mut seen = stream.take(3);
    let (id, _) = seen.last().cloned().expect("there are three");
    let id = id.expect("an id");
    drop(stream);
    act(&host, 2);
    // The header counts, not what the address said when the stream was first opened.
    let mut stream =
        Stream::open(&host, "?peer=tor&after=0", &format!("Last-Event-ID: {id}\r\n")).expect("a stream");
    seen.extend(stream.take(2));
    act(&host, 1);
    seen.extend(stream.take(1));
    let all = get(&host, "/api/v1/events?peer=tor").json();
    let asked = |event: &&Value| event["event"] == json!("peer.asked");
    let all: Vec<&Value> = all.as_array().expect("an array").iter().filter(asked).collect();
    assert_eq!(seen.iter().map(|(_, event)| event).collect::<Vec<_>>(), all);
    assert!(seen.iter().all(|(id, event)| id.as_deref() == event["id"].as_str()));
}

/// A browser goes on from the id it heard last. One that had heard none was told what happened from then on, and of no
/// gap.
#[test]
fn a_stream_that_heard_of_nothing_goes_on_where_it_began() {
    let host = host();
    act(&host, 1);
    let mut stream = Stream::open(&host, "?peer=tor", "").expect("a stream");
    let id = stream.beat();
    drop(stream);
    act(&host, 2);
    let mut stream = Stream::open(&host, "?peer=tor", &format!("Last-Event-ID: {id}\r\n")).expect("a stream");
    let seen: Vec<Value> = stream.take(2).into_iter().map(|(_, event)| event).collect();
    assert_eq!(get(&host, "/api/v1/events?peer=tor&limit=2").json(), Value::from(seen));
}

#[test]
fn what_was_another_daemons_is_a_gap() {
    let host = host();
    let mut stream = Stream::open(&host, "?after=1-99", "").expect("a stream");
    act(&host, 1);
    let told = stream.take(2);
    assert_eq!((told[0].0.as_ref(), &told[0].1["event"]), (None, &json!("gap")));
    assert_ne!(told[1].1["event"], json!("gap"));
}

#[test]
fn pages_follow_each_other() {
    let host = host();
    act(&host, 7);
    let (mut seen, mut pages) = (Vec::new(), 0);
    let mut next = Some("/api/v1/events?peer=tor&after=0&limit=3".to_owned());
    while let Some(path) = next {
        let page = get(&host, &path);
        seen.extend(page.json().as_array().expect("an array").clone());
        pages += 1;
        next = page.header("link").map(|link| {
            let (path, _) = link.strip_prefix('<').and_then(|link| link.split_once('>')).expect("an address");
            path.to_owned()
        });
    }
    assert_eq!((seen.len(), pages), (7, 3), "{seen:?}");
    assert!(seen.is_sorted_by_key(|event| event["seq"].as_u64()));
    let last = get(&host, "/api/v1/events?peer=tor&limit=2").json();
    assert_eq!(last.as_array().map(Vec::as_slice), seen.get(5..));
    for (path, status) in [
        ("?limit=0", 400),
        ("?after=yesterday", 400),
        ("?peer=nobody", 404),
        ("?only=some", 400),
        ("?prefix=10.0.0.1/8", 400),
    ] {
        assert_eq!(get(&host, &format!("/api/v1/events{path}")).status, status, "{path}");
    }
    let many: Vec<String> = (0..65).map(|n| format!("192.0.2.{n}")).collect();
    assert_eq!(get(&host, &format!("/api/v1/events?peer={}", many.join(","))).status, 400);
    assert_eq!(get(&host, &format!("/api/v1/events?peer=tor{}", ",tor".repeat(2000))).status, 200);
}

#[test]
fn streams_leave_room_for_probes() {
    let host = host();
    let streams: Vec<Stream> =
        (0..16).map(|_| Stream::open(&host, "", "").expect("there is a place")).collect();
    let refused = Stream::open(&host, "", "").err().expect("there is none");
    assert!(refused.starts_with("HTTP/1.1 503"), "{refused}");
    assert_eq!(get(&host, "/livez").status, 200);
    assert!(host.ask(&["history"]).status.success());
    drop(streams);
    host.until("a place", || Stream::open(&host, "", "").is_ok());
}

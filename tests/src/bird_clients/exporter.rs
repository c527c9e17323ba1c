//! Debian's prometheus-bird-exporter.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::failure::{Doing, Failure};
use crate::wait;

/// Where Debian puts it.
const PROGRAM: &str = "/usr/bin/prometheus-bird-exporter";
/// How long one scrape may take.
const PATIENCE: Duration = Duration::from_secs(60);

/// A running exporter; dropping it kills it.
#[derive(Debug)]
pub struct Exporter {
    child: Child,
    address: SocketAddr,
}

/// What it says of protocols: by metric and name of protocol and IP version, as text.
pub type Metrics = BTreeMap<(String, String, String), f64>;

impl Exporter {
    /// Starts it for a socket that speaks dialect 2, to be asked at `address`.
    pub fn start(socket: &Path, address: SocketAddr) -> Result<Self, Failure> {
        if !fs::exists(PROGRAM).doing("look for the exporter")? {
            return Err(Failure::new(format!("start {PROGRAM}"), "not installed: run tests/peers"));
        }
        let mut command = Command::new(PROGRAM);
        command.arg("-bird.socket").arg(socket).arg("-bird.v2");
        command.arg("-web.listen-address").arg(address.to_string());
        let child = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        let exporter = Self { child: child.doing("start the exporter")?, address };
        wait::until("the exporter to listen", PATIENCE, || TcpStream::connect(address).map(drop))?;
        Ok(exporter)
    }

    /// What it finds out now.
    pub fn scrape(&self) -> Result<Metrics, Failure> {
        let answer = metrics(self.address)?;
        let lines = answer.lines().filter(|line| line.starts_with("bird_"));
        let metrics: Metrics = lines.filter_map(metric).collect();
        match metrics.is_empty() {
            true => Err(Failure::new("read the exporter's answer", answer)),
            false => Ok(metrics),
        }
    }
}

/// The page of metrics that somebody has at `address`.
pub fn metrics(address: SocketAddr) -> Result<String, Failure> {
    let mut stream = TcpStream::connect(address).doing("connect to who has metrics")?;
    stream.set_read_timeout(Some(PATIENCE)).doing("set a time-out")?;
    let request = format!("GET /metrics HTTP/1.0\r\nHost: {address}\r\n\r\n");
    stream.write_all(request.as_bytes()).doing("ask for metrics")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).doing("read metrics")?;
    Ok(answer)
}

/// The lines of a page that are about protocols, without help, and with uptimes left out: those pass.
pub fn protocols(page: &str) -> BTreeSet<&str> {
    let lines = page.lines().filter(|line| line.starts_with("bird_") || line.starts_with("# TYPE bird_"));
    lines.map(timeless).collect()
}

fn timeless(line: &str) -> &str {
    match line.rsplit_once(' ') {
        Some((uptime, _)) if uptime.starts_with("bird_protocol_uptime{") => uptime,
        _ => line,
    }
}

fn metric(line: &str) -> Option<((String, String, String), f64)> {
    let (name, rest) = line.split_once('{')?;
    let (labels, value) = rest.rsplit_once("} ")?;
    let label = |key: &str| {
        let value = labels.split(',').find_map(|label| label.strip_prefix(&format!("{key}=\"")))?;
        Some(value.trim_end_matches('"').to_owned())
    };
    let key = (name.to_owned(), label("name")?, label("ip_version").unwrap_or_default());
    Some((key, value.parse().ok()?))
}

impl Drop for Exporter {
    fn drop(&mut self) {
        // Both fail only for a process that has already ended, which is what is wanted.
        let _gone = self.child.kill();
        let _reaped = self.child.wait();
    }
}

//! Sections about the process: listening, control socket, BIRD's protocol, web server, log.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;

use super::document::{Node, Value};
use super::report::Problem;
use super::section::Section;
use super::settings::{
    Bird, BirdDialect, BirdSockets, Control, Http, Listen, Log, LogFormat, LogLevel, Metrics, PerPeer,
};
use super::value::{address, boolean, endpoint, number, path, port, string, word};

/// Reads `[listen]`.
pub(super) fn listen(root: &mut Section<'_>) -> Listen {
    let mut listen =
        Listen { addresses: vec![Ipv4Addr::UNSPECIFIED.into(), Ipv6Addr::UNSPECIFIED.into()], port: 179 };
    if let Some(mut section) = root.section("listen", "[listen]") {
        let addresses: Option<Vec<IpAddr>> = section.list("addresses", address);
        listen.addresses = addresses.unwrap_or(listen.addresses);
        listen.port = section.read("port", port).unwrap_or(listen.port);
        section.finish();
    }
    listen
}

/// Reads `[control]`.
pub(super) fn control(root: &mut Section<'_>) -> Control {
    let mut control = Control { socket: PathBuf::from("/run/caracal/caracal.sock"), mode: 0o660 };
    if let Some(mut section) = root.section("control", "[control]") {
        control.socket = section.read("socket", path).unwrap_or(control.socket);
        control.mode = section.read("mode", mode).unwrap_or(control.mode);
        section.finish();
    }
    control
}

/// Permissions as `chmod` takes them.
fn mode(node: &Node) -> Result<u32, Problem> {
    let problem =
        || Problem::at(node.place, "permissions are a string of octal digits").hint("write \"0660\"");
    let Value::String(text) = &node.value else { return Err(problem()) };
    let octal = !text.is_empty() && text.bytes().all(|digit| (b'0'..=b'7').contains(&digit));
    u32::from_str_radix(text, 8).ok().filter(|mode| octal && *mode <= 0o777).ok_or_else(problem)
}

/// A group, by its number or by its name in `/etc/group`.
fn group(node: &Node) -> Result<u32, Problem> {
    if let Value::Integer(_) = node.value {
        return number(node);
    }
    let name = string(node)?;
    let unknown = |why: String| Problem::at(node.place, why).hint("a number needs no file");
    let groups = std::fs::read_to_string("/etc/group")
        .map_err(|error| unknown(format!("cannot look for group {name:?} in /etc/group: {error}")))?;
    // name:password:number:members
    let fields = groups.lines().map(|line| line.split(':').collect::<Vec<_>>());
    let found = fields.into_iter().find(|fields| fields[0] == name);
    let number = found.and_then(|fields| fields.get(2)?.parse().ok());
    number.ok_or_else(|| unknown(format!("there is no group {name:?}")))
}

/// Reads `[compat.bird]`.
pub(super) fn bird(root: &mut Section<'_>) -> Option<Bird> {
    const DIALECTS: &[(&str, BirdDialect)] = &[("1.6", BirdDialect::One), ("2", BirdDialect::Two)];
    let mut compat = root.section("compat", "[compat]")?;
    let section = compat.section("bird", "[compat.bird]");
    compat.finish();
    let mut section = section?;
    let dialect = section.read("dialect", word(DIALECTS)).unwrap_or(BirdDialect::One);
    let both = section.read("socket", path);
    let each = section.section("sockets", "sockets").map(|mut sockets| {
        let each = BirdSockets::Each { v4: sockets.read("v4", path), v6: sockets.read("v6", path) };
        sockets.finish();
        each
    });
    let sockets = match (both, each) {
        (Some(both), None) => Some(BirdSockets::Both(both)),
        (None, Some(each)) => Some(each),
        (Some(_), Some(_)) => {
            let place = section.place_of("sockets");
            section
                .report
                .error(Problem::at(place, "there is one `socket` for both families, or `sockets`, not both"));
            None
        }
        (None, None) => {
            section.report.error(Problem::at(section.place(), "[compat.bird] needs `socket` or `sockets`"));
            None
        }
    };
    let mode = section.read("mode", mode).unwrap_or(0o660);
    let group = section.read("group", group);
    section.finish();
    Some(Bird { dialect, sockets: sockets?, mode, group })
}

/// Reads `[http]`, and `[metrics]`, which says what it tells.
pub(super) fn http(root: &mut Section<'_>) -> Option<Http> {
    let metrics = metrics(root);
    let mut section = root.section("http", "[http]")?;
    let listen = section.require("listen", endpoint);
    section.finish();
    Some(Http { listen: listen?, metrics })
}

/// Reads `[metrics]`.
fn metrics(root: &mut Section<'_>) -> Metrics {
    const WORDS: &[(&str, PerPeer)] =
        &[("external", PerPeer::External), ("all", PerPeer::All), ("none", PerPeer::None)];
    let mut metrics = Metrics { per_peer: PerPeer::External, bird_aliases: false };
    if let Some(mut section) = root.section("metrics", "[metrics]") {
        metrics.per_peer = section.read("per_peer", word(WORDS)).unwrap_or(metrics.per_peer);
        metrics.bird_aliases = section.read("bird_aliases", boolean).unwrap_or(metrics.bird_aliases);
        section.finish();
    }
    metrics
}

/// Reads `[log]`.
pub(super) fn log(root: &mut Section<'_>) -> Log {
    const LEVELS: &[(&str, LogLevel)] = &[
        ("off", LogLevel::Off),
        ("error", LogLevel::Error),
        ("warn", LogLevel::Warn),
        ("info", LogLevel::Info),
        ("debug", LogLevel::Debug),
        ("trace", LogLevel::Trace),
    ];
    const FORMATS: &[(&str, LogFormat)] =
        &[("auto", LogFormat::Auto), ("text", LogFormat::Text), ("json", LogFormat::Json)];
    let mut log = Log { level: LogLevel::Info, format: LogFormat::Auto };
    if let Some(mut section) = root.section("log", "[log]") {
        log.level = section.read("level", word(LEVELS)).unwrap_or(log.level);
        log.format = section.read("format", word(FORMATS)).unwrap_or(log.format);
        section.finish();
    }
    log
}

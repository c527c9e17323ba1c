//! What the running daemon has that begins with what is typed: all of it, or nothing where that takes too long.

use std::collections::BTreeSet;
use std::env;
use std::ffi::{OsStr, OsString};
use std::net::{Ipv4Addr, Ipv6Addr};
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

use clap_complete::engine::CompletionCandidate;
use ipnet::{IpNet, Ipv4Net, Ipv6Net};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::words;
use crate::api::{Scope, Selection, Verb};
use crate::cli::arguments::SOCKET;
use crate::cli::client::{Client, ClientError, understood};

/// How long somebody who has hit the tab key waits for a daemon that is busy.
const PATIENCE: Duration = Duration::from_millis(300);

/// Most prefixes that are offered: nobody reads more, and fewer than there are would be completed to what only they have in common.
const PREFIXES: usize = 256;

/// The levels of a log.
const LEVELS: [&str; 7] = ["off", "error", "warn", "info", "debug", "trace", "default"];

/// The names of the daemon's peers.
pub(in crate::cli) fn peers(current: &OsStr) -> Vec<CompletionCandidate> {
    candidates(&names(&typed(current)))
}

/// Prefixes that the daemon knows.
pub(in crate::cli) fn prefixes(current: &OsStr) -> Vec<CompletionCandidate> {
    candidates(&known(&typed(current)))
}

/// The same, and the word `peer`.
pub(in crate::cli) fn subjects(current: &OsStr) -> Vec<CompletionCandidate> {
    let start = typed(current);
    let mut found = known(&start);
    found.extend(beginning(["peer"], &start));
    candidates(&found)
}

/// Levels of a log, of everything or of a peer.
pub(in crate::cli) fn levels(current: &OsStr) -> Vec<CompletionCandidate> {
    let start = typed(current);
    if let Some((peer, start)) = start.split_once('=') {
        return beginning(LEVELS, start)
            .map(|level| CompletionCandidate::new(format!("{peer}={level}")))
            .collect();
    }
    let levels = beginning(["level"].into_iter().chain(LEVELS), &start);
    levels
        .chain(names(&start).into_iter().map(|peer| format!("{peer}=")))
        .map(CompletionCandidate::new)
        .collect()
}

fn typed(current: &OsStr) -> String {
    current.to_string_lossy().into_owned()
}

fn beginning<'a>(words: impl IntoIterator<Item = &'a str>, start: &str) -> impl Iterator<Item = String> {
    words.into_iter().filter(move |word| word.starts_with(start)).map(str::to_owned)
}

fn candidates(found: &BTreeSet<String>) -> Vec<CompletionCandidate> {
    found.iter().map(CompletionCandidate::new).collect()
}

/// The names of peers that begin with `start`.
fn names(start: &str) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Peer {
        name: String,
    }
    listed(Verb::Peers, start, usize::MAX, |item| Ok(understood::<Peer>(item)?.name))
}

/// The prefixes that begin with `start`.
fn known(start: &str) -> BTreeSet<String> {
    #[derive(Deserialize)]
    struct Route {
        prefix: String,
    }
    let Some(around) = around(start) else { return BTreeSet::new() };
    let selection =
        Selection { prefix: Some(around.to_string()), scope: Scope::Longer, ..Selection::default() };
    listed(Verb::Routes(selection), start, PREFIXES, |item| Ok(understood::<Route>(item)?.prefix))
}

/// What holds every prefix that is written like `start`, which has a digit at least: nobody wants to see a whole table.
fn around(start: &str) -> Option<IpNet> {
    if start.contains(|letter: char| letter == ':' || letter.is_ascii_alphabetic()) {
        return around_v6(start).map(Into::into);
    }
    // The last octet may go on.
    let (whole, _) = start.rsplit_once('.').unwrap_or_default();
    let mut octets = [0; 4];
    let mut length = 0;
    for (octet, text) in octets.iter_mut().zip(whole.split_terminator('.')) {
        *octet = text.parse().ok()?;
        length += 8;
    }
    let net = Ipv4Net::new(Ipv4Addr::from(octets), length).ok()?;
    start.starts_with(|letter: char| letter.is_ascii_digit()).then_some(net.into())
}

fn around_v6(start: &str) -> Option<Ipv6Net> {
    // The last group may go on, unless two colons end it.
    let whole = match start.split_once("::") {
        Some((whole, _)) => whole,
        None => start.rsplit_once(':').unwrap_or_default().0,
    };
    let mut groups = [0; 8];
    let mut length = 0;
    for (group, text) in groups.iter_mut().zip(whole.split_terminator(':')) {
        *group = u16::from_str_radix(text, 16).ok()?;
        length += 16;
    }
    let is_hexadecimal = |letter: char| letter.is_ascii_hexdigit() || matches!(letter, ':' | '/' | '.');
    Ipv6Net::new(Ipv6Addr::from(groups), length).ok().filter(|_| start.chars().all(is_hexadecimal))
}

/// What the answer to `verb` names that begins with `start`; nothing where that is more than `most`, or not all there in time.
fn listed<F>(verb: Verb, start: &str, most: usize, name: F) -> BTreeSet<String>
where
    F: Fn(&RawValue) -> Result<String, ClientError> + Send + 'static,
{
    let client = Client { socket: socket(words()), timeout: PATIENCE };
    let start = start.to_owned();
    let (tell, told) = mpsc::sync_channel(1);
    // The thread ends with the process, whatever it waits for.
    thread::spawn(move || {
        let mut found = BTreeSet::new();
        let asked = client.ask(verb, |item| {
            found.extend(Some(name(&item)?).filter(|name| name.starts_with(&start)));
            if found.len() > most { Err(ClientError::Ended) } else { Ok(()) }
        });
        let _ = tell.send(asked.map(|()| found));
    });
    told.recv_timeout(PATIENCE).ok().and_then(Result::ok).unwrap_or_default()
}

/// The socket of the line that is being typed, which stands among our own arguments.
fn socket(words: impl Iterator<Item = OsString>) -> PathBuf {
    let words: Vec<OsString> = words.collect();
    let beside = words.windows(2).find(|pair| pair[0] == "--socket").map(|pair| pair[1].clone());
    let within = || words.iter().find_map(|word| Some(word.to_str()?.strip_prefix("--socket=")?.into()));
    let said = beside.or_else(within).or_else(|| env::var_os("CARACAL_SOCKET"));
    said.map_or_else(|| SOCKET.into(), PathBuf::from)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_is_typed_says_which_daemon() {
        let socket = |line: &str| socket(line.split(' ').map(OsString::from));
        assert_eq!(socket("caracal -- caracal peer --socket /a/b x"), PathBuf::from("/a/b"));
        assert_eq!(socket("caracal -- caracal --socket=/c peer"), PathBuf::from("/c"));
    }

    #[test]
    fn a_beginning_is_looked_for_where_it_can_lie() {
        let around = |start: &str| around(start).map(|net| net.to_string());
        for (start, net) in [
            ("1", "0.0.0.0/0"),
            ("10.2", "10.0.0.0/8"),
            ("10.244.1.0/2", "10.244.1.0/24"),
            ("2001:db", "2001::/16"),
            ("2001:db8:", "2001:db8::/32"),
            ("2001:db8::1", "2001:db8::/32"),
            ("::", "::/0"),
            ("fd", "::/0"),
        ] {
            assert_eq!(around(start).as_deref(), Some(net), "{start}");
        }
        for start in ["", "peer", "10.x", "300.1", "2001:xyz:", "/"] {
            assert_eq!(around(start), None, "{start}");
        }
    }
}

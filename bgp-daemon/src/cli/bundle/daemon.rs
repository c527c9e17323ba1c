//! What a running daemon has to say, as JSON.

use std::io;

use serde_json::value::RawValue;

use super::archive::{Archive, Content};
use super::pretty;
use crate::api::{Peer, Recall, Selection, Verb};
use crate::cli::client::{Client, ClientError};
use crate::doctor::Running;

/// Rows of a listing that is not of routes, at most.
const ROWS: usize = 100_000;

/// Peers that are down whose explanations are asked for.
const EXPLAINED: usize = 100;

/// Asks everything, routes up to `routes`.
pub(super) fn gather(
    daemon: Result<&Running, &(io::ErrorKind, String)>,
    client: &Client,
    routes: usize,
    archive: &mut Archive,
) {
    let running = match daemon {
        Ok(running) => running,
        Err((_, why)) => {
            for name in ["status.json", "peers.json", "routes-summary.json", "kernel.ndjson", "drift.ndjson"]
            {
                archive.add(name, "", Err::<String, _>(why));
            }
            return;
        }
    };
    archive.add("status.json", "`status`", pretty(&running.status));
    archive.add("peers.json", "`peers`", pretty(&running.peers));
    archive.add("ready.json", "how far it is from being ready", ask(client, Verb::Ready, 1));
    let summary = serde_json::json!({ "tables": running.status.routes, "groups": running.status.groups });
    archive.add("routes-summary.json", "how many prefixes and paths there are", pretty(&summary));
    explain_peers(&running.peers, archive, |name| {
        ask(client, Verb::ExplainPeer { name: name.to_owned() }, 1)
    });
    archive.add("history.ndjson", "`history`", ask(client, Verb::History(Recall::default()), ROWS));
    kernel(running, client, archive);
    let paths = match routes {
        0 => Err("not asked for: --routes N".to_owned()),
        most => ask(client, Verb::Routes(Selection::default()), most).map_err(|error| error.to_string()),
    };
    archive.add("routes.ndjson", "`routes`", paths);
}

/// Why peers are down, as far as `explain` knows: one that has gone meanwhile costs no other.
fn explain_peers<E: ToString>(
    peers: &[Peer],
    archive: &mut Archive,
    explain: impl Fn(&str) -> Result<Content, E>,
) {
    let mut down = peers.iter().filter(|peer| peer.state != "Established").map(|peer| &*peer.name);
    let mut explained = Content::from(Vec::new());
    for name in down.by_ref().take(EXPLAINED) {
        match explain(name) {
            Ok(part) => explained.octets.extend(part.octets),
            Err(error) => archive.add(format!("explain-peers.ndjson, {name}"), "", Err::<String, _>(error)),
        }
    }
    explained.cut = down.next().is_some();
    archive.add("explain-peers.ndjson", "`explain peer` of those that are down", Ok::<_, String>(explained));
}

/// What there is about the kernel's table.
fn kernel(running: &Running, client: &Client, archive: &mut Archive) {
    match &running.kernel {
        Some(kernel) => {
            archive.add("kernel-summary.json", "`kernel --summary`", pretty(kernel));
            archive.add("kernel.ndjson", "`kernel`", ask(client, Verb::Kernel { drift: false }, ROWS));
            archive.add("drift.ndjson", "`kernel --drift`", ask(client, Verb::Kernel { drift: true }, ROWS));
        }
        None => archive.add("kernel.ndjson", "", Err::<String, _>("the kernel is not programmed")),
    }
}

/// What a verb answers, a line for each item, at most `most` of them. Who has enough hangs up: the daemon makes no page
/// that nobody takes.
fn ask(client: &Client, verb: Verb, most: usize) -> Result<Content, ClientError> {
    let mut content = Content::from(Vec::new());
    let mut count = 0;
    let outcome = client.ask(verb, |item: Box<RawValue>| {
        if count == most {
            content.cut = true;
            return Err(io::Error::from(io::ErrorKind::WriteZero).into());
        }
        count += 1;
        content.octets.extend_from_slice(item.get().as_bytes());
        content.octets.push(b'\n');
        Ok(())
    });
    match outcome {
        Err(error) if !content.cut => Err(error),
        _ => Ok(content),
    }
}

#[cfg(test)]
mod tests {
    use std::time::UNIX_EPOCH;

    use super::super::redactor::Redactor;
    use super::*;
    use crate::clock::Timestamp;

    #[test]
    fn a_peer_that_has_gone_costs_no_other_its_explanation() {
        let mut archive = Archive::new("folder".to_owned(), Timestamp(UNIX_EPOCH), Redactor::default());
        let peer = |name: &str| Peer { name: name.to_owned(), state: "Active".into(), ..Peer::default() };
        explain_peers(&["a", "gone", "b"].map(peer), &mut archive, |name| match name {
            "gone" => Err("there is no peer \"gone\""),
            name => Ok(Content::from(format!("{name} ").into_bytes())),
        });
        let manifest = archive.manifest();
        assert_eq!(manifest.missing.len(), 1, "{manifest:?}");
        assert_eq!(manifest.missing[0].name, "explain-peers.ndjson, gone");
        assert_eq!((manifest.files.len(), manifest.files[0].octets, manifest.files[0].cut), (1, 4, false));
        let many: Vec<Peer> = (0..=EXPLAINED).map(|number| peer(&number.to_string())).collect();
        explain_peers(&many, &mut archive, |_| Ok::<_, String>(Content::from(Vec::new())));
        assert!(archive.manifest().files[1].cut, "it says that there were more");
    }
}

//! What a running daemon has to say, as JSON.

use std::io;

use serde_json::value::RawValue;

use super::archive::{Archive, Content};
use super::pretty;
use crate::api::{Recall, Selection, Verb};
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
    let down = running.peers.iter().filter(|peer| peer.state != "Established").take(EXPLAINED);
    let explanations = down.map(|peer| ask(client, Verb::ExplainPeer { name: peer.name.clone() }, 1));
    let explained: Result<Vec<Content>, ClientError> = explanations.collect();
    let joined = explained.map(|parts| parts.into_iter().flat_map(|part| part.octets).collect::<Vec<u8>>());
    archive.add("explain-peers.ndjson", "`explain peer` of those that are down", joined);
    archive.add("history.ndjson", "`history`", ask(client, Verb::History(Recall::default()), ROWS));
    kernel(running, client, archive);
    let paths = match routes {
        0 => Err("not asked for: --routes N".to_owned()),
        most => ask(client, Verb::Routes(Selection::default()), most).map_err(|error| error.to_string()),
    };
    archive.add("routes.ndjson", "`routes`", paths);
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

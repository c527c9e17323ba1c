//! `/api/v1/events`: what happened in pages, or as it happens, as
//! [server-sent events](https://html.spec.whatwg.org/multipage/server-sent-events.html).

use std::io::{self, Write};
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::HeaderMap;
use axum::http::header::{ACCEPT, LINK};
use axum::response::{IntoResponse, Response};
use serde::Serialize;
use tokio::sync::mpsc;

use super::told::open;
use super::{Shop, failed, form, next, refused, understood, word};
use crate::api::{EventId, Recall};
use crate::control::{Failure, Reader, some_events, watch};

/// Streams served at once, of the connections that are: probes and everybody else find a place beside them.
pub(in crate::http) const STREAMS: usize = 16;

/// How a stream is named.
pub(super) const STREAM: &str = "text/event-stream";

/// Where a browser says how far it had read when its connection was lost.
pub(super) const LAST_EVENT_ID: &str = "last-event-id";

/// What happened, or what happens.
pub(super) async fn events(
    State(shop): State<Shop>,
    recall: Result<Query<Recall>, QueryRejection>,
    headers: HeaderMap,
) -> Response {
    let mut recall = match understood(recall) {
        Ok(recall) => recall,
        Err(refusal) => return refused(&refusal),
    };
    if said(&headers, ACCEPT.as_str()).is_some_and(|accept| accept.contains(STREAM)) {
        if let Some(id) = said(&headers, LAST_EVENT_ID).filter(|id| !id.is_empty()) {
            recall.after = Some(id.to_owned());
        }
        return stream(shop, recall).await;
    }
    match some_events(&shop.context, recall.clone()).await {
        Ok((events, after)) => {
            let link = after.map(|after| [(LINK, rest(&recall, after))]);
            (link, form(&headers).body(&events)).into_response()
        }
        Err(failure) => failed(failure),
    }
}

fn said<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// The value of `Link` that names what follows a page.
fn rest(recall: &Recall, after: String) -> String {
    let words = [
        ("peer", recall.peer.clone()),
        ("prefix", recall.prefix.clone()),
        ("only", word(&recall.only)),
        ("since", recall.since.map(|since| since.to_string())),
        ("limit", recall.limit.map(|limit| limit.to_string())),
        ("after", Some(after)),
    ];
    next("/api/v1/events", words)
}

async fn stream(shop: Shop, recall: Recall) -> Response {
    let (reader, parts) = mpsc::channel(1);
    let task = tokio::spawn(async move {
        watch(&shop.context, recall, &Arc::clone(&shop.streams), &mut Live { reader }).await
    });
    open(task, parts, STREAM).await
}

/// Hands what happens to a connection.
#[derive(Debug)]
struct Live {
    reader: mpsc::Sender<Result<Bytes, io::Error>>,
}

impl Live {
    async fn part(&self, octets: impl Into<Bytes> + Send) -> Result<(), Failure> {
        let gone = |_| Failure::Gone(io::ErrorKind::BrokenPipe.into());
        self.reader.send(Ok(octets.into())).await.map_err(gone)
    }
}

impl Reader for Live {
    async fn items<T: Serialize + Sync>(&mut self, items: &[T]) -> Result<(), Failure> {
        if items.is_empty() {
            return Ok(());
        }
        let mut octets = Vec::new();
        for item in items {
            write(item, &mut octets)?;
        }
        self.part(octets).await
    }

    /// An id without data is no event; a browser goes on from there all the same.
    async fn beat(&mut self, read_until: EventId) -> Result<(), Failure> {
        self.part(format!("id: {read_until}\n\n")).await
    }

    async fn gone(&self) {
        self.reader.closed().await;
    }
}

/// Writes one event of a stream. JSON has no line ends inside of it, so nothing that is told can end the event.
fn write<T: Serialize>(item: &T, octets: &mut Vec<u8>) -> io::Result<()> {
    // What has no id, as a gap, is nothing to go on from.
    if let Some(id) = serde_json::to_value(item)?["id"].as_str().filter(|id| !id.is_empty()) {
        writeln!(octets, "id: {id}")?;
    }
    octets.extend_from_slice(b"data: ");
    serde_json::to_writer(&mut *octets, item)?;
    octets.extend_from_slice(b"\n\n");
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::api::Event;

    #[test]
    fn hostile_text_cannot_end_an_event() {
        let reason = "bye\n\ndata: {}\r\nid: 99".to_owned();
        let event = Event { id: "1-7".to_owned(), reason, ..Event::default() };
        let mut octets = Vec::new();
        write(&event, &mut octets).expect("memory takes everything");
        let text = String::from_utf8(octets).expect("text");
        let lines: Vec<&str> = text.lines().collect();
        assert_eq!(lines.len(), 3, "{text}");
        assert_eq!((lines[0], lines[2]), ("id: 1-7", ""));
        let told: Event = serde_json::from_str(lines[1].strip_prefix("data: ").expect("data")).expect("JSON");
        assert_eq!(told, event);
    }

    #[test]
    fn a_gap_is_nothing_to_go_on_from() {
        let mut octets = Vec::new();
        write(&Event { event: "gap".into(), ..Event::default() }, &mut octets).expect("memory");
        assert!(octets.starts_with(b"data: "));
    }
}
